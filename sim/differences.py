"""Rows of the metrics table for what a case differs by from the first: other less first, path by path.

A mean's difference is the mean of the pairs' differences, a probability's that of two shares of the same
paths.  With b paths in which the event came to the first case alone, c to the other alone, and n pairs,

    difference = (c - b) / n,    standard error = sqrt(b + c - (b - c)^2 / n) / n

(McNemar 1947).  A hazard is a ratio of counts in either case; its difference has the error of the delta
method over the same pairs.

Rows are those that both cases report; where one case's rules rule a bill or an adjustment out, it has nought
of it, and that is compared too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.event_rows import Row
from sim.metrics import CITY, COLUMNS, KINDS, Columns, independent_errors, reported_events, reports
from sim.model import Case
from sim.paired import Pair, Place

PREFIX = "difference:"
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def difference_columns(pair: Pair, scenario: str) -> Columns:
    """The table by column, as ``metrics_columns`` has it, for the case named ``scenario`` less the first."""
    rows = [*_event_rows(pair), *_mean_rows(pair)]
    columns = list(zip(*rows, strict=True)) or [()] * (len(COLUMNS) - 1)
    table = {
        name: np.array(column, KINDS.get(name, np.float64))
        for name, column in zip(COLUMNS[1:], columns, strict=True)
    }
    table["n"] = table["n"].astype(np.int64)
    return {"scenario": np.full(len(table["n"]), scenario, object), **table}


def split_by_year(years: Whole) -> Whole:
    """Joint counts (…, Y + 1, Y + 1) of first years → (…, Y, 3, 3) by year: in either case the event came
    before that year, in it, or not by its end."""
    last = years.shape[-1]
    upto = np.zeros((*years.shape[:-2], last + 1, last + 1), np.int64)
    upto[..., 1:, 1:] = years.cumsum(axis=-2).cumsum(axis=-1)
    edges = np.array([(0, y, y + 1, last) for y in range(last - 1)]).reshape(-1, 4)
    corners = upto[..., edges[:, :, None], edges[:, None, :]]
    return np.diff(np.diff(corners, axis=-2), axis=-1)


def probability_difference(split: Whole) -> tuple[Floats, Floats]:
    """Of having had the event by a year's end, and its standard error, from (…, 3, 3) counts of pairs."""
    n = split.sum(axis=(-2, -1))
    b, c = split[..., :2, 2].sum(axis=-1), split[..., 2, :2].sum(axis=-1)
    return (c - b) / n, np.sqrt(b + c - (b - c) ** 2 / n) / n


def hazard_difference(split: Whole) -> tuple[Floats, Floats, Whole]:
    """Of the event in a year for those still without it, its standard error, and the pairs at risk in either
    case; NaN where nobody is at risk in one of them."""
    new = np.stack([split[..., 1, :].sum(axis=-1), split[..., :, 1].sum(axis=-1)])
    at_risk = np.stack([split[..., 1:, :].sum(axis=(-2, -1)), split[..., :, 1:].sum(axis=(-2, -1))])
    known = np.where(at_risk > 0, at_risk, np.nan)
    hazard = new / known
    # what a path adds to a hazard, by whether it had the event before, in or not by the end of the year
    part = np.stack([np.zeros(hazard.shape), (1 - hazard) / known, -hazard / known], axis=-1)
    squares = (part[1][..., None, :] - part[0][..., :, None]) ** 2
    error = np.sqrt((split * squares).sum(axis=(-2, -1)))
    return hazard[1] - hazard[0], error, split.sum(axis=(-2, -1)) - split[..., 0, 0]


def nought_if_absent(metric: str) -> bool:
    """Whether a metric that is not reported is nought because the rules rule it out."""
    return metric.partition(":")[0] in ("unfunded", "adjustment")


def _reported(case: Case, place: Place) -> bool:
    rules = case.rules[place.fund]  # type: ignore[index]
    if place.county != CITY:
        return rules.names("county_balance")
    return place.event in reported_events(rules, case.options.below_months)


def _event_rows(pair: Pair) -> Iterator[Row]:
    case, wanted, paths = pair.other.case, pair.other.series.wanted, pair.other.paths
    split = split_by_year(pair.years)
    (p, p_error), (h, h_error, at_risk) = probability_difference(split), hazard_difference(split)
    figures = zip(*(each.tolist() for each in (p, p_error, h, h_error, at_risk)), strict=True)
    for place, by_year in zip(pair.events, figures, strict=True):
        enough = any if place.event in ("unfunded", "policy_adjustment") else all
        if not enough(_reported(each, place) for each in (pair.first.case, case)):
            continue
        of_county = place.county != CITY
        names = {kind: f"{kind}:{place.event}" for kind in ("event", "hazard", "event_year")}
        shown = {kind: wanted.has(name, of_county) for kind, name in names.items()}
        where, last = (place.fund, place.county), ("", 0.0, 0.0)
        for y, (value, error, hazard, hazard_error, n) in enumerate(zip(*by_year, strict=True)):
            at = (*where, case.first_year + y)
            kept = wanted.years is None or at[2] in wanted.years
            if shown["event"] and kept:
                yield *at, PREFIX + names["event"], "probability", value, error, paths
            if shown["hazard"] and kept:
                yield *at, PREFIX + names["hazard"], "probability", hazard, hazard_error, n
            last = ("probability", value, error)
        if shown["event_year"] and not of_county:
            yield *where, None, PREFIX + names["event_year"], *last, paths


def _mean_rows(pair: Pair) -> Iterator[Row]:
    cases = pair.first.case, pair.other.case
    case, keys, funds = pair.other.case, pair.other.series.keys, list(pair.other.case.funds)
    counties = [*(county.name for county in case.counties), CITY]
    n, mean, squares = pair.moments.T
    figures = zip(np.where(n > 0, mean, np.nan), independent_errors(squares, n), n, strict=True)
    for at, (value, error, pairs) in zip(pair.series[:, 1].tolist(), figures, strict=True):
        key = keys[at]
        fund = funds[key.fund]
        enough = any if nought_if_absent(key.metric) else all
        if enough(reports(each.rules[fund], key.metric, key.county >= 0) for each in cases):
            year = None if key.year < 0 else case.first_year + key.year
            metric = PREFIX + key.metric
            yield fund, counties[key.county], year, metric, "mean", float(value), float(error), int(pairs)
