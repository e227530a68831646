"""Tallies → the tidy table of metrics: scenario, fund, county, year, metric, statistic, value, std_error, n.

Which metrics a city reports follows from its rules: what a waterfall never draws is not reported.  Of these
a run has what it was asked for.  A table
has tens of thousands of rows, so it is made by columns: all series of one kind and one list of statistics
at once.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.event_rows import Row, event_rows, event_year_rows
from sim.kernels.codes import EVENTS
from sim.kernels.tally import MONEY_LOWEST
from sim.quantiles import Histograms, histograms
from sim.rules import FundRules
from sim.series import BINS, Key, Wanted, kind_of
from sim.simulate import Result

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n")
WORDS = ("scenario", "fund", "county", "metric", "statistic")
KINDS: dict[str, Any] = dict.fromkeys(WORDS, object)
PERCENTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
FEW = (0.05, 0.50, 0.95)
TAILS = (0.95, 0.99)
CITY = "*"
BATCH = 256
"""Series worked on together: their occupied bins stay some tens of megabytes at most."""
Columns = dict[str, NDArray[Any]]
"""The table by column, in the order of ``COLUMNS``: words as objects, year NaN for the whole horizon."""
Alike = tuple[str, tuple[float, ...], tuple[float, ...]]
"""A kind of bins, percentiles, tail means."""


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


def reports(rules: FundRules, metric: str, of_county: bool) -> bool:
    """Whether a metric, of the city or of a county, is reported under these rules."""
    if metric == "pool_months":
        return rules.names("pool")
    if metric == "unfunded":
        return can_be_unfunded(rules)
    if metric.startswith("adjustment:"):
        return rules.policy_adjustment.trigger != "never"
    if metric == "months_of_capacity" and of_county:
        return rules.names("county_balance")
    return True


def statistics(metric: str, of_county: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The percentiles and tail means of a metric, beside its mean."""
    if metric.startswith(("outlay:", "adjustment:")) or metric == "unfunded":
        return PERCENTILES, TAILS
    few = metric in ("cash_months", "pool_months", "gini") or of_county
    return (FEW if few else PERCENTILES), ()


def metrics_table(result: Result, scenario: str) -> pd.DataFrame:
    """All metrics of a run; ``year`` is a calendar year, empty for the whole horizon.

    ``table.attrs["beyond_range"]`` counts, by metric, the values outside the histograms' range.
    """
    columns, beyond = metrics_columns(result, scenario)
    table = as_frame(columns)
    table.attrs["beyond_range"] = beyond
    return table


def as_frame(columns: Columns) -> pd.DataFrame:
    """A metrics table's columns as a frame; an empty year is missing."""
    import pandas as pd

    return pd.DataFrame(columns).astype({"year": "Int32"})


def metrics_columns(
    result: Result, scenario: str, only: Container[str] | None = None
) -> tuple[Columns, dict[str, int]]:
    """All metrics of a run without pandas, and by metric the values outside the histograms' range.

    ``only``: of the series, the city's of these metrics alone, which takes a tenth of the time.
    """
    events = list(zip(*_events(result), strict=True)) or [()] * (len(COLUMNS) - 1)
    series, beyond = _series(result, only)
    columns = {
        name: np.concatenate([np.array(first, KINDS.get(name, np.float64)), second])
        for name, first, second in zip(COLUMNS[1:], events, series, strict=True)
    }
    scenarios = np.full(len(columns["n"]), scenario, object)
    return {"scenario": scenarios, **columns, "n": columns["n"].astype(np.int64)}, beyond


def lowest_yuan(result: Result, f: int) -> float:
    """The lowest edge of a fund's money bins: 1e-6 of the city's base-year claims."""
    return MONEY_LOWEST * max(base_claims_yuan(result, f), 1.0)


def base_claims_yuan(result: Result, f: int) -> float:
    """A fund's base-year claims, all counties."""
    fund = list(result.case.funds)[f]
    return float(sum(getattr(county, fund).base_claims_yuan for county in result.case.counties))


def _events(result: Result) -> Iterator[Row]:
    """The rows of all events that the run was asked for."""
    wanted = result.series.wanted
    return (row for row in _event_rows(result, wanted) if wanted.has(row[3], row[1] != CITY, row[2]))


def _any_of(wanted: Wanted, event: str, of_county: bool) -> bool:
    """Whether any row of an event is wanted."""
    return any(wanted.has(f"{kind}:{event}", of_county) for kind in ("event", "hazard", "event_year"))


