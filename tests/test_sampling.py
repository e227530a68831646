"""Antithetic and quasi-random paths: unbiased, reproducible, with the standard errors they really have."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from binned import tallies_of
from closed_forms import CLAIMS_VOLATILITY, depletion_by_year_two, flows, one_county
from drawn import NAMES, STRONG, draw, make_case
from scipy import stats
from twin_run import hold_against_twin

from scenarios.rulebook.city import load_city
from sim.directions import deviations
from sim.gains import gains
from sim.kernels.codes import EVENTS
from sim.kernels.lanes import LANES
from sim.metrics import metrics_table
from sim.model import Case
from sim.quasi import CityPoints, principal
from sim.sampling import RANDOMISATIONS, Method, errors_of, sobol_paths
from sim.simulate import Result, new_sampled, simulate

ANALYST = {"interest_rate": 0.02, "attributable_part": 0.4, "excellent_probability": 0.6}
LEAST = RANDOMISATIONS * LANES
METHODS: tuple[Method, ...] = ("antithetic", "sobol")
HALF = LANES // 2


@pytest.fixture(scope="module")
def taizhou() -> Case:
    return make_case(dict(load_city("taizhou").rules), names=NAMES[:2], years=3, **ANALYST)


def series(result: Result, metric: str, year: int) -> int:
    keys = result.series.keys
    return next(i for i, k in enumerate(keys) if (k.metric, k.county, k.year) == (metric, -1, year))


def mean_and_error(result: Result, metric: str, year: int) -> tuple[float, float]:
    i = series(result, metric, year)
    assert result.errors is not None
    return float(result.moments[i, 1]), float(result.errors.mean[i])


# --- both ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_same_bytes_for_any_threads_and_chunks(taizhou: Case, method: Method) -> None:
    run = partial(simulate, taizhou, paths=LEAST, seed=5, sampling=method)
    first = run(threads=1)
    for threads, chunk in ((1, 1), (2, 3), (3, 8), (2, 200)):
        other = run(threads=threads, blocks_per_chunk=chunk)
        assert tallies_of(first) == tallies_of(other)
        for one, two in zip(first.errors, other.errors, strict=True):
            assert one.tobytes() == two.tobytes()
    assert run(threads=1, blocks_per_chunk=8).moments.tobytes() == first.moments.tobytes()
    assert (
        simulate(taizhou, paths=LEAST, seed=6, sampling=method).moments.tobytes() != first.moments.tobytes()
    )


@pytest.mark.parametrize("method", METHODS)
def test_means_and_probabilities_are_those_of_plain_paths(taizhou: Case, method: Method) -> None:
    plain = simulate(taizhou, paths=8 * LEAST, seed=1)
    other = simulate(taizhou, paths=2 * LEAST, seed=2, sampling=method)
    n, mean, squares = plain.moments.T
    apart = other.moments[:, 1] - mean
    error = np.sqrt(squares / np.maximum(n - 1, 1) / np.maximum(n, 1) + other.errors.mean**2)
    seen = (error > 0) & (np.abs(mean) > 1e-9)
    assert seen.sum() > 100
    z = apart[seen] / error[seen]
    assert np.abs(z).max() < 5, other.series.keys[int(np.flatnonzero(seen)[np.abs(z).argmax()])]
    for name in ("events", "county_events"):
        p, q = (getattr(r, name).cumsum(axis=-1) / r.paths for r in (plain, other))
        error = np.sqrt(p * (1 - p) / plain.paths + getattr(other.errors, name) ** 2)
        often = (p > 0.002) & (p < 0.998)
        assert often.sum() > 5 and np.abs((p - q)[often] / error[often]).max() < 5


@pytest.mark.parametrize("method", METHODS)
def test_errors_are_those_seen_over_repetitions(method: Method) -> None:
    """The variance of estimates over independent seeds against the mean of the variances reported."""
    case = one_county(
        2, pool_yuan=2e7, county_volatility=(0.02, 0.05, 0.0, 0.0), monthly_volatility=(0.1,) * 4
    )
    paths, repeats = (512, 150) if method == "antithetic" else (LEAST, 60)
    found, told, means, errors = [], [], [], []
    for seed in range(repeats):
        result = simulate(case, paths=paths, seed=seed, sampling=method, threads=1)
        mean, error = mean_and_error(result, "reserves", 1)
        means.append(mean)
        errors.append(error)
        found.append(result.events[0, 0].sum() / paths)
        told.append(result.errors.events[0, 0, 1])
    for estimates, reported in ((means, errors), (found, told)):
        ratio = np.var(estimates, ddof=1) / np.mean(np.square(reported))
        low, high = stats.chi2.ppf([0.0005, 0.9995], repeats - 1) / (repeats - 1)
        assert low * 0.9 < ratio < high * 1.1
    # without the pairs and groups the same figures would be taken for far less exact than they are
    alone = result.moments[series(result, "reserves", 1), 2] / (paths - 1) / paths
    assert np.mean(np.square(errors)) < 0.5 * alone


@pytest.mark.parametrize("method", METHODS)
def test_means_of_a_lognormal_and_a_threshold(method: Method) -> None:
    case, paths = one_county(2, pool_yuan=0.0), 2 * LEAST
    held, contributions, claims = flows(case)
    result = simulate(case, paths=paths, seed=3, sampling=method)
    growth = np.exp(CLAIMS_VOLATILITY**2 / 2 * np.array([1, 2]))
    mean, error = mean_and_error(result, "reserves", 1)
    assert abs(mean - (held + contributions.sum() - (claims * growth).sum())) < 5 * error
    for y, p in enumerate(depletion_by_year_two(case)):
        found, error = result.events[0, 0, : y + 1].sum() / paths, result.errors.events[0, 0, y]
        assert 0.01 < p < 0.5 and abs(found - p) < 5 * error


def test_gains_are_variances_compared(taizhou: Case) -> None:
    assert gains(simulate(taizhou, paths=LEAST, seed=4)) == []
    result = simulate(taizhou, paths=LEAST, seed=4, sampling="antithetic")
    table = metrics_table(result, "x")
    for gain in gains(result):
        rows = table[(table.fund == gain.fund) & (table.county == "*") & (table.metric == gain.metric)]
        rows = rows[rows.statistic.isin(["mean", "probability"])]
        row = rows[rows.year.isna() if gain.year is None else rows.year == gain.year].iloc[0]
        if gain.metric.startswith("event:"):
            variance = row.value * (1 - row.value) / row.n
        else:
            i = next(
                i
                for i, key in enumerate(result.series.keys)
                if (key.fund, key.county, key.metric)
                == (list(taizhou.funds).index(gain.fund), -1, gain.metric)
                and key.year == (-1 if gain.year is None else 2)
            )
            variance = result.moments[i, 2] / (row.n - 1) / row.n
        assert gain.gain == pytest.approx(variance / row.std_error**2)
        assert gain.effective_paths == pytest.approx(gain.gain * row.n)
    assert len(gains(result)) >= 8


@pytest.mark.parametrize("method", METHODS)
def test_no_error_is_given_where_none_is_known(taizhou: Case, method: Method) -> None:
    table = metrics_table(simulate(taizhou, paths=LEAST, seed=4, sampling=method), "x")
    known = table.statistic.eq("mean") | (
        table.statistic.eq("probability") & ~table.metric.str.startswith("hazard:")
    )
    assert table[~known].std_error.isna().all()
    assert table[known & table.value.notna()].std_error.notna().all()


def test_paths_that_cannot_be_drawn(taizhou: Case) -> None:
    with pytest.raises(ValueError, match="expected an even number, found 301"):
        simulate(taizhou, paths=301, seed=1, sampling="antithetic")
    with pytest.raises(ValueError, match=f"expected {LEAST} paths times a power of 2, found 10000"):
        simulate(taizhou, paths=10_000, seed=1, sampling="sobol")
    with pytest.raises(ValueError, match="one of plain, antithetic, sobol; found latin"):
        simulate(taizhou, paths=128, seed=1, sampling="latin")
    assert [sobol_paths(n) for n in (1, LEAST, LEAST + 1, 3 * LEAST)] == [LEAST, LEAST, 2 * LEAST, 4 * LEAST]


# --- antithetic ---------------------------------------------------------------------------------------


def test_the_second_half_mirrors_the_first() -> None:
    shocks = {**STRONG, "epidemic": {}, "response": (0.0, 0.0), "monthly_volatility": (0.0,) * 4}
    case = make_case(shocks=shocks, years=3)
    plain, mirrored = (draw(case, 8, LANES, mirrored=mirror) for mirror in (False, True))
    log = np.log(mirrored.year)
    level = np.log(draw(make_case(shocks={}, years=3), 8, 1).year)
    np.testing.assert_allclose(
        log[..., :HALF] + log[..., HALF:], np.broadcast_to(2 * level, log[..., :HALF].shape)
    )
    assert (plain.year[..., :HALF] == mirrored.year[..., :HALF]).all()
    assert np.abs(log - level).max() > 0.5


def test_months_and_uniforms_are_mirrored_too() -> None:
    noise = {"monthly_volatility": STRONG["monthly_volatility"]}
    months = draw(make_case(shocks=noise, years=1), 8, LANES, mirrored=True).month
    sigma = np.array(STRONG["monthly_volatility"]).reshape(2, 2, 1, 1, 1, 1)
    level = draw(make_case(shocks={}, years=1), 8, 1).month
    log = np.log(months / level) + sigma**2 / 2
    np.testing.assert_allclose(log[..., :HALF], -log[..., HALF:], atol=2e-6)
    epidemic = {"probability": 0.3, "claims_mean": 0.2}
    year = draw(make_case(shocks={"epidemic": epidemic}, years=200), 8, LANES, mirrored=True).year
    struck = year[0, 1, :, 0] > 1.1 * draw(make_case(shocks={}, years=200), 8, 1).year[0, 1, :, 0]
    assert abs(struck.mean() - 0.3) < 0.01 and not (struck[:, :HALF] & struck[:, HALF:]).any()


def test_an_epidemic_s_size_is_mirrored() -> None:
    """Its normals have the other sign: the logarithms of two mirrored years have a sum that is known."""
    epidemic = {"probability": 1.0, "claims_mean": 0.2, "claims_sd": 0.1, "contributions_sd": 0.05}
    case = make_case(shocks={"epidemic": epidemic}, years=1)
    year = np.log(draw(case, 8, LANES, mirrored=True).year)[:, :, 0]
    plain = np.log(draw(make_case(shocks={}, years=1), 8, 1).year)[:, :, 0]
    both = (year[..., : LANES // 2] + year[..., LANES // 2 :]) / 2 - plain
    np.testing.assert_allclose(both[:, 1], 0.2, atol=1e-6)
    np.testing.assert_allclose(both[:, 0], 0.0, atol=1e-6)
    assert year[:, 1].std() > 0.05


def test_every_antithetic_path_is_the_twins(taizhou: Case) -> None:
    paths = 24
    drawn = draw(taizhou, 2, LANES, mirrored=True)
    lanes = np.r_[: paths // 2, HALF : HALF + paths // 2]
    result = simulate(taizhou, paths=paths, seed=2, sampling="antithetic")
    hold_against_twin(result, type(drawn)(*(x[..., lanes] for x in drawn)))


def test_the_variance_of_a_mirrored_lognormal() -> None:
    """Var((e^{sz} + e^{-sz}) / 2) = (e^{2 s^2} + 1) / 2 - e^{s^2}, s the volatility."""
    case, pairs, s = one_county(1), 20 * HALF, CLAIMS_VOLATILITY
    _, error = mean_and_error(simulate(case, paths=2 * pairs, seed=4, sampling="antithetic"), "reserves", 0)
    variance = (np.exp(2 * s**2) + 1) / 2 - np.exp(s**2)
    assert error**2 * pairs == pytest.approx(flows(case)[2][0] ** 2 * variance, rel=0.2)


def test_the_error_of_paired_events_counted_by_hand() -> None:
    """A threshold at 0 standard deviations: one of two mirrored paths is beyond it, never both."""
    case = one_county(1)
    held, contributions, claims = flows(case)
    case = one_county(1, pool_yuan=1e7 - (held + contributions[0] - claims[0]))
    result = simulate(case, paths=2 * LANES, seed=5, sampling="antithetic")
    assert result.events[0, EVENTS.index("reserve_depletion"), 0] == LANES
    assert result.errors.events[0, 0, 0] == 0
    assert simulate(case, paths=2, seed=5, sampling="antithetic").errors.events.shape == (1, 14, 1)


def test_pairs_beyond_the_end_do_not_count() -> None:
    """What happens to all of 20 paths has no error, whatever their block's other lanes meet."""
    ruined = one_county(1, pool_yuan=0.0, epidemic={"probability": 1.0, "claims_mean": 1.0})
    result = simulate(ruined, paths=20, seed=1, sampling="antithetic")
    event = EVENTS.index("reserve_depletion")
    assert result.events[0, event, 0] == 20 and result.errors.events[0, event, 0] == 0


