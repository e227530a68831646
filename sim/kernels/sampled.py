"""What paths that are not drawn plainly are tallied by besides: pairs of mirrored paths, weighted events.

Mirrored: lanes i and i + LANES / 2 of a block are a pair; the standard error of their mean needs how often
both have an event.  Weighted: every path has a likelihood ratio, which is known year by year, and an event
counts with the ratio of the year in which it first happens.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import EVER, EVER_DEPLETED
from sim.kernels.lanes import HALF, LANES, known, stage, wide


class Sampled(NamedTuple):
    """Beside a plain tally; arrays that a way of sampling does not use have no first row."""

    pairs: np.ndarray
    """(F, E, Y) int64 pairs of which both have had the event by the year."""
    county_pairs: np.ndarray
    """(F, C, Y) int64 of county_depletion."""
    event: int
    """Which event is weighted."""
    ratios: np.ndarray
    """(blocks of a chunk, Y, LANES) float64 likelihood ratios of the paths' shocks up to the year."""
    first: np.ndarray
    """(F, LANES) float64: a path's ratio when its event first happened, 0 before."""
    hits: np.ndarray
    """(blocks of a chunk, F, Y, 4) float64: sums of ``first`` and of its square, then of the year's ratios of
    paths without the event and of their squares."""


@stage
def both(row, ever, weight):
    """Pairs of which both have a flag up."""
    wide()
    ever = known(ever)
    pairs = 0
    for i in range(HALF):
        pairs += 1 if row[ever + i] * row[ever + HALF + i] * weight[i] > 0.0 else 0
    return pairs


@stage
def count_pairs(sampled, counties, city, weight, f, y):
    """The pairs at a year's end, by event."""
    for e in range(sampled.pairs.shape[1]):
        sampled.pairs[f, e, y] += both(city, EVER + e * LANES, weight)
    for c in range(counties.shape[0]):
        sampled.county_pairs[f, c, y] += both(counties[c], EVER_DEPLETED, weight)


@stage
def weigh_event(sampled, city, weight, block, f, y):
    """The event's weights at a year's end, summed in the order of paths."""
    first, ratio = sampled.first[f], sampled.ratios[block, y]
    ever = known(EVER + sampled.event * LANES)
    total, squares, spared, spared_squares = 0.0, 0.0, 0.0, 0.0
    for i in range(LANES):
        if y == 0:
            first[i] = 0.0
        if first[i] == 0.0 and city[ever + i] * weight[i] > 0.0:
            first[i] = ratio[i]
        total += first[i]
        squares += first[i] * first[i]
        without = ratio[i] * weight[i] if first[i] == 0.0 else 0.0
        spared += without
        spared_squares += without * without
    hits = sampled.hits[block, f, y]
    hits[0], hits[1], hits[2], hits[3] = total, squares, spared, spared_squares
