"""With portable code kept by the program no command translates anything; no figure changes by that, nor by
the width of vectors.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.compiler.processor import processor
from sim.compiler.stages import INTERPRETED

ROOT = Path(__file__).parents[2]
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+avx,+sse4.2,+popcnt,+bmi,+bmi2"}
"""Vectors half as wide as AVX-512's, and settings under which nothing was translated."""
COMMANDS = """
import sys
import numpy as np
from pathlib import Path
import scenarios
assert Path(scenarios.__file__).is_relative_to({package!r})
from scenarios import api
from scenarios.definition.scenario import load_scenario
from scenarios.runs.translate import year_of_nothing
from sim.rare import rare_event
from sim.replay import replay
metrics = api.run("hangzhou", paths=300, years=3, seed=5, sampling="antithetic")
api.compare(["linyi", "taizhou"], paths=200, years=2)
rare_event(load_scenario("ziyang").case, "reserve_depletion", paths=300, seed=1)
case = load_scenario("yancheng").case
replay([case.rules[fund] for fund in case.funds], year_of_nothing(case), lambda fund, row: "")
print("numba" in sys.modules)
print(metrics.to_csv())
"""


def settings() -> dict[str, str]:
    """AVX2 where the processor has it; else what numba does anyway."""
    features = processor()[1].split(",")
    return AVX2 if {"+avx2", "+fma", "+bmi2"} <= {*features} else {"NUMBA_OPT": "3"}


@pytest.mark.slow  # all kernels translated twice
@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
def test_portable_code_serves_every_command_and_changes_no_figure(tmp_path: Path) -> None:
    for room in ("sim", "scenarios"):
        leave = shutil.ignore_patterns("__pycache__", "translated")
        shutil.copytree(ROOT / room, tmp_path / room, ignore=leave)

    def python(*arguments: str, kept: str, **settings: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / kept)} | settings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    python("-m", "scenarios.runs.translate", kept="installed")
    commands = COMMANDS.format(package=str(tmp_path))
    portable, figures = python("-c", commands, kept="elsewhere").split("\n", 1)
    of_source, same = python("-c", commands, kept="changed", **settings()).split("\n", 1)
    assert (portable, of_source) == ("False", "True")
    assert figures == same and figures.count("\n") > 1000
