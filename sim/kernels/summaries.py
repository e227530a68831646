"""Percentiles, tail means and their standard errors from binned counts, one series after the other.

A series' occupied bins are gathered once, with the number of values up to each; a percentile is then looked
up and interpolated inside its bin, and a tail mean is a sum over the bins above its percentile.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.counts import GROUP_BITS, empty_bin, values_in_bin
from sim.kernels.lanes import LANES, known, stage, wide
from sim.kernels.tally import NOUGHTS

STRIDE = 128
"""Bins that are looked at together: most of them are empty."""
TAIL_VALUES = 10.0
"""Beyond VaR, without which a tail mean's error says far too little."""


class Asked(NamedTuple):
    """What series are to be summarised, and how."""

    start: np.ndarray
    """(S,) int64: first bin of each."""
    nought: np.ndarray
    """(S,) int64: the bin of noughts, which are not counted; of a series without one, the end of its bins."""
    values: np.ndarray
    """(S,) int64: how many it has, noughts among them; of a series without a bin of noughts 0."""
    first: np.ndarray
    """(S,) int64: no bin before it is occupied, but perhaps that of noughts."""
    end: np.ndarray
    """(S,) int64: nor one from here on."""
    edge: np.ndarray
    """(S,) int64: where the edges of its bins begin."""
    unit: np.ndarray
    """(S,) what edges are multiplied with."""
    percentiles: np.ndarray
    """(P,)."""
    tails: np.ndarray
    """(A,)."""


class Edges(NamedTuple):
    """Of the bins of every kind, one kind after the other."""

    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray
    """1 for a bin beyond the range, else 0."""


class Summaries(NamedTuple):
    """What the series came to."""

    value: np.ndarray
    """(S, P + A)."""
    error: np.ndarray
    """(S, P + A)."""
    n: np.ndarray
    """(S,) int64: values."""
    beyond: np.ndarray
    """(S,) int64: of these beyond the range."""
    at: np.ndarray
    """(most bins of a series + 1,) int64 scratch: the occupied bins, from the series' first."""
    upto: np.ndarray
    """(most bins of a series + 1,) int64 scratch: the number of values before each, and in all."""


@stage
def counted_in(counts, first):
    """How many of STRIDE bins have some values, of those that are carried or of the others."""
    wide()
    first = known(first)
    found = 0
    for i in range(STRIDE):
        found += 1 if counts[first + i] > 0 else 0
    return found


@stage
def occupied(counts, first):
    """Whether any of STRIDE bins has values."""
    carried = counts.full[first >> GROUP_BITS] + counts.full[(first + STRIDE) >> GROUP_BITS] > 0
    return counted_in(counts.few, first) > 0 or (carried and counted_in(counts.carried, first) > 0)


@stage
def note_extents(extents, bins, end, blocks):
    """Widen (series, 2) lowest and highest index, noughts left aside, by a chunk's ``bins``, a tally's.

    An index from ``end`` (series,) on is no value's.
    """
    for s in range(extents.shape[0]):
        for b in range(blocks):
            row = bins[b, s]
            if row[0] != NOUGHTS:
                low, high = np.int16(32767), np.int16(-32768)
                for i in range(LANES):
                    low = min(low, row[i])
                    high = max(high, row[i] if row[i] < end[s] else np.int16(-32768))
                extents[s, 0] = min(extents[s, 0], low)
                extents[s, 1] = max(extents[s, 1], high)


@stage
def take(counts, i, start, out, bins, values, wipe):
    """One bin, and then how many are occupied and their values by now; without a branch, which would be taken
    at random: an empty bin is written down too, and the next one over it."""
    found = values_in_bin(counts, i)
    out.at[bins], out.upto[bins] = i - start, values
    if wipe:
        empty_bin(counts, i)
    return bins + (1 if found > 0 else 0), values + found


@stage
def scan(counts, first, end, start, out, bins, values, wipe):
    """The occupied bins of ``first .. end`` after those that are written down already; their number, and that
    of the values in all."""
    i = first
    while i < end:
        step = min(STRIDE, end - i)
        if step < STRIDE or occupied(counts, i):
            for k in range(i, i + step):
                bins, values = take(counts, k, start, out, bins, values, wipe)
        i += step
    return bins, values


