"""Crossings of a step function and their intervals: order statistics, closed forms, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import CLAIMS_VOLATILITY, flows, one_county
from scipy import stats
from scipy.stats import binomtest

from scenarios.questions.crossing import band, least_paths, solve_step
from scenarios.runs.facts import Z95, wilson
from sim.kernels.codes import EVENTS
from sim.paths import event_years


def test_the_band_is_the_target_s_wilson_intervals() -> None:
    for paths, target in ((200, 0.05), (1000, 0.5), (777, 0.9)):
        low, high = band(target, paths, Z95)
        intervals = [wilson(count / paths, paths) for count in range(paths + 1)]
        kept = [count for count, (a, b) in enumerate(intervals) if a <= target <= b]
        assert (low, high) == (kept[0], kept[-1])


@pytest.mark.parametrize(("target", "falls"), [(0.05, True), (0.5, True), (0.9, False)])
def test_crossing_and_interval_are_order_statistics(target: float, falls: bool) -> None:
    """Path i has the event below (or above) its own threshold: who crosses where can be read off a list."""
    paths = 1000
    own = np.sort(np.random.default_rng(3).normal(size=paths))
    runs: list[float] = []

    def simulate(value: float) -> np.ndarray:
        runs.append(value)
        return own > value if falls else own <= value

    [answer] = (found := solve_step(simulate, -4, 4, target)).answers
    assert answer.probability == target and answer.step is None and not found.turns
    ahead = round((1 - target if falls else target) * paths)
    """Thresholds at or below the answer."""
    assert own[ahead - 1] <= answer.value < own[ahead]
    half = Z95 * math.sqrt(paths * target * (1 - target))
    fewer, more = math.ceil(ahead - half), math.floor(ahead + half)
    assert own[fewer - 2] <= answer.low <= own[fewer - 1]
    assert own[more] <= answer.high <= own[more + 1]
    assert answer.open == (False, False)
    assert len(runs) == len(set(runs)) == len(found.tried) < 30


def test_the_interval_covers_the_true_value_as_often_as_it_says() -> None:
    """The closed form: reserves and contributions of 1.2 against claims exp(0.1 z)."""
    target, paths, repeats = 0.1, 400, 1000
    exact = float(np.exp(CLAIMS_VOLATILITY * stats.norm.isf(target)))
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(repeats):
        claims = np.exp(CLAIMS_VOLATILITY * rng.normal(size=paths))
        [answer] = solve_step(lambda held, claims=claims: claims >= held, 0.7, 1.6, target).answers
        inside += answer.low <= exact <= answer.high
    kept = band(target, paths, Z95)
    """How often a binomial share keeps the target: what coverage has to be, for whole paths are no line."""
    expected = stats.binom.cdf(kept[1], paths, target) - stats.binom.cdf(kept[0] - 1, paths, target)
    assert abs(expected - 0.95) < 0.015
    assert binomtest(inside, repeats, expected).pvalue > 1e-3


def test_the_pool_at_which_a_simulated_fund_is_exhausted() -> None:
    target = 0.2
    held, contributions, claims = flows(one_county(1, pool_yuan=0.0))
    needed = claims[0] * np.exp(CLAIMS_VOLATILITY * stats.norm.isf(target))
    exact = float(needed - contributions[0] - held)
    depletion = EVENTS.index("reserve_depletion")
    found = {}
    for paths in (500, 8000):

        def simulate(pool_yuan: float, paths: int = paths) -> np.ndarray:
            years = event_years(one_county(1, pool_yuan=pool_yuan), paths=paths, seed=5).city
            return years[:, 0, depletion] >= 0

        [found[paths]] = solve_step(simulate, exact - 2e7, exact + 3e7, target).answers
        assert found[paths].low < exact < found[paths].high
    widths = [answer.high - answer.low for answer in found.values()]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.35)


def test_a_probability_that_falls_and_rises_has_two_answers() -> None:
    own = np.random.default_rng(4).normal(size=2000)
    found = solve_step(lambda value: own > 1 - abs(value - 0.3), -3, 3, 0.5)
    assert found.turns and len(found.answers) == 2
    assert [answer.value for answer in found.answers] == pytest.approx([-0.7, 1.3], abs=0.1)
    assert found.answers[0].high < 0.3 < found.answers[1].low


@pytest.mark.parametrize("rises", [True, False])
@pytest.mark.parametrize(("few", "many", "target"), [(0.0, 0.5, 0.2), (0.5, 1.0, 0.8)])
def test_all_paths_at_once(rises: bool, few: float, many: float, target: float) -> None:
    """A step of the whole city: no value has the target, and the two sides are told."""
    rank = np.arange(1000) / 1000
    [answer] = solve_step(lambda x: rank < (many if (x > 0.3) == rises else few), 0, 1, target).answers
    assert (answer.value <= 0.3) == rises and answer.value == pytest.approx(0.3, abs=2e-6)
    assert answer.probability == few and answer.step == ((few, many) if rises else (many, few))
    assert answer.low == pytest.approx(0.3, abs=2e-6) and answer.high == pytest.approx(0.3, abs=2e-6)


def test_an_interval_that_leaves_the_range_and_a_target_out_of_reach() -> None:
    own = np.sort(np.random.default_rng(5).uniform(size=1000))
    [answer] = solve_step(lambda value: own > value, own[490], 1.0, 0.5).answers
    assert answer.open == (True, False) and answer.low == own[490]
    nowhere = solve_step(lambda value: own > value, 0.6, 1.0, 0.5)
    assert nowhere.answers == () and len(nowhere.tried) == 9
    assert not solve_step(lambda value: own > 0.2, 0.6, 1.0, 0.5).turns


def test_too_few_paths_for_the_target() -> None:
    assert (least_paths(0.5), least_paths(0.01), least_paths(0.99)) == (20, 1000, 1000)
    with pytest.raises(ValueError, match="1000 paths"):
        solve_step(lambda value: np.zeros(999, bool), 0, 1, 0.01)
