"""Commands that set finished results out for readers: pictures, a page, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from scenarios.commands.options import Language, Out
from scenarios.commands.terminal import say

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="What run, compare or sweep has written.")]


def draw(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What run or compare has written.")],
    out: Out,
    lang: Language = "en",
    kind: Annotated[Literal["png", "svg", "pdf"], typer.Option("--format", help="Of the files.")] = "png",
) -> None:
    """Every picture that a finished run or comparison supports."""
    from scenarios.pictures.draw import draw as draw_all

    files, left_out = draw_all(directory, out, lang, kind)
    say([*files, *left_out])


def report(
    directory: Directory,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page to write.")],
    lang: Language = "en",
) -> None:
    """One page of a run, comparison or sweep."""
    from scenarios.reports.report import report as make_report

    say([make_report(directory, out, lang)])


def tables(
    directory: Directory,
    out: Out,
    kind: Annotated[
        Literal["csv", "tex", "html"], typer.Option("--format", help="For Excel, LaTeX or Word.")
    ] = "csv",
    lang: Language = "en",
) -> None:
    """The tables of a report as files for a paper."""
    from scenarios.reports.export import tables as export

    say(export(directory, out, kind, lang))


def explore(
    directory: Directory,
    lang: Language = "en",
    port: Annotated[int, typer.Option(help="Port of this machine; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """A page to choose city, rules, readings and levers on."""
    from scenarios.explorer.page import serve
    from scenarios.explorer.results import read_results
    from scenarios.rulebook.words import word

    def tell(address: str) -> None:
        print(word("explore:open", lang, address=address), flush=True)  # the page stays open

    serve(read_results(directory), lang, port, browser, tell)
