"""The variance of an outcome split into what paths, parameters and readings contribute.

Y depends on parameters a, readings b and a path's chance w, all independent.  With m(a, b) = E[Y | a, b] the
law of total variance has

    Var Y = E[Var(Y | a, b)] + Var m(a, b),    Var m = V_a + V_b + V_ab,

shocks, parameters, readings and their interaction (Sobol 1993).  A replication draws two values of a and two
of b, and simulates all four cases on the same n paths: Y_ij.  Products of differences of means are unbiased,

    V_a = E[(m_11 - m_21)(m_12 - m_22)] / 2,    V_b = E[(m_11 - m_12)(m_21 - m_22)] / 2,
    V_ab = E[(m_11 - m_12 - m_21 + m_22)^2] / 4,

and a product of two means of the same n paths is too large by their covariance / n, which is taken off.
Replications draw parameters, readings and paths anew, so the spread between them gives the standard errors.
An estimate of a component that is 0 or small may fall below 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMPONENTS = ("shocks", "parameters", "readings", "interaction")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Variance components in the order of ``COMPONENTS``, (4,) each, in the square of the outcome's unit."""

    variance: Floats
    std_error: Floats
    share: Floats
    """Of the total; NaN where the outcome does not vary."""
    share_error: Floats
    replications: int

    @property
    def total(self) -> float:
        """The outcome's variance."""
        return float(self.variance.sum())


def components(values: Floats) -> Floats:
    """(4,) unbiased estimates from one replication: ``values`` (2, 2, n) by parameters, readings and path.

    ValueError for less than two paths.
    """
    if values.shape[-1] < 2:
        raise ValueError("a variance needs at least two paths")
    (first, second), (third, fourth) = values
    return np.array(
        [
            values.var(axis=-1, ddof=1).mean(),
            product_of_means(first - third, second - fourth) / 2,
            product_of_means(first - second, third - fourth) / 2,
            product_of_means(*[first - second - third + fourth] * 2) / 4,
        ]
    )


def product_of_means(x: Floats, y: Floats) -> float:
    """Unbiased for E[x] E[y], from (n,) pairs that may depend on each other."""
    n, mean_x, mean_y = len(x), x.mean(), y.mean()
    return float(mean_x * mean_y - (x - mean_x) @ (y - mean_y) / (n - 1) / n)


def split(replications: Floats) -> Split:
    """The split from (R, 4) estimates of independent replications, R at least 2."""
    count = len(replications)
    variance = replications.mean(axis=0)
    total = variance.sum()
    share = variance / total if total > 0 else np.full(4, np.nan)
    residual = replications - share * replications.sum(axis=1, keepdims=True)
    root = np.sqrt(count)
    return Split(
        variance,
        std_error=replications.std(axis=0, ddof=1) / root,
        share=share,
        share_error=residual.std(axis=0, ddof=1) / (root * total) if total > 0 else np.full(4, np.nan),
        replications=count,
    )
