"""What tests of commands ask for by name."""

from __future__ import annotations

import pytest
from command_line import Refused
from replay_data_directory import Command


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that cannot be; its one message."""
    return Refused(monkeypatch, capsys)


@pytest.fixture
def fundsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command; how it ended and what it said."""
    return Command(monkeypatch, capsys)
