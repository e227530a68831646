"""The office's own figures: CSV tables beside a scenario that take the place of its figures, cell by cell.

A scenario with ``office.folder = "office"`` is read together with the tables of that folder.  An empty cell
keeps the scenario's figure; a file or a row that is not there is a row of empty cells.

    county_figures.csv   fund, county, and the figures of ``sim.model.CountyFund``: yuan, persons
    city_accounts.csv    fund, and those of ``sim.model.CityAccounts``: yuan
    monthly_totals.csv   fund, month, contributions_yuan, claims_yuan: of the city; only their shares are used
    growth.csv           fund, year, contributions_growth, claims_growth: shares of 1, of the median

A figure that is not plausible beside the scenario's, as 万元 for yuan is not, is refused, unless
``office.any_size`` says that it is meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scenarios.errors import InputError
from scenarios.output import write_rows
from scenarios.rulebook.rows import near
from scenarios.tables import TableRow, read_table
from sim.model import FUNDS, CityAccounts, County, CountyFund, Fund, FundCase, Growth, Profile
from sim.rules import FundRules, Instrument

COUNTY_FIGURES, CITY_ACCOUNTS = tuple(CountyFund.model_fields), tuple(CityAccounts.model_fields)
TOTALS, RATES = ("contributions_yuan", "claims_yuan"), ("contributions_growth", "claims_growth")
CELLS = ("contributions", "claims")
ACCOUNTS = "city_accounts.csv"
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "county_figures.csv": (("fund", "county"), COUNTY_FIGURES),
    ACCOUNTS: (("fund",), CITY_ACCOUNTS),
    "monthly_totals.csv": (("fund", "month"), TOTALS),
    "growth.csv": (("fund", "year"), RATES),
}
"""File -> the columns that say what a row is of, and those of its figures."""
LIKELY = {
    "base_contributions_yuan": (0.01, 100.0),
    "base_claims_yuan": (0.01, 100.0),
    "enrolment_persons": (0.01, 100.0),
    "opening_deficit_yuan": (2e-5, 20.0),
    "arrears_government_yuan": (2e-5, 20.0),
    "arrears_insured_yuan": (2e-5, 20.0),
}
"""Least and largest plausible figure above 0: for 1 of the scenario's own figure, or, of balances and debts,
of the scenario's yearly claims.  A figure in 万元 is ten thousand times too small."""
LIKELY_BALANCE = (1e-3, 20.0)
LARGEST_GROWTH = 0.5
Keyed = dict[tuple[str, ...], TableRow]
Likely = Callable[[TableRow, str, float, float], None]
"""Refuses a row's figure in a column that is not plausible beside another figure."""


class Office(Instrument):
    """Where the office's tables are, and whether a figure may be of any size."""

    folder: str
    """Beside the scenario file."""
    any_size: bool = False


@dataclass(frozen=True)
class Figures:
    """A scenario's counties and funds with the office's figures in them."""

    counties: tuple[County, ...]
    funds: dict[Fund, FundCase]
    files: tuple[Path, ...]
    """Every table that was read."""
    keys: list[str] = field(default_factory=list)
    """The dotted keys that the tables gave a figure, counties counted from 1."""


def write_empty(folder: Path, counties: Sequence[County], first_year: int, years: int) -> None:
    """Every table with a row for each fund, county, month and year, and no figure.

    With a byte-order mark: Excel takes the file for another encoding without it.
    """
    rows: dict[str, Sequence[Sequence[object]]] = {
        "county_figures.csv": [(county.name,) for county in counties],
        ACCOUNTS: [()],
        "monthly_totals.csv": [(month,) for month in range(1, 13)],
        "growth.csv": [(first_year + year,) for year in range(years)],
    }
    for name, (keys, figures) in TABLES.items():
        empty = [""] * len(figures)
        filled = [(fund, *row, *empty) for fund in FUNDS for row in rows[name]]
        write_rows(folder / name, (*keys, *figures), filled, encoding="utf-8-sig")


