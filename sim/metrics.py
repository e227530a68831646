"""Tallies → the tidy table of metrics: scenario, fund, county, year, metric, statistic, value, std_error, n.

Which metrics a city reports follows from its rules: what a waterfall never draws is not reported.  Of these
a run has what it was asked for.  A table has tens of thousands of rows, so its figures are made by columns,
all series of one list of statistics at once; and a sweep has thousands of tables whose words are the same,
so these are made once (``Layout``).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.event_rows import RANKS, Figures, event_years, probabilities
from sim.kernels.codes import EVENTS
from sim.kernels.counts import empty_bins
from sim.kernels.tally import MONEY_LOWEST
from sim.model import Fund
from sim.quantiles import summaries
from sim.rules import FundRules
from sim.series import BINS, METRICS, ZERO_AT, Series, Wanted, kind_of, meaningless_months
from sim.simulate import Result

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("scenario", "fund", "county", "metric", "statistic")
KINDS: dict[str, Any] = dict.fromkeys(WORDS, object)
COLUMNS = ("scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n")
PERCENTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
FEW = (0.05, 0.50, 0.95)
TAILS = (0.95, 0.99)
CITY = "*"
Columns = dict[str, NDArray[Any]]
"""The table by column, in the order of ``COLUMNS``: words as objects, year NaN for the whole horizon."""
Statistics = tuple[tuple[float, ...], tuple[float, ...]]
"""Percentiles, tail means."""


def reported_events(rules: FundRules, below: tuple[float, ...]) -> dict[str, int]:
    """The city's events under these rules → their index; N of ``below_N_months`` as short as it can be."""
    absent = {
        "pool_depletion": not rules.names("pool"),
        "risk_fund_depletion": not rules.names("risk_fund"),
        "topup_short": rules.top_up.months == 0,
        "cash_shortfall": not rules.cash.reported,
        "unfunded": not rules.can_be_unfunded,
        "policy_adjustment": rules.policy_adjustment.trigger == "never",
    }
    names = [*EVENTS, *(f"below_{n:g}_months" for n in below)]
    return {name: i for i, name in enumerate(names) if not absent.get(name, False)}


def all_metrics(below: tuple[float, ...]) -> list[str]:
    """Every metric that the table of any city may have."""
    events = [*EVENTS, *(f"below_{n:g}_months" for n in below)]
    of_events = [f"{kind}:{name}" for name in events for kind in ("event", "hazard", "event_year")]
    county = [f"{kind}:county_depletion" for kind in ("event", "hazard")]
    return sorted({*of_events, *county, *METRICS})


def balances_cover(rules: FundRules) -> bool:
    """Whether counties' own balances pay for deficits of a settlement."""
    named = rules.names("county_balance") or rules.names("all_balances")
    return named or (rules.assessment.mode != "none" and rules.assessment.own_balance_first)


def reports(rules: FundRules, metric: str, of_county: bool) -> bool:
    """Whether a metric, of the city or of a county, is reported under these rules."""
    if (metric, of_county) in meaningless_months(rules):
        return False
    if metric == "covered:pool":
        return rules.names("pool")
    if metric == "covered:risk_fund":
        return rules.names("risk_fund")
    if metric == "covered:own_balance":
        return balances_cover(rules)
    if metric == "unfunded":
        return rules.can_be_unfunded
    if metric.startswith("adjustment:"):
        return rules.policy_adjustment.trigger != "never"
    return True


def statistics(metric: str, of_county: bool) -> Statistics:
    """The percentiles and tail means of a metric, beside its mean."""
    if metric.startswith(("outlay:", "adjustment:")) or metric == "unfunded":
        return PERCENTILES, TAILS
    few = metric.startswith("covered:") or metric in ("cash_months", "pool_months", "gini") or of_county
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
    layout = layout_of(result, only)
    figures, beyond = figures_of(result, layout)
    scenarios = np.full(len(figures.n), scenario, object)
    numbers = {"value": figures.value, "std_error": figures.std_error, "n": figures.n.astype(np.int64)}
    return {"scenario": scenarios, **layout.words, **numbers}, beyond


