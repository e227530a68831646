"""NumPy, vectorised over a chunk of paths, in float64 with SFC64 unless normals are given."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.arrays import Year, closing, opening, paths_at_once, year
from benchmarks.workload import BINS, CELLS, FUNDS, Normals, Outcome, Workload, empty_outcome

chunk = partial(paths_at_once, 2**14)
"""By trial: the arrays that a month works on stay in the cache."""


def tally(outcome: Outcome, y: int, done: Year) -> None:
    """Adds a chunk's year."""
    for f in range(FUNDS):
        outcome.months[y, f] += np.bincount(done.capacity[f].astype(np.int64), minlength=BINS)
    outcome.negative[y] += (done.lowest < 0).sum(1)
    outcome.depleted[y] += (done.gap > 0).sum(2).T
    outcome.sums[y] += np.stack([done.reserves.sum(1), (done.reserves**2).sum(1), *done.paid.sum(2)], 1)


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths, a chunk at a time, on one thread."""
    outcome, most = empty_outcome(w), chunk(w)
    normal = np.random.Generator(np.random.SFC64(seed)).standard_normal
    for start in range(0, paths, most):
        n = min(most, paths - start)
        state = opening(w, np.full, n)
        for y in range(w.years):
            city, county = normal((CELLS, n)), normal((w.counties, CELLS, n))
            state, done = year(np, state, y == 0, city, county, lambda m, n=n: normal((w.counties, CELLS, n)))
            tally(outcome, y, done)
    return outcome


def final(w: Workload, given: Normals) -> tuple[Any, Any, Any]:
    """Closing figures of the paths with given normals."""
    state = opening(w, np.full, given.city.shape[-1])
    double = Normals(*(z.astype(np.float64) for z in given))
    for y in range(w.years):
        state, _ = year(np, state, y == 0, double.city[y], double.county[y], partial(take, double.month[y]))
    return closing(state)


def take(months: Any, m: int) -> Any:
    """A month's normals."""
    return months[m]
