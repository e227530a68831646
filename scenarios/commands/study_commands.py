"""Commands for studies: many scenarios, what matters among them, when they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from scenarios.commands.options import By, Fund, Language, Out, OutIfAny, Seed, Threads, Years
from scenarios.commands.terminal import INTERRUPTED, console, leave, progress_on, say

Metric = Annotated[
    str, typer.Option("--outcome", metavar="METRIC", help="event:NAME, or a metric of the metrics table.")
]


def sweep(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A built-in study, or a file.")],
    out: Out,
    paths: Annotated[int | None, typer.Option(help="Number of paths of each scenario.")] = None,
    years: Years = None,
    seed: Seed = None,
    threads: Threads = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes of this machine, in place of threads (needs Dask).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.1:8786.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how many scenarios, how long, how much disk.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over, whatever DIR holds of a sweep.")
    ] = False,
    lang: Language = "en",
) -> None:
    """Every scenario of a study; once interrupted, it goes on."""
    from scenarios.sweeps.store import STUDY
    from scenarios.sweeps.sweep import SweepRequest
    from scenarios.sweeps.sweep import sweep as run_sweep
    from scenarios.sweeps.sweep_words import interrupted, plan_words, print_sweep

    request = SweepRequest(study, out, paths, years, seed, threads, workers, scheduler, fresh)
    if plan:
        say(plan_words(request, lang))
        return
    try:
        with progress_on(lang, "scenarios") as progress:
            done = run_sweep(request, progress)
    except KeyboardInterrupt:
        if not (out / STUDY).exists():
            raise
        leave(INTERRUPTED, interrupted(out, lang))
    print_sweep(done, console(), lang)


def sensitivity(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A scenario file with uncertainties.")],
    out: Out,
    method: Annotated[
        Literal["sobol", "morris"],
        typer.Option(help="Sobol indices, or elementary effects for a first look."),
    ] = "sobol",
    samples: Annotated[
        int | None, typer.Option(help="Base points; without: 256. Trajectories of morris; without: 32.")
    ] = None,
    outcome: Metric = "event:reserve_depletion",
    fund: Fund = None,
    by: By = None,
    paths: Annotated[int | None, typer.Option(help="Paths of each scenario; without: 1,000.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of points and paths.")] = None,
    threads: Threads = None,
    lang: Language = "en",
) -> None:
    """Which uncertainties matter: shocks, parameters, readings."""
    from scenarios.questions.sensitivity_run import SensitivityRequest, print_sensitivity, run_sensitivity

    request = SensitivityRequest(study, out, method, samples, outcome, fund, by, paths, seed, threads)
    with progress_on(lang) as progress:
        done = run_sensitivity(request, progress)
    print_sensitivity(done, console(), lang)
    say(["", *done.files])


def discover(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What sweep has written.")],
    outcome: Metric = "event:reserve_depletion",
    fund: Fund = None,
    by: By = None,
    statistic: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Such as p05; without: an event's probability, a metric's mean."),
    ] = None,
    above: Annotated[float | None, typer.Option(help="Scenarios above this value fail.")] = None,
    below: Annotated[float | None, typer.Option(help="Scenarios below this value fail.")] = None,
    density: Annotated[float, typer.Option(help="Of a box's scenarios at least so many fail.")] = 0.8,
    out: OutIfAny = None,
    lang: Language = "en",
) -> None:
    """Under which conditions the scenarios of a sweep fail (PRIM)."""
    from scenarios.questions.discover_run import DiscoverRequest, print_discovery, run_discover

    request = DiscoverRequest(folder, outcome, fund, by, statistic, above, below, density, out)
    done = run_discover(request)
    print_discovery(done, console(), lang)
    if done.files:
        say(["", *done.files])


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What sweep has written.")],
    ema: Annotated[Path, typer.Option(metavar="FILE.tar.gz", help="For the EMA Workbench.")],
    lang: Language = "en",
) -> None:
    """A sweep in the format of another program."""
    from scenarios.questions.ema import export_ema
    from scenarios.questions.study_words import phrase
    from scenarios.sweeps.swept import load_swept

    swept = load_swept(folder)
    sizes = {"outcomes": export_ema(swept, ema), "scenarios": len(swept.scenarios)}
    say([phrase("exported", lang, file=ema, **sizes)])
