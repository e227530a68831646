"""A city's rules, read from one TOML file: the default readings, or the alternatives a study chooses.

``load_city`` reads the file, checks every row against the closed vocabulary, applies the chosen readings
in the order in which the file lists them (a later one sees what an earlier one did), and validates both
funds' ``FundRules``.  Every alternative of the file is tried once, so that none fails later in a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios.errors import InputError
from scenarios.readings import Draft, drafts_of, read_as, rules_of
from scenarios.rows import (
    ASSUMPTION,
    WATERFALL,
    Header,
    Outside,
    Reading,
    Row,
    Scope,
    one_of,
    order,
    read_toml,
    record,
)
from sim.model import Fund
from sim.rules import FundRules

CITIES = Path(__file__).parent / "cities"
SCOPES: tuple[Scope, ...] = ("both", "employee", "resident")
SECTIONS: dict[str, type] = {"city": dict, **dict.fromkeys(SCOPES, dict), "readings": dict, "outside": list}
TEMPLATES: tuple[str, ...] = ()


@dataclass(frozen=True)
class City:
    """A city's rules for both funds, with the source of every value."""

    path: Path
    header: Header
    rules: Mapping[Fund, FundRules]
    rows: tuple[Row, ...]
    """In the order of the vocabulary; one row for both funds where they agree."""
    by_fund: Mapping[Fund, Mapping[str, Row]]
    """The same rows by fund and key; the layers are settlement.waterfall.1, .2 and so on."""
    readings: Mapping[str, Reading]
    chosen: Mapping[str, str]
    """Reading id -> the name in use, the defaults included."""
    outside: tuple[Outside, ...]

    @property
    def id(self) -> str:
        """The city's identifier, as in the file."""
        return self.header.id

    @property
    def name(self) -> dict[str, str]:
        """The city's name by language."""
        return {"en": self.header.en, "zh": self.header.zh}

    def clause(self, fund: Fund, key: str) -> str:
        """The clause behind a key such as ``top_up.months``, ``settlement.waterfall.1``, ``flows.claims``.

        Without a row of its own it is that of the instrument's first row, and without any ``assumption``.
        """
        rows = self.by_fund[fund]
        if key in rows:
            return rows[key].clause
        instrument = key.partition(".")[0]
        same = (row.clause for at, row in rows.items() if at.partition(".")[0] == instrument)
        return ASSUMPTION if instrument == "flows" else next(same, ASSUMPTION)


def load_city(
    name_or_path: str, readings: Mapping[str, str] | None = None, template: str | None = None
) -> City:
    """A built-in city by name, or the user's own file by path.

    ``readings`` maps a reading's id to the name chosen (the default's name changes nothing).  Raises
    ``InputError`` for whatever is wrong with the file, the readings or the template.
    """
    path = _find(name_or_path)
    text = read_toml(path)
    for section, body in text.items():
        if section not in SECTIONS:
            raise InputError(path, section, one_of(section, SECTIONS))
        if not isinstance(body, SECTIONS[section]):
            expected = f"[[{section}]], a list" if SECTIONS[section] is list else f"[{section}], a table"
            raise InputError(path, section, f"expected {expected}")
    if template is not None:
        raise InputError(path, "template", one_of(template, TEMPLATES))

    header = record(path, "city", Header, text.get("city", {}))
    outside = [
        record(path, f"outside.{n}", Outside, body) for n, body in enumerate(text.get("outside", ()), start=1)
    ]
    known = {
        at: record(path, f"readings.{at}", Reading, body) for at, body in text.get("readings", {}).items()
    }
    drafts = drafts_of(path, {scope: text.get(scope, {}) for scope in SCOPES})
    _check_readings(path, drafts, known)

    chosen = dict(readings or {})
    final = read_as(path, drafts, known, chosen)
    by_fund = {fund: draft.by_key() for fund, draft in final.items()}
    return City(
        path=path,
        header=header,
        rules=rules_of(path, final),
        rows=tuple(_merged(by_fund)),
        by_fund=by_fund,
        readings=known,
        chosen={at: reading.default for at, reading in known.items()} | chosen,
        outside=tuple(outside),
    )


def builtin_cities() -> list[str]:
    """Names of the cities that come with the program."""
    return sorted(path.stem for path in CITIES.glob("*.toml"))


def _find(name_or_path: str) -> Path:
    """The file of a built-in name, else the path itself."""
    if name_or_path in builtin_cities():
        return CITIES / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.exists():
        return path
    raise InputError(name_or_path, "", f"no such file; as a city, {one_of(name_or_path, builtin_cities())}")


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


def _merged(by_fund: Mapping[Fund, Mapping[str, Row]]) -> list[Row]:
    """Rows of both funds in one list; where they agree, one row for both (the waterfall as a whole)."""

    def shared(row: Row) -> Row:
        return row.model_copy(update={"fund": "both"})

    mine, other = by_fund.values()
    same = {key for key, row in mine.items() if key in other and shared(row) == shared(other[key])}
    layers = {key for rows in by_fund.values() for key in rows if key.startswith(WATERFALL)}
    if not layers <= same:
        same -= layers
    rows = [shared(mine[key]) for key in mine if key in same]
    for fund, own in by_fund.items():
        rows += [row.model_copy(update={"fund": fund}) for key, row in own.items() if key not in same]
    return sorted(rows, key=order)
