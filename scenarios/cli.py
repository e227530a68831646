"""The command line.  Heavy imports happen inside the commands, so that ``--help`` stays quick.

Exit status: 0 done; 2 the user's input is at fault (one message, no traceback, nothing written); 130
interrupted; 1 anything else.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios import question_commands
from scenarios.options import (
    City,
    Language,
    Out,
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
from scenarios.terminal import console, progress_on, say

if TYPE_CHECKING:
    from scenarios.facts import RunFacts
    from sim.gains import Gain
    from sim.metrics import Columns

app = typer.Typer(
    name="fundsim",
    help="Does a city's medical-insurance fund survive, and who pays if it does not? "
    "医保基金能否持续，缺口由谁承担？",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
USER_FAULT, INTERRUPTED = 2, 130


@app.command()
def explain(
    city: City,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
    diagram: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the rules too: a .png, .svg or .pdf file.")
    ] = None,
) -> None:
    """Every rule of a city: value, clause, status, reading."""
    from scenarios.city import load_city
    from scenarios.explain import print_explain

    place = load_city(city, parse_readings(reading), template, rules)
    if diagram is not None:
        from scenarios.pictures.diagram import save_diagram

        save_diagram(place, diagram, lang)
    print_explain(place, lang, console())
    if diagram is not None:
        say(["", diagram])


@app.command()
def draw(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What run or compare has written.")],
    out: Out,
    lang: Language = "en",
    kind: Annotated[Literal["png", "svg", "pdf"], typer.Option("--format", help="Of the files.")] = "png",
) -> None:
    """Every picture that a finished run or comparison supports."""
    from scenarios.draw import draw as draw_all

    files, left_out = draw_all(directory, out, lang, kind)
    say([*files, *left_out])


@app.command()
def replay(
    city: City,
    data: Annotated[Path, typer.Argument(metavar="DATA_DIR", help="opening.csv, monthly.csv, …")],
    out: Out,
    apply_adjustment: Annotated[
        bool, typer.Option("--apply-adjustment", help="Let adjusted policy change later months' figures.")
    ] = False,
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Rules over given monthly figures: who pays, by which clause."""
    from scenarios.explain import with_rules
    from scenarios.replay_run import replay_command

    place, replayed = replay_command(
        city,
        data,
        out,
        apply_adjustment=apply_adjustment,
        readings=parse_readings(reading),
        template=template,
        rules=rules,
    )
    names = f"{with_rules(place, place.name['en'], 'en')} {with_rules(place, place.name['zh'], 'zh')}"
    say([f"{names}: {len(replayed.ledger):,} transfers → {out}"])


@app.command()
def run(
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
        from scenarios.rare_run import print_rare, run_rare
        from scenarios.run import RunRequest

        with progress_on() as progress:
            rare = run_rare(RunRequest(*chosen), progress)
        print_rare(rare, console(), lang)
        return

    from scenarios.drawing import Drawing

    with Drawing() as drawing:  # before the other imports: it has its own to do
        from scenarios.labels import label
        from scenarios.run import RunRequest
        from scenarios.run import run as run_scenario
        from scenarios.summary import print_gains, print_summary

        screen = console()

        def tell(columns: Columns, facts: RunFacts, gains: list[Gain]) -> None:
            print_summary(columns, facts, screen, lang)
            print_gains(gains, screen, lang)

        with screen.capture() as summary, progress_on() as progress:
            done = run_scenario(RunRequest(*chosen), progress, drawing, tell)
    sys.stdout.write(summary.get())
    listed = label("assumptions", lang, count=done.assumptions, file="assumptions.csv")
    speed = label("speed", lang, seconds=done.seconds, speed=done.mcfm_per_second)
    say(["", listed, *done.files, speed])


@app.command()
def new(
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="PREFECTURE", help="Chinese name or census code: 金华, 金华市, 330700 or 3307."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The folder to write, with none of its files yet."),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A city's or a template's rules; without: its own, or county-alone."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--list", help="List every prefecture as CSV, and write nothing.")
    ] = False,
    lang: Language = "en",
) -> None:
    """A constructed base case of any prefecture, ready to run.

    With rules, and tables for the place's own figures.
    """
    from scenarios.errors import InputError
    from scenarios.new import Listed, every_place, new_words
    from scenarios.new import new as make_new

    if every:
        for row in (Listed._fields, *every_place()):
            print(*row, sep=",")
        return
    if place is None:
        raise InputError("PREFECTURE", "", "expected a name such as 金华, or --list")
    if out is None:
        raise InputError("--out", "", "expected a folder to write")
    say(new_words(make_new(place, out, rules), lang))


@app.command()
def bench(
    city: Annotated[
        list[str] | None, typer.Argument(metavar="CITY", help="Scenarios; without: the five cities.")
    ] = None,
    paths: Annotated[int | None, typer.Option(help="Paths of one measurement; else what takes 1 s.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures there too.")] = None,
    lang: Language = "en",
) -> None:
    """How fast this machine is, in a minute."""
    from scenarios.bench import bench as run_bench
    from scenarios.bench import print_bench

    with progress_on() as progress:
        speeds = run_bench(city or [], paths, json, progress)
    print_bench(speeds, console(), lang)


question_commands.add_commands(app)


def main() -> None:
    """Entry point: turns a user's mistake into one message and status 2."""
    from scenarios.errors import InputError

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's, for nothing here: they spin as they start
    gc.set_threshold(100_000)  # what imports make lives on: looking through it takes a tenth of the time
    atexit.register(gc.freeze)  # nor need it be looked through at the end
    try:
        app(standalone_mode=True)
    except InputError as error:
        print(f"fundsim: {error}", file=sys.stderr)
        sys.exit(USER_FAULT)
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer has made that of a KeyboardInterrupt
            leave(INTERRUPTED)
        raise
    except BrokenPipeError:
        leave(1)
    except MemoryError as error:
        print(f"fundsim: out of memory: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print(f"fundsim: {error.filename!s:.80}: {error.strerror}", file=sys.stderr)
        sys.exit(USER_FAULT)


def leave(status: int) -> None:
    """End at once: worker threads may still be inside compiled code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if status == INTERRUPTED:
        print("fundsim: interrupted, nothing written", file=sys.stderr, flush=True)
    os._exit(status)


if __name__ == "__main__":
    main()
