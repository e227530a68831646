"""``fundsim replay`` from files to files, for every city and both funds."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from replay_data_directory import COUNTIES, FUNDS, YEARS, Command, lines, make

from scenarios.rulebook.city import builtin_cities

CITIES = builtin_cities()
COUNTY_ACCOUNTS = (
    *("current", "unsettled", "county_balance", "opening_deficit"),
    *("arrears_government", "arrears_insured"),
)
CITY_ACCOUNTS = ("pool", "risk_fund", "municipal_reserve", "unfunded")
PARTIES = ("payers", "providers", "interest", "county_treasury", "city_treasury")
LIABILITIES = ("opening_deficit", "unfunded")
BALANCES = ["fund", "year", "month", "county", "account", "balance"]
LEDGER = ["fund", "year", "month", "county", "step", "source", "destination", "amount", "clause"]
ADJUSTMENT = ["fund", "year", "claim_multiplier", "contribution_multiplier", "debt_cut", "applied"]


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("city", CITIES)
def test_balances_have_every_month_account_and_county(city: str, tmp_path: Path, fundsim: Command) -> None:
    """One row each, city accounts under *, zero rows included; nothing but the promised files."""
    ended = fundsim.replay(city, make(tmp_path / "data", city), tmp_path / "out")
    assert (ended.status, ended.err) == (0, "")
    head, *rows = table(tmp_path / "out" / "balances.csv")
    assert head == BALANCES
    of_city = [("*", account) for account in CITY_ACCOUNTS]
    places = [(county, account) for county in COUNTIES for account in COUNTY_ACCOUNTS] + of_city
    expected = {
        (fund, str(year), str(month), *place)
        for fund in FUNDS
        for year in YEARS
        for month in range(1, 13)
        for place in places
    }
    assert len(rows) == len(expected)
    assert {tuple(row[:5]) for row in rows} == expected
    files = ["balances.csv", "ledger.csv"] + ["adjustment.csv"] * (city == "yancheng")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(files)


@pytest.mark.parametrize("city", CITIES)
def test_summing_the_ledger_reproduces_the_balances(city: str, tmp_path: Path, fundsim: Command) -> None:
    """Liabilities rise as a source and fall as a destination; arrears_* fall by the step ``arrears``."""
    assert fundsim.replay(city, make(tmp_path / "data", city), tmp_path / "out").status == 0
    held: dict[tuple[str, ...], float] = defaultdict(float)
    for line in lines(city)["opening.csv"][1:]:
        fund, county, account, amount = line.split(",")
        held[fund, county, account] = float(amount)
    head, *moves = table(tmp_path / "out" / "ledger.csv")
    assert head == LEDGER
    by_month = defaultdict(list)
    for row in moves:
        by_month[tuple(row[:3])].append(row[3:])
    done = set()
    for fund, year, month, county, account, balance in table(tmp_path / "out" / "balances.csv")[1:]:
        if (fund, year, month) not in done:
            done.add((fund, year, month))
            for place, step, source, destination, amount, clause in by_month[fund, year, month]:
                assert float(amount) > 0 and clause
                for name, sign in ((source, -1), (destination, 1)):
                    assert name in (*COUNTY_ACCOUNTS[:4], *CITY_ACCOUNTS, *PARTIES)
                    at = (fund, "*" if name in CITY_ACCOUNTS else place, name)
                    held[at] += float(amount) * (-sign if name in LIABILITIES else sign)
                if step == "arrears":
                    kind = "insured" if source == "payers" else "government"
                    held[fund, place, f"arrears_{kind}"] -= float(amount)
        assert held[fund, county, account] == pytest.approx(float(balance), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("city", CITIES)
def test_months_and_steps_are_in_order_and_numbers_are_shortest(
    city: str, tmp_path: Path, fundsim: Command
) -> None:
    """Year by year and month by month; every float reads back as itself; M pays through the city."""
    assert fundsim.replay(city, make(tmp_path / "data", city), tmp_path / "out").status == 0
    for name, column in (("balances.csv", 5), ("ledger.csv", 7)):
        rows = table(tmp_path / "out" / name)[1:]
        when = [(int(row[1]), int(row[2]), FUNDS.index(row[0])) for row in rows]
        assert when == sorted(when)
        assert all(repr(float(row[column])) == row[column] for row in rows)
    for row in table(tmp_path / "out" / "ledger.csv")[1:]:
        assert row[3] != "M" or "county_treasury" not in row[5:7]
    text = (tmp_path / "out" / "ledger.csv").read_bytes()
    assert b"\r" not in text and text.endswith(b"\n")


@pytest.mark.parametrize("applied", ["0", "1"])
def test_adjustment_of_yancheng(applied: str, tmp_path: Path, fundsim: Command) -> None:
    """One row a fund and year; only --apply-adjustment changes the second year's claims."""
    more = ["--apply-adjustment"] if applied == "1" else []
    data = make(tmp_path / "data", "yancheng")
    path = data / "monthly.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    poor = [",".join([*row.split(",")[:4], "10000", row.split(",")[5]]) for row in rows]
    path.write_text("\n".join([head, *poor]), encoding="utf-8")
    assert fundsim.replay("yancheng", data, tmp_path / "out", more).status == 0
    head, *rows = table(tmp_path / "out" / "adjustment.csv")
    assert head == ADJUSTMENT
    assert [row[:2] for row in rows] == [[fund, str(year)] for year in YEARS for fund in FUNDS]
    assert [row[5] for row in rows] == [applied] * 4
    assert all(float(row[2]) < 1 and float(row[3]) == 1 and 0 < float(row[4]) <= 0.1 for row in rows)
    given = sum(float(row.split(",")[5]) for row in poor if row.startswith("employee") and ",2023," in row)
    ledger = table(tmp_path / "out" / "ledger.csv")[1:]
    posted = sum(
        float(row[7]) for row in ledger if row[0] == "employee" and row[1] == "2023" and row[4] == "claims"
    )
    first = next(row for row in rows if row[:2] == ["employee", "2022"])
    factor = float(first[2]) * (1 - float(first[4])) if applied == "1" else 1
    assert posted == pytest.approx(given * factor, rel=1e-12)


