"""What holds for every test."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A shell's background job ignores Ctrl-C, and so would every command that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

KERNELS = """
from drawn import make_case
from sim.paired import simulate_paired
case = make_case(years=1)
simulate_paired([case, case], paths=1, seed=1)
"""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before tests run side by side, the kernels are compiled and kept: else each worker would."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        root = Path(__file__).parents[1]
        code = f"import sys; sys.path[:0] = [{str(root)!r}, {str(root / 'tests')!r}]\n{KERNELS}"
        subprocess.run([sys.executable, "-c", code], check=False)
