"""What moves a figure: a tornado of what a study varies, and the readings of clauses.

Frames are tidy, a row a fund, metric and parameter; ``run`` gives the facts that every picture states.
ValueError where a depletion comes without a burden.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scenarios.labels import Lang
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.panels import metric_panels
from scenarios.pictures.runs import Run, about, said, titled
from scenarios.pictures.sheet import Words, legend, lines
from scenarios.runs.facts import Z95

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOW, HIGH = "#e8a33d", "#1f4e79"
ROW, NAMES = 0.24, 1.5
"""Height of a row and width for its name, inches."""


def tornado_figure(effects: pd.DataFrame, run: Run, lang: Lang) -> Figure:
    """The figure at each parameter's low and high value, over the scenarios of a study, in which everything
    else varies too; the widest bar first.

    ``effects``: fund, metric, parameter, low, high, base; the last three in the metric's own unit.
    """
    height = ROW * effects["parameter"].nunique()
    words = _words(run, "tornado", lang)
    shown = metric_panels(effects, run, words, height, ("low", "high", "base"), lang)
    figure, body, panels = shown
    for axes, rows, _ in panels:
        rows = rows.assign(width=(rows["high"] - rows["low"]).abs())
        rows = rows.sort_values(["width", "parameter"], ascending=[False, True])
        base = float(rows["base"].iloc[0])
        for column, fill in (("low", LOW), ("high", HIGH)):
            reach = rows[column].to_numpy(float) - base
            name = caption(f"at_{column}", lang)
            axes.barh(np.arange(len(rows)), reach, left=base, height=0.7, color=fill, label=name)
        axes.axvline(base, color=fonts.INK, lw=0.8)
        _name_rows(axes, rows["parameter"].tolist())
    legend(body, [panel.axes for panel in panels])
    return figure


def readings_figure(differences: pd.DataFrame, run: Run, lang: Lang) -> Figure:
    """The paired difference that each reading makes, with its 95 % interval; hollow where that holds nought.

    ``differences``: fund, metric, reading, value, difference, std_error; the last two in the metric's own
    unit.
    """
    frame = differences.assign(row=differences["reading"] + "=" + differences["value"])
    names = list(dict.fromkeys(frame["row"]))
    words = _words(run, "readings", lang)
    figure, _, panels = metric_panels(frame, run, words, ROW * len(names), ("difference", "std_error"), lang)
    for axes, rows, column in panels:
        for name, value, error in zip(rows["row"], rows["difference"], rows["std_error"], strict=True):
            place, half = names.index(name), Z95 * error
            fill = HIGH if abs(value) > half else "#ffffff"
            axes.plot([value - half, value + half], [place, place], color=HIGH, lw=1.2)
            axes.plot(value, place, marker="o", ms=4.5, mec=HIGH, mfc=fill)
        axes.axvline(0, color=fonts.INK, lw=0.8)
        _name_rows(axes, names if column == 0 else [""] * len(names))
    return figure


def _words(run: Run, what: str, lang: Lang) -> Words:
    notes = (caption(f"{what}_note", lang), *said([run], lang))
    return Words(titled([run], caption(what, lang), lang), about([run], lang), notes)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), ["\n".join(lines(name, NAMES, 6.5)) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.grid(True, color=fonts.RULE, lw=0.3)
