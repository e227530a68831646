"""Counties: months of capacity and gaps as small multiples, and who pays whom through the pool."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.labels import Lang, comma, label
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.runs import Run, about, county_name, percent, said, titled
from scenarios.pictures.sheet import (
    Floats,
    Words,
    intervals,
    legend,
    percents,
    sheet,
    stretch,
    whole_years,
)
from scenarios.runs.facts import Yearly, independent_paths, uncounted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABREAST, ROWS = 4, 4
"""Counties side by side, and rows of them that an A4 sheet holds."""
RECEIVES, PAYS = "#5b8ab3", "#e8a33d"
YUAN = 1e8
"""Of the money axes: 100 million yuan (亿元)."""


def has_counties(run: Run, fund: str) -> bool:
    """Whether the run reports counties' own months and gaps: only where rules draw their balances."""
    return bool(run.metrics.counties(fund, "months_of_capacity", "p50"))


def county_sheets(run: Run, fund: str) -> list[list[str]]:
    """The counties of each sheet, in order; sheets of as many rows each as can be."""
    counties = run.metrics.counties(fund, "months_of_capacity", "p50")
    rows = ceil(len(counties) / ABREAST)
    split = np.array_split(np.arange(rows), ceil(rows / ROWS))
    return [counties[ABREAST * part[0] : ABREAST * (part[-1] + 1)] for part in split]


def counties_figure(run: Run, fund: str, lang: Lang, number: int = 0) -> Figure:
    """A cell a county: months of its own balance above, the probability of a gap left beneath.

    The cell's heading names the last probability and, beside it, the county's bill.  ``number``: which of
    the sheets of ``county_sheets``; all have the same scales.
    """
    every = county_sheets(run, fund)
    names = [name for some in every for name in some]
    fans = {name: _fan(run, fund, name) for name in names}
    notes = (
        caption("county_note", lang),
        caption(f"county_{run.facts['denominator']}", lang),
        *uncounted(lang, *(each for fan in fans.values() for each in fan.values())),
        *said([run], lang),
    )
    what = caption("counties", lang, fund=label(fund, lang))
    if len(every) > 1:
        what = caption("sheet_of", lang, what=what, number=number + 1, count=len(every))
    words = Words(titled([run], what, lang), about([run], lang), notes)
    columns = min(ABREAST, len(names))
    rows = ceil(len(every[number]) / columns)
    figure, body = sheet(words, 0.3 + 2.15 * rows)
    grid = body.add_gridspec(2 * rows, columns, height_ratios=[1.5, 0.8] * rows)
    low, high = _months_ends([fan["p05"] for fan in fans.values()], [fan["p95"] for fan in fans.values()])
    chances = {name: run.metrics.yearly(fund, "event:county_depletion", "probability", name) for name in fans}
    ends = {name: intervals(rows.value, independent_paths(rows)) for name, rows in chances.items()}
    highest = 100 * max((float(np.max(top)) for _, top in ends.values() if len(top)), default=0.0)
    panels = []
    for i, county in enumerate(every[number]):
        row, column = divmod(i, columns)
        months = body.add_subplot(grid[2 * row, column])
        chance = body.add_subplot(grid[2 * row + 1, column])
        _draw_months(months, fans[county], lang)
        months.set_ylim(low, high)
        _draw_chance(chance, chances[county], *ends[county], lang)
        percents(chance, highest, steps=3)
        months.set_title(_heading(run, fund, county, lang), size=6.8, linespacing=1.25)
        for axes in (months, chance):
            whole_years(axes, run.first, run.last, 4)
            axes.tick_params(labelsize=6.5, labelleft=column == 0)
        months.tick_params(labelbottom=False)
        panels += [months, chance]
    legend(body, panels)
    return figure


def _heading(run: Run, fund: str, county: str, lang: Lang) -> str:
    chance = run.metrics.yearly(fund, "event:county_depletion", "probability", county).value
    outlays = ("county_treasury", "city_treasury", "opening_deficits", "arrears", "runoff")
    paid = [run.metrics.horizon(fund, f"outlay:{name}:discounted", "mean", county) for name in outlays]
    share = float(np.nansum(paid)) / run.facts["base_claims_yuan"][fund]
    gap = percent(float(chance[-1])) if len(chance) else caption("no_bill", lang)
    return (
        f"{county_name(run, county, lang)}\n{caption('county_cell', lang, chance=gap, bill=percent(share))}"
    )


