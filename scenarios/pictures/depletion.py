"""Depletion and, beside it, the burden: the probability by year, and the year in which it first comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.labels import Lang, event_label, event_words, label
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.plot import NOTHING, say_inside
from scenarios.pictures.runs import Part, Run, about, bill, percent, said, titled, yearly_burden
from scenarios.pictures.sheet import (
    SERIES,
    Words,
    intervals,
    legend,
    percents,
    sheet,
    stretch,
    whole_years,
)
from scenarios.runs.facts import Yearly, independent_paths

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADLINE = "reserve_depletion"


def depletion_figure(runs: Sequence[Run], lang: Lang, event: str = HEADLINE) -> Figure:
    """Probability of the event by year with its Wilson interval, and the burden of the year beside it, which
    weighted paths do not have.

    One run shows its burden by bearer; several show a line each, probability and total burden.
    """
    funds = runs[0].funds
    burdens = {fund: [yearly_burden(run, fund, lang) for run in runs] for fund in funds}
    known = any(any(parts) for parts in burdens.values())
    notes = [
        caption("wilson_band", lang),
        label("depletion_meaning", lang)
        if event == HEADLINE
        else caption("event_is", lang, event=event_label(event, lang)),
        *said(runs, lang),
        caption("all_burden" if known else "no_burden_note", lang),
    ]
    what = caption("depletion", lang) if known and event == HEADLINE else event_words(event, lang)
    words = Words(titled(runs, what, lang), about(runs, lang), tuple(notes))
    figure, body = sheet(words, 0.55 + 2.5 * len(funds))
    panels = body.subplots(len(funds), 2 if known else 1, squeeze=False, sharex=True)
    for (chance, *beside), fund in zip(panels, funds, strict=True):
        highest = max(
            _draw_chance(chance, run, fund, event, i if len(runs) > 1 else None) for i, run in enumerate(runs)
        )
        percents(chance, highest)
        key = "depleted_by" if event == HEADLINE else "probability_by"
        _title(chance, caption(key, lang, fund=label(fund, lang)))
        for burden in beside:
            _title(burden, caption("burden_of_year", lang, fund=label(fund, lang)))
            _draw_burdens(burden, burdens[fund], lang)
        for axes in (chance, *beside):
            whole_years(axes, runs[0].first, runs[0].last, 5)
    legend(body, panels.flat)
    return figure


def _draw_chance(axes: Axes, run: Run, fund: str, event: str, series: int | None) -> float:
    """A line of percents and its Wilson band; the highest end of the band."""
    rows = run.metrics.yearly(fund, f"event:{event}", "probability")
    if not len(rows):
        return 0.0
    low, high = intervals(rows.value, independent_paths(rows))
    years, middle, floor, ceiling = stretch(rows.year, 100 * rows.value, 100 * low, 100 * high)
    colour, dash = SERIES[(series or 0) % len(SERIES)]
    axes.fill_between(years, floor, ceiling, color=colour, alpha=0.28 if series is None else 0.14, lw=0)
    name = "_nolegend_" if series is None else run.facts["scenario"]
    axes.plot(years, middle, color=colour, ls=dash, lw=1.2, label=name)
    return float(np.nanmax(ceiling, initial=0.0))


def stacked(axes: Axes, parts: Sequence[Part], lang: Lang) -> None:
    """Areas of each year's burden by bearer, one on the other; what is negative goes down from nought, and
    where all is nought it says so."""
    if parts and not any(np.abs(part.values.value).max() > NOTHING for part in parts):
        say_inside(axes, label("nothing_due", lang))
    tops: dict[bool, Any] = {}
    for name, fill, hatch, rows in parts:
        values, rising = rows.value, rows.value >= 0
        up, down = (tops.setdefault(sign, np.zeros(len(values))) for sign in (True, False))
        edges = np.append(rows.year, rows.year[-1] + 1) - 0.5
        base = np.where(rising, up, down)
        axes.stairs(
            base + values,
            edges,
            baseline=base,
            fill=True,
            facecolor=fill,
            hatch=hatch or None,
            edgecolor=fonts.GREY if hatch else fill,
            lw=0.3 if hatch else 0,
            label=name,
        )
        tops[True], tops[False] = up + np.where(rising, values, 0), down + np.where(rising, 0, values)
    axes.axhline(0, color=fonts.INK, lw=0.6)


def _draw_burdens(axes: Axes, burdens: Sequence[list[Part]], lang: Lang) -> None:
    """One run's burden by bearer, or the total of each of several."""
    if len(burdens) == 1:
        stacked(axes, burdens[0], lang)
    else:
        for i, parts in enumerate(burdens):
            _draw_total(axes, parts, i)
    axes.yaxis.set_major_formatter("{x:g}%")
    _from_nought(axes)


