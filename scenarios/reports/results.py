"""The tables of results of a run or comparison: main figures, years, who pays, counties."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.labels import Lang, event_label, label
from scenarios.pictures.runs import county_name
from scenarios.reports.table import (
    EMPTY,
    Cell,
    ReportTable,
    chances,
    decimal,
    make_table,
    share,
    whole,
    yuan,
)
from scenarios.reports.words import phrase
from scenarios.runs.compare_summary import HUNDRED_MILLION_YUAN, Figure, agresti_min, figures
from scenarios.runs.compare_summary import MONTHS as DECIMAL_MONTHS
from scenarios.runs.facts import CITY, Z95, Yearly, wilson
from scenarios.runs.summary import LINES, STATISTICS
from sim.differences import PREFIX

if TYPE_CHECKING:
    from scenarios.pictures.runs import Run

HEADLINE = "reserve_depletion"
MONTHS = ("p05", "p50", "p95")
MONTH_KEYS = tuple(f"months_{name}" for name in MONTHS)
COUNTIES_PAY, CITY_PAYS = LINES[:2]
OTHER_TREASURY = ("outlay:opening_deficits", "outlay:arrears", "outlay:runoff")
POLICY = ("adjustment:claims", "adjustment:contributions")


def main_figures(runs: Sequence[Run], event: str, lang: Lang) -> ReportTable:
    """One row a scenario and fund: the event's probability, months of capacity and the burden beside it."""
    rows = []
    for run in runs:
        for fund in run.funds:
            base = run.facts["base_claims_yuan"][fund]
            months = [run.metrics.yearly(fund, "months_of_capacity", name) for name in MONTHS]
            rows.append(
                (
                    Cell(run.facts["scenario"]) if len(runs) > 1 else EMPTY,
                    Cell(label(fund, lang)),
                    _last_chance(run, fund, f"event:{event}"),
                    *(decimal(last_of(each)) for each in months),
                    *(share(value / base) for value in bill_yuan(run, fund)),
                    share(unfunded_yuan(run, fund) / base),
                )
            )
    keys = ("scenario", "fund", "chance", *MONTH_KEYS, *BILL, "unfunded")
    words = event_label(event, lang)
    table = make_table("main_figures", lang, keys, rows, event=words, last=runs[0].last)
    return _of_chances_alone(table, words, lang)


BILL = ("by_counties", "by_city", "by_other", "by_policy")
"""Headings of what ``bill_yuan`` gives."""


def bill_yuan(run: Run, fund: str) -> list[float]:
    """Discounted means over the horizon: county treasuries, city treasury, both treasuries' old debts and
    run-off, and what policy takes from patients and payers; the last two NaN where they are nothing."""
    paid = [run.metrics.horizon(fund, f"{line}:discounted", "mean") for line in (COUNTIES_PAY, CITY_PAYS)]
    for lines in (OTHER_TREASURY, POLICY):
        values = [run.metrics.horizon(fund, f"{line}:discounted", "mean") for line in lines]
        paid.append(math.fsum(value for value in values if value > 0) or math.nan)
    return paid


def unfunded_yuan(run: Run, fund: str) -> float:
    """The mean unfunded stock at the end, not discounted; NaN where there is none."""
    return last_of(run.metrics.yearly(fund, "unfunded", "mean")) or math.nan


def side_by_side(runs: Sequence[Run], lang: Lang) -> ReportTable:
    """Every main figure of each scenario, and its difference from the first on the same paths."""
    first = runs[0]
    rows = [
        (
            Cell(label(fund, lang)),
            Cell(figure.words),
            Cell(run.facts["scenario"]),
            _compared(figure, run, figure.value(run.metrics)),
            EMPTY if run is first else _compared(figure, run, figure.difference(run.metrics, lang), PREFIX),
        )
        for fund in first.funds
        for figure in figures(fund, first.facts, [run.metrics for run in runs], lang)
        for run in runs
    ]
    keys = ("fund", "figure", "scenario", "value_95", "less_first")
    return make_table("side_by_side", lang, keys, rows, first=first.facts["scenario"])


