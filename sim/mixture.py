"""A mixture of shifted city shocks: who is shifted how far, and with which likelihood ratio a path counts.

Blocks take the K shifts in turn; the first shift is none.  With n_k paths of shift k, the ratio of a path
with the normal shocks eps (Y, 4) up to year y is taken against the mixture of all shifts (Veach and Guibas
1995; Owen and Zhou 2000):

    w_y = 1 / sum_k (n_k / n) exp(l_k,y),    l_k,y = sum over years to y of eps . shift_k - |shift_k|^2 / 2

so it is n / n_0 at most, whatever the event.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS, Noise, draw_city
from sim.model import Case
from sim.sampling import Chunk
from sim.simulate import new_work

Floats = NDArray[np.float64]


class Mixture:
    """The chunks of a run whose blocks are shifted in turn."""

    def __init__(self, case: Case, noise: Noise, shifts: Floats, paths: int) -> None:
        """``shifts`` (K, Y, 4) in standard deviations, the first 0."""
        self.noise, self.shifts = noise, shifts
        self.blocks = -(-paths // LANES)
        sizes = np.full(self.blocks, LANES)
        sizes[-1] = paths - (self.blocks - 1) * LANES
        self.paths = np.bincount(np.arange(self.blocks) % len(shifts), sizes, len(shifts))
        """(K,) paths of each shift."""
        self.shocked = new_work(case).shocked

    def shift_of(self, block: int) -> int:
        """Which shift a block has."""
        return block % len(self.shifts)

    def chunks(self, per_chunk: int) -> Iterator[Chunk]:
        """All blocks in order, their shocks shifted, with their likelihood ratios."""
        for first in range(0, self.blocks, per_chunk):
            count = min(per_chunk, self.blocks - first)
            given = np.empty((count, len(self.shifts[0]), CELLS * LANES), np.float32)
            draw_city(self.noise, self.shocked, given, first * LANES)
            eps = given.reshape(count, -1, CELLS, LANES)
            for b in range(count):
                eps[b] += self.shifts[self.shift_of(first + b)][..., None].astype(np.float32)
            yield Chunk(first, count, given, self.ratios(eps.astype(np.float64)))

    def ratios(self, eps: Floats) -> Floats:
        """(blocks, Y, 4, LANES) → (blocks, Y, LANES)."""
        share = self.paths / self.paths.sum()
        mixed = np.full((eps.shape[0], eps.shape[1], eps.shape[3]), share[0])
        for k in np.flatnonzero(share[1:]) + 1:
            shift = self.shifts[k]
            ratio = np.einsum("bycl,yc->byl", eps, shift) - (shift**2).sum(axis=1)[:, None] / 2
            np.exp(np.cumsum(ratio, axis=1, out=ratio), out=ratio)
            mixed += np.multiply(share[k], ratio, out=ratio)
        return 1 / mixed
