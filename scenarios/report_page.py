"""The sections of a report, each a piece of HTML; the notebook ``reports/report.ipynb`` shows them in turn."""

from __future__ import annotations

import base64
import csv
import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.draw import pictures
from scenarios.facts import caveats, describe
from scenarios.labels import Lang, label
from scenarios.report_tables import Cell, ReportTable, chances, main_figures, paired, tables_of
from scenarios.report_words import phrase
from scenarios.rules_table import FILE as RULES
from scenarios.stored import MANIFEST, Stored, read_stored
from scenarios.summary import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from scenarios.pictures.runs import Run


class Html(str):
    """Shown by a notebook as it is."""

    def _repr_html_(self) -> str:
        return str(self)


class Page:
    """A directory's results in one language."""

    def __init__(self, directory: str | Path, lang: Lang = "en") -> None:
        from scenarios.pictures.runs import run_of

        self.folder, self.lang = Path(directory), lang
        self.stored: Stored = read_stored(self.folder)
        self.manifest: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        self.runs: list[Run] = [run_of(self.stored.table, facts) for facts in self.stored.facts]

    def summary(self) -> Html:
        """What was run, a sentence a fund, the main figures, and what must be said beside them."""
        lines = [_paragraph(describe(run.facts, self.lang), "about") for run in self.runs[:1]]
        key = "constructed" if any(run.facts["constructed"] for run in self.runs) else "own_figures"
        lines.append(_paragraph(phrase(key, self.lang), "notice"))
        for run in self.runs:
            lines += [_paragraph(self._verdict(run, fund)) for fund in run.funds]
        lines.append(_paragraph(phrase("never_alone", self.lang)))
        lines.append(as_html(main_figures(self.runs, self.lang), self.lang))
        if len(self.runs) > 1:
            lines.append(as_html(paired(self.runs, self.lang), self.lang))
        said = dict.fromkeys(line for run in self.runs for line in caveats(run.facts, self.lang))
        lines.append(_list(said))
        return self._section("summary", lines)

    def assumptions(self) -> Html:
        """Every statement that the figures rest on."""
        entries = self.manifest.get("scenarios", [self.manifest])
        found = {each["id"]: each for entry in entries for each in entry["assumptions"]}
        rows = [(Cell(each[self.lang]), Cell(", ".join(each.get("about", ())))) for each in found.values()]
        return self._section(
            "assumptions", [as_html(self._table("assumptions", ("statement", "about"), rows), self.lang)]
        )

    def rules(self) -> Html:
        """The rules in force, with clause and status."""
        if not (self.folder / RULES).is_file():
            return Html("")
        with (self.folder / RULES).open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        several = len({line["scenario"] for line in lines}) > 1
        rows = [
            (
                *([Cell(line["scenario"])] if several else []),
                Cell(f"{line[f'group_{self.lang}']}: {line[f'name_{self.lang}']}"),
                *(Cell(line[f"{key}_{self.lang}"]) for key in ("value", "clause", "status")),
                Cell(line["reading"]),
            )
            for line in lines
        ]
        keys = (*(["scenario"] if several else []), "parameter", "value", "clause", "status", "reading")
        return self._section("rules", [as_html(self._table("rules", keys, rows), self.lang)])

    def contrast(self) -> Html:
        """What differs between compared scenarios; nothing for one."""
        path = self.folder / "differences.csv"
        if len(self.runs) < 2 or not path.is_file():
            return Html("")
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        if not lines:
            return self._section("differences", [_paragraph(phrase("nothing_differs", self.lang))])
        funds = {"": "", **{fund: label(fund, self.lang) for fund in ("employee", "resident")}}
        rows = [
            tuple(
                Cell(text)
                for text in (
                    *(line["key"], funds[line["fund"]], line["scenario"], line["value"], line["clause"]),
                    line["reading"],
                )
            )
            for line in lines
        ]
        keys = ("key", "fund", "scenario", "value", "clause", "reading")
        return self._section("differences", [as_html(self._table("contrast", keys, rows), self.lang)])

    def pictures(self) -> Html:
        """Every picture that the directory supports, as SVG with its words as its alternative text."""
        from scenarios.pictures.sheet import drawing

        with drawing():
            parts = [
                _figure(picture.make()) if picture.make else _paragraph(f"{picture.name}: {picture.why}")
                for picture in pictures(self.stored, self.lang)
            ]
        return self._section("pictures", parts)

    def tables(self) -> Html:
        """Each scenario's years, bill and counties."""
        shown = [
            each
            for each in tables_of(self.runs, self.lang)
            if each.name not in ("main_figures", "differences")
        ]
        return self._section("tables", [as_html(each, self.lang) for each in shown])

    def reproduce(self) -> Html:
        """The manifest, without what the sections above hold already."""
        left_out = {"assumptions", "sources", "notes", "titles", "county_names"}
        kept = _without(self.manifest, left_out)
        text = escape(json.dumps(kept, ensure_ascii=False, indent=1))
        return self._section("reproduce", [f'<pre tabindex="0">{text}</pre>'])

    def _verdict(self, run: Run, fund: str) -> str:
        metrics, base = run.metrics, run.facts["base_claims_yuan"][fund]
        chance = chances(metrics.yearly(fund, "event:reserve_depletion", "probability"))[-1]
        months = {name: metrics.yearly(fund, "months_of_capacity", name) for name in ("p10", "p50")}
        paid = sum(
            metrics.horizon(fund, f"outlay:{line}:discounted", "mean")
            for line in ("county_treasury", "city_treasury", "opening_deficits", "arrears", "runoff")
        )
        bill = metrics.yearly(fund, "unfunded", "mean")
        unfunded = ""
        if len(bill) and bill.value[-1] > 0:
            unfunded = phrase("verdict_unfunded", self.lang, bill=percent(bill.value[-1] / base))
        return phrase(
            "verdict",
            self.lang,
            scenario=run.facts["scenario"],
            fund=label(fund, self.lang),
            last=run.last,
            chance=chance.text,
            median=f"{months['p50'].value[-1]:.1f}",
            low=f"{months['p10'].value[-1]:.1f}",
            paid="0%" if math.isnan(paid) else percent(paid / base),
            unfunded=unfunded,
        )

    def _table(self, name: str, keys: Iterable[str], rows: Iterable[tuple[Cell, ...]]) -> ReportTable:
        headings = tuple(phrase(f"heading:{key}", self.lang) for key in keys)
        title, note = (phrase(f"{part}:{name}", self.lang) for part in ("table", "note"))
        return ReportTable(name, title, headings, tuple(rows), note)

    def _section(self, key: str, parts: Sequence[str]) -> Html:
        heading = escape(phrase(key, self.lang))
        body = "\n".join(parts)
        return Html(
            f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{heading}</h2>\n{body}</section>'
        )


