"""PyTorch on the CPU: the array program in float32, eager, its own generator unless normals are given."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from benchmarks.arrays import Year, closing, opening, paths_at_once, year
from benchmarks.peers.numpy_peer import take
from benchmarks.workload import BINS, CELLS, FUNDS, Normals, Outcome, Workload, empty_outcome

chunk = partial(paths_at_once, 2**18)


def full(shape: tuple[int, ...], value: float) -> Any:
    """A float32 tensor."""
    return torch.full(shape, value, dtype=torch.float32)


def tally(outcome: Outcome, y: int, done: Year) -> None:
    """Adds a chunk's year; sums in float64."""
    for f in range(FUNDS):
        outcome.months[y, f] += torch.bincount(done.capacity[f].long(), minlength=BINS).numpy()
    outcome.negative[y] += (done.lowest < 0).sum(1).numpy()
    outcome.depleted[y] += (done.gap > 0).sum(2).numpy().T
    reserves = done.reserves.double()
    outcome.sums[y] += torch.stack(
        [reserves.sum(1), (reserves**2).sum(1), *done.paid.double().sum(2)], 1
    ).numpy()


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths, a chunk at a time; PyTorch's own threads."""
    torch.set_num_threads(threads)
    outcome, generator = empty_outcome(w), torch.Generator().manual_seed(seed)
    most = chunk(w)

    def normal(*shape: int) -> Any:
        return torch.randn(shape, generator=generator, dtype=torch.float32)

    with torch.inference_mode():
        for start in range(0, paths, most):
            n = min(most, paths - start)
            state = opening(w, full, n)
            for y in range(w.years):
                city, county = normal(CELLS, n), normal(w.counties, CELLS, n)
                monthly = partial(lambda m, n: normal(w.counties, CELLS, n), n=n)
                state, done = year(torch, state, y == 0, city, county, monthly)
                tally(outcome, y, done)
    return outcome


def final(w: Workload, given: Normals) -> tuple[Any, Any, Any]:
    """Closing figures of the paths with given normals."""
    state = opening(w, full, given.city.shape[-1])
    single = Normals(*(torch.from_numpy(z) for z in given))
    for y in range(w.years):
        state, _ = year(
            torch, state, y == 0, single.city[y], single.county[y], partial(take, single.month[y])
        )
    county, pool, paid = closing(state)
    return county.numpy(), pool.numpy(), paid.numpy()
