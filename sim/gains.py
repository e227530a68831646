"""What a way of sampling gained: how many independent paths would have the same standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.kernels.codes import EVENTS
from sim.metrics import independent_errors
from sim.model import Fund
from sim.simulate import Result

MEANS = ("months_of_capacity", "reserves")
BILLS = ("outlay:county_treasury:discounted", "outlay:city_treasury:discounted")
DEPLETION = "reserve_depletion"


class Gain(NamedTuple):
    """Of one main figure."""

    fund: Fund
    metric: str
    year: int | None
    """Calendar year; none for the whole horizon."""
    gain: float
    """Variance of independent paths over the variance of these, both for as many paths."""
    effective_paths: float
    """Independent paths that would have the same standard error."""


def gains(result: Result) -> list[Gain]:
    """Of the probability of depletion, months and reserves at the end, and the treasuries' discounted bills;
    without those that no path or every path has alike.  Empty for a plain run, which gains nothing."""
    return [] if result.errors is None else list(_gains(result))


def _gains(result: Result) -> Iterator[Gain]:
    assert result.errors is not None
    case, paths, funds = result.case, result.paths, list(result.case.funds)
    last = case.first_year + case.years - 1
    for f, fund in enumerate(funds):
        p = result.events[f, EVENTS.index(DEPLETION)].sum() / paths
        error = result.errors.events[f, EVENTS.index(DEPLETION), -1]
        yield from _gain(fund, f"event:{DEPLETION}", last, p * (1 - p) / paths, error, paths)
    plain = independent_errors(result.moments[:, 2], result.moments[:, 0]) ** 2
    for i, key in enumerate(result.series.keys):
        at_end = key.metric in MEANS and key.year == case.years - 1
        if key.county < 0 and (at_end or key.metric in BILLS):
            n, year = int(result.moments[i, 0]), last if at_end else None
            yield from _gain(funds[key.fund], key.metric, year, plain[i], result.errors.mean[i], n)


def _gain(fund: Fund, metric: str, year: int | None, alone: float, error: float, n: int) -> Iterator[Gain]:
    """One figure's gain from its variance with independent paths and its standard error."""
    if alone > 0 and np.isfinite(error) and error > 0:
        gain = float(alone / error**2)
        yield Gain(fund, metric, year, gain, gain * n)
