"""Histograms for tests: of known totals, and a result's tallies as bytes, to be compared."""

from __future__ import annotations

import numpy as np

from sim.histograms import empty_counts
from sim.kernels.codes import NOUGHT
from sim.kernels.counts import BYTE, GROUP_BITS, Counts
from sim.paths import path_values
from sim.series import kind_of
from sim.simulate import Result


def counts_of(total: np.ndarray) -> Counts:
    """So many values a bin."""
    counts = empty_counts(len(total))
    counts.few[:] = total % BYTE
    counts.carried[:] = total - counts.few
    counts.full[np.flatnonzero(counts.carried) >> GROUP_BITS] = 1
    return counts


def counted(result: Result) -> np.ndarray:
    """(series,) how many of a plain run's values have a bin, found path by path: all but noughts of money."""
    series, values = path_values(result.case, result.series.wanted, paths=result.paths, seed=result.seed)
    money = np.array([kind_of(key.metric) in ("money", "signed") for key in series.keys])
    return np.where(money[:, None], np.abs(values) >= NOUGHT, ~np.isnan(values)).sum(axis=1)


def tallies_of(result: Result) -> dict[str, bytes]:
    """All that is tallied."""
    tallies = {name: getattr(result, name).tobytes() for name in ("moments", "events", "county_events")}
    return tallies | {"counts": result.counts.total().tobytes()}