def as_excel(text: str) -> bytes:
    return ("\ufeff" + text.replace("\n", "\r\n")).encode()


def reversed_columns(text: str) -> bytes:
    return "\n".join(",".join(reversed(line.split(","))) for line in text.splitlines()).encode()


def blank_lines(text: str) -> bytes:
    return ("\n\n" + text.replace("\n", "\n\n  \n,,\n") + "\n\n").encode()


def quoted(text: str) -> bytes:
    rows = [",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()]
    return "\n".join(rows).encode()


def spaced(text: str) -> bytes:
    return "\n".join(" , ".join(["", *line.split(",")])[3:] + " \t" for line in text.splitlines()).encode()


def shuffled(text: str) -> bytes:
    head, *rows = text.splitlines()
    return "\n".join([head, *sorted(rows, key=lambda row: row[::-1])]).encode()


@pytest.mark.parametrize(
    "rewrite", [as_excel, reversed_columns, blank_lines, quoted, spaced, shuffled], ids=lambda f: f.__name__
)
def test_the_form_of_the_files_does_not_matter(rewrite, tmp_path: Path, fundsim: Command) -> None:
    """BOM and CRLF, any order of columns, blank lines, quotes, spaces and any order of rows."""
    plain, other = make(tmp_path / "plain"), make(tmp_path / "other")
    for path in other.iterdir():
        path.write_bytes(rewrite(path.read_text(encoding="utf-8")))
    for data in (plain, other):
        ended = fundsim.replay("taizhou", data, tmp_path / f"out-{data.name}")
        assert ended.status == 0, ended.err
    for name in ("balances.csv", "ledger.csv"):
        ours, theirs = (sorted(table(tmp_path / f"out-{data}" / name)) for data in ("plain", "other"))
        for one, two in zip(ours, theirs, strict=True):
            assert one == two


def test_annual_and_counties_may_be_left_out_where_nothing_needs_them(
    tmp_path: Path, fundsim: Command
) -> None:
    """Hangzhou's rules need neither; what is absent counts as nothing and as excellent."""
    data = make(tmp_path / "data", "hangzhou")
    (data / "annual.csv").unlink()
    (data / "counties.csv").unlink()
    assert fundsim.replay("hangzhou", data, tmp_path / "out").status == 0
    steps = {row[4] for row in table(tmp_path / "out" / "ledger.csv")[1:]}
    assert not steps & {"recoveries", "assessment"}


@pytest.mark.parametrize("name", ["市本级", 'A, "x" 县', "  B  ", "O'Brien; = +1", "x" * 500])
def test_any_county_name_comes_back_as_it_is(name: str, tmp_path: Path, fundsim: Command) -> None:
    """Commas, quotes and Chinese survive; spaces around a name do not count."""
    data = make(tmp_path / "data")
    cell = '"' + name.replace('"', '""') + '"'
    for path in data.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace(",A,", f",{cell},"), encoding="utf-8")
    assert fundsim.replay("taizhou", data, tmp_path / "out").status == (2 if name.strip() == "B" else 0)
    if name.strip() != "B":
        names = {row[3] for row in table(tmp_path / "out" / "balances.csv")[1:]}
        assert names == {name, "B", "M", "*"}


