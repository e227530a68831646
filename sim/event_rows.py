"""Rows of the metrics table for an event: its probability and hazard by year, and the year it came."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Row = tuple[str, str, int | None, str, str, float, float, int]
"""fund, county, year, metric, statistic, value, std_error, n."""


def event_rows(
    fund: str,
    county: str,
    name: str,
    new: NDArray[np.int64],
    paths: int,
    first_year: int,
    errors: NDArray[np.float64] | None = None,
) -> Iterator[Row]:
    """Cumulative probability and hazard of an event by year, from the paths new in each year (Y,).

    ``errors`` (Y,) are the probabilities' standard errors where paths are not independent; a hazard's is then
    not known.
    """
    happened = np.cumsum(new)
    p, at_risk = happened / paths, paths - happened + new
    hazard = new / np.where(at_risk > 0, at_risk, np.nan)
    hazard_errors = np.sqrt(hazard * (1 - hazard) / np.maximum(at_risk, 1))
    if errors is not None:
        hazard_errors = np.full(len(new), np.nan)
    told = np.sqrt(p * (1 - p) / paths) if errors is None else errors
    columns = (p, told, hazard, hazard_errors, at_risk)
    for y, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        yield fund, county, first_year + y, f"event:{name}", "probability", row[0], row[1], paths
        yield fund, county, first_year + y, f"hazard:{name}", "probability", *row[2:]


def event_year_rows(
    fund: str,
    county: str,
    name: str,
    new: NDArray[np.int64],
    paths: int,
    first_year: int,
    errors: NDArray[np.float64] | None = None,
) -> Iterator[Row]:
    """Calendar year of the first event: order statistics, a path without it later than all."""
    happened, metric = np.cumsum(new), f"event_year:{name}"

    def year_at(rank: float) -> float:
        """Year of the path of this rank, from 1; infinite where it never happened."""
        y = int(np.searchsorted(happened, max(np.ceil(rank), 1.0), side="left"))
        return float(first_year + y) if y < len(new) else np.inf

    for p in (0.05, 0.25, 0.50):
        spread = np.sqrt(paths * p * (1 - p))
        value, error = year_at(paths * p), np.nan
        if np.isfinite(value):
            low, high = year_at(paths * p - spread), year_at(min(paths * p + spread, paths))
            error = max((high - low) / 2, 0.5) if np.isfinite(high) else np.nan
        value = value if np.isfinite(value) else np.nan
        error = error if errors is None else np.nan
        yield fund, county, None, metric, f"p{100 * p:02.0f}", value, error, paths
    ever = float(happened[-1] / paths)
    error = float(np.sqrt(ever * (1 - ever) / paths) if errors is None else errors[-1])
    yield fund, county, None, metric, "probability", ever, error, paths
