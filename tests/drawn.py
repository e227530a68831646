"""Small made-up cases, and the monthly figures that the shock stages draw for each of their paths."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels.lanes import LANES
from sim.kernels.rows import wipe
from sim.kernels.shocks import EXCELLENCE, Noise, city_draws, city_year, county_months, county_year
from sim.kernels.threefry import words
from sim.lower import lower_case, lower_noise
from sim.model import FUNDS, Case, Fund, Shocks
from sim.rules import FundRules
from sim.simulate import new_work

Floats = NDArray[np.float64]
NAMES = ("甲县", "乙市", "丙区")
CORRELATION = ((1.0, 0.4, 0.3, 0.1), (0.4, 1.0, 0.0, 0.5), (0.3, 0.0, 1.0, -0.2), (0.1, 0.5, -0.2, 1.0))
STRONG: dict[str, Any] = {
    "city_volatility": (0.06, 0.09, 0.08, 0.1),
    "city_correlation": CORRELATION,
    "city_persistence": (0.3, 0.5, 0.0, -0.2),
    "city_degrees_of_freedom": 4.0,
    "county_volatility": (0.1, 0.15, 0.12, 0.2),
    "county_correlation": 0.3,
    "county_persistence": 0.4,
    "county_degrees_of_freedom": 5.0,
    "monthly_volatility": (0.1, 0.2, 0.3, 0.15),
    "epidemic": {
        "probability": 0.25,
        "claims_mean": 0.2,
        "claims_sd": 0.1,
        "contributions_mean": -0.1,
        "contributions_sd": 0.05,
    },
    "response": (0.2, 0.0),
}
UNEVEN = tuple(np.linspace(0.5, 1.5, 12) / 12)
REVENUE_EARLY = (0.45, *np.linspace(0.03, 0.07, 11))
SIZES = {"甲县": 1.0, "乙市": 2.5, "丙区": 0.4}
"""County figures hang on the name, so that a county keeps its own wherever it stands."""


def county(name: str, *, city_level: bool = False) -> dict[str, Any]:
    """A county with a thin balance, an old deficit and arrears in both funds."""
    size = SIZES[name] * 1e8
    employee = {
        "base_contributions_yuan": 1.02 * size,
        "base_claims_yuan": size,
        "enrolment_persons": 3.1e4 * SIZES[name],
        "county_balance_yuan": 0.3 * size,
        "opening_deficit_yuan": 0.05 * size,
        "arrears_government_yuan": 0.03 * size,
        "arrears_insured_yuan": 0.02 * size,
    }
    resident = {
        "base_contributions_yuan": 0.6 * size,
        "base_claims_yuan": 0.62 * size,
        "enrolment_persons": 9.7e4 * SIZES[name],
        "county_balance_yuan": 0.1 * size,
        "opening_deficit_yuan": 0.02 * size,
        "arrears_government_yuan": 0.01 * size,
        "arrears_insured_yuan": 0.01 * size,
    }
    return {"name": name, "city_level": city_level, "employee": employee, "resident": resident}


def make_case(
    rules: dict[Fund, FundRules] | None = None,
    *,
    funds: tuple[Fund, ...] = FUNDS,
    names: tuple[str, ...] = NAMES,
    years: int = 4,
    shocks: dict[str, Any] | None = None,
    **options: Any,
) -> Case:
    """A city of up to three counties; the last of ``NAMES`` is the city-level unit."""
    table = rules or dict.fromkeys(funds, FundRules())

    def fund(name: Fund) -> dict[str, Any]:
        risk_fund = 2e6 if table[name].has_risk_fund else 0.0
        return {
            "accounts": {"pool_yuan": 1e7, "risk_fund_yuan": risk_fund, "municipal_reserve_yuan": 3e6},
            "growth": {"contributions": (0.03, 0.05), "claims": (0.08, 0.02, 0.06)},
            "profile": {"contributions": REVENUE_EARLY, "claims": UNEVEN},
            "plan_growth": {"contributions": 0.04, "claims": 0.03},
        }

    return Case.model_validate(
        {
            "first_year": 2022,
            "years": years,
            "rules": table,
            "funds": {name: fund(name) for name in funds},
            "counties": [county(name, city_level=name == NAMES[-1]) for name in names],
            "shocks": Shocks.model_validate(STRONG if shocks is None else shocks),
            "options": options,
        }
    )


class Drawn(NamedTuple):
    """What every path of a case meets."""

    year: Floats
    """(F, 2, Y, C, paths) yuan: contributions and claims."""
    month: Floats
    """(F, 2, Y, 12, C, paths) yuan, before any adjustment of policy."""
    excellent: NDArray[np.bool_]
    """(F, Y, C, paths)."""


def draw(case: Case, seed: int, paths: int, *, months: bool = True, mirrored: bool = False) -> Drawn:
    """Calls the shock stages in the order of ``block.simulate_year``."""
    noise = lower_noise(case, lower_case(case), seed)._replace(mirrored=mirrored)
    funds, counties = len(case.funds), len(case.counties)
    year = np.empty((funds, 2, case.years, counties, paths))
    month = np.empty((funds, 2, case.years, 12 if months else 0, counties, paths))
    excellent = np.empty((funds, case.years, counties, paths), np.bool_)
    shocked = new_work(case).shocked
    cells = np.array([2 * fund for fund in noise.fund])
    share = noise.profile[..., None]
    for first in range(0, paths, LANES):
        here = slice(first, min(first + LANES, paths))
        kept = here.stop - first
        wipe(shocked.city.ravel())
        wipe(shocked.county.ravel())
        for y in range(case.years):
            city_draws(noise, shocked, first, y)
            city_year(noise, shocked, first, y)
            for c in range(counties):
                county_year(noise, shocked, first, c, y)
                totals = shocked.year[c].reshape(2, 2, LANES)
                for kind in range(2):
                    year[:, kind, y, c, here] = totals[noise.fund, kind, :kept]
                for m in range(12 if months else 0):
                    county_months(noise, shocked, first, c, y, m + 1, 1)
                    figures = totals * shocked.factors[:, : 2 * LANES].reshape(2, 2, LANES)
                    for kind in range(2):
                        month[:, kind, y, m, c, here] = share[:, kind, m] * figures[noise.fund, kind, :kept]
                if case.options.excellent_probability < 1:
                    flags = found_excellent(noise, first, c, y, case.options.excellent_probability)
                    excellent[:, y, c, here] = flags[cells, :kept]
                else:
                    excellent[:, y, c, here] = True
    return Drawn(year, month, excellent)


def found_excellent(noise: Noise, path: int, c: int, y: int, probability: float) -> NDArray[np.bool_]:
    """(4, LANES): the assessment of one county's year by cell, from its own random words."""
    out = np.empty(4 * LANES, np.int32)
    words(out, path, np.int64(noise.county_id[c]), 16 * y, EXCELLENCE, noise.key)
    uniform = ((out.view(np.uint32) >> np.uint32(1)).astype(np.float64) + 0.5) / 2**31
    uniform = uniform.reshape(4, LANES)
    if noise.mirrored:
        uniform[:, LANES // 2 :] = 1 - uniform[:, : LANES // 2]
    return uniform < probability
