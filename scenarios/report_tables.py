"""The tables of a report, made once and shown as HTML, CSV or LaTeX.

A ``ReportTable`` has localised headings and, in every cell, the text a reader sees and, where it is a figure,
the number behind it: the page sorts by the number, a CSV file holds it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scenarios.facts import RunFacts, Yearly, independent_paths, wilson
from scenarios.labels import Lang, label
from scenarios.report_words import phrase
from scenarios.summary import LINES, STATISTICS, hundred_millions, percent

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.runs import Run

MONTHS = ("p05", "p50", "p95")
MONEY = ("outlay:county_treasury", "outlay:city_treasury", "unfunded")


class Cell(NamedTuple):
    """What a reader sees, and the number behind it."""

    text: str
    number: float | None = None


class ReportTable(NamedTuple):
    """A table with its title and the sentence under it."""

    name: str
    """Of its file, without suffix."""
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def frame(self) -> pd.DataFrame:
        """Numbers where there are, text elsewhere, under the headings."""
        import pandas as pd

        cells = [[cell.text if cell.number is None else cell.number for cell in row] for row in self.rows]
        return pd.DataFrame(cells, columns=list(self.headings))


def tables_of(runs: Sequence[Run], lang: Lang) -> Iterator[ReportTable]:
    """Every table of a run or comparison: main figures, then each scenario's years, bill and counties."""
    yield main_figures(runs, lang)
    if len(runs) > 1:
        yield paired(runs, lang)
    for run in runs:
        for fund in run.funds:
            yield by_year(run, fund, lang, several=len(runs) > 1)
            yield who_pays(run, fund, lang, several=len(runs) > 1)
            counties = by_county(run, fund, lang, several=len(runs) > 1)
            if counties.rows:
                yield counties


def main_figures(runs: Sequence[Run], lang: Lang) -> ReportTable:
    """One row a scenario and fund: depletion, months of capacity and the burden beside it."""
    rows = []
    for run in runs:
        for fund in run.funds:
            base = run.facts["base_claims_yuan"][fund]
            depleted = run.metrics.yearly(fund, "event:reserve_depletion", "probability")
            months = [run.metrics.yearly(fund, "months_of_capacity", name) for name in MONTHS]
            paid = [run.metrics.horizon(fund, f"{line}:discounted", "mean") for line in MONEY[:2]]
            bill = run.metrics.yearly(fund, "unfunded", "mean")
            last = float(bill.value[-1]) if len(bill) else math.nan
            rows.append(
                (
                    Cell(run.facts["scenario"]),
                    Cell(label(fund, lang)),
                    *chances(depleted)[-1:],
                    *(_number(each.value[-1], 1) for each in months if len(each)),
                    *(_share(value / base) for value in (*paid, last)),
                )
            )
    keys = ("scenario", "fund", "depleted", *MONTHS, "by_counties", "by_city", "unfunded")
    return _table("main_figures", lang, keys, rows)


def paired(runs: Sequence[Run], lang: Lang) -> ReportTable:
    """Each scenario less the first on the same paths, with 95 % intervals, at the horizon."""
    rows = []
    metrics = (
        ("event:reserve_depletion", "probability", 100.0),
        ("months_of_capacity", "mean", 1.0),
        ("outlay:county_treasury:discounted", "mean", None),
        ("outlay:city_treasury:discounted", "mean", None),
        ("unfunded", "mean", None),
    )
    for run in runs[1:]:
        for fund in run.funds:
            for metric, statistic, scale in metrics:
                value, error = _difference(run, fund, metric, statistic)
                if math.isnan(value):
                    continue
                factor = 100.0 / run.facts["base_claims_yuan"][fund] if scale is None else scale
                middle, half = value * factor, 1.96 * error * factor
                rows.append(
                    (
                        Cell(run.facts["scenario"]),
                        Cell(label(fund, lang)),
                        Cell(phrase(f"differs:{metric}", lang)),
                        Cell(f"{middle:+.2f}", middle),
                        Cell(f"{middle - half:+.2f} … {middle + half:+.2f}"),
                    )
                )
    keys = ("scenario", "fund", "figure", "difference", "interval")
    return _table("differences", lang, keys, rows, first=runs[0].facts["scenario"])


