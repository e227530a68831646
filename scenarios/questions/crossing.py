"""Where a simulated probability meets a target: all crossings of a step function, and their intervals.

On the same paths the share of paths with an event is a step function of a lever: it moves by whole paths,
at values that belong to single paths.  A crossing is a value at which round(target x paths) paths have the
event.  A coarse grid finds the crossings, and Brent's method goes to each; on the normal scale such functions
are nearly straight, and it ends on the very path.

A confidence interval holds the values at which a test keeps the target: those whose share of paths has it
inside its Wilson interval, which is a band of whole paths around the crossing.  Whether the true value is
inside hangs on the paths at the true value alone, so it is covered as often as a binomial share is, no matter
that all values see the same paths.  An end errs outward, by one path at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
"""(paths,): whether the event came."""
Simulate = Callable[[float], Hits]
GRID = 9
"""Values of the coarse grid, both ends of the range among them."""
TOLERANCE = 1e-6
"""Of the range: where a step takes several paths at once, the crossing is known so closely."""
CLEAR = 3.0
"""Standard errors beyond which the probability is said to turn back."""


@dataclass(frozen=True)
class Answer:
    """A value of the lever at which the probability meets the target."""

    value: float
    probability: float
    """At the value; where a step takes several paths at once, that of the side with the fewer."""
    low: float
    high: float
    """The confidence interval; an end of the range where it goes on beyond."""
    open: tuple[bool, bool]
    """Whether it goes on beyond the range, below and above."""
    step: tuple[float, float] | None = None
    """Probabilities on both sides of a step that takes several paths at once; None for a single path."""


@dataclass(frozen=True)
class Tried:
    """What one value of the lever came to."""

    value: float
    count: int
    """Paths with the event."""
    kept: bool
    """Whether the test keeps the target there."""


@dataclass(frozen=True)
class Solution:
    """All crossings in a range, and what was tried, both in ascending order."""

    answers: tuple[Answer, ...]
    tried: tuple[Tried, ...]
    paths: int
    turns: bool
    """Whether the probability clearly both rises and falls over the range."""


def least_paths(target: float) -> int:
    """Paths without which too few of them would have the event, or not have it, to say anything: ten."""
    return math.ceil(10 / min(target, 1 - target))


def band(target: float, paths: int, z: float) -> tuple[int, int]:
    """The lowest and the highest number of paths whose Wilson interval holds the target."""
    half = z * math.sqrt(paths * target * (1 - target))
    return max(0, math.ceil(paths * target - half)), min(paths, math.floor(paths * target + half))


def solve_step(
    simulate: Simulate, low: float, high: float, target: float, *, confidence: float = 0.95
) -> Solution:
    """Every crossing of ``target`` in ``low`` to ``high`` that a grid of nine values shows.

    ``simulate`` gives the same paths at every value.  ValueError for too few of them (``least_paths``).
    """
    from scipy.special import ndtri

    trials = _Trials(simulate)
    for value in np.linspace(low, high, GRID).tolist():
        trials.count(value)
    paths = trials.paths
    if paths < least_paths(target):
        raise ValueError(f"a target of {target:g} needs {least_paths(target)} paths, found {paths}")
    edge = band(target, paths, float(ndtri((1 + confidence) / 2)))
    search = _Search(trials, round(target * paths), edge, TOLERANCE * (high - low))
    answers = tuple(search.answer(value) for value in search.crossings())
    tried = tuple(Tried(value, count, search.kept(value)) for value, count in sorted(trials.counts.items()))
    return Solution(answers, tried, paths, trials.turn())


@dataclass
class _Trials:
    """Runs each value once."""

    simulate: Simulate
    hits: dict[float, Hits] = field(default_factory=dict)
    counts: dict[float, int] = field(default_factory=dict)

    @property
    def paths(self) -> int:
        """How many each value is run on."""
        return len(next(iter(self.hits.values())))

    def count(self, value: float) -> int:
        """Paths with the event."""
        if value not in self.counts:
            self.hits[value] = self.simulate(value)
            self.counts[value] = int(self.hits[value].sum())
        return self.counts[value]

    def turn(self) -> bool:
        """Whether the share clearly rises between some neighbours and falls between others."""
        ways = set()
        for one, two in pairwise(sorted(self.hits)):
            before, after = self.hits[one], self.hits[two]
            came, went = int((after & ~before).sum()), int((before & ~after).sum())
            error = math.sqrt(came + went - (came - went) ** 2 / self.paths)
            if abs(came - went) > CLEAR * error:
                ways.add(came > went)
        return len(ways) == 2


@dataclass(frozen=True)
class _Search:
    """Crossings among the trials so far, and further trials towards them."""

    trials: _Trials
    wanted: int
    """Paths with the event at a crossing."""
    edge: tuple[int, int]
    """The lowest and the highest number of paths at which the test keeps the target."""
    tolerance: float

    def crossings(self) -> list[float]:
        """Of the grid: values that have the wanted number, and one between neighbours on both sides of it."""
        found: list[float] = []
        grid = [(value, self.trials.count(value) - self.wanted) for value in sorted(self.trials.counts)]
        for (one, before), (two, after) in pairwise([(math.nan, math.nan), *grid]):
            if after == 0 != before:
                found.append(two)
            elif before * after < 0:
                found.append(self.root(one, two, self.wanted))
        return found

    def root(self, one: float, two: float, wanted: int) -> float:
        """A value between two that have fewer and more paths than wanted, with just as many if any has."""
        from scipy.optimize import brentq
        from scipy.special import ndtri

        paths = self.trials.paths

        def normal(count: int) -> float:
            return float(ndtri((count + 0.5) / (paths + 1)))

        def distance(value: float) -> float:
            return normal(self.trials.count(value)) - normal(wanted)

        return float(brentq(distance, one, two, xtol=self.tolerance))

    def answer(self, value: float) -> Answer:
        """The crossing at or beside a value, with its interval."""
        below = above = value
        step = None
        if self.trials.count(value) != self.wanted:
            below, above = self.beside(value)
            value = min(below, above, key=self.trials.count)
            step = self.share(below), self.share(above)
        low, high = self.end(below, -1), self.end(above, 1)
        return Answer(value, self.share(value), low[0], high[0], (low[1], high[1]), step)

    def share(self, value: float) -> float:
        """Of all paths, those with the event."""
        return self.trials.count(value) / self.trials.paths

    def kept(self, value: float) -> bool:
        """Whether the test keeps the target."""
        return self.edge[0] <= self.trials.count(value) <= self.edge[1]

    def beside(self, value: float) -> tuple[float, float]:
        """The two values, this and a neighbour, that a step over the wanted number lies between."""
        tried = sorted(self.trials.counts)
        at = tried.index(value)
        side = self.trials.count(value) - self.wanted
        near = tried[max(at - 1, 0) : at + 2]
        other = next(each for each in near if side * (self.trials.count(each) - self.wanted) < 0)
        return min(value, other), max(value, other)

    def end(self, inside: float, way: int) -> tuple[float, bool]:
        """The interval's end on one side (-1 or 1), and whether it goes on beyond the range."""
        if not self.kept(inside):
            return inside, False
        for other in sorted(self.trials.counts, reverse=way < 0):
            if (other - inside) * way <= 0:
                continue
            if not self.kept(other):
                beyond = self.edge[1] + 1 if self.trials.count(other) > self.edge[1] else self.edge[0] - 1
                return self.root(min(inside, other), max(inside, other), beyond), False
            inside = other
        return inside, True
