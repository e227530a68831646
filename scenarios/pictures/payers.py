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
from scenarios.pictures.runs import (
    COVERED,
    PARTS,
    Run,
    about,
    horizon_burden,
    said,
    short_name,
    titled,
    yearly_burden,
)
from scenarios.pictures.sheet import (
    LEADING,
    MARGIN,
    WIDTH,
    Rows,
    Words,
    legend,
    name_lines,
    rows,
    sheet,
    tall,
    whole_years,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EVERYBODY = (*COVERED, *PARTS)
ABREAST = 4
"""Scenarios side by side."""
NAMES = 1.1
"""Width for the names of scenarios beside the bars, inches."""
HEADING, BAR = 7.2, 0.16
"""Size of a panel's title; height of a bar, inches."""


def payers_figure(runs: Sequence[Run], lang: Lang) -> Figure:
    """Areas of each year's deficits by who pays, a row a fund and a column a scenario, and bars of the
    horizon: first the fund's own accounts, then all who bear what falls outside it."""
    if len(runs) > ABREAST:
        raise ValueError(f"at most {ABREAST} scenarios fit side by side, found {len(runs)}")
    funds = runs[0].funds
    names = [short_name(run, runs[0]) for run in runs] if len(runs) > 1 else [""]
    above = [name_lines(name, _room(len(runs)), HEADING) for name in names]
    head = max(map(len, above))
    bars = rows(names, NAMES)
    notes = (
        caption("own_accounts" if any(map(_holds_accounts, runs)) else "no_accounts", lang),
        caption("horizon_bars", lang),
        caption("all_burden", lang),
        *said(runs, lang),
    )
    words = Words(titled(runs, caption("payers_title", lang), lang), about(runs, lang), notes)
    strip = 2.1 + 0.55 + tall(max(head - 1, 0), HEADING) + bars.height
    figure, body = sheet(words, 0.7 + strip * len(funds))
    ratios = [2.1, 0.55 + bars.height] * len(funds)
    grid = body.add_gridspec(2 * len(funds), len(runs), height_ratios=ratios)
    panels = []
    for row, fund in enumerate(funds):
        areas = [body.add_subplot(grid[2 * row, column]) for column in range(len(runs))]
        for axes, run, name in zip(areas, runs, above, strict=True):
            stacked(axes, yearly_burden(run, fund, lang, EVERYBODY), lang)
            whole_years(axes, run.first, run.last, 7 if len(runs) < 3 else 4)
            axes.set_title("\n".join(["", *name]) if name else "", size=HEADING, linespacing=LEADING)
            axes.yaxis.set_major_formatter("{x:g}%")
        _head(areas[0], caption("paid_in_year", lang, fund=label(fund, lang)), head)
        _one_scale(areas)
        sums = body.add_subplot(grid[2 * row + 1, :])
        _draw_sums(sums, runs, bars, fund, lang)
        panels += [*areas, sums]
    legend(body, panels)
    return figure


def _holds_accounts(run: Run) -> bool:
    """Whether the results say what the fund's own accounts pay; those of older versions do not."""
    return any(len(run.metrics.yearly(fund, metric, "mean")) for fund in run.funds for metric, *_ in COVERED)


def _room(columns: int) -> float:
    """Width of each column's panel beside the names of the bars, inches."""
    return (WIDTH - 2 * MARGIN - NAMES - 0.1) / columns - 0.15


def _head(axes: Axes, words: str, above: int) -> None:
    """What a row shows, over the first column, above so many lines of titles; as a title, half of it would
    push the columns apart."""
    if not above:
        axes.set_title(words, size=HEADING)
        return
    offset = 6 + above * HEADING * LEADING
    head = axes.annotate(words, (0, 1), (0, offset), "axes fraction", "offset points", size=HEADING)
    head.set_in_layout(False)


def _one_scale(areas: Sequence[Axes]) -> None:
    low = min(0.0, *(float(axes.dataLim.y0) for axes in areas)) if areas else 0.0
    high = max(float(axes.dataLim.y1) for axes in areas)
    for axes in areas:
        axes.set_ylim(low * 1.05, high * 1.05 if high > 1e-9 else 1.0)
        if axes is not areas[0]:
            axes.tick_params(labelleft=False)


def _draw_sums(axes: Axes, runs: Sequence[Run], bars: Rows, fund: str, lang: Lang) -> None:
    """A bar a scenario: all who pay, over the horizon."""
    for place, run in zip(bars.places, runs, strict=True):
        left = 0.0
        for name, fill, hatch, value in horizon_burden(run, fund, lang, EVERYBODY):
            if value and not np.isnan(value):
                edge = fonts.GREY if hatch else fill
                axes.barh(
                    place,
                    value,
                    left=left,
                    height=BAR,
                    color=fill,
                    hatch=hatch or None,
                    edgecolor=edge,
                    lw=0.3,
                    label=name,
                )
                left += value
    if not axes.patches:
        say_inside(axes, label("nothing_due", lang))
    bars.mark(axes)
    axes.set_xlim(0, max(float(axes.dataLim.x1) * 1.02, 1.0) if axes.patches else 1.0)
    axes.xaxis.set_major_formatter("{x:g}%")
    heading = caption(
        "horizon_title", lang, fund=label(fund, lang), years=span(runs[0].first, runs[0].last, lang)
    )
    axes.set_title(heading, size=HEADING)
