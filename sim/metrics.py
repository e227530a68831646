"""Tallies → the tidy table of metrics: scenario, fund, county, year, metric, statistic, value, std_error, n.

Which metrics a city reports follows from its rules: what a waterfall never draws is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.kernels.codes import EVENTS
from sim.kernels.tally import MONEY_LOWEST
from sim.model import Fund
from sim.quantiles import Histogram, histogram
from sim.rules import FundRules
from sim.series import Key, kind_of
from sim.simulate import Result

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n")
PERCENTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
FEW = (0.05, 0.50, 0.95)
TAILS = (0.95, 0.99)
CITY = "*"
Row = tuple[str, str, int | None, str, str, float, float, int]
"""fund, county, year, metric, statistic, value, std_error, n."""


def reported_events(rules: FundRules, below: tuple[float, ...]) -> dict[str, int]:
    """The city's events under these rules → their index; N of ``below_N_months`` as short as it can be."""
    absent = {
        "pool_depletion": not rules.names("pool"),
        "risk_fund_depletion": not rules.names("risk_fund"),
        "topup_short": rules.top_up.months == 0,
        "cash_shortfall": not rules.cash.reported,
        "unfunded": not can_be_unfunded(rules),
        "policy_adjustment": rules.policy_adjustment.trigger == "never",
    }
    names = [*EVENTS, *(f"below_{n:g}_months" for n in below)]
    return {name: i for i, name in enumerate(names) if not absent.get(name, False)}


def can_be_unfunded(rules: FundRules) -> bool:
    """Whether some gap may find no payer: the last layer is not borne by treasuries alone."""
    layers = rules.settlement.waterfall
    safe = {"county_treasury", "city_treasury"}
    last = {source for source, share in layers[-1].shares.items() if share > 0} if layers else set()
    return rules.names("unfunded") or not last or not last <= safe


def reports(rules: FundRules, key: Key) -> bool:
    """Whether a series is reported under these rules."""
    if key.metric == "pool_months":
        return rules.names("pool")
    if key.metric == "unfunded":
        return can_be_unfunded(rules)
    if key.metric.startswith("adjustment:"):
        return rules.policy_adjustment.trigger != "never"
    if key.metric == "months_of_capacity" and key.county >= 0:
        return rules.names("county_balance")
    return True


def statistics(key: Key) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The percentiles and tail means of a series, beside its mean."""
    if key.metric.startswith(("outlay:", "adjustment:")) or key.metric == "unfunded":
        return PERCENTILES, TAILS
    few = key.metric in ("cash_months", "pool_months", "gini") or key.county >= 0
    return (FEW if few else PERCENTILES), ()


def metrics_table(result: Result, scenario: str) -> pd.DataFrame:
    """All metrics of a run; ``year`` is a calendar year, empty for the whole horizon.

    ``table.attrs["beyond_range"]`` counts, by metric, the values outside the histograms' range.
    """
    import pandas as pd

    beyond: dict[str, int] = {}
    rows = [*_events(result), *_series(result, beyond)]
    table = pd.DataFrame.from_records([(scenario, *row) for row in rows], columns=COLUMNS)
    table.attrs["beyond_range"] = beyond
    return table.astype({"year": "Int32", "n": "int64"})


def histogram_of(result: Result, i: int) -> Histogram:
    """The histogram of series ``i``."""
    key, series = result.series.keys[i], result.series
    end = series.start[i + 1] if i + 1 < len(series.start) else series.bins
    return histogram(kind_of(key.metric), result.counts[series.start[i] : end], lowest_yuan(result, key.fund))


def lowest_yuan(result: Result, f: int) -> float:
    """The lowest edge of a fund's money bins: 1e-6 of the city's base-year claims."""
    return MONEY_LOWEST * max(base_claims_yuan(result, f), 1.0)


def base_claims_yuan(result: Result, f: int) -> float:
    """A fund's base-year claims, all counties."""
    fund = list(result.case.funds)[f]
    return float(sum(getattr(county, fund).base_claims_yuan for county in result.case.counties))


