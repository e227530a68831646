"""Monte Carlo: a thread pool over chunks of blocks, merged in chunk order.

Memory does not depend on the number of paths: each worker has one block's books and a chunk's bins, all
share their counts, and a chunk hands back its blocks' moments, which are folded in the order of the blocks.
How paths are drawn is ``sim.sampling``'s; here a chunk may bring the city's shocks, or likelihood ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.histograms import Histograms, empty_counts
from sim.kernels.block import Work, merge_blocks, simulate_blocks
from sim.kernels.by_path import ByPath
from sim.kernels.codes import EVENTS, Plan
from sim.kernels.counts import Counts, count
from sim.kernels.lanes import LANES
from sim.kernels.sampled import Sampled
from sim.kernels.shocks import PER_ADDRESS, TOGETHER, Noise, Shocked
from sim.kernels.tally import SCRATCH, Tally
from sim.lower import aligned_zeros, lower_case, lower_noise, new_books
from sim.model import Case
from sim.sampling import Chunk, Errors, Method, chunks_of, errors_of, groups_of, refused
from sim.series import ALL, Series, Wanted, series_of
from sim.threads import Stop, in_order, usable_cores

BLOCKS_PER_CHUNK = 16
"""At most: the more paths are counted at a time, the more of them find a histogram's lines at hand."""
CHUNKS_PER_WORKER = 3
"""At least, where there are paths enough, so that no worker waits long for the last one."""
CHUNK_BYTES = 64 * 2**20
"""Of a worker's buffer of bins: a case of many series takes fewer blocks in a chunk."""
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
    counts: Counts
    moments: NDArray[np.float64]
    """(series, 3): values counted, mean, sum of squared deviations."""
    events: NDArray[np.int64]
    """(F, E, Y) paths whose event first happened in the year."""
    county_events: NDArray[np.int64]
    """(F, C, Y)."""
    sampling: Method = "plain"
    errors: Errors | None = None
    """Standard errors where paths are not independent; without them they follow from the tallies."""
    extents: NDArray[np.int64] | None = None
    """(series, 2): lowest and highest index of bins of values but noughts, where somebody noted them."""


def new_work(case: Case) -> Work:
    """One worker's books and buffers."""
    funds, counties = len(case.funds), len(case.counties)
    events = len(EVENTS) + len(case.options.below_months)
    return Work(
        books=new_books(funds, counties, events, ledger=False),
        copy=new_books(1, counties, events, ledger=False),
        shocked=Shocked(
            city=aligned_zeros((2, 2 * LANES), np.float32),
            epidemic=aligned_zeros((2 * LANES,), np.float32),
            county=aligned_zeros((counties, 2, 4 * LANES), np.float32),
            year=aligned_zeros((counties, 2, 2 * LANES)),
            words=aligned_zeros((TOGETHER * PER_ADDRESS,), np.int32),
            draws=aligned_zeros((TOGETHER * PER_ADDRESS,), np.float32),
            factors=aligned_zeros((2, 2 * TOGETHER * LANES), np.float32),
        ),
        reported=np.zeros((2, counties)),
    )


def new_sampled(case: Case, *, pairs: bool = False, event: int | None = None, blocks: int = 0) -> Sampled:
    """What is tallied besides: ``pairs`` of mirrored paths, or an event weighted in chunks of ``blocks``."""
    funds, counties, years = len(case.funds), len(case.counties), case.years
    events = len(EVENTS) + len(case.options.below_months)
    weighted = 0 if event is None else blocks
    return Sampled(
        pairs=np.zeros((funds if pairs else 0, events, years), np.int64),
        county_pairs=np.zeros((funds if pairs else 0, counties, years), np.int64),
        event=0 if event is None else event,
        ratios=np.zeros((weighted, years, LANES)),
        first=np.zeros((funds, LANES)),
        hits=np.zeros((weighted, funds, years, 4)),
    )


