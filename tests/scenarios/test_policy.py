"""Levers and trends against their arithmetic: growth rates, opening reserves, volatilities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.definition.policy import Change, Financing, FundPolicy, Trend, grown, louder, with_reserves
from sim.model import CityAccounts, County, CountyFund, FundCase, Growth, Shocks

CASE = FundCase(growth=Growth(contributions=(0.05, 0.04), claims=0.06))


def _levels(case: FundCase, kind: str, years: int) -> np.ndarray:
    rates = np.atleast_1d(getattr(case.growth, kind))
    rates = rates[np.minimum(np.arange(years), len(rates) - 1)]
    return np.cumprod(1 + rates)


def _grown(policy: FundPolicy, financing: Financing | None = None, trend: Trend | None = None) -> FundCase:
    return grown(CASE, policy, financing or Financing(), trend or Trend(), 2025, 6)


def test_without_levers_nothing_changes() -> None:
    assert _grown(FundPolicy()) is CASE


def test_factor_phases_in_evenly_in_the_logarithm() -> None:
    """2027 to 2029 each add ln(1.1) / 3; before and after growth is as it was."""
    changed = _grown(FundPolicy(claims=Change(value=1.1, from_year=2027, phase_in_years=3)))
    ratio = np.log(_levels(changed, "claims", 6) / _levels(CASE, "claims", 6))
    step = math.log(1.1) / 3
    assert ratio == pytest.approx([0, 0, step, 2 * step, 3 * step, 3 * step])
    assert _levels(changed, "contributions", 6) == pytest.approx(_levels(CASE, "contributions", 6))


def test_phase_in_that_outlasts_the_horizon_stops_with_it() -> None:
    changed = _grown(FundPolicy(contributions=Change(value=2.0, phase_in_years=12)))
    ratio = _levels(changed, "contributions", 6) / _levels(CASE, "contributions", 6)
    assert ratio[-1] == pytest.approx(math.sqrt(2))


def test_contribution_rate_multiplies_contributions_by_new_over_old() -> None:
    changed = _grown(FundPolicy(contribution_rate=0.09), Financing(contribution_rate=0.06))
    assert _levels(changed, "contributions", 6) == pytest.approx(1.5 * _levels(CASE, "contributions", 6))


def test_premium_and_subsidy_add_up() -> None:
    """400 + 600 a head; the premium rises to 500 at once, the subsidy to 726 in two steps of 10 %."""
    policy = FundPolicy(premium_yuan=500, subsidy_yuan=Change(value=726, phase_in_years=2))
    changed = _grown(policy, Financing(premium_yuan=400, subsidy_yuan=600))
    ratio = _levels(changed, "contributions", 6) / _levels(CASE, "contributions", 6)
    assert ratio == pytest.approx([1.16, 1.226, 1.226, 1.226, 1.226, 1.226])


def test_trend_adds_percentage_points() -> None:
    changed = _grown(FundPolicy(), trend=Trend(contributions=-0.01, claims=0.02))
    assert changed.growth.contributions == pytest.approx([0.04, 0.03, 0.03, 0.03, 0.03, 0.03])
    assert changed.growth.claims == pytest.approx([0.08] * 6)


@pytest.mark.parametrize(
    ("policy", "financing", "problem"),
    [
        (FundPolicy(contribution_rate=0.1), Financing(), "contribution_rate"),
        (FundPolicy(premium_yuan=400), Financing(subsidy_yuan=600), "premium_yuan"),
        (FundPolicy(claims=Change(value=1.1, from_year=2024)), Financing(), "before the first"),
    ],
)
def test_lever_without_its_base_is_refused(policy: FundPolicy, financing: Financing, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _grown(policy, financing)


def _counties(*balances: float) -> tuple[County, ...]:
    return tuple(
        County(
            name=f"县{i}",
            resident=CountyFund(
                base_contributions_yuan=100,
                base_claims_yuan=120.0 * (i + 1),
                enrolment_persons=1,
                county_balance_yuan=balance,
                opening_deficit_yuan=7,
            ),
        )
        for i, balance in enumerate(balances)
    )


def test_reserve_months_keep_proportions() -> None:
    """Base claims 120 + 240 = 30 a month; three months are 90, shared as 10 : 20 : 30 were."""
    funds = {"resident": FundCase(accounts=CityAccounts(pool_yuan=30))}
    counties, fund = with_reserves(_counties(10, 20), funds, "resident", 3)  # type: ignore[arg-type]
    assert [c.resident.county_balance_yuan for c in counties if c.resident] == pytest.approx([15, 30])
    assert fund.accounts.pool_yuan == pytest.approx(45)
    assert all(c.resident and c.resident.opening_deficit_yuan == 7 for c in counties)


def test_reserves_from_nothing_go_by_claims() -> None:
    counties, _ = with_reserves(_counties(0, 0), {"resident": FundCase()}, "resident", 2)
    assert [c.resident.county_balance_yuan for c in counties if c.resident] == [20, 40]


def test_louder_scales_every_volatility() -> None:
    shocks = Shocks(city_volatility=(0.1, 0.2, 0.3, 0.4), monthly_volatility=(0.05,) * 4, response=(0.2, 0))
    scaled = louder(shocks, 1.5)
    assert scaled.city_volatility == pytest.approx((0.15, 0.3, 0.45, 0.6))
    assert scaled.monthly_volatility == pytest.approx((0.075,) * 4)
    assert scaled.response == shocks.response
    with pytest.raises(ValueError):
        louder(shocks, 3)