def as_html(table: ReportTable, lang: Lang) -> str:
    """A table that can be sorted by its headings and copied; numbers to the right."""
    right = [any(row[i].number is not None for row in table.rows) for i in range(len(table.headings))]
    heads = "".join(
        f'<th scope="col" aria-sort="none"{_right(numbers)}><button type="button" '
        f'aria-label="{escape(phrase("sort", lang, heading=heading))}">{escape(heading)}</button></th>'
        for heading, numbers in zip(table.headings, right, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(cell, i == 0, numbers) for i, (cell, numbers) in enumerate(zip(row, right, strict=True)))}</tr>"
        for row in table.rows
    )
    copy = escape(phrase("copy", lang))
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="{escape(table.title)}">'
        f'<table><caption>{escape(table.title)} <button type="button" class="copy">{copy}</button></caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        f'<p class="note">{escape(table.note)}</p>'
    )


def _cell(cell: Cell, first: bool, numbers: bool) -> str:
    sort = "" if cell.number is None else f' data-number="{cell.number!r}"'
    tag, scope = ("th", ' scope="row"') if first else ("td", "")
    return f"<{tag}{scope}{sort}{_right(numbers)}>{escape(cell.text)}</{tag}>"


def _right(numbers: bool) -> str:
    return ' class="number"' if numbers else ""


def _figure(figure: Figure) -> str:
    """The figure as SVG inside an image, so that its parts are no part of the page."""
    from scenarios.pictures.sheet import FORMATS, settle

    words = " ".join(text.get_text() for text in figure.texts) or "figure"
    if figure.get_layout_engine() is not None:
        settle(figure)
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata=FORMATS["svg"])
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<figure><img alt="{escape(words)}" src="data:image/svg+xml;base64,{data}"></figure>'


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(text)}</p>"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value
