"""The histograms of a run's series, which all its workers share.

Every worker with counts of its own would multiply the memory, and adding them up in the end takes longer the
more bins there are.  Counts are whole numbers, so it does not matter who counts first.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from itertools import count as numbers
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels.counts import GROUP_BITS, MOST_BLOCKS, Counts, count
from sim.series import Series

STRIPES = 8
"""Stretches of series, in each of which one worker at a time counts; for about an eighth of its time."""
SPARSE_BYTES = 2**26
"""From here on few values lie in small pages, and only those that are counted in take memory.  Less is
NumPy's, which asks for huge ones: they count quicker."""
CARRIED_BYTES = 2**20
"""The same of carried values, of which most runs have hardly any: NumPy's would first be emptied."""
BYTES_PER_BIN = 3
"""With room to spare: of a million paths 0.7 to 0.9 were resident."""


class Histograms:
    """Integer counts of every series' bins, empty at first.

    MemoryError where they might not fit into three quarters of the machine's memory; ``of_bins``: of all
    histograms of the run, where there are others.
    """

    def __init__(self, series: Series, of_bins: int = 0) -> None:
        self.counts = empty_counts(series.bins, max(series.bins, of_bins))
        self._locks = [Lock() for _ in range(STRIPES)]
        self._turns = numbers()
        self.count_for(series)

    def count_for(self, series: Series) -> None:
        """Count for these series from now on; they have no more bins than the first ones."""
        self.series = series
        self._edges = np.linspace(0, len(series.offset), STRIPES + 1).astype(np.int64)

    def add(self, bins: NDArray[np.int16], blocks: int) -> None:
        """Count a chunk's bins (blocks, series, LANES), as ``kernels.tally`` has written them down."""
        where = self.counts, self.series.offset, self.series.end
        parts = [bins[b : min(b + MOST_BLOCKS, blocks)] for b in range(0, blocks, MOST_BLOCKS)]
        turn = next(self._turns)  # workers that come together begin with different stripes
        for at in range(turn, turn + STRIPES):
            first, end = self._edges[at % STRIPES : at % STRIPES + 2]
            with self._locks[at % STRIPES]:
                for part in parts:
                    count(*where, part, first, end, len(part))


def empty_counts(bins: int, of: int = 0) -> Counts:
    """Of a run that has ``of`` bins in all, where that is more."""
    memory, of = _memory_bytes(), max(bins, of)
    if memory and BYTES_PER_BIN * of > memory * 3 // 4:
        raise MemoryError(_too_many(of))
    few = _zeros(bins, np.dtype(np.uint8), of, SPARSE_BYTES)
    carried = _zeros(bins, np.dtype(np.uint32), of, CARRIED_BYTES)
    return Counts(few, carried, np.zeros((bins >> GROUP_BITS) + 2, np.uint8))


def _zeros(bins: int, dtype: np.dtype[Any], of: int, sparse: int) -> NDArray[Any]:
    size = bins * dtype.itemsize
    if of * dtype.itemsize < sparse or bins == 0 or not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.zeros(bins, dtype)
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError:  # the process may have been given less than the machine has
        raise MemoryError(_too_many(of)) from None
    with suppress(AttributeError, OSError):  # where the system has no huge pages to be spared
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, dtype)


def _too_many(bins: int) -> str:
    return f"the histograms take up to {BYTES_PER_BIN * bins / 1e9:.0f} GB: fewer counties or years"


def _memory_bytes() -> int:
    """Of this machine; 0 where the system does not say."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
