"""The rules in force as plain rows, so that a result carries the clauses it rests on.

``rules.csv`` of a run or comparison: scenario, fund (both, employee, resident), key, reading and, as
``explain`` shows them in both languages (``_en``, ``_zh``), group, name, value, clause and status.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.rulebook.city import City
from scenarios.rulebook.explain import explained

FILE = "rules.csv"
TEXTS = ("group", "name", "value", "clause", "status")
COLUMNS = (
    *("scenario", "fund", "key", "reading"),
    *(f"{text}_{lang}" for text in TEXTS for lang in ("en", "zh")),
)


def rule_rows(scenario: str, city: City) -> Iterator[tuple[str, ...]]:
    """One row for every rule parameter, under ``COLUMNS``."""
    for (row, en), (_, zh) in zip(explained(city, "en"), explained(city, "zh"), strict=True):
        texts = (getattr(line, text) for text in TEXTS for line in (en, zh))
        yield scenario, row.fund, row.key, en.reading, *texts
