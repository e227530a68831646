"""``fundsim readings``: which readings of a city's document decide what is found.

Every alternative reading is run by itself, on the same paths as the default, and if asked for in all
combinations with the others.  The two funds do not touch: each is run alone, and rules that are the same, but
for instruments that cannot show (``scenarios.rulebook.idle``), are run once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from scenarios.definition.lever import base_of, narrowed
from scenarios.definition.scenario import Scenario, build
from scenarios.definition.study import alternatives, singly, together
from scenarios.errors import InputError
from scenarios.questions.effects import OUTCOMES, Difference, Outcomes, differences, outcomes
from scenarios.questions.factorial import Shares, shares
from scenarios.rulebook.city import City
from scenarios.rulebook.idle import effective, reasons
from scenarios.rulebook.rows import Weight, one_of
from scenarios.runs.run import Progress, RunRequest, checked
from sim.model import Case, Fund

MAX_COMBINATIONS = 512
Choice = Mapping[str, str]
"""Reading id -> name, of those that are not at their default."""
Grid = Mapping[str, Sequence[str]]
"""Reading id -> its alternatives, of those that are combined."""


@dataclass(frozen=True)
class ReadingsRequest:
    """What a user asked for."""

    run: RunRequest
    """Readings that it chooses are not varied."""
    weights: tuple[Weight, ...] = ("main", "minority")
    combined: bool = True


@dataclass(frozen=True)
class Single:
    """One reading away from its default, in one fund."""

    fund: Fund
    reading: str
    name: str
    weight: Weight
    differences: tuple[Difference, ...]
    size: float
    """The largest difference over the one beyond which it matters."""
    decides: bool
    idle: tuple[str, ...]
    """Why it cannot show in this scenario; none where it can."""
    same_rules: bool
    """The fund's rules do not hang on it."""


@dataclass(frozen=True)
class Combined:
    """All combinations in one fund."""

    fund: Fund
    choices: tuple[Choice, ...]
    found: tuple[tuple[Difference, ...], ...]
    """By combination."""
    shares: Mapping[str, Shares]
    """By outcome that moves at all; axes are the readings varied."""


@dataclass(frozen=True)
class ReadingsFound:
    """Everything about a scenario's readings."""

    scenario: Scenario
    paths: int
    seed: int
    varied: tuple[str, ...]
    """Readings with an alternative of the wanted weights, in the order of the city's file."""
    fixed: tuple[str, ...]
    """Readings that the scenario itself has chosen."""
    held: tuple[str, ...]
    """Readings left at their default in the combinations, which would be too many."""
    defaults: Mapping[Fund, tuple[Difference, ...]]
    """The default's figures, less themselves."""
    singles: tuple[Single, ...]
    combined: tuple[Combined, ...]
    runs: int
    seconds: float

    def base_claims_yuan(self, fund: Fund) -> float:
        """The city's claims of the base year, 1 where there are none."""
        return base_claims_yuan(self.scenario.case, fund)


def base_claims_yuan(case: Case, fund: Fund) -> float:
    """The city's claims of the base year, 1 where there are none."""
    return float(sum(getattr(county, fund).base_claims_yuan for county in case.counties)) or 1.0


def parse_weights(text: str) -> tuple[Weight, ...]:
    """``main,minority`` as weights, each once; InputError."""
    known: tuple[Weight, ...] = get_args(Weight)
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    for part in parts:
        if part not in known:
            raise InputError("--weights", "", one_of(part, known))
    return tuple(weight for weight in known if weight in parts)


def decide(request: ReadingsRequest, progress: Progress = lambda done, of: None) -> ReadingsFound:
    """Run every wanted reading by itself, and all combinations where asked for.

    Raises InputError before anything is simulated, and for a city without such readings.
    """
    from sim.simulate import compile_kernels

    scenario, paths, seed = checked(request.run, "readings")
    fixed = tuple(scenario.file.readings)
    free = {at: each for at, each in scenario.city.readings.items() if at not in fixed}
    city = replace(scenario.city, readings=free)
    grid: Grid = alternatives(city, request.weights)
    varied, choices = tuple(grid), singly(grid)
    if not varied:
        expected = f"expected readings of weight {' or '.join(request.weights)}, found none in this city"
        raise InputError(scenario.path, "readings", expected)
    progress(0, paths)
    compile_kernels(scenario.case)
    started = time.perf_counter()
    runner = _Runner(scenario, request.run.threads, paths, seed, progress)
    grid = grid if request.combined else {}
    small = math.prod(1 + len(names) for names in grid.values()) <= MAX_COMBINATIONS
    runner.run([{}, *choices, *(together(grid) if small else [])])
    singles = tuple(runner.single(city, fund, choice) for fund in scenario.case.funds for choice in choices)
    if not small:
        grid = _largest(grid, singles)
        runner.run(together(grid))
    combined = tuple(runner.combined(fund, grid) for fund in scenario.case.funds if grid)
    defaults = {fund: runner.found(fund, {}) for fund in scenario.case.funds}
    held = tuple(at for at in varied if at not in grid) if grid else ()
    run = paths, seed, varied, fixed, held, defaults, singles, combined
    return ReadingsFound(scenario, *run, len(runner.known), time.perf_counter() - started)


