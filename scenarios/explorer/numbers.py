"""The main figures of a scenario as a table of a page: depletion never without the burden."""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

from scenarios.explorer.results import Shown
from scenarios.labels import Lang, label
from scenarios.pictures.captions import metric_caption
from scenarios.rulebook.words import word
from scenarios.runs.facts import MetricsIndex, funds_of, independent_paths, wilson
from scenarios.runs.summary import LINES, hundred_millions

AT_END = (
    *(("event:reserve_depletion", "probability"), ("event:unfunded", "probability")),
    *(("months_of_capacity", name) for name in ("p05", "p50", "p95")),
    *((metric, name) for metric in (*LINES, "unfunded") for name in ("mean", "tvar95")),
)
"""Figures of the last year."""
IN_ALL = tuple(
    (f"{metric}{how}", name) for metric in LINES for how in (":discounted", "") for name in ("mean", "tvar95")
)
"""Figures of the whole horizon."""


class Row(NamedTuple):
    """A figure of each fund, as text; empty where it is not reported."""

    metric: str
    statistic: str
    year: int | None
    cells: list[str]


def main_figures(shown: Shown) -> list[Row]:
    """Every main figure that the table holds, of its last year and of the whole horizon."""
    index, facts = MetricsIndex(shown.table), shown.facts
    years = shown.table["year"].dropna()
    last = int(years.max()) if len(years) else facts["first_year"] + facts["years"] - 1
    wanted = [*((*each, last) for each in AT_END), *((*each, None) for each in IN_ALL)]
    rows = []
    for metric, statistic, year in wanted:
        cells = [_cell(index, fund, metric, statistic, year) for fund in funds_of(facts)]
        if any(cells):
            rows.append(Row(metric, statistic, year, cells))
    return rows


def _cell(index: MetricsIndex, fund: str, metric: str, statistic: str, year: int | None) -> str:
    value, error, _ = index.figure(fund, metric, statistic, year)
    if math.isnan(value):
        return ""
    if metric.startswith("event:"):
        rows = index.yearly(fund, metric, statistic)
        low, high = wilson(value, independent_paths(rows)[rows.year.tolist().index(year)])
        return f"{value:.2%} [{low:.2%}–{high:.2%}]"
    if metric == "months_of_capacity":
        return f"{value:z.1f}"
    return hundred_millions(value) + (f" ± {hundred_millions(error)}" if error > 0 else "")


def html_table(rows: list[Row], funds: list[str], lang: Lang) -> str:
    """The rows as an HTML table."""
    heads = "".join(f'<th scope="col">{escape(label(fund, lang))}</th>' for fund in funds)
    body = "".join(
        f'<tr><th scope="row">{escape(_name(row, lang))}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _name(row: Row, lang: Lang) -> str:
    if row.metric.startswith("event:"):
        return metric_caption(row.metric, lang, row.year)
    metric = row.metric.removesuffix(":discounted")
    if metric == "months_of_capacity":
        figure = word("explore:months", lang)
    else:
        figure = word("explore:paid", lang, payer=label(metric, lang))
    statistic = row.statistic if row.statistic.startswith("p") else label(row.statistic, lang)
    figure = word("colon", lang, a=figure, b=statistic)
    if row.year is not None:
        return word("explore:in_year", lang, year=row.year, figure=figure)
    return word("explore:in_all" if metric == row.metric else "explore:discounted", lang, figure=figure)
