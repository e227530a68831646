"""The split of variance against components known in closed form, by arithmetic and through the engine."""

from __future__ import annotations

import numpy as np
import pytest
from closed_forms import flows, one_county
from scipy import stats

from sim.outcome import Outcome, path_outcomes
from sim.variance import COMPONENTS, components, product_of_means, split

TRUE = {"parameters": 1.0, "readings": 0.25 * 1.44, "interaction": 0.64, "shocks": 9.0 + 4.0}


def replication(rng: np.random.Generator, paths: int) -> np.ndarray:
    """Y = a + 1.2 b + 1.6 a b + 3 w + 2 a w on common paths w, with a of variance 1 and b = -1/2 or 1/2."""
    a, b, w = rng.normal(size=2), rng.choice([-0.5, 0.5], 2), rng.normal(size=paths)
    at, bt = a[:, None, None], b[None, :, None]
    return at + 1.2 * bt + 1.6 * at * bt + 3 * w + 2 * at * w


def test_components_are_unbiased_and_their_errors_those_seen() -> None:
    """Four paths: means of so few are far off, and the correction for that must be right."""
    rng, size, repeats = np.random.default_rng(1), 60, 150
    runs = [split(np.array([components(replication(rng, 4)) for _ in range(size)])) for _ in range(repeats)]
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], repeats - 1) / (repeats - 1)
    for c, name in enumerate(COMPONENTS):
        found = np.array([run.variance[c] for run in runs])
        assert abs(found.mean() - TRUE[name]) < 4 * found.std() / np.sqrt(repeats), name
        assert 0.8 * low < found.var(ddof=1) / np.mean([run.std_error[c] ** 2 for run in runs]) < 1.2 * high
        share = np.array([run.share[c] for run in runs])
        assert share.mean() == pytest.approx(TRUE[name] / sum(TRUE.values()), abs=0.03)
        assert 0.6 < share.std() / np.mean([run.share_error[c] for run in runs]) < 1.6


def test_a_product_of_means_is_that_of_all_pairs_of_different_paths() -> None:
    x, y = np.random.default_rng(2).normal(size=(2, 7))
    pairs = [x[i] * y[j] for i in range(7) for j in range(7) if i != j]
    assert product_of_means(x, y) == pytest.approx(np.mean(pairs))


def test_what_does_not_vary_is_nothing() -> None:
    with pytest.raises(ValueError, match="two paths"):
        components(np.zeros((2, 2, 1)))
    still = split(np.zeros((3, 4)))
    assert still.total == 0 and np.isnan(still.share).all() and np.isnan(still.share_error).all()


def test_the_engine_s_reserves_split_as_the_lognormal_says() -> None:
    """Reserves = R - L g h e^(sigma z): g uniform on 0.5 to 1.5 (a parameter), h 0.5 or 1.5 (a reading)."""
    sigma, rng = 0.3, np.random.default_rng(3)
    case = one_county(1, pool_yuan=1e9, city_volatility=(0.0, sigma, 0.0, 0.0))
    claims = flows(case)[2][0]
    [county], year = case.counties, Outcome("reserves", "employee", case.first_year)

    def reserves(factor: float, seed: int) -> np.ndarray:
        figures = county.employee.model_copy(  # type: ignore[union-attr]
            update={"base_claims_yuan": factor * county.employee.base_claims_yuan}  # type: ignore[union-attr]
        )
        changed = case.model_copy(update={"counties": (county.model_copy(update={"employee": figures}),)})
        return path_outcomes(changed, year, paths=128, seed=seed, threads=1) / claims

    rows = []
    for seed in range(300):
        g, h = rng.uniform(0.5, 1.5, 2), rng.choice([0.5, 1.5], 2)
        rows.append(components(np.array([[reserves(a * b, seed) for b in h] for a in g])))
    found = split(np.array(rows))
    of_g, of_h, square = 1 / 12, 1 / 4, np.exp(sigma**2)
    expected = {
        "shocks": (1 + of_g) * (1 + of_h) * square * (square - 1),
        "parameters": of_g * square,
        "readings": of_h * square,
        "interaction": of_g * of_h * square,
    }
    for c, name in enumerate(COMPONENTS):
        assert abs(found.variance[c] - expected[name]) < 4 * found.std_error[c], name
        assert found.std_error[c] < 0.2 * expected[name]


def test_outcomes_are_those_of_the_run() -> None:
    from sim.metrics import metrics_table
    from sim.simulate import simulate

    case = one_county(3)
    table = metrics_table(simulate(case, paths=300, seed=5), "x").query("county == '*'")
    figures = table.set_index(["metric", "year", "statistic"])["value"]
    for metric, year, statistic in (
        ("event:reserve_depletion", 2023, "probability"),
        ("months_of_capacity", 2024, "mean"),
        ("outlay:county_treasury", 2022, "mean"),
    ):
        values = path_outcomes(case, Outcome(metric, "employee", year), paths=300, seed=5)
        told = figures[metric, year, statistic]
        assert values.shape == (300,) and values.mean() == pytest.approx(told, rel=1e-12)
    last = path_outcomes(case, Outcome("months_of_capacity", "employee"), paths=300, seed=5)
    in_last = path_outcomes(case, Outcome("months_of_capacity", "employee", 2024), paths=300, seed=5)
    np.testing.assert_array_equal(last, in_last)
    never = path_outcomes(case, Outcome("event:topup_short", "employee"), paths=10, seed=5)
    assert (never == 0).all()


@pytest.mark.parametrize(
    ("metric", "year", "message"),
    [
        ("event:unfunded", 2031, "from 2022 to 2024, found 2031"),
        ("gini", 2023, "whole horizon"),
        ("moonrise", None, "no metric moonrise"),
    ],
)
def test_outcomes_that_cannot_be(metric: str, year: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        path_outcomes(one_county(3), Outcome(metric, "employee", year), paths=10, seed=1)
