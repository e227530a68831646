"""numba as one first writes it: one path at a time, a loop in a loop, normals from np.random, float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

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
    Normals,
    Outcome,
    Workload,
    empty_outcome,
)

JANUARY_PART = TOP_UP_MONTHS / MONTHS


@njit
def normal(given, y, m, c, cell, path):
    """A draw, or the given one; m is -1 for the city and -2 for a county's year."""
    if given is None:
        return np.random.standard_normal()  # noqa: NPY002 - numba's own, the usual first choice
    if m == -1:
        return given[0][y, cell, path]
    if m == -2:
        return given[1][y, c, cell, path]
    return given[2][y, m, c, cell, path]


@njit
def total(values):
    """Sum of a vector."""
    out = 0.0
    for value in values:
        out += value
    return out


@njit(error_model="numpy")
def one_path(given, path, outcome, county, pool, paid):
    """One path of W from the opening books to the last year."""
    months, negative, depleted, sums = outcome
    years, counties = depleted.shape[0], depleted.shape[2]
    city_part = np.zeros(CELLS)
    county_part = np.zeros((counties, CELLS))
    deviation = np.zeros((counties, CELLS))
    level = np.zeros((counties, CELLS))
    balance = np.full((FUNDS, counties), BALANCE)
    result = np.zeros((FUNDS, counties))
    unsettled = np.zeros((FUNDS, counties))
    claims = np.full(FUNDS, BASE[1] * counties)
    for y in range(years):
        for k in range(CELLS):
            city_part[k] = PERSISTENCE * city_part[k] + CITY_SIGMA * normal(given, y, -1, 0, k, path)
        for c in range(counties):
            for k in range(CELLS):
                drawn = COUNTY_SIGMA * normal(given, y, -2, c, k, path)
                county_part[c, k] = PERSISTENCE * county_part[c, k] + drawn
                deviation[c, k] += city_part[k] + county_part[c, k]
                level[c, k] = BASE[k % KINDS] * np.exp(deviation[c, k])
        for f in range(FUNDS):
            if y > 0:
                held = total(balance[f])
                given_up = min(max(0.0, JANUARY_PART * claims[f] - pool[f]), held)
                pool[f] += given_up
                for c in range(counties):
                    balance[f, c] -= balance[f, c] * given_up / held if held > 0 else 0.0
                    unsettled[f, c] = result[f, c]
                    result[f, c] = 0.0
            claims[f] = 0.0
            ever_negative = False
            reserves = 0.0
            for m in range(MONTHS):
                for c in range(counties):
                    a, b = MONTHLY_SIGMA
                    z0 = normal(given, y, m, c, KINDS * f, path)
                    z1 = normal(given, y, m, c, KINDS * f + 1, path)
                    contribution = level[c, KINDS * f] * PROFILE[0, m] * np.exp(a * z0 - a * a / 2)
                    claim = level[c, KINDS * f + 1] * PROFILE[1, m] * np.exp(b * z1 - b * b / 2)
                    result[f, c] += contribution - claim
                    claims[f] += claim
                if m + 1 == SETTLEMENT_MONTH and y > 0:
                    gaps = 0.0
                    for c in range(counties):
                        surplus = max(unsettled[f, c], 0.0)
                        deficit = max(-unsettled[f, c], 0.0)
                        pool[f] += TO_POOL * surplus
                        balance[f, c] += (1 - TO_POOL) * surplus
                        own = min(deficit, balance[f, c])
                        balance[f, c] -= own
                        gaps += deficit - own
                        depleted[y, f, c] += deficit - own > 0
                        unsettled[f, c] = 0.0
                    drawn = min(POOL_PART * gaps, pool[f])
                    short = POOL_PART * gaps - drawn
                    pool[f] -= drawn
                    paid[0, f] += (1 - POOL_PART) * gaps + (1 - CITY_PART) * short
                    paid[1, f] += CITY_PART * short
                reserves = pool[f] + total(balance[f]) + total(unsettled[f]) + total(result[f])
                ever_negative = ever_negative or reserves < 0
            capacity = reserves / claims[f] * MONTHS * BINS_PER_MONTH
            months[y, f, int(min(max(capacity, 0.0), BINS - 1.0))] += 1
            negative[y, f] += ever_negative
            sums[y, f, 0] += reserves
            sums[y, f, 1] += reserves * reserves
            sums[y, f, 2] += paid[0, f]
            sums[y, f, 3] += paid[1, f]
    for f in range(FUNDS):
        for c in range(counties):
            county[c, f] = balance[f, c] + result[f, c]


@njit
def _seed(seed):
    np.random.seed(seed)  # noqa: NPY002


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths on one thread."""
    outcome = empty_outcome(w)
    _seed(seed)
    county = np.zeros((w.counties, FUNDS))
    for path in range(paths):
        one_path(None, path, outcome, county, np.zeros(FUNDS), np.zeros((2, FUNDS)))
    return outcome


def final(w: Workload, given: Normals) -> tuple[Any, Any, Any]:
    """Closing figures of the paths with given normals."""
    n = given.city.shape[-1]
    county, pool, paid = np.zeros((n, w.counties, FUNDS)), np.zeros((n, FUNDS)), np.zeros((n, 2, FUNDS))
    outcome = empty_outcome(w)
    for path in range(n):
        one_path(tuple(given), path, outcome, county[path], pool[path], paid[path])
    return np.moveaxis(county, 0, -1), pool.T, np.moveaxis(paid, 0, -1)
