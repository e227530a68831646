"""How paths are drawn, and what their standard errors then are.

``plain``: independent paths.

``antithetic``: lane i of a block's first half and lane i of its second are a pair.  The second has the
first's address and all of its normal shocks with the other sign, and 1 - U for its uniform U (epidemic,
assessment).  Pairs are independent, the two paths of a pair are not; the variance of a mean is that of the
pairs' averages,

    S^2 / P,    S^2 = (sum of d_i^2 over paths + 2 x sum of d_i d_j over pairs) / 4 (P - 1),

P pairs and d deviations from the mean.  For events d is an indicator less its probability.

``sobol``: the city's shocks of all years come from scrambled Sobol points (``sim.quasi``), all else from its
usual address.  The paths are split into 32 randomisations, scrambled independently of each other; the
standard error is that of the mean of 32 independent means.  It is the only way to know the error, for
points within a randomisation are not independent.

Importance sampling, which counts one event only, is ``sim.rare``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sim.kernels.lanes import LANES

if TYPE_CHECKING:
    from sim.kernels.sampled import Sampled
    from sim.model import Case

Method = Literal["plain", "antithetic", "sobol"]
METHODS: tuple[Method, ...] = get_args(Method)
RANDOMISATIONS = 32
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chunk:
    """Neighbouring blocks that one worker runs at a go."""

    first: int
    blocks: int
    given: NDArray[np.float32] | None = None
    """(blocks, Y, 4 x LANES): the city's shocks where they are not drawn at their address."""
    ratios: Floats | None = None
    """(blocks, Y, LANES): likelihood ratios where an event is weighted."""


class Errors(NamedTuple):
    """Standard errors of what a run estimates; NaN where there are too few pairs to know."""

    mean: Floats
    """(series,)."""
    events: Floats
    """(F, E, Y) of the probability that an event has happened by the year."""
    county_events: Floats
    """(F, C, Y)."""


def refused(sampling: Method, paths: int) -> str:
    """Why paths cannot be drawn so, or nothing."""
    if sampling not in METHODS:
        return f"sampling: expected one of {', '.join(METHODS)}; found {sampling}"
    if paths < 1:
        return "paths: at least 1"
    if sampling == "antithetic" and paths % 2:
        return f"antithetic paths come in pairs: expected an even number, found {paths}"
    if sampling == "sobol" and paths != sobol_paths(paths):
        found = f"expected {sobol_paths(1)} paths times a power of 2, found {paths}"
        return f"{found} (the next is {sobol_paths(paths)})"
    return ""


def sobol_paths(paths: int) -> int:
    """The least number of paths, of those that Sobol sampling can have, that is not below ``paths``.

    Each randomisation has a power of 2 of points, without which they are not balanced, and whole blocks.
    """
    least = RANDOMISATIONS * LANES
    return int(least * 2 ** int(np.ceil(np.log2(max(paths / least, 1)))))


def groups_of(sampling: Method) -> int:
    """In how many parts of equal size a run's tallies are kept apart."""
    return RANDOMISATIONS if sampling == "sobol" else 1


def chunks_of(case: Case, sampling: Method, seed: int, blocks: int, per_chunk: int) -> Iterator[Chunk]:
    """A run's chunks in order; none holds blocks of two groups."""
    groups, points = groups_of(sampling), None
    if sampling == "sobol":
        from sim.quasi import CityPoints, principal

        rotation = principal(case)
    for group in range(groups):
        if sampling == "sobol":
            points = CityPoints(case, rotation, seed, group)
        end = (group + 1) * blocks // groups
        for first in range(group * blocks // groups, end, per_chunk):
            count = min(per_chunk, end - first)
            yield Chunk(first, count, points.blocks(count) if points else None)


def errors_of(
    sampling: Method,
    paths: int,
    moments: Floats,
    events: NDArray[np.int64],
    county_events: NDArray[np.int64],
    sampled: Sampled,
) -> Errors | None:
    """Standard errors from a run's tallies by group; nothing where the paths are independent."""
    if sampling == "antithetic":
        n, squares, products = moments[0, :, 0], moments[0, :, 2], moments[0, :, 3]
        return Errors(
            _of_pairs(squares, products, n / 2),
            _of_paired_events(events[0], sampled.pairs, paths),
            _of_paired_events(county_events[0], sampled.county_pairs, paths),
        )
    if sampling == "sobol":
        size = paths / len(moments)
        return Errors(
            _of_groups(np.where(moments[:, :, 0] > 0, moments[:, :, 1], np.nan)),
            _of_groups(np.cumsum(events, axis=-1) / size),
            _of_groups(np.cumsum(county_events, axis=-1) / size),
        )
    return None


def _of_pairs(squares: Floats, products: Floats, pairs: Floats | float) -> Floats:
    """Of the mean of ``pairs`` averages of two, from sums over paths and over pairs."""
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (squares + 2 * products) / (4 * (np.asarray(pairs) - 1) * pairs)
    known = np.where(np.asarray(pairs) > 1, np.maximum(variance, 0.0), np.nan)
    return np.asarray(np.sqrt(known))


def _of_paired_events(new: NDArray[np.int64], both: NDArray[np.int64], paths: int) -> Floats:
    """Of cumulative probabilities, from paths new in a year and pairs of which both have had the event."""
    happened = np.cumsum(new, axis=-1)
    p = happened / paths
    return _of_pairs(happened * (1 - p), both - paths / 2 * p**2, paths / 2)


def _of_groups(means: Floats) -> Floats:
    """Of the mean of independent means, (groups, …) → (…)."""
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))
