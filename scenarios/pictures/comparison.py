"""Scenarios compared: dumbbells from the first scenario to each other one, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios import fonts
from scenarios.facts import Z95
from scenarios.labels import Lang, label
from scenarios.pictures.captions import caption
from scenarios.pictures.panels import heading, unit_of
from scenarios.pictures.runs import Run, about, said, titled
from scenarios.pictures.sheet import Words, legend, lines, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADLINES = (  # metric, statistic: depletion and, beneath it, every line of the burden
    ("event:reserve_depletion", "probability"),
    ("months_of_capacity", "mean"),
    ("outlay:county_treasury:discounted", "mean"),
    ("outlay:city_treasury:discounted", "mean"),
    ("unfunded", "mean"),
    ("adjustment:claims:discounted", "mean"),
    ("adjustment:contributions:discounted", "mean"),
)
DIFFERENCE = "difference:"
FIRST, OTHER, INTERVAL = "#ffffff", "#1f4e79", "#e8a33d"


class Pair(NamedTuple):
    """A scenario beside the first, in a metric's unit; the difference with its standard error."""

    scenario: str
    first: float
    other: float
    difference: float
    std_error: float


def pairs_of(runs: Sequence[Run], fund: str, metric: str, statistic: str) -> list[Pair]:
    """One row for every run after the first that has paired rows of the metric."""
    found = []
    for run in runs[1:]:
        unit = unit_of(metric, runs[0], fund)[0]
        values = [_last(each, fund, name, statistic) for each, name in _places(runs[0], run, metric)]
        if not np.isnan([value for value, _ in values]).any():
            (first, _), (other, _), (difference, error) = values
            numbers = (unit * number for number in (first, other, difference, error))
            found.append(Pair(run.facts["scenario"], *numbers))
    return found


def _places(first: Run, run: Run, metric: str) -> list[tuple[Run, str]]:
    return [(first, metric), (run, metric), (run, DIFFERENCE + metric)]


def _last(run: Run, fund: str, metric: str, statistic: str) -> tuple[float, float]:
    """Value and standard error of the last year, or of the horizon where it has no years."""
    rows = run.metrics.yearly(fund, metric, statistic)
    if len(rows):
        return float(rows.value[-1]), float(rows.std_error[-1])
    return run.metrics.horizon(fund, metric, statistic), run.metrics.horizon_error(fund, metric, statistic)


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
    notes += said(runs, lang, months=any(metric == "months_of_capacity" for metric, _ in shown))
    what = caption("comparison", lang, name=runs[0].facts["scenario"])
    words = Words(titled(runs, what, lang), about(runs, lang), (label("depletion_meaning", lang), *notes))
    rows = len(runs) - 1
    figure, body = sheet(words, 0.35 + len(shown) * (0.52 + 0.24 * rows))
    panels = body.subplots(len(shown), len(funds), squeeze=False)
    for strip, (metric, pairs) in zip(panels, shown, strict=True):
        for axes, fund, mine in zip(strip, funds, pairs, strict=True):
            _draw_pairs(axes, mine, lang, named=axes is strip[0])
            unit = caption(unit_of(metric, runs[0], fund)[1], lang)
            axes.set_title(heading(metric, runs[0], fund, lang, unit), size=7)
    legend(body, panels.flat)
    return figure


def _moves(pairs: Sequence[Pair]) -> bool:
    """Whether a panel has anything to show: a metric that is nought in every scenario has not."""
    return any(pair.first or pair.other or pair.difference for pair in pairs)


def _draw_pairs(axes: Axes, pairs: Sequence[Pair], lang: Lang, named: bool) -> None:
    """Dumbbells; the figures of the differences stand at the right edge."""
    for place, pair in enumerate(pairs):
        half = Z95 * pair.std_error if pair.std_error > 0 else 0.0
        axes.plot([pair.first, pair.other], [place, place], color=fonts.GREY, lw=1.0, zorder=1)
        around = [pair.other - half, pair.other + half]
        interval = caption("dumbbell_interval", lang)
        axes.plot(
            around, [place, place], color=INTERVAL, lw=5, solid_capstyle="butt", label=interval, zorder=2
        )
        circle: dict[str, Any] = {"marker": "o", "ls": "", "ms": 5, "mec": OTHER, "mew": 1.0}
        axes.plot(pair.first, place, mfc=FIRST, label=caption("dumbbell_first", lang), zorder=3, **circle)
        axes.plot(pair.other, place, mfc=OTHER, label=caption("dumbbell_other", lang), zorder=4, **circle)
        middle, *ends = (_signed(pair.difference + shift) for shift in (0.0, -half, half))
        words = f"{middle} [{', '.join(ends)}]"
        axes.text(1.02, place, words, transform=axes.get_yaxis_transform(), size=6, va="center")
    names = ["\n".join(lines(pair.scenario, 1.0, 7)) if named else "" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, size=7)
    axes.set_ylim(max(len(pairs), 1) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=6.5)
    axes.xaxis.grid(True, color=fonts.RULE, lw=0.3)
    axes.margins(x=0.06)


def _signed(number: float) -> str:
    return (f"{number:+.3g}" if abs(number) < 1000 else f"{number:+.0f}").replace("-", "−")
