"""From published figures to the numbers of a base case: amounts per head, reserves, growth, months, shocks.

``calibrate`` works everything out once, from the tables that come with the program; ``docs/base-cases.md``
gives the formulas in words.  Amounts per head are national totals over the heads of all China as the
enrolment model counts them, so the model applied to all of China returns the national totals.  Money is in
yuan, growth in shares of 1 a year.  The order of four is that of ``sim.model.CELLS``.

What is published nowhere is a named constant here, and a line in every base case's list of assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from scenarios.basecase.enrolment import Enrolment, fit_enrolment
from scenarios.basecase.published import Reader, Source, units
from sim.model import FUNDS, Fund

BASE_YEAR = 2024
RETIREE_COST = 3.0
"""Claims of a retired insured person of the employee fund, for 1 of an active one."""
OLD_RESIDENT_COST = 2.0
"""Claims of a resident of 60 or more, for 1 of a younger one."""
RECENT_YEARS = 3
"""Years up to the base year over which recent growth is measured."""
FADE_YEARS = 10
"""Years over which recent growth fades to the long run."""
COUNTY_PART = 0.5
"""Volatility of a county's own part, for 1 of the city's."""
MONTHLY_VOLATILITY = 0.05

ITEMS = ("revenue", "expenditure")
CELL_ITEMS = tuple((fund, item) for fund in FUNDS for item in ITEMS)
_YUAN = 1e8
"""Of the national tables, which count in 100m yuan."""
_PROVINCES = {"江苏省": "Jiangsu", "山东省": "Shandong", "四川省": "Sichuan", "浙江省": "Zhejiang"}
_ALL_UNITS = "全口径城镇单位就业人员平均工资 (monthly x12)"
_NATION = "China {} total, bulletin levels 2021-2024"
_PLAIN_MONTHS = range(4, 11)
"""April to October: no premium of the coming year is collected in them."""


@dataclass(frozen=True)
class Calibration:
    """Everything that a base case takes from published figures."""

    enrolment: Enrolment
    wages: dict[str, float]
    """Province -> its average wage for 1 of the nation's."""
    contributions: dict[Fund, float]
    """Yuan a head: of an active insured at the national wage (employee), of an insured (resident)."""
    claims: dict[Fund, float]
    """Yuan a head: of an active insured at the national wage (employee), of a resident under 60."""
    reserve_months: dict[Fund, float]
    reserve_dispersion: float
    """Coefficient of variation of the months of reserves."""
    recent_growth: tuple[float, ...]
    long_growth: float
    profiles: dict[Fund, dict[str, tuple[float, ...]]]
    """Twelve shares of the year's revenue and expenditure."""
    moved_to_january: float
    volatility: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]
    sources: tuple[Source, ...]

    def heads(self, counties: pd.DataFrame) -> dict[tuple[Fund, str], pd.Series[float]]:
        """Heads of each county that an amount per head applies to, weighted by cost and wage."""
        people = self.enrolment.of(counties)
        return _heads(people, counties, counties["province"].map(self.wages).fillna(1.0))

    def growth(self, cell: int) -> list[float]:
        """Growth of one cell by simulated year; the last goes on for good."""
        step = (self.recent_growth[cell] - self.long_growth) / FADE_YEARS
        return [self.long_growth + step * (FADE_YEARS - year) for year in range(FADE_YEARS + 1)]


@cache
def calibrate() -> Calibration:
    """Work out all of it; deterministic, from the shipped tables alone."""
    reader = Reader()
    enrolment, wages = fit_enrolment(reader), _wages(reader)
    china = units()
    heads = _heads(enrolment.of(china), china, china["province"].map(wages).fillna(1.0))
    money = {(fund, item): _national(reader, fund, item) for fund, item in CELL_ITEMS}
    balance = {fund: _national(reader, fund, "cumulative_balance") for fund in FUNDS}
    per_head = {cell: money[cell] / float(heads[cell].sum()) for cell in CELL_ITEMS}
    profiles = {fund: {item: _months(reader, fund, item) for item in ITEMS} for fund in FUNDS}
    profiles["resident"]["revenue"], moved = _accrued(profiles["resident"]["revenue"])
    volatility, correlation = _shocks(reader)
    return Calibration(
        enrolment=enrolment,
        wages=wages,
        contributions={fund: per_head[fund, "revenue"] for fund in FUNDS},
        claims={fund: per_head[fund, "expenditure"] for fund in FUNDS},
        reserve_months={fund: 12 * balance[fund] / money[fund, "expenditure"] for fund in FUNDS},
        reserve_dispersion=_dispersion(reader),
        recent_growth=tuple(_recent_growth(reader, fund, item) for fund, item in CELL_ITEMS),
        long_growth=_long_growth(reader),
        profiles=profiles,
        moved_to_january=moved,
        volatility=volatility,
        correlation=correlation,
        sources=reader.sources,
    )


def _heads(
    people: pd.DataFrame, counties: pd.DataFrame, wage: pd.Series[float]
) -> dict[tuple[Fund, str], pd.Series[float]]:
    old_cost = 1 + (OLD_RESIDENT_COST - 1) * counties["old_share"]
    return {
        ("employee", "revenue"): people["active"] * wage,
        ("employee", "expenditure"): (people["active"] + RETIREE_COST * people["retired"]) * wage,
        ("resident", "revenue"): people["resident"],
        ("resident", "expenditure"): people["resident"] * old_cost,
    }


