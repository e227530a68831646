"""``fundsim tables``: the tables of a report as files for a paper.

CSV opens in a Chinese Excel (UTF-8 with its mark) and holds numbers, not their texts.  LaTeX is one longtable
a file, and ``tables.tex`` with all of them for XeLaTeX, whose ctex sets the Chinese names.  HTML is one plain
file with its borders in the cells, as Word takes it.
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

Kind = Literal["csv", "tex", "html"]
LONGEST = 40
"""Narrow characters of a line of text that a column of LaTeX leaves room for."""
SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    char: f"\\{char}" for char in "&%$#_{}"
}
"""What LaTeX would not print as it is."""
CELL = 'style="border:1px solid #808080;padding:2px 6px;vertical-align:top;text-align:'


def tables(directory: Path, out: Path, kind: Kind, lang: Lang = "en") -> list[Path]:
    """Writes every table of a directory's report into ``out``, all or none; the files.

    InputError for a directory that holds no results, before anything is written.
    """
    check_folder(out)
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
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(char, char) for char in text)


def _columns(table: ReportTable) -> str:
    """Columns as wide as their texts ask, together as wide as the line; figures to the right."""
    asked = []
    for i, heading in enumerate(table.headings):
        longest = max((_width(row[i].text) for row in table.rows), default=0)
        asked.append(max(4, min(LONGEST, longest), *map(_width, heading.split())))
    kinds = []
    for width, figures in zip(asked, table.numeric(), strict=True):
        side = "left" if figures else "right"  # ragged on the other
        part = rf"\dimexpr{width / sum(asked):.3f}\linewidth-2\tabcolsep"
        kinds.append(rf">{{\ragged{side}\arraybackslash}}p{{{part}}}")
    return "".join(kinds)


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
        r"\small",
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
