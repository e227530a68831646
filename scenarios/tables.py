"""Strict reading of the user's CSV files: every refusal names the file, the row and the column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenarios.errors import InputError
from scenarios.held import content

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
OF_ANOTHER_UNIT = 1000.0
"""Times what a figure goes with, or the inverse: so far off it is probably in 万元 or 亿元, not in yuan."""
LARGEST = 1e15
"""Yuan or persons: beyond it a double no longer holds whole fen, let alone sums."""
YEARS = (1900, 2200)
"""The calendar years that a row may be of."""
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class TableRow:
    """One row of a CSV file and where it stands; the header is row 1."""

    file: Path
    number: int
    cells: dict[str, str]

    def refuse(self, column: str, expected: str) -> InputError:
        """The error for a cell of this row."""
        return InputError(self.file, f"row {self.number}, column {column}", expected)

    def text(self, column: str) -> str:
        """A name, which may not be empty."""
        value = self.cells[column]
        if not value:
            raise self.refuse(column, "expected a name, found an empty cell")
        return value

    def choice(self, column: str, allowed: Sequence[str], what: str) -> str:
        """One of the allowed names."""
        value = self.cells[column]
        if value not in allowed:
            raise self.refuse(column, f"expected {what} ({', '.join(allowed)}), found {value!r:.80}")
        return value

    def whole(self, column: str, lowest: int, highest: int) -> int:
        """A whole number between two bounds, both included."""
        value = self.cells[column]
        if not WHOLE.fullmatch(value) or not lowest <= int(value) <= highest:
            expected = f"expected a whole number from {lowest} to {highest}, found {value!r:.80}"
            raise self.refuse(column, expected)
        return int(value)

    def number_of(self, column: str) -> float:
        """A finite number of either sign."""
        value, found = self.cells[column], self._finite(column)
        if abs(found) >= LARGEST:
            raise self.refuse(column, f"expected a number below {LARGEST:.0e}, found {value!r:.80}")
        return found

    def amount(self, column: str) -> float:
        """A finite number, at least 0."""
        value = self.cells[column]
        if self._finite(column) < 0:
            raise self.refuse(column, f"expected a number that is not negative, found {value!r:.80}")
        return self.number_of(column) + 0.0  # -0 is 0

    def optional_amount(self, column: str) -> float:
        """As ``amount``; NaN for an empty cell."""
        return self.amount(column) if self.cells[column] else math.nan

    def _finite(self, column: str) -> float:
        value = self.cells[column]
        found = float(value) if NUMBER.fullmatch(value) else math.nan
        if not math.isfinite(found):
            raise self.refuse(
                column, f"expected a number such as 1234.56, found {value!r:.80}{_why(value, column)}"
            )
        return found


def read_table(path: Path, columns: Sequence[str]) -> list[TableRow]:
    """All rows of a CSV file whose header has just these columns, in any order; cells are stripped."""
    lines = csv.reader(_lines(path), strict=True)
    rows: list[TableRow] = []
    header: list[str] | None = None
    try:
        for cells in lines:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = _header(path, cells, columns)
                continue
            if len(cells) != len(header):
                place = f"row {lines.line_num}"
                raise InputError(path, place, f"expected {len(header)} cells, found {len(cells)}")
            rows.append(TableRow(path, lines.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise InputError(path, f"row {lines.line_num}", f"expected CSV text ({error})") from error
    if header is None:
        raise InputError(path, "row 1", f"expected a header row ({', '.join(columns)}), found an empty file")
    return rows


def _why(value: str, column: str) -> str:
    """What may have been meant by a text that is no number."""
    if re.fullmatch(r"[+-]?[0-9]{1,3}([,，' ][0-9]{3})+(\.[0-9]*)?", value):
        return ": without thousands separators"
    if value.endswith(("%", "％")):
        return ": a share of 1, not per cent" if column.endswith("growth") else ": an amount, not per cent"
    return ": in yuan or persons, not 万 or 亿" if re.search("[万亿]", value) else ""


def _header(path: Path, cells: list[str], columns: Sequence[str]) -> list[str]:
    for name in cells:
        if name not in columns:
            expected = f"expected the columns {', '.join(columns)}, found {name!r}"
            raise InputError(path, f"row 1, column {name or '(no name)'}", expected)
        if cells.count(name) > 1:
            raise InputError(path, f"row 1, column {name}", "expected each column once")
    for name in columns:
        if name not in cells:
            raise InputError(path, f"row 1, column {name}", f"expected a column {name}, found none")
    return cells


def _lines(path: Path) -> Iterator[str]:
    try:
        found = content(path)
    except FileNotFoundError:
        raise InputError(path, "", "expected a file, found none") from None
    except OSError as error:
        raise InputError(path, "", f"expected a readable file ({error.strerror})") from error
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = found[: error.start].count(b"\n") + 1
        byte = f"0x{found[error.start]:02x}"
        expected = f"expected UTF-8 text, found the byte {byte} (in Excel, save as CSV UTF-8)"
        raise InputError(path, f"row {row}", expected) from None
    if "\0" in text:
        row = text[: text.index(chr(0))].count("\n") + 1
        raise InputError(path, f"row {row}", "expected text, found a zero byte")
    return io.StringIO(text, newline="")  # not splitlines: a name may hold U+2028
