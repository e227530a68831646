"""What a command says of itself, in the language that it was asked in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenarios import cli
from scenarios.commands.terminal import asked_language, refused
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