@pytest.mark.parametrize("first", [1900, 1999, 2199])
def test_any_two_consecutive_years(first: int, tmp_path: Path, fundsim: Command) -> None:
    """The years are labels."""
    data = make(tmp_path / "data")
    for path in data.iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace(",2022,", f",{first},").replace(",2023,", f",{first + 1},"), encoding="utf-8"
        )
    assert fundsim.replay("taizhou", data, tmp_path / "out").status == 0
    years = [int(row[1]) for row in table(tmp_path / "out" / "balances.csv")[1:]]
    assert (min(years), max(years)) == (first, first + 1)


def test_one_fund_one_county_one_year(tmp_path: Path, fundsim: Command) -> None:
    """The least there can be; resident enrolment is needed only where a January follows."""
    data = tmp_path / "data"
    data.mkdir()
    months = "\n".join(f"resident,A,2022,{month},10,10" for month in range(1, 13))
    (data / "monthly.csv").write_text("fund,county,year,month,contributions,claims\n" + months)
    balance = "resident,A,county_balance,4\nresident,A,base_claims,120\n"
    (data / "opening.csv").write_text("fund,county,account,amount\n" + balance)
    assert fundsim.replay("taizhou", data, tmp_path / "out").status == 0
    rows = table(tmp_path / "out" / "ledger.csv")[1:3]
    assert [row[5:8] for row in rows] == [
        ["county_balance", "pool", "4.0"],
        ["county_treasury", "pool", "6.0"],
    ]


def test_a_second_run_replaces_the_first_and_leaves_other_files(tmp_path: Path, fundsim: Command) -> None:
    out = tmp_path / "a" / "b" / "out"
    data = make(tmp_path / "data")
    assert fundsim.replay("taizhou", data, out).status == 0
    first = (out / "ledger.csv").read_bytes()
    (out / "notes.txt").write_text("mine")
    (out / "ledger.csv").write_text("old")
    assert fundsim.replay("taizhou", data, out).status == 0
    assert (out / "ledger.csv").read_bytes() == first
    assert sorted(path.name for path in out.iterdir()) == ["balances.csv", "ledger.csv", "notes.txt"]


def test_a_reading_changes_the_result(tmp_path: Path, fundsim: Command) -> None:
    """L1 retained: balances stay with the counties."""
    data = make(tmp_path / "data", "linyi")
    assert fundsim.replay("linyi", data, tmp_path / "out", ["--reading", "L1=retained"]).status == 0
    steps = [row[4] for row in table(tmp_path / "out" / "ledger.csv")[1:]]
    assert "opening transfer" not in steps and "waterfall 3" in steps


