"""Commands that turn a run around: which value of a lever, which reading decides; ``cli`` takes them up."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of tables.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")]
Paths = Annotated[int | None, typer.Option(help="Number of paths.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the random numbers.")]
Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="ID=VALUE", help="Another reading of a clause; repeat for more."),
]
Template = Annotated[str | None, typer.Option("--template", help="A template that is meant for the city.")]
Rules = Annotated[
    str | None,
    typer.Option("--rules", metavar="NAME", help="Another city's or any template's rules for its counties."),
]
Threads = Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")]


def add_commands(app: typer.Typer) -> None:
    """Adds them to the command line."""
    for command in (solve, readings):
        app.command()(command)


def solve(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a file.")],
    lever: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="reserve_months, contribution_rate, premium, subsidy, contributions, claims, surplus_share,"
            " pool_share, top_up_months, or any numeric address.",
        ),
    ],
    target: Annotated[float, typer.Option(metavar="PROBABILITY", help="What the event is to have.")],
    event: Annotated[str, typer.Option(help="The event.")] = "reserve_depletion",
    fund: Annotated[str | None, typer.Option(help="employee or resident: whose event.")] = None,
    by: Annotated[int | None, typer.Option(metavar="YEAR", help="Until when [the last year].")] = None,
    between: Annotated[
        tuple[float, float] | None, typer.Option("--range", metavar="LOW HIGH", help="Where to look.")
    ] = None,
    paths: Paths = None,
    seed: Seed = None,
    confidence: Annotated[float, typer.Option(help="Of the interval.")] = 0.95,
    threads: Threads = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the results go.")] = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """The value of a lever at which an event, such as depletion, has a wanted probability."""
    from scenarios.cli import console, parse_readings
    from scenarios.output import check_folder
    from scenarios.solve import SolveRequest
    from scenarios.solve import solve as solve_lever
    from scenarios.solve_report import chance, number, print_solved, write_solved

    if out is not None:
        check_folder(out)
    place = scenario, lever, target, event, fund, by, between
    chosen = parse_readings(reading), template, rules
    request = SolveRequest(*place, paths, seed, confidence, threads, *chosen)
    with steps_on() as step:

        def told(runs: int, value: float | None, probability: float) -> None:
            what = f"{lever} {'as it is' if value is None else number(value)}: {chance(probability)}"
            step(f"{runs}: {what}" if runs else "making the kernels ready (compiled on the first run)")

        solved = solve_lever(request, told)
    screen = console()
    print_solved(solved, screen, lang)
    for path in [] if out is None else write_solved(solved, out):
        screen.print(str(path), markup=False, highlight=False, soft_wrap=True)


def readings(
    scenario: Annotated[str, typer.Argument(metavar="CITY|SCENARIO", help="A built-in city, or a file.")],
    out: Out,
    paths: Paths = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Seed = None,
    weights: Annotated[
        str, typer.Option(metavar="WEIGHT,…", help="main, minority, counterfactual.")
    ] = "main,minority",
    combined: Annotated[bool, typer.Option("--combined", help="All combinations too.")] = False,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Which readings of a city's document decide: each by itself, and in combination."""
    from scenarios.cli import console, parse_readings, progress_on
    from scenarios.output import check_folder
    from scenarios.readings_report import print_readings, write_readings
    from scenarios.readings_run import ReadingsRequest, decide, parse_weights

    check_folder(out)
    size, chosen = (paths, years, seed, threads), (parse_readings(reading), template, rules)
    request = ReadingsRequest(scenario, *size, parse_weights(weights), combined, *chosen)
    with progress_on() as progress:
        found = decide(request, progress)
    screen = console()
    print_readings(found, screen, lang)
    for path in write_readings(found, out):
        screen.print(str(path), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def steps_on() -> Iterator[Callable[[str], None]]:
    """What was done last, behind a spinner on a terminal, a line each without one; on standard error."""
    from rich.console import Console

    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield lambda text: print(text, file=sys.stderr, flush=True)
        return
    with screen.status("") as status:
        yield status.update