@stage
def gather(counts, asked, s, out, wipe):
    """The occupied bins, and the values before each; their number.  ``wipe`` empties the bins.

    A place is kept for noughts, of which there are as many as the others leave of the series' values.
    """
    start, nought, first, end = asked.start[s], asked.nought[s], asked.first[s], asked.end[s]
    place, below = scan(counts, first, min(nought, end), start, out, 0, np.int64(0), wipe)
    bins, values = scan(counts, max(nought + 1, first), end, start, out, place + 1, below, wipe)
    noughts = asked.values[s] - values
    if noughts > 0:
        out.at[place], out.upto[place] = nought - start, below
        for b in range(place + 1, bins):
            out.upto[b] += noughts
        values += noughts
    else:
        bins -= 1
        for b in range(place, bins):
            out.at[b], out.upto[b] = out.at[b + 1], out.upto[b + 1]
    out.upto[bins] = values
    return bins


@stage
def bin_of(upto, bins, rank):
    """The bin of the value of this rank, in 0..n."""
    whole = np.int64(np.ceil(rank))  # counts are whole: the same bin, found exactly
    first, last = 0, bins - 1
    while first < last:
        middle = (first + last) // 2
        if upto[middle + 1] >= whole:
            last = middle
        else:
            first = middle + 1
    return first


@stage
def interpolated(edges, edge, unit, out, bins, rank):
    """The value at a rank in 0..n, the width of its bin, and whether it lies farther out than the range goes
    (one that is too near to nought for it is known well enough)."""
    n = np.float64(out.upto[bins])
    rank = min(max(rank, 0.0), n)
    b = bin_of(out.upto, bins, rank)
    at = edge + out.at[b]
    low, high = edges.low[at] * unit, edges.high[at] * unit
    inside = (rank - out.upto[b]) / (out.upto[b + 1] - out.upto[b])
    return low + inside * (high - low), high - low, edges.outside[at] > 0 and abs(edges.low[at]) > 1.0


@stage
def tail(edges, edge, unit, out, bins, a):
    """TVaR at a: VaR + E[(X - VaR)+] / (1 - a), and sd((X - VaR)+) / ((1 - a) sqrt n), which is NaN where the
    values are so few that less than ten lie beyond VaR: it would be far too small."""
    n = np.float64(out.upto[bins])
    value, _, _ = interpolated(edges, edge, unit, out, bins, n * a)
    total, squares = 0.0, 0.0
    for b in range(bin_of(out.upto, bins, n * a), bins):
        at = edge + out.at[b]
        excess = max((edges.low[at] * unit + edges.high[at] * unit) / 2 - value, 0.0)
        count = np.float64(out.upto[b + 1] - out.upto[b])
        total += excess * count
        squares += excess * excess * count
    mean = total / n
    variance = max(squares / n - mean * mean, 0.0)
    error = np.sqrt(variance / n) / (1 - a) if n * (1 - a) >= TAIL_VALUES else np.nan
    return value + mean / (1 - a), error


@stage
def summarise(counts, asked, edges, out, wipe):
    """All series; ``wipe`` leaves their counts empty.

    A percentile's standard error is half the distance between the order statistics at
    n p -+ sqrt(n p (1 - p)), at least half a bin; NaN where one of the two is the end of the range, or where
    there are too few values to have it.
    A series without values has NaN.
    """
    percentiles = asked.percentiles.shape[0]
    for s in range(asked.start.shape[0]):
        edge, unit = asked.edge[s], asked.unit[s]
        bins = gather(counts, asked, s, out, wipe)
        out.n[s], out.beyond[s] = out.upto[bins], 0
        for b in range(bins):
            out.beyond[s] += edges.outside[edge + out.at[b]] * (out.upto[b + 1] - out.upto[b])
        n = np.float64(out.n[s])
        for k in range(out.value.shape[1]):
            if bins == 0:
                out.value[s, k], out.error[s, k] = np.nan, np.nan
            elif k < percentiles:
                p = asked.percentiles[k]
                spread = np.sqrt(n * p * (1 - p))
                middle, width, _ = interpolated(edges, edge, unit, out, bins, n * p)
                low, _, below = interpolated(edges, edge, unit, out, bins, n * p - spread)
                high, _, above = interpolated(edges, edge, unit, out, bins, n * p + spread)
                beyond = below or above or n * p - spread < 0.0 or n * p + spread > n
                error = np.nan if beyond else max((high - low) / 2, width / 2)
                out.value[s, k], out.error[s, k] = middle, error
            else:
                a = asked.tails[k - percentiles]
                out.value[s, k], out.error[s, k] = tail(edges, edge, unit, out, bins, a)
