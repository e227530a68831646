"""A study: one scenario file in which levers and uncertainties vary, and the points at which it is run.

Policies are combinations of levers' values, futures are combinations or samples of the uncertainties', and
every policy meets every future under every reading:

    extends = ["taizhou", "linyi"]        # one base, or several; "prefectures": all of China's
    [levers]                              # always all combinations
    policy.employee.reserve_months = [3, 6, 9]
    rules = ["zhejiang", "full-pooling"]
    [uncertainties]
    trend.employee.claims = { range = [-0.01, 0.02] }
    readings = "singly"                   # or "combined", or { how = "combined", weights = ["main"] }
    [outcomes]
    metrics = ["event:reserve_depletion", "months_of_capacity"]
    [design]
    futures = "sobol"                     # or "lhs"; "grid", the default, takes all combinations
    samples = 256

``[[design.list]]`` tables of addresses take the place of both.  Everything is drawn before anything runs, in
one order; a point's id is a hash of what it holds, so that an interrupted study knows what it has done.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError

from scenarios.definition.addresses import leaves
from scenarios.definition.scenario import (
    Base,
    Scenario,
    build,
    changed,
    check_varies,
    content_id,
    load_base,
    present,
)
from scenarios.definition.scenario_file import PREFECTURES, RULES_KEYS, builtin_scenarios, find_scenario
from scenarios.definition.variation import Variation
from scenarios.errors import InputError
from scenarios.held import content_sha256, is_there
from scenarios.rulebook.city import City
from scenarios.rulebook.rows import Weight, one_of, read_toml, record, refusal
from sim.rules import Instrument

OUTCOMES = (
    *("event:reserve_depletion", "event:unfunded", "event:treasury_call", "months_of_capacity"),
    *("outlay:county_treasury", "outlay:city_treasury", "outlay:runoff", "unfunded"),
    *("adjustment:claims", "adjustment:contributions"),
)
STUDIES = Path(__file__).parents[1] / "studies"
MAX_POINTS = 1_000_000


class Outcomes(Instrument):
    """What a study keeps of each scenario."""

    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = OUTCOMES
    """Names as in the metrics table."""
    counties: bool = False
    """The counties' rows too."""
    years: tuple[int, ...] | None = None
    """Calendar years; without them all.  Whole-horizon figures are kept always."""


def _present_or_table(given: Any) -> Any:
    if given is not None and given != "present" and not isinstance(given, dict):
        raise ValueError(f'expected "present" or a table of addresses and values, found {given!r:.60}')
    return given


class Design(Instrument):
    """How futures are drawn."""

    futures: Literal["grid", "lhs", "sobol"] = "grid"
    samples: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = None
    seed: Annotated[int, Field(ge=0)] = 1
    baseline: Annotated[dict[str, Any] | Literal["present"] | None, BeforeValidator(_present_or_table)] = None
    """What each scenario is compared with, on the same random numbers: its base with the present value of all
    that varies, and these values at these addresses."""
    list: tuple[dict[str, Any], ...] = ()
    """Points one by one, in place of levers and uncertainties."""


class ReadingsWanted(Instrument):
    """Which alternative readings are run, beside the default."""

    how: Literal["singly", "combined"]
    weights: tuple[Weight, ...] = ("main", "minority")


@dataclass(frozen=True)
class Point:
    """One scenario of a study."""

    id: str
    number: int
    """From 0, in the study's order."""
    base: int
    values: Mapping[str, Any]
    """By address, what differs from the base."""


