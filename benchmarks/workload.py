"""Workload W, on which fundsim is compared with its peers: sizes, constants and what is handed back.

N paths x C counties x 2 funds x 12 months x Y years.  Each county, fund and month draws one contribution and
one claim shock (two normals, two exponentials); growth is a city and a county AR(1), once a year; Taizhou's
rules settle the closed year each July, half of a surplus to the pool and a deficit through the waterfall;
the pool is filled up each January; tallies are made on the fly.  ``arrays.py`` is the plain definition.

Money is in 100m yuan, which is a month's claims of one county and fund in the base year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.lower import stable_ids

FUNDS, KINDS, CELLS = 2, 2, 4
"""A cell is 2 x fund + kind; kind 0 is contributions, 1 claims."""
MONTHS = 12
BASE = (12.24, 12.0)
"""Contributions and claims of the base year, of every county and fund."""
BALANCE = 6.0
"""Opening balance of every county and fund; the pool opens empty."""
CITY_SIGMA, COUNTY_SIGMA, PERSISTENCE = 0.014, 0.0143, 0.6
MONTHLY_SIGMA = (0.05, 0.15)
PROFILE = np.array(
    [
        [1 + 0.05 * math.sin(2 * math.pi * m / MONTHS) for m in range(MONTHS)],
        [1 + 0.10 * math.cos(2 * math.pi * m / MONTHS) for m in range(MONTHS)],
    ]
)
PROFILE /= PROFILE.sum(axis=1, keepdims=True)
"""(kind, month) shares of a year."""
SETTLEMENT_MONTH = 7
TOP_UP_MONTHS = 3.0
TO_POOL, POOL_PART, CITY_PART = 0.5, 0.5, 0.2
"""Of a surplus; of a gap its county cannot cover; of what the pool could not pay."""
BINS, BINS_PER_MONTH = 64, 2
"""Histogram of the months of payment capacity, from 0; the ends take what lies beyond."""


@dataclass(frozen=True)
class Workload:
    """The sizes of W; the number of paths is the caller's."""

    counties: int = 10
    years: int = 30

    @property
    def months_per_path(self) -> int:
        """County-fund-months of one path."""
        return self.counties * FUNDS * MONTHS * self.years

    @property
    def names(self) -> list[str]:
        """Made-up counties."""
        return [f"county {c + 1}" for c in range(self.counties)]

    @property
    def ids(self) -> Any:
        """(C,) uint32: the counties' addresses in the random numbers."""
        return stable_ids(self.names)


class Outcome(NamedTuple):
    """What every peer tallies, C counties and Y years."""

    months: Any
    """(Y, 2, BINS) paths by months of payment capacity at the year's end."""
    negative: Any
    """(Y, 2) paths whose reserves were negative at some month's end of the year."""
    depleted: Any
    """(Y, 2, C) paths in which a settlement left a gap beyond the county's own balance."""
    sums: Any
    """(Y, 2, 4) over paths: reserves, their squares, outlay so far of county treasuries and of the city's."""


def empty_outcome(w: Workload) -> Outcome:
    """Nothing tallied yet."""
    years = w.years
    return Outcome(
        np.zeros((years, FUNDS, BINS), np.int64),
        np.zeros((years, FUNDS), np.int64),
        np.zeros((years, FUNDS, w.counties), np.int64),
        np.zeros((years, FUNDS, 4)),
    )


class Normals(NamedTuple):
    """Given standard normals, float32, for N paths: every peer that has a generator of its own takes them."""

    city: Any
    """(Y, CELLS, N)."""
    county: Any
    """(Y, C, CELLS, N)."""
    month: Any
    """(Y, 12, C, CELLS, N)."""
