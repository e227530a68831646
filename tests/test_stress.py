"""Reverse stress against closed forms, another optimiser and the event itself."""

from __future__ import annotations

import numpy as np
import pytest
from closed_forms import CLAIMS_VOLATILITY, flows, least_shocks, one_county, pool_for
from drawn import NAMES, make_case
from scipy import stats

from scenarios.rulebook.city import load_city
from sim import stress
from sim.directions import deviations
from sim.model import Case, Fund
from sim.simulate import simulate

NOISY = {"county_volatility": (0.0, 0.04, 0.0, 0.0), "monthly_volatility": (0.1,) * 4}


@pytest.mark.parametrize("distance", [0.8, 2.5, 6.0])
def test_one_year_s_claims_have_one_way_to_use_up_the_fund(distance: float) -> None:
    """ln((held + contributions) / claims) / sigma; other chance of the case does not act."""
    case = one_county(1, pool_yuan=pool_for(distance), **NOISY)
    found = stress.mildest(case, "reserve_depletion", "employee")
    assert found.beta == pytest.approx(distance, abs=1e-4)
    np.testing.assert_allclose(found.shocks, [[0, distance, 0, 0]], atol=0.01)
    assert found.against_median[0, 1] == pytest.approx(np.expm1(CLAIMS_VOLATILITY * distance), rel=1e-3)
    assert found.first_order == pytest.approx(stats.norm.sf(distance), rel=1e-3)
    assert found.at_most == pytest.approx(stats.chi2.sf(found.beta**2, 4), rel=1e-6)
    assert found.median[0] > 0 and found.stressed[0] == pytest.approx(0, abs=0.01)


def test_small_shocks_are_the_linear_limit() -> None:
    """Reserves are then normal: held + flows, over the standard deviation of their linear response."""
    tiny = {"city_volatility": (2e-3, 3e-3, 0.0, 0.0), "city_persistence": (0.4, 0.2, 0.0, 0.0)}
    small = one_county(9, pool_yuan=0.0, **tiny)
    _, contributions, claims = flows(small)
    response = deviations(small)[:, :2]
    slope = np.einsum("y,yzc->zc", contributions, response[:, 0]) - np.einsum(
        "y,yzc->zc", claims, response[:, 1]
    )
    held = flows(small)[0]
    spread = np.sqrt((slope**2).sum())
    pool = 3 * spread - held - (contributions - claims).sum()
    assert pool > 0
    found = stress.mildest(one_county(9, pool_yuan=pool, **tiny), "reserve_depletion", "employee")
    assert found.beta == pytest.approx(3, rel=0.01)
    np.testing.assert_allclose(found.shocks, -3 * slope / spread, atol=0.05)


def test_several_years_are_another_optimiser_s() -> None:
    walk = {
        "city_volatility": (0.05, 0.1, 0.0, 0.0),
        "city_persistence": (0.3, 0.2, 0.0, 0.0),
        "city_correlation": ((1, 0.5, 0, 0), (0.5, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    }
    case = one_county(3, pool_yuan=pool_for(5.0), **walk)
    solved = least_shocks(case)
    found = stress.mildest(case, "reserve_depletion", "employee")
    assert found.beta == pytest.approx(np.sqrt((solved**2).sum()), rel=1e-3)
    np.testing.assert_allclose(found.shocks, solved, atol=0.05)
    by_two = stress.mildest(case, "reserve_depletion", "employee", 2)
    assert by_two.beta > found.beta and (by_two.shocks[2] == 0).all() and by_two.stressed[1] < 0.01


@pytest.fixture(scope="module")
def taizhou() -> Case:
    shocks = {"city_volatility": (0.05, 0.06, 0.04, 0.08), "city_persistence": (0.3,) * 4, **NOISY}
    return make_case(dict(load_city("taizhou").rules), names=NAMES[:2], years=4, shocks=shocks)


@pytest.mark.parametrize(
    ("event", "fund"), [("reserve_depletion", "resident"), ("below_1_months", "employee")]
)
def test_real_rules_fail_there_and_nowhere_nearer(event: str, fund: Fund, taizhou: Case) -> None:
    """A little less of the shocks and it stays away; and so it does for other shocks that are smaller."""
    found = stress.mildest(taizhou, event, fund)
    assert 0 < found.beta < 10
    path = stress._Path(taizhou, event, fund, 4)
    scaled = found.shocks * np.array([0.999, 1.0])[:, None, None]
    assert (path.margin(scaled).min(axis=1) <= 0).tolist() == [False, True]
    rng = np.random.default_rng(1)
    near = found.shocks + rng.normal(0, 0.1, (5000, 4, 4))
    near *= (0.98 * found.beta / np.sqrt((near**2).sum(axis=(1, 2))))[:, None, None]
    assert (path.margin(near) > 0).all()
    assert stress.mildest(taizhou, event, fund).shocks.tobytes() == found.shocks.tobytes()


def test_first_order_probability_is_near_the_simulated_one() -> None:
    """A boundary that is nearly flat, and no chance but the city's: three years, claims alone."""
    case = one_county(3, pool_yuan=pool_for(3.0))
    found = stress.mildest(case, "reserve_depletion", "employee")
    simulated = simulate(case, paths=100_000, seed=1).events[0, 0].sum() / 100_000
    assert found.first_order == pytest.approx(simulated, rel=0.35) and simulated <= found.at_most


def test_an_event_without_shocks_and_one_beyond_reach() -> None:
    broke = stress.mildest(one_county(1, pool_yuan=-0.0), "below_6_months", "employee")
    assert broke.beta == 0 and not broke.shocks.any() and broke.first_order == 0.5
    rich = stress.mildest(one_county(1, pool_yuan=1e12), "reserve_depletion", "employee")
    assert np.isinf(rich.beta) and not rich.shocks.any() and rich.first_order == rich.at_most == 0


def test_what_cannot_be_stressed_is_refused(taizhou: Case) -> None:
    for shocks, message in (
        ({"city_degrees_of_freedom": 4.0}, "normal city shocks"),
        ({}, "volatility is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            stress.mildest(make_case(shocks=shocks), "reserve_depletion", "employee")
    with pytest.raises(ValueError, match="expected one of reserve_depletion, cash_depletion, below_1"):
        stress.mildest(taizhou, "treasury_call", "resident")
