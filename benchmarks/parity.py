"""Peers must compute the same before they are timed: closing figures of a block's paths, path by path.

fundsim and C++ draw by the same addresses; every other peer is handed those normals.  The NumPy program in
float64 is the measure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.given import given_normals
from benchmarks.peers import Peer, numpy_peer
from benchmarks.workload import BASE, Outcome, Workload
from sim.kernels.lanes import LANES

SMALL = Workload(counties=3, years=8)
SEED = 20_260_101
TOLERANCE = 1e-4
"""Of a month's claims of the city (shocks are float32)."""


class ParityError(AssertionError):
    """Two peers do not compute the same."""


def check_parity(peers: Iterable[Peer], w: Workload = SMALL) -> dict[str, float]:
    """The greatest difference of each peer from NumPy, in months of the city's claims; ParityError above
    TOLERANCE."""
    given = given_normals(w, SEED)
    expected = numpy_peer.final(w, given)
    worst = {}
    for peer in peers:
        module = peer.load()
        got = module.final(w, LANES, SEED) if peer.addressed else module.final(w, given)
        month = BASE[1] / 12 * w.counties
        gaps = [np.abs(np.asarray(a) - b).max() / month for a, b in zip(got, expected, strict=True)]
        worst[peer.name] = float(f"{max(gaps):.2g}")
        if not max(gaps) <= TOLERANCE:  # so put, no number fails too
            raise ParityError(f"{peer.name} differs from NumPy by {max(gaps):.2g} months of claims")
    return worst


def check_tallies(peers: Iterable[Peer], paths: int = 4096, w: Workload = SMALL) -> None:
    """Each peer's own run, with its own draws: every path counted, and mean reserves as NumPy's within five
    standard errors; ParityError."""
    expected, error = _mean_reserves(numpy_peer.run(w, paths, SEED + 1), paths)
    for peer in peers:
        module = peer.load()
        outcome = module.run(w, paths, SEED)
        if not (outcome.months.sum(-1) == paths).all():
            raise ParityError(f"{peer.name} counts other than {paths} paths")
        mean, own_error = _mean_reserves(outcome, paths)
        if not np.all(np.abs(mean - expected) <= 5 * np.hypot(error, own_error)):
            raise ParityError(f"{peer.name}'s mean reserves are not NumPy's")


def _mean_reserves(outcome: Outcome, paths: int) -> tuple[Any, Any]:
    """Mean and standard error (Y, 2) of reserves."""
    sums = outcome.sums
    mean = sums[..., 0] / paths
    return mean, np.sqrt(np.maximum(sums[..., 1] / paths - mean**2, 0) / paths)
