"""Shocks against float64: every function point by point, then Student-t against SciPy in distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.kernels.lanes import LANES
from sim.kernels.normals import (
    exp2,
    exp2_minus_1,
    log2,
    minus_log2,
    normal_pair,
    normals,
    student_four,
    student_pairs,
    uniform_31,
)
from sim.kernels.shocks import mix_city, walk
from sim.kernels.threefry import words

f4 = np.float32
NUS = (2.1, 3.0, 5.0, 30.0, 1000.0)
EXTREMES = np.array([0, 1, 2, 3, -1, -2, -3, 2**31 - 1, 2**31 - 2, -(2**31), 1 - 2**31, 2**30, -(2**30)])


def some_words(count: int, seed: int) -> np.ndarray:
    """(4, count) int32 words, every pair of extremes among them."""
    drawn = np.random.default_rng(seed).integers(-(2**31), 2**31, (4, count))
    pairs = np.array([(a, b) for a in EXTREMES for b in EXTREMES]).T
    drawn[:2, : pairs.shape[1]] = drawn[2:, : pairs.shape[1]] = pairs
    return drawn.astype(np.int32)


def by_block(stage, drawn: np.ndarray, *args) -> np.ndarray:
    """(4, count) draws of a stage that fills one block."""
    out = np.empty(drawn.shape, f4)
    filled = np.empty(4 * LANES, f4)
    for first in range(0, drawn.shape[1], LANES):
        stage(filled, np.ascontiguousarray(drawn[:, first : first + LANES]).ravel(), *args)
        out[:, first : first + LANES] = filled.reshape(4, LANES)
    return out


def uniform(word: np.ndarray) -> np.ndarray:
    """The word's uniform number in float64."""
    return ((word.astype(np.int64) >> 1 & 0x7FFFFFFF) + 0.5) / 2**31


