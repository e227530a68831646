"""A sheet with a panel for each metric and fund of a frame, in the units in which figures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from scenarios.labels import Lang, label
from scenarios.pictures.captions import caption, metric_caption
from scenarios.pictures.runs import Run
from scenarios.pictures.sheet import Words, lines, sheet
from scenarios.runs.compare_summary import HUNDRED_MILLION_YUAN
from scenarios.runs.facts import funds_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

BURDEN = ("outlay:", "unfunded", "adjustment:")
MONEY = (*BURDEN, "covered:", "reserves", "cash_reserves", "pool_")
TITLE_INCHES = 2.0
"""A panel's title; names of rows may take the rest of its half of the sheet."""


class Panel(NamedTuple):
    """Where to draw, and the rows of the frame to draw there."""

    axes: Axes
    rows: pd.DataFrame
    column: int


def unit_of(metric: str, run: Run, fund: str) -> tuple[float, str]:
    """What a figure of the table is multiplied by to be shown, and the key of the unit's words."""
    if metric.startswith(("event:", "hazard:")):
        return 100.0, "unit:probability"
    if "months" in metric:
        return 1.0, "unit:months"
    if metric.startswith(MONEY):
        return 100 / run.facts["base_claims_yuan"][fund], "unit:money"
    return 1.0, "unit:plain"


def shared_unit(metric: str, runs: Sequence[Run], fund: str) -> tuple[float, str]:
    """As ``unit_of``, for figures of all the runs on one axis: money in 100m yuan where bases differ, for a
    difference in percent would be of nobody's claims."""
    if metric.startswith(MONEY) and bases_differ(runs):
        return 1 / HUNDRED_MILLION_YUAN, "unit:yuan"
    return unit_of(metric, runs[0], fund)


def bases_differ(runs: Sequence[Run]) -> bool:
    """Whether the runs' claims of the base year differ, which percentages are of."""
    return any(run.facts["base_claims_yuan"] != runs[0].facts["base_claims_yuan"] for run in runs)


def heading(metric: str, run: Run, fund: str, lang: Lang, unit: str, inches: float) -> str:
    """A panel's title: fund, metric, by when where it is dated, and the unit's words; in lines."""
    dated = metric.startswith(("event:", "months_of_capacity", "unfunded", "reserves"))
    words = metric_caption(metric, lang, run.last if dated else None)
    words = caption("colon", lang, a=label(fund, lang), b=words)
    return "\n".join(lines(words + (label("in_brackets", lang, what=unit) if unit else ""), inches, 7))


def check_burden(metrics: Sequence[str]) -> None:
    """ValueError where a depletion is among the metrics and no burden: a low one may be a high other."""
    if any("depletion" in name for name in metrics) and not any(name.startswith(BURDEN) for name in metrics):
        raise ValueError(f"a depletion is shown beside a burden ({', '.join(BURDEN)}), found {metrics[0]}")


def metric_panels(
    frame: pd.DataFrame, run: Run, words: Words, row_inches: float, figures: Sequence[str], lang: Lang
) -> tuple[Figure, SubFigure, list[Panel]]:
    """A sheet with a panel a metric (down) and fund (across), each ``row_inches`` high beside its title.

    ``figures``: the frame's columns in the metric's own unit, handed on in the unit shown.  ValueError for a
    depletion without a burden.
    """
    metrics = list(dict.fromkeys(frame["metric"]))
    check_burden(metrics)
    funds = [fund for fund in funds_of(run.facts) if fund in set(frame["fund"])]
    figure, body = sheet(words, 0.4 + len(metrics) * (0.6 + row_inches))
    panels = []
    grid = body.subplots(len(metrics), len(funds), squeeze=False)
    for strip, metric in zip(grid, metrics, strict=True):
        for column, (axes, fund) in enumerate(zip(strip, funds, strict=True)):
            part = frame[(frame["fund"] == fund) & (frame["metric"] == metric)].copy()
            factor, unit = unit_of(metric, run, fund)
            part[list(figures)] *= factor
            if "difference" in figures and unit == "unit:probability":
                unit = "unit:points"
            axes.set_title(heading(metric, run, fund, lang, caption(unit, lang), TITLE_INCHES), size=7)
            axes.tick_params(labelsize=6.5)
            if len(part):
                panels.append(Panel(axes, part, column))
            else:
                axes.set_visible(False)
    return figure, body, panels