@dataclass(frozen=True)
class Shape:
    """All that the words of a table follow from."""

    series: tuple[int, int, Wanted]
    """Years, number of counties, what was asked for: they name the series."""
    funds: tuple[Fund, ...]
    counties: tuple[str, ...]
    first_year: int
    below: tuple[float, ...]
    only: frozenset[str] | None
    reporting: tuple[tuple[bool, ...], ...]
    """By fund, what of the rules decides."""
    rules: tuple[FundRules, ...] = field(compare=False, repr=False)
    keys: Series = field(compare=False, repr=False)


class Group(NamedTuple):
    """Series with the same statistics."""

    statistics: Statistics
    series: NDArray[np.int64]
    """Their numbers, ascending."""
    rows: NDArray[np.int64]
    """(series, statistics) their rows, behind those of the events; the mean's comes first."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A table's words, and where its figures come from."""

    words: Columns
    """fund, county, year, metric and statistic of every row; not to be changed."""
    events: NDArray[np.int64]
    """Of the reported events, their place among the city's of all funds, then the counties'."""
    event_rows: NDArray[np.int64]
    """The wanted of their figures (events, 2 Y + 4), flat."""
    has_years: bool
    """Whether any row is wanted of the year in which an event came."""
    groups: tuple[Group, ...]
    kinds: tuple[str, ...]
    """What bins each series has."""
    funds: NDArray[np.int64]
    """Of each series."""
    unreported: NDArray[np.int64]
    """Series without a row."""


def layout_of(result: Result, only: Container[str] | None = None) -> Layout:
    """The layout of a result's table; ``only`` as for ``metrics_columns``."""
    case, series = result.case, result.series
    rules = tuple(case.rules[fund] for fund in case.funds)
    below, counties = case.options.below_months, tuple(county.name for county in case.counties)
    metrics = {key.metric for key in series.keys} if only is not None else ()
    return _layout(
        Shape(
            series=(case.years, len(counties), series.wanted),
            funds=tuple(case.funds),
            counties=counties,
            first_year=case.first_year,
            below=below,
            only=None if only is None else frozenset(metric for metric in metrics if metric in only),
            reporting=tuple(_reporting(fund) for fund in rules),
            rules=rules,
            keys=series,
        )
    )


def figures_of(result: Result, layout: Layout, *, wipe: bool = False) -> tuple[Figures, dict[str, int]]:
    """Value, standard error and n of every row; and by metric the values outside the histograms' range.

    ``wipe`` leaves the result's counts empty, for the next run to count in.
    """
    events = _event_figures(result, layout)
    figures = Figures(*np.empty((3, len(layout.words["fund"]) - len(layout.event_rows))))
    lowest = np.array([lowest_yuan(result, f) for f in range(len(result.case.funds))])
    by_metric: dict[str, int] = {}
    noughts = _noughts(result, layout)
    extents = _extents(layout, noughts) if result.extents is None else result.extents
    for (percentiles, tails), series, rows in layout.groups:
        kinds = [layout.kinds[i] for i in series.tolist()]
        units = lowest[layout.funds[series]]
        start = result.series.start[series]
        asked = result.counts, result.moments[series, 0], start, kinds, units, percentiles, tails
        of_bins = summaries(*asked, extents=extents[series], wipe=wipe)
        mean, error = _means(result, series)
        figures.value[rows] = np.column_stack([mean, of_bins.value])
        figures.std_error[rows] = np.column_stack([error, of_bins.error])
        figures.n[rows] = result.moments[series, :1]
        for i in np.flatnonzero(of_bins.beyond).tolist():
            metric = result.series.keys[series[i]].metric
            by_metric[metric] = by_metric.get(metric, 0) + int(of_bins.beyond[i])
    if wipe:
        _wipe(result, layout, noughts)
    if result.errors is not None:  # only independent paths have one beside the mean's
        means = layout.words["statistic"][len(layout.event_rows) :] == "mean"
        figures.std_error[~means] = np.nan
    return Figures(*map(np.concatenate, zip(events, figures, strict=True))), by_metric


