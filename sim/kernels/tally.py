"""Tallies in fixed memory: a mean, a sum of squares and a histogram for every series.

A series is one metric of one fund, place and year (or the whole horizon).  Histogram counts are integers
and do not depend on order.  Mean and sum of squared deviations are formed within one block of LANES
paths by a fixed tree and merged in block order (``merge``), so that no thread can change a bit.

Bins are half open, [a, b).  Linear series: ``bins`` of one width from ``origin``.  Money: logarithmic, the
upper bits of a float64, 256 to an octave, hence of a relative width between 1/512 and 1/256, from 1e-6
to 1e4 times base-year city claims, mirrored for negative values, with one bin for exactly 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import NOUGHT
from sim.kernels.lanes import LANES, double_bits, known, stage, wide

MONTHS_ORIGIN, MONTHS_PER_UNIT, MONTHS_BINS = -120.0, 50.0, 18_000
GINI_PER_UNIT, GINI_BINS = 1000.0, 1000
MONEY_LOWEST, MONEY_HIGHEST = 1e-6, 1e4
OCTAVE_BITS = 8
ONE_BITS = 1023 << OCTAVE_BITS
MONEY_BINS = 8491
"""33 octaves and a part: the bin that holds 1e4 / 1e-6 is the last."""
MONEY_HALF = MONEY_BINS + 2
"""One side: a bin below the range, the bins, a bin above it."""


class Tally(NamedTuple):
    """One worker's histograms and event counts, and one block's moments."""

    counts: np.ndarray
    """(total bins,) uint32."""
    offset: np.ndarray
    """(series,) int64: a linear series' first bin (below its range), a money series' bin of 0."""
    moments: np.ndarray
    """(series, 3) float64 of the block at hand: values counted, mean, sum of squared deviations."""
    events: np.ndarray
    """(F, E, Y) int64 paths whose event first happened in the year."""
    county_events: np.ndarray
    """(F, C, Y) int64 of county_depletion."""
    breaches: np.ndarray
    """(1,) int64 paths in which the identity of the accounts failed."""
    weight: np.ndarray
    """(LANES,) float64: 1 for a path of the block, 0 beyond its end."""
    weight_sum: np.ndarray
    """(1,) float64 paths of the block."""
    lane: np.ndarray
    """(LANES,) float64 scratch."""
    bin: np.ndarray
    """(LANES,) int32 scratch."""


@stage
def fold(x):
    """Sum of LANES values by a fixed tree; ``x`` is used up."""
    wide()
    half = LANES // 2
    while half >= 1:
        for i in range(half):
            x[i] += x[half + i]
        half //= 2
    return x[0]


@stage
def any_value(row, slot):
    """Whether any lane is not nought."""
    wide()
    slot = known(slot)
    found = 0  # a count, for integers reduce in vectors and float comparisons do not
    for i in range(LANES):
        found += 1 if abs(row[slot + i]) >= NOUGHT else 0
    return found > 0


@stage
def weigh_known(lane, weight, row, slot):
    """Weight of the lanes whose value is a number (an empty value counts for nothing)."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        lane[i] = weight[i] if row[slot + i] == row[slot + i] else 0.0


@stage
def weigh_value(lane, weight, row, slot):
    wide()
    slot = known(slot)
    for i in range(LANES):
        lane[i] = weight[i] * row[slot + i] if row[slot + i] == row[slot + i] else 0.0


@stage
def weigh_deviation(lane, weight, row, slot, mean):
    wide()
    slot = known(slot)
    for i in range(LANES):
        from_mean = row[slot + i] - mean
        lane[i] = weight[i] * from_mean * from_mean if from_mean == from_mean else 0.0


@stage
def moment(tally, s, row, slot):
    """Count, mean and squared deviations of one series over the block."""
    weigh_known(tally.lane, tally.weight, row, slot)
    n = fold(tally.lane)
    tally.moments[s, 0] = n
    tally.moments[s, 1] = 0.0
    tally.moments[s, 2] = 0.0
    if n > 0.0:
        weigh_value(tally.lane, tally.weight, row, slot)
        mean = fold(tally.lane) / n
        weigh_deviation(tally.lane, tally.weight, row, slot, mean)
        tally.moments[s, 1] = mean
        tally.moments[s, 2] = fold(tally.lane)


