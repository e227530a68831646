"""A scenario: a city's rules, its counties' figures, how they grow and what shocks them.

A scenario file is TOML; its tables are the models of ``sim.model``, under the same names:

    name, title_zh, title_en     what it is called
    city                         a built-in city, or a path to a rules file beside this file
    rules                        another city or a template whose rules take the place of the city's own
    template, readings           how those rules are read (a call may choose otherwise)
    first_year, horizon_years    2025 and 30: the years 2025 to 2054
    paths, seed                  unless the command line says otherwise
    constructed                  true where the figures are nobody's accounts
    [funds.employee.…]           accounts, growth, profile, plan_growth
    [shocks] [options]           see sim.model
    [[counties]]                 name, name_en, city_level, and a table for each fund
    [office]                     a folder of tables whose figures take the place of these (scenarios.office)
    [[assumptions]] [[sources]]  what the figures rest on

Everything wrong with a file is raised as ``InputError``: the file, the dotted key, what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError

from scenarios.city import City, load_city
from scenarios.errors import InputError
from scenarios.explain import with_rules
from scenarios.office import Office, with_office
from scenarios.published import Source
from scenarios.rows import one_of, read_toml
from sim.model import Case, County, Fund, FundCase, Options, Shocks
from sim.rules import Instrument

LIBRARY = Path(__file__).parent / "library"


class Assumption(Instrument):
    """A statement that keys of the scenario rest on, in two languages."""

    id: Annotated[str, Field(min_length=1)]
    zh: str
    en: str
    about: tuple[str, ...] = ()
    """Dotted keys, ``*`` for any part."""
    sources: tuple[str, ...] = ()
    """Ids of the sources behind it."""


class ScenarioFile(Instrument):
    """A scenario as written, with every default filled in."""

    name: Annotated[str, Field(min_length=1)]
    title_zh: str = ""
    title_en: str = ""
    city: Annotated[str, Field(min_length=1)]
    rules: str | None = None
    template: str | None = None
    readings: dict[str, str] = Field(default_factory=dict)
    first_year: int
    horizon_years: int = 30
    paths: Annotated[int, Field(ge=1)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1
    constructed: bool = False
    funds: dict[Fund, FundCase]
    shocks: Shocks = Shocks()
    options: Options = Options()
    counties: tuple[County, ...]
    office: Office | None = None
    assumptions: tuple[Assumption, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A scenario ready to run."""

    name: str
    title: Mapping[str, str]
    """By language."""
    city: City
    case: Case
    paths: int
    seed: int
    constructed: bool
    assumptions: tuple[Assumption, ...]
    sources: tuple[Source, ...]
    path: Path
    resolved: Mapping[str, Any]
    """The scenario with every default and choice filled in, and the rules it came to: plain values."""
    tables: tuple[Path, ...] = ()
    """The office's tables that were read."""


def load_scenario(
    name_or_path: str | Path,
    *,
    years: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
) -> Scenario:
    """A built-in scenario by name, or the user's own by its path or that of the folder of ``scenario.toml``.

    ``years``, ``readings``, ``template`` and ``rules`` take precedence over the file's; other rules than the
    file's leave its readings and its template behind.  Raises ``InputError``.
    """
    path = _find(name_or_path)
    try:
        file = ScenarioFile.model_validate(read_toml(path))
    except ValidationError as error:
        raise refused(path, ScenarioFile, error) from None
    file, tables = _with_own_figures(path, file)
    same = rules in (None, file.rules)
    kept = file.readings if same else {}
    file = file.model_copy(
        update={
            "horizon_years": file.horizon_years if years is None else years,
            "readings": {**kept, **(readings or {})},
            "template": file.template if same and template is None else template,
            "rules": file.rules if rules is None else rules,
        }
    )
    own = _rules_file(path, "city", file.city)
    other = _rules_file(path, "rules", file.rules) if same and file.rules is not None else file.rules
    city = load_city(own, file.readings, file.template, other)
    try:
        case = Case(
            first_year=file.first_year,
            years=file.horizon_years,
            rules=dict(city.rules),
            funds=file.funds,
            counties=file.counties,
            shocks=file.shocks,
            options=file.options,
        )
    except ValidationError as error:
        problem = refused(path, Case, error)
        given = problem.place == "years"
        place = ("--years" if years is not None else "horizon_years") if given else problem.place
        raise InputError(path, place, problem.expected) from None
    plain = {fund: rule.model_dump(mode="json") for fund, rule in city.rules.items()}
    return Scenario(
        name=file.name,
        title={
            "zh": with_rules(city, file.title_zh or file.name, "zh"),
            "en": with_rules(city, file.title_en or file.name, "en"),
        },
        city=city,
        case=case,
        paths=file.paths,
        seed=file.seed,
        constructed=file.constructed,
        assumptions=file.assumptions,
        sources=file.sources,
        path=path,
        resolved={"scenario": file.model_dump(mode="json"), "rules": plain},
        tables=tables,
    )


