"""How a command ends whose output, terminal or memory fails: results are kept, and there is no traceback."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import fundsim

from sim.histograms import SPARSE_BYTES, empty_counts

RUN = ("run", "ziyang", "--paths", "128", "--years", "2")
SOLVE = ("solve", "ziyang", "--lever", "contribution_rate", "--fund", "employee", "--target", "0.5")
READINGS = ("readings", "ziyang", "--years", "2")


def started(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """The command as a process of its own, whose errors are read."""
    line = [sys.executable, "-m", "scenarios", *map(str, arguments)]
    return subprocess.Popen(line, stderr=subprocess.PIPE, text=True, errors="replace", **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("command", [SOLVE, READINGS])
def test_files_are_written_although_nobody_reads(command: tuple[str, ...], tmp_path: Path) -> None:
    child = started(*command, "--paths", 128, "--out", tmp_path, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 1
    assert "Traceback" not in errors
    assert {"manifest.json", f"{command[0]}.csv"} <= {file.name for file in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "said_in",
    [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
)
def test_what_a_terminal_cannot_show_ends_nothing(said_in: dict[str, str], tmp_path: Path) -> None:
    child = started(*RUN, "--out", tmp_path, "--lang", "zh", stdout=subprocess.PIPE, env=os.environ | said_in)
    said, errors = child.communicate(timeout=120)
    assert (child.returncode, "Traceback" in errors) == (0, False)
    assert "????" in said and str(tmp_path / "metrics.parquet") in said


def test_closed_streams_end_nothing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "scenarios", *RUN, "--out", str(tmp_path)]
    closed = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *line]
    assert subprocess.run(closed, check=False).returncode == 0
    said = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *line], capture_output=True, text=True, check=False)
    assert (said.returncode, "Traceback" in said.stderr) == (0, False)
    assert {"metrics.csv", "months_of_capacity.png"} <= {file.name for file in tmp_path.iterdir()}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_progress_that_cannot_be_said_ends_nothing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "scenarios", *RUN, "--out", str(tmp_path)]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(line, stdout=subprocess.PIPE, stderr=full, check=False)
    assert done.returncode == 0
    assert (tmp_path / "manifest.json").is_file()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("too many counties"),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("can't start new thread"),
    ],
)
def test_no_memory_is_one_line(
    error: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("scenarios.runs.run.run", fails)
    assert fundsim(monkeypatch, *RUN, "--out", tmp_path) == 1
    reason = getattr(error, "strerror", None) or error
    assert capsys.readouterr() == ("", f"fundsim: out of memory: {reason}\n")


def test_histograms_that_the_system_refuses_are_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr("sim.histograms.mmap.mmap", refuses)
    with pytest.raises(MemoryError, match="fewer counties or years"):
        empty_counts(SPARSE_BYTES)


def test_a_terminated_run_leaves_nothing(tmp_path: Path) -> None:
    child = started("run", "taizhou", "--paths", "128", "--out", tmp_path, stdout=subprocess.DEVNULL)
    while not list(tmp_path.glob(".writing-*")) and child.poll() is None:
        time.sleep(0.005)
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 143
    assert errors.endswith("fundsim: interrupted, nothing written\n") and "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "module", ["scenarios.commands.terminal", "scenarios.errors", "scenarios.runs.drawing"]
)
def test_an_interrupt_of_the_imports_is_one_too(module: str) -> None:
    code = (
        "import signal, sys\n"
        "class Early:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            sys.meta_path.remove(self)\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Early())\n"
        "from scenarios.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "fundsim: interrupted, nothing written\n")


def test_a_page_that_nobody_hears_of_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("panel")
    assert fundsim(monkeypatch, *RUN, "--out", tmp_path) == 0
    child = started("explore", tmp_path, "--no-browser", stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    try:
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, errors) == (1, "")
