"""Pairs of paths: path i of a first case and path i of another, which met the same random numbers.

Both have written down their values and years (``by_path``).  Here the differences become moments, block by
block, and the years in which an event came to the two become one table of counts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.lanes import LANES, stage
from sim.kernels.tally import moment, values_in


class Pairing(NamedTuple):
    """What one worker needs to compare a case with the first: P series, N events that both have."""

    series: np.ndarray
    """(P, 2) int64: the number of the series in the first case and in the other."""
    nought: np.ndarray
    """(P,) float64: a smaller difference is one of rounding."""
    events: np.ndarray
    """(N, 2) int64: fund x E + event in either."""
    county_events: np.ndarray
    """(M, 2) int64: fund x C + county in either."""
    years: np.ndarray
    """(N, Y + 1, Y + 1) int64 paths by the year in which the event first came, to the first case and to
    the other; the last for never."""
    county_years: np.ndarray
    """(M, Y + 1, Y + 1) of county_depletion."""
    weight: np.ndarray
    """(LANES,) float64: 1 for a path of the block, 0 beyond the run's end."""
    difference: np.ndarray
    """(LANES,) float64 scratch."""
    lane: np.ndarray
    """(SCRATCH,) float64 of ``moment``."""


@stage
def subtract(out, one, two, nought):
    """The other's values less the first's; not a number where either has none."""
    for i in range(LANES):
        difference = two[i] - one[i]
        out[i] = 0.0 if abs(difference) < nought else difference


@stage
def count_years(table, one, two, weight):
    """One event of one block into its table."""
    never = table.shape[0] - 1
    for i in range(LANES):
        if weight[i] > 0.0:
            a = never if one[i] < 0 else np.int64(one[i])
            z = never if two[i] < 0 else np.int64(two[i])
            table[a, z] += 1


@stage
def count_events(tables, events, one, two, weight):
    """All events of one block; ``one`` and ``two`` (F, events, LANES) are their years."""
    for n in range(events.shape[0]):
        a, z = events[n, 0], events[n, 1]
        mine, others = one[a // one.shape[1], a % one.shape[1]], two[z // two.shape[1], z % two.shape[1]]
        count_years(tables[n], mine, others, weight)


@stage
def pair_blocks(pairing, one, two, first, blocks, paths, moments):
    """Blocks ``first .. first + blocks`` of two cases; the differences' moments into (blocks, P, 3)."""
    for b in range(blocks):
        path = (first + b) * LANES
        for i in range(LANES):
            pairing.weight[i] = 1.0 if path + i < paths else 0.0
        for s in range(pairing.series.shape[0]):
            mine, others = one.values[b, pairing.series[s, 0]], two.values[b, pairing.series[s, 1]]
            subtract(pairing.difference, mine, others, pairing.nought[s])
            n = values_in(pairing.difference, 0, pairing.weight)
            moment(moments[b], s, n, pairing.difference, 0, pairing.weight, pairing.lane)
        count_events(pairing.years, pairing.events, one.years[b], two.years[b], pairing.weight)
        mine, others = one.county_years[b], two.county_years[b]
        count_events(pairing.county_years, pairing.county_events, mine, others, pairing.weight)
