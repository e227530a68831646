"""Dotted addresses into a scenario: ``funds.employee.growth.claims``, ``counties.椒江区.employee.…``.

A part of an address is a key of a table, the name of a row that has one, or a row's number, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scenarios.errors import InputError
from scenarios.rulebook.rows import one_of


def unquoted(address: str) -> str:
    """An address as typed; a part may stand in quotes, as TOML needs for a name in Chinese."""
    return re.sub(r"""(^|\.)(["'])([^"']+)\2(?=\.|$)""", r"\1\3", address)


def put(table: dict[str, Any], address: str, value: Any, path: Path) -> None:
    """Sets the value at an address of plain tables and lists; a key that is not there is made.

    Raises InputError for a row that is not there, or a way through something that is neither.
    """
    *way, last = address.split(".")
    at: Any = table
    for part in way:
        at = _step(at, part, address, path)
    if isinstance(at, list):
        at[_row(at, last, address, path)] = value
    elif isinstance(at, dict):
        at[last] = value
    else:
        raise InputError(path, address, f"expected no {last} below {way[-1]}, which is {at!r:.40}")


def get(table: Mapping[str, Any], address: str) -> Any:
    """What stands at an address of plain tables and lists; None where nothing does."""
    at: Any = table
    for part in address.split("."):
        if isinstance(at, list):
            names = [row.get("name", "") if isinstance(row, dict) else "" for row in at]
            row = names.index(part) if part in names else int(part) - 1 if part.isdecimal() else -1
            at = at[row] if 0 <= row < len(at) else None
        else:
            at = at.get(part) if isinstance(at, dict) else None
    return at


def leaves(table: Mapping[str, Any], closed: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """The table's entries as (address, value); a table with one of the ``closed`` keys is a value."""
    for key, value in table.items():
        if isinstance(value, Mapping) and not closed & set(value):
            for below, inner in leaves(value, closed):
                yield f"{key}.{below}", inner
        else:
            yield key, value


def _step(at: Any, part: str, address: str, path: Path) -> Any:
    if isinstance(at, list):
        return at[_row(at, part, address, path)]
    if not isinstance(at, dict):
        raise InputError(path, address, f"expected a table to find {part} in, found {at!r:.40}")
    if at.get(part) is None:
        at[part] = {}
    return at[part]


def _row(rows: list[Any], part: str, address: str, path: Path) -> int:
    names = [row.get("name", "") if isinstance(row, dict) else "" for row in rows]
    if part in names:
        return names.index(part)
    if part.isdecimal() and 1 <= int(part) <= len(rows):
        return int(part) - 1
    known = [name for name in names if name] or [f"1 to {len(rows)}"]
    raise InputError(path, address, one_of(part, known))