@dataclass(frozen=True)
class Study:
    """A study's file, read and checked."""

    path: Path
    name: str
    bases: tuple[Base, ...]
    base_names: tuple[str, ...]
    """As ``extends`` has them."""
    outcomes: Outcomes
    design: Design
    readings: ReadingsWanted | None = None
    baselines: tuple[Scenario, ...] = ()
    """One for each base, where the design has a baseline."""

    def points(self) -> list[Point]:
        """Every scenario in order; InputError where there are too many, or none can be drawn."""
        self._check_number("design", self._fewest())
        found: dict[str, Point] = {}
        digest = cache(partial(_digest, self.path.parent))
        contents = [content_id(_content(base.file.model_dump(mode="json"), digest)) for base in self.bases]
        for b, values in self._values():
            content = [contents[b], _content(values, digest)]
            same = content_id(_numbers_alike(content))
            if same not in found:
                found[same] = Point(content_id(content), len(found), b, values)
            self._check_number("design", len(found))
        return list(found.values())

    def scenario(self, point: Point) -> Scenario:
        """The scenario at a point; InputError where its values cannot be."""
        return build(self.bases[point.base], point.values)

    def _check_number(self, place: str, number: int) -> None:
        if number > MAX_POINTS:
            expected = f"expected at most {MAX_POINTS:,} scenarios, found {number:,} or more"
            raise InputError(self.path, place, expected)

    def _fewest(self) -> int:
        """How many scenarios there are but for readings: told before any is made, for memory is finite."""
        if self.design.list:
            return len(self.bases) * len(self.design.list)
        return sum(_sizes(base.levers) * self._number_of_futures(base) for base in self.bases)

    def _number_of_futures(self, base: Base) -> int:
        varied = {at: each for at, each in base.uncertainties.items() if at != "readings" and each.varies}
        return _sizes(varied) if self.design.futures == "grid" else (self.design.samples or 1) ** bool(varied)

    def _values(self) -> Iterator[tuple[int, dict[str, Any]]]:
        if self.design.list:
            rows = [dict(leaves(row)) for row in self.design.list]
            yield from itertools.product(range(len(self.bases)), rows)
            return
        for b, base in enumerate(self.bases):
            policies = combinations(base.levers)
            futures = self._futures(base)
            for policy in policies:
                choices = self._readings(base, policy)
                for future, readings in itertools.product(futures, choices):
                    yield b, {**policy, **readings, **future}

    def _futures(self, base: Base) -> list[dict[str, Any]]:
        varied = {at: each for at, each in base.uncertainties.items() if at != "readings"}
        if self.design.futures == "grid":
            for at, each in varied.items():
                if each.values is None:
                    expected = 'a range needs design.futures = "lhs" or "sobol", and design.samples'
                    raise InputError(self.path, f"uncertainties.{at}", expected)
            return combinations(varied)
        fixed = {at: each.present for at, each in varied.items() if not each.varies}
        varied = {at: each for at, each in varied.items() if each.varies}
        if not varied:
            return [fixed]
        sample = unit_sample(self.path, self.design, len(varied))
        columns = [each.quantiles(sample[:, i]) for i, each in enumerate(varied.values())]
        return [{**fixed, **dict(zip(varied, row, strict=True))} for row in zip(*columns, strict=True)]

    def _readings(self, base: Base, policy: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.readings is None:
            return [{}]
        city = build(base, policy).city
        if self.readings.how == "combined":
            number = math.prod(1 + len(each) for each in alternatives(city, self.readings.weights).values())
            self._check_number("uncertainties.readings", number)
        return [
            {f"readings.{at}": name for at, name in chosen.items()}
            for chosen in reading_choices(city, self.readings)
        ]


def builtin_studies() -> list[str]:
    """Names of the studies that come with the program."""
    return sorted(path.stem for path in STUDIES.glob("*.toml"))


def load_study(name_or_path: str | Path, years: int | None = None) -> Study:
    """A built-in study by name, or a study's file; ``years`` takes the place of the bases' horizon.

    Any scenario file is a study, of a single scenario.  Raises InputError.
    """
    path = _find_study(name_or_path)
    names, bases = _bases(path)
    if years is not None:
        bases = tuple(_of_years(base, years) for base in bases)
    for base in bases:
        present(base)  # names at once what cannot be
    first = bases[0]
    outcomes = record(path, "outcomes", Outcomes, dict(first.sections.get("outcomes", {})))
    design = record(path, "design", Design, dict(first.sections.get("design", {})))
    for row in design.list:
        for address, _ in leaves(row):
            check_varies(path, "design.list", address)
    if design.futures != "grid" and design.samples is None:
        raise InputError(path, "design", "needs samples, how many futures are drawn")
    wanted = first.uncertainties.get("readings")
    readings = _readings_wanted(path, wanted)
    baselines = () if design.baseline is None else tuple(_baseline(path, base, design) for base in bases)
    return Study(path, first.file.name, bases, names, outcomes, design, readings, baselines)


@contextmanager
def naming(path: Path, scenario: str, values: Mapping[str, Any]) -> Iterator[None]:
    """An InputError within names the scenario with its values, and the study at ``path`` where they are at
    fault."""
    try:
        yield
    except InputError as error:
        said = ", ".join(f"{at} = {value}" for at, value in values.items())
        by_name = (at for at in RULES_KEYS if values.get(at) == error.file)
        at = error.place or next(by_name, "")
        place = ": ".join(part for part in (f"{scenario} ({said})" * bool(values), at) if part)
        raise InputError(path if at in values else error.file, place, error.expected) from None


def combinations(varied: Mapping[str, Variation]) -> list[dict[str, Any]]:
    """Every combination of the values at several addresses; the last varies fastest."""
    lists = [each.values if each.values is not None else (each.present,) for each in varied.values()]
    return [dict(zip(varied, row, strict=True)) for row in itertools.product(*lists)]


def _sizes(varied: Mapping[str, Variation]) -> int:
    """The number of those combinations."""
    return math.prod(1 if each.values is None else len(each.values) for each in varied.values())


def unit_sample(path: Path, design: Design, dimensions: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(samples, dimensions) points of the unit cube: scrambled Sobol points or a Latin hypercube."""
    from scipy.stats import qmc

    assert design.samples is not None
    if design.futures == "lhs":
        return np.asarray(qmc.LatinHypercube(dimensions, rng=design.seed).random(design.samples))
    power = design.samples.bit_length() - 1
    if design.samples != 2**power:
        expected = f"Sobol points come by powers of 2: expected {2**power} or {2 ** (power + 1)}"
        raise InputError(path, "design.samples", f"{expected}, found {design.samples}")
    return np.asarray(qmc.Sobol(dimensions, rng=design.seed).random_base2(power))


def reading_choices(city: City, wanted: ReadingsWanted) -> list[dict[str, str]]:
    """The default reading first, then every alternative of the wanted weights, one by one or in all
    combinations; a reading at its default is left out."""
    names = alternatives(city, wanted.weights)
    return [{}, *singly(names)] if wanted.how == "singly" else together(names)


def alternatives(city: City, weights: Sequence[Weight]) -> dict[str, list[str]]:
    """The alternatives of these weights of every reading that has any, in the order of the city's file."""
    named = {
        at: [each.name for each in reading.alternative if each.weight in weights]
        for at, reading in city.readings.items()
    }
    return {at: names for at, names in named.items() if names}


def singly(names: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every alternative by itself."""
    return [{at: name} for at, some in names.items() for name in some]


def together(names: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination, of each reading its default first; the last reading varies fastest."""
    levels = [[{}, *singly({at: some})] for at, some in names.items()]
    return [{at: name for each in row for at, name in each.items()} for row in itertools.product(*levels)]


def _find_study(name_or_path: str | Path) -> Path:
    name, known = str(name_or_path), builtin_studies()
    if name in known:
        return STUDIES / f"{name}.toml"
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists() or name in builtin_scenarios():
        return find_scenario(name_or_path)
    raise InputError(name, "", f"no such file, and as a study {one_of(name, known)}")


def _bases(path: Path) -> tuple[tuple[str, ...], tuple[Base, ...]]:
    """The file over each of the bases that it names, and their names."""
    extends = read_toml(path).get("extends")
    if extends == PREFECTURES:
        from scenarios.basecase.new import prefecture_scenario
        from scenarios.basecase.places import places

        names = tuple(places())
        return names, tuple(load_base(path, extends=prefecture_scenario(name)) for name in names)
    if not isinstance(extends, list):
        return (Path(extends).stem if isinstance(extends, str) else path.stem,), (load_base(path),)
    if not extends or not all(isinstance(each, str) for each in extends):
        raise InputError(path, "extends", "expected names or paths of scenarios")
    if len(set(extends)) < len(extends):
        raise InputError(path, "extends", "expected each scenario once")
    return tuple(extends), tuple(load_base(path, extends=each) for each in extends)


def _baseline(path: Path, base: Base, design: Design) -> Scenario:
    """What scenarios of a base are compared with; InputError where it cannot be."""
    values = {} if design.baseline == "present" else dict(leaves(design.baseline or {}))
    try:
        return build(present(base), values)
    except InputError as error:
        if any(f"{error.place}.".startswith(f"{at}.") for at in values):
            raise InputError(path, f"design.baseline.{error.place}", error.expected) from None
        raise InputError(path, "design.baseline", str(error)) from None


def _content(values: Mapping[str, Any], digest: Callable[[Any], Any]) -> dict[str, Any]:
    """What decides an id: the values, and of a rules file of one's own what it holds, not where it lies."""
    return {at: digest(value) if at in RULES_KEYS else value for at, value in values.items()}


def _numbers_alike(plain: Any) -> Any:
    """The values with 1.0 as 1: no figure tells them apart, though an id does."""
    if isinstance(plain, Mapping):
        return {at: _numbers_alike(value) for at, value in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [_numbers_alike(value) for value in plain]
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _digest(folder: Path, name: Any) -> Any:
    """SHA-256 of a rules file in the folder; a built-in name as it is."""
    own = isinstance(name, str) and name.endswith(".toml") and is_there(folder / name)
    return content_sha256(folder / name) if own else name


def _of_years(base: Base, years: int) -> Base:
    return replace(base, file=changed(base.path, base.file, {"horizon_years": years}))


def _readings_wanted(path: Path, given: Variation | None) -> ReadingsWanted | None:
    if given is None:
        return None
    how = given.present
    try:
        return ReadingsWanted.model_validate(how if isinstance(how, dict) else {"how": how})
    except ValidationError as error:
        raise refusal(path, "uncertainties.readings", error, ReadingsWanted) from None
