"""Which values can be chosen together: each choice narrows the next, and the last names one scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Choice(NamedTuple):
    """An address, the values that it can take after the choices before it, and the one it has."""

    address: str
    options: list[Any]
    value: Any


def narrowed(
    rows: Sequence[Mapping[str, Any]], addresses: Sequence[str], wanted: Mapping[str, Any]
) -> tuple[list[Choice], Mapping[str, Any]]:
    """The choices in order, and the row they lead to.

    A wanted value is taken where it can be; otherwise the first that can.  Options stand in the order of the
    rows, of which there must be one at least.
    """
    choices = []
    for address in addresses:
        options = list(dict.fromkeys(row.get(address) for row in rows))
        value = wanted[address] if wanted.get(address) in options and address in wanted else options[0]
        rows = [row for row in rows if row.get(address) == value]
        choices.append(Choice(address, options, value))
    return choices, rows[0]
