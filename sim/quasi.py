"""Quasi-random city shocks: scrambled Sobol points turned into the eps of all years.

A path's city shocks are 4 x Y numbers, one point.  The points of one randomisation are a Sobol sequence,
scrambled at random (SciPy's linear matrix scramble with a digital shift, Matousek 1998); its first
coordinates are the best balanced.  They are therefore given to the directions in which the log of
contributions and claims moves most over the horizon: with A the matrix from eps of all years to the path
of the city's deviations, A = U S V', eps = V x for normals x in the order of the singular values (Acworth,
Broadie and Glasserman 1998, the principal-component construction).

A Student-t vector is a normal one divided by sqrt(chi2 / (nu - 2)); the Y mixing variables are the last
coordinates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri
from scipy.stats.qmc import Sobol

from sim.directions import deviations
from sim.kernels.lanes import LANES
from sim.kernels.shocks import CELLS
from sim.model import Case

TOGETHER = 16
"""Points in one matrix product: always as many, so that its last bits are the same, and so few that the
linear-algebra library starts no threads of its own beside the workers."""
HALF_CELL = 2.0**-31
"""Half of the distance of Sobol coordinates, which are k / 2^30: no coordinate is 0."""
Floats = NDArray[np.float64]


def principal(case: Case) -> Floats:
    """(4 Y, 4 Y): directions of eps, unit rows, in the order in which they move the city's deviations."""
    size = CELLS * case.years
    return np.asarray(np.linalg.svd(deviations(case).reshape(size, size))[2])


class CityPoints:
    """One randomisation's points, block after block."""

    def __init__(self, case: Case, rotation: Floats, seed: int, randomisation: int) -> None:
        self.nu, self.years, self.rotation = case.shocks.city_degrees_of_freedom, case.years, rotation
        dimensions = CELLS * self.years + (self.years if self.nu else 0)
        self.sobol = Sobol(dimensions, rng=np.random.default_rng([seed, randomisation]))

    def blocks(self, count: int) -> NDArray[np.float32]:
        """The next ``count`` blocks' eps, (count, Y, 4 x LANES)."""
        out = np.empty((count, self.years, CELLS * LANES), np.float32)
        for block in out:
            uniform = self.sobol.random(LANES) + HALF_CELL
            normal = ndtri(uniform[:, : CELLS * self.years]).reshape(LANES // TOGETHER, TOGETHER, -1)
            eps = (normal @ self.rotation).reshape(LANES, self.years, CELLS)
            if self.nu:
                chi2 = 2 * gammaincinv(self.nu / 2, uniform[:, CELLS * self.years :])
                eps /= np.sqrt(chi2 / (self.nu - 2))[:, :, None]
            block[:] = eps.transpose(1, 2, 0).reshape(self.years, -1)
        return out
