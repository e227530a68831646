"""The shock stages against a NumPy program of the model's text, in distribution.

``Text`` is written from the text alone, with NumPy's own random numbers and vectors over all paths.  Both
are samples, so every comparison allows five standard errors; with fixed seeds the outcome is fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn import NAMES, STRONG, draw, make_case
from scipy import stats

from sim.kernels.lanes import LANES
from sim.kernels.shocks import draw_epidemic
from sim.lower import lower_case, lower_noise
from sim.model import Case

PATHS = 40_000
SIGMAS = 5.0
BASE = {"employee": (1.02, 1.0), "resident": (0.6, 0.62)}
SIZE = {"甲县": 1e8, "乙市": 2.5e8, "丙区": 0.4e8}
LEVERS = {"contributions": (0.03, 0.05), "claims": (0.08, 0.02, 0.06)}

QUIET = {"city_volatility": (0.0,) * 4, "county_volatility": (0.0,) * 4, "monthly_volatility": (0.0,) * 4}
CASES: dict[str, dict[str, Any]] = {
    "everything": STRONG,
    "normal": STRONG | {"city_degrees_of_freedom": None, "county_degrees_of_freedom": None},
    "heavy tails, where the cut matters": STRONG
    | {"city_degrees_of_freedom": 2.1, "county_degrees_of_freedom": 2.2, "epidemic": {}},
    "city alone": STRONG | {"county_volatility": (0.0,) * 4, "response": (0.0, 0.0), "epidemic": {}},
    "counties alone": STRONG | {"city_volatility": (0.0,) * 4, "response": (0.0, 0.0), "epidemic": {}},
    "strong response": STRONG | {"response": (0.9, 0.5), "epidemic": {}},
}


class Text:
    """ln X and the year's totals by section 2; arrays are (fund, kind, year, county, path)."""

    def __init__(self, case: Case, n: int, seed: int) -> None:
        self.rng, self.n, shocks = np.random.default_rng(seed), n, case.shocks
        funds, names, years = list(case.funds), [c.name for c in case.counties], case.years
        lnx = np.empty((len(funds), 2, years, len(names), n))
        mu = np.array([[LEVERS[k][min(y, len(LEVERS[k]) - 1)] for y in range(years)] for k in LEVERS])
        root = np.diag(shocks.city_volatility), np.linalg.cholesky(np.array(shocks.city_correlation))
        g = np.zeros((4, n))
        h = np.zeros((len(funds), len(names), 2, n))
        rho = shocks.county_correlation
        base = np.array([[[np.log(SIZE[c] * part) for c in names] for part in BASE[f]] for f in funds])
        before = np.repeat(base[..., None], n, axis=-1)
        for y in range(years):
            eps = np.clip(root[1] @ self.standard(4, shocks.city_degrees_of_freedom), -8, 8)
            g = np.array(shocks.city_persistence)[:, None] * g + root[0] @ eps
            for i, fund in enumerate(funds):
                cell = 0 if fund == "employee" else 2
                for c in range(len(names)):
                    e = self.standard(2, shocks.county_degrees_of_freedom)
                    pair = np.clip(np.stack([e[0], rho * e[0] + np.sqrt(1 - rho**2) * e[1]]), -8, 8)
                    sigma = np.array(shocks.county_volatility[cell : cell + 2])[:, None]
                    h[i, c] = shocks.county_persistence * h[i, c] + sigma * pair
                    apart = before[i, 1, c] - before[i, 0, c] - (base[i, 1, c] - base[i, 0, c])
                    answer = np.stack([0 * apart, shocks.response[cell // 2] * apart])
                    growth = np.log1p(mu[:, y])[:, None] + g[cell : cell + 2] + h[i, c] - answer
                    lnx[i, :, y, c] = before[i, :, c] + growth
            before = lnx[:, :, y]
        self.lnx = lnx
        epidemic, shape = shocks.epidemic, (years, n)
        struck = self.rng.random(shape) < epidemic.probability
        on_contributions = self.rng.normal(epidemic.contributions_mean, epidemic.contributions_sd, shape)
        on_claims = self.rng.normal(epidemic.claims_mean, epidemic.claims_sd, shape)
        log = np.stack([struck * on_contributions, struck * on_claims])
        self.totals = lnx + log[None, :, :, None]

    def standard(self, size: int, nu: float | None) -> np.ndarray:
        """(size, n) uncorrelated, of unit variance: normal, or t with one mixing variable a column."""
        z = self.rng.standard_normal((size, self.n))
        if nu is None:
            return z
        return z * np.sqrt(nu / self.rng.chisquare(nu, self.n)) * np.sqrt((nu - 2) / nu)


@pytest.fixture(scope="module", params=list(CASES))
def both(request: pytest.FixtureRequest) -> tuple[Case, np.ndarray, np.ndarray]:
    """Logarithms of the totals by the kernels and by the text."""
    case = make_case(names=NAMES[:2], years=3, shocks=CASES[request.param])
    return case, np.log(draw(case, 97, PATHS, months=False).year), Text(case, PATHS, 98).totals


def test_means(both) -> None:
    _, ours, text = both
    error = np.sqrt(ours.var(axis=-1) / PATHS + text.var(axis=-1) / PATHS)
    assert (np.abs(ours.mean(axis=-1) - text.mean(axis=-1)) <= SIGMAS * error + 1e-7).all()


def test_standard_deviations(both) -> None:
    _, ours, text = both
    variance = [x.var(axis=-1) for x in (ours, text)]
    fourth = [((x - x.mean(axis=-1, keepdims=True)) ** 4).mean(axis=-1) for x in (ours, text)]
    error = np.sqrt(sum((m - v**2) / PATHS for m, v in zip(fourth, variance, strict=True)))
    assert (np.abs(variance[0] - variance[1]) <= SIGMAS * error + 1e-12).all()


def test_quantiles(both) -> None:
    """At a quantile of both samples together each has the same part of its own below."""
    _, ours, text = both
    for p in (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999):
        at = np.quantile(np.concatenate([ours, text], axis=-1), p, axis=-1, keepdims=True)
        below = [(x <= at).mean(axis=-1) for x in (ours, text)]
        assert (np.abs(below[0] - below[1]) <= SIGMAS * np.sqrt(2 * p * (1 - p) / PATHS)).all(), p


def rank_correlations(x: np.ndarray) -> np.ndarray:
    """Of everything with everything: cells, counties and years."""
    return np.corrcoef(stats.rankdata(x.reshape(-1, x.shape[-1]), axis=1))


def test_correlations_between_cells_counties_and_years(both) -> None:
    _, ours, text = both
    limit = SIGMAS * np.sqrt(2 / PATHS)
    assert np.abs(rank_correlations(ours) - rank_correlations(text)).max() <= limit
    # sizes of yearly changes: whether mixing variables are shared
    sizes = [
        np.abs(np.diff(x, axis=2) - np.diff(x, axis=2).mean(axis=-1, keepdims=True)) for x in (ours, text)
    ]
    assert np.abs(rank_correlations(sizes[0]) - rank_correlations(sizes[1])).max() <= limit


def test_gap_between_claims_and_contributions(both) -> None:
    """What decides a fund, and what policy answers."""
    _, ours, text = both
    gap = [x[:, 1] - x[:, 0] for x in (ours, text)]
    error = np.sqrt(sum(x.var(axis=-1) for x in gap) / PATHS)
    assert (np.abs(gap[0].mean(axis=-1) - gap[1].mean(axis=-1)) <= SIGMAS * error + 1e-7).all()
    for mine, other in zip(*(x.reshape(-1, PATHS) for x in gap), strict=True):
        assert stats.ks_2samp(mine, other, method="asymp").pvalue > 1e-4


def shocks_of(case: Case, totals: np.ndarray) -> np.ndarray:
    """Yearly log changes less the drift."""
    base = [
        [np.log(SIZE[c.name] * part) for c in case.counties] for fund in case.funds for part in BASE[fund]
    ]
    base = np.array(base).reshape(len(case.funds), 2, 1, len(case.counties), 1)
    first = np.broadcast_to(base, (*totals.shape[:2], 1, *totals.shape[3:]))
    change = np.diff(np.concatenate([first, totals], axis=2), axis=2)
    rates = [[LEVERS[k][min(y, len(LEVERS[k]) - 1)] for y in range(case.years)] for k in LEVERS]
    return change - np.log1p(rates)[None, :, :, None, None]


def test_city_factor_is_common_autoregressive_and_correlated() -> None:
    normal = {"city_degrees_of_freedom": None, "response": (0.0, 0.0), "epidemic": {}}
    shocks = STRONG | normal | {"county_volatility": (0.0,) * 4}
    case = make_case(names=NAMES[:2], years=5, shocks=shocks)
    g = shocks_of(case, np.log(draw(case, 5, PATHS, months=False).year))
    np.testing.assert_allclose(g[:, :, :, 0], g[:, :, :, 1], atol=2e-6)
    g = g[:, :, :, 0].reshape(4, 5, PATHS)
    phi, sigma = np.array(shocks["city_persistence"]), np.array(shocks["city_volatility"])
    eps = g.copy()
    eps[:, 1:] -= phi[:, None, None] * g[:, :-1]
    eps /= sigma[:, None, None]
    limit = SIGMAS / np.sqrt(PATHS)
    assert np.abs(eps.mean(axis=-1)).max() <= limit
    together = np.corrcoef(eps.reshape(20, PATHS))
    exact = np.kron(np.array(shocks["city_correlation"]), np.eye(5))
    np.testing.assert_allclose(together, exact, atol=limit)
    for y in range(5):
        assert stats.kstest(eps[y % 4, y], stats.norm.cdf).pvalue > 1e-4


def test_county_parts_are_independent_over_counties_and_funds() -> None:
    off = {"city_volatility": (0.0,) * 4, "response": (0.0, 0.0), "epidemic": {}}
    case = make_case(names=NAMES[:2], years=4, shocks=STRONG | off)
    h = shocks_of(case, np.log(draw(case, 6, PATHS, months=False).year))
    eps = h.copy()
    eps[:, :, 1:] -= 0.4 * h[:, :, :-1]
    eps /= np.reshape(STRONG["county_volatility"], (2, 2, 1, 1, 1))
    # 5 degrees of freedom: the standard error of a correlation within a pair is that of z^2 z^2 / s^2
    pair = [
        np.corrcoef(eps[f, 0, y, c], eps[f, 1, y, c])[0, 1] for f in (0, 1) for y in range(4) for c in (0, 1)
    ]
    np.testing.assert_allclose(np.mean(pair), 0.3, atol=SIGMAS * 3 / np.sqrt(16 * PATHS))
    ranks = rank_correlations(eps).reshape(2, 2, 4, 2, 2, 2, 4, 2)
    limit = SIGMAS / np.sqrt(PATHS)
    for f, y, c in np.ndindex(2, 4, 2):
        other = ranks[f, :, y, c].copy()
        other[:, f, :, y, c] = 0
        assert np.abs(other).max() <= limit
        # each pair is a bivariate t of unit variance, the claims' part made of both words
        for k in (0, 1):
            assert stats.kstest(eps[f, k, y, c] * np.sqrt(5 / 3), stats.t(5).cdf).pvalue > 1e-4


def test_epidemic_years() -> None:
    """One occurrence and two sizes a year for the whole city, and the next year is back on its path."""
    epidemic = STRONG["epidemic"]
    case = make_case(names=NAMES[:2], years=3, shocks=QUIET | {"epidemic": epidemic})
    year = draw(case, 7, PATHS, months=False).year
    level = Text(make_case(names=NAMES[:2], years=3, shocks=QUIET), 1, 0).lnx
    log = np.log(year) - level
    np.testing.assert_allclose(log, np.broadcast_to(log[:1, :, :, :1], log.shape), atol=1e-6)
    j = log[0, :, :, 0]
    struck = np.abs(j[1]) > 1e-6
    assert ((np.abs(j[0]) > 1e-6) == struck).mean() > 0.9999
    for y in range(3):
        assert stats.binomtest(int(struck[y].sum()), PATHS, 0.25).pvalue > 1e-4
        contributions, claims = j[:, y, struck[y]]
        assert stats.kstest(claims, stats.norm(0.2, 0.1).cdf).pvalue > 1e-4
        assert stats.kstest(contributions, stats.norm(-0.1, 0.05).cdf).pvalue > 1e-4
        assert abs(np.corrcoef(contributions, claims)[0, 1]) <= SIGMAS / np.sqrt(struck[y].sum())
    limit = SIGMAS / np.sqrt(PATHS)
    assert np.abs(np.corrcoef(struck) - np.eye(3)).max() <= limit
    never = draw(make_case(names=NAMES[:1], years=2, shocks=QUIET), 7, 256, months=False).year
    np.testing.assert_allclose(never, np.exp(level[:, :, :2, :1]) * np.ones(256), rtol=1e-14)


def test_a_sure_epidemic_strikes_whatever_is_drawn() -> None:
    """The greatest word's uniform number is 1 in single precision, which is below no probability."""
    case = make_case(shocks={"epidemic": {"probability": 1.0, "claims_mean": 0.5}})
    noise = lower_noise(case, lower_case(case), 1)
    epidemic, words = np.zeros(2 * LANES, np.float32), np.full(4 * LANES, -1, np.int32)
    draw_epidemic(epidemic, words, noise.scalars)
    assert (epidemic[LANES:] > 0).all()


def test_policy_response_alone() -> None:
    """Without other shocks a drift apart is answered at its rate: the gap follows its own recursion."""
    case = make_case(names=NAMES[:1], years=4, shocks=QUIET | {"response": (0.3, 1.0)})
    year = np.log(draw(case, 8, 1, months=False).year[..., 0, 0])
    apart = year[:, 1] - year[:, 0]
    for f, kappa in ((0, 0.3), (1, 1.0)):
        base = np.log(BASE["employee" if f == 0 else "resident"])
        gap = 0.0
        for y in range(4):
            drift = np.log1p(LEVERS["claims"][min(y, 2)]) - np.log1p(LEVERS["contributions"][min(y, 1)])
            gap = gap + drift - kappa * gap
            assert apart[f, y] - (base[1] - base[0]) == pytest.approx(gap, abs=3e-7)


def test_monthly_noise_has_mean_one_and_is_independent() -> None:
    case = make_case(names=NAMES[:2], years=1, shocks={"monthly_volatility": STRONG["monthly_volatility"]})
    drawn = draw(case, 9, PATHS // 2)
    profile = np.array([[f.profile.contributions, f.profile.claims] for f in case.funds.values()])
    factor = drawn.month / drawn.year[:, :, :, None] / profile[:, :, None, :, None, None]
    factor = factor[:, :, 0]
    sigma = np.array(STRONG["monthly_volatility"]).reshape(2, 2, 1, 1)
    error = np.sqrt(np.expm1(sigma**2) / factor.shape[-1])
    assert (np.abs(factor.mean(axis=-1) - 1) <= SIGMAS * error).all()
    eta = (np.log(factor) + sigma[..., None] ** 2 / 2) / sigma[..., None]
    eta = eta.reshape(-1, factor.shape[-1])
    limit = SIGMAS / np.sqrt(eta.shape[1])
    assert np.abs(np.corrcoef(eta) - np.eye(len(eta))).max() <= limit
    assert np.abs(eta.std(axis=1) - 1).max() <= limit
    for row in eta[::13]:
        assert stats.kstest(row, stats.norm.cdf).pvalue > 1e-4


def test_figures_without_shocks_are_exactly_the_drift() -> None:
    case = make_case(shocks={})
    drawn = draw(case, 3, 2)
    text = np.exp(Text(case, 1, 0).lnx)
    np.testing.assert_allclose(drawn.year, np.broadcast_to(text, drawn.year.shape), rtol=1e-13)
    np.testing.assert_allclose(drawn.month.sum(axis=3), drawn.year, rtol=1e-14)