@pytest.mark.parametrize("pairs", [1, 2, 7])
def test_errors_are_those_of_the_averages_of_pairs(pairs: int) -> None:
    """From each pair's average, and of events from each pair's share, year by year."""
    draw = np.random.default_rng(pairs)
    x, first = draw.normal(5, 2, (pairs, 2)), draw.integers(0, 4, (pairs, 2))
    d = x - x.mean()
    moments = np.array([[[2 * pairs, x.mean(), (d**2).sum(), d.prod(axis=1).sum()]]])
    new = np.array([(first == year).sum() for year in range(4)])
    both = np.array([(first <= year).all(axis=1).sum() for year in range(4)])
    sampled = new_sampled(one_county(4), pairs=True)
    sampled.pairs[0, 3], sampled.county_pairs[0, 0] = both, both
    events = np.zeros((1, *sampled.pairs.shape), np.int64)
    events[0, 0, 3] = new
    found = errors_of("antithetic", 2 * pairs, moments, events, new[None, None, None], sampled)
    assert found is not None
    if pairs == 1:
        assert np.isnan(found.mean).all() and np.isnan(found.events).all()
        return
    shares = [(first <= year).mean(axis=1) for year in range(4)]
    np.testing.assert_allclose(found.mean, stats.sem(x.mean(axis=1)))
    np.testing.assert_allclose(found.events[0, 3], stats.sem(shares, axis=1), atol=1e-9)
    np.testing.assert_allclose(found.county_events[0, 0], stats.sem(shares, axis=1), atol=1e-9)