def _fan(run: Run, fund: str, county: str) -> dict[str, Yearly]:
    return {
        name: run.metrics.yearly(fund, "months_of_capacity", name, county) for name in ("p05", "p50", "p95")
    }


def _months_ends(lows: list[Yearly], highs: list[Yearly]) -> tuple[float, float]:
    """One scale for all cells, from nought or the lowest p05 to the highest p95."""
    low = min(0.0, *(float(np.nanmin(rows.value)) for rows in lows))
    high = max(1.0, *(float(np.nanmax(rows.value)) for rows in highs))
    return low - 0.03 * (high - low), high + 0.03 * (high - low)


def _draw_months(axes: Axes, fan: dict[str, Yearly], lang: Lang) -> None:
    years, low, middle, high = stretch(fan["p50"].year, *(fan[name].value for name in ("p05", "p50", "p95")))
    axes.fill_between(years, low, high, color=fonts.FAN[1], lw=0, label=caption("county_p05_p95", lang))
    axes.plot(years, middle, color="#0d2f4f", lw=1.2, label=caption("county_median", lang))
    axes.axhline(0, color=fonts.INK, lw=0.6)


def _draw_chance(axes: Axes, rows: Yearly, low: Floats, high: Floats, lang: Lang) -> None:
    if not len(rows):
        return
    years, middle, floor, ceiling = stretch(rows.year, 100 * rows.value, 100 * low, 100 * high)
    axes.fill_between(years, floor, ceiling, color="#b5b5b5", lw=0)
    axes.plot(years, middle, color=fonts.INK, lw=1.0, label=caption("county_gap", lang))


def has_transfers(run: Run) -> bool:
    """Whether anything is paid into or drawn from a pool or risk fund by any county."""
    return any(mean for fund in run.funds for _, mean, _, _ in _nets(run, fund))


def transfers_figure(run: Run, lang: Lang) -> Figure:
    """Each county's net from pool and risk fund, mean and p05–p95, payers below receivers."""
    nets = {fund: _nets(run, fund) for fund in run.funds}
    gini = [(fund, run.metrics.horizon(fund, "gini", "mean")) for fund in run.funds]
    named = comma(lang).join(
        caption("colon", lang, a=label(fund, lang), b=f"{value:.2f}")
        for fund, value in gini
        if not np.isnan(value)
    )
    notes = [caption("net_note", lang), *([caption("gini", lang, values=named)] if named else [])]
    words = Words(
        titled([run], caption("transfers", lang), lang),
        about([run], lang),
        (*notes, *said([run], lang)),
    )
    figure, body = sheet(words, 0.85 + 0.21 * max(len(rows) for rows in nets.values()))
    panels = body.subplots(1, len(nets), squeeze=False)[0]
    for axes, (fund, rows) in zip(panels, nets.items(), strict=True):
        _draw_nets(axes, [(county_name(run, name, lang), *rest) for name, *rest in rows], lang)
        axes.set_title(caption("net_axis", lang, fund=label(fund, lang)), size=7.2)
    legend(body, panels)
    return figure


def _nets(run: Run, fund: str) -> list[tuple[str, float, float, float]]:
    """County, mean, p05 and p95 of its net in 100 million yuan, the largest receiver first."""
    found = [
        (
            county,
            *(
                run.metrics.horizon(fund, "pool_net", name, county) / YUAN + 0.0
                for name in ("mean", "p05", "p95")
            ),
        )
        for county in run.metrics.counties(fund, "pool_net", "mean")
    ]
    return sorted(found, key=lambda row: (-row[1], row[0]))  # type: ignore[arg-type,return-value]


def _draw_nets(axes: Axes, rows: list[tuple[Any, ...]], lang: Lang) -> None:
    for place, (_, mean, low, high) in enumerate(rows):
        key, fill = ("net_receiver", RECEIVES) if mean >= 0 else ("net_payer", PAYS)
        axes.barh(place, mean, height=0.7, color=fill, label=caption(key, lang))
        spread = caption("p05_p95", lang)
        axes.plot([low, high], [place, place], color=fonts.INK, lw=0.9, marker="|", ms=4, label=spread)
    axes.axvline(0, color=fonts.INK, lw=0.7)
    axes.set_yticks(range(len(rows)), [row[0] for row in rows], size=7)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.grid(True, color=fonts.RULE, lw=0.3)
    if not np.any(np.abs(axes.dataLim.intervalx) > 1e-9):
        axes.set_xlim(-1, 1)