@pytest.mark.parametrize("good", [True, False])
def test_in_a_process_of_its_own(good: bool, tmp_path: Path) -> None:
    """``python -m scenarios`` with warnings as errors: status 0 with results, or 2 with one line and none."""
    data = make(tmp_path / "data")
    if not good:
        (data / "opening.csv").unlink()
    words = ["replay", "taizhou", str(data), "--out", str(tmp_path / "out")]
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "scenarios", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == (0 if good else 2), ended.stderr
    assert (tmp_path / "out").exists() == good
    if not good:
        assert ended.stderr == f"fundsim: {data / 'opening.csv'}: expected a file, found none\n"


def test_data_that_begin_in_another_year_than_the_rules(tmp_path: Path, fundsim: Command) -> None:
    """Yancheng hands balances over once, when its rules begin: a replay of later years does so at once."""
    assert min(YEARS) == 2022
    said = fundsim.replay("yancheng", make(tmp_path / "data", "yancheng"), tmp_path / "out").out
    assert "in force from 2020; 2022 was taken for their first year (opening transfer" in said
    assert "规则自2020年起施行；本次回放以2022年为首年（含首年事项：统筹前结余上划" in said
    alike = fundsim.replay("taizhou", make(tmp_path / "more", "taizhou"), tmp_path / "other")
    assert alike.status == 0 and "in force" not in alike.out


def test_data_that_go_on_after_the_rules(tmp_path: Path, fundsim: Command) -> None:
    """Linyi's document ends with 2025: the same figures are called an extrapolation from 2026 on."""
    for first, beyond in ((2024, False), (2025, True)):
        data = make(tmp_path / f"{first}", "linyi")
        for table in ("monthly.csv", "annual.csv"):
            text = (data / table).read_text("utf-8").replace(f",{YEARS[1]},", f",{first + 1},")
            (data / table).write_text(text.replace(f",{YEARS[0]},", f",{first},"), "utf-8")
        said = fundsim.replay("linyi", data, tmp_path / f"out{first}").out
        assert ("in force until 2025-12-31: what is later is an extrapolation" in said) == beyond
        assert ("规则有效期至2025年12月31日，此后属于外推" in said) == beyond


@pytest.mark.parametrize(("readings", "idle"), [((), True), (("--reading", "Z5=city"), False)])
def test_a_pool_that_the_rules_never_draw_is_said_to_lie_idle(
    readings: tuple[str, ...], idle: bool, tmp_path: Path, fundsim: Command
) -> None:
    data = make(tmp_path / "data", "ziyang")
    said = fundsim.replay("ziyang", data, tmp_path / "out", readings).out
    assert ("lies idle and counts as reserves (employee fund, resident fund)" in said) == idle
    assert ("期初存量闲置，仍计入累计结余（职工医保、城乡居民医保）" in said) == idle


@pytest.mark.parametrize(("yuan", "said"), [(1.0, 0), (0.01, 0), (100.0, 0), (1e-4, 12), (1e4, 12)])
def test_an_opening_in_another_unit_than_the_months_is_said(
    yuan: float, said: int, tmp_path: Path, fundsim: Command
) -> None:
    """A line for each of three accounts, two funds and two languages."""
    data = make(tmp_path / "data")
    head, *rows = table(data / "opening.csv")
    changed = [",".join((*row[:3], str(float(row[3]) * yuan))) for row in rows]
    (data / "opening.csv").write_text("\n".join([",".join(head), *changed]), "utf-8")
    shown = fundsim.replay("taizhou", data, tmp_path / "out")
    assert shown.status == 0
    assert shown.out.count("are both in yuan?") + shown.out.count("均以元为单位") == said


def test_an_empty_pool_does_not_lie_idle(tmp_path: Path, fundsim: Command) -> None:
    data = make(tmp_path / "data", "ziyang")
    opening = (data / "opening.csv").read_text("utf-8")
    (data / "opening.csv").write_text(opening.replace("*,pool,100000.25", "*,pool,0"), "utf-8")
    said = fundsim.replay("ziyang", data, tmp_path / "out")
    assert said.status == 0 and "idle" not in said.out
