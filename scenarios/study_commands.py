"""Commands that analyse studies and stress scenarios; ``cli`` takes them up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of tables.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")]
Fund = Annotated[str | None, typer.Option(help="employee or resident.")]
By = Annotated[int | None, typer.Option("--by", metavar="YEAR", help="Calendar year, at its end [the last].")]
Metric = Annotated[
    str, typer.Option("--outcome", metavar="METRIC", help="event:NAME, or a metric of the metrics table.")
]


def add_commands(app: typer.Typer) -> None:
    """Adds them to the command line."""
    for command in (sensitivity,):
        app.command()(command)


def sensitivity(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A scenario file with [uncertainties].")],
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
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    lang: Language = "en",
) -> None:
    """Which uncertainties matter: Sobol indices, and variance split into shocks, parameters, readings."""
    from scenarios.cli import console, progress_on
    from scenarios.sensitivity_run import SensitivityRequest, print_sensitivity, run_sensitivity

    request = SensitivityRequest(study, out, method, samples, outcome, fund, by, paths, seed, threads)
    with progress_on() as progress:
        done = run_sensitivity(request, progress)
    print_sensitivity(done, console(), lang)
