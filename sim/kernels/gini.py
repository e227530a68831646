"""The Gini coefficient of net transfers between counties, path by path."""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import DRAWN, NOUGHT, PAID_IN, VALUE
from sim.kernels.lanes import LANES, stage


@stage
def sort(x):
    """Ascending, in place (Shell 1959, with Knuth's gaps)."""
    gap = 1
    while 3 * gap + 1 < x.shape[0]:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, x.shape[0]):
            value, j = x[i], i
            while j >= gap and x[j - gap] > value:
                x[j] = x[j - gap]
                j -= gap
            x[j] = value
        gap //= 3


@stage
def gini(county, v, net):
    """Gini of net transfers over counties, in [0, 1], into VALUE; empty where nothing was transferred.

    Of sorted n the sum of abs(n_i - n_j) over ordered pairs is 2 x the sum of (2 c - C + 1) n_c, c from 0.
    """
    counties = county.shape[0]
    for i in range(LANES):
        size, spread = 0.0, 0.0
        for c in range(counties):
            net[c] = county[c, DRAWN + i] - county[c, PAID_IN + i]
            size += abs(net[c])
        sort(net)
        for c in range(counties):
            spread += (2 * c - counties + 1) * net[c]
        some = size >= NOUGHT and counties > 1
        v[VALUE + i] = max(0.0, spread / ((counties - 1) * size)) if some else np.nan
