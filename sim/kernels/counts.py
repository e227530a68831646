"""Histograms: how many values fell into each bin, which ``tally`` has written down path by path.

Most bins hold few values, and counting waits for memory: so a bin's count is a byte, and when that is full
its 256 values are carried to a larger number, which most bins never need.

The bins of a chunk of blocks are counted together: one block's values alone would find few of a histogram's
lines in the cache twice.  All that a series is about to count up is fetched first, for a count that waits for
memory lets no other pass; and so are the bins that the next series is to count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.lanes import LANES, fetch, known, stage
from sim.kernels.tally import NOUGHTS, SPARE

BYTE = 256
MOST_BLOCKS = (BYTE - 1) * SPARE // LANES
"""Counted together, so that spare bins are never full."""
GROUP_BITS = 12
"""2^12 neighbouring bins share a flag."""
PER_LINE = 32
"""Bins in a line of the cache, as ``tally`` writes them down."""


class Counts(NamedTuple):
    """Of all bins of a run's series; a bin has ``few`` and ``carried`` values together."""

    few: np.ndarray
    """(bins,) uint8."""
    carried: np.ndarray
    """(bins,) uint32: multiples of 256."""
    full: np.ndarray
    """(bins / 2^12, and one more) uint8: 0 where no bin of a group has carried anything."""

    def total(self) -> np.ndarray:
        """(bins,) uint32: the values of every bin, but noughts."""
        return np.asarray(self.carried + self.few)


@stage
def carry(counts, k):
    """A full bin's values."""
    counts.carried[k] += np.uint32(BYTE)
    counts.full[k >> GROUP_BITS] = np.uint8(1)


@stage
def count(counts, offset, spare, bins, first, end, blocks):
    """Add a chunk's bins of the series ``first .. end`` to their histograms, at most ``MOST_BLOCKS`` blocks.

    ``offset`` (series,): a linear series' first bin (below its range), a money series' bin of 0; ``spare``
    (series,): the first of a series' spare bins, which are left empty.
    """
    few = counts.few
    for s in range(first, end):
        at, values = offset[s], False
        for b in range(blocks):
            row, later = bins[b, s], bins[b, min(s + 1, end - 1)]
            for i in range(0, LANES, PER_LINE):
                fetch(later, i)
            if row[0] != NOUGHTS:
                for i in range(LANES):
                    fetch(few, known(at + row[i]))
        for b in range(blocks):
            row = bins[b, s]
            if row[0] != NOUGHTS:
                values = True
                for i in range(LANES):
                    k = known(at + row[i])
                    now = np.uint8(few[k] + np.uint8(1))
                    few[k] = now
                    if now == 0:
                        carry(counts, k)
        if values:
            for k in range(spare[s], spare[s] + SPARE):
                few[k] = np.uint8(0)


@stage
def values_in_bin(counts, k):
    """How many values a bin has."""
    found = np.int64(counts.few[k])
    if counts.full[k >> GROUP_BITS] > 0:
        found += np.int64(counts.carried[k])
    return found


@stage
def empty_bin(counts, k):
    """Of all its values."""
    counts.few[k] = np.uint8(0)
    if counts.full[k >> GROUP_BITS] > 0:
        counts.carried[k] = np.uint32(0)


@stage
def empty_bins(counts, first, end):
    """``empty_bin`` of neighbours."""
    for k in range(first, end):
        empty_bin(counts, k)