def new_by_path(case: Case, blocks: int = 0, series: int = 0) -> ByPath:
    """Where a worker notes the events and values of single paths, of chunks of up to ``blocks`` blocks."""
    funds, events = len(case.funds), len(EVENTS) + len(case.options.below_months)
    return ByPath(
        values=aligned_zeros((blocks if series else 0, series, LANES)),
        years=np.zeros((blocks, funds, events, LANES), np.int16),
        county_years=np.zeros((blocks, funds, len(case.counties), LANES), np.int16),
    )


def new_tally(
    case: Case,
    series: Series,
    blocks: int,
    sampled: Sampled | None = None,
    by_path: ByPath | None = None,
) -> Tally:
    """One worker's empty tallies, for chunks of up to ``blocks`` blocks."""
    funds, counties, years = len(case.funds), len(case.counties), case.years
    sampled = new_sampled(case) if sampled is None else sampled
    columns = 4 if len(sampled.pairs) else 3
    return Tally(
        number=series.number,
        moments=np.zeros((blocks, len(series.offset), columns)),
        events=np.zeros((funds, len(EVENTS) + len(case.options.below_months), years), np.int64),
        county_events=np.zeros((funds, counties, years), np.int64),
        breaches=np.zeros(1, np.int64),
        weight=aligned_zeros((LANES,)),
        weight_sum=np.zeros(1),
        lane=aligned_zeros((SCRATCH,)),
        net=aligned_zeros((counties, LANES)),
        bins=aligned_zeros((blocks, len(series.offset), LANES), np.int16),
        block=np.zeros(1, np.int64),
        sampled=sampled,
        by_path=new_by_path(case) if by_path is None else by_path,
    )


def compile_kernels(case: Case) -> None:
    """Compile the simulation (or load it from the cache) without simulating anything."""
    plan, series = lower_case(case), series_of(case)
    work, tally = new_work(case), new_tally(case, series, 1)
    noise, stop = lower_noise(case, plan, 0), np.zeros(1, np.uint8)
    simulate_blocks(plan, noise, work, tally, 0, 0, 1, stop)
    count(empty_counts(0), series.offset, series.end, tally.bins, 0, 0, 0)
    merge_blocks(tally.moments[0], tally.moments, 0)


class Part(NamedTuple):
    """What a chunk of blocks came to."""

    first: int
    """Its first block."""
    moments: NDArray[np.float64]
    """(blocks, series, 3 or 4), as ``Tally.moments``."""
    events: NDArray[np.int64]
    """(F, E, Y)."""
    county_events: NDArray[np.int64]
    """(F, C, Y)."""
    hits: NDArray[np.float64]
    """(blocks, F, Y, 4) as in ``Sampled.hits``; no blocks unless an event is weighted."""
    by_path: ByPath
    """No blocks unless somebody asks for single paths."""


@dataclass(frozen=True)
class Workers:
    """Threads that run chunks of one case's blocks; each has its own books and tallies."""

    plan: Plan
    noise: Noise
    paths: int
    """The run's: those beyond it are masked."""
    tallies: list[Tally]
    works: list[Work]
    histograms: Histograms | None = None
    """Where values are counted, if anybody asks for their distribution."""

    def run(self, chunks: Iterable[Chunk]) -> Generator[Part]:
        """The chunks' parts in the order of the chunks, which are asked for as workers come free.

        Closing it stops the workers within a block.
        """
        return in_order(list(zip(self.works, self.tallies, strict=True)), chunks, self.run_chunk)

    def run_chunk(self, mine: tuple[Work, Tally], chunk: Chunk, stop: Stop) -> Part:
        """One worker's work on one chunk."""
        work, tally = mine
        noise, sampled, by_path = self.noise, tally.sampled, tally.by_path
        if chunk.given is not None:
            noise = noise._replace(given=chunk.given)
        if chunk.ratios is not None:
            sampled.ratios[: chunk.blocks] = chunk.ratios
        tally.events[...] = 0
        tally.county_events[...] = 0
        simulate_blocks(self.plan, noise, work, tally, chunk.first, chunk.blocks, self.paths, stop)
        if self.histograms is not None:
            self.histograms.add(tally.bins, chunk.blocks)
        noted = ByPath(*(figures[: chunk.blocks].copy() for figures in by_path))
        moments, hits = tally.moments[: chunk.blocks].copy(), sampled.hits[: chunk.blocks].copy()
        return Part(chunk.first, moments, tally.events.copy(), tally.county_events.copy(), hits, noted)

    def check(self) -> None:
        """Raises IdentityError where money was not conserved."""
        check_identity(self.tallies, self.paths)


