"""Options that commands share, so that one name has one meaning; and readings as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def place(name: str) -> Path:
    """A path as typed; an empty name, as of a shell's unset variable, would be the folder at hand."""
    from scenarios.errors import InputError

    if not name.strip():
        raise InputError("--out", "", "expected a name, found nothing")
    return Path(name)


City = Annotated[str, typer.Argument(metavar="CITY", help="A built-in city, or a rules file.")]
Scenario = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a file or folder of one.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.", parser=place)]
OutIfAny = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the results go; without: only shown.", parser=place),
]
Fund = Annotated[str | None, typer.Option("--fund", metavar="FUND", help="employee or resident.")]
By = Annotated[
    int | None, typer.Option("--by", metavar="YEAR", help="The end of that year; without: of the last.")
]
Paths = Annotated[int | None, typer.Option(help="Number of paths.")]
Years = Annotated[int | None, typer.Option(help="Years to simulate.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the random numbers.")]
Threads = Annotated[int | None, typer.Option(help="Threads; the result does not depend on it.")]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of tables and pictures.")]
Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="ID=VALUE", help="Another reading of a clause; repeat for more."),
]
Template = Annotated[
    str | None, typer.Option("--template", metavar="NAME", help="A template that is meant for the city.")
]
Rules = Annotated[
    str | None,
    typer.Option("--rules", metavar="NAME", help="Another city's or any template's rules for its counties."),
]


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
