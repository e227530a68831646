"""Tallies in fixed memory: a mean, a sum of squares and a histogram for every series.

A series is one metric of one fund, place and year (or the whole horizon).  Histogram counts are integers
and do not depend on order.  Mean and sum of squared deviations are formed within one block of LANES
paths by a fixed tree and merged in block order (``merge``), so that no thread can change a bit.

Bins are half open, [a, b).  Linear series: ``bins`` of one width from ``origin``.  Money: logarithmic, the
upper bits of a float64, 256 to an octave, hence of a relative width between 1/512 and 1/256, from 1e-6
to 1e4 times base-year city claims, mirrored for negative values, with one bin for 0 (below 0.005 yuan).

A series that nobody asked for has no number, and nothing is tallied.

A block writes down each path's bin; ``counts`` counts them, a chunk of blocks at a time.  Noughts are not
counted: they are what the other bins leave of a money series' values.  After a series' own bins come
``SPARE`` more, which nobody reads: a lane without a value, or with nought, is counted there, for that saves a
branch for each; and there are several, for a bin counted up many times in a row waits for itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.by_path import ByPath, note_noughts, note_values
from sim.kernels.codes import NOUGHT
from sim.kernels.lanes import HALF, LANES, double_bits, known, stage, wide
from sim.kernels.sampled import Sampled

MONTHS_ORIGIN, MONTHS_PER_UNIT, MONTHS_BINS = -120.0, 50.0, 18_000
GINI_PER_UNIT, GINI_BINS = 1000.0, 1000
MONEY_LOWEST = 1e-6
"""The lowest edge of the money bins, of base-year city claims."""
OCTAVE_BITS = 8
ONE_BITS = 1023 << OCTAVE_BITS
MONEY_BINS = 8491
"""33 octaves and a part: the bin that holds 1e4 / 1e-6 is the last."""
MONEY_HALF = MONEY_BINS + 2
"""One side: a bin below the range, the bins, a bin above it."""
NOUGHTS = np.int16(-32768)
"""Instead of a bin, in the first lane: every path of the block has nought."""
SPARE = 16
QUARTER = LANES // 4
SCRATCH = 2 * QUARTER
"""Values that ``moment`` keeps on its way."""


class Tally(NamedTuple):
    """One worker's event counts, and a chunk's bins and moments."""

    number: np.ndarray
    """(all series,) int64: each one's number among those tallied, -1 for none."""
    moments: np.ndarray
    """(blocks of a chunk, series, 3) float64: values counted, mean, sum of squared deviations; with mirrored
    paths (blocks, series, 4): the sum over pairs of the product of their deviations."""
    events: np.ndarray
    """(F, E, Y) int64 paths whose event first happened in the year."""
    county_events: np.ndarray
    """(F, C, Y) int64 of county_depletion."""
    breaches: np.ndarray
    """(1,) int64: how many paths of how many funds the identity of the accounts failed in."""
    weight: np.ndarray
    """(LANES,) float64: 1 for a path of the block, 0 beyond its end."""
    weight_sum: np.ndarray
    """(1,) float64 paths of the block."""
    lane: np.ndarray
    """(SCRATCH,) float64."""
    net: np.ndarray
    """(C, LANES) float64 scratch: counties' net transfers."""
    bins: np.ndarray
    """(blocks of a chunk, series, LANES) int16: every path's bin, from the series' bin of index 0."""
    block: np.ndarray
    """(1,) int64: the current block within its chunk."""
    sampled: Sampled
    """What paths that are not plain are tallied by besides."""
    by_path: ByPath
    """Where single paths' figures are written down, if anybody asks for them."""


@stage
def fold(x):
    """Sum of LANES / 4 values by a fixed tree; ``x`` is used up.  Loops of a known length, and then none."""
    for i in range(16):
        x[i] += x[16 + i]
    for i in range(8):
        x[i] += x[8 + i]
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))


@stage
def deviation(row, slot, i, mean, weight):
    """Weighted deviation of one value; an empty value has none."""
    x = row[slot + i] - mean
    return weight[i] * x if x == x else 0.0


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
def values_in(row, slot, weight):
    """How many of the block's paths have a value."""
    wide()
    slot = known(slot)
    n = 0
    for i in range(LANES):
        n += 1 if row[slot + i] == row[slot + i] and weight[i] > 0.0 else 0
    return n


@stage
def pair_product(row, slot, i, mean, weight):
    """Of one pair, weighted; one without both values has 0."""
    product = weight[i] * weight[HALF + i] * (row[slot + i] - mean) * (row[slot + HALF + i] - mean)
    return product if product == product else 0.0


@stage
def pair_products(row, slot, mean, weight, lane):
    """Products of two mirrored paths' deviations from the mean, summed; a pair without both values has 0."""
    wide()
    slot = known(slot)
    for i in range(QUARTER):
        a = pair_product(row, slot, i, mean, weight)
        b = pair_product(row, slot, QUARTER + i, mean, weight)
        lane[i] = a + b
    return fold(lane)


