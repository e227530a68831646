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

HALF_CELL = 2.0**-31
"""Half of the distance of Sobol coordinates, which are k / 2^30: no coordinate is 0."""

class CityPoints:
    """One randomisation's points, block after block."""

    def __init__(self, case: Case, seed: int, randomisation: int) -> None:
        self.nu, self.years = case.shocks.city_degrees_of_freedom, case.years
        self.rotation = np.linalg.svd(deviations(case).reshape(CELLS * self.years, -1))[2]
        dimensions = CELLS * self.years + (self.years if self.nu else 0)
        self.sobol = Sobol(dimensions, rng=np.random.default_rng([seed, randomisation]))

    def blocks(self, count: int) -> NDArray[np.float32]:
        """The next ``count`` blocks' eps, (count, Y, 4 x LANES)."""
        out = np.empty((count, self.years, CELLS * LANES), np.float32)
        for block in out:  # one by one: a matrix product's last bits can depend on its size
            uniform = self.sobol.random(LANES) + HALF_CELL
            eps = ndtri(uniform[:, : CELLS * self.years]) @ self.rotation
            eps = eps.reshape(LANES, self.years, CELLS)
            if self.nu:
                chi2 = 2 * gammaincinv(self.nu / 2, uniform[:, CELLS * self.years :])
                eps /= np.sqrt(chi2 / (self.nu - 2))[:, :, None]
            block[:] = eps.transpose(1, 2, 0).reshape(self.years, -1)
        return out
