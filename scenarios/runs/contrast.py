"""What differs between scenarios: their rules clause by clause, and their other inputs key by key.

Rules are compared as they take effect, so that a rule that one city writes out and the other leaves at what
it means anyway is no difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from scenarios.definition.addresses import leaves
from scenarios.definition.policy import Trend
from scenarios.definition.scenario import Scenario
from scenarios.labels import Lang, label
from scenarios.rulebook.parameters import parameter_name
from scenarios.rulebook.rows import VOCABULARY, WATERFALL, Row
from sim.model import FUNDS
from sim.rules import FundRules

NOT_INPUTS = frozenset(
    "name title_zh title_en city rules template readings rule paths seed office assumptions sources".split()
)
COUNTIES = "counties"
COLUMNS = ("kind", "fund", "key", "scenario", "value", "clause", "status", "reading")


class Said(NamedTuple):
    """What one scenario has for a key."""

    value: str
    """JSON; empty where the scenario has no such key."""
    row: Row | None = None
    """The rule's row; None for other inputs, and for what the document does not mention."""
    clause: str = ""
    """As the ledger cites it."""


@dataclass(frozen=True)
class Difference:
    """A key that the scenarios do not all agree on."""

    kind: str
    """``rule`` or ``input``."""
    fund: str
    """``employee`` or ``resident``; empty for an input, whose key names it."""
    key: str
    said: Mapping[str, Said]
    """By scenario."""

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row a scenario, under ``COLUMNS``."""
        for scenario, (value, row, clause) in self.said.items():
            status = row.status if row else ""
            reading = "=".join(part for part in (row.reading, row.chosen) if part) if row else ""
            yield self.kind, self.fund, self.key, scenario, value, clause, status, reading

    def label(self, lang: Lang) -> str:
        """The rule in words, an input by its key."""
        if self.key.startswith(f"{WATERFALL}."):
            return label("layer", lang, n=self.key.rpartition(".")[2])
        row = next((each.row for each in self.said.values() if each.row), None)
        return parameter_name(self.key, lang) if row is None else row.zh if lang == "zh" else row.en


def differences(scenarios: Mapping[str, Scenario]) -> list[Difference]:
    """Rules by fund in the order of the year, then inputs by dotted key; scenarios by name."""
    found = [Difference("rule", fund, key, said) for fund, key, said in _rules(scenarios)]
    inputs = {name: _inputs(scenario) for name, scenario in scenarios.items()}
    first, *others = inputs.values()
    alike = {key for key in first if all(key in values for values in others)}
    keys = dict.fromkeys(key for values in inputs.values() for key in values)
    for key in keys:
        if key.startswith(f"{COUNTIES}.") and key not in alike:
            continue  # of a county that some scenario does not have, as the list of counties says
        said = {name: Said(values.get(key, "")) for name, values in inputs.items()}
        if _differ(said):
            found.append(Difference("input", "", key, said))
    return found


def _differ(said: Mapping[str, Said]) -> bool:
    return len({each.value for each in said.values()}) > 1


def _rules(scenarios: Mapping[str, Scenario]) -> Iterator[tuple[str, str, dict[str, Said]]]:
    for fund in FUNDS:
        if not all(fund in scenario.case.funds for scenario in scenarios.values()):
            continue
        effective = {name: _flat(scenario.case.rules[fund]) for name, scenario in scenarios.items()}
        keys = dict.fromkeys(key for values in effective.values() for key in values)
        for key in sorted(keys, key=lambda key: list(VOCABULARY).index(key.partition(".")[0])):
            said = {}
            for name, scenario in scenarios.items():
                row = scenario.city.by_fund[fund].get(key)
                clause = scenario.city.clause(fund, key) if row else ""
                said[name] = Said(effective[name].get(key, ""), row, clause)
            if _differ(said):
                yield fund, key, said


def _flat(rules: FundRules) -> dict[str, str]:
    """Every parameter by dotted key, layers of the waterfall one by one, as JSON."""
    out: dict[str, str] = {}
    for instrument, body in rules.model_dump(mode="json").items():
        fields = body if isinstance(body, dict) else {"": body}
        for name, value in fields.items():
            key = f"{instrument}.{name}" if name else instrument
            if key == WATERFALL:
                out |= {f"{key}.{n}": _json(_layer(layer)) for n, layer in enumerate(value, 1)}
            else:
                out[key] = _json(value)
    return out


def _layer(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer as it takes effect: what it does where the pool is short matters only where it draws it."""
    kept = {name: share for name, share in layer["shares"].items() if share > 0}
    short = {"when_pool_short": layer["when_pool_short"]} if "pool" in kept else {}
    limit = {} if layer["up_to"] is None else {"up_to": layer["up_to"]}
    return {"shares": kept, **short, **limit}


def _inputs(scenario: Scenario) -> dict[str, str]:
    """Every other input by dotted key, counties by name, as JSON."""
    written = dict(scenario.resolved["scenario"])
    counties = {county["name"]: county for county in written.pop("counties")}
    kept = {key: value for key, value in written.items() if key not in NOT_INPUTS}
    kept["trend"] = {fund: Trend().model_dump() | written["trend"].get(fund, {}) for fund in written["funds"]}
    figures = {
        name: {key: value for key, value in county.items() if key not in ("name", "name_en")}
        for name, county in counties.items()
    }
    said = leaves({**kept, COUNTIES: figures})
    return {COUNTIES: _json(list(counties))} | {key: _json(value) for key, value in said if value is not None}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
