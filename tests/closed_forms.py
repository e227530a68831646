"""A city of one county whose claims alone are random, year by year: its laws are known without simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawn import make_case
from scipy import integrate, optimize
from scipy.stats import norm

from sim.directions import deviations
from sim.model import Case

CLAIMS_VOLATILITY = 0.1
ONLY_CLAIMS: dict[str, Any] = {"city_volatility": (0.0, CLAIMS_VOLATILITY, 0.0, 0.0)}


def one_county(years: int, pool_yuan: float = 1e7, **shocks: Any) -> Case:
    """The employee fund of one county without rules that move money across its border."""
    case = make_case(funds=("employee",), names=("甲县",), years=years, shocks={**ONLY_CLAIMS, **shocks})
    fund = case.funds["employee"]
    accounts = fund.accounts.model_copy(update={"pool_yuan": pool_yuan})
    case.funds["employee"] = fund.model_copy(update={"accounts": accounts})
    return case


def flows(case: Case) -> tuple[float, np.ndarray, np.ndarray]:
    """Reserves at the start, and contributions and claims of every year without shocks, in yuan.

    By the case's own figures: accounts, balance and deficit; base amounts, and growth,
    whose last rate goes on.
    """
    own, fund = case.counties[0].employee, case.funds["employee"]
    assert own is not None
    held = sum(yuan for _, yuan in fund.accounts) + own.county_balance_yuan - own.opening_deficit_yuan
    levels = []
    for base, growth in (
        (own.base_contributions_yuan, fund.growth.contributions),
        (own.base_claims_yuan, fund.growth.claims),
    ):
        rates = np.atleast_1d(growth)
        levels.append(base * np.cumprod(1 + rates[np.minimum(np.arange(case.years), len(rates) - 1)]))
    return held, levels[0], levels[1]


def pool_for(distance: float) -> float:
    """Yuan in the pool that leave the threshold of the first year so many standard deviations away."""
    held, contributions, claims = flows(one_county(1, pool_yuan=0.0))
    return float(claims[0] * np.exp(CLAIMS_VOLATILITY * distance) - contributions[0] - held)


def least_shocks(case: Case) -> np.ndarray:
    """(Y, 4) the least shocks of the city that use up the fund by the last year, by SciPy's optimiser.

    The linear response of the flows' logarithms is ``sim.directions``'; reserves are summed here.
    """
    held, contributions, claims = flows(case)
    moves = deviations(case)[:, :2].swapaxes(0, 1)
    ways = np.array([contributions, -claims])

    def left(flat: np.ndarray) -> float:
        moved = np.exp(np.tensordot(moves, flat.reshape(case.years, 4), 2))
        return float(held + (ways * moved).sum()) / held

    solved = optimize.minimize(
        lambda x: (x**2).sum(),
        np.full(4 * case.years, 0.1),
        constraints={"type": "eq", "fun": left},
        options={"ftol": 1e-12},
    )
    assert solved.success
    return np.asarray(solved.x.reshape(case.years, 4))


def depletion_by_year_two(case: Case) -> tuple[float, float]:
    """Probabilities that reserves are used up by the end of the first and of the second year."""
    held, contributions, claims = flows(case)
    first = np.log((held + contributions[0]) / claims[0]) / CLAIMS_VOLATILITY

    def in_year_two(z: float) -> float:
        left = held + contributions[0] - claims[0] * np.exp(CLAIMS_VOLATILITY * z) + contributions[1]
        return float(norm.pdf(z) * norm.sf(np.log(left / claims[1]) / CLAIMS_VOLATILITY - z))

    second, _ = integrate.quad(in_year_two, -9, first, epsabs=1e-14, epsrel=1e-10)
    return float(norm.sf(first)), float(norm.sf(first) + second)
