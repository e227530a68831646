"""Golden cases: one for each clause that moves money and each reading, small enough to work out by hand.

The tables are in ``golden/<city>*.toml``, each ``[[case]]`` with its arithmetic.  A case is written out as a
data directory and replayed under the city's own file:

- ``city``, ``rules``, ``template``: instead of the city that names the file; ``readings``: not the default;
- ``flows``: county -> one [contributions, claims] of the whole year a year, spread evenly over its months;
- ``opening``: [county, account, amount]; counties without a row have a balance of 0 and no base claims;
- ``annual``: [county, year, figures]; ``city_level``: the units of the city itself (市本级);
- ``ledger``: every row of the ledger but the plain flows and the close, in order;
- ``plain``: those of the plain flows and the close in the months that it names;
- ``balances``: [month, county, account, balance at its end]; ``adjustments``: rows of adjustment.csv.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scenarios.rulebook.city import builtin_cities, builtin_templates, load_city
from scenarios.runs.replay_data import ANNUAL, COUNTIES, MONTHLY, OPENING
from scenarios.runs.replay_run import replay_city
from sim.replay import Replayed

GOLDEN = Path(__file__).parent / "golden"
PLAIN = ("contributions", "claims", "close")
CASES = [
    pytest.param(case.get("city", path.stem.partition("_")[0]), case, id=f"{path.stem}-{case['name']}")
    for path in sorted(GOLDEN.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]
KNOWN = set(
    "name why city rules template readings fund flows opening annual city_level apply_adjustment".split()
)
EXPECTED = {"ledger", "plain", "balances", "adjustments"}
FIRST_YEAR = {"taizhou": 2022, "yancheng": 2020, "ziyang": 2017, "linyi": 2020, "hangzhou": 2022}


def write(folder: Path, name: str, columns: tuple[str, ...], rows: list[Any]) -> None:
    with (folder / name).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])


def data_directory(folder: Path, case: dict[str, Any], first_year: int) -> Path:
    fund, flows = case["fund"], case["flows"]
    opening = {(county, account): 0 for county in flows for account in ("county_balance", "base_claims")}
    opening |= {(county, account): amount for county, account, amount in case.get("opening", [])}
    write(folder, "opening.csv", OPENING, [(fund, *at, amount) for at, amount in opening.items()])
    monthly = [
        (fund, county, first_year + y, month, contributions / 12, claims / 12)
        for county, years in flows.items()
        for y, (contributions, claims) in enumerate(years)
        for month in range(1, 13)
    ]
    write(folder, "monthly.csv", MONTHLY, monthly)
    annual = [
        (fund, county, year, *(figures.get(column, "") for column in ANNUAL[3:]))
        for county, year, figures in case.get("annual", [])
    ]
    write(folder, "annual.csv", ANNUAL, annual)
    write(folder, "counties.csv", COUNTIES, [(county, 1) for county in case.get("city_level", [])])
    return folder


def of_month(year: int, month: int) -> str:
    return f"{year}-{month:02d}"


def check_ledger(replayed: Replayed, case: dict[str, Any]) -> None:
    rows = [
        [of_month(r.year, r.month), r.county, r.step, r.source, r.destination, r.amount, r.clause]
        for r in replayed.ledger
    ]
    months = {row[0] for row in case.get("plain", [])}
    found = [row for row in rows if row[2] not in PLAIN]
    found_plain = [row for row in rows if row[2] in PLAIN and row[0] in months]
    for ours, golden in ((found, case["ledger"]), (found_plain, case.get("plain", []))):
        assert [row[:5] + row[6:] for row in ours] == [row[:5] + row[6:] for row in golden]
        assert [row[5] for row in ours] == pytest.approx([row[5] for row in golden], rel=1e-12)


@pytest.mark.parametrize(("city", "case"), CASES)
def test_golden_case(city: str, case: dict[str, Any], tmp_path: Path) -> None:
    """Ledger, balances and adjustments are those worked out by hand."""
    assert set(case) <= KNOWN | EXPECTED
    folder = data_directory(tmp_path, case, FIRST_YEAR.get(city, 2020))
    apply = case.get("apply_adjustment", False)
    rules = load_city(city, case.get("readings"), case.get("template"), case.get("rules"))
    replayed, history = replay_city(rules, folder, apply_adjustment=apply)
    assert history.funds == (case["fund"],)
    check_ledger(replayed, case)
    held = {(of_month(b.year, b.month), b.county, b.account): b.balance for b in replayed.balances}
    for month, county, account, balance in case["balances"]:
        place = month, county, account
        assert held[place] == pytest.approx(balance, rel=1e-12, abs=1e-12), place
    if "adjustments" in case:
        decided = [row[1:] for row in replayed.adjustments]
        for ours, golden in zip(decided, case["adjustments"], strict=True):
            assert ours == pytest.approx(tuple(golden), rel=1e-12)


def test_every_city_has_golden_cases_with_their_arithmetic() -> None:
    """No city, no template and no case without its sums."""
    cases = [param.values[1] for param in CASES]
    named = {param.values[0] for param in CASES} | {case.get("template") for case in cases} - {None}
    assert named == {*builtin_cities(), *builtin_templates()}
    names = [param.id for param in CASES]
    assert len(set(names)) == len(names)
    assert all(len(param.values[1]["why"]) > 20 for param in CASES)


def test_every_alternative_reading_has_a_golden_case() -> None:
    """Of every city and template; a template that takes over a city's rules has that city's."""
    worked = {
        (city, *pair)
        for city, case in (param.values for param in CASES)
        for pair in case.get("readings", {}).items()
    }
    for city in (*builtin_cities(), *(name for name in builtin_templates() if name != "zhejiang")):
        for at, reading in load_city(city).readings.items():
            for alternative in reading.alternative:
                assert (city, at, alternative.name) in worked, (city, at, alternative.name)
