"""What a sweep says in the terminal: a plan beforehand; ranges, and what moved them, at the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.labels import Lang, wrap
from scenarios.rulebook.words import word
from scenarios.runs.bench import duration

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from scenarios.sweeps.sweep import SweepOutput, SweepRequest

SHOWN_VALUES = 6
"""Of one address; of more values the lower and the upper half."""
SHOWN_LEVERS = 4
"""Of one outcome: those that move it most."""
MAIN = (
    *("event:reserve_depletion", "event:unfunded", "event:treasury_call", "months_of_capacity"),
    *("outlay:county_treasury", "outlay:city_treasury", "unfunded"),
)
"""Outcomes of the summary, where a study has them."""
RUNOFF = "outlay:runoff"
"""Of the whole horizon: what rules that settle in the next July leave behind."""


def interrupted(out: Path, lang: Lang) -> str:
    """What is said after Ctrl-C."""
    return word("sweep:interrupted", lang, out=out)


def plan_words(request: SweepRequest, lang: Lang) -> list[str]:
    """What a sweep will take, by running a few of its scenarios."""
    from scenarios.sweeps.sweep_plan import measured

    plan = measured(request)
    lines = [
        word(
            "sweep:plan", lang, study=plan.study, scenarios=plan.scenarios, paths=plan.paths, years=plan.years
        ),
        *(f"  {at}: {n}" for at, n in plan.values.items()),
        word("sweep:time", lang, time=duration(plan.seconds, lang), n=plan.threads),
        word("sweep:disk", lang, size=f"{plan.bytes / 1e6:,.0f}", free=f"{plan.free_bytes / 1e9:,.0f}"),
    ]
    return lines


def print_sweep(done: SweepOutput, screen: Console, lang: Lang) -> None:
    """The range of each main outcome over the scenarios, and the means by value of what moved it."""
    import numpy as np

    from scenarios.sweeps.swept import load_swept

    swept = load_swept(done.out)
    last, count = swept.last, len(done.points)
    lines = [word("sweep:done", lang, n=count, ran=done.ran, study=done.study.name)]
    if ended := count - int(swept.simulates(last).sum()):
        lines.append(word("sweep:ended", lang, ended=ended, count=count, year=last))
    lines.append("")
    for (fund, metric), column in (swept.figures(MAIN, last) | swept.figures([RUNOFF], None)).items():
        values = column.to_numpy()
        if not np.isfinite(values).any() or (metric == RUNOFF and not values.any()):
            continue
        low, middle, high = np.nanquantile(values, [0, 0.5, 1])
        said = {"fund": word(f"fund:{fund}", lang), "metric": _named(metric, last, lang)}
        shown = {"low": _figure(metric, low), "mid": _figure(metric, middle), "high": _figure(metric, high)}
        lines.append(word("sweep:range", lang, **said, **shown))
        for at, means in moved_by(swept.scenarios, column, fund, lang)[:SHOWN_LEVERS]:
            by_value = ", ".join(f"{value}: {_figure(metric, mean)}" for value, mean in means)
            lines.append(f"    {at}  {by_value}")
    if leaves_out_runoff(done.study.outcomes.metrics):
        lines += ["", word("sweep:no_runoff", lang)]
    if all(base.file.constructed for base in done.study.bases):
        lines += ["", word("sweep:constructed", lang)]
    if done.ran:
        lines += ["", word("sweep:speed", lang, time=duration(done.seconds, lang), busy=done.kernel_busy)]
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + 4 if line.startswith(" ") else 0)
        for i, part in enumerate(wrap(line, screen.width - 2 - len(indent)) if line else [""]):
            screen.print(indent * (i > 0) + part, markup=False, highlight=False)
    for path in _listed(done.files):
        screen.print(path, markup=False, highlight=False, soft_wrap=True)


def leaves_out_runoff(metrics: Collection[str]) -> bool:
    """Whether treasuries' payments are kept without those of the run-off."""
    outlays = {metric.removesuffix(":discounted") for metric in metrics if metric.startswith("outlay:")}
    return bool(outlays) and RUNOFF not in outlays


def moved_by(
    scenarios: pd.DataFrame, column: pd.Series[float], fund: str, lang: Lang = "en"
) -> list[tuple[str, list[tuple[str, float]]]]:
    """Address -> the mean of a fund's outcome by value, the address whose means lie furthest apart first."""
    from scenarios.sweeps.swept import in_words, may_move

    found = []
    for at in [str(name) for name in scenarios if name not in ("scenario", "number")]:
        words = in_words(scenarios[at], SHOWN_VALUES, 2, word("default", lang))
        if words.nunique() > SHOWN_VALUES or not may_move(at, fund):
            continue
        means = column.groupby(words).mean().reindex(words.unique()).dropna()
        pairs = [(str(name), float(mean)) for name, mean in means.items()]
        if len(pairs) > 1 and _spread(pairs) > 1e-3 * max(abs(mean) for _, mean in pairs):
            found.append((at, pairs))
    return sorted(found, key=lambda each: -_spread(each[1]))


def _spread(means: Sequence[tuple[str, float]]) -> float:
    figures = [mean for _, mean in means]
    return max(figures) - min(figures)


def _figure(metric: str, value: float) -> str:
    if value != value:
        return "-"
    if metric.startswith("event:"):
        return f"{100 * value:.1f}%"
    return f"{value:z.1f}" if metric == "months_of_capacity" else f"{value / 1e8:z,.1f}"


def _named(metric: str, last: int, lang: Lang) -> str:
    return word(f"sweep:{metric}", lang, year=last)


def _listed(files: Sequence[Path]) -> list[str]:
    """Every file; of many parts the first and the last."""
    shown = [str(path) for path in files]
    parts = [path for path in shown if "part-" in path]
    if len(parts) > 2:
        first = shown.index(parts[0])
        return [*shown[:first], parts[0], "…", parts[-1]]
    return shown
