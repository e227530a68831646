"""The fan chart: months of payment capacity, the chance of depletion and, beneath it, who pays.

Three rows a fund on one time axis, because a rule that sends losses to a treasury has low depletion and a
high bill: percentiles of the months, the cumulative probability that reserves were depleted, and the mean
burden of each year by bearer.  Figures are drawn without pyplot, so no display and no backend is touched.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scenarios.labels import Lang, comma, label
from scenarios.pictures import fonts
from scenarios.pictures.sheet import (
    MARGIN,
    NOTE,
    drawing,
    intervals,
    lines,
    measure,
    stretch,
    tall,
    whole_years,
)
from scenarios.runs.facts import (
    COUNTED,
    MetricsIndex,
    RunFacts,
    Yearly,
    caveats,
    describe,
    funds_of,
    independent_paths,
    uncounted,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.metrics import Columns

Do = Callable[[Callable[[], object], Callable[[], object]], None]
"""Does two things."""
BANDS = (("p01", "p99"), ("p05", "p95"), ("p10", "p90"), ("p25", "p75"))
BEARERS = (  # metric of the burden, label, fill, hatch
    ("outlay:county_treasury", "county_treasury", "#1f4e79", ""),
    ("outlay:city_treasury", "city_treasury", "#e8a33d", ""),
    ("unfunded", "new_unfunded", "#ffffff", "//////"),
    ("adjustment:claims", "claims_cut", "#d9d9d9", "......"),
    ("adjustment:contributions", "contributions_raised", "#f3f3f3", "xxxxx"),
)
DRAWN = {"months_of_capacity", *(bearer[0] for bearer in BEARERS)}
"""Metrics of the city that the fan chart shows, beside its events."""
BODY, KEY = 5.9, 0.25  # heights of the panels and of a legend, inches
TITLE, YEARS, BETWEEN = 0.235, 0.25, 0.37  # heights above, below and between the panels, inches
BESIDE, DIGIT, MARK = 0.18, 0.062, 0.3  # widths of a tick and its margins, a digit, a mark's name, inches
PANELS = (3.4, 1.0, 1.5)  # their heights, relative
NOTHING = 1e-9  # percent: below it a panel shows nothing


def in_turn(*works: Callable[[], object]) -> None:
    """One after the other."""
    for work in works:
        work()


def fan_chart(
    metrics: pd.DataFrame | Columns,
    out: Path,
    facts: RunFacts,
    *,
    lang: Lang = "en",
    do: Do = in_turn,
) -> list[Path]:
    """Draws one scenario's metrics and saves ``out``.png and ``out``.svg, whole or not at all.

    ``metrics`` is the tidy table of one scenario or its columns, ``out`` a path without suffix; ``do`` has
    both files written.  Returns the paths written.
    """
    with drawing():
        return save(fan_figure(metrics, facts, lang), out, do=do)


def rehearse() -> None:
    """Draws a sign for nobody, in the font of a picture: much of a first picture's time goes into what
    matplotlib imports and reads on the way."""
    from io import BytesIO

    from matplotlib.figure import Figure

    fonts.use_fonts()
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, "%")
    measure("%", NOTE)
    for _, write in _writers(figure):
        write(BytesIO())


def fan_figure(metrics: pd.DataFrame | Columns, facts: RunFacts, lang: Lang) -> Figure:
    """The fan chart as a figure, for a notebook; call ``use_fonts`` first."""
    from matplotlib.figure import Figure

    indexed = MetricsIndex(metrics)
    funds, marks = funds_of(facts), indexed.below_months()
    first, last = facts["first_year"], facts["first_year"] + facts["years"] - 1
    width = 7.6 if len(funds) > 1 else 5.2
    fans = {fund: _percentiles(indexed, fund) for fund in funds}
    limits = {fund: _limits(fan, marks) for fund, fan in fans.items()}
    cut = any(limit[2] for limit in limits.values())
    above = [
        (lines(facts["titles"][lang], width - 2 * MARGIN, 12.0), 12.0, fonts.INK),
        (lines(describe(facts, lang), width - 2 * MARGIN, 8.0), 8.0, fonts.GREY),
    ]
    reach = [
        fan for fund, fan in fans.items() if limits[fund][0] <= COUNTED[0] or limits[fund][1] >= COUNTED[1]
    ]
    said = _notes(facts, marks, cut, lang) + uncounted(
        lang, *(each for fan in reach for each in fan.values())
    )
    notes = [line for note in said for line in lines(note, width - 2 * MARGIN, NOTE)]

    head = sum(tall(len(some), size) for some, size, _ in above) + 0.2
    bottom = KEY + tall(len(notes), NOTE) + 0.1
    height = head + KEY + BODY + bottom
    figure = Figure(figsize=(width, height))
    panels = figure.subplots(len(PANELS), len(funds), squeeze=False, sharex="col")
    for (fan_axes, depletion_axes, burden_axes), fund in zip(panels.T, funds, strict=True):
        fan_axes.set_title(label("fan_title", lang, fund=label(fund, lang)))
        _draw_fan(fan_axes, fans[fund], lang)
        fan_axes.set_ylim(*limits[fund][:2])
        _draw_marks(fan_axes, marks, lang)
        _draw_depletion(depletion_axes, indexed.yearly(fund, "event:reserve_depletion", "probability"))
        _draw_burden(burden_axes, list(_burden(indexed, fund, facts)), lang)
        whole_years(burden_axes, first, last)
    _one_scale(panels[1], label("depletion_title", lang), 3)
    _one_scale(panels[2], label("burden_title", lang), 5)

    _legend(figure, panels[0], (bottom + BODY + KEY) / height)
    _legend(figure, panels[2], bottom / height)
    top = height - 0.1
    for some, size, colour in above:
        _write(figure, some, size, colour, top)
        top -= tall(len(some), size) + 0.04
    _write(figure, notes, NOTE, fonts.GREY, bottom - KEY)
    _place(figure, panels, bottom)
    return figure


def _place(figure: Figure, panels: Any, bottom: float) -> None:
    """Panels from ``bottom`` inches up; reckoned, for matplotlib's own layouts draw everything first."""
    (width, height), columns = figure.get_size_inches(), panels.shape[1]
    left = BESIDE + DIGIT * max(len(words) for axes in panels.flat for words in _tick_labels(axes))
    unit = (BODY - TITLE - YEARS - BETWEEN * (len(PANELS) - 1)) / sum(PANELS)
    top = bottom + BODY - TITLE
    for strip, part in zip(panels, PANELS, strict=True):
        top -= part * unit
        for i, axes in enumerate(strip):
            place = i * width / columns + left, top, width / columns - left - MARK, part * unit
            axes.set_position(
                [inches / side for inches, side in zip(place, (width, height) * 2, strict=True)]
            )
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_label_coords(0, 0)  # there is no label, and every drawing would look for its place
        top -= BETWEEN