@stage
def moment(moments, s, n, row, slot, weight, lane):
    """Mean and squared deviations of a series' ``n`` values in the block; an empty one counts for nothing.

    One pass gives sums about the first lane's value, which is one of those whose spread is measured: about
    nought, the squares of large values that hardly differ would lose it.
    """
    wide()
    slot = known(slot)
    mean, squares = 0.0, 0.0
    if n > 0:
        about = row[slot] if row[slot] == row[slot] else 0.0
        for i in range(QUARTER):
            a = deviation(row, slot, i, about, weight)
            b = deviation(row, slot, QUARTER + i, about, weight)
            c = deviation(row, slot, 2 * QUARTER + i, about, weight)
            d = deviation(row, slot, 3 * QUARTER + i, about, weight)
            lane[i] = (a + b) + (c + d)
            lane[QUARTER + i] = (a * a + b * b) + (c * c + d * d)
        total = fold(lane)
        mean = about + total / n
        squares = max(fold(lane[QUARTER:]) - total * (total / n), 0.0)
    moments[s, 0] = n
    moments[s, 1] = mean
    moments[s, 2] = squares
    if moments.shape[1] > 3:
        moments[s, 3] = pair_products(row, slot, mean, weight, lane)


@stage
def linear_bins(bins, row, slot, weight, origin, per_unit, above):
    """Bin 0 lies below the range, ``above`` + 1 above it."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        x = (row[slot + i] - origin) * per_unit
        spare = above + 1.0 + i % SPARE
        bins[i] = np.int16((min(max(x, -1.0), above) if x == x and weight[i] > 0.0 else spare) + 1.0)


@stage
def money_bins(bins, row, slot, weight, per_lowest):
    """Signed distance from the bin of 0."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        x = row[slot + i]
        size = abs(x) * per_lowest
        inside = np.int32((double_bits(max(size, 1.0)) >> (52 - OCTAVE_BITS)) - ONE_BITS + 2)
        index = min(inside, np.int32(MONEY_HALF)) if size >= 1.0 else np.int32(1)
        index = index if x >= 0.0 else -index
        some = abs(x) >= NOUGHT and weight[i] > 0.0
        bins[i] = np.int16(index if some else MONEY_HALF + 1 + i % SPARE)


@stage
def tally_linear(tally, series, row, slot, origin, per_unit, bins):
    """Months or a Gini coefficient of a row's lanes, in ``bins`` of equal width from ``origin``."""
    s = tally.number[series]
    if s < 0:
        return
    n = values_in(row, slot, tally.weight)
    moment(tally.moments[tally.block[0]], s, n, row, slot, tally.weight, tally.lane)
    linear_bins(tally.bins[tally.block[0], s], row, slot, tally.weight, origin, per_unit, float(bins))
    note_values(tally.by_path, tally.block[0], s, row, slot)


@stage
def tally_months(tally, series, row, slot):
    tally_linear(tally, series, row, slot, MONTHS_ORIGIN, MONTHS_PER_UNIT, MONTHS_BINS)


@stage
def tally_gini(tally, series, row, slot):
    tally_linear(tally, series, row, slot, 0.0, GINI_PER_UNIT, GINI_BINS)


@stage
def tally_nothing(tally, series):
    """A money series in which every path of the block has nought."""
    s = tally.number[series]
    if s < 0:
        return
    n, moments = tally.weight_sum[0], tally.moments[tally.block[0], s]
    moments[0] = n
    for k in range(1, moments.shape[0]):
        moments[k] = 0.0
    tally.bins[tally.block[0], s, 0] = NOUGHTS
    note_noughts(tally.by_path, tally.block[0], s)


@stage
def tally_amounts(tally, series, row, slot, per_lowest):
    """A money series in which some path has more than nought."""
    s = tally.number[series]
    if s < 0:
        return
    n = np.int64(tally.weight_sum[0])
    moment(tally.moments[tally.block[0]], s, n, row, slot, tally.weight, tally.lane)
    money_bins(tally.bins[tally.block[0], s], row, slot, tally.weight, per_lowest)
    note_values(tally.by_path, tally.block[0], s, row, slot)


@stage
def tally_money(tally, series, row, slot, per_lowest):
    """A money series; a row of noughts, as many are in most years, costs next to nothing."""
    if tally.number[series] >= 0 and any_value(row, slot):
        tally_amounts(tally, series, row, slot, per_lowest)
    else:
        tally_nothing(tally, series)


@stage
def first_time(row, now, ever, weight):
    """Paths whose flag ``now`` is up for the first time; remembers them in ``ever`` and lowers ``now``."""
    wide()
    if not any_value(row, now):  # of most events in most years
        return 0
    now = known(now)
    ever = known(ever)
    paths = 0
    for i in range(LANES):
        new = row[now + i] * (1.0 - row[ever + i])
        row[ever + i] += new
        row[now + i] = 0.0
        paths += 1 if new * weight[i] > 0.0 else 0
    return paths


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
            if total.shape[1] > 3:  # two paths to a pair
                total[s, 3] += block[s, 3] + delta * delta * (n0 * n1 / n) / 2.0
