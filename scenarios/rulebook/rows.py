"""What a city file is made of: rows of rules, readings and their alternatives, and how each is refused.

A row is one rule parameter: its value (yuan-free: shares in 0..1, months, calendar months), the clause
it rests on, its status and its name in two languages.  Keys are those of ``sim.rules.FundRules``
(``top_up.months``), plus ``flows.*``, the clauses that the ledger cites for plain flows, and ``delegated.*``,
free names for what a document leaves to a later rule and the rules have no parameter for.

Everything wrong with a file is raised as ``InputError``: the file, the dotted key, what was expected.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scenarios.errors import InputError
from scenarios.held import content
from sim.rules import FundRules, Instrument

Scope = Literal["both", "employee", "resident"]
Status = Literal["stated", "reading", "delegated", "assumption"]
Weight = Literal["main", "minority", "counterfactual"]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TemplateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
Kind = TypeVar("Kind", bound=BaseModel)

ASSUMPTION = "assumption"
"""The clause of what rests on nobody's text."""
SCENARIO = "scenario"
"""The clause of what a scenario sets by itself."""
WATERFALL = "settlement.waterfall"
FLOWS = (
    "contributions",
    "claims",
    "interest",
    "municipal_reserve",
    "close",
    "repay_unfunded",
    "remainder",
)


def _vocabulary() -> dict[str, tuple[str, ...]]:
    """Instrument -> its fields, in the order of the year; a plain parameter has none."""
    words: dict[str, tuple[str, ...]] = {}
    for name, field in FundRules.model_fields.items():
        kind = field.annotation
        fields = tuple(kind.model_fields) if isinstance(kind, type) and issubclass(kind, Instrument) else ()
        words[name] = fields
    return words | {"flows": FLOWS, "delegated": ()}


VOCABULARY = _vocabulary()


class Record(BaseModel):
    """Base of everything a city file holds: immutable, and refuses a key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(Record):
    """A text in two languages."""

    zh: Text
    en: Text


class Document(Bilingual):
    """Title of the document and its official number, where it has one."""

    number: str = ""


class Outside(Bilingual):
    """Something the document states and the model leaves out."""

    clause: Text


class Origin(Bilingual):
    """Where rules come from: a city's document, or a template."""

    id: str
    document: Document | None = None
    in_force_from: date | None = None
    in_force_to: date | None = None
    joining: tuple[Bilingual, ...] = ()
    """Counties that bring their balances in when pooling starts; empty: all of them."""
    notes: tuple[Bilingual, ...] = ()


class Header(Origin):
    """The city, its document and how long it is in force."""

    id: Name
    province: Bilingual | None = None
    document: Document
    in_force_from: date
    clauses_of: str | None = None
    """The built-in city or template that the rows were copied from and whose clauses they cite."""


class Template(Origin):
    """Rules that are no city's own: another city's, an earlier regime's, or made up for comparison."""

    id: TemplateName
    meant_for: tuple[Name, ...] = ()
    """Built-in cities it may be applied to; empty: any.  A city of one's own may take every template."""
    rules_of: Name | None = None
    """A built-in city whose rows and readings it takes over."""
    replaces: str | None = None
    """A source: its layers stand in place of the first layer that names it, the rest of the rules stays."""


class Row(Record):
    """One rule parameter with its source; a layer of the waterfall is a row too (its value: the shares)."""

    fund: Scope
    key: str
    value: Any = None
    clause: Text
    status: Status
    zh: Text
    en: Text
    reading: str | None = None
    """Id of the reading that this row depends on."""
    chosen: str | None = None
    """Name of the alternative that gave the row its value; None for the default reading."""
    city: str | None = None
    """Id of the city whose document the clause is of, where that is another city's."""
    template: str | None = None
    """Id of the template that the row is from."""
    note_zh: str = ""
    note_en: str = ""
    when_pool_short: str | None = None
    """Of a layer that draws the pool."""
    up_to: float | None = None
    """Of a layer: the largest gap it takes, of the county's contributions."""

    @model_validator(mode="after")
    def _whole(self) -> Row:
        if bool(self.note_zh) != bool(self.note_en):
            raise ValueError("note_zh and note_en go together")
        if self.status == "reading" and self.reading is None:
            raise ValueError("a row with status reading names the reading, by its id")
        return self


WRITTEN = tuple(
    name for name in Row.model_fields if name not in ("fund", "key", "chosen", "city", "template")
)
LAYER_FIELDS = ("when_pool_short", "up_to")
NEEDED = ("value", "clause", "status", "zh", "en")


class Variant(Record):
    """Further changes where other readings are chosen as ``when`` says (reading id -> chosen name)."""

    when: dict[str, str]
    set: dict[Scope, dict[str, Any]]


class Alternative(Bilingual):
    """Another reading: which rows it changes (``set``) and which layer it puts in (``insert``)."""

    name: Name
    weight: Weight
    set: dict[Scope, dict[str, Any]] = {}
    """Per fund, the keys of the rows: the new value, or a table of the row's fields to change.  Under
    settlement.waterfall: a list of layers replaces all, a table changes the first layer that names
    the source."""
    insert: dict[Scope, dict[str, Any]] = {}
    """Per fund a layer, put ``before`` the first layer that names that source."""
    variant: tuple[Variant, ...] = ()


class Reading(Bilingual):
    """A question that the wording leaves open, the default answer and its alternatives."""

    clause: Text
    default: Name
    default_zh: Text
    default_en: Text
    alternative: tuple[Alternative, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Reading:
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"two readings have one name: {', '.join(self.names)}")
        return self

    @property
    def names(self) -> list[str]:
        """Every name that can be chosen, the default first."""
        return [self.default, *(alternative.name for alternative in self.alternative)]


