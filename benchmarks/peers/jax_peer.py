"""JAX on the CPU: the array program in float32, compiled by XLA, its own generator or given normals."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.arrays import State, Year, closing, opening, paths_at_once, year
from benchmarks.peers.numpy_peer import take
from benchmarks.workload import BINS, CELLS, FUNDS, Normals, Outcome, Workload, empty_outcome

chunk = partial(paths_at_once, 2**15)


def full(shape: tuple[int, ...], value: float) -> Any:
    """A float32 array."""
    return jnp.full(shape, value, jnp.float32)


def tally(done: Year) -> Outcome:
    """A chunk's year in float32; the caller adds chunks in float64."""
    bins = done.capacity.astype(jnp.int32)
    months = jnp.stack([jnp.bincount(bins[f], length=BINS) for f in range(FUNDS)])
    sums = jnp.stack([done.reserves.sum(1), (done.reserves**2).sum(1), *done.paid.sum(2)], 1)
    return Outcome(months, (done.lowest < 0).sum(1), (done.gap > 0).sum(2).T, sums)


@partial(jax.jit, static_argnums=(0, 1))
def chunk_of(w: Workload, n: int, key: Any) -> Outcome:
    """Tallies of ``n`` paths, every year."""

    def one(state: State, key: Any, first: bool) -> tuple[State, Outcome]:
        keys = jax.random.split(key, 14)
        city = jax.random.normal(keys[12], (CELLS, n))
        county = jax.random.normal(keys[13], (w.counties, CELLS, n))
        monthly = partial(lambda m: jax.random.normal(keys[m], (w.counties, CELLS, n)))
        state, done = year(jnp, state, first, city, county, monthly)
        return state, tally(done)

    keys = jax.random.split(key, w.years)
    state, start = one(opening(w, full, n), keys[0], True)
    _, rest = lax.scan(partial(one, first=False), state, keys[1:])
    return Outcome(*(jnp.concatenate([a[None], b]) for a, b in zip(start, rest, strict=True)))


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths, in whole chunks and one that is smaller; XLA's own threads."""
    outcome, key = empty_outcome(w), jax.random.key(seed)
    most = chunk(w)
    for i, start in enumerate(range(0, paths, most)):
        part = chunk_of(w, min(most, paths - start), jax.random.fold_in(key, i))
        for total, more in zip(outcome, part, strict=True):
            total += np.asarray(more)
    return outcome


def final(w: Workload, given: Normals) -> tuple[Any, Any, Any]:
    """Closing figures of the paths with given normals."""
    state = opening(w, full, given.city.shape[-1])
    step = jax.jit(lambda s, c, k, m, first: year(jnp, s, first, c, k, partial(take, m))[0], static_argnums=4)
    for y in range(w.years):
        state = step(state, given.city[y], given.county[y], given.month[y], y == 0)
    return tuple(np.asarray(x) for x in closing(state))  # type: ignore[return-value]
