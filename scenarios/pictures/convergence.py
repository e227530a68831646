"""An estimate as paths are added, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.labels import Lang
from scenarios.pictures import fonts
from scenarios.pictures.captions import caption
from scenarios.pictures.panels import metric_panels
from scenarios.pictures.runs import Run, about, said, titled
from scenarios.pictures.sheet import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FIGURES = ("value", "low", "high")


def convergence_figure(estimates: pd.DataFrame, run: Run, lang: Lang) -> Figure:
    """A panel a fund and metric: the estimate from as many paths, its 95 % interval, and the last estimate.

    ``estimates``: fund, metric, paths, value, low, high, the last three in the metric's own unit.  ValueError
    where a depletion comes without a burden.
    """
    notes = (caption("convergence_note", lang), *said([run], lang))
    words = Words(titled([run], caption("convergence", lang), lang), about([run], lang), notes)
    figure, _, panels = metric_panels(estimates, run, words, 1.2, FIGURES, lang)
    for axes, rows, _ in panels:
        rows = rows.sort_values("paths")
        paths, value, low, high = (rows[name].to_numpy(float) for name in ("paths", *FIGURES))
        axes.fill_between(paths, low, high, color=fonts.FAN[1], lw=4 if len(rows) == 1 else 0)
        axes.plot(paths, value, color="#0d2f4f", lw=1.2, marker="o", ms=2.5)
        axes.axhline(float(value[-1]), color=fonts.GREY, lw=0.7, ls=(0, (4, 2)))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_minor_formatter("")
        axes.set_xlabel(caption("paths_axis", lang), size=7)
    return figure
