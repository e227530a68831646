"""Components of variance: how much of growth is common to a city's counties, how much each county's own.

The growth of county c in year y, in logarithms, is taken for the county's mean over the years, plus the
city's part of that year, plus the county's own part; both parts independent over years, own parts over
counties (docs/model.md, section 2, without persistence).  With counties in equal weight that is a two-way
analysis of variance, and its expected mean squares, solved for the variances, give the estimates:

    mean square of years = own variance + C x city variance      mean square of the rest = own variance

S. R. Searle, G. Casella, C. E. McCulloch, Variance Components, 1992, section 4.3; here for several quantities
at once, with products in the place of squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
LEAST_EIGENVALUE = 0.01
"""Of a matrix of correlations that is simulated with."""
LEAST_VOLATILITY = 1e-6
"""A smaller one is rounding of the amounts, and correlations with it would be those of rounding."""


@dataclass(frozen=True)
class Components:
    """Of K quantities; volatilities are standard deviations of logarithmic growth, a year."""

    city: Floats
    """(K, K) covariance of the common parts, as estimated: no true one, where a variance is negative."""
    city_interval: Floats
    """(K, 2): 95 % interval of the city's volatility."""
    county: Floats
    """(K, K) covariance of a county's own parts; 0 of a single county, whose growth is the city's."""
    county_interval: Floats
    """(K, 2): 95 % interval of a county's own volatility."""


def components(growth: Floats) -> Components:
    """Of logarithmic growth (K, C counties, T years), T of 2 or more."""
    _, counties, years = growth.shape
    about = growth - growth.mean(axis=2, keepdims=True)
    common = about.mean(axis=1)
    own = about - common[:, None]
    of_years, of_rest = years - 1, (counties - 1) * (years - 1)
    between = counties * common @ common.T / of_years
    rest = np.einsum("kct,lct->kl", own, own) / max(of_rest, 1)
    return Components(
        city=(between - rest) / counties,
        city_interval=_of_common(np.diag(between), np.diag(rest), counties, of_years, of_rest),
        county=rest,
        county_interval=_of_square(np.diag(rest), of_rest) if of_rest else np.zeros((len(growth), 2)),
    )


def volatility(covariance: Floats) -> Floats:
    """(K,) standard deviations; 0 where the estimated variance is negative, or of rounding."""
    variance = np.diag(covariance)
    return np.asarray(np.sqrt(np.where(variance > LEAST_VOLATILITY**2, variance, 0.0)))


def is_covariance(estimate: Floats) -> bool:
    """Whether what varies at all has, as estimated, a matrix that covariances can have."""
    at = np.ix_(*[volatility(estimate) > 0] * 2)
    values = np.linalg.eigvalsh(estimate[at])
    return not len(values) or bool(values[0] > -1e-9 * values[-1])


def correlation(estimate: Floats) -> Floats:
    """Usable correlations of the common parts; 0 beside what does not vary.

    They are those of the covariance that is nearest to the estimate: it has the same eigenvectors, and 0
    for a negative eigenvalue.  That changes least what varies most, so a quantity of which little is known
    does not spoil what is known of the others.  Then all are reduced in one proportion, of 1 % at most, until
    the least eigenvalue of the correlations is ``LEAST_EIGENVALUE``.
    """
    found = np.eye(len(estimate))
    at = np.ix_(*[volatility(estimate) > 0] * 2)
    values, vectors = np.linalg.eigh(estimate[at])
    nearest = vectors * values.clip(min=0) @ vectors.T
    sd = np.sqrt(np.diag(nearest))
    found[at] = nearest / np.outer(sd, sd)
    np.fill_diagonal(found, 1.0)
    least = np.linalg.eigvalsh(found)[0]
    if least < LEAST_EIGENVALUE:
        off = (1 - LEAST_EIGENVALUE) / (1 - least)
        found = off * found + (1 - off) * np.eye(len(found))
    return found


def repeats(growth: Floats, years: Sequence[int]) -> Floats:
    """(K,) correlation of a year's common growth with that of the year after, over those of the T ``years``
    that follow on one another; -1/(T - 1) of independent years.  NaN where none do, or nothing varies."""
    common = growth.mean(axis=1)
    common = common - common.mean(axis=1, keepdims=True)
    pairs = np.flatnonzero(np.diff(years) == 1)
    squares = (common**2).mean(axis=1)
    if not len(pairs):
        return np.full(len(growth), np.nan)
    products = (common[:, pairs + 1] * common[:, pairs]).mean(axis=1)
    known = squares > LEAST_VOLATILITY**2
    return np.where(known, products / np.where(known, squares, 1.0), np.nan)


def _of_square(square: Floats, freedom: int) -> Floats:
    """(K, 2) interval of the root of a mean square's expectation: the sum is a multiple of chi-square."""
    ends = stats.chi2.ppf([(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2], freedom)
    found: Floats = np.sqrt(freedom * square[:, None] / ends)
    return found


def _of_common(between: Floats, rest: Floats, counties: int, of_years: int, of_rest: int) -> Floats:
    """(K, 2) interval of the city's volatility: J. S. Williams, Biometrika 49, 1962, 278-281.

    The interval of the mean square of years, less the share of it that the rest may explain.
    """
    tails = [(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2]
    ratio = stats.f.ppf(tails, of_years, of_rest) if of_rest else np.zeros(2)
    freed = of_years / stats.chi2.ppf(tails, of_years)
    found: Floats = np.sqrt((freed * (between[:, None] - ratio * rest[:, None]) / counties).clip(min=0))
    return found
