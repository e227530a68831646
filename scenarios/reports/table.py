"""A table of a report, made once and shown as HTML, CSV or LaTeX.

Every cell has the text a reader sees and, where that is a figure, the number behind it in the same unit: the
page sorts by the number, a CSV file holds it.  Units stand in the headings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scenarios.labels import Lang
from scenarios.reports.words import phrase
from scenarios.runs.facts import Yearly, independent_paths, wilson
from scenarios.runs.summary import hundred_millions, percent

DIGITS = 10
"""Of a number in a file: more than any simulation knows, fewer than binary fractions show."""


class Cell(NamedTuple):
    """What a reader sees, the number behind it, and the ends of its interval."""

    text: str
    number: float | None = None
    interval: tuple[float, float] | None = None


EMPTY = Cell("")


class ReportTable(NamedTuple):
    """A table with its title and the sentence under it."""

    name: str
    """Of its file, without suffix."""
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def numeric(self) -> list[bool]:
        """For each column, whether it holds figures."""
        return [any(row[i].number is not None for row in self.rows) for i in range(len(self.headings))]

    def records(self, lang: Lang) -> Iterator[list[str | float]]:
        """Headings, then rows, with numbers where there are; an interval's ends have columns of their own."""
        ranged = [any(row[i].interval for row in self.rows) for i in range(len(self.headings))]
        yield [
            name
            for heading, two in zip(self.headings, ranged, strict=True)
            for name in (heading, *(f"{heading}: {phrase(end, lang)}" for end in ("low", "high") if two))
        ]
        for row in self.rows:
            cells: list[str | float] = []
            for cell, two in zip(row, ranged, strict=True):
                cells.append(cell.text if cell.number is None else _rounded(cell.number))
                cells += [*map(_rounded, cell.interval)] if cell.interval else ["", ""] if two else []
            yield cells


def make_table(
    name: str, lang: Lang, keys: Iterable[str], rows: Iterable[Sequence[Cell]], **values: object
) -> ReportTable:
    """The table with its words in one language; columns that are empty in every row are left out."""
    keys, kept_rows = tuple(keys), [tuple(row) for row in rows]
    kept = [i for i in range(len(keys)) if not kept_rows or any(row[i].text for row in kept_rows)]
    return ReportTable(
        name,
        phrase(f"table:{name}", lang, **values),
        tuple(phrase(f"heading:{keys[i]}", lang, **values) for i in kept),
        tuple(tuple(row[i] for i in kept) for row in kept_rows),
        phrase(f"note:{name}", lang, **values),
    )


def chances(rows: Yearly) -> list[Cell]:
    """Probabilities with their Wilson 95 % intervals, in percent."""
    pairs = zip(rows.value.tolist(), independent_paths(rows), strict=True)
    return [chance(p, wilson(p, n)) for p, n in pairs]


def chance(probability: float, interval: tuple[float, float]) -> Cell:
    """A probability with an interval, in percent: to two digits of the interval's upper end at least."""
    if math.isnan(probability):
        return EMPTY
    p, low, high = (100 * value for value in (probability, *interval))
    digits = 1 if not 0 < high < 1 else 1 - math.floor(math.log10(high))
    form = f".{digits}f" if digits < 10 else ".1e"
    ends = "–" if math.isnan(high) else f"{low:{form}}–{high:{form}}"
    return Cell(f"{p:{form}} [{ends}]", p, (low, high))


def decimal(value: float) -> Cell:
    """A number of one decimal; empty where there is none."""
    return EMPTY if math.isnan(value) else Cell(f"{value:z,.1f}", value)


def share(value: float) -> Cell:
    """A share of 1 in percent, to two digits where it is small."""
    return EMPTY if math.isnan(value) else Cell(percent(value).rstrip("%"), 100 * value)


def yuan(value: float) -> Cell:
    """An amount in 100 million yuan."""
    return EMPTY if math.isnan(value) else Cell(hundred_millions(value), value / 1e8)


def whole(number: int) -> Cell:
    """A year or a count, without separators."""
    return Cell(str(number), number)


def _rounded(number: float) -> str | float:
    if math.isnan(number):
        return ""
    return number if isinstance(number, int) else float(f"{number:z.{DIGITS}g}")
