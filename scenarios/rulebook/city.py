"""A city's rules for its counties: its own file, another city's, or a template's.

``load_city`` reads the file (``rules_file``), applies the chosen readings in the order in which the file
lists them (a later one sees what an earlier one did), then a template, and validates both funds'
``FundRules``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from scenarios.errors import InputError
from scenarios.rulebook.readings import Draft, changed_rules, rules_of
from scenarios.rulebook.rows import (
    ASSUMPTION,
    WATERFALL,
    Header,
    Outside,
    Reading,
    Row,
    Scope,
    Template,
    near,
    order,
)
from scenarios.rulebook.rules_file import (
    CITIES,
    RulesFile,
    builtin_cities,
    builtin_templates,
    find_rules,
    read_rules,
)
from sim.model import Fund
from sim.rules import FundRules

__all__ = ["City", "builtin_cities", "builtin_templates", "load_city"]


@dataclass(frozen=True)
class City:
    """Rules for both funds of a city's counties, with the source of every value."""

    path: Path
    header: Header | Template
    """The city's own, or the template's where one was asked for by itself."""
    origin: Header | Template
    """Whose rules they are: the same header, or that of another city or template."""
    template: Template | None
    """A template that replaced single layers of them."""
    files: tuple[Path, ...]
    """Every file that was read, the city's first."""
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

    @property
    def borrowed(self) -> tuple[Header | Template, ...]:
        """Whose rules are in use beside or in place of the city's own."""
        foreign = () if self.origin is self.header else (self.origin,)
        return foreign if self.template is None else (*foreign, self.template)

    def clause(self, fund: Fund, key: str) -> str:
        """The clause behind a key such as ``top_up.months``, ``settlement.waterfall.1``, ``flows.claims``.

        Without a row of its own it is that of the instrument's first row, and without any ``assumption``.
        A template's rows cite the template; another city's name that city before the clause.
        """
        rows = self.by_fund[fund]
        if key in rows:
            return _cited(rows[key])
        instrument = key.partition(".")[0]
        same = (_cited(row) for at, row in rows.items() if at.partition(".")[0] == instrument)
        return ASSUMPTION if instrument == "flows" else next(same, ASSUMPTION)


def load_city(
    name_or_path: str,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    changes: Mapping[Scope, dict[str, Any]] | None = None,
) -> City:
    """A built-in city or template by name, or the user's own file by path.

    ``rules`` names a city or template (or a path) whose rules take the place of the city's own; ``readings``
    maps a reading's id of the rules in use to the name chosen (the default's name changes nothing);
    ``template`` names one that is meant for the city; ``changes`` are a scenario's own values of parameters,
    by fund and key.  Raises ``InputError`` for whatever is wrong with a file, the readings, the rules, the
    template or the changes.
    """
    own = read_rules(find_rules(name_or_path))
    other = None if rules is None else read_rules(find_rules(rules))
    layers = None if template is None else _template(own, template)
    chosen = tuple((readings or {}).items())
    # a date of TOML, which no rule takes, is refused as the text it is written as
    written = json.dumps(changes, default=str) if changes else ""
    return _city(own, other, layers, chosen, written)


@lru_cache(maxsize=256)
def _city(
    own: RulesFile,
    other: RulesFile | None,
    layers: RulesFile | None,
    readings: tuple[tuple[str, str], ...],
    changes: str,
) -> City:
    """A study builds thousands of scenarios of a few rules: a file that is read once is itself the key."""
    use = own if other is None or other.path == own.path else _borrowed(own, other)
    if layers is not None and not layers.header.replaces:  # type: ignore[union-attr]
        if other is not None:
            expected = f"expected one of rules and {layers.header.id}, found both"
            raise InputError(own.path, "template", expected)
        use, layers = layers, None
    files = [own.path]
    files += [file.path for file in (use, layers) if file is not None and file.path not in files]
    chosen = dict(readings)
    final = use.read_as(chosen)
    if layers is not None:
        final = _replace_layers(own.path, final, layers)
    if changes:
        final = changed_rules(own.path, final, json.loads(changes))
    by_fund = {fund: draft.by_key() for fund, draft in final.items()}
    return City(
        path=own.path,
        header=own.header,
        origin=use.lender or use.header,
        template=layers.header if layers and isinstance(layers.header, Template) else None,
        files=tuple(files),
        rules=rules_of(use.path, final),
        rows=tuple(_merged(by_fund)),
        by_fund=by_fund,
        readings=use.readings,
        chosen={at: reading.default for at, reading in use.readings.items()} | chosen,
        outside=use.outside,
    )


def _borrowed(own: RulesFile, other: RulesFile) -> RulesFile:
    """Another file's rules for this city's counties; its own rules stay its own."""
    if isinstance(other.header, Template) and other.header.replaces:
        raise InputError(own.path, "rules", f"{other.header.id} changes rules, expected it as a template")
    return other.borrowed()


def _template(own: RulesFile, name: str) -> RulesFile:
    """The template of that name, where it is meant for the city."""
    path = find_rules(name) if name.endswith(".toml") or name in builtin_templates() else None
    found = path and read_rules(path)
    if not found or not isinstance(found.header, Template):
        known = [each for each in builtin_templates() if _meant(read_rules(find_rules(each)).header, own)]
        expected = f"is unknown, expected one of {', '.join(known)}{near(name, known)}"
        raise InputError(own.path, "template", f'"{name}" {expected}')
    if not _meant(found.header, own):
        cities = ", ".join(found.header.meant_for)
        expected = f'"{name}" is meant for {cities}; as rules, it can be taken for any city\'s counties'
        raise InputError(own.path, "template", expected)
    return found


def _meant(template: Header | Template, own: RulesFile) -> bool:
    """Whether a template may be applied: a built-in city takes those meant for it, one's own city all."""
    assert isinstance(template, Template)
    return not template.meant_for or own.path.parent != CITIES or own.header.id in template.meant_for


def _replace_layers(path: Path, drafts: Mapping[Fund, Draft], template: RulesFile) -> dict[Fund, Draft]:
    """The template's layers in place of the first that names the source it replaces."""
    assert isinstance(template.header, Template)
    source = template.header.replaces
    result = {}
    for fund, draft in drafts.items():
        named = [at for at, row in enumerate(draft.layers) if source in row.value]
        if not named:
            expected = f"{template.header.id} replaces a layer of {source}, and the {fund} fund has none"
            raise InputError(path, "template", expected)
        own = template.read_as({})[fund].layers
        layers = [*draft.layers[: named[0]], *own, *draft.layers[named[0] + 1 :]]
        result[fund] = Draft(dict(draft.rows), layers)
    return result


def _cited(row: Row) -> str:
    if row.template is not None or row.clause == ASSUMPTION:
        return row.template or row.clause
    return " ".join(part for part in (row.city, row.clause) if part)


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
