"""Importance sampling of a rare event: its probability by year from far fewer paths than plain ones.

The city's shocks eps (Y years of 4 cells) are shifted to where the event is to be expected, and each path
counts with its likelihood ratio (``sim.mixture``).  Everything else is drawn as always.

**Shifts.**  For fund and year t a shift points in the direction d in which reserves at the end of t fall
fastest (``sim.directions``), and is as long as the event needs: a pilot block lays s d, with another s from 0
to 8 in each of its lanes, and counts the lanes in which the event has happened by t.  The least such s is the
distance beta of the design point of first-order reliability (Hasofer and Lind 1974), and the shift is
beta d.  Shifts are kept whose beta are 1 to 7 and lie apart.

Student-t city shocks are refused: there a rare event is one huge year, not many bad ones, and shifts miss it
(the errors then say far too little).

**Estimate.**  An event counts with the ratio up to the year in which it first happens.  The mean over all n
paths is unbiased; its variance is the sum of that of the shifts, each of which has a fixed number of paths.
But the weights of all paths make 1 in the mean alone.  An event that is likelier than not is therefore one
less the mean over paths that were spared by the year's end, each with its ratio up to then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.directions import FARTHEST, adverse
from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS
from sim.lower import lower_case, lower_noise
from sim.metrics import reported_events
from sim.mixture import Mixture
from sim.model import Case, Fund
from sim.sampling import Chunk
from sim.series import NO_SERIES, series_of
from sim.simulate import (
    Progress,
    Workers,
    fitting_blocks,
    new_sampled,
    new_tally,
    new_work,
)
from sim.threads import usable_cores

NEAREST_KEPT, FARTHEST_KEPT, APART = 1.0, 7.0, 0.75
"""Shorter shifts than the nearest are for events that plain paths find often enough."""
PILOT_YEARS = 20
PILOT_BLOCK = 2**31 // LANES
"""Where the addresses of the pilot's paths begin: beyond those of any run."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rare:
    """Probability that an event has happened by the end of a year, (F, Y) each."""

    case: Case
    event: str
    funds: tuple[Fund, ...]
    """Funds whose rules know the event."""
    paths: int
    seed: int
    probability: Floats
    error: Floats
    """Standard error; 0 where no path had the event, or every path."""
    kish: Floats
    """Effective number of paths that decide, (sum of w)^2 / sum of w^2: of those with the event, or where it
    is likelier than not of those without; 0 where there are none."""
    shifts: Floats
    """(K, Y, 4) in standard deviations; the first is none."""
    pilot_paths: int

    @property
    def effective(self) -> Floats:
        """Plain paths that would have the same standard error, p (1 - p) / error^2; NaN where unknown."""
        p = self.probability
        unknown, known = np.full(p.shape, np.nan), (self.error > 0) & (p > 0) & (p < 1)
        return np.asarray(np.divide(p * (1 - p), self.error**2, out=unknown, where=known))

    @property
    def lengths(self) -> Floats:
        """(K,) of the shifts, in standard deviations."""
        return np.asarray(np.sqrt((self.shifts**2).sum(axis=(1, 2))))

    def rows(self) -> Iterator[tuple[Fund, int, float, float, float, float]]:
        """Fund, calendar year, probability, standard error, effective paths with the event and effective
        plain paths."""
        figures = np.stack([self.probability, self.error, self.kish, self.effective], axis=-1).tolist()
        for f, fund in enumerate(self.case.funds):
            if fund in self.funds:
                for y, (p, error, kish, effective) in enumerate(figures[f]):
                    yield fund, self.case.first_year + y, p, error, kish, effective


def refused(case: Case, event: str) -> str:
    """Why an event cannot be weighted, or nothing."""
    if case.shocks.city_degrees_of_freedom is not None:
        return "importance sampling needs normal city shocks (shocks.city_degrees_of_freedom is given)"
    if event not in watchable(case):
        return f"expected one of {', '.join(watchable(case))}, found {event}"
    return ""


def watchable(case: Case) -> dict[str, list[Fund]]:
    """Events that can be weighted, and the funds whose rules know them."""
    out: dict[str, list[Fund]] = {}
    for fund in case.funds:
        for name in reported_events(case.rules[fund], case.options.below_months):
            out.setdefault(name, []).append(fund)
    return out