def near(word: str, known: Iterable[str]) -> str:
    """``; did you mean "pool"?`` where a known word is spelled nearly like ``word``, else nothing."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f'; did you mean "{close[0]}"?' if close else ""


def one_of(word: object, known: Iterable[str]) -> str:
    """What to say of a word that is none of the known ones."""
    known = list(known)
    return f'"{word}" is unknown, expected one of {", ".join(known) or "(none)"}{near(str(word), known)}'


def record(file: Path, place: str, kind: type[Kind], body: object) -> Kind:
    """``body`` as a validated record of that kind, found at ``place`` of the file."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise refusal(file, place, error, kind) from None


def refusal(file: Path, place: str, error: ValidationError, kind: type[BaseModel]) -> InputError:
    """One of pydantic's findings on ``kind``, with a near spelling; list items count from 1."""
    found = error.errors()
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])  # a typing error
    parts = [str(part + 1) if isinstance(part, int) else part for part in first["loc"] if part != "[key]"]
    match first["type"]:
        case "missing":
            expected = "is needed"
        case "extra_forbidden":
            expected = one_of(parts[-1], _fields_at(kind, first["loc"]))
        case "literal_error":
            expected = one_of(first["input"], re.findall(r"'([^']*)'", first["ctx"]["expected"]))
        case "value_error":
            expected = str(first["ctx"]["error"])
        case _:
            expected = in_words(first)
    return InputError(file, ".".join([place, *parts] if place else parts), expected)


def in_words(finding: Mapping[str, Any]) -> str:
    """One of pydantic's findings that has no better words, for somebody who knows TOML and not pydantic."""
    kind, limits = finding["type"], finding.get("ctx", {})
    if kind.startswith("date"):
        return f"expected a date such as 2024-01-01, found {finding['input']!r:.60}"
    if kind in ("too_short", "too_long") and isinstance(finding["input"], str):
        return f"expected a name or a text, found {finding['input']!r:.60}"
    if kind in ("too_short", "too_long"):
        few = kind == "too_short"
        number = limits["min_length"] if few else limits["max_length"]
        return f"expected {'at least' if few else 'at most'} {number} values, found {limits['actual_length']}"
    return f"{finding['msg']}, found {finding['input']!r:.60}"


def _fields_at(kind: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Field names of the record that holds the last part of ``loc``."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            kind = next(_records(kind.model_fields[part].annotation), kind)
    return list(kind.model_fields)


def _records(annotation: object) -> Iterator[type[BaseModel]]:
    """The record types that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _records(inner)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; a byte-order mark is allowed.  Refuses a missing file, other encodings, bad TOML."""
    return toml_of(path, bytes_of(path))


def bytes_of(path: Path) -> bytes:
    """What the file holds; InputError where it cannot be read."""
    try:
        return content(path)
    except OSError as error:
        raise InputError(path, "", error.strerror or str(error)) from None


def toml_of(path: Path, text: bytes) -> dict[str, Any]:
    """The tables of a text that was read from ``path``."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(path, f"line {line}", "expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        hint = '; a key in Chinese needs quotes, such as "椒江区"' if "key part" in what else ""
        raise InputError(path, where.rstrip(")"), f"expected TOML: {what}{hint}") from None


def flatten(file: Path, place: str, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The table's entries as (dotted key, entry), every key of the closed vocabulary."""
    for name, entry in table.items():
        if name not in VOCABULARY:
            raise InputError(file, f"{place}.{name}", one_of(name, VOCABULARY))
        fields = VOCABULARY[name]
        if not fields and name != "delegated":
            yield name, entry
        elif not isinstance(entry, dict):
            raise InputError(file, f"{place}.{name}", f"expected a table of {', '.join(fields)}")
        else:
            for field, inner in entry.items():
                if fields and field not in fields:
                    raise InputError(file, f"{place}.{name}.{field}", one_of(field, fields))
                yield f"{name}.{field}", inner


def order(row: Row) -> tuple[int, int]:
    """Where a row stands in the vocabulary; layers and ``delegated`` rows are equal among themselves."""
    name, *rest = row.key.split(".")
    fields = VOCABULARY[name]
    return list(VOCABULARY).index(name), fields.index(rest[0]) if rest and rest[0] in fields else 0


def parse_row(file: Path, place: str, scope: Scope, key: str, entry: object, **more: str) -> Row:
    """One row as written, with ``more`` fields filled in; ``place`` is the dotted key an error names."""
    if not isinstance(entry, dict):
        raise InputError(file, place, f"expected a row {{ {', '.join(NEEDED)} }}, found {entry!r:.60}")
    for name in entry:
        if name not in WRITTEN:
            raise InputError(file, f"{place}.{name}", one_of(name, WRITTEN))
    given = {**entry, **more}
    valueless = key.startswith(("flows.", "delegated."))
    missing = [name for name in NEEDED if name not in given and not (name == "value" and valueless)]
    if missing:
        raise InputError(file, place, f"a row needs {', '.join(missing)}")
    for name in LAYER_FIELDS:
        if name in entry and not key.startswith(WATERFALL):
            raise InputError(file, f"{place}.{name}", "only a layer of the waterfall has it")
    if key.startswith("delegated.") and given["status"] != "delegated":
        raise InputError(file, f"{place}.status", 'expected "delegated"')
    return record(file, place, Row, {**given, "fund": scope, "key": key})
