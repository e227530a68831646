"""A path's figures hang on seed, path, county, fund, kind, year, month and purpose, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import NAMES, draw, make_case

from sim.kernels.lanes import LANES
from sim.lower import lower_case, lower_noise, stable_id, stable_ids
from sim.rules import FundRules, Layer, Settlement
from sim.simulate import simulate

SEED = 11
PATHS = LANES + 44


@pytest.fixture(scope="module")
def full():
    """Both funds, three counties, four years."""
    return draw(make_case(excellent_probability=0.7), SEED, PATHS)


def same(ours, theirs) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_dropping_and_reordering_counties(full) -> None:
    for order in ([2, 0, 1], [1], [2, 0]):
        case = make_case(names=tuple(NAMES[i] for i in order), excellent_probability=0.7)
        part = draw(case, SEED, PATHS)
        same(part, [full.year[:, :, :, order], full.month[..., order, :], full.excellent[:, :, order]])


def test_dropping_and_reordering_funds(full) -> None:
    for funds, order in ((("employee",), [0]), (("resident",), [1]), (("resident", "employee"), [1, 0])):
        part = draw(make_case(funds=funds, excellent_probability=0.7), SEED, PATHS)
        same(part, [x[order] for x in full])


def test_fewer_years_and_other_paths(full) -> None:
    part = draw(make_case(years=2, excellent_probability=0.7), SEED, LANES + 3)
    kept = slice(0, LANES + 3)
    same(
        part, [full.year[:, :, :2, :, kept], full.month[:, :, :2, ..., kept], full.excellent[:, :2, :, kept]]
    )


def test_rules_and_options_leave_the_draws_alone(full) -> None:
    rules = FundRules.model_validate({"policy_adjustment": {"trigger": "budgeted"}, "top_up": {"months": 0}})
    case = make_case(
        dict.fromkeys(("employee", "resident"), rules), attributable_part=0.5, excellent_probability=0.7
    )
    same(draw(case, SEED, PATHS), full)


def test_shocks_that_are_off_leave_the_others_alone() -> None:
    monthly = {"monthly_volatility": (0.1, 0.2, 0.3, 0.15)}
    alone = draw(make_case(shocks=monthly), SEED, LANES)
    yearly = make_case(shocks=monthly | {"county_volatility": (0.1,) * 4, "epidemic": {"probability": 0.5}})
    both = draw(yearly, SEED, LANES)
    assert not np.allclose(alone.year, both.year)
    ratio = [x.month / x.year[:, :, :, None] for x in (alone, both)]
    np.testing.assert_allclose(ratio[0], ratio[1], rtol=1e-14)


def test_another_seed_is_another_draw(full) -> None:
    for seed in (SEED + 1, SEED + 2**32):
        other = draw(make_case(excellent_probability=0.7), seed, PATHS)
        assert (other.year != full.year).mean() > 0.999


def test_simulated_counties_do_not_feel_a_county_that_is_left_out() -> None:
    """Without common accounts a county's own series are the same bytes alone and among others."""
    own_balance = Settlement(waterfall=(Layer(shares={"county_balance": 1.0}),))
    rules = dict.fromkeys(("employee", "resident"), FundRules(settlement=own_balance))
    alone = simulate(make_case(rules, names=NAMES[1:2]), paths=PATHS, seed=SEED, threads=1)
    among = simulate(make_case(rules), paths=PATHS, seed=SEED, threads=1)
    compared = 0
    for i, key in enumerate(among.series.keys):
        if key.county == 1:
            own = next(
                n
                for n, k in enumerate(alone.series.keys)
                if (k.fund, k.county, k.year, k.metric) == (key.fund, 0, key.year, key.metric)
            )
            np.testing.assert_array_equal(among.moments[i], alone.moments[own])
            compared += 1
    assert compared == 2 * (4 * 5 + 13)


def test_stable_ids_come_from_names() -> None:
    case = make_case()
    noise = lower_noise(case, lower_case(case), 1)
    assert noise.county_id.tolist() == [stable_id(name) for name in NAMES]
    assert stable_id("甲县") == int.from_bytes(bytes.fromhex("cddf52b9"), "little")
    with pytest.raises(ValueError, match="share a random-number id"):
        stable_ids(["甲县", "甲县"])


def test_both_halves_of_a_seed_count() -> None:
    case = make_case(years=1)
    low, high, plain = (draw(case, seed, 1).year for seed in (6, 5 + 2**32, 5))
    assert (low != plain).any() and (high != plain).any()
