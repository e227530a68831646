"""Percentiles, tail means and their standard errors from binned counts: what bins mean, many series at once.

Percentiles interpolate inside a bin; a tail mean (TVaR) takes the bins' midpoints.  A bin beyond the range
counts as a point at the end of the range.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.kernels.counts import Counts
from sim.kernels.summaries import Asked, Edges, Summaries, summarise
from sim.kernels.tally import (
    GINI_PER_UNIT,
    MONEY_BINS,
    MONEY_HALF,
    MONTHS_ORIGIN,
    MONTHS_PER_UNIT,
    OCTAVE_BITS,
    ONE_BITS,
)
from sim.series import BINS, ZERO_AT

Floats = NDArray[np.float64]


def _money_edges() -> Floats:
    """Lower edges of the positive money bins and the last upper edge, in units of the lowest edge."""
    return ((np.arange(MONEY_BINS + 1) + ONE_BITS) << (52 - OCTAVE_BITS)).view(np.float64)


MONEY_EDGES = _money_edges()


@cache
def edges(kind: str) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Lower and upper edge of every bin (money in units of the lowest), and which are out of range."""
    index = np.arange(BINS[kind]) - ZERO_AT[kind]
    if kind in ("months", "gini"):
        origin, per_unit = (MONTHS_ORIGIN, MONTHS_PER_UNIT) if kind == "months" else (0.0, GINI_PER_UNIT)
        last = BINS[kind] - 2
        low = origin + np.clip(index - 1, 0, last) / per_unit
        high = origin + np.clip(index, 0, last) / per_unit
        # 1 is a Gini coefficient like any other, and falls beyond half-open bins
        return low, high, ((index == 0) | (index == last + 1)) & (kind == "months")
    size = np.abs(index)
    near = np.where(index == 0, 0.0, MONEY_EDGES[np.clip(size - 2, 0, MONEY_BINS)])
    far = np.where(index == 0, 0.0, MONEY_EDGES[np.clip(size - 1, 0, MONEY_BINS)])
    low, high = np.where(index < 0, -far, near), np.where(index < 0, -near, far)
    return low, high, (size == 1) | (size == MONEY_HALF)


@cache
def _every_edge() -> tuple[Edges, dict[str, int]]:
    """``edges`` of all kinds, one kind after the other, and where each begins."""
    low, high, outside = (np.concatenate(parts) for parts in zip(*map(edges, BINS), strict=True))
    starts = np.cumsum([0, *BINS.values()]).tolist()
    return Edges(low, high, outside.astype(np.int64)), dict(zip(BINS, starts, strict=False))


def summaries(
    counts: Counts,
    values: NDArray[np.float64],
    start: NDArray[np.int64],
    kinds: Sequence[str],
    lowest_yuan: Floats,
    percentiles: Sequence[float],
    tails: Sequence[float] = (),
    *,
    extents: NDArray[np.int64] | None = None,
    wipe: bool = False,
) -> Summaries:
    """Percentiles and tail means (TVaR) of the S series of ``counts`` that begin at ``start`` (S,) and have
    so many ``values`` (S,), noughts among them.

    ``kinds`` are those of their bins, ``lowest_yuan`` (S,) the lowest edges of money bins.  ``extents``
    (S, 2): the lowest and the highest index of their values but noughts, where they are known, for then the
    bins beyond need not be looked at.  ``wipe`` leaves their counts empty for the next run.
    """
    known, at = _every_edge()
    sizes, n = np.array([BINS[kind] for kind in kinds], np.int64), len(start)
    money = [kind in ("signed", "money") for kind in kinds]
    index_0 = start + np.array([ZERO_AT[kind] for kind in kinds], np.int64)
    first, end = start, start + sizes
    if extents is not None:
        some = extents[:, 0] <= extents[:, 1]
        first, end = (
            np.where(some, index_0 + extents[:, 0], end),
            np.where(some, index_0 + extents[:, 1] + 1, end),
        )
    asked = Asked(
        start=np.asarray(start, np.int64),
        nought=np.where(money, index_0, start + sizes),
        values=np.where(money, values, 0).astype(np.int64),
        first=np.asarray(first, np.int64),
        end=end,
        edge=np.array([at[kind] for kind in kinds], np.int64),
        unit=np.where(money, lowest_yuan, 1.0),
        percentiles=np.array(percentiles, np.float64),
        tails=np.array(tails, np.float64),
    )
    most, statistics = max(sizes.tolist(), default=0), len(percentiles) + len(tails)
    found = Summaries(
        value=np.empty((n, statistics)),
        error=np.empty((n, statistics)),
        n=np.empty(n, np.int64),
        beyond=np.empty(n, np.int64),
        at=np.empty(most + 1, np.int64),
        upto=np.empty(most + 1, np.int64),
    )
    summarise(counts, asked, known, found, wipe)
    return found
