"""What the terminal says after a run: what was run, then for each fund the years, the bill and the counties.

Depletion never stands without the burden.  Every line fits 80 columns and means the same without colour;
widths of Chinese characters are left to rich.  Money is in 100m yuan (亿元) and as a share of the city's
claims of the base year.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from scenarios.labels import Lang, label, span, wrap
from scenarios.runs.facts import (
    MetricsIndex,
    RunFacts,
    Yearly,
    caveats,
    describe,
    funds_of,
    independent_paths,
    uncounted,
    wilson,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from sim.gains import Gain
    from sim.metrics import Columns

SHOWN_YEARS = (1, 2, 3, 5, 10, 15, 20, 25, 30)
SHOWN_COUNTIES = 20
LINES = (
    "outlay:county_treasury",
    "outlay:city_treasury",
    "outlay:opening_deficits",
    "outlay:arrears",
    "outlay:runoff",
    "adjustment:claims",
    "adjustment:contributions",
)
STATISTICS = ("mean", "p50", "p95", "tvar95")


def print_summary(
    metrics: pd.DataFrame | Columns, facts: RunFacts, console: Console, lang: Lang = "en"
) -> None:
    """Prints one scenario's summary; ``metrics`` is its tidy table, or the columns of it."""
    indexed = MetricsIndex(metrics)
    print_head(facts, console, lang, label("depletion_meaning", lang))
    for fund in funds_of(facts):
        for table in (_by_year, _bill, _counties):
            table(indexed, fund, facts, console, lang)


def print_head(facts: RunFacts, console: Console, lang: Lang, *more: str) -> None:
    """Prints what was run, and the sentences without which its figures mislead."""
    console.print(facts["titles"][lang], style="bold", markup=False, highlight=False)
    note(console, label("scenario", lang, name=facts["scenario"]) + describe(facts, lang))
    for line in [*caveats(facts, lang), *more]:
        note(console, line)


def _by_year(metrics: MetricsIndex, fund: str, facts: RunFacts, console: Console, lang: Lang) -> None:
    base, marks = facts["base_claims_yuan"][fund], metrics.below_months()
    mark = "3" if "3" in marks or not marks else marks[0]
    columns = {
        "p_depletion": _chances(metrics.yearly(fund, "event:reserve_depletion", "probability")),
        "p_below": _chances(metrics.yearly(fund, f"event:below_{mark}_months", "probability"), False),
    }
    months = {name: metrics.yearly(fund, "months_of_capacity", name) for name in ("p05", "p50", "p95")}
    for name, rows in months.items():
        columns[f"months_{name}"] = {year: f"{value:z.1f}" for year, value in rows.cells().items()}
    money = {"county_short": "outlay:county_treasury", "city_short": "outlay:city_treasury"}
    for key, metric in (money | {"unfunded_short": "unfunded"}).items():
        means = metrics.yearly(fund, metric, "mean")
        if metric.startswith("outlay:") or (np.abs(means.value) > 0).any():
            columns[key] = {year: percent(mean / base) for year, mean in means.cells().items()}
    table = new_table(label("by_year", lang, fund=label(fund, lang)), label("year", lang))
    for key in columns:
        table.add_column(label(key, lang, mark=mark), justify="right", no_wrap=True)
    for year in selected(sorted(columns["p_depletion"]), facts["first_year"]):
        table.add_row(str(year), *(cells.get(year, "") for cells in columns.values()))
    console.print(table)
    stock = label("unfunded_note", lang) if "unfunded_short" in columns else ""
    note(console, label("by_year_note", lang, base=money_words(base, lang), unfunded=stock))
    for line in uncounted(lang, *months.values()):
        note(console, line)


def _bill(metrics: MetricsIndex, fund: str, facts: RunFacts, console: Console, lang: Lang) -> None:
    base, last = facts["base_claims_yuan"][fund], facts["first_year"] + facts["years"] - 1
    title = label("burden", lang, fund=label(fund, lang), years=span(facts["first_year"], last, lang))
    table = new_table(title, label("burden_row", lang))
    for name in STATISTICS:
        table.add_column(label(name, lang), justify="right")
    for line in LINES:
        values = [metrics.horizon(fund, f"{line}:discounted", name) for name in STATISTICS]
        if line in LINES[:2] or any(value > 0 for value in values):
            table.add_row(label(line, lang), *_money(values, base))
    ends = [metrics.yearly(fund, "unfunded", name) for name in STATISTICS]
    if len(ends[0]):
        values = [float(end.value[-1]) if len(end) else math.nan for end in ends]
        table.add_row(label("unfunded", lang), *_money(values, base))
        if facts["delegated_sharing"].get(fund):
            table.add_row(label("city_part", lang), *(f"{hundred_millions(v)} … 0" for v in values))
            table.add_row(label("counties_part", lang), *(f"0 … {hundred_millions(v)}" for v in values))
    console.print(table)
    rate = label("rate", lang, rate=f"{facts['discount_rate']:.1%}") if "discount_rate" in facts else ""
    stock = label("unfunded_end_note", lang, last=last) if len(ends[0]) else ""
    note(console, label("burden_note", lang, rate=rate, unfunded=stock))


