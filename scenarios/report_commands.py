"""Commands that set finished results out for readers: a page, and tables; ``cli`` takes them up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="What run, compare or sweep has written.")]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of page and tables.")]


def add_commands(app: typer.Typer) -> None:
    """Adds them to the command line."""
    for command in (report, tables):
        app.command()(command)


def report(
    directory: Directory,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page to write.")],
    lang: Language = "en",
) -> None:
    """One page of a run, comparison or sweep: summary, pictures, clauses, tables, how to reproduce it."""
    from scenarios.reports.report import report as make_report

    print(make_report(directory, out, lang))


def tables(
    directory: Directory,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    kind: Annotated[
        Literal["csv", "tex", "html"], typer.Option("--format", help="For Excel, LaTeX or Word.")
    ] = "csv",
    lang: Language = "en",
) -> None:
    """The tables of a report as files for a paper."""
    from scenarios.reports.export import tables as export

    for file in export(directory, out, kind, lang):
        print(file)
