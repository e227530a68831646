"""What a command says of itself in the language it was asked in, and how far it is without a terminal."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios import cli
from scenarios.commands.terminal import QUIET_SECONDS, ProgressLines, asked_language, refused, words
from scenarios.errors import InputError


@pytest.mark.parametrize(
    ("line", "lang"),
    [
        (["run", "taizhou"], "en"),
        (["run", "taizhou", "--lang", "zh", "--out", "x"], "zh"),
        (["run", "taizhou", "--lang=zh"], "zh"),
        (["run", "zh", "--lang", "en"], "en"),
        (["run", "taizhou", "--lang"], "en"),
    ],
)
def test_the_language_is_known_from_the_command_line(line: list[str], lang: str) -> None:
    assert asked_language(["fundsim", *line]) == lang


def test_a_refusal_names_place_and_expectation_in_both_languages() -> None:
    error = InputError("city.toml", "counties.3", "expected a name")
    assert refused(error, "en") == "city.toml: counties.3: expected a name"
    assert refused(error, "zh") == "输入有误。所在：city.toml：counties.3。说明：expected a name"
    assert refused(InputError("city.toml", "", "no such file"), "zh").startswith(
        "输入有误。所在：city.toml。"
    )


def test_a_chinese_run_speaks_chinese_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for scenario, status in (("ziyang", 0), ("nowhere", 2)):
        line = ["run", scenario, "--out", str(tmp_path), "--paths", "256", "--years", "2", "--lang", "zh"]
        monkeypatch.setattr(sys, "argv", ["fundsim", *line])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert (stopped.value.code or 0) == status
        lines = capsys.readouterr().err.splitlines()
        if status == 0:
            assert (lines[0], lines[-1]) == ("正在准备计算内核（首次运行需编译）", "已完成路径256/256")
        else:
            assert len(lines) == 1
            assert lines[0].startswith("fundsim: 输入有误。所在：nowhere。说明：")


def test_a_chinese_run_is_interrupted_in_chinese(tmp_path: Path) -> None:
    line = ["run", "ziyang", "--out", str(tmp_path / "out"), "--paths", "50000000", "--lang", "zh"]
    child = subprocess.Popen(
        [sys.executable, "-m", "scenarios", *line],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    assert child.stderr is not None
    assert child.stderr.readline().decode().startswith("正在准备计算内核")
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors.decode().splitlines()[-1] == "fundsim: 已中断，未写出任何文件"


def lines(pace_seconds: float, of: int) -> list[tuple[float, str]]:
    """What is said, and when, of scenarios that take so many seconds each."""
    progress = ProgressLines("en", "scenarios")
    said = [(n * pace_seconds, progress.after(n, of, n * pace_seconds)) for n in range(of + 1)]
    return [(when, line) for when, line in said if line is not None]


def test_a_quick_command_says_each_tenth() -> None:
    said = [line.partition(",")[0] for _, line in lines(0.01, 200)]
    assert said == [
        words("making_ready", "en").partition(",")[0],
        *(f"{n} of 200 scenarios" for n in range(20, 201, 20)),
    ]


def test_a_slow_command_is_never_quiet_for_long() -> None:
    said = lines(1.0, 1000)
    times = [when for when, _ in said]
    assert max(after - before for before, after in itertools.pairwise(times)) <= QUIET_SECONDS + 1
    assert said[-1] == (1000.0, "1,000 of 1,000 scenarios")


def test_time_left_follows_from_the_pace_so_far() -> None:
    assert (16.0, "16 of 1,000 scenarios, 16 min left") in lines(1.0, 1000)
    assert (901.0, "901 of 1,000 scenarios, 1.6 min left") not in lines(1.0, 1000)  # 900 has just been said
    assert (900.0, "900 of 1,000 scenarios, 1.7 min left") in lines(1.0, 1000)


def test_what_an_interrupted_sweep_had_done_is_not_its_pace() -> None:
    progress = ProgressLines("en", "scenarios")
    progress.after(0, 1000, 0.0)
    progress.after(501, 1000, 10.0)
    assert progress.after(511, 1000, 30.0) == "511 of 1,000 scenarios, 16 min left"


def test_the_time_left_is_said_in_chinese_too() -> None:
    progress = ProgressLines("zh", "scenarios")
    progress.after(0, 1000, 0.0)
    progress.after(1, 1000, 1.0)
    assert progress.after(100, 1000, 100.0) == "已完成情景100/1,000，约剩15分钟"
