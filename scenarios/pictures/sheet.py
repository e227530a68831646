"""The frame of a picture: words above, panels between, notes below; and the file it is saved to.

Sizes are inches and points; the width fits an A4 page.  Words never meet panels: heights of words are
reckoned from their wrapped lines, and the rest of the sheet is left to matplotlib's constrained layout.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import InputError
from scenarios.labels import wrap
from scenarios.pictures import fonts
from scenarios.runs.facts import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Floats = NDArray[np.float64]
WIDTH = 7.4
"""Of a sheet, inches."""
TITLE, ABOUT, NAME, NOTE = 12.0, 8.0, 7.0, 6.5
LEADING, BASELINE = 1.4, 0.3
"""From line to line, and from a line's foot to its letters' base, in the size of the letters."""
MARGIN, GAP = 0.08, 0.1
NARROWEST = 0.4
"""Width of a column of ``labels.wrap`` in lines of narrow letters, in the size of the letters."""
ROW = 0.24
"""Height of a row whose name is one line, inches."""
JOINTS = re.compile(r"(?<=[,=_/ ])|(?<=\.)(?!\d)|(?=@)")
"""Where the name of a scenario may be broken into lines."""
FORMATS = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
}
"""File formats, and what would date a file or name its maker."""
QUIET = (0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 80)
"""Ends of axes in percent."""
SERIES = (  # colours of Okabe and Ito from dark to light, and dashes for grey prints
    ("#1a1a1a", "-"),
    ("#0072b2", (0, (6, 2))),
    ("#d55e00", (0, (2, 1.5))),
    ("#009e73", (0, (6, 2, 1, 2))),
    ("#cc79a7", (0, (1, 1))),
    ("#56b4e9", (0, (9, 2))),
    ("#e69f00", (0, (4, 1, 1, 1, 1, 1))),
)


@dataclass(frozen=True)
class Words:
    """What is written around the panels."""

    title: str
    about: str
    """Under the title: what was run."""
    notes: tuple[str, ...] = ()
    """Under the panels, one a line."""


@contextmanager
def drawing() -> Iterator[None]:
    """The fonts and the style of pictures, for as long as the context lasts."""
    import matplotlib

    with matplotlib.rc_context():
        fonts.use_fonts()
        yield


def sheet(words: Words, height: float, width: float = WIDTH) -> tuple[Figure, SubFigure]:
    """A figure with its words, and the part of it, ``height`` inches, for panels and legends between them."""
    from matplotlib.figure import Figure

    room = width - 2 * MARGIN
    above = [
        (lines(words.title, room, TITLE), TITLE, fonts.INK),
        (lines(words.about, room, ABOUT), ABOUT, fonts.GREY),
    ]
    below = [line for note in words.notes for line in lines(note, room, NOTE)]
    head = GAP + sum(tall(len(some), size) + 0.04 for some, size, _ in above)
    foot = GAP + tall(len(below), NOTE)
    total = head + height + foot
    figure = Figure(figsize=(width, total), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.05, h_pad=0.05, hspace=0.03, wspace=0.03)
    parts: Any = figure.subfigures(3, 1, height_ratios=[head, height, foot], hspace=0)
    body: SubFigure = parts[1]
    top = total - GAP
    for some, size, colour in above:
        _write(figure, some, size, colour, top)
        top -= tall(len(some), size) + 0.04
    _write(figure, below, NOTE, fonts.GREY, foot - 0.03)
    return figure, body


def lines(text: str, inches: float, points: float) -> list[str]:
    """``text`` in lines no wider than that at that size, where no single word is wider."""
    columns = max(int(inches * 72 / points / NARROWEST), 1)
    while True:
        some = wrap(text, columns)
        if columns <= 4 or max(measure(line, points) for line in some) <= inches:
            return some
        columns -= 1


def name_lines(name: str, inches: float, points: float) -> list[str]:
    """A scenario's name as ``lines``, broken at its joints, ``@a.b=1,``, where it has some in time."""
    some = [""]
    for part in JOINTS.split(name):
        if measure(some[-1] + part, points) <= inches:
            some[-1] += part
        else:
            some += lines(part, inches, points)
    return [line.strip() for line in some if line.strip()]


class Rows(NamedTuple):
    """Rows of a panel, as high as their names need; in inches from the panel's top."""

    names: list[str]
    """In lines."""
    places: list[float]
    """Of the rows' middles."""
    height: float
    """Of all rows."""

    def mark(self, axes: Axes, named: bool = True) -> None:
        """The panel's vertical axis in inches, with the rows' names where they are to stand."""
        axes.set_yticks(self.places, self.names if named else [""] * len(self.names), size=NAME)
        axes.set_ylim(self.height, 0)
        axes.tick_params(axis="y", length=0)


