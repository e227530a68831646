"""How fast the whole model runs: million county-fund-months a second, on one thread and on all.

``python benchmarks/throughput.py [SCENARIO] [PATHS]`` runs a built-in scenario with every rule step, event
and metric, best of three after a warm-up; one county-fund-month is one month of one county in one fund of
one path.
"""

from __future__ import annotations

import sys
import time

from scenarios.scenario import load_scenario
from sim.model import Case
from sim.simulate import compile_kernels, simulate, usable_cores


def seconds(case: Case, paths: int, threads: int, rounds: int = 3) -> float:
    """The shortest of ``rounds`` runs."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        simulate(case, paths=paths, seed=1, threads=threads)
        best = min(best, time.perf_counter() - started)
    return best


def main(name: str = "taizhou", paths: str = "20000") -> None:
    """Print throughput for one thread and for all usable cores."""
    case = load_scenario(name).case
    compile_kernels(case)
    months = int(paths) * case.years * 12 * len(case.counties) * len(case.funds)
    for threads in sorted({1, usable_cores()}):
        spent = seconds(case, int(paths), threads)
        print(f"{name}: {threads} thread(s), {spent:.2f} s, {months / spent / 1e6:.0f} Mcfm/s")


if __name__ == "__main__":
    main(*sys.argv[1:])