def _tick_labels(axes: Axes) -> list[str]:
    """Labels of the vertical axis within its limits."""
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    return [str(words) for words in axes.yaxis.get_major_formatter().format_ticks(ticks)]


def _notes(facts: RunFacts, marks: list[str], cut: bool, lang: Lang) -> list[str]:
    """What stands under the picture."""
    lines = caveats(facts, lang)
    if marks:
        lines.append(label("marks", lang, marks=comma(lang).join(marks)))
    if cut:
        lines.append(label("clipped", lang))
    return [*lines, label("depletion_meaning", lang), label("burden_meaning", lang)]


def _write(figure: Figure, some: list[str], points: float, colour: str, top: float) -> None:
    """Lines from ``top`` inches down, at the left edge."""
    width, height = figure.get_size_inches()
    words = "\n".join(some)
    figure.text(MARGIN / width, top / height, words, size=points, color=colour, va="top", linespacing=1.35)


def _legend(figure: Figure, strip: Any, top: float) -> None:
    """One legend for a row of panels, each label once, hung from ``top`` (a share of the height)."""
    found: dict[str, Any] = {}
    for axes in strip:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    keys = list(found.values()), list(found)
    legend = figure.legend(*keys, loc="upper left", bbox_to_anchor=(0, top), ncols=6)
    legend.set_in_layout(False)