def builtin_scenarios() -> list[str]:
    """Names of the scenarios that come with the program."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def refused(path: Path, model: type[BaseModel], error: ValidationError) -> InputError:
    """What to say of pydantic's findings: the key as written, what was expected, the nearest known spelling.

    An unknown key comes first, for a misspelt key is missing too; of one value tried against several types,
    the finding that goes deepest is reported.
    """
    findings = [(*_located(model, found["loc"]), found) for found in error.errors()]
    unknown = [finding for finding in findings if finding[2]["type"] == "extra_forbidden"]
    first = (unknown or findings)[0][0]
    same = [finding for finding in findings if finding[0][: len(first)] == first]
    parts, known, found = max(same, key=lambda finding: len(finding[0]))
    match found["type"], found["loc"][-1:]:
        case ("extra_forbidden", _) | (_, ("[key]",)):
            expected = one_of(parts[-1], known)
        case "missing", _:
            expected = f"needs {parts[-1]}"
        case "value_error", _:
            expected = str(found["ctx"]["error"])
        case _:
            expected = f"{found['msg']}, found {found['input']!r:.60}"
    return InputError(path, ".".join(parts), expected)


def _located(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A finding's place as the file writes it (rows count from 1), and the keys known where it ends."""
    parts: list[str] = []
    kind: Any = model
    known: tuple[str, ...] = ()
    for part in loc:
        if part == "[key]":
            break
        if isinstance(part, int):
            parts.append(str(part + 1))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            known = tuple(kind.model_fields)
            parts.append(part)
            kind = _inside(kind.model_fields[part].annotation) if part in known else None
        elif get_origin(kind) is dict:
            known = get_args(get_args(kind)[0])
            parts.append(part)
            kind = get_args(kind)[1]
    return tuple(parts), known


def _inside(annotation: Any) -> Any:
    """The model or the table of models that an annotation holds, if any."""
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inside(part)) is not None), None)


def _with_own_figures(path: Path, file: ScenarioFile) -> tuple[ScenarioFile, tuple[Path, ...]]:
    """The scenario with the office's figures in place, which it says among its assumptions; their tables."""
    if file.office is None:
        return file, ()
    years = range(file.first_year, file.first_year + file.horizon_years)
    own = with_office(path, file.office, file.counties, file.funds, years)
    said = Assumption(
        id="office",
        zh=f"有{len(own.keys)}项数字为单位自填，取代了下列假设所涉的相应数字。",
        en=f"{len(own.keys)} figures are the office's own, in place of those the statements below are about.",
        about=tuple(own.keys),
    )
    assumptions = (said, *file.assumptions) if own.keys else file.assumptions
    figures = {"counties": own.counties, "funds": own.funds, "office": None, "assumptions": assumptions}
    return file.model_copy(update=figures), own.files


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if str(name_or_path) in builtin_scenarios():
        return LIBRARY / f"{name_or_path}.toml"
    if path.is_dir():
        return path / "scenario.toml"
    if path.suffix == ".toml" or path.exists():
        return path
    known = one_of(str(name_or_path), builtin_scenarios())
    raise InputError(path, "", f"no such file, and as a scenario {known}")


def _rules_file(path: Path, key: str, name: str) -> str:
    """A built-in name as it is, a path from the scenario's own folder."""
    if not name.endswith(".toml"):
        return name
    beside = path.parent / name
    if not beside.is_file():
        raise InputError(path, key, f"expected a built-in city or a rules file, found no file {beside}")
    return str(beside)