def _counties(metrics: MetricsIndex, fund: str, facts: RunFacts, console: Console, lang: Lang) -> None:
    """Counties by what they drew from the pool less what they paid in, the greatest gain first."""
    base, last = facts["base_claims_yuan"][fund], facts["first_year"] + facts["years"] - 1
    counties = metrics.counties(fund, "pool_net", "mean")
    nets = {name: metrics.horizon(fund, "pool_net", "mean", name) for name in counties}
    if not nets:
        return
    names = sorted(nets, key=nets.__getitem__, reverse=True)
    columns = {"pool_net": _money([nets[name] for name in names], base, sign="+")}
    for key, payer in (("county_paid", "county_treasury"), ("city_paid", "city_treasury")):
        paid = [metrics.horizon(fund, f"outlay:{payer}:discounted", "mean", county) for county in names]
        if any(value > 0 for value in paid):
            columns[key] = _money(paid, base)
    gaps = [metrics.yearly(fund, "event:county_depletion", "probability", county) for county in names]
    if any(len(gap) for gap in gaps):
        columns["p_county"] = [_chances(gap).get(last, "") for gap in gaps]
    table = new_table(label("counties", lang, fund=label(fund, lang)), label("county", lang))
    for key in columns:
        table.add_column(label(key, lang), justify="right", no_wrap=True)
    english = facts.get("county_names", {}) if lang == "en" else {}
    half, left_out = SHOWN_COUNTIES // 2, len(names) - SHOWN_COUNTIES
    for rank, name in enumerate(names):
        if rank < half or rank >= half + left_out:
            table.add_row(english.get(name, name), *(cells[rank] for cells in columns.values()))
        elif rank == half:
            table.add_row(label("left_out", lang, n=left_out))
    console.print(table)
    gap_words = label("gap_note", lang) if "p_county" in columns else ""
    note(console, label("county_note", lang, last=last, gap=gap_words))


def print_gains(gains: list[Gain], console: Console, lang: Lang = "en") -> None:
    """Prints how many independent paths would have been as exact, for each main figure; nothing for none."""
    if not gains:
        return
    table = new_table(label("gains", lang), label("figure", lang))
    for key in ("fund", "year", "effective", "gain"):
        table.add_column(label(key, lang), justify="right", no_wrap=True)
    for gain in gains:
        year = "" if gain.year is None else str(gain.year)
        cells = (label(gain.fund, lang), year, f"{gain.effective_paths:,.0f}", f"{gain.gain:.1f}")
        table.add_row(label(f"gain:{gain.metric}", lang), *cells)
    console.print(table)
    note(console, label("gains_note", lang))


def new_table(title: str, first: str) -> Table:
    """A table as all of the summary's are: a title, a rule under the header, the first column to the left."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        title=f"\n{title}",
        title_justify="left",
        title_style="bold",
        header_style="",
    )
    table.add_column(first)
    return table


def note(console: Console, text: str) -> None:
    """A sentence or several, broken where the screen ends."""
    for line in wrap(text, console.width - 2):
        console.print(line, markup=False, highlight=False)


def selected(years: list[int], first: int) -> list[int]:
    """All years where they are few, else the usual ones and the last."""
    if len(years) <= len(SHOWN_YEARS):
        return years
    return [year for year in years if year - first + 1 in SHOWN_YEARS or year == years[-1]]


def _chances(rows: Yearly, interval: bool = True) -> dict[int, str]:
    """Probabilities in words by year, with their Wilson 95 % interval."""
    cells = {}
    for year, p, n in zip(rows.year.tolist(), rows.value.tolist(), independent_paths(rows), strict=True):
        low, high = wilson(p, n)
        digits = 2 if high < 0.01 else 1
        middle, floor, ceiling = (f"{x * 100:.{digits}f}".replace("100.0", "100") for x in (p, low, high))
        cells[year] = f"{middle}%" + (f" [{floor}–{ceiling}]" if interval else "")
    return cells


def _money(values: list[float], base: float, sign: str = "") -> list[str]:
    """Yuan as 100m yuan with the share of base-year claims in brackets; empty where not reported."""
    return ["" if math.isnan(v) else f"{hundred_millions(v, sign)} ({percent(v / base)})" for v in values]


def hundred_millions(yuan: float, sign: str = "") -> str:
    """Yuan in units of 100m (亿元), three digits, two below 1: ``1,234``, ``12.3``, ``0.57``."""
    amount = yuan / 1e8
    if abs(amount) < 5e-5:
        return "0"
    digits = 2 - math.floor(math.log10(abs(amount))) - (abs(amount) < 1)
    return f"{amount:{sign},.{min(4, max(0, digits))}f}"


def money_words(yuan: float, lang: Lang) -> str:
    """A sum with its unit."""
    return label("yuan", lang, amount=hundred_millions(yuan))


def percent(share: float) -> str:
    """A share of 1 as percent, no finer than two digits and 0.01: ``250%``, ``2.5%``, ``0.25%``."""
    if 0 < abs(share) < 5e-5:
        return "<0.01%"
    digits = 2 if abs(share) < 0.01 else 1 if abs(share) < 0.1 else 0
    return f"{share * 100:,.{digits}f}%" if share else "0%"
