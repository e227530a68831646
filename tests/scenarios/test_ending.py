"""How a command ends whose output, terminal or memory fails: results are kept, and there is no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOLVE = ("solve", "ziyang", "--lever", "contribution_rate", "--fund", "employee", "--target", "0.5")
READINGS = ("readings", "ziyang", "--years", "2")


def started(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """The command as a process of its own, whose errors are read."""
    line = [sys.executable, "-m", "scenarios", *map(str, arguments)]
    return subprocess.Popen(line, stderr=subprocess.PIPE, text=True, encoding="utf-8", **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("command", [SOLVE, READINGS])
def test_files_are_written_although_nobody_reads(command: tuple[str, ...], tmp_path: Path) -> None:
    child = started(*command, "--paths", 128, "--out", tmp_path, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "Traceback" not in errors
    assert {"manifest.json", f"{command[0]}.csv"} <= {file.name for file in tmp_path.iterdir()}
