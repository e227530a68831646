"""Importance sampling: known probabilities, likelihood ratios, effective sample sizes, the shifts found."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from closed_forms import depletion_by_year_two, flows, least_shocks, one_county, pool_for
from drawn import NAMES, make_case
from scipy import stats

from scenarios.rulebook.city import load_city
from sim.directions import deviations, nearest
from sim.kernels.codes import EVENTS, EVER
from sim.kernels.lanes import LANES
from sim.kernels.sampled import weigh_event
from sim.lower import lower_case, lower_noise
from sim.metrics import reported_events
from sim.mixture import Mixture
from sim.model import Case
from sim.rare import rare_event, refused, watchable
from sim.simulate import new_sampled, simulate

NOISY = {"county_volatility": (0.0, 0.04, 0.0, 0.0), "monthly_volatility": (0.1,) * 4}


@pytest.fixture(scope="module")
def taizhou() -> Case:
    shocks = {"city_volatility": (0.05, 0.06, 0.04, 0.08), **NOISY}
    return make_case(dict(load_city("taizhou").rules), names=NAMES[:2], years=3, shocks=shocks)


def test_an_event_keeps_the_weight_of_its_year(taizhou: Case) -> None:
    """Ratios 1 to LANES in the first year and ten times as much in the second; the last lane is no path."""
    event = EVENTS.index("unfunded")
    sampled = new_sampled(taizhou, event=event, blocks=1)
    lanes = np.arange(1.0, LANES + 1)
    sampled.ratios[0, :2] = lanes, 10 * lanes
    weight, city = np.ones(LANES), np.zeros(int(EVER) + len(EVENTS) * LANES)
    weight[-1] = 0
    happened = city[int(EVER) + event * LANES :][:LANES]
    happened[[0, LANES - 1]] = 1
    weigh_event(sampled, city, weight, 0, 0, 0)
    happened[1] = 1
    weigh_event(sampled, city, weight, 0, 0, 1)
    first, second = lanes[1:-1], 10 * lanes[2:-1]
    assert sampled.hits[0, 0, 0].tolist() == [1, 1, first.sum(), (first**2).sum()]
    assert sampled.hits[0, 0, 1].tolist() == [1 + 20, 1 + 400, second.sum(), (second**2).sum()]


@pytest.mark.parametrize("distance", [2.3, 4.2649, 5.2])
def test_a_known_probability_of_one_year(distance: float) -> None:
    """10^-2, 10^-5 and 10^-7: a normal threshold."""
    p = stats.norm.sf(distance)
    rare = rare_event(one_county(1, pool_yuan=pool_for(distance)), "reserve_depletion", paths=10_000, seed=1)
    found, error = rare.probability[0, 0], rare.error[0, 0]
    assert abs(found - p) < 4 * error and error < 0.05 * p
    assert rare.effective[0, 0] == pytest.approx(found * (1 - found) / error**2)
    if distance > 4:
        assert rare.effective[0, 0] > 1000 * 10_000


def test_known_probabilities_of_two_years_at_once() -> None:
    case = one_county(2, pool_yuan=pool_for(4.5))
    rare = rare_event(case, "reserve_depletion", paths=20_000, seed=2)
    for y, p in enumerate(depletion_by_year_two(case)):
        assert abs(rare.probability[0, y] - p) < 4 * rare.error[0, y], y
        assert rare.error[0, y] < 0.06 * p
    assert depletion_by_year_two(case)[0] == pytest.approx(stats.norm.sf(4.5))


def test_a_rare_event_is_the_one_that_plain_paths_find() -> None:
    """Two counties' noise, three years, Taizhou's rules: a million plain paths against ten thousand."""
    shocks = {"city_volatility": (0.05, 0.06, 0.04, 0.08), **NOISY}
    case = make_case(
        dict(load_city("taizhou").rules), funds=("employee",), names=NAMES[:1], years=2, shocks=shocks
    )
    paths = 1_000_000
    plain = simulate(case, paths=paths, seed=3)
    compared = 0
    for event in ("reserve_depletion", "below_1_months", "treasury_call"):
        index = reported_events(case.rules["employee"], case.options.below_months)[event]
        rare = rare_event(case, event, paths=10_000, seed=4)
        for y, p in enumerate(plain.events[0, index].cumsum() / paths):
            error = np.hypot(rare.error[0, y], np.sqrt(rare.probability[0, y] / paths))
            assert abs(p - rare.probability[0, y]) <= 4.5 * error, (event, y)
            compared += 1e-5 < p < 1e-2
    assert compared >= 2


def test_errors_and_effective_sizes_are_those_seen_over_repetitions() -> None:
    case, repeats = one_county(2, pool_yuan=pool_for(4.0), **NOISY), 60
    runs = [rare_event(case, "reserve_depletion", paths=2048, seed=s, threads=1) for s in range(repeats)]
    low, high = stats.chi2.ppf([0.0005, 0.9995], repeats - 1) / (repeats - 1)
    for y in range(2):
        found = np.array([run.probability[0, y] for run in runs])
        told = np.array([run.error[0, y] for run in runs])
        assert 0.8 * low < found.var(ddof=1) / np.mean(told**2) < 1.2 * high
        p = found.mean()
        effective = np.median([run.effective[0, y] for run in runs])
        assert 0.6 * low < effective * found.var(ddof=1) / (p * (1 - p)) < 1.7 * high
        # of all paths a part has the event, each with a weight of its own: about 1 / relative variance
        kish = np.median([run.kish[0, y] for run in runs])
        assert 0.3 < kish * found.var(ddof=1) / p**2 < 3


def test_an_event_that_is_rare_at_first_and_all_but_sure_later() -> None:
    """Weights of all paths make 1 in the mean alone: what is likely is one less what is left."""
    case, repeats, paths = one_county(4, pool_yuan=pool_for(4.0)), 40, 200_000
    fund = case.funds["employee"]
    growth = fund.growth.model_copy(update={"claims": (0.0, 0.15, 0.6, 0.6)})
    case.funds["employee"] = fund.model_copy(update={"growth": growth})
    plain = simulate(case, paths=paths, seed=1).events[0, 0].cumsum() / paths
    runs = [rare_event(case, "reserve_depletion", paths=4096, seed=s, threads=1) for s in range(repeats)]
    found, told = (np.array([getattr(run, name)[0] for run in runs]) for name in ("probability", "error"))
    assert found.max() <= 1 and (plain[0] < 1e-4) and plain[3] > 0.97 and len(runs[0].shifts) > 1
    error = np.sqrt(plain * (1 - plain) / paths + (told**2).mean(axis=0) / repeats)
    assert (np.abs(found.mean(axis=0) - plain)[1:] < 4 * error[1:]).all()
    low, high = stats.chi2.ppf([0.0005, 0.9995], repeats - 1) / (repeats - 1)
    spread = found.var(axis=0, ddof=1)[1:] / (told**2).mean(axis=0)[1:]
    assert (spread > 0.6 * low).all() and (spread < 1.7 * high).all()
    sure = one_county(1, pool_yuan=0.0, city_volatility=(0.0, 1e-9, 0.0, 0.0))
    certain = rare_event(sure, "below_6_months", paths=300, seed=1)
    assert (
        (certain.probability == 1).all() and (certain.error == 0).all() and np.isnan(certain.effective).all()
    )


def test_without_shifts_it_counts_plain_paths(taizhou: Case) -> None:
    """An event that is not rare needs no shift, and every path then counts as one."""
    paths = 4 * LANES + 100
    rare = rare_event(taizhou, "treasury_call", paths=paths, seed=5)
    if len(rare.shifts) > 1:
        pytest.fail("the case was meant to need no shift")
    plain = simulate(taizhou, paths=paths, seed=5)
    index = EVENTS.index("treasury_call")
    np.testing.assert_allclose(rare.probability, plain.events[:, index].cumsum(axis=-1) / paths, rtol=1e-15)
    p = rare.probability
    np.testing.assert_allclose(rare.error, np.sqrt(p * (1 - p) / (paths - 1)))
    np.testing.assert_allclose(rare.kish, np.minimum(p, 1 - p) * paths)


def test_the_same_bytes_for_any_threads_and_chunks(taizhou: Case) -> None:
    run = partial(rare_event, taizhou, "reserve_depletion", paths=9 * LANES + 5, seed=6)
    first = run(threads=1)
    assert len(first.shifts) > 2
    for threads, chunk in ((2, 1), (2, 3), (3, 8)):
        other = run(threads=threads, blocks_per_chunk=chunk)
        for name in ("probability", "error", "kish", "shifts"):
            assert getattr(first, name).tobytes() == getattr(other, name).tobytes(), name


def test_ratios_are_densities_compared(taizhou: Case) -> None:
    plan = lower_case(taizhou)
    noise = lower_noise(taizhou, plan, 7)
    rng = np.random.default_rng(1)
    shifts = np.concatenate([np.zeros((1, 3, 4)), rng.normal(size=(2, 3, 4))])
    paths = 60 * LANES + 40
    mixture = Mixture(taizhou, noise, shifts, paths)
    assert mixture.paths.tolist() == [20 * LANES + 40, 20 * LANES, 20 * LANES]
    ratios, eps = [], []
    for chunk in mixture.chunks(8):
        eps.append(chunk.given.reshape(chunk.blocks, 3, 4, LANES).astype(float))
        ratios.append(chunk.ratios)
    w, eps = np.concatenate(ratios), np.concatenate(eps)
    for y in range(3):
        seen = eps[:, : y + 1].transpose(0, 3, 1, 2)
        density = [stats.norm.pdf(seen - shift[: y + 1]).prod(axis=(2, 3)) for shift in shifts]
        mixed = sum(n / paths * q for n, q in zip(mixture.paths, density, strict=True))
        np.testing.assert_allclose(w[:, y], density[0] / mixed, rtol=1e-6)
        w_used = w[:, y].ravel()[:paths]
        assert abs(w_used.mean() - 1) < 4 * w_used.std() / np.sqrt(paths)
        assert w_used.max() <= paths / mixture.paths[0] * (1 + 1e-12)
    for block in range(6):
        assert abs(eps[block].mean() - shifts[block % 3].mean()) < 5 / np.sqrt(12 * LANES)


def test_the_nearest_point_is_an_optimisers() -> None:
    walk = {"city_volatility": (0.05, 0.1, 0.0, 0.0), "city_persistence": (0.3, 0.2, 0.0, 0.0)}
    case = one_county(3, pool_yuan=pool_for(5.0), **walk)
    held, contributions, claims = flows(case)
    moves = deviations(case)[:, :2].swapaxes(0, 1)
    ways = np.array([contributions, -claims])

    point = least_shocks(case)
    length = np.sqrt((point**2).sum())
    assert length > 1
    np.testing.assert_allclose(nearest(held, ways, moves), point / length, atol=2e-4)


def test_the_shift_is_as_long_as_the_event_is_far() -> None:
    rare = rare_event(one_county(1, pool_yuan=pool_for(4.0)), "reserve_depletion", paths=256, seed=8)
    assert rare.lengths == pytest.approx([0.0, 4.0], abs=0.05)
    assert rare.shifts[1, 0] == pytest.approx([0.0, 4.0, 0.0, 0.0], abs=0.05)


def test_what_cannot_be_weighted_is_refused(taizhou: Case) -> None:
    assert set(watchable(taizhou)) >= {"reserve_depletion", "pool_depletion", "below_3_months"}
    assert "risk_fund_depletion" not in watchable(taizhou)
    with pytest.raises(ValueError, match=r"expected one of reserve_depletion, .* found moonrise"):
        rare_event(taizhou, "moonrise", paths=100, seed=1)
    with pytest.raises(ValueError, match="at least 1"):
        rare_event(taizhou, "reserve_depletion", paths=0, seed=1)
    heavy = make_case(shocks={"city_degrees_of_freedom": 4.0})
    assert "normal city shocks" in refused(heavy, "reserve_depletion")


def test_without_shocks_nothing_is_shifted() -> None:
    rare = rare_event(make_case(shocks={}, years=2), "reserve_depletion", paths=300, seed=1)
    assert len(rare.shifts) == 1
    assert set(np.unique(rare.probability)) <= {0.0, 1.0} and (rare.error == 0).all()
    assert np.isnan(rare.effective).all()
