"""Histograms for tests: of known totals, and a result's tallies as bytes, to be compared."""

from __future__ import annotations

import numpy as np

from sim.histograms import empty_counts
from sim.kernels.counts import BYTE, GROUP_BITS, Counts
from sim.series import kind_of
from sim.simulate import Result


def counts_of(total: np.ndarray) -> Counts:
    """So many values a bin."""
    counts = empty_counts(len(total))
    counts.few[:] = total % BYTE
    counts.carried[:] = total - counts.few
    counts.full[np.flatnonzero(counts.carried) >> GROUP_BITS] = 1
    return counts


def with_noughts(result: Result) -> np.ndarray:
    """The values of every bin, noughts among them: what money's other bins leave."""
    series, total = result.series, result.counts.total()
    for i, key in enumerate(series.keys):
        if kind_of(key.metric) in ("money", "signed"):
            others = int(total[series.start[i] : series.end[i]].sum())
            assert total[series.offset[i]] == 0 and others <= result.moments[i, 0]
            total[series.offset[i]] = result.moments[i, 0] - others
    return total


def tallies_of(result: Result) -> dict[str, bytes]:
    """All that is tallied."""
    tallies = {name: getattr(result, name).tobytes() for name in ("moments", "events", "county_events")}
    return tallies | {"counts": result.counts.total().tobytes()}
