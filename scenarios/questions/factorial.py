"""Which factor explains an outcome over all combinations of a few factors' levels: shares of its variance.

Every combination counts alike.  With f the outcome and V its variance over all combinations,

    main         Var(E[f | factor]) / V                    what the factor explains by itself
    total        E[Var(f | all other factors)] / V         with all in which it has a part
    interaction  Var(E[f | two factors]) / V less both main shares

These are Sobol's indices for factors of equally likely levels, and of a full factorial they are exact.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Shares(NamedTuple):
    """Shares of the variance, by the axes of the table."""

    variance: float
    main: tuple[float, ...]
    total: tuple[float, ...]
    interaction: dict[tuple[int, int], float]


def shares(table: NDArray[np.float64]) -> Shares | None:
    """Shares of an outcome's variance, an axis a factor; None where it is the same everywhere."""
    spread = float(np.ptp(table))
    if not spread > 1e-12 * float(np.abs(table).max()):
        return None
    axes, variance = range(table.ndim), float(table.var())

    def explained(kept: tuple[int, ...]) -> float:
        others = tuple(axis for axis in axes if axis not in kept)
        return float(table.mean(axis=others).var()) / variance

    main = tuple(explained((axis,)) for axis in axes)
    total = tuple(float(table.var(axis=axis).mean()) / variance for axis in axes)
    pairs = {(i, j): explained((i, j)) - main[i] - main[j] for i, j in combinations(axes, 2)}
    return Shares(variance, main, total, pairs)
