"""The office's own figures: they take the scenario's place cell by cell, and every faulty cell is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import Refused

from scenarios.basecase.new import new
from scenarios.basecase.office import TABLES
from scenarios.definition.scenario import Scenario, load_scenario
from scenarios.errors import InputError

COUNTIES, CITY, MONTHS, GROWTH = TABLES


@pytest.fixture
def ziyang(tmp_path: Path) -> Path:
    """A new folder: three units, two funds."""
    new("资阳", tmp_path / "ziyang")
    return tmp_path / "ziyang"


def fill(folder: Path, table: str, row: int, **cells: object) -> None:
    """Put figures into a row of a table (the header is row 1)."""
    path = folder / "office" / table
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))
    for column, value in cells.items():
        lines[row - 1][lines[0].index(column)] = str(value)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(lines)


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_scenario(folder)
    return str(caught.value).removeprefix(f"{folder}/")


def said(scenario: Scenario) -> list[str]:
    """Keys that the tables gave a figure."""
    return [key for line in scenario.file.assumptions if line.id == "office" for key in line.about]


# --- figures that stand -------------------------------------------------------------------------------------


def test_a_countys_figures_take_the_place_of_the_constructed(ziyang: Path) -> None:
    before = load_scenario(ziyang).case
    fill(
        ziyang, COUNTIES, 3, base_claims_yuan="654321098.5", county_balance_yuan=0, enrolment_persons="1.2e5"
    )
    after = load_scenario(ziyang)
    assert [county.name for county in after.case.counties] == ["雁江区", "安岳县", "乐至县"]
    own, old = after.case.counties[1].employee, before.counties[1].employee
    assert own is not None and old is not None
    assert (own.base_claims_yuan, own.county_balance_yuan, own.enrolment_persons) == (654321098.5, 0, 120_000)
    assert own.base_contributions_yuan == old.base_contributions_yuan
    assert after.case.counties[1].resident == before.counties[1].resident
    assert (after.case.counties[0], after.case.counties[2]) == (before.counties[0], before.counties[2])
    assert said(after) == [
        *("counties.2.employee.base_claims_yuan", "counties.2.employee.enrolment_persons"),
        "counties.2.employee.county_balance_yuan",
    ]
    assert "3 figures" in after.file.assumptions[0].en and "3项" in after.file.assumptions[0].zh


def test_accounts_of_the_city(ziyang: Path) -> None:
    fill(ziyang, CITY, 3, pool_yuan=123456789)
    funds = load_scenario(ziyang).case.funds
    assert funds["resident"].accounts.pool_yuan == 123456789
    assert funds["employee"].accounts.pool_yuan == 0


def test_months_become_shares(ziyang: Path) -> None:
    for month in range(1, 13):
        fill(ziyang, MONTHS, 1 + month, claims_yuan=month)
    scenario = load_scenario(ziyang)
    assert scenario.case.funds["employee"].profile.claims == pytest.approx([m / 78 for m in range(1, 13)])
    assert said(scenario) == ["funds.employee.profile.claims"]


def test_growth_of_some_years(ziyang: Path) -> None:
    before = load_scenario(ziyang).case.funds["resident"].growth
    fill(
        ziyang, GROWTH, 13, contributions_growth=-0.01
    )  # 2025; the resident fund's rows follow eleven others
    fill(ziyang, GROWTH, 15, contributions_growth=0.02)
    growth = load_scenario(ziyang).case.funds["resident"].growth
    assert isinstance(growth.contributions, tuple) and isinstance(before.contributions, tuple)
    assert growth.contributions[:3] == (-0.01, before.contributions[1], 0.02)
    assert growth.contributions[3:] == before.contributions[3:]
    assert growth.claims == before.claims


def test_growth_beyond_the_rates_of_the_scenario(ziyang: Path) -> None:
    before = load_scenario(ziyang).case.funds["employee"].growth.claims
    assert isinstance(before, tuple) and len(before) == 11
    table = ziyang / "office" / GROWTH
    table.write_text("fund,year,contributions_growth,claims_growth\nemployee,2038,,0.05\n", "utf-8")
    growth = load_scenario(ziyang).case.funds["employee"].growth.claims
    assert growth == (*before, before[-1], before[-1], 0.05)  # 2036, 2037 and from 2038 on


def test_a_single_rate_goes_on_where_the_table_is_empty(ziyang: Path) -> None:
    path = ziyang / "scenario.toml"
    text = path.read_text("utf-8")
    assert "[funds.employee.growth]" in text
    head, tail = text.split("[funds.employee.growth]", 1)
    rest = tail.split("\n[", 1)[1]
    path.write_text(f"{head}[funds.employee.growth]\ncontributions = 0.04\nclaims = 0.05\n\n[{rest}", "utf-8")
    fill(ziyang, GROWTH, 2, claims_growth=0.2)
    growth = load_scenario(ziyang).case.funds["employee"].growth
    assert growth.claims == (0.2, *[0.05] * 29) and growth.contributions == 0.04


def test_rows_without_figures_may_be_of_anybody(ziyang: Path) -> None:
    """A shorter horizon, or a county merged into another, leaves such rows behind."""
    path = ziyang / "scenario.toml"
    path.write_text(path.read_text("utf-8").replace("horizon_years = 30", "horizon_years = 5"), "utf-8")
    fill(ziyang, COUNTIES, 2, county="旧县")
    assert load_scenario(ziyang).case.years == 5
    fill(ziyang, GROWTH, 12, claims_growth=0.01)
    assert "row 12, column year: expected a year from 2025 to 2029, found '2035'" in refusal(ziyang)


def test_files_and_rows_may_be_missing(ziyang: Path) -> None:
    whole = load_scenario(ziyang).case
    for table in (CITY, MONTHS, GROWTH):
        (ziyang / "office" / table).unlink()
    path = ziyang / "office" / COUNTIES
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:2]) + "\n", "utf-8")
    scenario = load_scenario(ziyang)
    assert scenario.case == whole
    assert scenario.files == (ziyang / "scenario.toml", path)


def test_the_manifest_runs_again_without_the_tables(ziyang: Path, tmp_path: Path) -> None:
    fill(ziyang, COUNTIES, 2, county_balance_yuan=1e8)
    scenario = load_scenario(ziyang)
    again = json.loads(json.dumps(scenario.resolved["scenario"]))
    assert again.pop("office") is None
    assert again["counties"][0]["employee"]["county_balance_yuan"] == 1e8


def test_everything_zero_is_plausible(ziyang: Path) -> None:
    fill(ziyang, COUNTIES, 2, **dict.fromkeys(TABLES[COUNTIES][1], 0))
    own = load_scenario(ziyang).case.counties[0].employee
    assert own is not None and own.base_claims_yuan == 0


# --- cells that are refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row", "cells", "says"),
    [
        (
            COUNTIES,
            2,
            {"base_claims_yuan": -5},
            "row 2, column base_claims_yuan: expected a number that is not neg",
        ),
        (
            COUNTIES,
            2,
            {"base_claims_yuan": "约3亿"},
            "row 2, column base_claims_yuan: expected a number such as",
        ),
        (COUNTIES, 2, {"base_claims_yuan": "34567万"}, "in yuan or persons, not 万 or 亿"),
        (COUNTIES, 2, {"base_claims_yuan": "345,678,900"}, "without thousands separators"),
        (COUNTIES, 2, {"base_claims_yuan": "nan"}, "expected a number such as"),
        (
            COUNTIES,
            2,
            {"county": "雁江县", "base_claims_yuan": 0},
            "row 2, column county: expected a county of the scenario, found '雁江县'",
        ),
        (COUNTIES, 2, {"county": "雁江县", "base_claims_yuan": 0}, 'did you mean "雁江区"?'),
        (
            COUNTIES,
            2,
            {"fund": "职工", "arrears_insured_yuan": 0},
            "row 2, column fund: expected a fund of the scenario (employee, resident)",
        ),
        (CITY, 2, {"pool_yuan": "-1"}, "city_accounts.csv: row 2, column pool_yuan"),
        (CITY, 2, {"risk_fund_yuan": "3%"}, "an amount, not per cent"),
        (MONTHS, 2, {"claims_yuan": "5"}, "fund employee, month 2, column claims_yuan: expected all twelve"),
        (
            MONTHS,
            2,
            {"month": "13", "claims_yuan": 1},
            "row 2, column month: expected a month from 1 to 12, found '13'",
        ),
        (
            GROWTH,
            2,
            {"claims_growth": "4.5"},
            "row 2, column claims_growth: expected a share of 1 such as 0.045",
        ),
        (GROWTH, 2, {"claims_growth": "4.5%"}, "a share of 1, not per cent"),
        (GROWTH, 2, {"year": "2019", "claims_growth": 0}, "expected a year from 2025 to 2054, found '2019'"),
    ],
)
def test_a_cell_is_refused(table: str, row: int, cells: dict[str, object], says: str, ziyang: Path) -> None:
    fill(ziyang, table, row, **cells)
    message = refusal(ziyang)
    assert message.startswith(f"office/{table}: ")
    assert says in message


@pytest.mark.parametrize("column", [*TABLES[COUNTIES][1], *TABLES[CITY][1]])
def test_ten_thousands_of_yuan_are_noticed(column: str, ziyang: Path) -> None:
    """A usual figure (a year's flow, nine months of balance, a tenth of a year of debt), in 万."""
    county = load_scenario(ziyang).case.counties[0].employee
    city = sum(
        each.employee.base_claims_yuan for each in load_scenario(ziyang).case.counties if each.employee
    )
    assert county is not None
    in_city = column in TABLES[CITY][1]
    year = city if in_city else county.base_claims_yuan
    usual = {"opening_deficit_yuan": 0.1, "arrears_government_yuan": 0.1, "arrears_insured_yuan": 0.1}
    usual |= {
        "county_balance_yuan": 0.75,
        "pool_yuan": 0.75,
        "risk_fund_yuan": 0.75,
        "municipal_reserve_yuan": 0.75,
    }
    value = county.enrolment_persons if column == "enrolment_persons" else year * usual.get(column, 1.0)
    table = CITY if in_city else COUNTIES
    fill(ziyang, table, 2, **{column: f"{value:.0f}"})
    load_scenario(ziyang)
    fill(ziyang, table, 2, **{column: f"{value / 1e4:.4f}"})
    message = refusal(ziyang)
    assert f"office/{table}: row 2, column {column}: expected " in message
    assert "is it in 万" in message
    fill(ziyang, table, 2, **{column: f"{value * 1e4:.0f}"})
    assert "is it in 万" not in refusal(ziyang)


def test_any_size_stands_where_it_is_meant(ziyang: Path) -> None:
    fill(ziyang, COUNTIES, 2, county_balance_yuan=50_000)
    assert "office.any_size = true" in refusal(ziyang)
    path = ziyang / "scenario.toml"
    path.write_text(
        path.read_text("utf-8").replace('folder = "office"', 'folder = "office"\nany_size = true'), "utf-8"
    )
    own = load_scenario(ziyang).case.counties[0].employee
    assert own is not None and own.county_balance_yuan == 50_000


def test_a_risk_fund_that_the_rules_do_not_have_is_named_in_its_table(ziyang: Path) -> None:
    fill(ziyang, CITY, 3, risk_fund_yuan=50_000_000)
    assert load_scenario(ziyang).case.funds["resident"].accounts.risk_fund_yuan == 50_000_000
    with pytest.raises(InputError, match=r"row 3, column risk_fund_yuan: .*no risk fund") as found:
        load_scenario(ziyang, rules="county-alone")
    assert Path(found.value.file).name == CITY


def test_a_county_is_filled_in_once(ziyang: Path) -> None:
    fill(ziyang, COUNTIES, 2, base_claims_yuan=0)
    fill(ziyang, COUNTIES, 3, base_claims_yuan=0, county="雁江区")
    assert "row 3, column county: expected each fund and county once, it is in row 2 too" in refusal(ziyang)


def test_columns_files_and_folders(ziyang: Path) -> None:
    path = ziyang / "office" / COUNTIES
    text = path.read_text("utf-8-sig")
    path.write_text(text.replace("base_claims_yuan", "base_claims"), "utf-8")
    assert "row 1, column base_claims: expected the columns fund, county" in refusal(ziyang)
    path.write_bytes(text.encode("gb18030"))
    assert "(in Excel, save as CSV UTF-8)" in refusal(ziyang)
    path.rename(path.with_name("county_figure.csv"))
    assert (
        'office/county_figure.csv: expected one of the tables; did you mean "county_figures.csv"?'
        in refusal(ziyang)
    )
    path.with_name("county_figure.csv").unlink()
    (ziyang / "office" / "~$growth.csv").write_text("", "utf-8")  # what Excel leaves beside an open file
    load_scenario(ziyang)
    (ziyang / "office").rename(ziyang / "elsewhere")
    assert "scenario.toml: office.folder: expected a folder of tables" in refusal(ziyang)


def test_the_command_writes_nothing(ziyang: Path, refused: Refused) -> None:
    fill(ziyang, COUNTIES, 2, base_claims_yuan="1,234,567")
    error = refused("run", ziyang, "--out", ziyang / "out")
    assert "county_figures.csv: row 2, column base_claims_yuan" in error
    assert not (ziyang / "out").exists()
