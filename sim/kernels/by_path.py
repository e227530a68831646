"""Single paths' figures, written down where somebody asks for them: values of series, years of events.

A tally forgets its paths.  Comparisons of pairs, and whatever else needs to know which path a figure was
of, read these rows after a chunk of blocks.  Where an array has no first row nothing is written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.codes import EVER, EVER_DEPLETED
from sim.kernels.lanes import LANES, stage

NOT_YET = np.int16(-1)


class ByPath(NamedTuple):
    """Of the blocks of a chunk; lanes beyond the run's last path hold figures of nobody."""

    values: np.ndarray
    """(blocks, series, LANES) float64, as measured; not a number where a path has none."""
    years: np.ndarray
    """(blocks, F, E, LANES) int16: index of the year in which an event first happened, -1 for never."""
    county_years: np.ndarray
    """(blocks, F, C, LANES) int16 of county_depletion."""


@stage
def note_values(by_path, block, s, row, slot):
    """One series of the current block."""
    if by_path.values.shape[0] > 0:
        out = by_path.values[block, s]
        for i in range(LANES):
            out[i] = row[slot + i]


@stage
def note_noughts(by_path, block, s):
    """A series in which every path has nought."""
    if by_path.values.shape[0] > 0:
        out = by_path.values[block, s]
        for i in range(LANES):
            out[i] = 0.0


@stage
def note_year(years, row, ever, y):
    """The year of one event, from the flag that it has ever happened."""
    for i in range(LANES):
        if y == 0:
            years[i] = NOT_YET
        if years[i] == NOT_YET and row[ever + i] > 0.0:
            years[i] = np.int16(y)


@stage
def note_years(by_path, counties, city, block, f, y):
    """The events of one fund at a year's end."""
    if by_path.years.shape[0] > 0:
        for e in range(by_path.years.shape[2]):
            note_year(by_path.years[block, f, e], city, EVER + e * LANES, y)
        for c in range(counties.shape[0]):
            note_year(by_path.county_years[block, f, c], counties[c], EVER_DEPLETED, y)
