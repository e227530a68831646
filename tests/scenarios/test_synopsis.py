"""The page of commands: every option of every command stands in its row, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from scenarios.commands.app import app

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["formats.md", "formats.zh.md"])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_is_there(command: str, page: str) -> None:
    lines = (DOCS / page).read_text("utf-8").splitlines()
    row = next(line for line in lines if line.startswith(f"| `fundsim {command} "))
    options = ([*each.opts, *each.secondary_opts] for each in COMMANDS[command].params)
    named = [names for names in options if names[0].startswith("--") and names[0] != "--help"]
    assert named and [names for names in named if not any(name in row for name in names)] == []


def test_draw_takes_no_sweep() -> None:
    [directory] = [each for each in COMMANDS["draw"].params if each.name == "directory"]
    assert "sweep" not in str(directory.help) and "sweep" not in str(COMMANDS["draw"].help)