def rows(names: Iterable[str], inches: float) -> Rows:
    """Rows for names no wider than that."""
    wrapped = [name_lines(name, inches, NAME) for name in names]
    heights = [max(ROW, tall(len(some), NAME) + 0.04) for some in wrapped]
    ends = np.cumsum(heights)
    places = (ends - np.array(heights) / 2).tolist()
    return Rows(["\n".join(some) for some in wrapped], places, float(ends[-1]))


def measure(text: str, points: float) -> float:
    """Width in inches of one line of text in the pictures' font, without its kerning, which narrows it."""
    return sum(map(_advance, text)) * points / 72


@cache
def _advance(char: str) -> float:
    """How far a character moves the pen, in the size of the letters; one that the fonts lack counts as 1."""
    font = fonts.font()
    font.set_size(100, 72)
    try:
        return float(font.load_char(ord(char)).linearHoriAdvance) / 65536 / 100
    except RuntimeError:
        return 1.0


def tall(count: int, points: float) -> float:
    """Height in inches of that many lines of that size."""
    return count * points * LEADING / 72


def _write(figure: Figure, some: list[str], points: float, colour: str, top: float) -> None:
    width, height = figure.get_size_inches()
    for i, line in enumerate(some, 1):
        place = MARGIN / width, (top - tall(i, points) + BASELINE * points / 72) / height
        figure.text(*place, line, size=points, color=colour).set_in_layout(False)


def legend(body: SubFigure, panels: Iterable[Axes]) -> None:
    """One legend above the panels, each label once, in as many columns as there is room for."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    if found:
        inches = max(measure(name, 7) for name in found) + 0.4
        columns = max(1, min(len(found), int((WIDTH - 2 * MARGIN) / inches)))
        body.legend(list(found.values()), list(found), loc="outside upper left", ncols=columns)


def stretch(year: NDArray[Any], *values: Floats) -> list[Floats]:
    """Years and values to draw as lines; a single year is drawn as a short level stretch."""
    if len(year) == 1:
        return [year[0] + np.array([-0.4, 0.4]), *(np.repeat(numbers, 2) for numbers in values)]
    return [np.asarray(year, np.float64), *values]


def whole_years(axes: Axes, first: int, last: int, ticks: int = 7) -> None:
    """A time axis of whole calendar years."""
    axes.set_xlim(first - 0.6, last + 0.6)
    locator: Any = axes.xaxis.get_major_locator()
    locator.set_params(integer=True, nbins=ticks, min_n_ticks=1)


def percents(axes: Axes, high: float, steps: int = 5) -> None:
    """A vertical axis in percent from nought to a quiet end at or above ``high``, however small."""
    scale = 10.0 ** math.floor(math.log10(10 * high)) if 0 < high < QUIET[0] else 1
    end = next((scale * end for end in QUIET if high <= scale * end), 102.0)
    axes.set_ylim(0, end)
    axes.yaxis.set_major_formatter("{x:g}%")
    locator: Any = axes.yaxis.get_major_locator()
    locator.set_params(nbins=steps)


def intervals(probability: Floats, paths: Iterable[float]) -> tuple[Floats, Floats]:
    """Ends of Wilson's 95 % intervals of probabilities, each found in so many independent paths."""
    pairs = zip(np.asarray(probability).tolist(), paths, strict=True)
    ends = np.array([wilson(p, n) for p, n in pairs]).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]


def settle(figure: Figure) -> None:
    """Lays the figure out for good, at places rounded to a millionth of it.

    The layout's solver goes by the addresses of objects, so its last bits differ from process to process.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.subfigs:
        part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 6))
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position().bounds, 6).tolist())


def save(figure: Figure, path: Path) -> None:
    """Writes the figure in the format of the name's suffix, whole or not at all; the same bytes each time.

    Call it inside ``drawing()``.  InputError where the suffix is of no known format.
    """
    kind = format_of(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.{kind}")
    metadata: Any = FORMATS[kind]
    if figure.get_layout_engine() is not None:
        settle(figure)
    drawn = BytesIO()  # matplotlib's own writing of a PDF hides that a disk is full
    figure.savefig(drawn, format=kind, dpi=160, metadata=metadata)
    try:
        temporary.write_bytes(drawn.getvalue())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def format_of(path: Path, option: str = "") -> str:
    """The format that a file's suffix names; InputError, naming the option, for another."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        close = difflib.get_close_matches(kind, FORMATS, 1)
        hint = f'; did you mean "{path.stem}.{close[0]}"?' if close else ""
        raise InputError(path, option, f"expected a name that ends in .png, .svg or .pdf{hint}")
    return kind
