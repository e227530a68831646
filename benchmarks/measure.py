"""Timing: entries run in turn, round after round, so that a slow minute of the machine meets all of them.

A speed is the median over rounds with its quartiles.  A ratio is formed within each round, between two
runs that stood side by side, and then its median and quartiles are taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

SECONDS = 0.4
"""What one run should take: long beside the clock and the call, short beside the machine's moods."""
Say = Callable[[str], None]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Entry:
    """Something to be timed; ``run(size)`` does ``size`` paths, each of ``work`` county-fund-months."""

    name: str
    run: Callable[[int], object]
    work: int
    step: int = 256
    """Sizes are multiples of this."""
    size: int | None = None
    """A fixed size; None: as much as takes SECONDS."""


def summary(samples: Sequence[float]) -> dict[str, float]:
    """Median and quartiles, four digits."""
    low, median, high = (float(f"{q:.4g}") for q in np.quantile(samples, [0.25, 0.5, 0.75]))
    return {"low": low, "median": median, "high": high}


def calibrate(entry: Entry, seconds: float, clock: Clock) -> int:
    """A size that takes about ``seconds``; runs once before, so that nothing is compiled while timed."""
    if entry.size is not None:
        entry.run(entry.size)
        return entry.size
    size = entry.step
    entry.run(size)
    while True:
        started = clock()
        entry.run(size)
        spent = clock() - started
        if spent > seconds / 4:
            return max(entry.step, round(size * seconds / spent / entry.step) * entry.step)
        size *= 4 if spent < seconds / 20 else 2


def interleaved(
    entries: Sequence[Entry],
    rounds: int,
    seconds: float = SECONDS,
    say: Say = lambda _: None,
    clock: Clock = time.perf_counter,
) -> dict[str, list[float]]:
    """Million county-fund-months a second of each entry in each round.

    ``clock``: for entries of one thread time.process_time, which does not count what others do meanwhile.
    """
    sizes = {}
    for entry in entries:
        say(f"{entry.name}: first run")
        sizes[entry.name] = calibrate(entry, seconds, clock)
    speeds: dict[str, list[float]] = {entry.name: [] for entry in entries}
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        for entry in entries[::-1] if turn % 2 else entries:  # nobody always follows the same neighbour
            started = clock()
            entry.run(sizes[entry.name])
            spent = clock() - started
            speeds[entry.name].append(sizes[entry.name] * entry.work / spent / 1e6)
    return speeds


def records(section: str, speeds: dict[str, list[float]], reference: str | None) -> list[dict[str, Any]]:
    """One record an entry; ``ratio`` is the reference's speed over the entry's, within each round."""
    out = []
    for name, samples in speeds.items():
        made = record(section, name, "Mcfm/s", samples)
        if reference is not None:
            ratios = [a / b for a, b in zip(speeds[reference], samples, strict=True)]
            made["ratio"] = {"reference": reference, **summary(ratios)}
        out.append(made)
    return out


def from_straight_line(sizes: Sequence[float], costs: ArrayLike) -> float:
    """How far costs lie from the line, a fixed part and so much for each, that comes nearest to them all: the
    greatest distance, as a share of the cost (0..1)."""
    n, cost = np.asarray(sizes, float), np.asarray(costs, float)
    side = np.column_stack([1 / cost, n / cost])
    nearest = linprog(
        [0, 0, 1],
        A_ub=np.block([[side, -np.ones((len(n), 1))], [-side, -np.ones((len(n), 1))]]),
        b_ub=np.repeat([1, -1], len(n)),
    )
    return float(nearest.fun)


def record(section: str, name: str, unit: str, samples: Sequence[float]) -> dict[str, Any]:
    """What was measured again and again; samples and summary with four digits."""
    rounded = [float(f"{sample:.4g}") for sample in samples]
    return {"section": section, "name": name, "unit": unit, "samples": rounded, **summary(samples)}
