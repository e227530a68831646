"""Normals of W by address, as fundsim's generator draws them: what makes peers comparable path by path."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import CELLS, MONTHS, Normals, Workload
from sim.kernels.lanes import LANES
from sim.kernels.normals import normals
from sim.kernels.shocks import CITY_YEAR, COUNTY_MONTH, COUNTY_YEAR, THE_CITY
from sim.kernels.threefry import words


def key_of(seed: int) -> Any:
    """(2,) uint32."""
    return np.array([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF], np.uint32)


def given_normals(w: Workload, seed: int) -> Normals:
    """Normals of the first LANES paths."""
    drawn = Normals(
        np.empty((w.years, CELLS, LANES), np.float32),
        np.empty((w.years, w.counties, CELLS, LANES), np.float32),
        np.empty((w.years, MONTHS, w.counties, CELLS, LANES), np.float32),
    )
    key, raw, out = key_of(seed), np.zeros(4 * LANES, np.int32), np.zeros(4 * LANES, np.float32)

    def at(county: int, time: int, purpose: Any) -> Any:
        words(raw, 0, county, time, purpose, key)
        normals(out, raw)
        return out.reshape(CELLS, LANES)

    for y in range(w.years):
        drawn.city[y] = at(int(THE_CITY), 16 * y, CITY_YEAR)
        for c, county in enumerate(w.ids):
            drawn.county[y, c] = at(int(county), 16 * y, COUNTY_YEAR)
            for m in range(MONTHS):
                drawn.month[y, m, c] = at(int(county), 16 * y + m + 1, COUNTY_MONTH)
    return drawn