def rare_event(
    case: Case,
    event: str,
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    blocks_per_chunk: int | None = None,
    progress: Progress | None = None,
) -> Rare:
    """The event's probability by year from ``paths`` weighted paths; the same bytes for any ``threads`` and
    chunking.  ValueError for what ``refused`` refuses; ``progress`` as in ``simulate``."""
    if paths < 1:
        raise ValueError("paths: at least 1")
    if problem := refused(case, event):
        raise ValueError(problem)
    funds = watchable(case)[event]
    blocks = -(-paths // LANES)
    series = series_of(case, NO_SERIES)
    per_chunk = blocks_per_chunk or fitting_blocks(series, blocks, threads or usable_cores())
    workers = _workers(case, event, seed, threads, per_chunk)
    shifts, pilot_blocks = design_points(
        case, workers, [list(case.funds).index(fund) for fund in funds], per_chunk
    )
    mixture = Mixture(case, workers.noise, shifts, paths)
    sums = np.zeros((len(shifts), len(case.funds), case.years, 2, 2))  # with and without: ratios, squares
    with closing(replace(workers, paths=paths).run(mixture.chunks(per_chunk))) as parts:
        for part in parts:
            for b, hits in enumerate(part.hits):
                sums[mixture.shift_of(part.first + b)] += hits.reshape(sums.shape[1:])
            if progress is not None:
                progress(min((part.first + len(part.hits)) * LANES, paths))
    workers.check()
    n = np.maximum(mixture.paths, 1)[:, None, None, None]
    variance = np.maximum(sums[..., 1] - sums[..., 0] ** 2 / n, 0.0) * n / np.maximum(n - 1, 1)
    error = np.sqrt(variance.sum(axis=0)) / paths
    total, squares = np.moveaxis(sums.sum(axis=0), -1, 0)
    kish = np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)
    likely = total[..., 0] > paths / 2  # as weights of all paths make 1 in the mean alone
    return Rare(
        case,
        event,
        tuple(funds),
        paths,
        seed,
        probability=np.where(likely, 1 - np.minimum(total[..., 1] / paths, 1), total[..., 0] / paths),
        error=np.where(likely, error[..., 1], error[..., 0]),
        kish=np.where(likely, kish[..., 1], kish[..., 0]),
        shifts=shifts,
        pilot_paths=pilot_blocks * LANES,
    )


def _workers(case: Case, event: str, seed: int, threads: int | None, per_chunk: int) -> Workers:
    """Workers that weigh the event, for any number of paths."""
    plan, series = lower_case(case), series_of(case, NO_SERIES)
    index = next(
        names[event]
        for rules in case.rules.values()
        if event in (names := reported_events(rules, case.options.below_months))
    )
    tallies = [
        new_tally(case, series, per_chunk, new_sampled(case, event=index, blocks=per_chunk))
        for _ in range(threads or usable_cores())
    ]
    works = [new_work(case) for _ in tallies]
    return Workers(plan, lower_noise(case, plan, seed), 2**32, tallies, works)


def design_points(case: Case, workers: Workers, funds: list[int], per_chunk: int) -> tuple[Floats, int]:
    """Shifts (K, Y, 4), the first none, and the number of blocks it took to find them."""
    years = np.unique(np.round(np.geomspace(1, case.years, PILOT_YEARS)).astype(int)) - 1
    directions = adverse(case)
    asked = [(f, t) for f in funds for t in years]
    lengths = (np.arange(LANES) + 0.5) * (FARTHEST / LANES)

    def chunks() -> Iterator[Chunk]:
        for first in range(0, len(asked), per_chunk):
            some = np.array([directions[f, t] for f, t in asked[first : first + per_chunk]])
            given = (
                (some[..., None] * lengths).astype(np.float32).reshape(len(some), case.years, CELLS * LANES)
            )
            yield Chunk(PILOT_BLOCK + first, len(some), given, np.ones((len(some), case.years, LANES)))

    hits = np.concatenate([part.hits[..., 0] for part in workers.run(chunks())])
    shifts = [np.zeros((case.years, CELLS))]
    for f in funds:
        last = np.inf
        for n, (fund, t) in enumerate(asked):
            beta = FARTHEST * (1 - hits[n, f, t] / LANES)
            if fund == f and NEAREST_KEPT <= beta <= FARTHEST_KEPT and beta <= last - APART:
                shifts.append(beta * directions[f, t])
                last = beta
    return np.array(shifts), len(asked)
