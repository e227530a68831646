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
from scenarios.definition.study import ReadingsWanted, reading_choices
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
    choices = _choices(city, request.weights, "singly")[1:]
    varied = tuple(dict.fromkeys(at for choice in choices for at in choice))
    if not varied:
        expected = f"expected readings of weight {' or '.join(request.weights)}, found none in this city"
        raise InputError(scenario.path, "readings", expected)
    progress(0, paths)
    compile_kernels(scenario.case)
    started = time.perf_counter()
    runner = _Runner(scenario, request.run.threads, paths, seed, progress)
    grid = _grid(city, request.weights, varied) if request.combined else []
    small = math.prod(map(len, grid)) <= MAX_COMBINATIONS
    runner.run([{}, *choices, *(_product(grid) if small else [])])
    singles = tuple(runner.single(city, fund, choice) for fund in scenario.case.funds for choice in choices)
    held: tuple[str, ...] = ()
    if not small:
        grid, held = _largest(grid, singles)
        runner.run(_product(grid))
    combined = tuple(runner.combined(fund, grid) for fund in scenario.case.funds if grid)
    defaults = {fund: runner.found(fund, {}) for fund in scenario.case.funds}
    run = paths, seed, varied, fixed, held, defaults, singles, combined
    return ReadingsFound(scenario, *run, len(runner.known), time.perf_counter() - started)


Option = tuple[tuple[str, str] | None, ...]
"""A reading's levels: its default as None, then (id, name) of each alternative."""


def _choices(city: City, weights: tuple[Weight, ...], how: str) -> list[dict[str, str]]:
    return reading_choices(city, ReadingsWanted.model_validate({"how": how, "weights": weights}))


def _grid(city: City, weights: tuple[Weight, ...], varied: Iterable[str]) -> list[Option]:
    """The levels of each reading, the default first."""
    singly = [next(iter(choice.items())) for choice in _choices(city, weights, "singly")[1:]]
    return [(None, *(pair for pair in singly if pair[0] == at)) for at in varied]


def _product(grid: Sequence[Option]) -> list[Choice]:
    """Every combination, the last reading varying fastest."""
    from itertools import product

    return [dict(pair for pair in pairs if pair is not None) for pairs in product(*grid)]


def _largest(grid: list[Option], singles: Sequence[Single]) -> tuple[list[Option], tuple[str, ...]]:
    """As many readings as there is room for, those that move most by themselves first; and the others."""
    moved: dict[str, float] = {}
    for single in singles:
        moved[single.reading] = max(moved.get(single.reading, 0.0), single.size)
    kept: set[str] = set()
    room = MAX_COMBINATIONS
    for option in sorted(grid, key=lambda option: -moved[option[1][0]]):  # type: ignore[index]
        if len(option) <= room:
            room //= len(option)
            kept.add(option[1][0])  # type: ignore[index]
    names = [option[1][0] for option in grid]  # type: ignore[index]
    left = tuple(name for name in names if name not in kept)
    return [option for option, name in zip(grid, names, strict=True) if name in kept], left


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

    def combined(self, fund: Fund, grid: Sequence[Option]) -> Combined:
        """All combinations, and who explains what of them."""
        choices = _product(grid)
        found = tuple(self.found(fund, choice) for choice in choices)
        size = [len(option) for option in grid]
        tables = {
            name: np.array([each[at].difference for each in found]).reshape(size)
            for at, name in enumerate(OUTCOMES)
        }
        explained = {name: each for name, table in tables.items() if (each := shares(table)) is not None}
        return Combined(fund, tuple(choices), found, explained)

    def _key(self, fund: Fund, choice: Choice) -> tuple[Fund, str]:
        return fund, effective(self.scenario(choice).case, fund).model_dump_json()
