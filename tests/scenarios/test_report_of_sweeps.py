"""A sweep's report: its tables and tornado against the scenarios that they are of."""

from __future__ import annotations

import math
import re
import tomllib
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from small_study import LIBRARY, request, write_study

from scenarios import api
from scenarios.explorer.names import address_name
from scenarios.reports.page import StudyPage, page_of
from scenarios.reports.study import effects, read
from scenarios.sweeps.sweep import sweep
from scenarios.sweeps.sweep_words import print_sweep
from scenarios.sweeps.swept import read_sweep


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study, swept."""
    folder = tmp_path_factory.mktemp("swept")
    write_study(folder)
    return sweep(request(folder, threads=1)).out


def test_a_sweep_s_outcomes_are_those_of_its_scenarios(swept: Path) -> None:
    scenarios, metrics = read_sweep(swept)
    page = page_of(swept, "en")
    assert isinstance(page, StudyPage)
    frames = api.tables(swept)
    city = metrics[(metrics["county"] == "*") & (metrics["fund"] == "employee")]
    last = city[city["year"] == city["year"].max()]
    months = last.query("metric == 'months_of_capacity' and statistic == 'mean'").set_index("scenario")[
        "value"
    ]
    row = frames["outcomes"].query("Fund == 'Employee fund' and Figure.str.startswith('Months')").iloc[0]
    assert row["Mean"] == pytest.approx(months.mean())
    assert (row["Least"], row["Largest"]) == (pytest.approx(months.min()), pytest.approx(months.max()))
    levers = frames["levers_employee"]
    heading = next(str(name) for name in levers if str(name).startswith("Months"))
    for address in ("policy.employee.reserve_months", "rules"):
        for value, part in scenarios.groupby(address):
            found = levers[
                (levers["Varied"] == address_name(address, "en")) & (levers["Value"] == str(value))
            ]
            assert found["Scenarios"].item() == len(part)
            assert found[heading].item() == pytest.approx(months[part["scenario"]].mean())
    assert len(frames["listed_employee"]) == len(scenarios)


def test_scenarios_that_end_before_have_no_figure_and_the_notes_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    varied = "levers.horizon_years = [1, 2]", "levers.volatility_factor = [1, 2, 3]"
    write_study(tmp_path, "\n".join(('extends = "base.toml"', *varied)))
    out = sweep(request(tmp_path)).out
    monkeypatch.setattr("scenarios.reports.study.MANY", 5)
    monkeypatch.setattr("scenarios.reports.study.EXTREMES", 1)
    for lang, said in (
        ("en", "2026 is outside the years of 3 of the 6 scenarios"),
        ("zh", "6个情景中有3个不模拟2026年"),
    ):
        frames = api.tables(out, lang=lang)  # type: ignore[arg-type]
        assert all(said in frames[name].attrs["note"] for name in ("outcomes", "levers_resident"))
    frames = api.tables(out)
    levers, listed = frames["levers_resident"], frames["listed_resident"]
    depleted = next(str(name) for name in levers if str(name).startswith("Reserves depleted"))
    by_years = levers[levers["Varied"] == "horizon_years"].set_index("Value")[depleted]
    assert by_years["1"] == "" and 0 <= by_years["2"] <= 100
    ends = listed.set_index("Number")[depleted]
    assert (ends[ends.index < 3] == "").all() and (ends[ends.index >= 3] != "").all() and len(ends) > 2
    moved = effects(read(out))
    assert moved[["low", "high", "base"]].notna().all(axis=None)


def test_scenarios_as_their_base_has_them_are_a_row_of_their_own(tmp_path: Path) -> None:
    growth = [f"[[design.list]]\ntrend.resident.claims = {n / 1000}" for n in range(14)]
    others = [f"[[design.list]]\npolicy.resident.claims = {1 + n / 10}" for n in range(1, 4)]
    write_study(tmp_path, "\n".join(('extends = "base.toml"', *growth, *others)))
    out = sweep(request(tmp_path)).out
    for lang, default in (("en", "(default)"), ("zh", "（默认）")):
        levers = api.tables(out, lang=lang)["levers_resident"]  # type: ignore[arg-type]
        name = address_name("trend.resident.claims", lang)  # type: ignore[arg-type]
        rows = levers[levers.iloc[:, 0] == name]
        assert rows.iloc[:, 1].tolist()[-1] == default and rows.iloc[:, 2].tolist() == [5, 4, 5, 3]


def test_a_sweep_s_tables_sort_by_every_figure(swept: Path) -> None:
    page = "".join(page_of(swept, "en").sections())
    sorted_by = re.findall(r'data-number="([^"]*)"', page)
    assert len(sorted_by) > 100 and all(math.isfinite(float(each)) for each in sorted_by)


def test_money_of_several_places_is_a_share_of_each_one_s_own_claims(tmp_path: Path) -> None:
    places = ("taizhou", "linyi")
    study = f"extends = {list(places)}", "horizon_years = 12", "paths = 128", 'levers.rules = ["taizhou"]'
    write_study(tmp_path, "\n".join(study))
    out = sweep(request(tmp_path, threads=1)).out
    scenarios, metrics = read_sweep(out)
    page, table = page_of(out, "en"), api.tables(out)["levers_resident"]
    assert page.title == "study: 2 base cases"
    heading = next(str(name) for name in table if str(name).startswith("County treasuries"))
    for place in places:
        ours = scenarios.loc[scenarios["base"] == place, "scenario"].item()
        own = metrics[(metrics["scenario"] == ours) & (metrics["county"] == "*") & metrics["year"].isna()]
        of = "fund == 'resident' and metric == 'outlay:county_treasury' and statistic == 'mean'"
        paid = own.query(of)["value"].item()
        counties = tomllib.loads((LIBRARY / f"{place}.toml").read_text("utf-8"))["counties"]
        claims = sum(county["resident"]["base_claims_yuan"] for county in counties)
        shown = table.loc[(table["Varied"] == "City") & (table["Value"] == place), heading].item()
        assert shown == pytest.approx(100 * paid / claims) and shown > 0


@pytest.mark.parametrize("rules", ["taizhou", "linyi"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_sweep_without_the_run_off_says_so(kept: bool, rules: str, tmp_path: Path) -> None:
    """And one with it shows it: Taizhou settles in July, Linyi in December and has none."""
    metrics = ["event:reserve_depletion", "outlay:county_treasury", *(["outlay:runoff"] if kept else [])]
    short = f'extends = "base.toml"\nlevers.rules = ["{rules}"]\noutcomes.metrics = {metrics}\n'
    write_study(tmp_path, short.replace("'", '"') + "levers.policy.resident.reserve_months = [0.1]")
    done = sweep(request(tmp_path, threads=1))
    screen = Console(file=StringIO(), width=200)
    print_sweep(done, screen, "en")
    page = page_of(done.out, "en")
    shown, read = screen.file.getvalue(), "".join(page.sections())  # type: ignore[attr-defined]
    assert ("Not kept: outlay:runoff" in shown) is ("Not kept: outlay:runoff" in read) is not kept
    assert ("run-off after the horizon" in shown) is (kept and rules == "taizhou")
    assert ("Run-off, mean" in read) is kept


def test_what_a_treasury_never_pays_has_a_bar_and_a_run_off_of_nought_has_none(swept: Path) -> None:
    found = read(swept)
    nought = found.outcomes["employee", "unfunded"] * 0.0
    lines = {("employee", f"outlay:{line}"): nought for line in ("county_treasury", "runoff")}
    assert set(effects(found._replace(outcomes=lines))["metric"]) == {"outlay:county_treasury"}


def test_a_fund_that_nothing_concerns_has_no_table(tmp_path: Path) -> None:
    text = (
        'extends = "base.toml"\nlevers.policy.resident.reserve_months = [1, 3]\n'
        'outcomes.metrics = ["event:reserve_depletion", "outlay:county_treasury"]'
    )
    write_study(tmp_path, text)
    tables = api.tables(sweep(request(tmp_path, threads=1)).out)
    assert "levers_resident" in tables and "levers_employee" not in tables


def test_what_is_the_other_fund_s_has_neither_bar_nor_row(swept: Path) -> None:
    rows = {fund: set(api.tables(swept)[f"levers_{fund}"]["Varied"]) for fund in ("employee", "resident")}
    assert rows["employee"] - rows["resident"] == {address_name("policy.employee.reserve_months", "en")}
    moved = effects(read(swept))
    assert set(moved.loc[moved["fund"] == "employee", "parameter"]) > {"policy.employee.reserve_months"}
    assert "policy.employee.reserve_months" not in set(moved.loc[moved["fund"] == "resident", "parameter"])
