"""Pieces of the page: tables that sort and copy, pictures, sections.  Plain strings of HTML."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from io import StringIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

from scenarios.labels import Lang
from scenarios.reports.table import Cell, ReportTable
from scenarios.reports.words import phrase

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = "Fundsim Sans SC"
"""The part of the Chinese font that comes with the page."""
NARROW = 14
"""Characters of a text that is not broken into lines."""
SHORT = 40
"""Rows of a table that is kept on one page of a print."""
GEOMETRY = re.compile(r' (?:d|x|y)="[^"]+"')
"""Most of a picture's bytes: a city of many counties has megabytes of them."""
WIDE = 320
"""Characters of a line of the manifest."""


class Html(str):
    """Shown by a notebook as it is."""

    def _repr_html_(self) -> str:
        return str(self)


def section(key: str, lang: Lang, parts: Sequence[str]) -> Html:
    """A part of the page under its own heading; nothing where there is nothing in it."""
    if not parts:
        return Html("")
    heading = escape(phrase(key, lang))
    body = "\n".join(parts)
    return Html(
        f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{heading}</h2>\n{body}</section>'
    )


def table(shown: ReportTable, lang: Lang) -> str:
    """A table that can be sorted by its headings and copied; numbers to the right.

    The headings' buttons are spans: a print would repeat no button at the top of the next page.
    """
    columns = list(zip(*shown.rows, strict=True)) or [()] * len(shown.headings)
    kinds = [_kind(cells, figures) for cells, figures in zip(columns, shown.numeric(), strict=True)]
    heads = "".join(
        f'<th scope="col"{kind}><span role="button" tabindex="0">{escape(heading)}</span></th>'
        for heading, kind in zip(shown.headings, kinds, strict=True)
    )
    body = "\n".join(_row(row, kinds) for row in shown.rows)
    title = escape(shown.title)
    copy = escape(phrase("copy", lang))
    short = " short" if len(shown.rows) <= SHORT else ""
    note = paragraph(shown.note, "note") if shown.note else ""
    return (
        f'<div class="table{short}" id="{escape(shown.name)}">'
        f'<button type="button" class="copy" aria-label="{copy}: {title}">{copy}</button>'
        f'<div class="wide"><table><caption>{title}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{note}</div>"
    )


def _row(cells: Sequence[Cell], kinds: Sequence[str]) -> str:
    pairs = enumerate(zip(cells, kinds, strict=True))
    return f"<tr>{''.join(_cell(cell, kind, i == 0) for i, (cell, kind) in pairs)}</tr>"


def _kind(cells: Sequence[Cell], figures: bool) -> str:
    if figures:
        return ' class="number"'
    return ' class="narrow"' if all(len(cell.text) <= NARROW for cell in cells) else ""


def _cell(cell: Cell, kind: str, first: bool) -> str:
    sort = "" if cell.number is None else f' data-number="{cell.number}"'
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    text = escape(cell.text).replace("/", "/<wbr>")  # where an address may be broken
    return f"<{tag}{scope}{sort}{kind}>{text}</{tag}>"


def picture(figure: Figure, number: int, lang: Lang) -> str:
    """The figure as SVG with its text as text, in the page's own font; ``number`` tells its ids apart.

    Call it inside ``drawing()``.  To a screen reader it is one image with words.
    """
    import matplotlib

    from scenarios.pictures.sheet import FORMATS, settle

    if figure.get_layout_engine() is not None:
        settle(figure)
    buffer = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=FORMATS["svg"])
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg ") + len("<svg ") :].replace("'Noto Sans SC'", f"'{FONT}'")
    svg = GEOMETRY.sub(lambda found: _short(found[0]), svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>p{number}-", svg)
    return f'<figure><svg role="img" aria-label="{escape(seen(figure, lang))}" {svg}</figure>'


def _short(geometry: str) -> str:
    """An attribute of coordinates with two decimals of a point, without matplotlib's line breaks."""
    return " " + re.sub(r"(\.\d\d)\d+", r"\1", " ".join(geometry.split()))


def seen(figure: Figure, lang: Lang) -> str:
    """A picture in words: its title, what each panel shows, and its notes."""
    title, *notes = [
        _unwrapped([line for text in some for line in text.get_text().splitlines()])
        for _, some in groupby(figure.texts, key=lambda text: text.get_fontsize())
    ]
    panels = dict.fromkeys(
        " ".join(text.split())
        for axes in figure.axes
        for text in (axes.get_title("left") or axes.get_title() or axes.get_xlabel() or axes.get_ylabel(),)
        if text.strip()
    )
    comma = "；" if lang == "zh" else "; "
    shown = phrase("panels", lang, panels=comma.join(panels)) if panels else ""
    return " ".join(part for part in (title, shown, *notes) if part)


def _unwrapped(lines: Iterable[str]) -> str:
    """Lines as one, with a space where words of letters meet and none where a Chinese character is."""
    whole = ""
    for line in filter(None, map(str.strip, lines)):
        wide = not whole or unicodedata.east_asian_width(whole[-1]) in "WF"
        whole += line if wide or unicodedata.east_asian_width(line[0]) in "WF" else f" {line}"
    return whole


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph, of a class where one is given."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def data(value: Any) -> str:
    """JSON to be read and copied, as short as its nesting allows."""
    return f'<pre tabindex="0">{escape(compact(value))}</pre>'


def compact(value: Any, indent: str = "", room: int = WIDE) -> str:
    """JSON whose lists and tables stand on one line where they have room, else an entry a line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= room or not isinstance(value, dict | list):
        return flat
    inner = indent + " "
    if isinstance(value, dict):
        heads = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
        entries, ends = list(value.values()), "{}"
    elif all(not isinstance(each, dict | list) for each in value):
        return flat
    else:
        heads, entries, ends = [""] * len(value), value, "[]"
    lines = [
        inner + head + compact(each, inner, WIDE - len(inner + head))
        for head, each in zip(heads, entries, strict=True)
    ]
    return "\n".join((ends[0], ",\n".join(lines), indent + ends[1]))