def _national(reader: Reader, fund: Fund, item: str) -> float:
    """Yuan of the base year; of the employee fund the pooled part only."""
    what = f"China {BASE_YEAR}, revenue, expenditure and balance of each fund (employee: pooled part)"
    part = "pooled" if fund == "employee" else "total"
    return _YUAN * reader.value(
        "amounts", what, "national_annual", year=BASE_YEAR, scheme=fund, fund_part=part, item=item
    )


def _recent_growth(reader: Reader, fund: Fund, item: str) -> float:
    """Compound growth of the whole fund, personal accounts included, over the years to the base year."""
    years = (BASE_YEAR - RECENT_YEARS, BASE_YEAR)
    what = f"China {years[0]} and {years[1]}, revenue and expenditure of each fund (total)"
    first, last = (
        reader.value(
            "growth-totals", what, "national_annual", year=year, scheme=fund, fund_part="total", item=item
        )
        for year in years
    )
    return float((last / first) ** (1 / RECENT_YEARS) - 1)


def _wage(reader: Reader, region: str, year: int, caliber: str = _ALL_UNITS) -> float:
    what, column = "average wages by province", "value_yuan_per_year"
    return reader.value("wages", what, "wages", column, region=region, year=year, caliber=caliber)


def _wages(reader: Reader) -> dict[str, float]:
    """Wages of the provinces with a figure of the caliber the rules use, for 1 of the nation's, 2023.

    The nation has no such figure: its two wages (units that are not private, and private ones) are mixed in
    the proportion in which those of Zhejiang 2021 and Jiangsu 2022 make up their provinces' figures.
    """
    mixed = []
    for region, year, town in (("Zhejiang", 2021, ""), ("Jiangsu", 2022, "城镇")):
        other = _wage(reader, region, year, f"{town}非私营单位就业人员")
        private = _wage(reader, region, year, f"{town}私营单位就业人员")
        mixed.append((_wage(reader, region, year) - private) / (other - private))
    weight = float(np.mean(mixed))
    other = _wage(reader, "China", 2023, "城镇非私营单位就业人员")
    private = _wage(reader, "China", 2023, "城镇私营单位就业人员")
    nation = weight * other + (1 - weight) * private
    return {zh: _wage(reader, en, 2023) / nation for zh, en in _PROVINCES.items()}


def _long_growth(reader: Reader) -> float:
    """Mean over the four provinces of the wage's compound growth over the same years."""
    ratios = [
        _wage(reader, en, BASE_YEAR) / _wage(reader, en, BASE_YEAR - RECENT_YEARS)
        for en in _PROVINCES.values()
    ]
    return float(np.mean(np.array(ratios) ** (1 / RECENT_YEARS) - 1))


def _dispersion(reader: Reader) -> float:
    """Coefficient of variation over the provinces of cumulative balance over monthly expenditure."""
    what = "provinces 2008, employee fund, expenditure and cumulative balance"
    rows = reader.rows("provinces-2008", what, "province_employee_2008")
    figures = rows.pivot(index="province", columns="item", values="value")
    months = 12 * figures["cumulative_balance"] / figures["expenditure"]
    return float(months.std(ddof=1) / months.mean())


def _months(reader: Reader, fund: Fund, item: str) -> tuple[float, ...]:
    """Shares of the twelve months of 2023; months published together share their sum evenly."""
    what = "China 2023, revenue and expenditure of each fund through each month"
    rows = reader.rows("months-2023", what, "national_monthly_2023", scheme=fund, item=item)
    known = [0, *rows["through_month"]]
    total = [0.0, *rows["cumulative_value"]]
    return tuple(float(share) for share in np.diff(np.interp(range(13), known, total)) / total[-1])


def _accrued(year: tuple[float, ...]) -> tuple[tuple[float, ...], float]:
    """The resident year on accrual: what November and December bring above a plain month is January's.

    Premiums of the coming year are collected in the last months, and count in January of their own year.
    """
    plain = float(np.mean([year[month - 1] for month in _PLAIN_MONTHS]))
    moved = year[10] + year[11] - 2 * plain
    return (year[0] + moved, *year[1:10], plain, plain), moved


def _shocks(reader: Reader) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Volatility: the geometric mean of one unit's and the nation's; correlation: the unit's."""
    what = "one province-level unit 2014-2022, revenue and expenditure of each fund"
    rows = reader.rows("unit-panel", what, "unit_panel_2014_2022")
    levels = rows.pivot(index="year", columns=["scheme", "item"], values="value")[list(CELL_ITEMS)]
    growth = np.diff(np.log(levels.to_numpy(float)), axis=0)
    unit = growth.std(axis=0, ddof=1)
    what = "China 2021-2024, standard deviation of the three yearly growth rates of each fund"
    nation = [
        reader.value(
            "nation-volatility", what, "volatility_summary", "sd", scope=_NATION.format(fund), measure=measure
        )
        for fund, measure in ((fund, f"{item}_growth_pct") for fund, item in CELL_ITEMS)
    ]
    volatility = np.sqrt(unit * np.array(nation) / 100)
    correlation = np.corrcoef(growth.T)
    return tuple(map(float, volatility)), tuple(tuple(map(float, row)) for row in correlation)
