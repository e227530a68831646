"""Who pays, year by year and over the whole horizon: stacked areas a scenario, and bars of the sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scenarios.labels import Lang, label, span
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.depletion import stacked
from scenarios.pictures.plot import say_inside
from scenarios.pictures.runs import Run, about, horizon_burden, said, short_name, titled, yearly_burden
from scenarios.pictures.sheet import Words, legend, lines, sheet, whole_years
from scenarios.runs.facts import CITY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FUNDS_OWN = "#d8cfe6"
"""Fill of what the pooled money itself pays."""
ABREAST = 4
"""Scenarios side by side."""


def payers_figure(runs: Sequence[Run], lang: Lang) -> Figure:
    """Areas of each year's burden by bearer, a row a fund and a column a scenario, and bars of the horizon.

    What own balances, pool and risk fund pay is not tallied by year; the note says so, and pool and risk
    fund together stand in the bars.
    """
    if len(runs) > ABREAST:
        raise ValueError(f"at most {ABREAST} scenarios fit side by side, found {len(runs)}")
    funds = runs[0].funds
    bars = 0.55 + 0.24 * len(runs)
    notes = (
        caption("left_out", lang),
        caption("horizon_bars", lang),
        caption("all_burden", lang),
        *said(runs, lang),
    )
    words = Words(titled(runs, caption("payers_title", lang), lang), about(runs, lang), notes)
    figure, body = sheet(words, 0.7 + (2.1 + bars) * len(funds))
    grid = body.add_gridspec(2 * len(funds), len(runs), height_ratios=[2.1, bars] * len(funds))
    panels = []
    for row, fund in enumerate(funds):
        areas = [body.add_subplot(grid[2 * row, column]) for column in range(len(runs))]
        for axes, run in zip(areas, runs, strict=True):
            stacked(axes, yearly_burden(run, fund, lang), lang)
            whole_years(axes, run.first, run.last, 7 if len(runs) < 3 else 4)
            name = "" if len(runs) == 1 else f"\n{short_name(run, runs[0])}"
            heading = caption("burden_of_year", lang, fund=label(fund, lang)) if axes is areas[0] else name
            axes.set_title(heading + (name if axes is areas[0] else ""), size=7.2, linespacing=1.4)
            axes.yaxis.set_major_formatter("{x:g}%")
        _one_scale(areas)
        sums = body.add_subplot(grid[2 * row + 1, :])
        _draw_sums(sums, runs, fund, lang)
        panels += [*areas, sums]
    legend(body, panels)
    return figure


def _one_scale(areas: Sequence[Axes]) -> None:
    low = min(0.0, *(float(axes.dataLim.y0) for axes in areas)) if areas else 0.0
    high = max(float(axes.dataLim.y1) for axes in areas)
    for axes in areas:
        axes.set_ylim(low * 1.05, high * 1.05 if high > 1e-9 else 1.0)
        if axes is not areas[0]:
            axes.tick_params(labelleft=False)


def _draw_sums(axes: Axes, runs: Sequence[Run], fund: str, lang: Lang) -> None:
    """A bar a scenario: what the common money paid, then every bearer, over the horizon."""
    for place, run in enumerate(runs):
        base = run.facts["base_claims_yuan"][fund]
        own = sum(run.metrics.horizon(fund, "pool_drawn", "mean", county) for county in _counties(run, fund))
        parts = [(caption("funds_own", lang), FUNDS_OWN, "", own / base * 100)]
        left = 0.0
        for name, fill, hatch, value in [*parts, *horizon_burden(run, fund, lang)]:
            if value and not np.isnan(value):
                edge = fonts.GREY if hatch else fill
                axes.barh(
                    place,
                    value,
                    left=left,
                    height=0.66,
                    color=fill,
                    hatch=hatch or None,
                    edgecolor=edge,
                    lw=0.3,
                    label=name,
                )
                left += value
    if not axes.patches:
        say_inside(axes, label("nothing_due", lang))
    names = ["\n".join(lines(short_name(run, runs[0]), 1.1, 7)) if len(runs) > 1 else "" for run in runs]
    axes.set_yticks(range(len(runs)), names, size=7)
    axes.set_ylim(len(runs) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, max(float(axes.dataLim.x1) * 1.02, 1.0) if axes.patches else 1.0)
    axes.xaxis.set_major_formatter("{x:g}%")
    heading = caption(
        "horizon_title", lang, fund=label(fund, lang), years=span(runs[0].first, runs[0].last, lang)
    )
    axes.set_title(heading, size=7.2)


def _counties(run: Run, fund: str) -> list[str]:
    return [name for name in run.metrics.counties(fund, "pool_drawn", "mean") if name != CITY]
