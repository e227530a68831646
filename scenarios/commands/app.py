"""All commands under one name."""

from __future__ import annotations

import typer

from scenarios.commands.city_commands import explain, new, replay
from scenarios.commands.question_commands import readings, solve, stress
from scenarios.commands.report_commands import draw, explore, report, tables
from scenarios.commands.run_commands import bench, compare, run, warn
from scenarios.commands.study_commands import discover, export, sensitivity, sweep

app = typer.Typer(
    name="fundsim",
    help="Does a city's medical-insurance fund survive, and who pays if it does not? "
    "医保基金能否持续，缺口由谁承担？",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    *(new, explain, replay),
    *(run, compare, warn),
    *(solve, readings, stress),
    *(sweep, sensitivity, discover),
    *(draw, report, tables, explore, export),
    bench,
):
    app.command()(command)
