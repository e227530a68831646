"""A scenario file as written: what it may hold, what it takes over from another, and how a fault is refused.

``read_file`` follows ``extends``, lays the file's tables over the other's, and takes out the sections that
name addresses (``constants``, ``levers``, ``uncertainties``) or belong to a study (``outcomes``, ``design``).
Everything wrong with a file is raised as ``InputError``: the file, the dotted key, what was expected.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from scenarios.basecase.office import Office
from scenarios.basecase.published import Source
from scenarios.definition.addresses import leaves
from scenarios.definition.policy import Change, Financing, FundPolicy, Trend
from scenarios.errors import InputError
from scenarios.rulebook.rows import in_words, one_of, read_toml
from sim.model import County, Fund, FundCase, Options, Shocks
from sim.rules import Instrument

LIBRARY = Path(__file__).parents[1] / "library"
PREFECTURES = "prefectures"
"""What a study extends that is about every prefecture."""
SECTIONS = ("constants", "levers", "uncertainties", "outcomes", "design")
"""Of a file, beside what a ``ScenarioFile`` holds."""
NAMED_KEYS = 3
"""Of those that a file gives itself, in what it inherits about them."""
RULES_KEYS = ("city", "rules", "template")
"""Addresses of rules: a built-in name, or a path from the folder of the file in which it is written."""


def one_line(text: str) -> str:
    """The text; ValueError where it holds a control or format character: no font has a glyph for it."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf"):
            name = unicodedata.name(char, "a control character")
            raise ValueError(f"expected a line of visible text, found U+{ord(char):04X} ({name})")
    return text


