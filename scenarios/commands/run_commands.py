"""Commands that simulate a scenario, or several side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios.commands.options import (
    Language,
    Out,
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
from scenarios.commands.terminal import console, progress_on, say

if TYPE_CHECKING:
    from scenarios.labels import Lang
    from scenarios.runs.facts import RunFacts
    from scenarios.runs.rare_run import RareOutput
    from scenarios.runs.run import RunOutput
    from sim.gains import Gain
    from sim.metrics import Columns


def run(
    context: typer.Context,
    scenario: Scenario,
    out: Out,
    paths: Paths = None,
    years: Years = None,
    seed: Seed = None,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
    sampling: Annotated[
        Literal["plain", "antithetic", "sobol", "importance"],
        typer.Option(help="How paths are drawn; importance: for the probability of one rare event."),
    ] = "plain",
    event: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The event of --sampling importance; without: reserve_depletion."),
    ] = None,
) -> None:
    """One Monte Carlo run: how long reserves last, and who pays."""
    readings = parse_readings(reading)
    chosen = scenario, out, paths, years, seed, threads, readings, template, rules, lang, sampling, event
    if sampling == "importance":
        from scenarios.runs.rare_run import print_rare, run_rare
        from scenarios.runs.run import RunRequest

        with progress_on(lang) as progress:
            rare = run_rare(RunRequest(*chosen), progress)
        print_rare(rare, console(), lang)
        say(_files(rare, lang))
        return

    from scenarios.labels import label
    from scenarios.runs.run import RunRequest
    from scenarios.runs.run import run as run_scenario
    from scenarios.runs.summary import print_gains, print_summary

    screen = console()

    def tell(columns: Columns, facts: RunFacts, gains: list[Gain]) -> None:
        print_summary(columns, facts, screen, lang)
        print_gains(gains, screen, lang)

    with screen.capture() as summary, progress_on(lang) as progress:
        done = run_scenario(RunRequest(*chosen), progress, context.obj, tell)
    sys.stdout.write(summary.get())
    speed = label("speed", lang, seconds=done.seconds, speed=done.mcfm_per_second)
    say([*_files(done, lang), speed])


def _files(done: RunOutput | RareOutput, lang: Lang) -> list[object]:
    """The files of a run, under what its figures rest on."""
    from scenarios.labels import label

    return ["", label("assumptions", lang, count=done.assumptions, file="assumptions.csv"), *done.files]


def compare(
    scenario: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO",
            help="Built-in scenarios or files; taizhou@T5=after_pool,rules=linyi is one with other rules.",
        ),
    ],
    out: Out,
    paths: Paths = None,
    years: Years = None,
    seed: Seed = None,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Scenarios on the same random numbers, and what differs."""
    from scenarios.labels import label
    from scenarios.runs.compare import run_compare
    from scenarios.runs.compare_summary import print_comparison
    from scenarios.runs.run import RunRequest

    request = RunRequest("", out, paths, years, seed, threads, parse_readings(reading), template, rules)
    with progress_on(lang) as progress:
        compared, files = run_compare(scenario, request, progress)
    print_comparison(compared, console(), lang)
    speed = label("speed", lang, seconds=compared.seconds, speed=compared.mcfm_per_second)
    say(["", *files, speed])


def warn(
    scenario: Scenario,
    months: Annotated[
        str | None,
        typer.Option(metavar="N,N,…", help="Thresholds in months; without: the scenario's, and 6, 9, 15."),
    ] = None,
    within: Annotated[
        int | None,
        typer.Option(metavar="YEARS", help="Years that justify a warning; without: all to the horizon."),
    ] = None,
    out: OutIfAny = None,
    paths: Paths = None,
    years: Years = None,
    seed: Seed = None,
    threads: Threads = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """How early a threshold warns of depletion, how often in vain."""
    from scenarios.runs.run import RunRequest
    from scenarios.runs.warn_run import parse_months, print_warnings
    from scenarios.runs.warn_run import warn as warn_of

    readings = parse_readings(reading)
    request = RunRequest(scenario, out, paths, years, seed, threads, readings, template, rules)
    with progress_on(lang) as progress:
        done = warn_of(request, parse_months(months), within, progress)
    print_warnings(done, console(), lang)
    say(done.files)


def bench(
    city: Annotated[
        list[str] | None, typer.Argument(metavar="SCENARIO", help="Scenarios; without: the five cities.")
    ] = None,
    paths: Annotated[int | None, typer.Option(help="Paths of one measurement; else what takes 1 s.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures there too.")] = None,
    lang: Language = "en",
) -> None:
    """How fast this machine is, in a minute."""
    from scenarios.runs.bench import bench as run_bench
    from scenarios.runs.bench import print_bench

    with progress_on(lang) as progress:
        speeds = run_bench(city or [], paths, json, progress)
    print_bench(speeds, console(), lang)
