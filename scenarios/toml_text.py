"""Scenarios as TOML text: plain tables of whole numbers, numbers, texts, lists and tables, written readably.

``tomllib.loads(to_toml(document)) == document`` for what a scenario holds; a key whose value is None is left
out.  Whole numbers from 10 000 on are grouped by thousands (``1_234_567``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_WIDTH = 100


def to_toml(document: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """``comments`` maps a table's dotted key to a line above it; the key "" is the head of the file."""
    comments = comments or {}
    head = [f"# {line}" for line in comments.get("", "").splitlines()]
    return "\n".join([*head, *_table("", document, comments)]) + "\n"


def _table(path: str, table: Mapping[str, Any], comments: Mapping[str, str]) -> Iterator[str]:
    """The table's own values first, then its tables, then its lists of tables."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lists = {key: value for key, value in table.items() if _is_tables(value)}
    for key, value in table.items():
        if key not in inner and key not in lists and value is not None:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        below = f"{path}.{_key(key)}".lstrip(".")
        only_tables = value and all(isinstance(part, Mapping) for part in value.values())
        yield from _header(below, "" if only_tables else f"[{below}]", comments)
        yield from _table(below, value, comments)
    for key, rows in lists.items():
        below = f"{path}.{_key(key)}".lstrip(".")
        for number, row in enumerate(rows):
            yield from _header(below, f"[[{below}]]", {} if number else comments)
            yield from _table(below, row, comments)


def _header(path: str, title: str, comments: Mapping[str, str]) -> list[str]:
    lines = [f"# {comments[path]}"] if path in comments else []
    lines += [title] if title else []
    return ["", *lines] if lines else []


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:_}" if abs(value) >= 10_000 else str(value)
        case float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return _list([_value(part) for part in value])
    raise TypeError(f"no TOML for {value!r}")


def _list(parts: list[str]) -> str:
    """On one line where it fits, else on lines of equal length; a list of lists takes a line for each."""
    line = f"[{', '.join(parts)}]"
    nested = parts and parts[0].startswith("[")
    if len(line) <= (_WIDTH // 2 if nested else _WIDTH):
        return line
    each = 1 if nested else -(-len(parts) // -(-len(line) // _WIDTH))
    lines = [f"  {', '.join(parts[at : at + each])}," for at in range(0, len(parts), each)]
    return "\n".join(["[", *lines, "]"])


def _is_tables(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
