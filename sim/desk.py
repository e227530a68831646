"""Cases simulated one after the other by one thread, in memory that is used again.

A sweep runs thousands of small cases of one shape.  Each is one job of one thread, so that nothing is merged
between threads, and several desks work side by side: the kernels run without the interpreter's lock.
"""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.differences import difference_columns
from sim.event_rows import Figures
from sim.histograms import Histograms
from sim.kernels.block import Work, merge_blocks
from sim.kernels.lanes import LANES
from sim.kernels.summaries import note_extents
from sim.kernels.tally import Tally
from sim.lower import lower_case, lower_noise
from sim.metrics import Columns, Layout, figures_of, layout_of
from sim.model import Case
from sim.paired import pair_in_turn
from sim.sampling import chunks_of
from sim.series import ALL, Series, Wanted, most_series_of, series_of
from sim.simulate import Result, Workers, most_blocks, new_tally, new_work
from sim.threads import Stop

BEYOND = 2**15
"""More than any index of a bin."""


class _Memory(NamedTuple):
    """What fits the cases of one shape."""

    work: Work
    tally: Tally
    histograms: Histograms


class Table(NamedTuple):
    """The metrics table of one case, without its name."""

    layout: Layout
    figures: Figures
    differences: Columns | None = None
    """The rows of its differences from another case, where there is one."""


def _tally_of(tally: Tally, series: Series) -> Tally:
    """The same memory for other series; they are no more than the tally's own."""

    def first(rows: NDArray[Any]) -> NDArray[Any]:
        blocks, _, width = rows.shape
        shape = blocks, len(series.keys), width
        return rows.reshape(-1)[: math.prod(shape)].reshape(shape)

    return tally._replace(number=series.number, moments=first(tally.moments), bins=first(tally.bins))


class Desk:
    """One thread's place of work."""

    def __init__(self, wanted: Wanted = ALL) -> None:
        self.wanted = wanted
        self.kernel_seconds = 0.0
        """Processor time that its thread has spent in ``simulate_blocks``, and in pairing paths."""
        self._memory: _Memory | None = None
        self._shape: tuple[int, ...] = ()

    def table(self, case: Case, *, paths: int, seed: int, stop: Stop) -> Table | None:
        """The figures of ``simulate`` and ``metrics_columns``, to the last bit; None where ``stop`` came."""
        plan, series = lower_case(case), series_of(case, self.wanted)
        blocks, most = -(-paths // LANES), most_series_of(case, self.wanted)
        per_chunk = min(blocks, most_blocks(most))
        work, tally, histograms = memory = self._fitting(case, most, per_chunk)
        self._memory = None  # what is left half-way is not used again
        tally = _tally_of(tally, series)
        histograms.count_for(series)
        crew = Workers(plan, lower_noise(case, plan, seed), paths, [tally], [work], histograms)
        total = np.zeros_like(tally.moments[0])
        events, county_events = np.zeros_like(tally.events), np.zeros_like(tally.county_events)
        extents = np.repeat([[BEYOND, -BEYOND]], len(series.keys), axis=0)
        for chunk in chunks_of(case, "plain", seed, blocks, per_chunk):
            started = time.thread_time()
            part = crew.run_chunk((work, tally), chunk, stop)
            note_extents(extents, tally.bins, series.end - series.offset, chunk.blocks)
            self.kernel_seconds += time.thread_time() - started
            if stop[0] != 0:
                return None
            merge_blocks(total, part.moments, chunk.blocks)
            events += part.events
            county_events += part.county_events
        crew.check()
        result = Result(
            case, paths, seed, series, histograms.counts, total, events, county_events, extents=extents
        )
        layout = layout_of(result)
        figures, _ = figures_of(result, layout, wipe=True)
        self._memory = memory
        return Table(layout, figures)

    def paired_table(self, baseline: Case, case: Case, *, paths: int, seed: int, stop: Stop) -> Table | None:
        """``table``, and what the case differs by from a baseline on the same random numbers, as
        ``simulate_paired`` and ``difference_columns`` have it."""
        started = time.thread_time()
        paired = pair_in_turn([baseline, case], paths=paths, seed=seed, wanted=self.wanted, stop=stop)
        self.kernel_seconds += time.thread_time() - started
        if paired is None:
            return None
        layout = layout_of(paired.results[1])
        figures, _ = figures_of(paired.results[1], layout)
        return Table(layout, figures, difference_columns(paired.pairs[0], ""))

    def _fitting(self, case: Case, series: Series, blocks: int) -> _Memory:
        """Memory with empty tallies for chunks of so many blocks: what is at hand where it fits."""
        events, first_year = len(case.options.below_months), case.first_year if self.wanted.years else 0
        shape = (len(case.funds), len(case.counties), case.years, events, blocks, first_year)
        if self._memory is None or self._shape != shape:
            self._memory = None  # before the next is made: they may be large
            memory = _Memory(new_work(case), new_tally(case, series, blocks), Histograms(series))
            self._memory, self._shape = memory, shape
        return self._memory