def _draw_total(axes: Axes, parts: Sequence[Part], series: int) -> None:
    if not parts:
        return
    years, total = stretch(parts[0].values.year, np.sum([part.values.value for part in parts], axis=0))
    colour, dash = SERIES[series % len(SERIES)]
    axes.plot(years, total, color=colour, ls=dash, lw=1.2)


def _from_nought(axes: Axes) -> None:
    """A burden's axis begins at nought unless the burden falls below it, and is never without height."""
    low, high = float(axes.dataLim.y0), float(axes.dataLim.y1)
    if low > -1e-9:
        axes.set_ylim(0, high * 1.05 if high > 1e-9 else 1.0)


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, size=7.2, linespacing=1.4)


def depletion_year_figure(run: Run, lang: Lang) -> Figure:
    """Share of paths in which reserves are first depleted in each year, and the hazard among the rest."""
    funds = run.funds
    notes = [caption("wilson_lines", lang), label("depletion_meaning", lang), *bill(run, lang)]
    words = Words(
        titled([run], caption("depletion_year", lang), lang),
        about([run], lang),
        (*notes, *said([run], lang)),
    )
    figure, body = sheet(words, 3.9)
    panels = body.subplots(2, len(funds), squeeze=False, sharex=True, sharey="row")
    tops = [0.0, 0.0]
    for (share, hazard), fund in zip(panels.T, funds, strict=True):
        rows = run.metrics.yearly(fund, f"event:{HEADLINE}", "probability")
        new = 100 * np.diff(rows.value, prepend=0.0)
        share.bar(rows.year, new, width=0.8, color="#5b8ab3", edgecolor="#1f4e79", lw=0.4)
        above = [
            caption("first_in", lang, fund=label(fund, lang)),
            caption("never", lang, last=run.last, share=percent(1 - float(rows.value[-1]))),
            caption("reached", lang, years=_years_reached(run, fund, lang)),
        ]
        _title(share, "\n".join(above))
        hazards = run.metrics.yearly(fund, f"hazard:{HEADLINE}", "probability")
        ends = _draw_hazard(hazard, hazards)
        _title(hazard, caption("hazard_in", lang, fund=label(fund, lang)))
        tops = [max(tops[0], float(np.max(new))), max(tops[1], ends)]
        whole_years(hazard, run.first, run.last)
    percents(panels[0][0], tops[0])
    percents(panels[1][0], tops[1])
    return figure


def _years_reached(run: Run, fund: str, lang: Lang) -> str:
    found = (run.metrics.horizon(fund, f"event_year:{HEADLINE}", name) for name in ("p05", "p25", "p50"))
    return " / ".join(caption("not_reached", lang) if np.isnan(year) else f"{year:.0f}" for year in found)


def _draw_hazard(axes: Axes, rows: Yearly) -> float:
    """Points with Wilson intervals by the paths at risk, where any are; the highest end."""
    known = ~np.isnan(rows.value)
    if not known.any():
        return 0.0
    year, value, n = rows.year[known], rows.value[known], rows.n[known]
    low, high = intervals(value, n.tolist())
    spread = 100 * np.array([value - low, high - value]).clip(0)
    style: dict[str, Any] = {
        "fmt": "o",
        "ms": 2.4,
        "color": fonts.INK,
        "ecolor": fonts.GREY,
        "elinewidth": 0.8,
    }
    axes.errorbar(year, 100 * value, yerr=spread, **style)
    return float(100 * np.max(high))
