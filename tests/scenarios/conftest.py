"""What tests of commands, of studies and of pictures ask for by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import pytest
from command_line import Refused
from pictured import make_comparison
from replay_data_directory import Command
from small_study import Write

from scenarios.pictures import fonts
from scenarios.pictures.runs import Run


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that cannot be; its one message."""
    return Refused(monkeypatch, capsys)


@pytest.fixture
def fundsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command; how it ended and what it said."""
    return Command(monkeypatch, capsys)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a study's file, or another under its name."""

    def to(text: str, name: str = "study.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return to


@pytest.fixture
def picture_style() -> Iterator[None]:
    """The pictures' fonts, and afterwards matplotlib as it was."""
    with matplotlib.rc_context():
        fonts.use_fonts()
        yield


@pytest.fixture(scope="module")
def compared() -> tuple[list[Run], pd.DataFrame, list[Any]]:
    """Made-up scenarios beside each other, as ``pictured`` makes them."""
    return make_comparison()