def _largest(grid: Grid, singles: Sequence[Single]) -> Grid:
    """As many readings as there is room for, those that move most by themselves first."""
    moved: dict[str, float] = {}
    for single in singles:
        moved[single.reading] = max(moved.get(single.reading, 0.0), single.size)
    kept: set[str] = set()
    room = MAX_COMBINATIONS
    for at in sorted(grid, key=lambda at: -moved[at]):
        levels = 1 + len(grid[at])
        if levels <= room:
            room //= levels
            kept.add(at)
    return {at: names for at, names in grid.items() if at in kept}


class _Runner:
    """Runs each fund under each set of rules once, and compares it with the default."""

    def __init__(
        self, scenario: Scenario, threads: int | None, paths: int, seed: int, progress: Progress
    ) -> None:
        self.base = base_of(scenario)
        self.scenarios: dict[tuple[tuple[str, str], ...], Scenario] = {(): scenario}
        self.known: dict[tuple[Fund, str], tuple[Difference, ...]] = {}
        self.first: dict[Fund, Outcomes] = {}
        self.how = {"paths": paths, "seed": seed, "threads": threads}
        self.paths, self.progress, self.done = paths, progress, 0

    def run(self, choices: Iterable[Choice]) -> None:
        """Everything that is not known yet, the default first."""
        waiting: dict[tuple[Fund, str], Case] = {}
        for choice in choices:
            case = self.scenario(choice).case
            for fund in case.funds:
                if (key := self._key(fund, choice)) not in self.known:
                    waiting.setdefault(key, case)
        of = (self.done + len(waiting)) * self.paths
        for (fund, rules), case in waiting.items():
            alone = narrowed(case, fund, case.first_year + case.years - 1)
            found = outcomes(alone, **self.how)  # type: ignore[arg-type]
            first = self.first.setdefault(fund, found)
            self.known[fund, rules] = differences(first, found)
            self.done += 1
            self.progress(self.done * self.paths, of)

    def scenario(self, choice: Choice) -> Scenario:
        """The scenario under the readings."""
        key = tuple(choice.items())
        if key not in self.scenarios:
            self.scenarios[key] = build(self.base, {f"readings.{at}": name for at, name in choice.items()})
        return self.scenarios[key]

    def found(self, fund: Fund, choice: Choice) -> tuple[Difference, ...]:
        """What the readings come to."""
        return self.known[self._key(fund, choice)]

    def single(self, city: City, fund: Fund, choice: Choice) -> Single:
        """One reading by itself."""
        [(at, name)] = choice.items()
        weight = next(each.weight for each in city.readings[at].alternative if each.name == name)
        default, other = (self.scenario(each).case for each in ({}, choice))
        rules = default.rules[fund], other.rules[fund]
        idle = effective(default, fund) == effective(other, fund)
        claims = base_claims_yuan(default, fund)
        found = self.found(fund, choice)
        return Single(
            fund,
            at,
            name,
            weight,
            found,
            max(each.size(claims) for each in found),
            any(each.decides(claims) for each in found),
            tuple(reasons(*rules)) if idle else (),
            rules[0] == rules[1],
        )

    def combined(self, fund: Fund, grid: Grid) -> Combined:
        """All combinations, and who explains what of them."""
        choices = together(grid)
        found = tuple(self.found(fund, choice) for choice in choices)
        size = [1 + len(names) for names in grid.values()]
        tables = {
            name: np.array([each[at].difference for each in found]).reshape(size)
            for at, name in enumerate(OUTCOMES)
        }
        explained = {name: each for name, table in tables.items() if (each := shares(table)) is not None}
        return Combined(fund, tuple(choices), found, explained)

    def _key(self, fund: Fund, choice: Choice) -> tuple[Fund, str]:
        return fund, effective(self.scenario(choice).case, fund).model_dump_json()