def with_office(
    path: Path, office: Office, counties: tuple[County, ...], funds: Mapping[Fund, FundCase], years: range
) -> Figures:
    """The counties and funds of the scenario at ``path`` with the tables' figures; InputError for a fault.

    ``years``: the calendar years of the scenario's horizon.
    """
    folder = path.parent / office.folder
    files = _files(path, folder)
    likely = _anything if office.any_size else _refuse_unlikely
    names = {fund: [c.name for c in counties if getattr(c, fund) is not None] for fund in funds}
    months, calendar = [str(month) for month in range(1, 13)], [str(year) for year in years]
    known: dict[str, Mapping[Fund, Sequence[str]]] = {
        "county_figures.csv": names,
        ACCOUNTS: {},
        "monthly_totals.csv": dict.fromkeys(funds, months),
        "growth.csv": dict.fromkeys(funds, calendar),
    }
    read = {file.name: _read(file, list(funds), known[file.name]) for file in files}
    keys: list[str] = []
    changed = _counties(read.get("county_figures.csv", {}), counties, funds, likely, keys)
    totals = {fund: sum(_claims(county, fund) for county in changed) for fund in funds}
    accounts, monthly, growth = (read.get(name, {}) for name in list(TABLES)[1:])
    new_funds = {}
    for fund, case in funds.items():
        update = {
            "accounts": _accounts(accounts, fund, case, totals[fund], likely, keys),
            "profile": _profile(monthly, fund, case, keys),
            "growth": _growth(growth, fund, case, calendar, keys),
        }
        new_funds[fund] = case.model_copy(update=update)
    return Figures(changed, new_funds, tuple(files), keys)


def check_risk_fund(files: Sequence[Path], fund: Fund, rules: FundRules, accounts: CityAccounts) -> None:
    """InputError at the table's cell where the office fills in a risk fund that the rules do not have."""
    if accounts.risk_fund_yuan == 0 or rules.has_risk_fund:
        return
    for file in files:
        for row in read_table(file, ("fund", *CITY_ACCOUNTS)) if file.name == ACCOUNTS else []:
            if row.cells["fund"] == fund and row.cells["risk_fund_yuan"]:
                raise row.refuse("risk_fund_yuan", "expected nothing or 0: the rules have no risk fund")


def _files(path: Path, folder: Path) -> list[Path]:
    """The folder's tables in the order of ``TABLES``; a name that is none of them is a mistake."""
    if not folder.is_dir():
        raise InputError(path, "office.folder", f"expected a folder of tables, found no folder {folder}")
    found = [file.name for file in folder.iterdir() if not file.name.startswith((".", "~"))]
    for name in sorted(found):
        if name not in TABLES:
            hint = near(name, TABLES) or f" ({', '.join(TABLES)})"
            raise InputError(folder / name, "", f"expected one of the tables{hint}")
    return [folder / name for name in TABLES if name in found]


def _read(file: Path, funds: list[Fund], known: Mapping[Fund, Sequence[str]]) -> Keyed:
    """The rows that have a figure, by fund and, where there is one, county, month or year."""
    columns, figures = TABLES[file.name]
    rows: Keyed = {}
    for row in read_table(file, (*columns, *figures)):
        if not any(row.cells[name] for name in figures):
            continue
        fund: Fund = row.choice("fund", funds, "a fund of the scenario")  # type: ignore[assignment]
        key: tuple[str, ...] = (fund,)
        if len(columns) > 1:
            value = row.text(columns[1])
            if value not in known[fund]:
                raise row.refuse(columns[1], _expected(columns[1], value, known[fund]))
            key = fund, value
        if key in rows:
            what = " and ".join(columns)
            raise row.refuse(columns[-1], f"expected each {what} once, it is in row {rows[key].number} too")
        rows[key] = row
    return rows


def _expected(column: str, value: str, known: Sequence[str]) -> str:
    if column == "county":
        return f"expected a county of the scenario, found {value!r:.80}{near(value, known)}"
    return f"expected a {column} from {known[0]} to {known[-1]}, found {value!r:.80}"


