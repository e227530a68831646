"""The mildest shocks under which an event happens: reverse stress.

Shocks of the city, eps (Y years of 4 cells) in standard normal units, act on one path on which nothing else
is left to chance: counties and months follow the city, no epidemic comes.  Of all eps that bring the event
about by a year, the one of least norm is the likeliest.  It is the design point of first-order reliability
(Hasofer and Lind 1974), its norm beta the reliability index: were the event's boundary flat, the event would
have the probability Phi(-beta); outside the ball of radius beta alone, so at most that of chi-square.

Along a direction d the event comes at a distance r(d), found by laying ever finer distances into the lanes of
a block and looking in which of them it happens.  SciPy minimises r over directions; its gradient is
-r grad g / (grad g . d), where g is the event's margin in months, the least of all years, and grad g is taken
a little before the boundary, for beyond it a fund that is empty stays at 0.  Cash is looked at every month:
where treasuries refill a fund in December, its margin is what it had before.  The search starts where the
linear response of reserves points (``sim.directions``) and is local: another, milder way may exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.directions import adverse, deviations
from sim.kernels.by_path import ByPath
from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS
from sim.lower import lower_case, lower_noise
from sim.metrics import reported_events
from sim.model import Case, Fund
from sim.sampling import Chunk
from sim.series import Wanted, series_of
from sim.simulate import Workers, new_by_path, new_tally, new_work

FARTHEST = 10.0
"""Standard deviations, beyond which no path is looked for."""
BEFORE, STEP = 0.05, 0.02
"""How far before the boundary a gradient is taken, and its differences' half width."""
STARTS, TRIED = 8, 2
"""Years whose direction is looked at; how many of them the search starts from."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stress:
    """The likeliest shocks that bring an event about."""

    case: Case
    event: str
    fund: Fund
    years: int
    """Simulated years by whose end it is to happen."""
    beta: float
    """Norm of ``shocks``; 0 where it happens without any, infinite where none up to ``FARTHEST`` do."""
    shocks: Floats
    """(Y, 4) in standard normal units, independent of each other; 0 after ``years``."""
    median: Floats
    """(Y,) months of capacity (in cash, for cash_depletion) without shocks."""
    stressed: Floats
    """(Y,) with them."""

    @property
    def innovations(self) -> Floats:
        """(Y, 4) the year's shock of each cell in its own standard deviations."""
        return np.asarray(self.shocks @ np.linalg.cholesky(np.array(self.case.shocks.city_correlation)).T)

    @property
    def against_median(self) -> Floats:
        """(Y, 4) contributions and claims over those without shocks, less 1."""
        return np.asarray(np.expm1(np.tensordot(deviations(self.case), self.shocks, 2)))

    @property
    def first_order(self) -> float:
        """Phi(-beta): the event's probability by the city's shocks, were its boundary flat."""
        from scipy.special import ndtr

        return float(ndtr(-self.beta))

    @property
    def at_most(self) -> float:
        """Of all shocks up to the year the share at least as large: no event of theirs is likelier."""
        from scipy.special import chdtrc

        return float(chdtrc(CELLS * self.years, self.beta**2)) if np.isfinite(self.beta) else 0.0


def margins(case: Case) -> dict[str, tuple[str, float]]:
    """Events that have a margin: the metric by year, and the months at or near which they happen."""
    below = {f"below_{n:g}_months": ("months_of_capacity", n) for n in case.options.below_months}
    depletion = {name: (metric, 0.0) for name, metric in DEPLETION.items()}
    return depletion | below


DEPLETION = {"reserve_depletion": "months_of_capacity", "cash_depletion": "cash_months"}
TREASURIES = ("outlay:county_treasury", "outlay:city_treasury")


def refused(case: Case) -> str:
    """Why no shocks can be looked for, or nothing."""
    if case.shocks.city_degrees_of_freedom is not None:
        return "reverse stress needs normal city shocks (shocks.city_degrees_of_freedom is given)"
    if not any(case.shocks.city_volatility):
        return "reverse stress needs shocks of the city, and shocks.city_volatility is 0"
    return ""


def mildest(case: Case, event: str, fund: Fund, years: int | None = None) -> Stress:
    """The least shocks under which the event happens by the end of ``years`` simulated years (all).

    ValueError for what ``refused`` refuses, or an event without a margin.
    """
    from scipy.optimize import minimize

    if problem := refused(case):
        raise ValueError(problem)
    if event not in margins(case):
        raise ValueError(f"expected one of {', '.join(margins(case))}, found {event}")
    span = case.years if years is None else years
    path = _Path(case, event, fund, span)
    nothing = np.zeros((case.years, CELLS))
    median = path.months(nothing[None])[0]

    def done(beta: float, direction: Floats) -> Stress:
        shocks = nothing.copy()
        shocks[:span] = (beta if np.isfinite(beta) else 0.0) * direction
        stressed = path.months(shocks[None])[0]
        return Stress(case, event, fund, span, beta, shocks, median, stressed)

    if path.happens(nothing[None])[0]:
        return done(0.0, nothing[:span])
    best = (np.inf, nothing[:span])
    for start in _starts(case, fund, span, path):

        def distance(flat: Floats) -> tuple[float, Floats]:
            nonlocal best
            length = np.sqrt((flat**2).sum())
            direction = (flat / length).reshape(span, CELLS)
            r, gradient = path.distance(direction)
            if r < best[0] and r <= FARTHEST:
                best = (r, direction)
            across = gradient - (gradient * direction).sum() * direction  # r does not depend on the length
            return r, across.ravel() / length

        minimize(distance, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 40, "ftol": 1e-6})
    return done(*best)


