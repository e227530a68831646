"""Single paths of a run, by their number: the years of their events, the values of their series.

A path's figures depend on its address alone, so path i here is path i of every run with the same seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels.by_path import ByPath
from sim.kernels.lanes import LANES
from sim.lower import lower_case, lower_noise
from sim.model import Case
from sim.sampling import chunks_of
from sim.series import NO_SERIES, Series, Wanted, series_of
from sim.simulate import Workers, fitting_blocks, new_by_path, new_tally, new_work
from sim.threads import usable_cores


class EventYears(NamedTuple):
    """Index of the year in which an event first happened, -1 for never; int16."""

    city: NDArray[np.int16]
    """(paths, F, E): the order of ``kernels.codes.EVENTS``, then of ``case.options.below_months``."""
    county: NDArray[np.int16]
    """(paths, F, C) of county_depletion."""


def event_years(
    case: Case, *, paths: int, seed: int, threads: int | None = None, blocks_per_chunk: int | None = None
) -> EventYears:
    """The years of all events of every path, (E + C) x F x 2 bytes a path; ValueError for no paths."""
    series = series_of(case, NO_SERIES)
    parts = list(noted(case, series, paths, seed, threads, blocks_per_chunk))
    city, county = (
        np.concatenate([figures.transpose(0, 3, 1, 2).reshape(-1, *figures.shape[1:3]) for figures in each])
        for each in zip(*((part.years, part.county_years) for part in parts), strict=True)
    )
    return EventYears(city[:paths], county[:paths])


def path_values(
    case: Case,
    wanted: Wanted,
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
) -> tuple[Series, NDArray[np.float64]]:
    """The wanted series, and their values (series, paths) in yuan, months or 0 to 1; NaN where a path has
    none.  Eight bytes each: ask for what you need.  ValueError for no paths."""
    series = series_of(case, wanted)
    parts = noted(case, series, paths, seed, threads, blocks_per_chunk)
    values = [part.values.transpose(1, 0, 2).reshape(len(series.keys), -1) for part in parts]
    return series, np.concatenate(values, axis=1)[:, :paths]


def noted(
    case: Case,
    series: Series,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
) -> Iterator[ByPath]:
    """Chunk by chunk in the order of paths, the values of the series and the years of the events, for who
    needs a part of them: lanes beyond the last path are nobody's.  ValueError for no paths."""
    if paths < 1:
        raise ValueError("paths: at least 1")
    plan, blocks = lower_case(case), -(-paths // LANES)
    workers = min(threads or usable_cores(), blocks)
    per_chunk = min(blocks, blocks_per_chunk or fitting_blocks(series, blocks, workers))

    mine = [new_by_path(case, per_chunk, len(series.keys)) for _ in range(workers)]
    tallies = [new_tally(case, series, per_chunk, by_path=each) for each in mine]
    crew = Workers(plan, lower_noise(case, plan, seed), paths, tallies, [new_work(case) for _ in tallies])
    with closing(crew.run(chunks_of(case, "plain", seed, blocks, per_chunk))) as parts:
        for part in parts:
            yield part.by_path
    crew.check()