def _percentiles(metrics: MetricsIndex, fund: str) -> dict[str, Yearly]:
    names = ("mean", "p50", *(name for band in BANDS for name in band))
    return {name: metrics.yearly(fund, "months_of_capacity", name) for name in names}


def _limits(fan: dict[str, Yearly], marks: list[str]) -> tuple[float, float, bool]:
    """Vertical range in months and whether it cuts p01-p99: p05-p95, 0 and the marks always show.

    Beyond them p01-p99 gets at most 0.3 of their span, and no more than six months.
    """
    low = min(0.0, float(np.nanmin(fan["p05"].value)))
    high = max(float(np.nanmax(fan["p95"].value)), *(float(mark) for mark in marks), 1.0)
    pad, room = 0.03 * (high - low), min(0.3 * (high - low), 6.0)
    far_low, far_high = float(np.nanmin(fan["p01"].value)), float(np.nanmax(fan["p99"].value))
    cut = far_low < low - room or far_high > high + room
    low, high = min(low, max(far_low, low - room)), max(high, min(far_high, high + room))
    return low - pad, high + pad, cut


def _draw_fan(axes: Axes, fan: dict[str, Yearly], lang: Lang) -> None:
    for (low, high), fill in zip(BANDS, fonts.FAN, strict=True):
        years, floor, ceiling = stretch(fan[low].year, fan[low].value, fan[high].value)
        axes.fill_between(years, floor, ceiling, color=fill, lw=0, label=f"{low}–{high}")
    years, median, mean = stretch(fan["p50"].year, fan["p50"].value, fan["mean"].value)
    axes.plot(years, median, color="#0d2f4f", lw=1.6, label=label("median", lang))
    axes.plot(years, mean, color=fonts.INK, lw=0.9, ls=(0, (4, 2)), label=label("mean", lang))
    axes.axhline(0, color=fonts.INK, lw=0.8)


def _draw_marks(axes: Axes, marks: list[str], lang: Lang) -> None:
    """Dotted lines at the months marked, named at the right edge where there is room, highest first."""
    low, high = axes.get_ylim()
    named = float("inf")
    for mark in sorted(map(float, marks), reverse=True):
        axes.axhline(mark, color=fonts.GREY, lw=0.6, ls=(0, (2, 3)))
        if named - mark > 0.035 * (high - low):
            words, place = label("mark", lang, mark=f"{mark:g}"), axes.get_yaxis_transform()
            axes.text(1.01, mark, words, transform=place, size=6, color=fonts.GREY, va="center")
            named = mark


def _draw_depletion(axes: Axes, rows: Yearly) -> None:
    low, high = intervals(rows.value, independent_paths(rows))
    years, middle, low, high = stretch(rows.year, 100 * rows.value, 100 * low, 100 * high)
    axes.fill_between(years, low, high, color="#b5b5b5", lw=0)
    axes.plot(years, middle, color=fonts.INK, lw=1.0)
    axes.set_ylim(0, _round_up(float(np.nanmax(high))))


def _round_up(percent: float) -> float:
    """The next of a few quiet axis ends, so that small and large probabilities are both readable."""
    return next((end for end in (1, 2, 5, 10, 25, 50, 75) if percent <= end), 102)


