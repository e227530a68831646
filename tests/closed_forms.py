"""A city of one county whose claims alone are random, year by year: its laws are known without simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawn import make_case
from scipy import integrate
from scipy.stats import norm

from sim.lower import lower_case, lower_noise
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
    """Reserves at the start, and contributions and claims of every year without shocks, in yuan."""
    plan = lower_case(case)
    level = lower_noise(case, plan, 0).level.sum(axis=1)[0]
    held = plan.city_opening.sum() + plan.opening[0, :, 0].sum() - plan.opening[0, :, 1].sum()
    return float(held), level[0], level[1]


def depletion_by_year_two(case: Case) -> tuple[float, float]:
    """Probabilities that reserves are used up by the end of the first and of the second year."""
    held, contributions, claims = flows(case)
    first = np.log((held + contributions[0]) / claims[0]) / CLAIMS_VOLATILITY

    def in_year_two(z: float) -> float:
        left = held + contributions[0] - claims[0] * np.exp(CLAIMS_VOLATILITY * z) + contributions[1]
        return float(norm.pdf(z) * norm.sf(np.log(left / claims[1]) / CLAIMS_VOLATILITY - z))

    second, _ = integrate.quad(in_year_two, -9, first, epsabs=1e-14, epsrel=1e-10)
    return float(norm.sf(first)), float(norm.sf(first) + second)
