"""All commands under one name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from scenarios.commands.city_commands import calibrate, explain, new, replay
from scenarios.commands.question_commands import readings, solve, stress
from scenarios.commands.report_commands import draw, explore, report, tables
from scenarios.commands.run_commands import bench, compare, run, warn
from scenarios.commands.study_commands import discover, export, sensitivity, sweep

COMMANDS = (
    *(new, calibrate, explain, replay),
    *(run, compare, warn),
    *(solve, readings, stress),
    *(sweep, sensitivity, discover),
    *(draw, report, tables, explore, export),
    bench,
)


def app_of(commands: Sequence[Callable[..., None]]) -> typer.Typer:
    """A program of these commands, asked for by name even where there is but one."""
    made = typer.Typer(
        name="fundsim",
        help="Does a city's medical-insurance fund survive, and who pays if it does not? "
        "医保基金能否持续，缺口由谁承担？",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(lambda: None)
    for command in commands:
        made.command()(command)
    return made


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The program that a command line needs: every command of it costs time before the first one runs."""
    return app_of([command for command in COMMANDS if command.__name__ in arguments[:1]] or COMMANDS)


app = app_of(COMMANDS)
