"""One file of rules, a city's or a template's: read, and checked with every alternative of its readings.

A template is written like a city, with ``[template]`` in place of ``[city]``; or it names the built-in city
whose rules it takes over.  Its rows are marked, so that no output shows them as a city's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from scenarios.errors import InputError
from scenarios.rulebook.readings import Draft, drafts_of, read_as, rules_of
from scenarios.rulebook.rows import (
    Header,
    Outside,
    Reading,
    Row,
    Scope,
    Template,
    bytes_of,
    near,
    one_of,
    record,
    toml_of,
)
from sim.model import Fund

CITIES = Path(__file__).parents[1] / "cities"
TEMPLATES = Path(__file__).parents[1] / "templates"
SCOPES: tuple[Scope, ...] = ("both", "employee", "resident")
SECTIONS: dict[str, type] = {
    **{"city": dict, "template": dict},
    **dict.fromkeys(SCOPES, dict),
    **{"readings": dict, "outside": list},
}


@dataclass(frozen=True, eq=False)
class RulesFile:
    """What a file says: its header, rows by fund, readings, and what it leaves out of the model.

    As long as a file does not change it is parsed once, so that one of these is equal to itself alone.
    """

    path: Path
    header: Header | Template
    drafts: Mapping[Fund, Draft]
    readings: Mapping[str, Reading]
    outside: tuple[Outside, ...]
    mark: Mapping[str, str] = field(default_factory=dict)
    """Fields of every row that say whose it is: ``city``, ``template``."""
    lender: Header | Template | None = None
    """Whose the rows are, where they were copied from another's file."""

    def borrowed(self) -> RulesFile:
        """The same rules for another city's counties: rows of a city's file say whose clause they cite."""
        return self if self.mark else replace(self, mark={"city": self.header.id})

    def read_as(self, chosen: Mapping[str, str]) -> dict[Fund, Draft]:
        """Both funds' rows under the chosen readings, each with the file's mark."""
        drafts = read_as(self.path, self.drafts, self.readings, chosen)

        def marked(row: Row) -> Row:
            return row.model_copy(update=dict(self.mark))

        return {
            fund: Draft(
                {key: marked(row) for key, row in draft.rows.items()}, list(map(marked, draft.layers))
            )
            for fund, draft in drafts.items()
        }


def builtin_cities() -> list[str]:
    """Names of the cities that come with the program."""
    return list(_names(CITIES))


def builtin_templates() -> list[str]:
    """Names of the templates that come with the program."""
    return list(_names(TEMPLATES))


@cache
def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def find_rules(name_or_path: str) -> Path:
    """The file of a built-in city or template, else the path itself; InputError where there is neither."""
    if name_or_path in builtin_cities():
        return CITIES / f"{name_or_path}.toml"
    if name_or_path in builtin_templates():
        return TEMPLATES / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return path
    cities, templates = builtin_cities(), builtin_templates()
    known = f"expected one of {', '.join(cities)}, or a template, {', '.join(templates)}"
    close = near(name_or_path, [*cities, *templates])
    raise InputError(
        name_or_path, "", f'no such file; as a city, "{name_or_path}" is unknown, {known}{close}'
    )


def read_rules(path: Path) -> RulesFile:
    """The file's rows, readings and header, all checked; InputError for whatever is wrong with it."""
    return _read_once(path, bytes_of(path))


@lru_cache(maxsize=64)
def _read_once(path: Path, content: bytes) -> RulesFile:
    """A study builds thousands of scenarios of a few files."""
    text = toml_of(path, content)
    for section, body in text.items():
        if section not in SECTIONS:
            raise InputError(path, section, one_of(section, SECTIONS))
        if not isinstance(body, SECTIONS[section]):
            expected = f"[[{section}]], a list" if SECTIONS[section] is list else f"[{section}], a table"
            raise InputError(path, section, f"expected {expected}")
    if "template" in text and "city" in text:
        raise InputError(path, "template", "expected either [city] or [template], found both")
    if "template" in text:
        return _read_template(path, text)
    header = record(path, "city", Header, text.get("city", {}))
    read = _read_rows(path, text, header)
    return read if header.clauses_of is None else _copied(read, header.clauses_of)


def _copied(read: RulesFile, source: str) -> RulesFile:
    """Rows copied from a built-in file cite that file's clauses."""
    known = [*builtin_cities(), *builtin_templates()]
    if source not in known:
        raise InputError(read.path, "city.clauses_of", one_of(source, known))
    lender = read_rules(find_rules(source)).borrowed()
    return replace(read, mark=lender.mark, lender=lender.header)


def _read_template(path: Path, text: dict[str, Any]) -> RulesFile:
    header = record(path, "template", Template, text["template"])
    if header.rules_of is None:
        read = _read_rows(path, text, header)
    elif header.rules_of not in builtin_cities():
        raise InputError(path, "template.rules_of", one_of(header.rules_of, builtin_cities()))
    elif own := [section for section in (*SCOPES, "readings") if section in text]:
        raise InputError(path, own[0], "expected no rows beside template.rules_of")
    else:
        read = replace(read_rules(find_rules(header.rules_of)).borrowed(), path=path, header=header)
    return replace(read, mark={**read.mark, "template": header.id})


def _read_rows(path: Path, text: dict[str, Any], header: Header | Template) -> RulesFile:
    outside = [
        record(path, f"outside.{n}", Outside, body) for n, body in enumerate(text.get("outside", ()), start=1)
    ]
    known = {
        at: record(path, f"readings.{at}", Reading, body) for at, body in text.get("readings", {}).items()
    }
    drafts = drafts_of(path, {scope: text.get(scope, {}) for scope in SCOPES})
    _check_readings(path, drafts, known)
    return RulesFile(path, header, drafts, known, tuple(outside))


def _check_readings(path: Path, drafts: Mapping[Fund, Draft], known: Mapping[str, Reading]) -> None:
    """Rows name only readings that the file has; the defaults and every alternative give valid rules."""
    for draft in drafts.values():
        for row in draft.by_key().values():
            if row.reading is not None and row.reading not in known:
                raise InputError(path, f"{row.fund}.{row.key}.reading", one_of(row.reading, known))
    trials: list[dict[str, str]] = [{}]
    for at, reading in known.items():
        for alternative in reading.alternative:
            trials.append({at: alternative.name})
            trials += [{**variant.when, at: alternative.name} for variant in alternative.variant]
    for trial in trials:
        rules_of(path, read_as(path, drafts, known, trial))