def _burden(metrics: MetricsIndex, fund: str, facts: RunFacts) -> Iterator[tuple[str, str, str, Yearly]]:
    """Label key, fill, hatch and the mean of each year, its value as percent of base-year city claims.

    The treasuries always, the rest where it is not nought; the unfunded bill as its change over the year.
    """
    base = facts["base_claims_yuan"][fund]
    for metric, key, fill, hatch in BEARERS:
        means = metrics.yearly(fund, metric, "mean")
        if not len(means):
            continue  # a study keeps what it names
        values = means.value / base * 100
        if metric == "unfunded":
            values = np.diff(values, prepend=0.0)
            key += "_delegated" if facts["delegated_sharing"].get(fund) else ""
        if metric.startswith("outlay:") or (np.abs(values) > 0).any():
            yield key, fill, hatch, replace(means, value=values)


def _draw_burden(axes: Axes, parts: list[tuple[str, str, str, Yearly]], lang: Lang) -> None:
    """Bars stacked away from nought; a bearer's are one collection, for a patch a bar takes long to draw."""
    from matplotlib.collections import PolyCollection

    tops: dict[bool, Any] = {}
    for key, fill, hatch, means in parts:
        numbers = means.value
        rising = numbers >= 0
        up, down = (tops.setdefault(sign, np.zeros(len(numbers))) for sign in (True, False))
        low = np.where(rising, up, down)
        x, y = np.add.outer([-0.4, -0.4, 0.4, 0.4], means.year), np.array([low, low + numbers])
        bars = PolyCollection(
            list(np.stack([x, y[[0, 1, 1, 0]]]).transpose(2, 1, 0)),
            facecolor=fill,
            hatch=hatch or None,
            edgecolor=fonts.GREY if hatch else fill,
            lw=0.3 if hatch else 0,
            label=label(key, lang),
        )
        bars.sticky_edges.y[:] = low  # no margin beyond a bar's foot
        axes.add_collection(bars)
        tops[True], tops[False] = up + np.where(rising, numbers, 0), down + np.where(rising, 0, numbers)
    axes.axhline(0, color=fonts.INK, lw=0.6)
    if parts and not any(np.abs(means.value).max() > NOTHING for *_, means in parts):
        say_inside(axes, label("nothing_due", lang))


def say_inside(axes: Axes, words: str) -> None:
    """Words in the middle of an empty panel."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=fonts.GREY)


def _one_scale(strip: Any, title: str, steps: int) -> None:
    """One vertical scale, in percent, of a few steps for the panels of a strip; its title over the first."""
    ends = [axes.get_ylim() for axes in strip]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if all(axes.dataLim.y0 > -NOTHING for axes in strip):
        low, high = 0, high if any(axes.dataLim.y1 > NOTHING for axes in strip) else 1
    for axes in strip:
        axes.set_ylim(low, high)
        axes.yaxis.set_major_formatter("{x:g}%")
        axes.yaxis.get_major_locator().set_params(nbins=steps)
    strip[0].set_title(title, size=8)


def save(figure: Figure, out: Path, do: Do = in_turn) -> list[Path]:
    """Writes ``out``.png and ``out``.svg, each under a temporary name first, without a date in them."""
    figure.set_dpi(160)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_major_ticks()  # once, should there be two figures hereafter
    files = {out.with_name(f"{out.name}.{kind}"): write for kind, write in _writers(figure)}
    do(*(partial(_write_file, path, write) for path, write in files.items()))
    return list(files)


def _write_file(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _writers(figure: Figure) -> Iterator[tuple[str, Callable[[Any], object]]]:
    """Kinds of file, and what writes the figure as one.

    The canvas writes them itself: ``savefig`` would draw everything twice.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    png, svg = cast(Any, FigureCanvasAgg(figure)), cast(Any, FigureCanvasSVG(figure))  # not typed
    # level 3: no larger than the default of 6, and twice as quick
    yield "png", partial(png.print_png, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    yield "svg", partial(svg.print_svg, metadata={"Date": None, "Creator": None})
