"""W in plain array operations: its definition, and the engine of the NumPy, PyTorch and JAX peers.

``lib`` is numpy, torch or jax.numpy.  Arrays end in the axis of paths.  Nothing is done in place, so that a
compiler of array programs may take the year as it is.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from benchmarks.workload import (
    BALANCE,
    BASE,
    BINS,
    BINS_PER_MONTH,
    CELLS,
    CITY_PART,
    CITY_SIGMA,
    COUNTY_SIGMA,
    FUNDS,
    KINDS,
    MONTHLY_SIGMA,
    MONTHS,
    PERSISTENCE,
    POOL_PART,
    PROFILE,
    SETTLEMENT_MONTH,
    TO_POOL,
    TOP_UP_MONTHS,
    Workload,
)


def paths_at_once(normals: int, w: Workload) -> int:
    """Paths that an array program works on at a time: a month of theirs takes about so many normals."""
    return max(64, normals // (CELLS * w.counties))


class State(NamedTuple):
    """One chunk of N paths; money in 100m yuan."""

    city: Any
    """(CELLS, N) the city's AR(1)."""
    county: Any
    """(C, CELLS, N) the counties' AR(1)."""
    deviation: Any
    """(C, CELLS, N) of the logarithm, summed over years."""
    balance: Any
    """(C, FUNDS, N)."""
    result: Any
    """(C, FUNDS, N) of the current year."""
    claims: Any
    """(FUNDS, N) of the year, all counties."""
    pool: Any
    """(FUNDS, N)."""
    paid: Any
    """(2, FUNDS, N) outlay so far of county treasuries and of the city's."""


class Year(NamedTuple):
    """What a year's tallies are made from."""

    capacity: Any
    """(FUNDS, N) whole number of histogram bins."""
    lowest: Any
    """(FUNDS, N) reserves at the worst month's end."""
    gap: Any
    """(C, FUNDS, N) of the settlement, beyond the county's own balance."""
    reserves: Any
    """(FUNDS, N)."""
    paid: Any
    """(2, FUNDS, N)."""


def opening(w: Workload, full: Any, paths: int) -> State:
    """Before the first year; ``full(shape, value)`` makes an array of the library and type at hand."""
    c = w.counties
    return State(
        full((CELLS, paths), 0.0),
        full((c, CELLS, paths), 0.0),
        full((c, CELLS, paths), 0.0),
        full((c, FUNDS, paths), BALANCE),
        full((c, FUNDS, paths), 0.0),
        full((FUNDS, paths), BASE[1] * c),
        full((FUNDS, paths), 0.0),
        full((2, FUNDS, paths), 0.0),
    )


def top_up(lib: Any, state: State) -> State:
    """January: the counties' balances fill the pool up, each by the same part."""
    held = state.balance.sum(0)
    lacking = (TOP_UP_MONTHS / MONTHS * state.claims - state.pool).clip(0)
    given = lib.minimum(lacking, held)
    part = given / lib.where(held > 0, held, lib.ones_like(held))
    return state._replace(balance=state.balance * (1 - part), pool=state.pool + given)


def settle(lib: Any, state: State, unsettled: Any) -> tuple[State, Any, Any]:
    """July: the closed year's results; returns the state, the gaps and what all treasuries paid."""
    surplus, deficit = unsettled.clip(0), (-unsettled).clip(0)
    balance = state.balance + (1 - TO_POOL) * surplus
    pool = state.pool + TO_POOL * surplus.sum(0)
    own = lib.minimum(deficit, balance)
    gap = deficit - own
    asked = POOL_PART * gap.sum(0)
    drawn = lib.minimum(asked, pool)
    short = asked - drawn
    counties, city = (1 - POOL_PART) * gap.sum(0) + (1 - CITY_PART) * short, CITY_PART * short
    paid = state.paid + lib.stack([counties, city])
    return state._replace(balance=balance - own, pool=pool - drawn, paid=paid), gap, counties + city


def year(lib: Any, state: State, first: bool, z_city: Any, z_county: Any, z_month: Any) -> tuple[State, Year]:
    """One year; normals (CELLS, N), (C, CELLS, N), and ``z_month(m)`` (C, CELLS, N) for month m of 0..11."""
    city = PERSISTENCE * state.city + CITY_SIGMA * z_city
    county = PERSISTENCE * state.county + COUNTY_SIGMA * z_county
    deviation = state.deviation + city[None] + county
    level = lib.exp(deviation).reshape(len(deviation), FUNDS, KINDS, -1)
    unsettled = state.result
    state = state._replace(city=city, county=county, deviation=deviation, result=unsettled * 0)
    if not first:
        state = top_up(lib, state)
    reserves = state.pool + (state.balance + unsettled).sum(0)
    lowest, claims, gap = reserves, reserves * 0, unsettled * 0
    for m in range(MONTHS):
        z = z_month(m).reshape(level.shape)
        flows = [
            level[:, :, k]
            * lib.exp(MONTHLY_SIGMA[k] * z[:, :, k])
            * float(BASE[k] * PROFILE[k, m] * math.exp(-(MONTHLY_SIGMA[k] ** 2) / 2))
            for k in range(KINDS)
        ]
        net = flows[0] - flows[1]
        state = state._replace(result=state.result + net)
        claims = claims + flows[1].sum(0)
        reserves = reserves + net.sum(0)
        if m + 1 == SETTLEMENT_MONTH and not first:
            state, gap, outlay = settle(lib, state, unsettled)
            reserves = reserves + outlay
        lowest = reserves if m == 0 else lib.minimum(lowest, reserves)
    capacity = (reserves / claims * (MONTHS * BINS_PER_MONTH)).clip(0, BINS - 1)
    return state._replace(claims=claims), Year(capacity, lowest, gap, reserves, state.paid)


def closing(state: State) -> tuple[Any, Any, Any]:
    """What peers must agree on: counties' money (C, FUNDS, N), pool (FUNDS, N), outlay (2, FUNDS, N)."""
    return state.balance + state.result, state.pool, state.paid