def _compared(figure: Figure, run: Run, text: str, prefix: str = "") -> Cell:
    """The number and interval behind a text of the comparison: per cent, months or 100m yuan."""
    value, error, n = figure.found(run.metrics, prefix)
    if not text or math.isnan(value):
        return Cell(text, 0.0 if text else None)
    if figure.statistic == "probability":
        ends, unit = agresti_min(value, error, n) if prefix else wilson(value, n), 0.01
    else:
        ends = value - Z95 * error, value + Z95 * error
        unit = 1.0 if figure.metric == DECIMAL_MONTHS else HUNDRED_MILLION_YUAN
    return Cell(text, value / unit, (ends[0] / unit, ends[1] / unit))


def of_run(run: Run, event: str, lang: Lang, end: str) -> Iterator[ReportTable]:
    """One scenario's tables, fund by fund, whose names end in ``end``; where that is something, for there are
    several, the scenario's name in the titles."""
    for fund in run.funds:
        for table in (who_pays(run, fund, lang), by_county(run, fund, lang), by_year(run, fund, event, lang)):
            if table.rows:
                title = phrase("of_fund", lang, fund=label(fund, lang), title=table.title)
                if end:
                    title = phrase("of_scenario", lang, scenario=run.facts["scenario"], title=title)
                yield table._replace(name=f"{table.name}_{fund}{end}", title=title)


def by_year(run: Run, fund: str, event: str, lang: Lang) -> ReportTable:
    """The event's probability, months and who pays, year by year."""
    base, metrics = run.facts["base_claims_yuan"][fund], run.metrics
    happened = metrics.yearly(fund, f"event:{event}", "probability")
    months = [metrics.yearly(fund, "months_of_capacity", name).cells() for name in MONTHS]
    money = [metrics.yearly(fund, name, "mean").cells() for name in (COUNTIES_PAY, CITY_PAYS, "unfunded")]
    rows = [
        (
            whole(year),
            cell,
            *(decimal(each.get(year, math.nan)) for each in months),
            *(share(each.get(year, math.nan) / base) for each in money),
        )
        for year, cell in zip(happened.year.tolist(), chances(happened), strict=True)
    ]
    keys = ("year", "chance", *MONTH_KEYS, "by_counties", "by_city", "unfunded_stock")
    words = event_label(event, lang)
    return _of_chances_alone(make_table("by_year", lang, keys, rows, event=words), words, lang)


def _of_chances_alone(table: ReportTable, event: str, lang: Lang) -> ReportTable:
    """With a shorter note where a run of weighted paths has nothing but probabilities."""
    return table if len(table.headings) > 3 else table._replace(note=phrase("note:chance", lang, event=event))


def who_pays(run: Run, fund: str, lang: Lang) -> ReportTable:
    """Every line of the burden over the whole horizon, discounted, in 100m yuan."""
    rows = []
    for line in LINES:
        values = [run.metrics.horizon(fund, f"{line}:discounted", name) for name in STATISTICS]
        always = line in LINES[:2] and not math.isnan(values[0])
        if always or any(value > 0 for value in values):
            rows.append((Cell(label(line, lang)), *map(yuan, values)))
    ends = [run.metrics.yearly(fund, "unfunded", name) for name in STATISTICS]
    if len(ends[0]):
        rows.append((Cell(label("unfunded", lang)), *(yuan(last_of(end)) for end in ends)))
    return make_table("who_pays", lang, ("line", *STATISTICS), rows)


def by_county(run: Run, fund: str, lang: Lang) -> ReportTable:
    """What each county drew from the pool less what it paid in, and what treasuries paid for it."""
    metrics, rows = run.metrics, []
    for county in metrics.counties(fund, "pool_net", "mean"):
        paid = [metrics.horizon(fund, f"{line}:discounted", "mean", county) for line in LINES[:2]]
        net = yuan(metrics.horizon(fund, "pool_net", "mean", county))
        gap = _last_chance(run, fund, "event:county_depletion", county)
        rows.append((Cell(county_name(run, county, lang)), net, *map(yuan, paid), gap))
    rows.sort(key=lambda row: -(row[1].number or 0.0))
    keys = ("county", "pool_net", "by_counties_yuan", "by_city_yuan", "gap")
    return make_table("counties", lang, keys, rows, last=run.last)


def last_of(rows: Yearly) -> float:
    """The last year's figure, NaN where there is none."""
    return float(rows.value[-1]) if len(rows) else math.nan


def _last_chance(run: Run, fund: str, metric: str, county: str = CITY) -> Cell:
    return next(reversed(chances(run.metrics.yearly(fund, metric, "probability", county))), EMPTY)
