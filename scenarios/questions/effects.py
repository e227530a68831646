"""What another case changes on the same paths: depletion, months of capacity and the bill, path by path.

An outcome is a figure that every path has: whether reserves were depleted by the horizon, months of capacity
at its end, and the lines of the bill, discounted (the unfunded one: its stock at the end).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.runs.summary import LINES
from sim.kernels.codes import EVENTS
from sim.model import Case
from sim.paths import noted
from sim.series import Wanted, series_of

DEPLETION, MONTHS = "event:reserve_depletion", "months_of_capacity"
BURDEN = (*LINES, "unfunded")
OUTCOMES = (DEPLETION, MONTHS, *BURDEN)
POINTS = 0.01
"""A probability that moves by more decides."""
CLAIMS = 0.10
"""A line of the bill that moves by more of a year's claims decides."""
CLEAR = 2.0
"""Standard errors that a difference must exceed."""
NOUGHT = {MONTHS: 1e-9}
"""Below it, or below 0.005 yuan, two figures of a path are the same but for the order of sums."""
Outcomes = Mapping[str, NDArray[np.float64]]
"""By outcome (paths,): 0 or 1, months (NaN where there are none), yuan."""


@dataclass(frozen=True)
class Difference:
    """An outcome's mean in another case, and less that of the first."""

    outcome: str
    value: float
    difference: float
    std_error: float
    """Of the difference, over pairs of paths; NaN below two."""
    n: int

    @property
    def clear(self) -> bool:
        """Whether chance alone does not make it."""
        return abs(self.difference) > CLEAR * self.std_error

    def size(self, base_claims_yuan: float) -> float:
        """The difference over the one beyond which it matters; 0 for months, which go with the bill."""
        if self.n == 0 or self.outcome == MONTHS:
            return 0.0
        return abs(self.difference) / (POINTS if self.outcome == DEPLETION else CLAIMS * base_claims_yuan)

    def decides(self, base_claims_yuan: float) -> bool:
        """Whether it is clear, and large enough to matter."""
        return self.clear and self.size(base_claims_yuan) > 1


def outcomes(case: Case, *, paths: int, seed: int, threads: int | None = None) -> Outcomes:
    """The outcomes of one fund's case: 80 bytes a path.  ValueError for several funds or no paths."""
    if len(case.funds) != 1:
        raise ValueError(f"expected a case of one fund, found {', '.join(case.funds)}")
    metrics = frozenset({MONTHS, "unfunded", *(f"{line}:discounted" for line in LINES)})
    series = series_of(case, Wanted(metrics, counties=False))
    names = [key.metric.removesuffix(":discounted") for key in series.keys]
    last = [at for at, key in enumerate(series.keys) if key.year in (-1, case.years - 1)]
    depletion = EVENTS.index("reserve_depletion")
    depleted, values = [], []
    for part in noted(case, series, paths, seed, threads):
        depleted.append((part.years[:, 0, depletion] >= 0).ravel())
        values.append(part.values[:, last].transpose(1, 0, 2).reshape(len(last), -1))
    figures = np.concatenate(values, axis=1)[:, :paths]
    found = {DEPLETION: np.concatenate(depleted)[:paths].astype(np.float64)}
    return found | {names[at]: row for at, row in zip(last, figures, strict=True)}


def differences(first: Outcomes, other: Outcomes) -> tuple[Difference, ...]:
    """The other case against the first, over paths that have a value in both."""
    return tuple(_difference(name, first[name], other[name]) for name in OUTCOMES)


def _difference(name: str, first: NDArray[np.float64], other: NDArray[np.float64]) -> Difference:
    moved = other - first
    both = ~np.isnan(moved)
    n = int(both.sum())
    if n == 0:
        return Difference(name, math.nan, math.nan, math.nan, 0)
    moved = moved[both]
    moved[np.abs(moved) < NOUGHT.get(name, 0.005)] = 0.0
    spread = float(moved.std(ddof=0 if name == DEPLETION else 1)) if n > 1 else math.nan
    return Difference(name, float(other[both].mean()), float(moved.mean()), spread / math.sqrt(n), n)