def check_identity(tallies: Iterable[Tally], paths: int) -> None:
    """Raises IdentityError where money was not conserved."""
    breaches = sum(int(tally.breaches[0]) for tally in tallies)
    if breaches:
        raise IdentityError(f"money was not conserved in {breaches} of {paths} paths")


def simulate(
    case: Case,
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
    progress: Progress | None = None,
    sampling: Method = "plain",
    wanted: Wanted = ALL,
) -> Result:
    """Run ``paths`` paths of a case; the result is the same bytes for any ``threads`` and chunking.

    ``progress`` is called in the calling thread with the number of paths done.  An exception there or a
    KeyboardInterrupt stops the workers within a block.  ``sampling`` is how paths are drawn, as
    ``sim.sampling`` has it; ValueError for a number of paths that it cannot have.  ``wanted`` metrics
    alone are tallied, which takes less time and memory and changes no figure of theirs.  Raises
    IdentityError where money was not conserved in some path.
    """
    if problem := refused(sampling, paths):
        raise ValueError(problem)
    plan, series = lower_case(case), series_of(case, wanted)
    noise = lower_noise(case, plan, seed)._replace(mirrored=sampling == "antithetic")
    blocks = -(-paths // LANES)
    workers = min(threads or usable_cores(), blocks)
    per_chunk = blocks_per_chunk or fitting_blocks(series, blocks, workers)
    tallies = [
        new_tally(case, series, min(blocks, per_chunk), new_sampled(case, pairs=noise.mirrored))
        for _ in range(min(workers, -(-blocks // per_chunk)))
    ]
    histograms = Histograms(series)
    crew = Workers(plan, noise, paths, tallies, [new_work(case) for _ in tallies], histograms)
    groups, first = groups_of(sampling), tallies[0]
    moments = np.zeros((groups, *first.moments.shape[1:]))
    events = np.zeros((groups, *first.events.shape), np.int64)
    county_events = np.zeros((groups, *first.county_events.shape), np.int64)
    with closing(crew.run(chunks_of(case, sampling, seed, blocks, per_chunk))) as parts:
        for part in parts:
            group = part.first * groups // blocks
            merge_blocks(moments[group], part.moments, len(part.moments))
            events[group] += part.events
            county_events[group] += part.county_events
            if progress is not None:
                progress(min((part.first + len(part.moments)) * LANES, paths))
    crew.check()
    for other in tallies[1:]:
        first.sampled.pairs[...] += other.sampled.pairs
        first.sampled.county_pairs[...] += other.sampled.county_pairs
    total = moments[0].copy()
    merge_blocks(total, moments[1:], groups - 1)
    errors = errors_of(sampling, paths, moments, events, county_events, first.sampled)
    counts, told = histograms.counts, (events.sum(axis=0), county_events.sum(axis=0))
    return Result(case, paths, seed, series, counts, total[:, :3], *told, sampling, errors)


def fitting_blocks(series: Series, blocks: int, workers: int) -> int:
    """Blocks in a chunk: fewer where a case has many series, or a run few blocks."""
    return max(1, min(most_blocks(series), -(-blocks // (CHUNKS_PER_WORKER * workers))))


def most_blocks(series: Series) -> int:
    """Of a chunk: fewer where a case has many series."""
    return max(1, min(BLOCKS_PER_CHUNK, CHUNK_BYTES // (2 * LANES * max(len(series.keys), 1))))
