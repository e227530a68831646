"""How the city's shocks of all years move its funds: the linear response of the path without shocks.

A path's city shocks are eps, Y years of 4 cells.  The deviation of a cell's logarithm is a sum of them,
policy response included, and reserves are a sum of contributions less claims; both have a gradient in closed
form.  Rules are left out: a direction only has to point the right way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernels.shocks import CELLS, Noise
from sim.lower import lower_case, lower_noise
from sim.model import FUNDS, Case

ITERATIONS = 10
FARTHEST = 8.0
"""Standard deviations, beyond which no path is looked for."""
Floats = NDArray[np.float64]


def deviations(case: Case) -> Floats:
    """(Y, 4, Y, 4): the city's log deviation of year and cell, by eps of year and cell."""
    shocks, years = case.shocks, case.years
    scale, phi = np.array(shocks.city_volatility), np.array(shocks.city_persistence)
    root = scale[:, None] * np.linalg.cholesky(np.array(shocks.city_correlation))
    response = np.array(shocks.response)[:, None, None]
    out = np.zeros((years, CELLS, years, CELLS))
    for later in range(years):
        for year in range(later + 1):
            out[later, :, year] = phi[:, None] ** (later - year) * root
        if later > 0:
            last = out[later - 1]
            out[later] += last
            out[later, 1::2] -= response * (last[1::2] - last[::2])  # claims follow last year's gap
    return out


def adverse(case: Case) -> Floats:
    """(F, Y, Y, 4): for each fund and year, the unit direction of eps in which the nearest path lies that
    uses up the fund's reserves by the year's end.

    The nearest point is found as in first-order reliability (Hasofer and Lind 1974; Rackwitz and Fiessler
    1978) for reserves that are what the city holds at the start, contributions and claims.  0 where the
    city's shocks do not move them.
    """
    plan = lower_case(case)
    level = without_shocks(case, lower_noise(case, plan, 0)) * np.array([[1.0], [-1.0]])
    held = plan.city_opening.sum(axis=1) + (plan.opening[:, :, 0] - plan.opening[:, :, 1]).sum(axis=1)
    response = deviations(case)
    out = np.zeros((len(case.funds), case.years, case.years, CELLS))
    for f, fund in enumerate(case.funds):
        cells = response[:, 2 * FUNDS.index(fund) :][:, :2].swapaxes(0, 1)
        for t in range(case.years):
            out[f, t] = nearest(held[f], level[f, :, : t + 1], cells[:, : t + 1])
    return out


def without_shocks(case: Case, noise: Noise) -> Floats:
    """(F, 2, Y) yuan: the city's contributions and claims on the path without shocks, response included."""
    flows, answer = noise.level.sum(axis=1), np.zeros(len(case.funds))
    response = noise.response[noise.fund]
    for y in range(case.years):
        answer = answer - response * (noise.gap[:, y] + answer)
        flows[:, 1, y] *= np.exp2(answer)
    return np.asarray(flows)


def nearest(held: float, flows: Floats, response: Floats) -> Floats:
    """The direction (Y, 4) of the nearest eps at which ``held`` and flows (2, T) come to 0.

    Flows are of the path without shocks, claims negative, and are multiplied by the exponential of
    ``response`` (2, T, Y, 4) to eps.
    """
    eps = np.zeros(response.shape[2:])
    for _ in range(ITERATIONS):
        moved = flows * np.exp(np.tensordot(response, eps, 2))
        slope = np.tensordot(moved, response, 2)
        steep = (slope**2).sum()
        if steep == 0:
            return slope
        eps = slope * (((slope * eps).sum() - held - moved.sum()) / steep)
        eps *= min(1.0, FARTHEST / max(np.sqrt((eps**2).sum()), 1e-300))
    return np.asarray(-slope / np.sqrt(steep))
