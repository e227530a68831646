"""Commands that turn a run around: which lever value, which reading, which shocks."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.commands.options import (
    By,
    Fund,
    Language,
    OutIfAny,
    Paths,
    Readings,
    Rules,
    Scenario,
    Seed,
    Template,
    Threads,
    Years,
    parse_readings,
)
from scenarios.commands.terminal import console, progress_on, say, steps_on, words


def solve(
    scenario: Scenario,
    lever: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="reserve_months, contribution_rate, premium, subsidy, contributions, claims, surplus_share,"
            " pool_share, top_up_months, or any numeric address.",
        ),
    ],
    target: Annotated[float, typer.Option(metavar="PROBABILITY", help="What the event is to have.")],
    event: Annotated[str, typer.Option(metavar="NAME", help="The event.")] = "reserve_depletion",
    fund: Fund = None,
    by: Annotated[
        int | None, typer.Option(metavar="YEAR", help="Until the end of that year; without: the last one.")
    ] = None,
    between: Annotated[
        tuple[float, float] | None, typer.Option("--range", metavar="LOW HIGH", help="Where to look.")
    ] = None,
    paths: Paths = None,
    seed: Seed = None,
    confidence: Annotated[float, typer.Option(help="Of the interval.")] = 0.95,
    threads: Threads = None,
    out: OutIfAny = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """The lever's value at which an event has a wanted probability."""
    from scenarios.questions.solve import SolveRequest
    from scenarios.questions.solve import solve as solve_lever
    from scenarios.questions.solve_report import chance, number, print_solved, write_solved
    from scenarios.runs.run import RunRequest

    run = RunRequest(scenario, out, paths, None, seed, threads, parse_readings(reading), template, rules)
    request = SolveRequest(run, lever, target, event, fund, by, between, confidence)
    with steps_on() as step:

        def told(runs: int, value: float | None, probability: float) -> None:
            at = words("as_it_is", lang) if value is None else number(value)
            said = f"{runs}: {lever} {at}: {chance(probability)}"
            step(said if runs else words("making_ready", lang))

        solved = solve_lever(request, told)
    files = [] if out is None else write_solved(solved, out)  # first: nobody may be there to read
    print_solved(solved, console(), lang)
    say(files)


def readings(
    scenario: Scenario,
    out: OutIfAny = None,
    paths: Paths = None,
    years: Years = None,
    seed: Seed = None,
    weights: Annotated[
        str, typer.Option(metavar="WEIGHT,…", help="main, minority, counterfactual.")
    ] = "main,minority",
    combined: Annotated[
        bool, typer.Option("--combined/--singly", help="All combinations too, or each by itself alone.")
    ] = True,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Which readings of a city's document decide what is found."""
    from scenarios.questions.readings_report import print_readings, write_readings
    from scenarios.questions.readings_run import ReadingsRequest, decide, parse_weights
    from scenarios.runs.run import RunRequest

    run = RunRequest(scenario, out, paths, years, seed, threads, parse_readings(reading), template, rules)
    request = ReadingsRequest(run, parse_weights(weights), combined)
    with progress_on(lang) as progress:
        found = decide(request, progress)
    files = [] if out is None else write_readings(found, out)
    print_readings(found, console(), lang)
    say(files)


def stress(
    scenario: Scenario,
    out: OutIfAny = None,
    event: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="cash_depletion or below_N_months; without: reserve_depletion."),
    ] = None,
    fund: Fund = None,
    by: By = None,
    paths: Annotated[int | None, typer.Option(help="Paths of the simulated probability.")] = None,
    years: Years = None,
    seed: Seed = None,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """The mildest shocks that empty a fund, and how likely they are."""
    from scenarios.questions.stress_run import print_stress, run_stress
    from scenarios.runs.run import RunRequest

    chosen = paths, years, seed, threads, parse_readings(reading), template, rules
    request = RunRequest(scenario, out, *chosen, event=event)
    with progress_on(lang) as progress:
        done = run_stress(request, fund, by, progress)
    print_stress(done, console(), lang)
    say(["", *done.files])
