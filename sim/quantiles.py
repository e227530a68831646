"""Percentiles, tail means and their standard errors from binned counts.

Histograms are reduced to their occupied bins: lower and upper edges and counts.  Percentiles interpolate
inside a bin; a tail mean (TVaR) takes the bins' midpoints.  A bin beyond the range counts as a point at the
end of the range.  A run has thousands of series, so those of one kind are worked on together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Histograms:
    """Occupied bins of S series, each series' in ascending order, one series after the other."""

    low: Floats
    high: Floats
    count: NDArray[np.int64]
    first: NDArray[np.int64]
    """(S + 1,) where each series' bins start, and the end of the last."""
    beyond: NDArray[np.int64]
    """(S,) values outside the range."""

    @cached_property
    def upto(self) -> NDArray[np.int64]:
        """Number of values up to each bin, all series' together."""
        return np.cumsum(self.count)

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """(S + 1,) number of values before each series, and of all."""
        return np.concatenate([[0], self.upto])[self.first]

    @property
    def total(self) -> NDArray[np.int64]:
        """(S,) number of values."""
        return np.diff(self.ends)

    def quantiles(self, p: Floats) -> tuple[Floats, Floats]:
        """(S, P) the p-quantiles and their standard errors: half the distance between the order statistics
        at n p -+ sqrt(n p (1 - p)), at least half a bin; NaN for a series without values."""
        n = self.total
        values, errors = np.full((2, len(n), len(p)), np.nan)
        some, np_ = n > 0, np.outer(n, p)[n > 0]
        spread = np.sqrt(np_ * (1 - p))
        middle, widths = self._at(np_, some)
        (low, _), (high, _) = self._at(np_ - spread, some), self._at(np_ + spread, some)
        values[some], errors[some] = middle, np.maximum((high - low) / 2, widths / 2)
        return values, errors

    def _at(self, ranks: Floats, some: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """The values at ranks (those series, R) in 0..n, and the widths of their bins."""
        before, n = self.ends[:-1][some, None], self.total[some, None]
        ranks = np.clip(ranks, 0, n)
        whole = np.maximum(np.ceil(ranks), 1).astype(
            np.int64
        )  # counts are whole: the same bin, found exactly
        i = np.searchsorted(self.upto, before + whole, side="left")
        inside = (ranks - (self.upto[i] - before - self.count[i])) / self.count[i]
        widths = self.high[i] - self.low[i]
        return self.low[i] + inside * widths, widths

    def tail_means(self, a: float) -> tuple[Floats, Floats]:
        """(S,) TVaR at a: VaR + E[(X - VaR)+] / (1 - a), and sd((X - VaR)+) / ((1 - a) sqrt n)."""
        n, value = self.total, self.quantiles(np.array([a]))[0][:, 0]
        middle = (self.low + self.high) / 2
        excess = np.maximum(middle - np.repeat(value, np.diff(self.first)), 0.0)
        with np.errstate(invalid="ignore"):  # no values: 0 / 0
            mean = self._sums(excess * self.count) / n
            variance = self._sums(excess**2 * self.count) / n - mean**2
            return value + mean / (1 - a), np.sqrt(np.maximum(variance, 0.0) / n) / (1 - a)

    def _sums(self, values: Floats) -> Floats:
        """(S,) sums over each series' bins, by NumPy's pairwise sum, which ``reduceat`` is not."""
        return np.array([values[a:b].sum() for a, b in pairwise(self.first.tolist())])


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


def histograms(kind: str, counts: Sequence[NDArray[np.uint32]], lowest_yuan: Floats) -> Histograms:
    """S series' counts, all of one kind; ``lowest_yuan`` (S,) are the lowest edges of their money bins."""
    occupied = [np.flatnonzero(series != 0) for series in counts]
    sizes = [len(bins) for bins in occupied]
    at = np.concatenate(occupied)
    count = np.concatenate([series[bins] for series, bins in zip(counts, occupied, strict=True)])
    low, high, outside = edges(kind)
    unit = np.repeat(lowest_yuan, sizes) if kind in ("signed", "money") else 1.0
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    beyond = np.concatenate([[0], np.cumsum(count * outside[at], dtype=np.int64)])
    return Histograms(low[at] * unit, high[at] * unit, count.astype(np.int64), first, np.diff(beyond[first]))
