"""``python -m benchmarks``: measure, compare two results, write the tables of docs/benchmarks.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.results import IN_PROCESS, SECTIONS, compare, measure_all, pin, read_result
from benchmarks.sections import Settings
from scenarios.errors import InputError
from scenarios.output import check_file, new_files, write_json

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
PAGES = Path(__file__).parents[1] / "docs"


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


@app.command()
def run(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the result goes.")],
    only: Annotated[list[str] | None, typer.Option(metavar="SECTION", help="; ".join(SECTIONS))] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often entries take turns.")] = Settings.rounds,
    seconds: Annotated[float, typer.Option(min=0.001, help="Of one run.")] = Settings.seconds,
    small: Annotated[bool, typer.Option(help="Tiny sizes: whether everything runs.")] = False,
) -> None:
    """Measure everything: five to ten minutes."""
    for section in only or []:
        if section not in SECTIONS:
            raise InputError("--only", section, f"expected one of {', '.join(SECTIONS)}")
    check_file(out, "--out")
    result = measure_all(only or SECTIONS, Settings(rounds, seconds, small), say)
    missing = result["missing"]
    for name, reason in missing.items():
        say(f"not measured: {name} ({reason})")
    with new_files(out.parent) as folder:
        write_json(folder / out.name, result)
    say(str(out))
    if any(section in missing for section in SECTIONS):
        sys.exit(1)


@app.command()
def section(name: str, out: Path, settings: str) -> None:
    """One section in this process (called by ``run``)."""
    if name not in IN_PROCESS:
        raise InputError("section", name, f"expected one of {', '.join(IN_PROCESS)}")
    pin(name)
    from benchmarks import sections

    measured = getattr(sections, name)(Settings(**json.loads(settings)), lambda text: say(f"{name}: {text}"))
    write_json(out, measured)


@app.command("compare")
def compare_files(before: Path, after: Path) -> None:
    """Ratios of two results, entry by entry, as a Markdown table."""
    rows = compare(read_result(before), read_result(after))
    print("| section | entry | before | after | after / before | |\n| --- | --- | ---: | ---: | ---: | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


@app.command()
def page(result: Path) -> None:
    """Write a result's tables into docs/benchmarks.md and docs/benchmarks.zh.md."""
    from benchmarks.page import write_pages

    for path in write_pages(read_result(result), PAGES):
        print(path)


def main() -> None:
    """A user's mistake is one message and status 2."""
    try:
        app()
    except InputError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
