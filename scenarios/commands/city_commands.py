"""Commands for a place and its rules: base case, shocks, the rules in words, the rules over given figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.commands.options import City, Language, Out, Readings, Rules, Template, parse_readings
from scenarios.commands.options import place as folder
from scenarios.commands.terminal import console, say


def new(
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="PREFECTURE", help="Chinese name or census code: 金华, 金华市, 330700 or 3307."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The folder to write, with none of its files yet.", parser=folder
        ),
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
    from scenarios.basecase.new import Listed, every_place, new_words
    from scenarios.basecase.new import new as make_new
    from scenarios.errors import InputError

    if every:
        for row in (Listed._fields, *every_place()):
            print(*row, sep=",")
        return
    if place is None:
        raise InputError("PREFECTURE", "", "expected a name such as 金华, or --list")
    if out is None:
        raise InputError("--out", "", "expected a folder to write")
    say(new_words(make_new(place, out, rules), lang))


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
    from scenarios.rulebook.city import load_city
    from scenarios.rulebook.explain import print_explain

    place = load_city(city, parse_readings(reading), template, rules)
    if diagram is not None:
        from scenarios.pictures.diagram import save_diagram

        save_diagram(place, diagram, lang)
    print_explain(place, lang, console())
    if diagram is not None:
        say(["", diagram])


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
    from scenarios.rulebook.explain import with_rules
    from scenarios.runs.replay_run import idle_pools, of_other_years, other_units, replay_command

    place, replayed, history = replay_command(
        city,
        data,
        out,
        apply_adjustment=apply_adjustment,
        readings=parse_readings(reading),
        template=template,
        rules=rules,
    )
    names = f"{with_rules(place, place.name['en'], 'en')} {with_rules(place, place.name['zh'], 'zh')}"
    said = (*other_units(history), *of_other_years(place, replayed), *idle_pools(place, replayed))
    say([f"{names}: {len(replayed.ledger):,} transfers → {out}", *said])


def calibrate(
    panel: Annotated[
        Path, typer.Argument(metavar="PANEL", help="CSV: fund, county, year, contributions, claims.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The .toml to write.", parser=folder)],
    without: Annotated[
        list[int] | None,
        typer.Option(metavar="YEAR", help="Leave out growth into and out of this year; repeat for more."),
    ] = None,
    lang: Language = "en",
) -> None:
    """Shock parameters from a panel of yearly figures."""
    from scenarios.basecase.panel_run import calibrate as make
    from scenarios.basecase.panel_run import print_calibrated

    print_calibrated(make(panel, out, without or ()), out, console(), lang)
