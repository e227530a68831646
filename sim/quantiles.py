"""Percentiles, tail means and their standard errors from binned counts.

A histogram is reduced to its occupied bins: lower and upper edges and counts.  Percentiles interpolate
inside a bin; a tail mean (TVaR) takes the bins' midpoints.  A bin beyond the range counts as a point at the
end of the range.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from sim.series import ZERO_AT

Floats = NDArray[np.float64]


def _money_edges() -> Floats:
    """Lower edges of the positive money bins and the last upper edge, in units of the lowest edge."""
    return ((np.arange(MONEY_BINS + 1) + ONE_BITS) << (52 - OCTAVE_BITS)).view(np.float64)


MONEY_EDGES = _money_edges()


@dataclass(frozen=True)
class Histogram:
    """Occupied bins in ascending order."""

    low: Floats
    high: Floats
    count: NDArray[np.int64]
    beyond: int
    """Values outside the range."""

    @property
    def total(self) -> int:
        """Number of values."""
        return int(self.count.sum())

    def quantiles(self, p: Floats) -> tuple[Floats, Floats]:
        """The p-quantiles and their standard errors: half the distance between the order statistics at
        n p -+ sqrt(n p (1 - p)), at least half a bin."""
        n = self.total
        if n == 0:
            return np.full(len(p), np.nan), np.full(len(p), np.nan)
        spread = np.sqrt(n * p * (1 - p))
        values, widths = self._at(np.concatenate([n * p, n * p - spread, n * p + spread]))
        middle, low, high = values.reshape(3, -1)
        return middle, np.maximum((high - low) / 2, widths[: len(p)] / 2)

    def _at(self, ranks: Floats) -> tuple[Floats, Floats]:
        """The values at ranks in 0..n, and the widths of their bins."""
        upto = np.cumsum(self.count)
        ranks = np.clip(ranks, 0, upto[-1])
        i = np.searchsorted(upto, ranks, side="left")
        inside = (ranks - (upto[i] - self.count[i])) / self.count[i]
        widths = self.high[i] - self.low[i]
        return self.low[i] + inside * widths, widths

    def tail_mean(self, a: float) -> tuple[float, float]:
        """TVaR at a: VaR + E[(X - VaR)+] / (1 - a), and sd((X - VaR)+) / ((1 - a) sqrt n)."""
        n = self.total
        if n == 0:
            return np.nan, np.nan
        value = float(self.quantiles(np.array([a]))[0][0])
        excess = np.maximum((self.low + self.high) / 2 - value, 0.0)
        mean = float((excess * self.count).sum() / n)
        variance = float((excess**2 * self.count).sum() / n) - mean**2
        return value + mean / (1 - a), float(np.sqrt(max(variance, 0.0) / n) / (1 - a))


def histogram(kind: str, counts: NDArray[np.uint32], lowest_yuan: float) -> Histogram:
    """A series' counts as a histogram; ``lowest_yuan`` is the lowest edge of the money bins."""
    at = np.flatnonzero(counts)
    index = at - ZERO_AT[kind]
    if kind in ("months", "gini"):
        origin, per_unit = (MONTHS_ORIGIN, MONTHS_PER_UNIT) if kind == "months" else (0.0, GINI_PER_UNIT)
        last = len(counts) - 2
        low = origin + np.clip(index - 1, 0, last) / per_unit
        high = origin + np.clip(index, 0, last) / per_unit
        # 1 is a Gini coefficient like any other, and falls beyond half-open bins
        outside = (index == 0) | (index == last + 1) if kind == "months" else np.zeros(len(index), bool)
    else:
        size = np.abs(index)
        near = np.where(index == 0, 0.0, MONEY_EDGES[np.clip(size - 2, 0, MONEY_BINS)] * lowest_yuan)
        far = np.where(index == 0, 0.0, MONEY_EDGES[np.clip(size - 1, 0, MONEY_BINS)] * lowest_yuan)
        low, high = np.where(index < 0, -far, near), np.where(index < 0, -near, far)
        outside = (size == 1) | (size == MONEY_HALF)
    count = counts[at].astype(np.int64)
    return Histogram(low, high, count, int(count[outside].sum()))
