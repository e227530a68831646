"""From rows to one fund's validated rules, with alternative readings applied on the way.

A ``Draft`` holds one fund's rows; ``read_as`` applies the chosen alternatives to copies of both funds'
drafts, in the order in which the city file lists the readings; ``rules_of`` validates the result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.errors import InputError
from scenarios.rulebook.parameters import parameter_name
from scenarios.rulebook.rows import (
    LAYER_FIELDS,
    SCENARIO,
    WATERFALL,
    WRITTEN,
    Reading,
    Row,
    Scope,
    flatten,
    one_of,
    order,
    parse_row,
    refusal,
)
from sim.model import FUNDS, Fund
from sim.rules import FundRules

CHANGEABLE = tuple(name for name in WRITTEN if name not in ("status", "reading"))
NO_NOTE = {"note_zh": "", "note_en": ""}
"""A row's note is on the value that it had; another value has its own or none."""


@dataclass(frozen=True)
class Draft:
    """One fund's rows: the layers of the waterfall stand apart, in their order."""

    rows: dict[str, Row] = field(default_factory=dict)
    layers: list[Row] = field(default_factory=list)

    def copy(self) -> Draft:
        """An independent draft with the same rows."""
        return Draft(dict(self.rows), list(self.layers))

    def by_key(self) -> dict[str, Row]:
        """All rows by key, in the order of the vocabulary; layers are settlement.waterfall.1, .2, ..."""
        layers = [row.model_copy(update={"key": f"{WATERFALL}.{n}"}) for n, row in enumerate(self.layers, 1)]
        return {row.key: row for row in sorted([*self.rows.values(), *layers], key=order)}


@dataclass(frozen=True)
class _Change:
    """Rows being changed, by an alternative or by a scenario: where it is written, how rows are marked."""

    file: Path
    at: str
    mark: Mapping[str, str]

    def refuse(self, place: str, expected: str) -> InputError:
        """The error for a place in the reading."""
        return InputError(self.file, f"{self.at}.{place}", expected)

    def row(self, place: str, scope: Scope, key: str, entry: object) -> Row:
        """A row that the change brings itself."""
        more = {name: value for name, value in self.mark.items() if name != "chosen"}
        row = parse_row(self.file, f"{self.at}.{place}", scope, key, entry, **more)
        return row.model_copy(update=dict(self.mark))

    def changed(self, place: str, row: Row, entry: object) -> Row:
        """The row with a new value, or with the fields that a table names."""
        fields = entry if isinstance(entry, dict) else {"value": entry}
        for name in fields:
            if name not in CHANGEABLE:
                raise self.refuse(f"{place}.{name}", one_of(name, CHANGEABLE))
        return row.model_copy(update={**NO_NOTE, **fields, **self.mark})


def drafts_of(file: Path, tables: Mapping[Scope, dict[str, Any]]) -> dict[Fund, Draft]:
    """Both funds' rows: those of [both], overridden and added to by the fund's own section."""
    drafts: dict[Fund, Draft] = {}
    for fund in FUNDS:
        draft = drafts[fund] = Draft()
        scopes: tuple[Scope, Scope] = ("both", fund)
        for scope in scopes:
            for key, entry in flatten(file, scope, tables.get(scope, {})):
                if key != WATERFALL:
                    draft.rows[key] = parse_row(file, f"{scope}.{key}", scope, key, entry)
                    continue
                if not isinstance(entry, list):
                    raise InputError(file, f"{scope}.{key}", f"expected a list, [[{scope}.{key}]]")
                places = [f"{scope}.{key}.{n}" for n in range(1, len(entry) + 1)]
                draft.layers[:] = [
                    parse_row(file, place, scope, key, layer)
                    for place, layer in zip(places, entry, strict=True)
                ]
    return drafts


def read_as(
    file: Path, drafts: Mapping[Fund, Draft], known: Mapping[str, Reading], chosen: Mapping[str, str]
) -> dict[Fund, Draft]:
    """The drafts under the chosen readings; those not chosen stay at their default."""
    for at, name in chosen.items():
        if at not in known:
            raise InputError(file, f"readings.{at}", one_of(at, known))
        if name not in known[at].names:
            raise InputError(file, f"readings.{at}", one_of(name, known[at].names))
    result = {fund: draft.copy() for fund, draft in drafts.items()}
    in_use = {at: chosen.get(at, reading.default) for at, reading in known.items()}
    for at, reading in known.items():
        for alternative in reading.alternative:
            if alternative.name != in_use[at]:
                continue
            mark = {"status": "reading", "reading": at, "chosen": alternative.name}
            change = _Change(file, f"readings.{at}.{alternative.name}", mark)
            _set(change, result, alternative.set)
            _insert(change, result, alternative.insert)
            for variant in alternative.variant:
                if all(in_use.get(other) == name for other, name in variant.when.items()):
                    _set(change, result, variant.set)
    return result


def changed_rules(
    file: Path, drafts: Mapping[Fund, Draft], changes: Mapping[Scope, dict[str, Any]]
) -> dict[Fund, Draft]:
    """The drafts with a scenario's own values of rule parameters, marked as such.

    Under settlement.waterfall a source's number is its share of the first layer that names it beside others,
    whose shares keep their proportions; a list of layers replaces all, each its shares, or a table that has
    them as ``value`` and beside them what a row of a city file may say.
    """
    result = {fund: draft.copy() for fund, draft in drafts.items()}
    change = _Change(file, "rule", {"status": "assumption", "clause": SCENARIO})
    for scope, table in changes.items():
        if scope not in ("both", *FUNDS):
            raise change.refuse(scope, one_of(scope, ("both", *FUNDS)))
        for key, entry in flatten(file, f"rule.{scope}", table):
            for draft in (result[fund] for fund in FUNDS if scope in ("both", fund)):
                _change_rule(change, draft, scope, key, entry)
    return result