# --- Sobol --------------------------------------------------------------------------------------------


def test_errors_are_those_of_the_means_of_groups() -> None:
    """Four randomisations of eight paths; of a series that is empty in one of them no error is known."""
    draw = np.random.default_rng(1)
    moments = np.dstack([np.full((4, 2), 8.0), draw.normal(5, 2, (4, 2)), np.ones((4, 2))])
    moments[2, 1] = 0
    new = draw.integers(0, 3, (4, 1, 1, 3))
    found = errors_of("sobol", 32, moments, new, new[:, :, :, ::-1], new_sampled(one_county(3)))
    assert found is not None
    np.testing.assert_allclose(found.mean, [stats.sem(moments[:, 0, 1]), np.nan])
    np.testing.assert_allclose(found.events[0, 0], stats.sem(new[:, 0, 0].cumsum(axis=1) / 8))
    np.testing.assert_allclose(found.county_events[0, 0], stats.sem(new[:, 0, 0, ::-1].cumsum(axis=1) / 8))


@pytest.mark.parametrize("nu", [None, 5.0])
def test_points_have_the_shocks_law(nu: float | None) -> None:
    case = make_case(years=6, shocks={**STRONG, "city_degrees_of_freedom": nu})
    rotation = principal(case)
    blocks = [CityPoints(case, rotation, 1, r).blocks(1) for r in range(16_384 // LANES)]
    eps = np.concatenate(blocks).reshape(len(blocks), 6, 4, LANES).transpose(1, 2, 0, 3).reshape(24, -1)
    law = stats.norm if nu is None else stats.t(nu, scale=np.sqrt((nu - 2) / nu))
    for row in eps:
        assert stats.kstest(row, law.cdf).pvalue > 1e-4
    assert np.abs(np.corrcoef(eps) - np.eye(24)).max() < 0.05
    together = np.corrcoef(np.abs(eps).reshape(6, 4, -1)[2])[np.triu_indices(4, 1)]
    assert (together > 0.05).all() if nu else (np.abs(together) < 0.05).all()


def test_points_are_the_same_however_they_are_asked_for() -> None:
    case = make_case(years=2)
    one, other = (CityPoints(case, principal(case), 1, 7) for _ in range(2))
    assert one.blocks(5).tobytes() == b"".join(other.blocks(n).tobytes() for n in (1, 3, 1))


def test_deviations_are_the_models() -> None:
    """The matrix against a year-by-year walk of the model's text."""
    case = make_case(years=4)
    phi, scale = np.array(STRONG["city_persistence"]), np.array(STRONG["city_volatility"])
    root = np.linalg.cholesky(np.array(STRONG["city_correlation"]))
    eps = np.random.default_rng(1).normal(size=(4, 4))
    g, total, walk = np.zeros(4), np.zeros(4), []
    for y in range(4):
        g = phi * g + scale * (root @ eps[y])
        ahead = total[1::2] - total[::2]
        total = total + g
        total[1::2] -= np.array(STRONG["response"]) * ahead
        walk.append(total)
    np.testing.assert_allclose(np.tensordot(deviations(case), eps, 2), walk)


def test_principal_directions_are_a_rotation_in_order() -> None:
    case = make_case(years=5)
    rotation, moves = principal(case), deviations(case).reshape(20, 20)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(20), atol=1e-12)
    sizes = np.linalg.norm(moves @ rotation.T, axis=0)
    assert (np.diff(sizes) <= 1e-12).all()


def test_balanced_points_beat_plain_paths_by_far_where_nothing_else_is_random() -> None:
    case, paths = one_county(2), 2 * LEAST
    result = simulate(case, paths=paths, seed=6, sampling="sobol")
    squares = result.moments[series(result, "reserves", 1), 2]
    _, error = mean_and_error(result, "reserves", 1)
    assert squares / paths**2 / error**2 > 300
