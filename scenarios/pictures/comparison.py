"""Scenarios compared: dumbbells from the first scenario to each other one, with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.labels import Lang, label
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.panels import bases_differ, heading, shared_unit
from scenarios.pictures.runs import Run, about, said, short_name, titled
from scenarios.pictures.sheet import MARGIN, NAME, WIDTH, Words, legend, rows, sheet, tall
from scenarios.runs.compare_summary import agresti_min, ranged
from scenarios.runs.facts import Z95
from sim.differences import PREFIX, nought_if_absent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADLINES = (  # metric, statistic: depletion, months and, beneath them, every line of the burden
    ("event:reserve_depletion", "probability"),
    ("months_of_capacity", "mean"),
    ("outlay:county_treasury:discounted", "mean"),
    ("outlay:city_treasury:discounted", "mean"),
    ("outlay:opening_deficits:discounted", "mean"),
    ("outlay:arrears:discounted", "mean"),
    ("outlay:runoff:discounted", "mean"),
    ("unfunded", "mean"),
    ("adjustment:claims:discounted", "mean"),
    ("adjustment:contributions:discounted", "mean"),
)
FIRST, OTHER, INTERVAL = "#ffffff", "#1f4e79", "#e8a33d"
NAMES = 1.15
"""Width for the names of scenarios, inches."""


class Pair(NamedTuple):
    """A scenario beside the first, in a metric's unit; the difference and the ends of its 95 % interval."""

    scenario: str
    first: float
    other: float
    difference: float
    low: float
    high: float


def pairs_of(runs: Sequence[Run], fund: str, metric: str, statistic: str) -> list[Pair]:
    """One row for every run after the first that has paired rows of the metric."""
    first, found = runs[0], []
    unit = shared_unit(metric, runs, fund)[0]
    for run in runs[1:]:
        value, error, n = run.metrics.figure(fund, PREFIX + metric, statistic, _year(run, metric))
        if np.isnan(value):
            continue
        low, high = value - Z95 * error, value + Z95 * error
        if statistic == "probability":
            low, high = agresti_min(value, error, n)
        numbers = (_level(first, fund, metric, statistic), _level(run, fund, metric, statistic))
        found.append(
            Pair(short_name(run, first), *(unit * number for number in (*numbers, value, low, high)))
        )
    return found


def _year(run: Run, metric: str) -> int | None:
    """The last year, or none for a figure of the horizon."""
    return None if metric.endswith(":discounted") else run.last


def _level(run: Run, fund: str, metric: str, statistic: str) -> float:
    """A scenario's own figure; nought where its rules rule the metric out."""
    value = run.metrics.figure(fund, metric, statistic, _year(run, metric))[0]
    return 0.0 if np.isnan(value) and nought_if_absent(metric) else value


def comparison_figure(runs: Sequence[Run], lang: Lang) -> Figure:
    """A panel a metric and fund, a row a scenario: the first, the other, and the paired interval.

    ``runs`` holds the first scenario, then those whose tables have ``difference:`` rows.
    """
    funds = runs[0].funds
    shown = [
        (metric, [pairs_of(runs, fund, metric, statistic) for fund in funds])
        for metric, statistic in HEADLINES
    ]
    shown = [(metric, pairs) for metric, pairs in shown if any(map(_moves, pairs))]
    notes = [caption("dumbbell_note", lang)]
    notes += [caption("bases_differ", lang)] if bases_differ(runs) else []
    notes += said(runs, lang, months=any(metric == "months_of_capacity" for metric, _ in shown))
    what = caption("comparison", lang, name=runs[0].facts["scenario"])
    words = Words(titled(runs, what, lang), about(runs, lang), (label("depletion_meaning", lang), *notes))
    room = (WIDTH - 2 * MARGIN - NAMES) / len(funds) - 0.15
    heads = [[_head(metric, runs, fund, lang, room) for fund in funds] for metric, _ in shown]
    held = [_named(runs, pairs) for _, pairs in shown]
    strips = [rows(names, NAMES) for names in held]
    high = [strip.height for strip in strips]
    titles = sum(tall(1 + max(head.count("\n") for head in some), NAME) for some in heads)
    figure, body = sheet(words, 0.35 + 0.32 * len(shown) + titles + sum(high))
    panels = body.subplots(len(shown), len(funds), squeeze=False, height_ratios=high)
    for beside, (_, pairs), strip, names, some in zip(panels, shown, strips, held, heads, strict=True):
        for axes, mine, head in zip(beside, pairs, some, strict=True):
            _draw_pairs(axes, mine, dict(zip(names, strip.places, strict=True)), lang)
            strip.mark(axes, named=axes is beside[0])
            axes.set_title(head, size=NAME)
    legend(body, panels.flat)
    return figure


def _head(metric: str, runs: Sequence[Run], fund: str, lang: Lang, room: float) -> str:
    """A panel's title in lines no wider than the room."""
    unit = caption(shared_unit(metric, runs, fund)[1], lang)
    return heading(metric, runs[0], fund, lang, unit, room)


def _named(runs: Sequence[Run], pairs: Sequence[Sequence[Pair]]) -> list[str]:
    """The scenarios that have a row of the metric in any fund, in order."""
    found = {pair.scenario for some in pairs for pair in some}
    return [name for name in (short_name(run, runs[0]) for run in runs) if name in found]


def _moves(pairs: Sequence[Pair]) -> bool:
    """Whether a panel has anything to show: a metric that is nought in every scenario has not."""
    return any(pair.first or pair.other or pair.difference for pair in pairs)


def _draw_pairs(axes: Axes, pairs: Sequence[Pair], places: Mapping[str, float], lang: Lang) -> None:
    """Dumbbells at their scenarios' places; the figures of the differences stand at the right edge."""
    for pair in pairs:
        place = places[pair.scenario]
        axes.plot([pair.first, pair.other], [place, place], color=fonts.GREY, lw=1.0, zorder=1)
        around = [pair.first + pair.low, pair.first + pair.high]
        interval = caption("dumbbell_interval", lang)
        axes.plot(
            around, [place, place], color=INTERVAL, lw=5, solid_capstyle="butt", label=interval, zorder=2
        )
        circle: dict[str, Any] = {"marker": "o", "ls": "", "ms": 5, "mec": OTHER, "mew": 1.0}
        axes.plot(pair.first, place, mfc=FIRST, label=caption("dumbbell_first", lang), zorder=3, **circle)
        axes.plot(pair.other, place, mfc=OTHER, label=caption("dumbbell_other", lang), zorder=4, **circle)
        words = ranged(pair.difference, pair.low, pair.high, "+").replace("-", "−")
        axes.text(1.02, place, words, transform=axes.get_yaxis_transform(), size=6, va="center")
    axes.tick_params(axis="x", labelsize=6.5)
    axes.xaxis.grid(True, color=fonts.RULE, lw=0.3)
    axes.margins(x=0.06)
