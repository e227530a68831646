"""Monte Carlo: a thread pool over chunks of blocks, merged in chunk order.

Memory does not depend on the number of paths: each worker has one block's books and its own integer
counts, and a chunk hands back its blocks' moments, which are folded in the order of the blocks.
"""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from sim.kernels.block import Work, merge_blocks, simulate_blocks
from sim.kernels.codes import EVENTS
from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS, Shocked
from sim.kernels.tally import Tally, add_counts
from sim.lower import aligned_zeros, lower_case, lower_noise, new_books
from sim.model import Case
from sim.series import Series, series_of

BLOCKS_PER_CHUNK = 32
"""At most: the more paths are counted at a time, the more of them find a histogram's lines at hand."""
CHUNKS_PER_WORKER = 4
"""At least, where there are paths enough, so that no worker waits long for the last one."""
CHUNK_BYTES = 64 * 2**20
"""Of a worker's buffer of bins: a case of many series takes fewer blocks in a chunk."""
SPARSE_BYTES = 2**29
"""From here on a worker's counts lie in small pages."""
Progress = Callable[[int], None]


class IdentityError(AssertionError):
    """Money was not conserved in some path: a fault of the program, never of the user's input."""


@dataclass(frozen=True)
class Result:
    """Everything tallied over all paths of one run."""

    case: Case
    paths: int
    seed: int
    series: Series
    counts: NDArray[np.uint32]
    moments: NDArray[np.float64]
    """(series, 3): values counted, mean, sum of squared deviations."""
    events: NDArray[np.int64]
    """(F, E, Y) paths whose event first happened in the year."""
    county_events: NDArray[np.int64]
    """(F, C, Y)."""


def new_work(case: Case) -> Work:
    """One worker's books and buffers."""
    funds, counties = len(case.funds), len(case.counties)
    events = len(EVENTS) + len(case.options.below_months)
    draws, factors = aligned_zeros((4 * LANES,), np.float32), aligned_zeros((CELLS, LANES), np.float32)
    return Work(
        books=new_books(funds, counties, events, ledger=False),
        copy=new_books(1, counties, events, ledger=False),
        shocked=Shocked(
            city=aligned_zeros((2, 2 * LANES), np.float32),
            epidemic=aligned_zeros((2 * LANES,), np.float32),
            county=aligned_zeros((counties, 2, 4 * LANES), np.float32),
            year=aligned_zeros((counties, CELLS, LANES)),
            month=aligned_zeros((CELLS, LANES)),
            words=aligned_zeros((4 * LANES,), np.int32),
            draws=draws,
            pairs=draws.reshape(2, 2 * LANES),
            factors=factors,
            flat_factors=factors.ravel(),
        ),
        recoveries=np.zeros(counties),
    )


def empty_counts(bins: int) -> NDArray[np.uint32]:
    """Zeros; of a large case only the pages that are counted in take memory.

    Most bins stay empty.  NumPy asks for huge pages, which count faster, but one count then makes 2 MB
    resident, and hundreds of counties would not fit.
    """
    if 4 * bins < SPARSE_BYTES or not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.zeros(bins, np.uint32)
    pages = mmap.mmap(-1, 4 * bins, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, np.uint32)


