"""Several cases on the same random numbers, block by block, and what the others differ by from the first.

Whatever chance does to a path it does in every case, so the difference of two figures is known far better
than either of them.  Each case's own result is that of ``simulate``, to the last bit.

Cases may have any rules, growth, shocks, counties and options; years and funds must be the same.  Series and
events are paired by name.  A pair in which either has no value does not count, and
a difference too small to be one of money is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.histograms import Histograms
from sim.kernels.block import Work, merge_blocks, simulate_blocks
from sim.kernels.codes import EVENTS, NOUGHT, Plan
from sim.kernels.lanes import LANES
from sim.kernels.paired import Pairing, pair_blocks
from sim.kernels.shocks import Noise
from sim.kernels.tally import SCRATCH, Tally
from sim.lower import aligned_zeros, lower_case, lower_noise
from sim.model import Case
from sim.sampling import Chunk, chunks_of
from sim.series import ALL, NO_SERIES, Series, Wanted, kind_of, series_of
from sim.simulate import (
    Progress,
    Result,
    check_identity,
    fitting_blocks,
    new_by_path,
    new_tally,
    new_work,
)
from sim.threads import Stop, in_order, usable_cores

VALUES_BYTES = 64 * 2**20
"""Of a worker's values by path, the first case's and another's."""
ROUNDING = 1e-9
"""Differences below it, of months or a Gini coefficient, are none; of money below half a fen."""
Whole = NDArray[np.int64]


class Place(NamedTuple):
    """Whose event it is."""

    fund: str
    county: str
    """``*``: the city."""
    event: str


@dataclass(frozen=True)
class Pair:
    """Another case against the first."""

    first: Result
    other: Result
    series: Whole
    """(P, 2): the place of a series in ``first.series.keys`` and in ``other.series.keys``."""
    moments: NDArray[np.float64]
    """(P, 3) of the differences, other less first: pairs counted, mean, sum of squared deviations."""
    events: tuple[Place, ...]
    years: Whole
    """(events, Y + 1, Y + 1) paths by the year in which the event first came, in the first case and in the
    other; the last for never."""

    @property
    def nothing_differs(self) -> bool:
        """Whether both have the same series and events, and in no path any of them differs."""
        n, values = self.moments[:, 0], self.moments[:, 1:]
        never_apart = self.years.sum() == np.trace(self.years, axis1=1, axis2=2).sum()
        alike = not values.any() and bool(never_apart)
        for at, result in enumerate((self.first, self.other)):
            places = result.events[..., 0].size + result.county_events[..., 0].size
            alike = alike and len(self.events) == places and len(n) == len(result.series.keys)
            alike = alike and bool((n == result.moments[self.series[:, at], 0]).all())
        return alike


@dataclass(frozen=True)
class Paired:
    """Each case's own result, and every later case against the first."""

    results: tuple[Result, ...]
    pairs: tuple[Pair, ...]


class _Run(NamedTuple):
    """One case made ready."""

    case: Case
    series: Series
    plan: Plan
    noise: Noise
    histograms: Histograms


class _Team(NamedTuple):
    """What one worker owns: books and tallies for each case, a pairing for each but the first."""

    works: list[Work]
    tallies: list[Tally]
    pairings: list[Pairing]


class _Part(NamedTuple):
    """What a chunk came to, a case each, and a pair each."""

    first: int
    moments: list[NDArray[np.float64]]
    events: list[Whole]
    county_events: list[Whole]
    differences: list[NDArray[np.float64]]


def mismatch(first: Case, other: Case) -> str:
    """Why two cases cannot be compared, or nothing."""
    if first.first_year != other.first_year:
        return f"expected the first year {first.first_year}, found {other.first_year}"
    if first.years != other.years:
        return f"expected {first.years} years, found {other.years}"
    if set(first.funds) != set(other.funds):
        return f"expected the funds {', '.join(first.funds)}, found {', '.join(other.funds)}"
    return ""


