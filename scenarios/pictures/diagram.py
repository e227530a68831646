"""A city's rules as a diagram: the steps of a year from top to bottom, the waterfall as bars of shares.

A column is set line by line from the top, in inches; nothing can overlap, for every mark moves the pen down
by its own height.  The sheet is as high as the longest column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.labels import Lang, label
from scenarios.output import check_file, new_files
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.sheet import (
    BASELINE,
    MARGIN,
    Words,
    drawing,
    format_of,
    lines,
    measure,
    save,
    sheet,
    tall,
)
from scenarios.pictures.steps import Bar, Said, Step, same_for_both, steps_of
from scenarios.rulebook.city import City
from scenarios.rulebook.explain import city_notes, document_lines, named, with_rules
from scenarios.rulebook.words import word
from sim.model import Fund

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SOURCES = {  # fill, letters: what is the insured's own money is light, what is a treasury's is dark or orange
    "county_balance": ("#dfe8f0", fonts.INK),
    "all_balances": ("#c9dbe9", fonts.INK),
    "pool": ("#9dbdd8", fonts.INK),
    "risk_fund": ("#d8cfe6", fonts.INK),
    "county_treasury": ("#1f4e79", "#ffffff"),
    "city_treasury": ("#e8a33d", fonts.INK),
    "unfunded": ("#ffffff", fonts.INK),
}
SOURCE = "#1f4e79"
INKS = {"delegated": "#a8430b", "assumption": fonts.GREY}
"""Colours of where a rule is from, by status."""
BODY, HEADING, FUND = 6.5, 7.2, 8.5
"""Sizes of letters, points."""
BAR, ARROW = 0.3, 0.13
"""Heights, inches."""
BETWEEN, GUTTER, INDENT, HANG, PAD = 0.2, 0.12, 0.08, 0.08, 0.04
"""Widths between columns, before a source, at a column's edge, before second lines, in bars, inches."""
ONE, TWO = 5.2, 7.4
"""Widths of a sheet with one column and with two, inches."""


@dataclass
class Column:
    """Marks set from the top down within a column; heights and places in inches."""

    left: float
    width: float
    lang: Lang
    pen: float = 0.0
    """How far down the next mark begins."""
    texts: list[tuple[float, float, str, dict[str, Any]]] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float, dict[str, Any]]] = field(default_factory=list)

    def write(
        self, said: Said, points: float = BODY, colour: str = fonts.INK, indent: float = INDENT
    ) -> None:
        """A sentence from the left and its source at the right, beneath it where both are long."""
        room = self.width - 2 * indent
        taken = measure(said.source, points) + GUTTER if said.source else 0.0
        beside = taken < 0.45 * room
        some = lines(said.text, (room - taken if beside else room) - HANG, points)
        first = self.pen
        for i, line in enumerate(some):
            self._line(line, self.left + indent + (HANG if i else 0), points, color=colour)
        if not said.source:
            return
        ink = INKS.get(said.status, SOURCE)
        below, self.pen = self.pen, first if beside else self.pen
        for line in [said.source] if beside else lines(said.source, room, points):
            self._line(line, self.left + self.width - indent, points, color=ink, ha="right")
        self.pen = max(below, self.pen)

    def _line(self, text: str, x: float, points: float, **style: Any) -> None:
        self.pen += tall(1, points)
        style = {"size": points, "va": "baseline", **style}
        self.texts.append((x, self.pen - BASELINE * points / 72, text, style))

    def band(self, heading: Said) -> None:
        """The heading of a step, on grey."""
        top = self.pen
        self.pen += 0.02
        self.write(heading, HEADING)
        self.pen += 0.02
        self.boxes.append((self.left, top, self.width, self.pen - top, {"facecolor": "#ececec", "lw": 0}))
        self.pen += 0.03

    def arrow(self) -> None:
        """To the next step or layer."""
        style = {"size": 6, "va": "center", "ha": "center", "color": fonts.GREY}
        self.texts.append((self.left + self.width / 2, self.pen + ARROW / 2, "▼", style))
        self.pen += ARROW

    def bar(self, bar: Bar) -> None:
        """Shares side by side, each as wide as it is large; words beneath where one has no room inside."""
        self.write(bar.said)
        self.pen += 0.02
        room, x = self.width - 2 * INDENT, self.left + INDENT
        words = [_inside(self._words(*part), part[1] * room) for part in bar.parts]
        for (source, share), inside in zip(bar.parts, words, strict=True):
            fill, ink = SOURCES[source]
            edge = "--" if source == "unfunded" else "-"
            style = {"facecolor": fill, "edgecolor": fonts.GREY, "lw": 0.5, "ls": edge}
            self.boxes.append((x, self.pen, share * room, BAR, style))
            if all(words):
                style = {"size": BODY, "va": "center", "ha": "center", "color": ink, "linespacing": 1.1}
                self.texts.append((x + share * room / 2, self.pen + BAR / 2, inside, style))
            x += share * room
        self.pen += BAR + 0.02
        if not all(words):
            self.write(Said(" | ".join(" ".join(self._words(*part)) for part in bar.parts), ""))
        for line in bar.below:
            self.write(Said(line, ""), colour=fonts.GREY)

    def _words(self, source: str, share: float) -> tuple[str, str]:
        return word(source, self.lang), f"{100 * share:.4g}%"


