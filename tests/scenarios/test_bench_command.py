"""``fundsim bench`` as a user meets it: the table, the sentence, the file, mistakes, interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Refused, fundsim

from scenarios.runs.bench import Speed, duration


def test_bench_says_how_long_work_takes_and_writes_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "speed.json"
    assert fundsim(monkeypatch, "bench", "ziyang", "--paths", "256", "--json", str(file)) == 0
    said = capsys.readouterr()
    assert "Ziyang" in said.out and "A run of 10,000 paths takes about" in said.out
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["machine"]["usable_cores"] >= 1
    (case,) = written["cases"]
    assert (case["name"], case["counties"], case["paths"]) == ("ziyang", 3, 256)
    assert set(case["seconds"]) == set(case["mcfm_per_second"])
    assert all(len(rounds) == 3 and min(rounds) > 0 for rounds in case["seconds"].values())
    assert [path.name for path in file.parent.iterdir()] == ["speed.json"]


def test_bench_in_chinese(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fundsim(monkeypatch, "bench", "ziyang", "--paths", "256", "--lang", "zh") == 0
    said = capsys.readouterr().out
    assert "资阳" in said and "一次10,000条路径的模拟约需" in said and "paths takes" not in said


def test_the_estimate_is_the_slope_and_the_table() -> None:
    """2,000 paths of 1,000 cfm in 0.5 s (the median) are 4 Mcfm/s; 10,000 paths then take 2.5 s, and the
    table 0.1 s."""
    speed = Speed("x", {}, 1, 2000, 1000, {1: [0.5, 9.0, 0.4]}, 0.1)
    assert speed.mcfm(1) == pytest.approx(4)
    assert speed.run_seconds(1) == pytest.approx(2.6)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.314, "0.31 s", "0.31秒"),
        (64.9, "65 s", "65秒"),
        (252, "4.2 min", "4.2分钟"),
        (9e4, "25 h", "25小时"),
    ],
)
def test_durations_in_words(seconds: float, english: str, chinese: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "zh")) == (english, chinese)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["taizou"], ["taizou", "taizhou"]),
        (["ziyang", "--paths", "0"], ["--paths", "0"]),
        (["ziyang", "--json", "DIRECTORY"], ["--json", "directory"]),
    ],
)
def test_a_mistake_ends_with_one_message(
    arguments: list[str], words: list[str], tmp_path: Path, refused: Refused
) -> None:
    given = (str(tmp_path) if word == "DIRECTORY" else word for word in arguments)
    message = refused("bench", *given)
    assert all(word in message for word in words)


def test_an_interrupt_ends_with_status_130(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    command = [sys.executable, "-m", "scenarios", "bench", "ziyang", "--paths", "50000000"]
    child = subprocess.Popen([*command, "--json", str(file)], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stderr is not None
    child.stderr.readline()  # the kernels are being made ready
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130 and b"Traceback" not in errors
    assert not file.exists()