def simulate_paired(
    cases: Sequence[Case],
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
    progress: Progress | None = None,
    wanted: Wanted = ALL,
) -> Paired:
    """Run all ``cases`` over the same independent paths and pair each with the first.

    The same bytes for any ``threads`` and chunking; ``progress``, ``wanted`` and IdentityError as in
    ``simulate``.  ValueError without a path, without a case, or for cases that ``mismatch``.
    """
    if paths < 1 or not cases:
        raise ValueError("paths: at least 1" if paths < 1 else "cases: at least 1")
    for at, other in enumerate(cases[1:], 2):
        if problem := mismatch(cases[0], other):
            raise ValueError(f"case {at} cannot be compared with the first: {problem}")
    runs, blocks = _runs(cases, seed, wanted), -(-paths // LANES)
    workers = min(threads or usable_cores(), blocks)
    per_chunk = min(blocks, blocks_per_chunk or _fitting(runs, blocks, workers))
    teams = [_team(runs, per_chunk) for _ in range(min(workers, -(-blocks // per_chunk)))]
    total = _empty_total(teams[0])

    def run_chunk(team: _Team, chunk: Chunk, stop: Stop) -> _Part:
        return _run_chunk(runs, team, chunk, paths, stop)

    with closing(in_order(teams, chunks_of(cases[0], "plain", seed, blocks, per_chunk), run_chunk)) as parts:
        for part in parts:
            _add(total, part)
            if progress is not None:
                progress(min((part.first + len(part.moments[0])) * LANES, paths))
    check_identity([tally for team in teams for tally in team.tallies], paths)
    for team in teams[1:]:
        for into, pairing in zip(teams[0].pairings, team.pairings, strict=True):
            into.years[...] += pairing.years
            into.county_years[...] += pairing.county_years
    return _paired(runs, teams[0], total, paths, seed)


def pair_in_turn(
    cases: Sequence[Case], *, paths: int, seed: int, wanted: Wanted, stop: Stop
) -> Paired | None:
    """What ``simulate_paired`` gives, byte for byte, by the calling thread; None where ``stop`` came."""
    runs, blocks = _runs(cases, seed, wanted), -(-paths // LANES)
    per_chunk = min(blocks, _fitting(runs, blocks, 1))
    team = _team(runs, per_chunk)
    total = _empty_total(team)
    for chunk in chunks_of(cases[0], "plain", seed, blocks, per_chunk):
        part = _run_chunk(runs, team, chunk, paths, stop)
        if stop[0] != 0:
            return None
        _add(total, part)
    check_identity(team.tallies, paths)
    return _paired(runs, team, total, paths, seed)


def compile_paired(case: Case) -> None:
    """Compile lockstep and pairing (or load them from the cache)."""
    simulate_paired([case, case], paths=1, seed=0, threads=1, wanted=NO_SERIES)


def _runs(cases: Sequence[Case], seed: int, wanted: Wanted) -> list[_Run]:
    lists, plans = [series_of(case, wanted) for case in cases], [lower_case(case) for case in cases]
    bins = sum(series.bins for series in lists)
    return [
        _Run(case, series, plan, lower_noise(case, plan, seed), Histograms(series, bins))
        for case, series, plan in zip(cases, lists, plans, strict=True)
    ]


def _fitting(runs: list[_Run], blocks: int, workers: int) -> int:
    """Blocks in a chunk: as many as the values of two cases leave room for."""
    widest = max((run.series for run in runs), key=lambda series: len(series.keys))
    room = VALUES_BYTES // (2 * 8 * LANES * max(len(widest.keys), 1))
    return max(1, min(room, fitting_blocks(widest, blocks, workers)))


def _team(runs: list[_Run], blocks: int) -> _Team:
    """One worker's; the cases after the first take turns at writing their values down."""
    later = max((len(run.series.keys) for run in runs[1:]), default=0)
    values = aligned_zeros((blocks * later * LANES,))
    tallies = []
    for at, run in enumerate(runs):
        series = len(run.series.keys)
        by_path = new_by_path(run.case, blocks, 0 if at else series)
        if at:
            mine = values[: blocks * series * LANES].reshape(blocks, series, LANES)
            by_path = by_path._replace(values=mine)
        tallies.append(new_tally(run.case, run.series, blocks, by_path=by_path))
    return _Team([new_work(run.case) for run in runs], tallies, [_pairing(runs[0], run) for run in runs[1:]])


def _pairing(first: _Run, other: _Run) -> Pairing:
    """Series and events that both cases have, by name."""
    years = first.case.years + 1
    events, counties = (both(of(first.case), of(other.case)) for of in (_events, _county_events))
    series = both(_names(first), _names(other))
    kinds = [kind_of(other.series.keys[s].metric) for s in series[:, 1]]
    return Pairing(
        series=series,
        nought=np.array([ROUNDING if kind in ("months", "gini") else float(NOUGHT) for kind in kinds]),
        events=events,
        county_events=counties,
        years=np.zeros((len(events), years, years), np.int64),
        county_years=np.zeros((len(counties), years, years), np.int64),
        weight=aligned_zeros((LANES,)),
        difference=aligned_zeros((LANES,)),
        lane=aligned_zeros((SCRATCH,)),
    )


def both(first: Sequence[object], other: Sequence[object]) -> Whole:
    """(n, 2): where what stands in both lists stands in either, in the order of the second."""
    at = {name: i for i, name in enumerate(first)}
    return np.array([(at[name], j) for j, name in enumerate(other) if name in at], np.int64).reshape(-1, 2)


def _names(run: _Run) -> list[object]:
    """Series by what they are called, which does not hang on the order of funds or counties."""
    funds, counties = list(run.case.funds), [*(county.name for county in run.case.counties), "*"]
    return [(funds[key.fund], counties[key.county], key.year, key.metric) for key in run.series.keys]


def _events(case: Case) -> list[Place]:
    """Events of the city, fund by fund, in the kernels' order."""
    names = [*EVENTS, *(f"below_{n:g}_months" for n in case.options.below_months)]
    return [Place(fund, "*", name) for fund in case.funds for name in names]


def _county_events(case: Case) -> list[Place]:
    """Every county's depletion, fund by fund."""
    counties = [county.name for county in case.counties]
    return [Place(fund, name, "county_depletion") for fund in case.funds for name in counties]


def _run_chunk(runs: list[_Run], team: _Team, chunk: Chunk, paths: int, stop: Stop) -> _Part:
    """All cases over one chunk, each paired with the first before the next one's turn."""
    part = _Part(chunk.first, [], [], [], [])
    where, first = (chunk.first, chunk.blocks, paths), team.tallies[0].by_path
    for at, (run, work, tally) in enumerate(zip(runs, team.works, team.tallies, strict=True)):
        tally.events[...] = 0
        tally.county_events[...] = 0
        simulate_blocks(run.plan, run.noise, work, tally, *where, stop)
        run.histograms.add(tally.bins, chunk.blocks)
        part.moments.append(tally.moments[: chunk.blocks].copy())
        part.events.append(tally.events.copy())
        part.county_events.append(tally.county_events.copy())
        if at:
            pairing = team.pairings[at - 1]
            differences = np.empty((chunk.blocks, len(pairing.series), 3))
            pair_blocks(pairing, first, tally.by_path, *where, differences)
            part.differences.append(differences)
    return part


def _empty_total(team: _Team) -> _Part:
    """Noughts, of a shape with a team's parts but for their blocks."""
    own = team.tallies
    return _Part(
        0,
        [np.zeros_like(tally.moments[0]) for tally in own],
        [np.zeros_like(tally.events) for tally in own],
        [np.zeros_like(tally.county_events) for tally in own],
        [np.zeros((len(pairing.series), 3)) for pairing in team.pairings],
    )


def _add(total: _Part, part: _Part) -> None:
    """The next part in the order of paths."""
    means, found = [*total.moments, *total.differences], [*part.moments, *part.differences]
    for mean, some in zip(means, found, strict=True):
        merge_blocks(mean, some, len(some))
    counted, more = [*total.events, *total.county_events], [*part.events, *part.county_events]
    for count, new in zip(counted, more, strict=True):
        count += new


def _paired(runs: list[_Run], team: _Team, total: _Part, paths: int, seed: int) -> Paired:
    """Totals and one team's counts as results."""
    figures = zip(runs, total.moments, total.events, total.county_events, strict=True)
    results = [
        Result(run.case, paths, seed, run.series, run.histograms.counts, moments, events, county_events)
        for run, moments, events, county_events in figures
    ]
    pairs = [
        _pair(results[0], other, pairing, found)
        for other, pairing, found in zip(results[1:], team.pairings, total.differences, strict=True)
    ]
    return Paired(tuple(results), tuple(pairs))


def _pair(first: Result, other: Result, pairing: Pairing, moments: NDArray[np.float64]) -> Pair:
    city, county = _events(other.case), _county_events(other.case)
    events = [city[n] for n in pairing.events[:, 1]] + [county[n] for n in pairing.county_events[:, 1]]
    years = np.concatenate([pairing.years, pairing.county_years])
    return Pair(first, other, pairing.series, moments, tuple(events), years)