def new_tally(case: Case, series: Series, blocks: int) -> Tally:
    """One worker's empty tallies, for chunks of up to ``blocks`` blocks."""
    funds, counties, years = len(case.funds), len(case.counties), case.years
    return Tally(
        counts=empty_counts(series.bins),
        offset=series.offset,
        moments=np.zeros((len(series.offset), 3)),
        events=np.zeros((funds, len(EVENTS) + len(case.options.below_months), years), np.int64),
        county_events=np.zeros((funds, counties, years), np.int64),
        breaches=np.zeros(1, np.int64),
        weight=aligned_zeros((LANES,)),
        weight_sum=np.zeros(1),
        lane=aligned_zeros((LANES // 2,)),
        paying=np.zeros((counties, 5), np.int64),
        bins=aligned_zeros((len(series.offset), blocks, LANES), np.int16),
        block=np.zeros(1, np.int64),
    )


def usable_cores() -> int:
    """Processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def affordable_workers(bins: int) -> int:
    """How many workers' counts fit into three quarters of the machine's memory; MemoryError for none."""
    if not hasattr(os, "sysconf"):
        return 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
    if 4 * bins > memory:
        size = f"{4 * bins / 1e9:.0f} GB"
        raise MemoryError(f"the histograms of this case take up to {size}: fewer counties or years")
    return memory // (4 * bins)


def compile_kernels(case: Case) -> None:
    """Compile the simulation (or load it from the cache) without simulating anything."""
    plan, series = lower_case(case), series_of(case)
    work, tally, total = new_work(case), new_tally(case, series, 1), np.zeros((len(series.offset), 3))
    noise, stop = lower_noise(case, plan, 0), np.zeros(1, np.uint8)
    simulate_blocks(plan, noise, work, tally, 0, 0, 1, total[None], stop)
    merge_blocks(total, total[None], 0)


def simulate(
    case: Case,
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run ``paths`` paths of a case; the result is the same bytes for any ``threads`` and chunking.

    ``progress`` is called in the calling thread with the number of paths done.  An exception there or a
    KeyboardInterrupt stops the workers within a block.  Raises IdentityError where money was not
    conserved in some path.
    """
    if paths < 1:
        raise ValueError("paths: at least 1")
    plan = lower_case(case)
    noise = lower_noise(case, plan, seed)
    series = series_of(case)
    blocks = -(-paths // LANES)
    workers = min(threads or usable_cores(), blocks, affordable_workers(series.bins))
    if blocks_per_chunk is None:
        fitting = CHUNK_BYTES // (2 * LANES * len(series.keys))
        even = -(-blocks // (CHUNKS_PER_WORKER * workers))
        blocks_per_chunk = max(1, min(BLOCKS_PER_CHUNK, fitting, even))
    stop = np.zeros(1, np.uint8)
    idle: SimpleQueue[tuple[Work, Tally]] = SimpleQueue()
    tallies = [new_tally(case, series, min(blocks, blocks_per_chunk)) for _ in range(workers)]
    for tally in tallies:
        idle.put((new_work(case), tally))
    total = np.zeros((len(series.offset), 3))

    def run_chunk(first: int) -> tuple[int, NDArray[np.float64]]:
        count = min(blocks_per_chunk, blocks - first)
        moments = np.empty((count, *total.shape))
        work, tally = idle.get()
        simulate_blocks(plan, noise, work, tally, first, count, paths, moments, stop)
        idle.put((work, tally))
        return count, moments

    waiting: deque[Future[tuple[int, NDArray[np.float64]]]] = deque()
    starts = iter(range(0, blocks, blocks_per_chunk))
    done = 0
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            while len(waiting) < 2 * workers and (start := next(starts, None)) is not None:
                waiting.append(pool.submit(run_chunk, start))
            if not waiting:
                break
            count, moments = waiting.popleft().result()
            merge_blocks(total, moments, count)
            done += count
            if progress is not None:
                progress(min(done * LANES, paths))
    finally:
        stop[0] = 1  # of no effect on a finished run; an interrupted one does not wait for its workers
        pool.shutdown(wait=False, cancel_futures=True)
    return _gather(case, paths, seed, series, total, tallies)


def _gather(
    case: Case,
    paths: int,
    seed: int,
    series: Series,
    moments: NDArray[np.float64],
    tallies: list[Tally],
) -> Result:
    """Sum the workers' integer counts into the first worker's."""
    first = tallies[0]
    for other in tallies[1:]:
        add_counts(first.counts, other.counts)
        for total, part in (
            (first.events, other.events),
            (first.county_events, other.county_events),
            (first.breaches, other.breaches),
        ):
            total += part
    if first.breaches[0]:
        raise IdentityError(f"money was not conserved in {first.breaches[0]} of {paths} paths")
    return Result(case, paths, seed, series, first.counts, moments, first.events, first.county_events)
