"""Reverse stress against closed forms, another optimiser and the event itself."""

from __future__ import annotations

import numpy as np
import pytest
from closed_forms import CLAIMS_VOLATILITY, flows, least_shocks, one_county, pool_for
from drawn import NAMES, draw, make_case
from scipy import stats

from scenarios.rulebook.city import load_city
from sim import stress
from sim.directions import deviations, without_shocks
from sim.kernels.lanes import LANES
from sim.lower import lower_case, lower_noise
from sim.mixture import Mixture
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


def city_case(city: str) -> Case:
    shocks = {"city_volatility": (0.05, 0.06, 0.04, 0.08), "city_persistence": (0.3,) * 4, **NOISY}
    return make_case(dict(load_city(city).rules), names=NAMES[:2], years=4, shocks=shocks)


@pytest.mark.parametrize(
    ("city", "event", "fund"),
    [
        ("taizhou", "reserve_depletion", "resident"),
        ("taizhou", "below_1_months", "employee"),
        ("ziyang", "cash_depletion", "resident"),  # low in November, refilled by treasuries in December
    ],
)
def test_real_rules_fail_there_and_nowhere_nearer(city: str, event: str, fund: Fund) -> None:
    """A little less of the shocks and it stays away; and so it does for other shocks that are smaller."""
    case = city_case(city)
    found = stress.mildest(case, event, fund)
    assert 0 < found.beta < 10
    path = stress._Path(case, event, fund, 4)
    scaled = found.shocks * np.array([0.999, 1.0])[:, None, None]
    assert path.happens(scaled).tolist() == [False, True]
    rng = np.random.default_rng(1)
    near = found.shocks + rng.normal(0, 0.1, (5000, 4, 4))
    near *= (0.98 * found.beta / np.sqrt((near**2).sum(axis=(1, 2))))[:, None, None]
    assert not path.happens(near).any()
    assert stress.mildest(case, event, fund).shocks.tobytes() == found.shocks.tobytes()
    if city == "ziyang":  # cash is looked at every month: at the year's end there is some again
        assert found.stressed.min() > 0


def test_what_never_happens_lies_beyond_reach_whatever_its_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """In December a refilled fund may have had less than nothing, and yet had cash at every month's end."""
    path = stress._Path(city_case("ziyang"), "cash_depletion", "resident", 4)
    direction = np.full((4, 4), 0.25)
    assert path.margin(path.along(direction * [-1, 1, -1, 1], np.array([stress.FARTHEST]))).min() < 0
    monkeypatch.setattr(path, "happens", lambda shocks: np.zeros(len(shocks), bool))
    assert path.distance(direction * [-1, 1, -1, 1])[0] > stress.FARTHEST


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


def test_what_cannot_be_stressed_is_refused() -> None:
    for shocks, message in (
        ({"city_degrees_of_freedom": 4.0}, "normal city shocks"),
        ({}, "volatility is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            stress.mildest(make_case(shocks=shocks), "reserve_depletion", "employee")
    with pytest.raises(ValueError, match="expected one of reserve_depletion, cash_depletion, below_1"):
        stress.mildest(city_case("taizhou"), "treasury_call", "resident")


def test_the_linear_response_is_the_kernels() -> None:
    """Logarithms of the years' totals over those without the city's shocks, with a policy response."""
    shocks = {
        "city_volatility": (0.05, 0.06, 0.04, 0.08),
        "city_persistence": (0.3, 0.5, 0.0, 0.7),
        "city_correlation": ((1, 0.5, 0, 0), (0.5, 1, 0, 0), (0, 0, 1, 0.2), (0, 0, 0.2, 1)),
        "response": (0.2, 0.35),
    }
    case = make_case(years=6, names=NAMES[:2], shocks=shocks)
    calm = make_case(years=6, names=NAMES[:2], shocks={"response": (0.2, 0.35)})
    noise = lower_noise(case, lower_case(case), 8)
    (chunk,) = Mixture(case, noise, np.zeros((1, 6, 4)), LANES).chunks(1)
    assert chunk.given is not None
    eps = chunk.given.reshape(6, 4, LANES)
    moved, still = (draw(each, 8, LANES).year for each in (case, calm))
    found = np.log(moved / still).transpose(2, 0, 1, 3, 4).reshape(6, 4, 2, LANES)
    expected = np.einsum("yczk,zkp->ycp", deviations(case), eps)
    np.testing.assert_allclose(found, np.repeat(expected[:, :, None], 2, axis=2), atol=2e-5)
    assert np.abs(expected).max() > 0.3
    flows = without_shocks(case, noise)
    np.testing.assert_allclose(flows, still[..., 0].sum(axis=-1), rtol=1e-5)