def circle(word: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of the word's angle in float64: the low bit is the side of the circle."""
    angle = np.pi / 2 * word / 2.0**31
    return np.where(word & 1, -1, 1) * np.cos(angle), np.sin(angle)


def check_draws(ours: np.ndarray, squared: np.ndarray, word: np.ndarray, slack: np.ndarray) -> None:
    """A pair against the radius whose exact square is given, known within ``slack``, and the direction."""
    ours = ours.astype(np.float64)
    assert (np.abs((ours**2).sum(axis=0) - squared) <= slack).all()
    radius = np.hypot(*ours)
    for mine, exact in zip(ours, circle(word), strict=True):
        assert (np.abs(mine - radius * exact) <= 3e-7 * radius).all()


def test_exp2_relative() -> None:
    grid = np.concatenate([np.linspace(-59.999, 59.999, 60_001), np.linspace(-1, 1, 20_001), [-60, 0, 60]])
    grid = grid.astype(f4)
    ours = np.array([exp2(t) for t in grid])
    assert np.abs(ours / np.exp2(grid.astype(np.float64)) - 1).max() <= 2e-7
    assert exp2(f4(0)) == 1
    for t in (60.5, 1e30, np.inf):
        assert exp2(f4(t)) == 2.0**60 and exp2(f4(-t)) == 2.0**-60


def test_exp2_minus_1_has_no_cancellation() -> None:
    small = np.geomspace(1e-30, 0.5, 20_001)
    grid = np.concatenate([-small, small, np.linspace(0.5, 59.9, 20_001), -np.linspace(0.5, 59.9, 2001)])
    grid = grid.astype(f4)
    ours = np.array([exp2_minus_1(t) for t in grid])
    exact = np.expm1(grid.astype(np.float64) * np.log(2))
    assert np.abs(ours / exact - 1).max() <= 9e-7
    assert exp2_minus_1(f4(0)) == 0


def test_log2_absolute_and_near_one_relative() -> None:
    grid = np.concatenate([np.geomspace(1.2e-38, 3.4e38, 60_001), np.linspace(0.5, 2, 20_001)]).astype(f4)
    whole, part = np.array([log2(x) for x in grid]).T
    exact = np.log2(grid.astype(np.float64))
    assert (whole == np.round(whole)).all()
    assert np.abs(part).max() <= 0.5 + 1e-6
    assert np.abs(whole + part - exact).max() <= 1e-7
    near = np.abs(grid - 1) < 0.25
    away = near & (grid != 1)
    assert np.abs((whole + part)[away] / exact[away] - 1).max() <= 3e-7
    assert log2(f4(1)) == (0, 0)


def test_minus_log2_over_all_of_the_words() -> None:
    word = some_words(60_000, 3).ravel()
    exact = -np.log2(uniform(word))
    ours = np.array([minus_log2(w) for w in word])
    assert (ours >= 0).all() and ours.max() == 32
    assert (np.abs(ours - exact) <= 1.5e-7 + 1.5e-7 * exact).all()
    assert [uniform_31(w) for w in np.array([0, 1, 2, -2], np.int32)] == [0.5, 0.5, 1.5, 2**31]


def test_normals_are_box_and_muller() -> None:
    drawn = some_words(40_960, 4)
    ours = by_block(normals, drawn)
    for i in (0, 2):
        squared = -2 * np.log(uniform(drawn[i]))
        check_draws(ours[i : i + 2], squared, drawn[i + 1], 2.5e-7 + 5e-7 * squared)
        single = [normal_pair(drawn[i, n], drawn[i + 1, n]) for n in range(500)]
        np.testing.assert_array_equal(np.array(single, f4).T, ours[i : i + 2, :500])
    assert 6.65 < np.abs(ours).max() <= 6.67


@pytest.mark.parametrize("nu", NUS)
def test_student_pairs_have_the_exact_radius(nu: float) -> None:
    drawn = some_words(20_480, 5)
    ours = by_block(student_pairs, drawn, f4(nu))
    nu = float(f4(nu))
    for i in (0, 2):
        power = uniform(drawn[i]) ** (-2 / nu)
        squared = (nu - 2) * (power - 1)
        check_draws(ours[i : i + 2], squared, drawn[i + 1], slack_of(squared, power, drawn[i], nu, nu - 2))


@pytest.mark.parametrize("nu", NUS)
def test_student_four_has_the_exact_radii(nu: float) -> None:
    drawn = some_words(20_480, 6)
    ours = by_block(student_four, drawn, f4(nu))
    nu = float(f4(nu))
    powers = uniform(drawn[0]) ** (-2 / nu), uniform(drawn[2]) ** (-2 / (nu + 2))
    first = nu * (powers[0] - 1)
    second = (nu + first) * (powers[1] - 1)
    scale = (nu - 2) / nu
    slack = slack_of(scale * first, powers[0], drawn[0], nu, nu - 2)
    check_draws(ours[:2], scale * first, drawn[1], slack)
    carried = slack * (powers[1] - 1)
    own = slack_of(scale * second, powers[1], drawn[2], nu + 2, scale * (nu + first))
    check_draws(ours[2:], scale * second, drawn[3], carried + own)


def slack_of(
    squared: np.ndarray, power: np.ndarray, word: np.ndarray, nu: float, factor: np.ndarray | float
) -> np.ndarray:
    """What float32 does to factor x (U^(-2/nu) - 1): the logarithm's error, and relative rounding."""
    bits = -np.log2(uniform(word))
    return factor * power * np.log(2) * 2 / nu * 3e-7 * (1 + bits) + 1e-6 * squared


def many(stage, nu: float, seed: int, blocks: int = 3907, first: int = 0) -> np.ndarray:
    """(4, blocks x LANES) draws with the generator's own words, from block ``first`` on."""
    drawn, filled = np.empty(4 * LANES, np.int32), np.empty(4 * LANES, f4)
    out, key = np.empty((4, blocks * LANES)), np.array([seed, 0], np.uint32)
    for b in range(blocks):
        words(drawn, (first + b) * LANES, 0, 0, 1, key)
        stage(filled, drawn, f4(nu)) if nu else stage(filled, drawn)
        out[:, b * LANES : (b + 1) * LANES] = filled.reshape(4, LANES)
    return out


def fits(sample: np.ndarray, law) -> None:
    assert stats.kstest(law.cdf(sample), "uniform", method="asymp").pvalue > 1e-3


def fits_with_tails(sample: np.ndarray, law, tail: float = 1e-3) -> None:
    """The whole sample and its two tails apart, each given that it is in the tail."""
    fits(sample, law)
    for side, mirrored in ((1, law.isf), (-1, law.ppf)):
        edge = side * mirrored(tail)
        beyond = side * sample[side * sample > edge]
        share = stats.binomtest(len(beyond), len(sample), tail)
        assert share.pvalue > 1e-3
        survival = law.sf if side == 1 else (lambda x: law.cdf(-x))
        assert stats.kstest(1 - survival(beyond) / tail, "uniform", method="asymp").pvalue > 1e-3


def test_normal_marginals_and_independence() -> None:
    z = many(normals, 0, 21)
    for row in z[[0, 3]]:
        fits_with_tails(row, stats.norm)
    fits((z**2).sum(axis=0), stats.chi2(4))
    limit = 5 / np.sqrt(z.shape[1])
    off = np.triu_indices(4, 1)
    for shape in (z, z**2, np.abs(z)):
        assert np.abs(np.corrcoef(shape)[off]).max() < limit
    assert np.abs(z.mean(axis=1)).max() < limit
    assert np.abs(z.std(axis=1) - 1).max() < limit / np.sqrt(2)


@pytest.mark.parametrize("nu", [2.1, 5.0, 30.0])
def test_student_four_is_one_multivariate_t(nu: float) -> None:
    t = many(student_four, nu, 22, 3907 if nu == 5 else 1500) / np.sqrt((nu - 2) / nu)
    law = stats.t(nu)
    fits(t[0], law)
    fits_with_tails(t[3], law)
    # R^2 / 4 has the law F(4, nu), and the direction is uniform on the sphere and independent of it
    squares = (t**2).sum(axis=0)
    fits_with_tails(squares / 4, stats.f(4, nu))
    part = (t[:2] ** 2).sum(axis=0) / squares
    fits(part, stats.uniform)
    # the ratio of two components is Cauchy only where one mixing variable serves both
    for i, j in ((0, 1), (1, 2), (0, 3)):
        fits(t[i] / t[j], stats.cauchy)
    ranks = stats.rankdata(squares)
    assert abs(np.corrcoef(ranks, part)[0, 1]) < 5 / np.sqrt(t.shape[1])


def test_squares_show_one_mixing_variable_for_four_and_two_for_pairs() -> None:
    four, pairs = (np.log(many(stage, 5.0, 23, 1000) ** 2) for stage in (student_four, student_pairs))
    # of log t^2 = log z^2 - log s: the variance of log s of a common s ~ chi2(5) / 5
    common = 4.9348 / (4.9348 + 0.4904)
    within = np.corrcoef(four)[np.triu_indices(4, 1)]
    limit = 5 / np.sqrt(four.shape[1])
    np.testing.assert_allclose(within, 1 - common, atol=limit)
    apart = np.corrcoef(pairs)
    np.testing.assert_allclose(apart[[0, 2], [1, 3]], 1 - common, atol=limit)
    np.testing.assert_allclose(apart[:2, 2:], 0, atol=limit)


def test_student_pairs_marginals() -> None:
    for nu in (3.0, 30.0):
        t = many(student_pairs, nu, 24, 2000) / np.sqrt((nu - 2) / nu)
        fits_with_tails(t[1], stats.t(nu), 1e-2)
        fits_with_tails(t[2], stats.t(nu), 1e-2)
        fits(t[0] / t[1], stats.cauchy)
        assert stats.kstest(t[0] / t[2], stats.cauchy.cdf, method="asymp").pvalue < (1e-6 if nu == 3 else 1)


@pytest.mark.parametrize("stage", [student_four, student_pairs])
def test_unit_variance(stage) -> None:
    n, nu = 3907 * LANES, 30.0
    kurtosis = 3 + 6 / (nu - 4)
    squares = (many(stage, nu, 25) ** 2).mean(axis=1)
    assert np.abs(squares - 1).max() < 5 * np.sqrt((kurtosis - 1) / n)


@pytest.mark.slow  # six seconds each
@pytest.mark.parametrize(
    ("stage", "nu", "rows"),
    [
        (normals, 0.0, [0, 1, 2, 3]),
        # components of one t vector are not independent: one at a time
        (student_four, 5.0, [0]),
        (student_four, 5.0, [3]),
        (student_pairs, 3.0, [1]),
        (student_pairs, 30.0, [2]),
    ],
)
def test_a_hundred_million_draws(stage, nu: float, rows: list[int]) -> None:
    """By a chi-square test in 2,000 bins, and by how many lie beyond far quantiles."""
    law = stats.t(nu, scale=np.sqrt((nu - 2) / nu)) if nu else stats.norm
    draws, step = 10**8, 8000
    blocks = -(-draws // (LANES * len(rows) * step)) * step
    draws = blocks * LANES * len(rows)
    tails = np.array([1e-3, 1e-5, 1e-6])
    edges = np.linspace(-1, 1, 2001) * np.arcsinh(law.isf(20 / draws))
    counts, beyond = np.zeros(len(edges) - 1), np.zeros((2, len(tails)), np.int64)
    for first in range(0, blocks, step):
        z = many(stage, nu, 26, step, first)[rows].ravel()
        counts += np.histogram(np.clip(np.arcsinh(z), edges[0], edges[-1]), edges)[0]
        beyond += [[(side * z > edge).sum() for edge in law.isf(tails)] for side in (1, -1)]
    assert counts.sum() == draws

    def pvalue(scale: float) -> float:
        inner = law.cdf(np.sinh(edges[1:-1]) / scale)
        return stats.chisquare(counts, draws * np.diff([0, *inner, 1])).pvalue

    assert pvalue(1) > 1e-3
    assert pvalue(1.003) < 1e-6  # a spread of three in a thousand too much would have been seen
    for side in beyond:
        for count, tail in zip(side, tails, strict=True):
            assert stats.binomtest(int(count), draws, tail).pvalue > 1e-3


def test_shocks_are_cut_at_eight_after_the_correlation_and_before_the_volatility() -> None:
    z = np.zeros((4, LANES), f4)
    z[0] = np.linspace(-30, 30, LANES)
    z[1] = np.linspace(-5, 5, LANES)
    root = np.array([0.6, 0.8, 0, 0], f4)
    city = np.full(2 * LANES, 0.5, f4)
    mix_city(city, z.ravel(), LANES, root, f4(0.3), f4(0.5))
    exact = 0.25 + 0.3 * np.clip(0.6 * z[0] + 0.8 * z[1], -8, 8)
    np.testing.assert_allclose(city[LANES:], exact, rtol=1e-6, atol=1e-7)
    assert (city[:LANES] == 0.5).all() and np.abs(exact).max() > 2.6

    row, none = np.zeros(4 * LANES, f4), np.zeros(2 * LANES, f4)
    walk(row, none, z[:2].ravel(), f4(0), f4(0.6), f4(1), f4(2), f4(0), f4(0))
    np.testing.assert_allclose(row[:LANES], np.clip(z[0], -8, 8))
    np.testing.assert_allclose(
        row[LANES : 2 * LANES], 2 * np.clip(0.6 * z[0] + 0.8 * z[1], -8, 8), rtol=1e-6, atol=1e-6
    )