def by_year(run: Run, fund: str, lang: Lang, several: bool = False) -> ReportTable:
    """Depletion, months and who pays, year by year."""
    base, metrics = run.facts["base_claims_yuan"][fund], run.metrics
    depleted = metrics.yearly(fund, "event:reserve_depletion", "probability")
    months = [metrics.yearly(fund, "months_of_capacity", name).cells() for name in MONTHS]
    money = [metrics.yearly(fund, name, "mean").cells() for name in MONEY]
    rows = [
        (
            Cell(str(year), year),
            chance,
            *(_number(each.get(year, math.nan), 1) for each in months),
            *(_share(each.get(year, math.nan) / base) for each in money),
        )
        for year, chance in zip(depleted.year.tolist(), chances(depleted), strict=True)
    ]
    keys = ("year", "depleted", *MONTHS, "by_counties", "by_city", "unfunded_stock")
    return _table("by_year", lang, keys, rows, run=run, fund=fund, several=several)


def who_pays(run: Run, fund: str, lang: Lang, several: bool = False) -> ReportTable:
    """Every line of the burden over the whole horizon, discounted, in 100m yuan."""
    rows = []
    for line in LINES:
        values = [run.metrics.horizon(fund, f"{line}:discounted", name) for name in STATISTICS]
        if line in LINES[:2] or any(value > 0 for value in values):
            rows.append((Cell(label(line, lang)), *map(_yuan, values)))
    ends = [run.metrics.yearly(fund, "unfunded", name) for name in STATISTICS]
    if len(ends[0]):
        rows.append((Cell(label("unfunded", lang)), *(_yuan(float(end.value[-1])) for end in ends)))
    return _table("who_pays", lang, ("line", *STATISTICS), rows, run=run, fund=fund, several=several)


def by_county(run: Run, fund: str, lang: Lang, several: bool = False) -> ReportTable:
    """What each county drew from the pool less what it paid in, and what treasuries paid for it."""
    metrics, english = run.metrics, run.facts.get("county_names", {}) if lang == "en" else {}
    last = run.last
    rows = []
    for county in metrics.counties(fund, "pool_net", "mean"):
        gap = metrics.yearly(fund, "event:county_depletion", "probability", county)
        rows.append(
            (
                Cell(english.get(county, county)),
                _yuan(metrics.horizon(fund, "pool_net", "mean", county)),
                *(_yuan(metrics.horizon(fund, f"{payer}:discounted", "mean", county)) for payer in MONEY[:2]),
                *(chances(gap)[-1:] or [Cell("")]),
            )
        )
    rows.sort(key=lambda row: -(row[1].number or 0.0))
    keys = ("county", "pool_net", "by_counties_yuan", "by_city_yuan", "gap")
    return _table("counties", lang, keys, rows, run=run, fund=fund, several=several, last=last)


def chances(rows: Yearly) -> list[Cell]:
    """Probabilities with their Wilson 95 % intervals, as percent."""
    cells = []
    for p, n in zip(rows.value.tolist(), independent_paths(rows), strict=True):
        low, high = wilson(p, n)
        digits = 2 if high < 0.01 else 1
        cells.append(Cell(f"{100 * p:.{digits}f}% [{100 * low:.{digits}f}–{100 * high:.{digits}f}]", p))
    return cells


def _difference(run: Run, fund: str, metric: str, statistic: str) -> tuple[float, float]:
    rows = run.metrics.yearly(fund, f"difference:{metric}", statistic)
    if len(rows):
        return float(rows.value[-1]), float(rows.std_error[-1])
    key = fund, f"difference:{metric}", statistic
    return run.metrics.horizon(*key), run.metrics.horizon_error(*key)


def _table(
    name: str,
    lang: Lang,
    keys: Iterable[str],
    rows: Iterable[tuple[Cell, ...]],
    *,
    run: Run | None = None,
    fund: str = "",
    several: bool = False,
    **values: object,
) -> ReportTable:
    facts: RunFacts | None = None if run is None else run.facts
    title, file = phrase(f"table:{name}", lang, **values), name
    if facts is not None:
        title, file = phrase("of_fund", lang, fund=label(fund, lang), title=title), f"{name}_{fund}"
        if several:
            title = phrase("of_scenario", lang, scenario=facts["scenario"], title=title)
            file += "_" + "".join(c if c.isalnum() or c in "-." else "_" for c in facts["scenario"])
    headings = tuple(phrase(f"heading:{key}", lang) for key in keys)
    return ReportTable(file, title, headings, tuple(rows), phrase(f"note:{name}", lang, **values))


def _number(value: float, digits: int) -> Cell:
    return Cell("") if math.isnan(value) else Cell(f"{value:.{digits}f}", float(value))


def _share(value: float) -> Cell:
    return Cell("") if math.isnan(value) else Cell(percent(value), float(value))


def _yuan(value: float) -> Cell:
    return Cell("") if math.isnan(value) else Cell(hundred_millions(value), float(value) / 1e8)