def _event_rows(result: Result, wanted: Wanted) -> Iterator[Row]:
    case, errors = result.case, result.errors
    run = result.paths, case.first_year
    for f, fund in enumerate(case.funds):
        rules = case.rules[fund]
        for name, e in reported_events(rules, case.options.below_months).items():
            if not _any_of(wanted, name, False):
                continue
            told = None if errors is None else errors.events[f, e]
            yield from event_rows(fund, CITY, name, result.events[f, e], *run, told)
            yield from event_year_rows(fund, CITY, name, result.events[f, e], *run, told)
        if rules.names("county_balance") and _any_of(wanted, "county_depletion", True):
            for c, county in enumerate(case.counties):
                told, new = None if errors is None else errors.county_events[f, c], result.county_events[f, c]
                yield from event_rows(fund, county.name, "county_depletion", new, *run, told)


def _series(result: Result, only: Container[str] | None) -> tuple[list[NDArray[Any]], dict[str, int]]:
    """The columns of a ``Row`` for every reported series in order, its mean first; and the number of
    values beyond the histograms' range, by metric."""
    keys, funds = result.series.keys, list(result.case.funds)
    parts, beyond = [], np.zeros(len(keys), np.int64)
    for (kind, percentiles, tails), alike in _alike(result, only).items():
        names = ["mean", *(f"p{100 * p:02.0f}" for p in percentiles), *(f"tvar{100 * a:.0f}" for a in tails)]
        for first in range(0, len(alike), BATCH):
            some = alike[first : first + BATCH]
            bins = _histograms(result, kind, some)
            figures = (
                _means(result, some),
                bins.quantiles(np.array(percentiles)),
                *map(bins.tail_means, tails),
            )
            value, std_error = (np.column_stack(each).ravel() for each in zip(*figures, strict=True))
            parts.append((np.repeat(some, len(names)), np.tile(names, len(some)), value, std_error))
            beyond[some] = bins.beyond
    if not parts:
        parts.append((np.zeros(0, np.int64), np.zeros(0, object), np.zeros(0), np.zeros(0)))
    series, statistic, value, std_error = map(np.concatenate, zip(*parts, strict=True))
    if result.errors is not None:  # only independent paths have one beside the mean's
        std_error = np.where(statistic == "mean", std_error, np.nan)
    order = np.argsort(series, kind="stable")
    series = series[order]

    def each(of_key: Callable[[Key], object]) -> NDArray[Any]:
        return np.asarray(np.array([of_key(key) for key in keys], object)[series])

    counties = [*(county.name for county in result.case.counties), CITY]
    columns = [
        each(lambda key: funds[key.fund]),
        each(lambda key: counties[key.county]),
        each(lambda key: np.nan if key.year < 0 else result.case.first_year + key.year).astype(np.float64),
        each(lambda key: key.metric),
        *(statistic[order], value[order], std_error[order], result.moments[series, 0]),
    ]
    by_metric: dict[str, int] = {}
    for i in np.flatnonzero(beyond).tolist():
        by_metric[keys[i].metric] = by_metric.get(keys[i].metric, 0) + int(beyond[i])
    return columns, by_metric


def _alike(result: Result, only: Container[str] | None) -> dict[Alike, list[int]]:
    """Reported series of one kind and one list of percentiles and tail means, by their numbers."""
    rules = [result.case.rules[fund] for fund in result.case.funds]

    @cache
    def group(fund: int, metric: str, of_county: bool) -> Alike | None:
        shown = reports(rules[fund], metric, of_county) and (
            only is None or (metric in only and not of_county)
        )
        return (kind_of(metric), *statistics(metric, of_county)) if shown else None

    groups: dict[Alike, list[int]] = {}
    for i, key in enumerate(result.series.keys):
        found = group(key.fund, key.metric, key.county >= 0)
        if found is not None:
            groups.setdefault(found, []).append(i)
    return groups


def independent_errors(squares: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors of means of n independent values, from their squared deviations; NaN below two."""
    several = np.where(n > 1, n, np.nan)
    return np.asarray(np.sqrt(squares / (several - 1)) / np.sqrt(several))


def _means(result: Result, series: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and their standard errors; NaN where there is no value, or one has no spread."""
    n, mean, squares = result.moments[series].T
    errors = independent_errors(squares, n) if result.errors is None else result.errors.mean[series]
    return np.where(n > 0, mean, np.nan), errors


def _histograms(result: Result, kind: str, series: list[int]) -> Histograms:
    start, keys = result.series.start, result.series.keys
    counts = [result.counts[start[i] : start[i] + BINS[kind]] for i in series]
    lowest = [lowest_yuan(result, f) for f in range(len(result.case.funds))]
    return histograms(kind, counts, np.array([lowest[keys[i].fund] for i in series]))