Line = Annotated[str, AfterValidator(one_line)]
"""What stands in titles of pictures and tables."""


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

    name: Annotated[Line, Field(min_length=1)]
    title_zh: Line = ""
    title_en: Line = ""
    city: Annotated[str, Field(min_length=1)]
    rules: str | None = None
    template: str | None = None
    readings: dict[str, str] = Field(default_factory=dict)
    rule: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """The scenario's own values of rule parameters, by fund (or both) and key."""
    first_year: int
    horizon_years: int = 30
    paths: Annotated[int, Field(ge=1)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1
    constructed: bool = False
    funds: dict[Fund, FundCase]
    financing: dict[Fund, Financing] = Field(default_factory=dict)
    policy: dict[Fund, FundPolicy] = Field(default_factory=dict)
    trend: dict[Fund, Trend] = Field(default_factory=dict)
    volatility_factor: Annotated[float, Field(ge=0)] = 1.0
    """On every volatility of ``shocks``."""
    shocks: Shocks = Shocks()
    options: Options = Options()
    counties: tuple[County, ...]
    office: Office | None = None
    assumptions: tuple[Assumption, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Written:
    """A file and all that it extends, in one table."""

    path: Path
    files: tuple[Path, ...]
    """The file and those it extends."""
    table: Mapping[str, Any]
    """What a ScenarioFile holds, not validated yet."""
    sections: Mapping[str, Mapping[str, Any]]
    """Those of ``SECTIONS`` that are there."""


def builtin_scenarios() -> list[str]:
    """Names of the scenarios that come with the program."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def find_scenario(name_or_path: str | Path, beside: Path | None = None) -> Path:
    """The file of a built-in scenario, else the path itself, from the folder of ``beside`` where given."""
    if str(name_or_path) in builtin_scenarios():
        return LIBRARY / f"{name_or_path}.toml"
    path = Path(name_or_path) if beside is None else beside.parent / name_or_path
    if path.is_dir():
        return path / "scenario.toml"
    if path.suffix == ".toml" or path.is_file():
        return path
    known = one_of(str(name_or_path), builtin_scenarios())
    raise InputError(path if beside is None else beside, "", f"no such file, and as a scenario {known}")


def read_file(
    path: Path, above: tuple[Path, ...] = (), extends: str | Mapping[str, Any] | None = None
) -> Written:
    """The file with what it extends; ``above`` are the files that extend it.

    ``extends``, a name or plain values of a scenario, takes the place of what the file says.
    """
    table = read_toml(path)
    base = table.pop("extends", None) if extends is None else extends
    table.pop("extends", None)
    if base is None:
        return _written(path, (path,), table)
    if isinstance(base, list) and base:
        base = base[0]  # a study of several; a single run takes the first
    if isinstance(base, Mapping):
        return _over(path, table, Written(path, (), base, {}))
    if not isinstance(base, str):
        raise InputError(path, "extends", f"expected a scenario's name or path, found {base!r:.60}")
    if base == PREFECTURES:
        raise InputError(path, "extends", f"{PREFECTURES} are many scenarios, expected fundsim sweep")
    below = find_scenario(base, path)
    if below.resolve() in [each.resolve() for each in (path, *above)]:
        raise InputError(path, "extends", f"expected another scenario, found one that extends this: {base}")
    if not below.exists():
        raise InputError(path, "extends", f"expected a built-in scenario or a file, found no file {below}")
    other = read_file(below, (path, *above))
    return _over(path, table, _seen_from(path, below, other))


def _over(path: Path, table: dict[str, Any], other: Written) -> Written:
    """The file's table over another's, whose paths are as seen from this file."""
    inherited = dict(other.table)
    if table.keys() & {"city", "rules"}:  # readings and templates belong to the rules left behind
        inherited = {key: value for key, value in inherited.items() if key not in ("readings", "template")}
    name = table.setdefault("name", path.stem)
    for lang, colon in (("zh", "："), ("en", ": ")):
        title = inherited.pop(f"title_{lang}", "")
        table.setdefault(f"title_{lang}", colon.join(part for part in (str(name), title) if part))
    table |= _statements(inherited, table)
    merged = _laid_over(path, "", {**inherited, **other.sections}, table)
    return _written(path, (path, *other.files), merged)


def _statements(inherited: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """This table's assumptions and sources, then the other's: those of other ids, and no assumption all of
    whose keys this table has itself; one that has some of them names those."""
    given = {address for address, _ in leaves(table)}
    both: dict[str, Any] = {}
    for kind in ("assumptions", "sources"):
        own, below = table.get(kind, []), inherited.get(kind)
        if isinstance(own, list) and isinstance(below, list):
            ids = [line.get("id") for line in own if isinstance(line, dict)]
            both[kind] = own + [
                _with_exceptions(line, given) for line in below if not _replaced(line, ids, given)
            ]
    return both


def _with_exceptions(line: Any, given: set[str]) -> Any:
    """An inherited assumption, and which of what it is about a file gives itself."""
    about = line.get("about") if isinstance(line, dict) else None
    own = [
        at for at in sorted(given) if isinstance(about, list) and any(_meets(at, str(key)) for key in about)
    ]
    if not own:
        return line
    names = ", ".join(own[:NAMED_KEYS]) + (", …" if len(own) > NAMED_KEYS else "")
    said = {"zh": f"（本情景另行给定：{names}）", "en": f" (Given otherwise here: {names}.)"}
    return {**line, **{lang: f"{line[lang]}{words}" for lang, words in said.items() if lang in line}}


def _meets(address: str, key: str) -> bool:
    """Whether an address lies at a key, which may have ``*`` in it, above it or below."""
    return all(
        fnmatchcase(part, pattern) for part, pattern in zip(address.split("."), key.split("."), strict=False)
    )


def _replaced(line: Any, ids: list[Any], given: set[str]) -> bool:
    """Whether a file that has these ids and keys says something else instead of the line."""
    if not isinstance(line, dict):
        return False
    about = line.get("about")
    return line.get("id") in ids or (
        isinstance(about, list) and bool(about) and given.issuperset(map(str, about))
    )


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
            expected = in_words(found)
    return InputError(path, ".".join(parts), expected)


def validated(path: Path, table: Mapping[str, Any]) -> ScenarioFile:
    """The table as a ScenarioFile; InputError for what it cannot be, and for a word or a truth value where a
    number is asked for, or the reverse, which pydantic would make one of."""
    try:
        file = ScenarioFile.model_validate(table)
    except ValidationError as error:
        raise refused(path, ScenarioFile, error) from None
    for place, given, taken in _of_another_kind(table, file):
        kind = "true or false" if isinstance(taken, bool) else "a number"
        raise InputError(path, place, f"expected {kind}, found {given!r:.60}")
    return file


def _of_another_kind(given: Any, taken: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each value that was taken as of another kind than it is written: its place, as written, as taken."""
    if given is taken or isinstance(given, BaseModel):
        return
    if isinstance(given, Mapping):
        for key, inner in given.items():
            below = taken[key] if isinstance(taken, Mapping) else getattr(taken, key)
            yield from _of_another_kind(inner, below, f"{place}.{key}".lstrip("."))
    elif isinstance(given, (list, tuple)):
        for n, (inner, below) in enumerate(zip(given, taken, strict=True), 1):
            yield from _of_another_kind(inner, below, f"{place}.{n}")
    else:
        taken = taken.value if isinstance(taken, Change) else taken  # a lever by its plain number
        other = isinstance(given, str) or isinstance(given, bool) != isinstance(taken, bool)
        if other and isinstance(taken, (bool, int, float)):
            yield place, given, taken


def _written(path: Path, files: tuple[Path, ...], table: dict[str, Any]) -> Written:
    sections = {name: table[name] for name in SECTIONS if name in table}
    for name, body in sections.items():
        if not isinstance(body, dict):
            raise InputError(path, name, f"expected [{name}], a table, found {body!r:.60}")
    return Written(path, files, {key: table[key] for key in table if key not in sections}, sections)


def _seen_from(path: Path, below: Path, other: Written) -> Written:
    """The other file's paths of rules and tables, wherever it has them, as seen from this file's folder."""

    def moved(name: str) -> str:
        return os.path.relpath(below.parent / name, path.parent)

    def seen(value: Any, of_rules: bool = False) -> Any:
        if isinstance(value, dict):
            return {key: seen(inner, of_rules or key in RULES_KEYS) for key, inner in value.items()}
        if isinstance(value, list):
            return [seen(inner, of_rules) for inner in value]
        own = of_rules and isinstance(value, str) and value.endswith(".toml")
        return moved(value) if own else value

    table, office = seen(dict(other.table)), other.table.get("office")
    if isinstance(office, dict) and isinstance(office.get("folder"), str):
        table["office"] = office | {"folder": moved(office["folder"])}
    return replace(other, table=table, sections=seen(dict(other.sections)))


def _laid_over(path: Path, place: str, below: Any, above: Any) -> Any:
    """Tables are merged key by key; ``counties`` by name where it is a table; all else is replaced."""
    if place == "counties" and isinstance(above, dict) and isinstance(below, list):
        return _counties(path, below, above)
    if not (isinstance(above, dict) and isinstance(below, dict)):
        return above
    merged = dict(below)
    for key, value in above.items():
        at = f"{place}.{key}".lstrip(".")
        merged[key] = _laid_over(path, at, below[key], value) if key in below else value
    return merged


def _counties(path: Path, rows: list[Any], changes: dict[str, Any]) -> list[Any]:
    names = [row.get("name") for row in rows]
    for name in changes:
        if name not in names:
            raise InputError(path, f"counties.{name}", one_of(name, map(str, names)))
    return [
        _laid_over(path, "county", row, changes[name]) if name in changes else row
        for name, row in zip(names, rows, strict=True)
    ]


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
            known = tuple(kind.model_fields) + (("extends", *SECTIONS) if kind is ScenarioFile else ())
            parts.append(part)
            kind = _inside(kind.model_fields[part].annotation) if part in kind.model_fields else None
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
