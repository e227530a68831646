"""The data directory of ``replay``: opening.csv, monthly.csv, annual.csv, counties.csv → ``History``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import InputError
from scenarios.rulebook.rows import near
from scenarios.tables import YEARS, TableRow, read_table
from sim.model import FUNDS, Fund
from sim.replay import CITY, History
from sim.rules import FundRules

COUNTY_ACCOUNTS = (
    "county_balance",
    "opening_deficit",
    "arrears_government",
    "arrears_insured",
    "base_contributions",
    "base_claims",
)
"""In the order of ``History.opening``."""
CITY_ACCOUNTS = ("pool", "risk_fund", "municipal_reserve")
OPENING = ("fund", "county", "account", "amount")
MONTHLY = ("fund", "county", "year", "month", "contributions", "claims")
ANNUAL = (
    *("fund", "county", "year", "enrolment", "revenue_budget", "expenditure_budget"),
    *("excellent", "attributable_deficit", "recoveries"),
)
COUNTIES = ("county", "city_level")
READ = ("opening.csv", "monthly.csv", "annual.csv", "counties.csv")
WRITTEN = ("balances.csv", "ledger.csv", "adjustment.csv")
"""What a replay writes, perhaps into the same folder."""
Floats = NDArray[np.float64]


def read_history(folder: Path, rules: Mapping[Fund, FundRules]) -> History:
    """Read and check a data directory; ``rules`` say which figures cannot be missing."""
    if not folder.is_dir():
        found = "a file" if folder.exists() else "none"
        raise InputError(folder, "", f"expected a directory with opening.csv and monthly.csv, found {found}")
    _refuse_unknown(folder)
    opening, monthly = folder / "opening.csv", folder / "monthly.csv"
    rows = read_table(monthly, MONTHLY)
    if not rows:
        raise InputError(monthly, "row 2", "expected monthly figures, found none")
    funds: tuple[Fund, ...] = tuple(fund for fund in FUNDS if any(row.cells["fund"] == fund for row in rows))
    counties = tuple(dict.fromkeys(_county(row) for row in rows))
    flows, first_year = _monthly(monthly, rows, funds, counties)
    county_opening, city_opening = _opening(opening, funds, counties, rules)
    years = flows.shape[1]
    annual = _annual(folder / "annual.csv", funds, counties, first_year, years)
    for f, fund in enumerate(funds):
        _check_enrolment(
            folder / "annual.csv", fund, rules[fund], annual["enrolment"][f], counties, first_year
        )
    return History(
        funds=funds,
        counties=counties,
        city_level=_city_level(folder / "counties.csv", counties),
        first_year=first_year,
        opening=county_opening,
        city_opening=city_opening,
        contributions=flows[..., 0],
        claims=flows[..., 1],
        enrolment=annual["enrolment"],
        revenue_budget=annual["revenue_budget"],
        expenditure_budget=annual["expenditure_budget"],
        attributable_deficit=annual["attributable_deficit"],
        excellent=annual["excellent"] != 0,
        recoveries=np.nan_to_num(annual["recoveries"]),
    )


def _refuse_unknown(folder: Path) -> None:
    """InputError for a table that would not be read: its figures would be missing without a word."""
    for file in sorted(folder.iterdir()):
        known = file.name in (*READ, *WRITTEN) or file.name.startswith((".", "~"))
        if file.suffix.lower() == ".csv" and not known:
            hint = near(file.name.lower(), READ) or f" ({', '.join(READ)})"
            raise InputError(file, "", f"expected one of the tables{hint}")


def _county(row: TableRow) -> str:
    name = row.text("county")
    if name == CITY:
        raise row.refuse("county", "expected a county's name, found *")
    return name


def _known_county(row: TableRow, counties: Sequence[str]) -> int:
    name = row.text("county")
    if name not in counties:
        raise row.refuse("county", f"expected a county of monthly.csv, found {name!r:.80}")
    return counties.index(name)


def _known_fund(row: TableRow, funds: Sequence[Fund]) -> int:
    row.choice("fund", FUNDS, "a fund")
    return funds.index(row.choice("fund", funds, "a fund of monthly.csv"))  # type: ignore[arg-type]


def _monthly(
    path: Path, rows: list[TableRow], funds: tuple[Fund, ...], counties: tuple[str, ...]
) -> tuple[Floats, int]:
    """(F, Y, 12, C, 2) contributions and claims, and the first year."""
    years = [row.whole("year", *YEARS) for row in rows]
    first, count = min(years), max(years) - min(years) + 1
    if count > len(rows):  # a stray year, not a history: say so before a huge array is made
        gap = next(year for year in range(first, first + count) if year not in set(years))
        raise InputError(path, f"year {gap}", "expected consecutive years, found a gap")
    flows = np.full((len(funds), count, 12, len(counties), 2), np.nan)
    for row, year in zip(rows, years, strict=True):
        at = (
            _known_fund(row, funds),
            year - first,
            row.whole("month", 1, 12) - 1,
            counties.index(_county(row)),
        )
        if not np.isnan(flows[at][0]):
            raise row.refuse("month", "expected each fund, county, year and month once, found it twice")
        flows[at] = row.amount("contributions"), row.amount("claims")
    missing = np.argwhere(np.isnan(flows[..., 0]))
    if len(missing):
        f, y, m, c = missing[0]
        place = f"fund {funds[f]}, county {counties[c]}, year {first + y}, month {m + 1}"
        raise InputError(path, place, "expected a row for every county, fund and month, found none")
    return flows, first


def _opening(
    path: Path, funds: tuple[Fund, ...], counties: tuple[str, ...], rules: Mapping[Fund, FundRules]
) -> tuple[Floats, Floats]:
    county_amounts = np.full((len(funds), len(counties), len(COUNTY_ACCOUNTS)), np.nan)
    city_amounts = np.full((len(funds), len(CITY_ACCOUNTS)), np.nan)
    for row in read_table(path, OPENING):
        f = _known_fund(row, funds)
        account = row.choice("account", (*COUNTY_ACCOUNTS, *CITY_ACCOUNTS), "an account")
        if account in CITY_ACCOUNTS:
            if row.text("county") != CITY:
                raise row.refuse(
                    "county", f"expected * for the city's {account}, found {row.text('county')!r}"
                )
            into, at = city_amounts[f], CITY_ACCOUNTS.index(account)
        else:
            if row.text("county") == CITY:
                raise row.refuse("county", f"expected a county for {account}, found *")
            into, at = county_amounts[f, _known_county(row, counties)], COUNTY_ACCOUNTS.index(account)
        if not np.isnan(into[at]):
            raise row.refuse("account", f"expected {account} once for a fund and county, found it twice")
        into[at] = row.amount("amount")
        if account == "risk_fund" and into[at] > 0 and not rules[funds[f]].has_risk_fund:
            raise row.refuse("amount", "expected 0: this city's rules have no risk fund")
    for f, fund in enumerate(funds):
        for c, county in enumerate(counties):
            pool = np.nan_to_num(city_amounts[f, 0])
            _check_opening(path, fund, county, rules[fund], county_amounts[f], county_amounts[f, c], pool)
    return np.nan_to_num(county_amounts), np.nan_to_num(city_amounts)


def _check_opening(
    path: Path, fund: Fund, county: str, rules: FundRules, everyone: Floats, own: Floats, pool: float
) -> None:
    """A balance (or the deficit in its place), and base-year totals where rules or neighbours have them."""
    given = ~np.isnan(own)
    opening = rules.opening_transfer
    needs_claims = opening.months_of_city_claims > 0 or opening.months_of_own_claims > 0
    needs_claims |= opening.pool_returned > 0 and pool > 0
    needs_contributions = rules.risk_fund.rate > 0 and rules.risk_fund.of == "last_year"
    has_deficit = given[1] and own[1] > 0
    for at, account in enumerate(COUNTY_ACCOUNTS):
        elsewhere = not np.isnan(everyone[:, at]).all()
        needed = {
            "county_balance": not has_deficit,
            "base_claims": needs_claims or elsewhere,
            "base_contributions": needs_contributions or elsewhere,
        }.get(account, False)
        if needed and not given[at]:
            place = f"fund {fund}, county {county}, account {account}"
            raise InputError(path, place, "expected an amount, found no row")


def _annual(
    path: Path, funds: tuple[Fund, ...], counties: tuple[str, ...], first_year: int, years: int
) -> dict[str, Floats]:
    """(F, Y, C) for each column, NaN where the file or the cell is absent."""
    figures = {name: np.full((len(funds), years, len(counties)), np.nan) for name in ANNUAL[3:]}
    seen = set()
    for row in read_table(path, ANNUAL) if os.path.lexists(path) else []:
        f, c = _known_fund(row, funds), _known_county(row, counties)
        y = row.whole("year", first_year, first_year + years - 1) - first_year
        if (f, y, c) in seen:
            raise row.refuse("year", "expected each fund, county and year once, found it twice")
        seen.add((f, y, c))
        for name, values in figures.items():
            if name != "excellent":
                values[f, y, c] = row.optional_amount(name)
        if row.cells["excellent"]:
            figures["excellent"][f, y, c] = row.whole("excellent", 0, 1)
    return figures


def _check_enrolment(
    path: Path, fund: Fund, rules: FundRules, enrolment: Floats, counties: tuple[str, ...], first_year: int
) -> None:
    """A top-up by deficit or enrolment needs the enrolment of the year that its reading names."""
    if not rules.shares_by_enrolment:
        return
    needed = slice(1, None) if rules.top_up.enrolment_of == "current_year" else slice(0, len(enrolment) - 1)
    for y in range(len(enrolment))[needed]:
        for c, county in enumerate(counties):
            if np.isnan(enrolment[y, c]):
                place = f"fund {fund}, county {county}, year {first_year + y}, column enrolment"
                expected = "expected the number of insured: the January top-up is shared by it"
                raise InputError(
                    path, place, expected + (", found none" if path.exists() else ", found no file")
                )
        if enrolment[y].sum() <= 0:
            place = f"fund {fund}, year {first_year + y}, column enrolment"
            raise InputError(path, place, "expected at least one insured person in the city")


def _city_level(path: Path, counties: tuple[str, ...]) -> tuple[bool, ...]:
    flags: dict[int, bool] = {}
    for row in read_table(path, COUNTIES) if os.path.lexists(path) else []:
        c = _known_county(row, counties)
        if c in flags:
            raise row.refuse("county", "expected each county once, found it twice")
        flags[c] = bool(row.whole("city_level", 0, 1))
    return tuple(flags.get(c, False) for c in range(len(counties)))
