"""The Gini coefficient of net transfers between counties, of all paths of a block at once."""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import DRAWN, NOUGHT, PAID_IN, SUM_A, SUM_B, VALUE
from sim.kernels.lanes import LANES, stage, wide
from sim.kernels.rows import clear


@stage
def exchange(low, high):
    """The smaller of two values to ``low``, the larger to ``high``, in every lane."""
    wide()
    for i in range(LANES):
        a, b = low[i], high[i]
        low[i], high[i] = min(a, b), max(a, b)


@stage
def sort(rows):
    """Each lane's values ascending, in place: which rows are compared does not depend on what they hold.

    Merge exchange (Batcher 1968; Knuth, The Art of Computer Programming, 5.2.2, algorithm M).
    """
    n, top = rows.shape[0], 1
    while 2 * top < n:
        top *= 2
    p = top
    while p > 0:
        q, r, apart = top, 0, p
        while apart > 0:
            for i in range(n - apart):
                if i & p == r:
                    exchange(rows[i], rows[i + apart])
            apart, q, r = q - p, q // 2, p
        p //= 2


@stage
def net_transfer(county, city, net):
    """What a county drew less what it paid in, and its size into SUM_A."""
    wide()
    for i in range(LANES):
        drawn = county[DRAWN + i] - county[PAID_IN + i]
        net[i] = drawn
        city[SUM_A + i] += abs(drawn)


@stage
def add_weighted(city, net, weight):
    """A county's part of the spread, into SUM_B."""
    wide()
    for i in range(LANES):
        city[SUM_B + i] += weight * net[i]


@stage
def spread_of_size(city, n_counties):
    """The spread in its largest possible size, into VALUE; empty where nothing was transferred."""
    wide()
    for i in range(LANES):
        size = city[SUM_A + i]
        some = size >= NOUGHT and n_counties > 1
        city[VALUE + i] = max(0.0, city[SUM_B + i] / ((n_counties - 1) * size)) if some else np.nan


@stage
def gini(counties, city, net):
    """Gini of net transfers over counties, in [0, 1], into VALUE; ``net`` (C, LANES) is scratch.

    Of sorted n the sum of abs(n_i - n_j) over ordered pairs is 2 x the sum of (2 c - C + 1) n_c, c from 0.
    """
    n_counties = counties.shape[0]
    clear(city, SUM_A)
    clear(city, SUM_B)
    for c in range(n_counties):
        net_transfer(counties[c], city, net[c])
    sort(net)
    for c in range(n_counties):
        add_weighted(city, net[c], float(2 * c - n_counties + 1))
    spread_of_size(city, n_counties)
