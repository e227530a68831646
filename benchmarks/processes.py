"""What is measured from outside a process: its start, and the memory it came to hold."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Say, record
from benchmarks.sections import Settings

ROOT = Path(__file__).parents[1]
SIMULATE = """
from benchmarks.peers.fundsim_peer import whole_case
from benchmarks.workload import Workload
from sim.simulate import simulate
case = whole_case(Workload(counties=10, years=2))
simulate(case, paths={paths}, seed=1)
"""
PEAK = """
import re, resource, sys
from pathlib import Path
if Path("/proc/self/status").exists():  # the other figure knows what started this process
    print(1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""
RETRANSLATED = {"NUMBA_OPT": "3"}
"""What numba does anyway; but said so, it is a setting under which nothing was translated."""


def child(arguments: list[str], cache: str | None = None, **settings: str) -> tuple[float, str]:
    """Seconds and standard output of a Python process; ``cache`` is the one place where it finds and keeps
    machine code of the kernels, and all else that programs keep for a user."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # by itself Python keeps what it has compiled
    if cache is not None:
        environment |= dict.fromkeys(("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR"), cache)
    started = time.perf_counter()
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, env=environment | settings, cwd=ROOT, capture_output=True, text=True, check=False
    )
    spent = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{arguments[:3]} failed:\n{done.stderr}")
    return spent, done.stdout


def cold_start(settings: Settings, say: Say) -> dict[str, Any]:
    """``fundsim run taizhou`` as a process: with no machine code of the kernels, then from the cache; what
    Python alone takes to a first result; the run without the installation's portable code; ``--help``."""
    cold, warm, first, changed, shown = [], [], [], [], []
    first_result = ["-c", SIMULATE.format(paths=256)]
    for turn in range(1 if settings.small else 3):
        say(f"round {turn + 1}")
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out:
            command = ["-m", "scenarios", "run", "taizhou", "--paths", "1000", "--out", out]
            cold.append(child(command, cache)[0])
            command[5] = "10000"
            warm += [child(command, cache)[0] for _ in range(3)]
            shown += [child(["-m", "scenarios", "--help"], cache)[0] for _ in range(3)]
        with tempfile.TemporaryDirectory() as cache:
            first.append(child(first_result, cache)[0])
        with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out:
            command[5:] = ["1000", "--out", out]
            changed.append(child(command, cache, **RETRANSLATED)[0])
    names = {
        "fundsim run, 1 thousand paths, empty kernel cache": cold,
        "fundsim run, 10 thousand paths, kernels in the cache": warm,
        "first result in Python, empty kernel cache": first,
        "fundsim run, 1 thousand paths, after a change of the kernels": changed,
        "fundsim --help": shown,
    }
    return {"records": [record("cold start", name, "s", samples) for name, samples in names.items()]}


def memory(settings: Settings, say: Say) -> dict[str, Any]:
    """Greatest resident memory of a process that simulates few paths, and of one that simulates many."""
    child(["-c", SIMULATE.format(paths=1)])  # compiling takes memory of its own
    out = []
    for paths in (10_000, 100_000 if settings.small else 10_000_000):
        say(f"{paths:,} paths")
        peak_bytes = int(child(["-c", SIMULATE.format(paths=paths) + PEAK])[1])
        out.append(record("memory", f"{paths:,} paths", "MB", [peak_bytes / 1e6]))
    return {"records": out}
