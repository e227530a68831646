"""``fundsim bench``: how fast this machine runs the whole model, and what a user's work will take.

One county-fund-month is one month of one county in one fund of one path.  The built-in base cases run with
every rule step, event and metric, in turn, on one thread and on all; medians over the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.definition.scenario import Scenario, load_scenario
from scenarios.errors import InputError
from scenarios.labels import Lang
from scenarios.output import check_file, new_files, write_json
from scenarios.rulebook.words import word
from scenarios.runs.machine import machine
from scenarios.runs.run import MAX_PATHS, Progress
from scenarios.runs.summary import note

if TYPE_CHECKING:
    from rich.console import Console

CITIES = ("taizhou", "yancheng", "ziyang", "linyi", "hangzhou")
ROUNDS = 3
SECONDS = 1.0
"""Of one measurement, where the number of paths is not given."""
RUN_PATHS, SWEEP = 10_000, 1_000
"""What is estimated: a run of so many paths, and a sweep of so many such scenarios."""


@dataclass(frozen=True)
class Speed:
    """One case: medians over the rounds, by number of threads."""

    name: str
    city: Mapping[str, str]
    """Its name by language."""
    counties: int
    paths: int
    months_per_path: int
    seconds: Mapping[int, Sequence[float]]
    """Of the simulation, by threads and round."""
    table_seconds: float
    """From the tallies to the metrics table."""

    def mcfm(self, threads: int) -> float:
        """Million county-fund-months a second."""
        return self.paths * self.months_per_path / statistics.median(self.seconds[threads]) / 1e6

    def run_seconds(self, threads: int) -> float:
        """Estimate: RUN_PATHS simulated and made a table."""
        return RUN_PATHS * self.months_per_path / self.mcfm(threads) / 1e6 + self.table_seconds


def bench(
    cities: Sequence[str], paths: int | None, json_file: Path | None, progress: Progress
) -> dict[str, Speed]:
    """Measure and, with ``json_file``, write the figures; raises InputError before any work."""
    scenarios = {name: load_scenario(name) for name in cities or CITIES}
    if paths is not None and not 1 <= paths <= MAX_PATHS:
        raise InputError("--paths", "", f"expected a whole number from 1 to {MAX_PATHS}, found {paths}")
    if json_file is not None:
        check_file(json_file, "--json")
    speeds = measure(scenarios, paths, progress)
    if json_file is not None:
        with new_files(json_file.parent, option="--json") as folder:
            write_json(folder / json_file.name, figures(speeds))
    return speeds


def measure(scenarios: Mapping[str, Scenario], paths: int | None, progress: Progress) -> dict[str, Speed]:
    """Every case on one thread and on all, ROUNDS times in turn."""
    from sim.metrics import metrics_table
    from sim.simulate import compile_kernels, simulate
    from sim.threads import usable_cores

    progress(0, 1)
    threads = sorted({1, usable_cores()})
    sizes, tables = {}, {}
    for name, scenario in scenarios.items():
        compile_kernels(scenario.case)
        trial = paths or 1024
        started = time.perf_counter()
        result = simulate(scenario.case, paths=trial, seed=1, threads=1)
        simulated = time.perf_counter()
        metrics_table(result, name)
        tables[name] = time.perf_counter() - simulated
        sizes[name] = paths or max(1, round(SECONDS * trial / (simulated - started) / 256)) * 256
    spent: dict[str, dict[int, list[float]]] = {name: {n: [] for n in threads} for name in scenarios}
    total, done = sum(sizes.values()) * len(threads) * ROUNDS, 0
    for _ in range(ROUNDS):
        for name, scenario in scenarios.items():
            for n in threads:
                before = done
                started = time.perf_counter()
                simulate(
                    scenario.case,
                    paths=sizes[name],
                    seed=1,
                    threads=n,
                    progress=lambda more, before=before: progress(before + more, total),  # type: ignore[misc]
                )
                spent[name][n].append(time.perf_counter() - started)
                done += sizes[name]
    return {
        name: Speed(
            name,
            scenario.city.name,
            len(scenario.case.counties),
            sizes[name],
            scenario.case.years * 12 * len(scenario.case.counties) * len(scenario.case.funds),
            spent[name],
            tables[name],
        )
        for name, scenario in scenarios.items()
    }


def figures(speeds: Mapping[str, Speed]) -> dict[str, Any]:
    """Plain values for ``--json``."""
    return {
        "machine": machine(),
        "unit": "million county-fund-months a second",
        "cases": [
            {
                "name": speed.name,
                "counties": speed.counties,
                "paths": speed.paths,
                "seconds": {str(n): [round(s, 4) for s in rounds] for n, rounds in speed.seconds.items()},
                "mcfm_per_second": {str(n): round(speed.mcfm(n), 1) for n in speed.seconds},
                "table_seconds": round(speed.table_seconds, 4),
                "run_of_10000_paths_seconds": round(speed.run_seconds(max(speed.seconds)), 3),
            }
            for speed in speeds.values()
        ],
    }


def print_bench(speeds: Mapping[str, Speed], screen: Console, lang: Lang) -> None:
    """A table of speeds, then what they mean for a run and a sweep."""
    from rich import box
    from rich.table import Table

    threads = sorted(next(iter(speeds.values())).seconds)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, title_justify="left", header_style="")
    table.add_column(word("bench:case", lang))
    for heading in ("bench:counties", *("bench:threads" for _ in threads), "bench:run"):
        n = threads[len(table.columns) - 2] if heading == "bench:threads" else 0
        table.add_column(word(heading, lang, n=n, paths=RUN_PATHS), justify="right")
    for speed in speeds.values():
        cells = [f"{speed.mcfm(n):.0f}" for n in threads]
        taken = duration(speed.run_seconds(threads[-1]), lang)
        table.add_row(speed.city[lang], str(speed.counties), *cells, taken)
    facts = machine()
    runs = [speed.run_seconds(threads[-1]) for speed in speeds.values()]
    mean = statistics.fmean(runs)
    screen.print(table)
    for line in (
        "",
        word(
            "bench:sentence",
            lang,
            paths=RUN_PATHS,
            run=duration(mean, lang),
            scenarios=SWEEP,
            sweep=duration(mean * SWEEP, lang),
            n=threads[-1],
        ),
        word("bench:note", lang),
        f"{facts['processor']}, {' '.join(facts['vector_flags'])}",
    ):
        note(screen, line)


def duration(seconds: float, lang: Lang) -> str:
    """Two digits, in seconds, minutes or hours: ``0.31 s``, ``4.2 min``."""
    for limit, size, unit in ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (float("inf"), 3600.0, "h")):
        if seconds < limit:
            amount = float(f"{seconds / size:.2g}")
            return word(f"bench:{unit}", lang, amount=f"{amount:g}")
    raise ValueError(seconds)