def _series(result: Result, beyond: dict[str, int]) -> Iterator[Row]:
    case, funds = result.case, list(result.case.funds)
    for i, key in enumerate(result.series.keys):
        if not reports(case.rules[funds[key.fund]], key):
            continue
        county = CITY if key.county < 0 else case.counties[key.county].name
        year = None if key.year < 0 else case.first_year + key.year
        place = (funds[key.fund], county, year, key.metric)
        n, mean, squares = result.moments[i]
        n = int(n)
        bins = histogram_of(result, i)
        if bins.beyond:
            beyond[key.metric] = beyond.get(key.metric, 0) + bins.beyond
        errors = result.errors
        error = independent_error(squares, n) if errors is None else float(errors.mean[i])
        yield (*place, "mean", mean if n else np.nan, error, n)
        percentiles, tails = statistics(key)
        for p, value, error in zip(percentiles, *bins.quantiles(np.array(percentiles)), strict=True):
            yield (*place, f"p{round(100 * p):02d}", float(value), _if_plain(result, error), n)
        for a in tails:
            value, error = bins.tail_mean(a)
            yield (*place, f"tvar{round(100 * a)}", value, _if_plain(result, error), n)


def independent_error(squares: float, n: int) -> float:
    """Standard error of the mean of n independent values, from their squared deviations."""
    return float(np.sqrt(squares / (n - 1)) / np.sqrt(n)) if n > 1 else np.nan


def _if_plain(result: Result, error: float) -> float:
    """An error that only independent paths have; others' is not known."""
    return float(error) if result.errors is None else np.nan


def _events(result: Result) -> Iterator[Row]:
    case = result.case
    for f, fund in enumerate(case.funds):
        rules = case.rules[fund]
        for name, e in reported_events(rules, case.options.below_months).items():
            error = None if result.errors is None else result.errors.events[f, e]
            yield from _event_rows(result, (fund, CITY), name, result.events[f, e], error)
            yield from _event_year_rows(result, fund, name, result.events[f, e], error)
        if rules.names("county_balance"):
            for c, county in enumerate(case.counties):
                error = None if result.errors is None else result.errors.county_events[f, c]
                new = result.county_events[f, c]
                yield from _event_rows(result, (fund, county.name), "county_depletion", new, error)


def _event_rows(
    result: Result,
    place: tuple[Fund, str],
    name: str,
    new: NDArray[np.int64],
    errors: NDArray[np.float64] | None,
) -> Iterator[Row]:
    """Cumulative probability and hazard of an event by year, from the paths new in each year and the standard
    errors of the probabilities where paths are not independent."""
    paths, happened = result.paths, np.cumsum(new)
    for y in range(len(new)):
        p, at_risk = happened[y] / paths, int(paths - happened[y] + new[y])
        year, error = (
            result.case.first_year + y,
            np.sqrt(p * (1 - p) / paths) if errors is None else errors[y],
        )
        yield *place, year, f"event:{name}", "probability", float(p), float(error), paths
        hazard = new[y] / at_risk if at_risk else np.nan
        error = np.sqrt(hazard * (1 - hazard) / at_risk) if at_risk else np.nan
        yield *place, year, f"hazard:{name}", "probability", float(hazard), _if_plain(result, error), at_risk


def _event_year_rows(
    result: Result, fund: Fund, name: str, new: NDArray[np.int64], errors: NDArray[np.float64] | None
) -> Iterator[Row]:
    """Calendar year of the first event: order statistics, a path without it later than all."""
    paths, first_year = result.paths, result.case.first_year
    happened, metric = np.cumsum(new), f"event_year:{name}"

    def year_at(rank: float) -> float:
        """Year of the path of this rank, from 1; infinite where it never happened."""
        y = int(np.searchsorted(happened, max(np.ceil(rank), 1.0), side="left"))
        return float(first_year + y) if y < len(new) else np.inf

    for p in (0.05, 0.25, 0.50):
        spread = np.sqrt(paths * p * (1 - p))
        value, error = year_at(paths * p), np.nan
        if np.isfinite(value):
            low, high = year_at(paths * p - spread), year_at(min(paths * p + spread, paths))
            error = max((high - low) / 2, 0.5) if np.isfinite(high) else np.nan
        value = value if np.isfinite(value) else np.nan
        yield fund, CITY, None, metric, f"p{round(100 * p):02d}", value, _if_plain(result, error), paths
    ever = happened[-1] / paths
    error = np.sqrt(ever * (1 - ever) / paths) if errors is None else errors[-1]
    yield fund, CITY, None, metric, "probability", float(ever), float(error), paths
