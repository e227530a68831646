"""The rules in force as plain rows, so that a result carries the clauses it rests on.

``rules.csv`` of a run: scenario, fund (both, employee, resident), key, value as ``explain`` shows it, clause,
status, reading and, of a text in two languages, ``_en`` and ``_zh``.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.city import City
from scenarios.explain import Line, explain_table

FILE = "rules.csv"
COLUMNS = (
    *("scenario", "reading", "group_en", "group_zh", "name_en", "name_zh"),
    *("value_en", "value_zh", "clause_en", "clause_zh", "status_en", "status_zh"),
)


def rule_rows(scenario: str, city: City) -> Iterator[tuple[str, ...]]:
    """One row for every rule parameter, under ``COLUMNS``."""
    lines: Iterator[tuple[Line, Line]] = zip(
        explain_table(city, "en"), explain_table(city, "zh"), strict=True
    )
    for en, zh in lines:
        pairs = (
            getattr(each, name)
            for name in ("group", "name", "value", "clause", "status")
            for each in (en, zh)
        )
        yield scenario, en.reading, *pairs
