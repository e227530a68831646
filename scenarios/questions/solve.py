"""``fundsim solve``: the value of a lever at which an event has a wanted probability.

Every value of the lever meets the same paths, of the fund alone whose event it is and up to the year that is
asked about; nothing but the event is tallied.  Who pays is measured at the present value and at each answer,
over the same years.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from scenarios.definition.lever import Lever, base_of, find_lever, narrowed
from scenarios.definition.scenario import Base, Scenario, build
from scenarios.errors import InputError
from scenarios.questions.crossing import Answer, Hits, Solution, least_paths, solve_step
from scenarios.rulebook.rows import one_of
from scenarios.runs.run import RunRequest, checked
from scenarios.runs.summary import LINES
from sim.model import Case

Told = Callable[[int, float | None, float], None]
"""Called after each run: how many so far, the lever's value (None: the present), the probability; with 0
while the kernels are made ready."""
STATISTICS = ("mean", "tvar95")
LEAST_TARGET = 1e-8
"""Also of not having the event: what is rarer needs more paths than there can be."""
LEAST_DOUBT = 1e-6
"""About an interval: with none at all it would have no ends."""
BURDEN = frozenset({*(f"{line}:discounted" for line in LINES), "unfunded"})


@dataclass(frozen=True)
class SolveRequest:
    """What a user asked for; ``None`` leaves it to the scenario."""

    run: RunRequest
    """The scenario, paths, seed, threads and rules; the years are those of the scenario."""
    lever: str
    """A short name of ``scenarios.definition.lever``, or any numeric address."""
    target: float
    """The wanted probability."""
    event: str = "reserve_depletion"
    fund: str | None = None
    by: int | None = None
    """The last calendar year in which the event counts; None: that of the scenario."""
    range: tuple[float, float] | None = None
    """Where to look; None: a usual range."""
    confidence: float = 0.95


@dataclass(frozen=True)
class Burden:
    """Who pays at one value of the lever, over the years asked about."""

    value: float | None
    """None: the scenario as it is."""
    yuan: Mapping[str, Mapping[str, tuple[float, float]]]
    """Line -> statistic -> yuan and standard error; discounted, but ``unfunded``, the stock at the end."""


@dataclass(frozen=True)
class Solved:
    """What was found."""

    question: Question
    solution: Solution
    present: float
    """The probability with the scenario as it is."""
    burdens: tuple[Burden, ...]
    """Of the scenario as it is, then of each answer."""
    runs: int
    """Simulations, those of the burdens among them."""
    seconds: float

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Every value at which the event has the probability."""
        return self.solution.answers


@dataclass(frozen=True)
class Question:
    """A request read and checked."""

    request: SolveRequest
    base: Base
    lever: Lever
    low: float
    high: float
    by: int
    event: int
    """Its place among the kernels' events."""
    paths: int
    seed: int

    @cached_property
    def scenario(self) -> Scenario:
        """As it is, of the fund and the years asked about."""
        return self._narrowed(build(self.base, {}))

    def at(self, value: float) -> Case:
        """The case with the lever at a value.  InputError where it cannot be there."""
        try:
            return self._narrowed(build(self.base, {self.lever.address: value})).case
        except InputError as error:
            place = f"{self.lever.name} = {value:g}"
            raise InputError("--lever", place, error.expected) from None

    def hits(self, case: Case) -> Hits:
        """The paths on which the event comes in time."""
        from sim.paths import event_years

        threads = self.request.run.threads
        years = event_years(case, paths=self.paths, seed=self.seed, threads=threads)
        return years.city[:, 0, self.event] >= 0

    def _narrowed(self, scenario: Scenario) -> Scenario:
        return replace(scenario, case=narrowed(scenario.case, self.lever.fund, self.by))


def ask(request: SolveRequest) -> Question:
    """The request read and checked; InputError."""
    from sim.metrics import reported_events

    scenario, paths, seed = checked(request.run, "solve")
    base = base_of(scenario)
    case, lever = scenario.case, find_lever(base, request.lever, request.fund)
    events = reported_events(case.rules[lever.fund], case.options.below_months)
    if request.event not in events:
        raise InputError("--event", "", one_of(request.event, events))
    for option, share, least in (
        ("--target", request.target, LEAST_TARGET),
        ("--confidence", request.confidence, LEAST_DOUBT),
    ):
        if not least <= share <= 1 - least:
            expected = f"expected a number from {least:g} to {1 - least:.8g}, found {share}"
            raise InputError(option, "", expected)
    last = case.first_year + case.years - 1
    by = last if request.by is None else request.by
    if not case.first_year <= by <= last:
        raise InputError("--by", "", f"expected a year from {case.first_year} to {last}, found {by}")
    if paths < (least := least_paths(request.target)):
        expected = f"expected at least {least:,} for a target of {request.target:g}, found {paths:,}"
        raise InputError("--paths", "", expected)
    low, high = lever.range(request.range)
    question = Question(request, base, lever, low, high, by, events[request.event], paths, seed)
    for value in (low, high):
        question.at(value)  # refused before anything runs
    return question


def solve(request: SolveRequest, told: Told = lambda runs, value, probability: None) -> Solved:
    """Every value of the lever in the range at which the event has the wanted probability by the year.

    ``told`` is called after each run.  Raises InputError before anything is simulated.
    """
    from sim.simulate import compile_kernels

    question = ask(request)
    told(0, None, math.nan)
    compile_kernels(question.scenario.case)
    started, runs = time.perf_counter(), 0

    def hits(case: Case, value: float | None) -> Hits:
        nonlocal runs
        found = question.hits(case)
        runs += 1
        told(runs, value, float(found.mean()))
        return found

    now = float(hits(question.scenario.case, None).mean())
    solution = solve_step(
        lambda value: hits(question.at(value), value),
        question.low,
        question.high,
        request.target,
        confidence=request.confidence,
    )
    burdens = [_burden(question, question.scenario.case, None)]
    burdens += [_burden(question, question.at(answer.value), answer.value) for answer in solution.answers]
    seconds = time.perf_counter() - started
    return Solved(question, solution, now, tuple(burdens), runs + len(burdens), seconds)


def _burden(question: Question, case: Case, value: float | None) -> Burden:
    """Who pays at one value."""
    from sim.metrics import metrics_columns
    from sim.series import Wanted
    from sim.simulate import simulate

    wanted = Wanted(BURDEN, counties=False)
    run = {"paths": question.paths, "seed": question.seed, "threads": question.request.run.threads}
    columns, _ = metrics_columns(simulate(case, **run, wanted=wanted), "")  # type: ignore[arg-type]
    yuan: dict[str, dict[str, tuple[float, float]]] = {}
    names = ("metric", "statistic", "year", "value", "std_error")
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    for metric, statistic, year, amount, error in rows:
        if statistic in STATISTICS and (math.isnan(year) or year == question.by):
            yuan.setdefault(metric.removesuffix(":discounted"), {})[statistic] = amount, error
    return Burden(value, yuan)
