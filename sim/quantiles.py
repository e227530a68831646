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

    def of(self, some: NDArray[np.int64]) -> Histograms:
        """Those of ``some`` series, ascending."""
        sizes = np.diff(self.first)[some]
        first = np.append(0, np.cumsum(sizes))
        bins = np.arange(first[-1]) + np.repeat(self.first[some] - first[:-1], sizes)
        return Histograms(self.low[bins], self.high[bins], self.count[bins], first, self.beyond[some])

    def quantiles(self, p: Floats) -> tuple[Floats, Floats]:
        """(S, P) the p-quantiles and their standard errors: half the distance between the order statistics
        at n p -+ sqrt(n p (1 - p)), at least half a bin; NaN for a series without values."""
        n = self.total
        values, errors = np.full((2, len(n), len(p)), np.nan)
        some, np_ = n > 0, np.outer(n, p)[n > 0]
        spread = np.sqrt(np_ * (1 - p))
        at, widths = self._at(np.hstack([np_, np_ - spread, np_ + spread]), some)
        middle, low, high = np.split(at, 3, axis=1)
        values[some], errors[some] = middle, np.maximum((high - low) / 2, widths[:, : len(p)] / 2)
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
        n = self.total
        value, some = np.full(len(n), np.nan), n > 0
        value[some] = self._at(n[some, None] * a, some)[0][:, 0]
        middle = (self.low + self.high) / 2
        excess = np.maximum(middle - np.repeat(value, np.diff(self.first)), 0.0)
        with np.errstate(invalid="ignore"):  # no values: 0 / 0
            mean, square = self._sums(np.stack([excess * self.count, excess**2 * self.count])) / n
            variance = square - mean**2
            return value + mean / (1 - a), np.sqrt(np.maximum(variance, 0.0) / n) / (1 - a)

    def _sums(self, values: Floats) -> Floats:
        """(K, S) sums of K rows over each series' bins, by NumPy's pairwise sum, which ``reduceat`` is not."""
        add = np.add.reduce
        return np.stack([add(values[:, a:b], axis=1) for a, b in pairwise(self.first.tolist())], axis=1)


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
def _every_edge() -> tuple[Floats, Floats, NDArray[np.bool_], dict[str, int]]:
    """``edges`` of all kinds, one kind after the other, and where each begins."""
    tables = [edges(kind) for kind in BINS]
    low, high, outside = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    ends = np.cumsum([len(table[0]) for table in tables]).tolist()
    return low, high, outside, dict(zip(BINS, [0, *ends], strict=False))


def histograms(
    counts: NDArray[np.uint32], start: NDArray[np.int64], kinds: Sequence[str], lowest_yuan: Floats
) -> Histograms:
    """Histograms of S series that begin at ``start`` (S,), ascending, of ``counts``, and of what ``kinds``.

    ``lowest_yuan`` (S,) are the lowest edges of money bins.
    """
    sizes = [BINS[kind] for kind in kinds]
    at = _occupied(counts, start, start + sizes)
    first = np.append(np.searchsorted(at, start), len(at))
    of_each = np.diff(first)
    low, high, outside, table = _every_edge()
    edge = at + np.repeat([table[kind] for kind in kinds] - start, of_each)
    money = [kind in ("signed", "money") for kind in kinds]
    unit = np.repeat(np.where(money, lowest_yuan, 1.0), of_each)
    count = counts[at].astype(np.int64)
    beyond = np.concatenate([[0], np.cumsum(count * outside[edge], dtype=np.int64)])
    return Histograms(low[edge] * unit, high[edge] * unit, count, first, np.diff(beyond[first]))


def _occupied(
    counts: NDArray[np.uint32], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Bins with a count, from each start to its end; series that stand side by side are looked through at
    once."""
    apart = np.flatnonzero(start[1:] != end[:-1]) + 1
    found = [
        np.flatnonzero(counts[a:b] != 0) + a
        for a, b in zip(start[[0, *apart]].tolist(), end[[*(apart - 1), len(end) - 1]].tolist(), strict=True)
    ]
    return np.concatenate(found)
