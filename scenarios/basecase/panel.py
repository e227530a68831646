"""A panel: yearly contributions and claims of a city's counties, as its office or a yearbook has them.

    fund, county, year, contributions, claims     amounts above 0, in any one unit

Every fund has the same counties, every county the same years, one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.basecase.growth_variance import Floats
from scenarios.errors import InputError
from scenarios.tables import YEARS, TableRow, read_table
from sim.model import FUNDS, Fund

COLUMNS = ("fund", "county", "year", "contributions", "claims")
FEWEST_RATES = 3
TOTALS = ("全市", "合计", "总计", "小计", "全市合计", "total", "sum")
"""Names of rows that are no county's."""
FEWEST_OF_A_TOTAL = 3
"""Counties, the total among them: of two that are alike each is the sum of all others."""
TOTAL_TOLERANCE = 0.002


@dataclass(frozen=True)
class Panel:
    """Growth of F funds in C counties."""

    funds: tuple[Fund, ...]
    counties: tuple[str, ...]
    years: tuple[int, ...]
    """Of the T rates of growth, each from the year before."""
    growth: Floats
    """(2 F, C, T) logarithmic: contributions and claims of each fund."""


def read_panel(path: Path, without: Collection[int] = ()) -> Panel:
    """Read and check; growth into and out of the years ``without`` is left out.  InputError."""
    rows = read_table(path, COLUMNS)
    amounts: dict[tuple[str, str, int], tuple[float, float]] = {}
    for row in rows:
        fund = row.choice("fund", FUNDS, "a fund")
        key = fund, row.text("county"), row.whole("year", *YEARS)
        if key[1].casefold() in TOTALS:
            raise row.refuse("county", f"expected a county, found {key[1]}, a total")
        if key in amounts:
            raise row.refuse("year", "expected each fund, county and year once, found it twice")
        amounts[key] = _above_0(row, "contributions"), _above_0(row, "claims")
    funds = tuple(fund for fund in FUNDS if any(key[0] == fund for key in amounts))
    counties = tuple(dict.fromkeys(county for _, county, _ in amounts))
    held = {year for _, _, year in amounts}
    every = range(min(held, default=0), max(held, default=-1) + 1)
    for fund in funds:
        for county in counties:
            for year in every:
                if (fund, county, year) not in amounts:
                    place = f"fund {fund}, county {county}, year {year}"
                    raise InputError(
                        path, place, "expected a row for every fund, county and year, found none"
                    )
    for year in without:
        if year not in held:
            raise InputError("--without", str(year), "expected a year of the panel")
    years = tuple(year for year in every[1:] if not {year, year - 1} & set(without))
    if len(years) < FEWEST_RATES:
        expected = f"expected {FEWEST_RATES} rates of yearly growth or more, found {len(years)}"
        raise InputError(path, "column year", expected)
    level = np.array(
        [[[amounts[fund, county, year] for year in every] for county in counties] for fund in funds]
    )
    _refuse_totals(path, funds, counties, level)
    growth = np.diff(np.log(level), axis=2)[:, :, [year - every[1] for year in years]]
    cells = np.moveaxis(growth, 3, 1).reshape(-1, len(counties), len(years))
    return Panel(funds, counties, years, cells)


def _refuse_totals(path: Path, funds: Sequence[str], counties: Sequence[str], level: Floats) -> None:
    """InputError for a row that adds up all others, as 全市 does: no county.  ``level`` (F, C, T, 2)."""
    if len(counties) < FEWEST_OF_A_TOTAL:
        return
    others = level.sum(axis=1, keepdims=True) - level
    for f, c in np.argwhere(np.isclose(level, others, rtol=TOTAL_TOLERANCE).all(axis=(2, 3))):
        place = f"fund {funds[f]}, county {counties[c]}"
        raise InputError(path, place, "expected counties alone, found the sum of all others")


def _above_0(row: TableRow, column: str) -> float:
    found = row.amount(column)
    if found == 0:
        raise row.refuse(column, "expected an amount above 0: growth from or to nothing has no size")
    return found