class _Path:
    """The one path on which only the city's shocks act, many of them at a time, one to a lane."""

    def __init__(self, case: Case, event: str, fund: Fund, span: int) -> None:
        still, f = _still(case), list(case.funds).index(fund)
        metric, self.threshold = margins(case)[event]
        refilled = (*TREASURIES, "cash_reserves") if metric == "cash_months" else ()
        refilled = refilled if case.rules[fund].settlement.month == 0 else ()
        series = series_of(still, Wanted(frozenset({metric, *refilled}), counties=False))

        def rows(name: str) -> list[int]:
            keys = enumerate(series.keys)
            return [i for i, key in keys if (key.fund, key.metric) == (f, name) and key.year >= 0]

        self.metric, self.refilled = rows(metric), [rows(name) for name in refilled]
        self.event = f, reported_events(case.rules[fund], case.options.below_months)[event]
        self.years, self.span = case.years, span
        noted = new_by_path(still, 1, len(series.keys))
        tally, plan = new_tally(still, series, 1, by_path=noted), lower_case(still)
        self.crew = Workers(plan, lower_noise(still, plan, 0), LANES, [tally], [new_work(still)])

    def months(self, shocks: Floats) -> Floats:
        """(n, Y, 4) → (n, Y) months at each year's end."""
        return np.concatenate([part.values[0][self.metric, :n].T for part, n in self._run(shocks)])

    def happens(self, shocks: Floats) -> NDArray[np.bool_]:
        """(n, Y, 4) → (n,) whether the event comes in a year that counts."""
        years = [part.years[(0, *self.event)][:n] for part, n in self._run(shocks)]
        return np.asarray((first := np.concatenate(years)) >= 0) & (first < self.span)

    def margin(self, shocks: Floats) -> Floats:
        """(n, Y, 4) → (n, span) months above the event's threshold in the years that count."""
        found = []
        for part, n in self._run(shocks):
            months = part.values[0][self.metric, :n]
            if self.refilled:
                *outlays, reserves = (part.values[0][rows, :n] for rows in self.refilled)
                left = reserves - sum(outlays)
                months = months * np.divide(left, reserves, out=np.zeros_like(left), where=reserves != 0)
            found.append(months.T)
        return np.concatenate(found)[:, : self.span] - self.threshold

    def _run(self, shocks: Floats) -> Iterator[tuple[ByPath, int]]:
        """What paths with such shocks noted, a block at a time, and how many they are."""
        for first in range(0, len(shocks), LANES):
            some = shocks[first : first + LANES]
            given = np.zeros((1, self.years, CELLS, LANES), np.float32)
            given[0, ..., : len(some)] = np.moveaxis(some, 0, -1)
            chunk = Chunk(0, 1, given.reshape(1, self.years, CELLS * LANES))
            mine = self.crew.works[0], self.crew.tallies[0]
            part = self.crew.run_chunk(mine, chunk, np.zeros(1, np.uint8))
            self.crew.check()
            yield part.by_path, len(some)

    def along(self, direction: Floats, lengths: Floats) -> Floats:
        """(n, Y, 4): a direction (span, 4) at several lengths (n,)."""
        shocks = np.zeros((len(lengths), self.years, CELLS))
        shocks[:, : self.span] = lengths[:, None, None] * direction
        return shocks

    def distance(self, direction: Floats) -> tuple[float, Floats]:
        """r(d) of a unit direction (span, 4), and its gradient; beyond ``FARTHEST`` it goes on by the margin
        that is left there."""
        low, high = 0.0, FARTHEST
        for _ in range(3):
            lengths = low + (high - low) * (np.arange(LANES) + 1) / LANES
            happens = self.happens(self.along(direction, lengths))
            if not happens.any():
                left, slope = self.slope(direction, high)
                return high + max(left, STEP), high * slope  # beyond, though the year's end have no margin
            first = int(happens.argmax())
            high = float(lengths[first])
            low = float(lengths[first - 1]) if first else low
        _, slope = self.slope(direction, max(high - BEFORE, high / 2))
        steep = (slope * direction).sum()
        return high, (-high / steep * slope if steep < 0 else np.zeros_like(slope))

    def slope(self, direction: Floats, length: float) -> tuple[float, Floats]:
        """The least margin there, and its gradient (span, 4) by central differences."""
        at = self.along(direction, np.array([length]))
        margin = self.margin(at)[0]
        year, n = int(margin.argmin()), self.span * CELLS
        steps = np.zeros((2 * n, self.years * CELLS))
        steps[np.arange(n), np.arange(n)] = STEP
        steps[n + np.arange(n), np.arange(n)] = -STEP
        moved = self.margin(at + steps.reshape(2 * n, self.years, CELLS))[:, year]
        return float(margin[year]), ((moved[:n] - moved[n:]) / (2 * STEP)).reshape(self.span, CELLS)


def _starts(case: Case, fund: Fund, span: int, path: _Path) -> list[Floats]:
    """Unit directions (span, 4) along which the event comes soonest."""
    f = list(case.funds).index(fund)
    years = np.unique(np.round(np.geomspace(1, span, STARTS)).astype(int)) - 1
    directions = [each[:span] for each in adverse(case)[f, years] if (each**2).sum() > 0]
    found = sorted((path.distance(each)[0], i) for i, each in enumerate(directions))
    return [directions[i] for _, i in found[:TRIED]]


def _still(case: Case) -> Case:
    """The case with the city's shocks alone."""
    quiet = (0.0,) * CELLS
    epidemic = case.shocks.epidemic.model_copy(update={"probability": 0.0})
    shocks = case.shocks.model_copy(
        update={"county_volatility": quiet, "monthly_volatility": quiet, "epidemic": epidemic}
    )
    excellent = float(case.options.excellent_probability >= 0.5)
    options = case.options.model_copy(update={"excellent_probability": excellent})
    return case.model_copy(update={"shocks": shocks, "options": options})
