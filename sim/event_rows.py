"""Figures of events in the metrics table: probability and hazard by year, and the year an event came.

All events of a run at once: ``new`` (events, Y) counts the paths in which each first happened in the year.
``errors`` (events, Y) are the probabilities' standard errors where paths are not independent; those of
hazards and of order statistics are then not known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Row = tuple[str, str, int | None, str, str, float, float, int]
"""fund, county, year, metric, statistic, value, std_error, n."""
RANKS = (0.05, 0.25, 0.50)
"""Order statistics of the year of an event, besides its probability."""


class Figures(NamedTuple):
    """Three arrays of one shape, a row of the table an entry."""

    value: Floats
    std_error: Floats
    n: Floats


def probabilities(new: NDArray[np.int64], paths: int, errors: Floats | None) -> Figures:
    """(events, 2 Y): year by year the cumulative probability, then the hazard."""
    happened = np.cumsum(new, axis=1)
    p, at_risk = happened / paths, paths - happened + new
    figures = np.empty((3, len(new), new.shape[1], 2))
    figures[0, :, :, 0], figures[2, :, :, 0], figures[2, :, :, 1] = p, paths, at_risk
    figures[1, :, :, 0] = np.sqrt(p * (1 - p) / paths) if errors is None else errors
    hazard = new / np.where(at_risk > 0, at_risk, np.nan)
    figures[0, :, :, 1] = hazard
    known = np.sqrt(hazard * (1 - hazard) / np.maximum(at_risk, 1))
    figures[1, :, :, 1] = known if errors is None else np.nan
    return Figures(*figures.reshape(3, len(new), 2 * new.shape[1]))


def event_years(new: NDArray[np.int64], paths: int, first_year: int, errors: Floats | None) -> Figures:
    """(events, 4): the calendar years at ``RANKS``, a path without the event later than all; and the
    probability of the event."""
    happened = np.cumsum(new, axis=1)
    ranks = paths * np.array(RANKS)
    spread = np.sqrt(paths * np.array(RANKS) * (1 - np.array(RANKS)))

    def year_at(ranks: Floats) -> Floats:
        """Year of the path of these ranks, from 1; infinite where it never happened."""
        y = (happened[:, None, :] < np.maximum(np.ceil(ranks), 1.0)[:, None]).sum(axis=2)
        return np.where(y < new.shape[1], first_year + y, np.inf)

    value, low, high = year_at(ranks), year_at(ranks - spread), year_at(np.minimum(ranks + spread, paths))
    known = np.isfinite(value) & np.isfinite(high) & (errors is None)
    with np.errstate(invalid="ignore"):  # inf - inf, where it is not known
        error = np.where(known, np.maximum((high - low) / 2, 0.5), np.nan)
    ever = happened[:, -1:] / paths
    told = np.sqrt(ever * (1 - ever) / paths) if errors is None else errors[:, -1:]
    values = np.hstack([np.where(np.isfinite(value), value, np.nan), ever])
    return Figures(values, np.hstack([error, told]), np.full(values.shape, float(paths)))
