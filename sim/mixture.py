"""A mixture of shifted city shocks: who is shifted how far, and with which likelihood ratio a path counts.

Blocks take the K shifts in turn; the first shift is none.  With n_k paths of shift k, the ratio of a path with
the shocks eps (Y, 4) up to year y is taken against the mixture of all shifts (Veach and Guibas 1995; Owen and
Zhou 2000):

    w_y = 1 / sum_k (n_k / n) exp(l_k,y),    l_k,y = sum over years to y of log density(eps - shift_k) / density(eps)

so it is n / n_0 at most.  The density is standard normal, or Student-t of four cells a year with unit variance,
proportional to (1 + |eps|^2 / (nu - 2))^-((nu + 4) / 2).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS, Noise, draw_city
from sim.sampling import Chunk
from sim.simulate import new_work
from sim.model import Case

Floats = NDArray[np.float64]


class Mixture:
    """The chunks of a run whose blocks are shifted in turn."""

    def __init__(self, case: Case, noise: Noise, shifts: Floats, paths: int) -> None:
        """``shifts`` (K, Y, 4) in standard deviations, the first 0."""
        self.noise, self.shifts, self.nu = noise, shifts, case.shocks.city_degrees_of_freedom
        self.blocks = -(-paths // LANES)
        sizes = np.full(self.blocks, LANES)
        sizes[-1] = paths - (self.blocks - 1) * LANES
        self.paths = np.bincount(self.shift_of(np.arange(self.blocks)), sizes, len(shifts))
        """(K,) paths of each shift."""
        self.shocked = new_work(case).shocked

    def shift_of(self, block: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which shift blocks have."""
        return block % len(self.shifts)

    def chunks(self, per_chunk: int) -> Iterator[Chunk]:
        """All blocks in order, their shocks shifted, with their likelihood ratios."""
        for first in range(0, self.blocks, per_chunk):
            count = min(per_chunk, self.blocks - first)
            given = np.empty((count, len(self.shifts[0]), CELLS * LANES), np.float32)
            draw_city(self.noise, self.shocked, given, first * LANES)
            eps = given.reshape(count, -1, CELLS, LANES)
            eps += self.shifts[self.shift_of(first + np.arange(count))][..., None].astype(np.float32)
            yield Chunk(first, count, given, self.ratios(eps.astype(np.float64)))

    def ratios(self, eps: Floats) -> Floats:
        """(blocks, Y, 4, LANES) → (blocks, Y, LANES)."""
        share = self.paths / self.paths.sum()
        mixed = np.zeros((eps.shape[0], eps.shape[1], eps.shape[3]))
        for k in np.flatnonzero(share):
            mixed += share[k] * np.exp(np.cumsum(self._log_ratio(eps, self.shifts[k][..., None]), axis=1))
        return 1 / mixed

    def _log_ratio(self, eps: Floats, shift: Floats) -> Floats:
        """Log of the density of eps - shift over that of eps, of one year's four cells."""
        if not self.nu:
            return np.asarray((eps * shift).sum(axis=2) - (shift**2).sum(axis=1) / 2)
        near, far = (1 + (x**2).sum(axis=2) / (self.nu - 2) for x in (eps - shift, eps))
        return np.asarray((np.log(far) - np.log(near)) * (self.nu + CELLS) / 2)
