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
def net_transfer(d, v, net):
    """What a county drew less what it paid in, and its size into SUM_A."""
    wide()
    for i in range(LANES):
        drawn = d[DRAWN + i] - d[PAID_IN + i]
        net[i] = drawn
        v[SUM_A + i] += abs(drawn)


@stage
def add_weighted(v, net, weight):
    """A county's part of the spread, into SUM_B."""
    wide()
    for i in range(LANES):
        v[SUM_B + i] += weight * net[i]


@stage
def spread_of_size(v, counties):
    """The spread in its largest possible size, into VALUE; empty where nothing was transferred."""
    wide()
    for i in range(LANES):
        size = v[SUM_A + i]
        some = size >= NOUGHT and counties > 1
        v[VALUE + i] = max(0.0, v[SUM_B + i] / ((counties - 1) * size)) if some else np.nan


@stage
def gini(county, v, net):
    """Gini of net transfers over counties, in [0, 1], into VALUE; ``net`` (C, LANES) is scratch.

    Of sorted n the sum of abs(n_i - n_j) over ordered pairs is 2 x the sum of (2 c - C + 1) n_c, c from 0.
    """
    counties = county.shape[0]
    clear(v, SUM_A)
    clear(v, SUM_B)
    for c in range(counties):
        net_transfer(county[c], v, net[c])
    sort(net)
    for c in range(counties):
        add_weighted(v, net[c], float(2 * c - counties + 1))
    spread_of_size(v, counties)
