"""``fundsim tables``: the tables of a report as files for a paper.

CSV opens in a Chinese Excel (UTF-8 with its mark) and holds numbers, not their texts; ``tables.csv`` lists
the files with their titles, units and notes.  LaTeX is one longtable a file, and ``tables.tex`` with all of
them for XeLaTeX, whose ctex sets the Chinese names.  HTML is one plain file with its borders in the cells, as
Word takes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Literal

from scenarios.labels import Lang
from scenarios.output import check_folder, names_in, new_files, write_rows
from scenarios.reports.page import page_of
from scenarios.reports.table import ReportTable
from scenarios.reports.words import phrase

Kind = Literal["csv", "tex", "html"]
LONGEST, ROOM = 64, 112
"""Narrow characters of a line of text that a column of LaTeX asks for at most, and that a page has."""
BETWEEN = 3
"""Narrow characters that the space beside a column takes."""
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    char: f"\\{char}" for char in "&%$#_{}"
}
"""What LaTeX would not print as it is."""
LIST = "tables.csv"
"""Of the CSV files: what each holds, for a heading has no room for it."""
BREAKABLE = re.compile(r"[/_@=](?=.)|\.(?=[A-Za-z*])")
"""Where a name or an address may be broken."""
CELL = 'style="border:1px solid #808080;padding:2px 6px;vertical-align:top;text-align:'


def tables(directory: Path, out: Path, kind: Kind, lang: Lang = "en") -> list[Path]:
    """Writes every table of a directory's report into ``out``, all or none; the files.

    InputError for a directory that holds no results, before anything is written.
    """
    check_folder(out, kind="tables")  # whose files are called as those of results are
    page = page_of(directory, lang)
    shown = [table for some in page.tables().values() for table in some]
    with new_files(out) as folder:
        if kind == "html":
            (folder / "tables.html").write_text(_html(page.title, shown, lang), "utf-8")
        elif kind == "tex":
            for table in shown:
                (folder / f"{table.name}.tex").write_text(longtable(table), "utf-8")
            (folder / "tables.tex").write_text(_document(shown, lang), "utf-8")
        else:
            for table in shown:
                headings, *rows = table.records(lang)
                write_rows(folder / f"{table.name}.csv", list(map(str, headings)), rows, "utf-8-sig")
            listed = [(f"{table.name}.csv", table.title, table.note) for table in shown]
            heads = [phrase(f"heading:{key}", lang) for key in ("file", "title", "note")]
            write_rows(folder / LIST, heads, listed, "utf-8-sig")
        return list(names_in(folder, out))


def longtable(table: ReportTable) -> str:
    """One table in LaTeX, broken over pages where it must be, with its note below."""
    heads = " & ".join(map(tex, table.headings)) + r" \\"
    label = re.sub(r"[^\w.-]", "-", table.name)
    rows = [" & ".join(tex(cell.text) for cell in row) + r" \\" for row in table.rows]
    lines = [
        rf"\begin{{longtable}}{{{_columns(table)}}}",
        rf"\caption{{{tex(table.title)}}}\label{{tab:{label}}}\\",
        *(r"\toprule", heads, r"\midrule", r"\endfirsthead"),
        *(r"\toprule", heads, r"\midrule", r"\endhead"),
        *(r"\bottomrule", r"\endfoot"),
        *rows,
        r"\end{longtable}",
        *([rf"{{\footnotesize {tex(table.note)}\par}}"] if table.note else []),
    ]
    return "\n".join(lines) + "\n"


def tex(text: str) -> str:
    """Text as LaTeX prints it, and breaks it where it may."""
    breaks = {found.start() for found in BREAKABLE.finditer(text)}
    return "".join(
        SPECIAL.get(char, char) + (r"\allowbreak{}" if i in breaks else "") for i, char in enumerate(text)
    )


def _columns(table: ReportTable) -> str:
    """Columns together as wide as the line; figures to the right."""
    least, asked = [], []
    for i, (heading, figures) in enumerate(zip(table.headings, table.numeric(), strict=True)):
        texts = [row[i].text for row in table.rows]
        whole = _width if figures else _piece
        least.append(max([_piece(heading), *map(whole, texts)]) + BETWEEN)
        asked.append(max(least[-1], min(LONGEST, max(map(_width, [heading, *texts]))) + BETWEEN))
    widths = shared_out(least, asked, ROOM)
    kinds = []
    for width, figures in zip(widths, table.numeric(), strict=True):
        side = "left" if figures else "right"  # ragged on the other
        part = rf"\dimexpr{width / sum(widths) - 0.0005:.3f}\linewidth-2\tabcolsep"
        kinds.append(rf">{{\ragged{side}\arraybackslash}}p{{{part}}}")
    return "".join(kinds)


def shared_out(least: Sequence[float], asked: Sequence[float], room: float) -> list[float]:
    """Widths from ``least`` to ``asked`` that fill the room, the widest cut to one width; all that is asked,
    or the least, where there is more room or less."""

    def at(width: float) -> list[float]:
        return [max(low, min(high, width)) for low, high in zip(least, asked, strict=True)]

    low, high = 0.0, float(max(asked))
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle)) <= room else (low, middle)
    return at(low) if sum(asked) > room else list(map(float, asked))


def _piece(text: str) -> int:
    """Width of the longest part of a text that is not broken."""
    parts = re.split(r"[\s-]+", BREAKABLE.sub(lambda found: f"{found[0]} ", text))
    return max(2 if any(ord(char) >= 0x2E80 for char in part) else _width(part) for part in parts)


def _width(text: str) -> int:
    """In narrow characters."""
    return sum(1 if ord(char) < 0x2E80 else 2 for char in text)


def _document(shown: Sequence[ReportTable], lang: Lang) -> str:
    scheme = "" if lang == "zh" else "[scheme=plain]"
    lines = [
        r"% XeLaTeX",
        r"\documentclass[a4paper]{article}",
        rf"\usepackage{scheme}{{ctex}}",
        r"\usepackage[margin=20mm]{geometry}",
        r"\usepackage{array,booktabs,longtable}",
        r"\begin{document}",
        r"\footnotesize\setlength{\tabcolsep}{4pt}",
        *(rf"\input{{{table.name}.tex}}" for table in shown),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _html(title: str, shown: Sequence[ReportTable], lang: Lang) -> str:
    head = f'<!DOCTYPE html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head><meta charset="utf-8">'
    parts = "\n".join(map(_plain, shown))
    return f"{head}<title>{escape(title)}</title></head>\n<body>\n{parts}\n</body>\n</html>\n"


def _plain(table: ReportTable) -> str:
    sides = ["right" if figures else "left" for figures in table.numeric()]

    def row(tag: str, texts: Sequence[str]) -> str:
        cells = zip(texts, sides, strict=True)
        return (
            "<tr>" + "".join(f'<{tag} {CELL}{side}">{escape(text)}</{tag}>' for text, side in cells) + "</tr>"
        )

    body = "\n".join(row("td", [cell.text for cell in cells]) for cells in table.rows)
    note = f"\n<p>{escape(table.note)}</p>" if table.note else ""
    return (
        f"<h2>{escape(table.title)}</h2>\n"
        f'<table style="border-collapse:collapse"><thead>{row("th", table.headings)}</thead>\n'
        f"<tbody>{body}</tbody></table>{note}"
    )