def _change_rule(change: _Change, draft: Draft, scope: Scope, key: str, entry: Any) -> None:
    place = f"{scope}.{key}"
    if key != WATERFALL:
        old = draft.rows.get(key)
        named = {"zh": parameter_name(key, "zh"), "en": parameter_name(key, "en")}
        names = {"zh": old.zh, "en": old.en} if old else named
        row = parse_row(change.file, f"rule.{place}", scope, key, {"value": entry, **change.mark, **names})
        draft.rows[key] = row
        return
    if isinstance(entry, list):
        names = {"zh": "情景自定的分担层次", "en": "layer as the scenario has it"}
        whole = ({"value": layer} if "value" not in layer else layer for layer in map(_table, entry))
        layers = [{**layer, **change.mark, **names} for layer in whole]
        draft.layers[:] = [
            parse_row(change.file, f"rule.{place}.{n}", scope, key, layer)
            for n, layer in enumerate(layers, 1)
        ]
        return
    if not isinstance(entry, dict):
        raise change.refuse(place, "expected a share by source, or a list of layers")
    for source, share in entry.items():
        shared = [
            at for at, row in enumerate(draft.layers) if source in row.value and 0 < row.value[source] < 1
        ]
        if not shared:
            mixed = {name for row in draft.layers for name, part in row.value.items() if 0 < part < 1}
            raise change.refuse(
                f"{place}.{source}", f"no layer shares {source}; {one_of(source, sorted(mixed))}"
            )
        if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0 <= share <= 1:
            raise change.refuse(f"{place}.{source}", f"expected a share from 0 to 1, found {share!r:.40}")
        row = draft.layers[shared[0]]
        rest = (1 - share) / (1 - row.value[source])
        shares = {name: share if name == source else part * rest for name, part in row.value.items()}
        mark = {"value": shares, "status": "assumption", "clause": SCENARIO, **NO_NOTE}
        draft.layers[shared[0]] = row.model_copy(update=mark)


def _table(layer: Any) -> dict[str, Any]:
    """A layer as written; what is none is left for ``parse_row`` to refuse."""
    return layer if isinstance(layer, dict) else {"value": layer}


def rules_of(file: Path, drafts: Mapping[Fund, Draft]) -> dict[Fund, FundRules]:
    """Both funds' rules, validated; an error names the row, or the alternative that changed it."""
    return {fund: _rules(file, fund, draft) for fund, draft in drafts.items()}


def _rules(file: Path, fund: Fund, draft: Draft) -> FundRules:
    values: dict[str, Any] = {}
    for key, row in draft.rows.items():
        instrument, _, name = key.partition(".")
        if instrument in FundRules.model_fields:
            if name:
                values.setdefault(instrument, {})[name] = row.value
            else:
                values[instrument] = row.value
    if draft.layers:
        values.setdefault("settlement", {})["waterfall"] = [
            {"shares": row.value}
            | {name: getattr(row, name) for name in LAYER_FIELDS if getattr(row, name) is not None}
            for row in draft.layers
        ]
    try:  # as JSON, where strict means: no text for a number, but a list for a tuple
        return FundRules.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        found = refusal(file, "", error, FundRules)
    rows = draft.by_key()
    culprit = next((row for key, row in rows.items() if f"{found.place}.".startswith(f"{key}.")), None)
    at_fault = ""
    if culprit and culprit.clause == SCENARIO:
        at_fault = "rule."
    elif culprit and culprit.chosen:
        at_fault = f"readings.{culprit.reading}.{culprit.chosen}."
    place = found.place.replace(".shares", ".value")
    raise InputError(file, f"{at_fault}{culprit.fund if culprit else fund}.{place}", found.expected)


def _set(change: _Change, drafts: Mapping[Fund, Draft], changes: Mapping[Scope, dict[str, Any]]) -> None:
    for scope, table in changes.items():
        for key, entry in flatten(change.file, f"{change.at}.set.{scope}", table):
            place = f"set.{scope}.{key}"
            for draft in (drafts[fund] for fund in FUNDS if scope in ("both", fund)):
                if key != WATERFALL:
                    if key not in draft.rows:
                        raise change.refuse(place, "expected the key of a row that the city has in that fund")
                    draft.rows[key] = change.changed(place, draft.rows[key], entry)
                elif isinstance(entry, list):
                    draft.layers[:] = [change.row(place, scope, key, layer) for layer in entry]
                elif isinstance(entry, dict):
                    for source, inner in entry.items():
                        at = _naming(change, f"{place}.{source}", draft, source)
                        draft.layers[at] = change.changed(f"{place}.{source}", draft.layers[at], inner)
                else:
                    raise change.refuse(place, "expected a list of layers, or a table by source")


def _insert(change: _Change, drafts: Mapping[Fund, Draft], layers: Mapping[Scope, dict[str, Any]]) -> None:
    for scope, layer in layers.items():
        place = f"insert.{scope}"
        if "before" not in layer:
            raise change.refuse(place, "needs before, a source that a layer names")
        row = change.row(place, scope, WATERFALL, {k: v for k, v in layer.items() if k != "before"})
        for draft in (drafts[fund] for fund in FUNDS if scope in ("both", fund)):
            draft.layers.insert(_naming(change, f"{place}.before", draft, str(layer["before"])), row)


def _naming(change: _Change, place: str, draft: Draft, source: str) -> int:
    """Place of the first layer that names the source."""
    for at, row in enumerate(draft.layers):
        if isinstance(row.value, dict) and source in row.value:
            return at
    named = dict.fromkeys(name for row in draft.layers if isinstance(row.value, dict) for name in row.value)
    raise change.refuse(place, one_of(source, named))