def _noughts(result: Result, layout: Layout) -> NDArray[np.bool_]:
    """Of each series, whether it is of money of which nothing but noughts was counted: most are."""
    money = np.array([kind in ("money", "signed") for kind in layout.kinds], bool)
    return np.asarray(money & (result.moments[:, 1:] == 0).all(axis=1))


def _extents(layout: Layout, noughts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """As ``Result.extents``, where nobody noted them: all bins, and none of a series of noughts."""
    lowest = -np.array([ZERO_AT[kind] for kind in layout.kinds], np.int64)
    highest = lowest + np.array([BINS[kind] - 1 for kind in layout.kinds], np.int64)
    return np.where(noughts[:, None], (0, -1), np.column_stack([lowest, highest]))


def _wipe(result: Result, layout: Layout, noughts: NDArray[np.bool_]) -> None:
    """Empty the bins of the series without a row; noughts are not counted."""
    series = layout.unreported
    for i in series[~noughts[series]].tolist():
        start = result.series.start[i]
        empty_bins(result.counts, start, start + BINS[layout.kinds[i]])


def lowest_yuan(result: Result, f: int) -> float:
    """The lowest edge of a fund's money bins: 1e-6 of the city's base-year claims."""
    return MONEY_LOWEST * max(base_claims_yuan(result, f), 1.0)


def base_claims_yuan(result: Result, f: int) -> float:
    """A fund's base-year claims, all counties."""
    fund = list(result.case.funds)[f]
    return float(sum(getattr(county, fund).base_claims_yuan for county in result.case.counties))


def _reporting(rules: FundRules) -> tuple[bool, ...]:
    """What of a fund's rules decides which rows it has."""
    return (
        *(rules.names(account) for account in ("pool", "risk_fund", "county_balance")),
        balances_cover(rules),
        *(rules.top_up.months == 0, rules.cash.reported, rules.can_be_unfunded),
        rules.policy_adjustment.trigger == "never",
    )


@lru_cache(maxsize=64)
def _layout(shape: Shape) -> Layout:
    years, of_counties, wanted = shape.series
    events, event_rows = [], []
    about, rows, told = [], [], []  # fund, place, year and metric; how many rows have them; their statistics
    per_event, n_events = 2 * years + 1 + len(RANKS), len(EVENTS) + len(shape.below)
    for f, county, name, at in _reported(shape):
        fund, place = shape.funds[f], shape.counties[county] if county >= 0 else CITY
        of_city = county < 0
        events.append(
            f * n_events + at if of_city else len(shape.funds) * n_events + f * of_counties + county
        )
        for i, (year, metric, statistic) in enumerate(_event_words(name, shape.first_year, years)):
            by = None if i >= 2 * years else int(year)
            if wanted.has(metric, not of_city, by) and (of_city or by is not None):
                event_rows.append((len(events) - 1) * per_event + i)
                about.append((fund, place, year, metric))
                rows.append(1)
                told.append(statistic)
    groups: dict[Statistics, list[tuple[int, int]]] = {}
    behind, keys = len(told), shape.keys.keys
    for i, key in enumerate(keys):
        of_county = key.county >= 0
        shown = shape.only is None or (key.metric in shape.only and not of_county)
        if not (shown and reports(shape.rules[key.fund], key.metric, of_county)):
            continue
        asked = statistics(key.metric, of_county)
        groups.setdefault(asked, []).append((i, len(told) - behind))
        fund, place = shape.funds[key.fund], shape.counties[key.county] if of_county else CITY
        year = float("nan") if key.year < 0 else shape.first_year + key.year
        names = _names(asked)
        about.append((fund, place, year, key.metric))
        rows.append(len(names))
        told += names
    hidden = sorted(set(range(len(keys))) - {i for each in groups.values() for i, _ in each})
    columns = zip(COLUMNS[1:5], list(zip(*about, strict=True)) or [()] * 4, strict=True)
    times = np.array(rows, np.int64)
    words = {name: np.repeat(np.array(each, KINDS.get(name, np.float64)), times) for name, each in columns}
    of_years = np.array(event_rows, np.int64) % per_event >= 2 * years
    return Layout(
        {**words, "statistic": np.array(told, object)},
        np.array(events, np.int64),
        np.array(event_rows, np.int64),
        bool(of_years.any()),
        tuple(_group(each, found) for each, found in groups.items()),
        tuple(kind_of(key.metric) for key in keys),
        np.array([key.fund for key in keys], np.int64),
        np.array(hidden, np.int64),
    )


@lru_cache(maxsize=8)
def _names(statistics: Statistics) -> tuple[str, ...]:
    """The statistics in words, the mean first."""
    percentiles, tails = statistics
    return "mean", *(f"p{100 * p:02.0f}" for p in percentiles), *(f"tvar{100 * a:.0f}" for a in tails)


def _group(statistics: Statistics, found: list[tuple[int, int]]) -> Group:
    """Series by number and first row."""
    series, first = np.array(found, np.int64).T
    return Group(statistics, series, first[:, None] + np.arange(1 + sum(map(len, statistics))))


def _reported(shape: Shape) -> Iterator[tuple[int, int, str, int]]:
    """fund, county (-1: the city), name and index of every event of which some row is wanted."""
    *_, wanted = shape.series
    for f, rules in enumerate(shape.rules):
        for name, e in reported_events(rules, shape.below).items():
            if _any_of(wanted, name, False):
                yield f, -1, name, e
        if rules.names("county_balance") and _any_of(wanted, "county_depletion", True):
            for c in range(len(shape.counties)):
                yield f, c, "county_depletion", c


def _any_of(wanted: Wanted, event: str, of_county: bool) -> bool:
    """Whether any row of an event is wanted."""
    return any(wanted.has(f"{kind}:{event}", of_county) for kind in ("event", "hazard", "event_year"))


def _event_words(name: str, first_year: int, years: int) -> Iterator[tuple[float, str, str]]:
    """year, metric and statistic of all figures of an event, in the order of ``event_rows``."""
    for year in range(first_year, first_year + years):
        yield year, f"event:{name}", "probability"
        yield year, f"hazard:{name}", "probability"
    for p in RANKS:
        yield float("nan"), f"event_year:{name}", f"p{100 * p:02.0f}"
    yield float("nan"), f"event_year:{name}", "probability"


def _event_figures(result: Result, layout: Layout) -> Figures:
    """The wanted figures of all events."""

    def of_all(city: NDArray[Any], county: NDArray[Any]) -> NDArray[Any]:
        years = city.shape[-1]
        return np.concatenate([city.reshape(-1, years), county.reshape(-1, years)])[layout.events]

    new = of_all(result.events, result.county_events)
    errors = None if result.errors is None else of_all(result.errors.events, result.errors.county_events)
    by_year = probabilities(new, result.paths, errors)
    whole = Figures(*np.empty((3, len(new), 1 + len(RANKS))))
    if layout.has_years:
        whole = event_years(new, result.paths, result.case.first_year, errors)
    both = zip(by_year, whole, strict=True)
    return Figures(*(np.hstack(parts).ravel()[layout.event_rows] for parts in both))


def independent_errors(squares: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard errors of means of n independent values, from their squared deviations; NaN below two."""
    several = np.where(n > 1, n, np.nan)
    return np.asarray(np.sqrt(squares / (several - 1)) / np.sqrt(several))


def _means(result: Result, series: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and their standard errors; NaN where there is no value, or one has no spread."""
    n, mean, squares = result.moments[series].T
    errors = independent_errors(squares, n) if result.errors is None else result.errors.mean[series]
    return np.where(n > 0, mean, np.nan), errors