@stage
def linear_bins(bin, row, slot, origin, per_unit, bins):
    """Bin 0 lies below the range, bins + 1 above it, -1 marks an empty value."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        x = (row[slot + i] - origin) * per_unit
        bin[i] = np.int32(min(max(x, -1.0), float(bins)) + 1.0) if x == x else np.int32(-1)


@stage
def money_bins(bin, row, slot, per_lowest):
    """Signed distance from the bin of 0."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        x = row[slot + i]
        size = abs(x) * per_lowest
        inside = np.int32((double_bits(max(size, 1.0)) >> (52 - OCTAVE_BITS)) - ONE_BITS + 2)
        index = min(inside, np.int32(MONEY_HALF)) if size >= 1.0 else np.int32(1)
        index = index if abs(x) >= NOUGHT else np.int32(0)
        bin[i] = index if x >= 0.0 else -index


@stage
def count(counts, at, bin, weight):
    """Adds the block's paths to their bins; ``at`` is the bin of index 0."""
    for i in range(LANES):
        if weight[i] > 0.0:
            counts[at + bin[i]] += np.uint32(1)


@stage
def count_known(counts, at, bin, weight):
    """As ``count``, passing over empty values."""
    for i in range(LANES):
        if weight[i] > 0.0 and bin[i] >= 0:
            counts[at + bin[i]] += np.uint32(1)


@stage
def tally_months(tally, s, row, slot):
    moment(tally, s, row, slot)
    linear_bins(tally.bin, row, slot, MONTHS_ORIGIN, MONTHS_PER_UNIT, MONTHS_BINS)
    count_known(tally.counts, tally.offset[s], tally.bin, tally.weight)


@stage
def tally_gini(tally, s, row, slot):
    moment(tally, s, row, slot)
    linear_bins(tally.bin, row, slot, 0.0, GINI_PER_UNIT, GINI_BINS)
    count_known(tally.counts, tally.offset[s], tally.bin, tally.weight)


@stage
def tally_nothing(tally, s):
    """A money series in which every path of the block has nought."""
    n = tally.weight_sum[0]
    tally.moments[s, 0] = n
    tally.moments[s, 1] = 0.0
    tally.moments[s, 2] = 0.0
    tally.counts[tally.offset[s]] += np.uint32(n)


@stage
def tally_money(tally, s, row, slot, per_lowest):
    """A money series; a row of noughts, as most burden lines are in most years, costs next to nothing."""
    if any_value(row, slot):
        moment(tally, s, row, slot)
        money_bins(tally.bin, row, slot, per_lowest)
        count(tally.counts, tally.offset[s], tally.bin, tally.weight)
    else:
        tally_nothing(tally, s)


@stage
def first_time(tally, row, now, ever):
    """Paths whose flag ``now`` is up for the first time; remembers them in ``ever`` and lowers ``now``."""
    wide()
    now = known(now)
    ever = known(ever)
    for i in range(LANES):
        new = row[now + i] * (1.0 - row[ever + i])
        row[ever + i] += new
        row[now + i] = 0.0
        tally.lane[i] = new * tally.weight[i]
    return np.int64(fold(tally.lane))


@stage
def merge(total, block):
    """Merge one block's moments into the running ones (Chan, Golub and LeVeque 1979), in block order."""
    for s in range(total.shape[0]):
        n0, n1 = total[s, 0], block[s, 0]
        n = n0 + n1
        if n1 > 0.0:
            delta = block[s, 1] - total[s, 1]
            total[s, 0] = n
            total[s, 1] += delta * (n1 / n)
            total[s, 2] += block[s, 2] + delta * delta * (n0 * n1 / n)


@stage
def add_counts(total, part):
    """Integer counts of another worker; untouched bins stay untouched memory."""
    for i in range(part.shape[0]):
        if part[i] > 0:
            total[i] += part[i]
