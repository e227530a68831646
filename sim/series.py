"""The list of series a run tallies: which metric, fund, place and year stands at which index.

A run may be asked for some metrics alone, and what pays for no deficit has no months of its own.  What is
not tallied has no bins, no moments and no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.kernels.measure import (
    CITY_HORIZON_METRICS,
    CITY_YEAR_METRICS,
    COUNTY_HORIZON_METRICS,
    COUNTY_YEAR_METRICS,
)
from sim.kernels.tally import GINI_BINS, MONEY_HALF, MONTHS_BINS, SPARE
from sim.model import Case
from sim.rules import FundRules, Source

METRICS = frozenset(
    (*CITY_YEAR_METRICS, *COUNTY_YEAR_METRICS, *CITY_HORIZON_METRICS, *COUNTY_HORIZON_METRICS)
)
"""Of all series."""
SIGNED = {"reserves", "cash_reserves", "pool_net"}
"""Money metrics that can be negative; all others are payments or bills."""


def kind_of(metric: str) -> str:
    """months, gini, signed (money of either sign) or money."""
    if metric.endswith("months") or metric == "months_of_capacity":
        return "months"
    if metric == "gini":
        return "gini"
    return "signed" if metric in SIGNED else "money"


BINS = {
    "months": MONTHS_BINS + 2,
    "gini": GINI_BINS + 2,
    "signed": 2 * MONEY_HALF + 1,
    "money": MONEY_HALF + 1,
}
ZERO_AT = {"months": 0, "gini": 0, "signed": MONEY_HALF, "money": 0}
"""Where in its bins a series' index 0 lies."""


@dataclass(frozen=True)
class Wanted:
    """Which figures a run is to have."""

    metrics: frozenset[str] | None = None
    """As the metrics table names them (``months_of_capacity``, ``event:unfunded``); None: all."""
    counties: bool = True
    """Of counties too, or of the city alone."""
    years: frozenset[int] | None = None
    """Calendar years; None: all.  What is of the whole horizon is wanted in any case."""

    def has(self, metric: str, of_county: bool, year: int | None = None) -> bool:
        """Whether a metric, of the city or of a county, is wanted of a calendar year, or of the horizon."""
        chosen = self.years is None or year is None or year in self.years
        return (
            chosen and (self.counties or not of_county) and (self.metrics is None or metric in self.metrics)
        )


Absent = frozenset[tuple[str, bool]]
"""Metrics that mean nothing under a fund's rules, each with whether it is a county's."""
ALL = Wanted()
NO_SERIES = Wanted(frozenset())


@dataclass(frozen=True)
class Key:
    """What a series is: fund index, county index (-1: the city), year index (-1: horizon), metric."""

    fund: int
    county: int
    year: int
    metric: str


@dataclass(frozen=True)
class Series:
    """The wanted series in the kernel's order, and where their bins lie."""

    wanted: Wanted
    keys: tuple[Key, ...]
    number: NDArray[np.int64]
    """Of every series that ``kernels.measure`` knows, its place in ``keys``; -1 where it is not wanted."""
    start: NDArray[np.int64]
    """First bin of each series."""
    offset: NDArray[np.int64]
    """Bin of index 0 of each series."""
    end: NDArray[np.int64]
    """First bin after each series' own, where its spare ones begin (``kernels.tally``)."""
    bins: int
    """Of all series, spare ones among them."""


def meaningless_months(rules: FundRules) -> Absent:
    """The months of what pays for no deficit: the pool's, or a county's own."""
    months: dict[tuple[str, bool], Source] = {
        ("pool_months", False): "pool",
        ("months_of_capacity", True): "county_balance",
    }
    return frozenset(each for each, source in months.items() if not rules.names(source))


def series_of(case: Case, wanted: Wanted = ALL) -> Series:
    """The wanted series, in the order in which ``kernels.measure`` numbers all of them."""
    return _of_shape(case, wanted, tuple(meaningless_months(case.rules[fund]) for fund in case.funds))


def most_series_of(case: Case, wanted: Wanted = ALL) -> Series:
    """The wanted series of a case of this shape whose rules report all of them."""
    return _of_shape(case, wanted, (frozenset(),) * len(case.funds))


def _of_shape(case: Case, wanted: Wanted, absent: tuple[Absent, ...]) -> Series:
    first_year = case.first_year if wanted.years is not None else 0
    return _series(absent, len(case.counties), case.years, first_year, wanted)


@lru_cache(maxsize=16)
def _series(
    absent: tuple[Absent, ...], of_counties: int, years: int, first_year: int, wanted: Wanted
) -> Series:
    funds, counties = len(absent), range(of_counties)
    known = []
    for f in range(funds):
        for y in range(years):
            known += [Key(f, -1, y, metric) for metric in CITY_YEAR_METRICS]
            known += [Key(f, c, y, metric) for c in counties for metric in COUNTY_YEAR_METRICS]
    for f in range(funds):
        known += [Key(f, -1, -1, metric) for metric in CITY_HORIZON_METRICS]
        known += [Key(f, c, -1, metric) for c in counties for metric in COUNTY_HORIZON_METRICS]
    year_of = [None if key.year < 0 else first_year + key.year for key in known]
    tallied = np.array(
        [
            wanted.has(key.metric, key.county >= 0, year)
            and (key.metric, key.county >= 0) not in absent[key.fund]
            for key, year in zip(known, year_of, strict=True)
        ]
    )
    keys = tuple(key for key, has in zip(known, tallied.tolist(), strict=True) if has)
    kinds = [kind_of(key.metric) for key in keys]
    sizes = np.array([BINS[kind] for kind in kinds], np.int64)
    end = np.cumsum(sizes + SPARE) - SPARE
    start = end - sizes
    offset = start + np.array([ZERO_AT[kind] for kind in kinds], np.int64)
    number = np.where(tallied, np.cumsum(tallied) - 1, -1)
    return Series(wanted, keys, number, start, offset, end, int((sizes + SPARE).sum()))