def _counties(
    rows: Keyed, counties: tuple[County, ...], funds: Mapping[Fund, FundCase], likely: Likely, keys: list[str]
) -> tuple[County, ...]:
    changed = []
    for number, county in enumerate(counties, start=1):
        update: dict[str, CountyFund] = {}
        for fund in funds:
            row, own = rows.get((fund, county.name)), getattr(county, fund)
            if row is None or own is None:
                continue
            given = dict(_amounts(row, COUNTY_FIGURES))
            claims = given.get("base_claims_yuan", own.base_claims_yuan)
            for name, value in given.items():
                own_size = name.startswith("base_") or name == "enrolment_persons"
                likely(row, name, value, getattr(own, name) if own_size else claims)
                keys.append(f"counties.{number}.{fund}.{name}")
            update[fund] = own.model_copy(update=given)
        changed.append(county.model_copy(update=update))
    return tuple(changed)


def _accounts(
    rows: Keyed, fund: Fund, case: FundCase, claims: float, likely: Likely, keys: list[str]
) -> CityAccounts:
    row = rows.get((fund,))
    given = dict(_amounts(row, CITY_ACCOUNTS)) if row else {}
    for name, value in given.items():
        assert row is not None
        likely(row, name, value, claims)
        keys.append(f"funds.{fund}.accounts.{name}")
    return case.accounts.model_copy(update=given)


def _profile(rows: Keyed, fund: Fund, case: FundCase, keys: list[str]) -> Profile:
    """Shares of the year for a column with all twelve months."""
    mine = [row for (of, _), row in rows.items() if of == fund]
    update = {}
    for name, column in zip(CELLS, TOTALS, strict=True):
        amounts = {int(row.cells["month"]): row.amount(column) for row in mine if row.cells[column]}
        if not amounts:
            continue
        missing = [month for month in range(1, 13) if month not in amounts]
        if missing:
            place = f"fund {fund}, month {missing[0]}, column {column}"
            raise InputError(mine[0].file, place, "expected all twelve months or none, found no amount")
        year = math.fsum(amounts.values())
        if year == 0:
            raise InputError(mine[0].file, f"fund {fund}, column {column}", "expected a year's sum above 0")
        update[name] = tuple(amounts[month] / year for month in range(1, 13))
        keys.append(f"funds.{fund}.profile.{name}")
    return case.profile.model_copy(update=update)


def _growth(rows: Keyed, fund: Fund, case: FundCase, years: list[str], keys: list[str]) -> Growth:
    """Rates by year as far as they or the table's go; the last goes on.  A single rate is every year's."""
    update = {}
    for name, column in zip(CELLS, RATES, strict=True):
        filled = {
            at: row for at, year in enumerate(years) if (row := rows.get((fund, year))) and row.cells[column]
        }
        if not filled:
            continue
        own = getattr(case.growth, name)
        own = own if isinstance(own, tuple) else (own,) * len(years)
        rates = [*own, *[own[-1]] * (max(filled) + 1 - len(own))]
        for at, row in filled.items():
            rates[at] = row.number_of(column)
            if abs(rates[at]) >= LARGEST_GROWTH:
                expected = (
                    f"expected a share of 1 such as 0.045, found {row.cells[column]!r}: is it in per cent?"
                )
                raise row.refuse(column, expected)
        update[name] = tuple(rates)
        keys.append(f"funds.{fund}.growth.{name}")
    return case.growth.model_copy(update=update)


def _amounts(row: TableRow, columns: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The row's figures, without those of empty cells."""
    return ((name, row.amount(name)) for name in columns if row.cells[name])


def _claims(county: County, fund: Fund) -> float:
    own: CountyFund | None = getattr(county, fund)
    return 0.0 if own is None else own.base_claims_yuan


def _refuse_unlikely(row: TableRow, column: str, value: float, beside: float) -> None:
    """InputError for a figure above 0 that is far from ``beside``, the scenario's figure or yearly claims."""
    low, high = LIKELY.get(column, LIKELY_BALANCE)
    if value == 0 or beside == 0 or low * beside <= value <= high * beside:
        return
    unit = "persons" if column.endswith("_persons") else "yuan"
    small = " (is it in 万, 10,000?)" if value < beside else ""
    expected = f"expected {unit}, some {low * beside:,.0f} to {high * beside:,.0f}, found {row.cells[column]}"
    raise row.refuse(column, f"{expected}{small}; office.any_size = true in the scenario lets it stand")


def _anything(row: TableRow, column: str, value: float, beside: float) -> None:
    """Any figure will do."""
