"""Commands that analyse or show studies, and stress scenarios; ``cli`` takes them up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of tables.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")]
OutOrNot = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the results go; else they are only shown.")
]
Fund = Annotated[str | None, typer.Option(help="employee or resident.")]
Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="ID=VALUE", help="Another reading of a clause; repeat for more."),
]
Threads = Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")]
By = Annotated[
    int | None, typer.Option("--by", metavar="YEAR", help="At the end of this year; else the last.")
]
Metric = Annotated[
    str, typer.Option("--outcome", metavar="METRIC", help="event:NAME, or a metric of the metrics table.")
]


def add_commands(app: typer.Typer) -> None:
    """Adds them to the command line."""
    for command in (sensitivity, discover, stress, export, explore):
        app.command()(command)


def sensitivity(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A scenario file with uncertainties.")],
    out: Out,
    method: Annotated[
        Literal["sobol", "morris"],
        typer.Option(help="Sobol indices, or elementary effects for a first look."),
    ] = "sobol",
    samples: Annotated[
        int | None, typer.Option(help="Base points [256], or trajectories of morris [32].")
    ] = None,
    outcome: Metric = "event:reserve_depletion",
    fund: Fund = None,
    by: By = None,
    paths: Annotated[int | None, typer.Option(help="Number of paths of each scenario [1000].")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of points and paths.")] = None,
    threads: Threads = None,
    lang: Language = "en",
) -> None:
    """Which uncertainties matter: Sobol indices, and variance split into shocks, parameters, readings."""
    from scenarios.cli import console, progress_on
    from scenarios.sensitivity_run import SensitivityRequest, print_sensitivity, run_sensitivity

    request = SensitivityRequest(study, out, method, samples, outcome, fund, by, paths, seed, threads)
    with progress_on() as progress:
        done = run_sensitivity(request, progress)
    print_sensitivity(done, console(), lang)


def discover(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished sweep.")],
    outcome: Metric = "event:reserve_depletion",
    fund: Fund = None,
    by: By = None,
    statistic: Annotated[
        str | None, typer.Option(help="Such as p05; else an event's probability, a metric's mean.")
    ] = None,
    above: Annotated[float | None, typer.Option(help="Scenarios above this value fail.")] = None,
    below: Annotated[float | None, typer.Option(help="Scenarios below this value fail.")] = None,
    density: Annotated[float, typer.Option(help="Of a box's scenarios at least so many fail.")] = 0.8,
    out: OutOrNot = None,
    lang: Language = "en",
) -> None:
    """Under which conditions the scenarios of a sweep fail: boxes found by PRIM."""
    from scenarios.cli import console
    from scenarios.discover_run import DiscoverRequest, print_discovery, run_discover

    request = DiscoverRequest(folder, outcome, fund, by, statistic, above, below, density, out)
    print_discovery(run_discover(request), console(), lang)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished sweep.")],
    ema: Annotated[Path, typer.Option(metavar="FILE.tar.gz", help="For the EMA Workbench.")],
    lang: Language = "en",
) -> None:
    """A sweep in the format of another program."""
    from scenarios.cli import console
    from scenarios.ema import export_ema
    from scenarios.study_words import phrase
    from scenarios.swept import load_swept

    swept = load_swept(folder)
    sizes = {"outcomes": export_ema(swept, ema), "scenarios": len(swept.scenarios)}
    console().print(phrase("exported", lang, file=ema, **sizes), markup=False, highlight=False)


def stress(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a file.")],
    out: OutOrNot = None,
    event: Annotated[
        str | None,
        typer.Option(help="reserve_depletion, without the option; cash_depletion; below_N_months."),
    ] = None,
    fund: Fund = None,
    by: By = None,
    paths: Annotated[int | None, typer.Option(help="Paths of the simulated probability.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers.")] = None,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Annotated[str | None, typer.Option(help="A template that is meant for the city.")] = None,
    rules: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another city's or any template's rules.")
    ] = None,
) -> None:
    """Reverse stress: the mildest shocks that empty a fund, year by year, and how likely they are."""
    from scenarios.cli import console, parse_readings, progress_on
    from scenarios.run import RunRequest
    from scenarios.stress_run import print_stress, run_stress

    chosen = paths, years, seed, threads, parse_readings(reading), template, rules, lang
    request = RunRequest(scenario, out or Path.cwd(), *chosen, event=event)
    with progress_on() as progress:
        done = run_stress(request, fund, by, progress, write=out is not None)
    print_stress(done, console(), lang)


def explore(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What run, compare or sweep has written.")],
    lang: Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of the page.")] = "en",
    port: Annotated[int, typer.Option(help="Port of this machine; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """A page of finished results: choose city, rules, readings and levers, and see what follows."""
    from scenarios.explorer.page import serve
    from scenarios.explorer.results import read_results
    from scenarios.words import word

    def tell(address: str) -> None:
        print(word("explore:open", lang, address=address), flush=True)

    serve(read_results(directory), lang, port, browser, tell)