def _inside(words: tuple[str, str], inches: float) -> str:
    """The name and share of a bar's part in a line or two, as they fit; none where they do not."""
    name, amount = words
    start, _, end = name.rpartition(" ")
    split = [f"{start}\n{end} {amount}"] if start else []
    for text in (f"{name} {amount}", f"{name}\n{amount}", *split):
        if max(measure(line, BODY) for line in text.split("\n")) + 2 * PAD <= inches:
            return text
    return ""


def diagram_figure(city: City, lang: Lang) -> Figure:
    """The steps of a year under the city's rules, a column a fund, or one where both funds have the same."""
    one = same_for_both(city)
    funds: tuple[Fund, ...] = ("employee",) if one else ("employee", "resident")
    width = ONE if one else TWO
    each = (width - 2 * MARGIN - BETWEEN * (len(funds) - 1)) / len(funds)
    columns = []
    for i, fund in enumerate(funds):
        column = Column(MARGIN + i * (each + BETWEEN), each, lang)
        name = caption("both_funds", lang) if one else label(fund, lang)
        column.write(Said(name, ""), FUND, indent=0)
        column.pen += 0.03
        for n, step in enumerate(steps_of(city, fund, lang)):
            if n:
                column.arrow()
            _set(column, step, lang)
        columns.append(column)
    height = max(column.pen for column in columns) + 0.08
    name = with_rules(city, named(city.header, lang), lang)
    title = caption("rules_title", lang, city=name[:1].upper() + name[1:])
    about = " · ".join(document_lines(city, lang))
    notes = (caption("diagram_note", lang), *city_notes(city, lang))
    figure, body = sheet(Words(title, about, notes), height, width)
    axes = body.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    for column in columns:
        _draw(axes, column)
    return figure


def save_diagram(city: City, path: Path, lang: Lang) -> None:
    """Draws the city's rules into a file; InputError for a suffix or a place that will not do."""
    format_of(path, "--diagram")
    check_file(path, "--diagram")
    with new_files(path.parent, option="--diagram") as folder, drawing():
        save(diagram_figure(city, lang), folder / path.name)


def _set(column: Column, step: Step, lang: Lang) -> None:
    column.band(step.heading)
    for line in step.lines:
        column.write(line)
    if step.surplus is not None:
        column.bar(step.surplus)
    if step.layers:
        column.pen += 0.05
        column.write(Said(caption("deficit", lang), ""))
    for i, layer in enumerate(step.layers):
        if i:
            column.arrow()
        column.bar(layer)
    if step.end is not None:
        column.arrow()
        column.write(step.end)


def _draw(axes: Axes, column: Column) -> None:
    from matplotlib.patches import Rectangle

    for x, y, width, height, style in column.boxes:
        axes.add_patch(Rectangle((x, y), width, height, **style))
    for x, y, text, style in column.texts:
        axes.text(x, y, text, **style)
