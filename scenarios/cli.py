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
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from scenarios import question_commands, report_commands, study_commands

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.facts import RunFacts
    from scenarios.run import Progress
    from sim.gains import Gain
    from sim.metrics import Columns

app = typer.Typer(
    name="fundsim",
    help="Does a city's medical-insurance fund survive, and who pays if it does not? "
    "医保基金能否持续，缺口由谁承担？",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
USER_FAULT, INTERRUPTED = 2, 130

Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of tables and pictures.")]
Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="ID=VALUE", help="Another reading of a clause; repeat for more."),
]
Template = Annotated[str | None, typer.Option("--template", help="A template that is meant for the city.")]
Rules = Annotated[
    str | None,
    typer.Option("--rules", metavar="NAME", help="Another city's or any template's rules for its counties."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")]


@app.command()
def explain(
    city: Annotated[str, typer.Argument(metavar="CITY", help="A built-in city, or a rules file.")],
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
    diagram: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the rules too: a .png, .svg or .pdf file.")
    ] = None,
) -> None:
    """Every rule parameter of a city: value, clause, status, reading."""
    from scenarios.city import load_city
    from scenarios.explain import print_explain

    place = load_city(city, parse_readings(reading), template, rules)
    if diagram is not None:
        from scenarios.pictures.diagram import save_diagram

        save_diagram(place, diagram, lang)
    print_explain(place, lang, console())
    if diagram is not None:
        console().print(f"\n{diagram}", markup=False, highlight=False, soft_wrap=True)


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
    screen = console()
    for line in [*map(str, files), *left_out]:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def replay(
    city: Annotated[str, typer.Argument(metavar="CITY", help="A built-in city, or a rules file.")],
    data: Annotated[Path, typer.Argument(metavar="DATA_DIR", help="opening.csv, monthly.csv, …")],
    out: Out,
    apply_adjustment: Annotated[
        bool, typer.Option("--apply-adjustment", help="Let adjusted policy change later months' figures.")
    ] = False,
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Run a city's rules over given monthly figures: who pays what, by which clause."""
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
    screen = console()
    names = f"{with_rules(place, place.name['en'], 'en')} {with_rules(place, place.name['zh'], 'zh')}"
    screen.print(f"{names}: {len(replayed.ledger):,} transfers → {out}", markup=False)


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a file.")],
    out: Out,
    paths: Annotated[int | None, typer.Option(help="Number of paths.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
    sampling: Annotated[
        Literal["plain", "antithetic", "sobol", "importance"],
        typer.Option(help="How paths are drawn; importance: for the probability of one rare event."),
    ] = "plain",
    event: Annotated[
        str | None, typer.Option(help="The event of --sampling importance [reserve_depletion].")
    ] = None,
) -> None:
    """One Monte Carlo run: depletion, months of payment capacity, and who bears the bill."""
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
    for line in ("", listed, *map(str, done.files), speed):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def compare(
    scenario: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO SCENARIO...",
            help="Built-in scenarios or files; taizhou@T5=after_pool,rules=linyi is one with other rules.",
        ),
    ],
    out: Out,
    paths: Annotated[int | None, typer.Option(help="Number of paths.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Scenarios on the same random numbers: what differs between their rules, and in what it results."""
    from scenarios.compare import CompareRequest, run_compare
    from scenarios.compare_summary import print_comparison
    from scenarios.labels import label

    chosen = parse_readings(reading), template, rules, lang
    request = CompareRequest(tuple(scenario), out, paths, years, seed, threads, *chosen)
    with progress_on() as progress:
        compared, files = run_compare(request, progress)
    screen = console()
    print_comparison(compared, screen, lang)
    speed = label("speed", lang, seconds=compared.seconds, speed=compared.mcfm_per_second)
    for line in ("", *map(str, files), speed):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def warn(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a file.")],
    months: Annotated[
        str | None,
        typer.Option(metavar="N,N,…", help="Thresholds in months; without: the scenario's, and 6, 9, 15."),
    ] = None,
    within: Annotated[
        int | None,
        typer.Option(metavar="YEARS", help="Years that justify a warning; without: all to the horizon."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where a CSV file goes.")] = None,
    paths: Annotated[int | None, typer.Option(help="Number of paths.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
    lang: Language = "en",
    reading: Readings = None,
    template: Template = None,
    rules: Rules = None,
) -> None:
    """Early warning: how long before depletion, how often too late, how often in vain."""
    from scenarios.run import RunRequest
    from scenarios.warn_run import parse_months, print_warnings
    from scenarios.warn_run import warn as warn_of

    readings = parse_readings(reading)
    request = RunRequest(
        scenario, out or Path(), paths, years, seed, threads, readings, template, rules, lang
    )
    with progress_on() as progress:
        done = warn_of(request, parse_months(months), within, progress, write=out is not None)
    screen = console()
    print_warnings(done, screen, lang)
    for file in done.files:
        screen.print(str(file), markup=False, highlight=False, soft_wrap=True)


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
    """A constructed base case of any prefecture, rules and tables for its own figures: ready to run."""
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
    screen = console()
    for line in new_words(make_new(place, out, rules), lang):
        screen.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def sweep(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A built-in study, or a file.")],
    out: Out,
    paths: Annotated[int | None, typer.Option(help="Number of paths of each scenario.")] = None,
    years: Annotated[int | None, typer.Option(help="Years to simulate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random numbers.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")] = None,
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
    """Every scenario of a study; interrupted, the same command goes on where it stopped."""
    from scenarios.sweep import SweepRequest
    from scenarios.sweep import sweep as run_sweep
    from scenarios.sweep_words import interrupted, plan_words, print_sweep

    request = SweepRequest(study, out, paths, years, seed, threads, workers, scheduler, fresh)
    screen = console()
    if plan:
        for line in plan_words(request, lang):
            screen.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    try:
        with progress_on("scenarios") as progress:
            done = run_sweep(request, progress)
    except KeyboardInterrupt:
        leave(INTERRUPTED, interrupted(out, lang))
    print_sweep(done, screen, lang)


@app.command()
def bench(
    city: Annotated[
        list[str] | None, typer.Argument(metavar="[CITY]...", help="Scenarios; the five cities' without.")
    ] = None,
    paths: Annotated[int | None, typer.Option(help="Paths of one measurement; else what takes 1 s.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures there too.")] = None,
    lang: Language = "en",
) -> None:
    """How fast this machine is: one minute, the whole model, on one thread and on all."""
    from scenarios.bench import bench as run_bench
    from scenarios.bench import print_bench

    with progress_on() as progress:
        speeds = run_bench(city or [], paths, json, progress)
    print_bench(speeds, console(), lang)


question_commands.add_commands(app)
study_commands.add_commands(app)
report_commands.add_commands(app)


def parse_readings(given: list[str] | None) -> dict[str, str]:
    """ID=VALUE pairs as a dictionary."""
    from scenarios.errors import InputError

    chosen: dict[str, str] = {}
    for pair in given or []:
        name, equals, value = pair.partition("=")
        if not equals or not name or not value:
            raise InputError("--reading", pair, "expected ID=VALUE, such as T5=after_pool")
        if chosen.setdefault(name, value) != value:
            raise InputError("--reading", pair, f"expected one value for {name}, found two")
    return chosen


def console() -> Console:
    """A console as wide as the terminal, 80 columns at least, for figures cannot be cut; 100 without one."""
    from rich.console import Console

    screen = Console()
    screen.width = max(80, screen.width) if sys.stdout.isatty() else 100
    return screen


class progress_on:  # noqa: N801 - used as a context manager
    """A progress bar on a terminal, a plain line each tenth without one; both on standard error."""

    def __init__(self, what: str = "paths") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.console = Console(stderr=True)
        self.bar = (
            Progress(
                *(what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
                console=self.console,
                transient=True,
            )
            if self.console.is_terminal
            else None
        )
        self.task = self.bar.add_task(what, total=None) if self.bar else None
        self.what, self.tenths = what, 0

    def __enter__(self) -> Progress:
        if self.bar:
            self.bar.start()
        return self.report

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def report(self, done: int, of: int) -> None:
        """Show that ``done`` of so many are simulated; 0 while the kernels are made ready."""
        if self.bar and self.task is not None:
            self.bar.update(self.task, completed=done, total=of)
        elif done == 0:
            print("making the kernels ready (compiled on the first run)", file=sys.stderr, flush=True)
        elif done * 10 // of > self.tenths:
            self.tenths = done * 10 // of
            print(f"{done:,} of {of:,} {self.what}", file=sys.stderr, flush=True)


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


def leave(status: int, said: str = "interrupted, nothing written") -> NoReturn:
    """End at once: worker threads may still be inside compiled code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if status == INTERRUPTED:
        print(f"fundsim: {said}", file=sys.stderr, flush=True)
    os._exit(status)


if __name__ == "__main__":
    main()
