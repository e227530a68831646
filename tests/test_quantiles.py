"""Bins, percentiles, tail means and standard errors against NumPy on the raw values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from binned import counts_of
from drawn import make_case
from scipy import stats

from scenarios.runs.facts import wilson
from sim.histograms import empty_counts
from sim.kernels.codes import NOUGHT
from sim.kernels.counts import count
from sim.kernels.lanes import LANES
from sim.kernels.summaries import Summaries
from sim.kernels.tally import SPARE, merge, tally_gini, tally_money, tally_months
from sim.quantiles import MONEY_EDGES, edges, summaries
from sim.series import ALL, BINS, ZERO_AT, Series
from sim.simulate import new_tally

P = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
BASE = 3.7e9
"""Base-year city claims, in yuan."""
LOWEST = 1e-6 * BASE


class Single:
    """One series' counts, and what is made of them."""

    def __init__(self, kind: str, counts: np.ndarray, lowest: float = LOWEST) -> None:
        low, high, _ = edges(kind)
        unit = lowest if kind in ("money", "signed") else 1.0
        occupied = np.flatnonzero(counts)
        self.low, self.high, self.count = low[occupied] * unit, high[occupied] * unit, counts[occupied]
        self.kind, self.counts, self.lowest = kind, counts, np.array([lowest])
        found = self.summaries([], [])
        self.total, self.beyond = int(found.n[0]), int(found.beyond[0])

    def summaries(self, percentiles: Sequence[float], tails: Sequence[float]) -> Summaries:
        start = np.zeros(1, np.int64)
        return summaries(
            counts_of(self.counts),
            np.array([self.counts.sum()]),
            start,
            [self.kind],
            self.lowest,
            percentiles,
            tails,
        )

    def quantiles(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self.summaries(p.tolist(), [])
        return found.value[0], found.error[0]

    def tail_mean(self, a: float) -> tuple[float, float]:
        found = self.summaries([], [a])
        return float(found.value[0, 0]), float(found.error[0, 0])


def tallied(kind: str, values: np.ndarray) -> tuple[Single, np.ndarray]:
    """The histogram and the moments of values that come in blocks, the last one not full."""
    start = np.zeros(1, np.int64)
    end = np.array([BINS[kind]])
    series = Series(ALL, (), start, start, np.array([ZERO_AT[kind]]), end, BINS[kind] + SPARE)
    tally, counts = new_tally(make_case(), series, 1), empty_counts(series.bins)
    total = np.zeros((1, 3))
    for first in range(0, len(values), LANES):
        part = values[first : first + LANES]
        row = np.full(3 * LANES, 1e30)  # what lies beyond the block's end or beside the slot must not count
        row[LANES : LANES + len(part)] = part
        tally.weight[:] = np.arange(LANES) < len(part)
        tally.weight_sum[0] = len(part)
        if kind in ("money", "signed"):
            tally_money(tally, 0, row, LANES, 1 / LOWEST)
        else:
            (tally_gini if kind == "gini" else tally_months)(tally, 0, row, LANES)
        merge(total, tally.moments[0])
        count(counts, series.offset, series.end, tally.bins, 0, 1, 1)
    found = counts.total()[: BINS[kind]]
    if kind in ("money", "signed"):
        assert found[ZERO_AT[kind]] == 0  # noughts are what is left
        found[ZERO_AT[kind]] = (np.abs(values) < NOUGHT).sum()
    return Single(kind, found), total[0]


def order_statistic(values: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The smallest value with at least ``rank`` values up to it."""
    at = np.ceil(np.clip(rank, 1, len(values))).astype(int) - 1
    return np.sort(values)[at]


def check(kind: str, values: np.ndarray, width: float, relative: float) -> Single:
    """Moments, percentiles and errors, tail means: all within a bin's width of the raw values'."""
    bins, (n, mean, squares) = tallied(kind, values)
    assert n == bins.total == len(values)
    size = np.abs(values).max()
    assert mean == pytest.approx(values.mean(), rel=1e-12, abs=1e-13 * size)
    assert squares == pytest.approx(((values - values.mean()) ** 2).sum(), rel=1e-10)

    def bin_at(x: np.ndarray) -> np.ndarray:
        return width + relative * np.abs(x) + 1e-12 * size

    found, errors = bins.quantiles(P)
    exact = order_statistic(values, P * n)
    assert (np.abs(found - exact) <= bin_at(exact)).all()
    spread = np.sqrt(n * P * (1 - P))
    low, high = order_statistic(values, P * n - spread), order_statistic(values, P * n + spread)
    enough = (P * n - spread >= 0) & (P * n + spread <= n)
    assert np.isnan(errors[~enough]).all()
    apart = np.abs(errors - (high - low) / 2) <= bin_at(np.maximum(np.abs(high), np.abs(low)))
    assert apart[enough].all()
    for a in (0.95, 0.99):
        value, error = bins.tail_mean(a)
        var = order_statistic(values, np.array([a * n]))[0]
        excess = np.maximum(values - var, 0)
        assert abs(value - (var + excess.mean() / (1 - a))) <= 2 * bin_at(np.array(size))
        slack = 3 * bin_at(np.array(size)) / ((1 - a) * np.sqrt(n))
        if n < 10 / (1 - a) - 1e-9:
            assert np.isnan(error)
            continue
        assert abs(error - excess.std() / ((1 - a) * np.sqrt(n))) <= slack
    return bins


def rng() -> np.random.Generator:
    return np.random.default_rng(17)


@pytest.mark.parametrize("n", [1, 7, 256, 257, 20_003])
def test_months(n: int) -> None:
    bins = check("months", rng().normal(2, 5, n), 0.02, 0)
    assert bins.beyond == 0
    assert np.allclose(bins.high - bins.low, 0.02)


@pytest.mark.parametrize("n", [1, 257, 20_003])
def test_money_of_one_sign(n: int) -> None:
    values = BASE * rng().lognormal(-3, 2, n)
    bins = check("money", values, 0, 1 / 256)
    assert bins.beyond == 0
    ratio = bins.high / bins.low - 1
    assert ratio.max() <= 1 / 256 * (1 + 1e-9) and ratio.min() >= 1 / 512 * (1 - 1e-9)


def test_money_of_either_sign_is_symmetric() -> None:
    values = BASE * rng().normal(0.1, 1, 20_003) ** 3
    bins = check("signed", values, 0, 1 / 256)
    mirrored = check("signed", -values, 0, 1 / 256)
    np.testing.assert_array_equal(bins.low, -mirrored.high[::-1])
    np.testing.assert_array_equal(bins.count, mirrored.count[::-1])
    assert (bins.low <= bins.high).all() and (np.diff(bins.low) > 0).all()
    nearer = (bins.low == bins.high) & (bins.low != 0)
    assert np.allclose(bins.low[nearer], [-LOWEST, LOWEST])
    assert bins.beyond == bins.count[nearer].sum() < 200


def test_nothing_paid_is_exactly_nothing() -> None:
    values = np.where(rng().random(10_000) < 0.6, 0.0, BASE * rng().lognormal(0, 1, 10_000))
    for kind in ("money", "signed"):
        bins = check(kind, values, 0, 1 / 256)
        found, errors = bins.quantiles(np.array([0.01, 0.5, 0.59]))
        assert (found == 0).all() and (errors[:2] == 0).all()
    nothing, (n, mean, squares) = tallied("money", np.zeros(1500))
    assert (n, mean, squares, nothing.total, nothing.beyond) == (1500, 0, 0, 1500, 0)
    assert nothing.tail_mean(0.99) == (0, 0)
    cents = np.array([0.004, -0.004, 0.0, 4e9])  # below 0.005 yuan an amount is nought
    assert tallied("signed", cents)[0].count.tolist() == [3, 1]


def test_values_beyond_the_range_are_counted_and_stand_at_its_end() -> None:
    months, _ = tallied("months", np.array([-1e6, -120.01, -120.0, 239.99, 240.0, 1e300, np.nan]))
    assert months.beyond == 4 and months.total == 6
    found, _ = months.quantiles(np.array([0.01, 0.999]))
    assert found.tolist() == [-120, 240]
    inside = np.array([1.001e-6, 9.999e3]) * BASE
    outside = np.array([0.9e-6, 1.1e4, 1e9]) * BASE
    for sign in (1, -1):
        kind = "money" if sign == 1 else "signed"
        bins, _ = tallied(kind, sign * np.concatenate([inside, outside]))
        assert bins.beyond == 3 and bins.total == 5
        ends = np.sort(np.abs(bins.quantiles(np.array([0.001, 0.999]))[0]))
        assert ends[0] == pytest.approx(LOWEST) and ends[1] == pytest.approx(MONEY_EDGES[-1] * LOWEST)
    assert MONEY_EDGES[0] == 1 and MONEY_EDGES[-2] <= 1e10 <= MONEY_EDGES[-1]


def test_percentiles_at_the_end_of_the_range_have_no_error() -> None:
    """How far beyond their order statistics lie is not known; nearer to nought than the range, it is."""
    values = np.concatenate([np.full(900, 5.0), np.full(80, 200.0), np.full(20, 300.0)])
    _, errors = tallied("months", values)[0].quantiles(np.array([0.5, 0.95, 0.978, 0.99]))
    assert np.isnan(errors).tolist() == [False, False, True, True]  # 0.978: its upper order statistic
    _, errors = tallied("months", -values)[0].quantiles(np.array([0.001, 0.022, 0.5]))
    assert np.isnan(errors).tolist() == [True, True, False]
    amounts = np.concatenate([np.full(50, 0.5 * LOWEST), np.full(50, 1e5 * BASE)])
    for kind, sign in (("money", 1), ("signed", -1)):
        _, errors = tallied(kind, sign * amounts)[0].quantiles(np.array([0.25, 0.75])[::sign])
        assert errors[0] <= 1e-6 * LOWEST and np.isnan(errors[1])


def test_infinite_values_are_beyond_the_range_too() -> None:
    bins, _ = tallied("signed", np.array([np.inf, -np.inf]))
    assert bins.beyond == 2


def test_bins_are_half_open() -> None:
    for edge in (-119.5, -1.0, 0.0, 1.5, 239.5):
        bins, _ = tallied("months", np.array([edge]))
        assert bins.low[0] == pytest.approx(edge, abs=1e-9)
    for octave in (1.0, 2.0, 1024.0, 1.5 * 2**20):
        bins, _ = tallied("money", np.array([octave * LOWEST * (1 + 1e-12)]))
        assert bins.low[0] == pytest.approx(octave * LOWEST, rel=1e-9)
    bins, _ = tallied("gini", np.array([0.0, 0.0005, 0.001, 0.999, 0.9995]))
    np.testing.assert_allclose(bins.low, [0, 0.001, 0.999], atol=1e-12)
    assert bins.count.tolist() == [2, 1, 2]


def test_gini_of_one_is_inside_the_range() -> None:
    bins, _ = tallied("gini", np.array([1.0, 1.0, 0.25]))
    assert bins.beyond == 0 and bins.total == 3
    found, _ = bins.quantiles(np.array([0.1, 0.5, 0.95]))
    assert found[0] == pytest.approx(0.25, abs=0.001) and found[1:].tolist() == [1, 1]
    check("gini", rng().beta(2, 3, 5000), 0.001, 0)


def test_large_values_that_hardly_differ_keep_their_spread() -> None:
    values = 1e13 + np.round(rng().normal(0, 100, 1000))
    _, (_, _, squares) = tallied("signed", values)
    assert squares == pytest.approx(((values - values.mean()) ** 2).sum(), rel=1e-4)


def test_empty_values_count_for_nothing() -> None:
    values = rng().normal(3, 1, 1000)
    full, moments = tallied("months", values)
    some, thinned = tallied("months", np.insert(values, np.arange(0, 1000, 3), np.nan))
    assert some.total == thinned[0] == 1000
    np.testing.assert_array_equal(full.low, some.low)
    np.testing.assert_array_equal(full.count, some.count)
    np.testing.assert_allclose(moments, thinned, rtol=1e-12)


def test_no_values_give_no_numbers() -> None:
    bins, moments = tallied("months", np.full(300, np.nan))
    assert (bins.total, bins.beyond, moments.tolist()) == (0, 0, [0, 0, 0])
    assert np.isnan(bins.quantiles(P)).all() and np.isnan(bins.tail_mean(0.95)).all()


def test_one_value_has_half_a_bin_of_error() -> None:
    bins, _ = tallied("months", np.full(500, 2.005))
    found, errors = bins.quantiles(P)
    assert (np.abs(found - 2.005) <= 0.02).all()
    np.testing.assert_allclose(errors, 0.01)


def test_standard_errors_are_those_of_repeated_samples() -> None:
    draws = rng().exponential(1.0, (300, 2000)) * BASE
    reported, found, tails = [], [], []
    for sample in draws:
        bins, _ = tallied("money", sample)
        value, error = bins.quantiles(np.array([0.5, 0.95]))
        found.append(value)
        reported.append(error)
        tails.append(bins.tail_mean(0.95))
    np.testing.assert_allclose(np.mean(reported, axis=0), np.std(found, axis=0), rtol=0.2)
    # the tail mean's own error leaves out that of its VaR, which a tail mean hardly feels
    values, errors = np.array(tails).T
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert values.mean() == pytest.approx(BASE * (np.log(20) + 1), rel=0.01)


def test_a_tail_of_few_values_has_no_error() -> None:
    """The formula says too little there; from ten values on nearly what repeated samples say."""
    for a, n in ((0.95, 19), (0.95, 199), (0.99, 99), (0.99, 999), (0.95, 1)):
        assert np.isnan(tallied("money", rng().exponential(BASE, n))[0].tail_mean(a)[1])
    for a, n in ((0.95, 200), (0.99, 1000)):
        found = [tallied("money", sample)[0].tail_mean(a) for sample in rng().exponential(BASE, (200, n))]
        values, errors = np.array(found).T
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.15)


def test_many_series_are_worked_on_as_each_alone() -> None:
    draw = np.random.default_rng(5)
    kinds = ["months", "gini", "signed", "money", "money", "months", "signed"]
    start = np.cumsum([0, *(BINS[kind] for kind in kinds)])
    counts = draw.poisson(0.02, start[-1]) * draw.choice([1, 200, 2560], start[-1])
    counts[start[3] : start[4]], counts[start[6] :] = 0, 0  # without values, also at the end
    counts[start[4] : start[5]], counts[start[4] + 5] = 0, 1
    lowest = draw.uniform(1, 1e4, 7)
    some = [0, 1, 3, 4, 6]
    for which in (list(range(7)), some):
        of_kinds = [kinds[s] for s in which]
        mine = counts_of(counts)
        values = np.add.reduceat(np.append(counts, 0), start[:-1])[which]
        together = summaries(
            mine, values, start[which], of_kinds, lowest[which], P.tolist(), [0.95, 0.99], wipe=True
        )
        for row, s in enumerate(which):
            alone = Single(kinds[s], counts[start[s] : start[s + 1]], lowest[s])
            assert (together.n[row], together.beyond[row]) == (alone.total, alone.beyond)
            assert together.n[row] == counts[start[s] : start[s + 1]].sum()
            values, errors = alone.quantiles(P)
            (value, error), (farther, its_error) = alone.tail_mean(0.95), alone.tail_mean(0.99)
            np.testing.assert_array_equal(together.value[row], [*values, value, farther])
            np.testing.assert_array_equal(together.error[row], [*errors, error, its_error])
            assert not mine.total()[start[s] : start[s + 1]].any()
        assert mine.total().sum() == counts.sum() - together.n.sum()  # and nobody else's are gone


@pytest.mark.parametrize("index", [(-1, -1), (3, 9), (-2, 4), ()])
def test_noughts_are_counted_inside_and_beyond_known_extents(index: tuple[int, ...]) -> None:
    counts = np.zeros(BINS["signed"], np.uint32)
    np.add.at(counts, np.array([*index, 0, 0, 0]) + ZERO_AT["signed"], 1)
    values = np.array([counts.sum()])
    asked = counts_of(counts), values, np.zeros(1, np.int64), ["signed"], np.ones(1), P.tolist(), [0.95]
    extents = np.array([[min(index, default=1), max(index, default=0)]])
    known, every = summaries(*asked, extents=extents), summaries(*asked)
    assert known.n[0] == every.n[0] == len(index) + 3
    np.testing.assert_array_equal(known.value, every.value)


def at_rank(bins: Single, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values at ranks, those beyond the values' own among them, and their bins' widths."""
    upto, rank = np.cumsum(bins.count), np.clip(rank, 0, bins.total)
    at = np.searchsorted(upto, np.maximum(np.ceil(rank), 1))
    inside, width = (rank - (upto[at] - bins.count[at])) / bins.count[at], (bins.high - bins.low)[at]
    return bins.low[at] + inside * width, width


def test_summaries_are_those_of_numpy_on_bins() -> None:
    """Percentiles, tail means and errors by whole-array arithmetic on the occupied bins, few and many."""
    draw = np.random.default_rng(6)
    for kind, density in product(("money", "signed", "months"), (0.05, 0.01, 0.002, 0.0005)):
        bins = Single(kind, draw.poisson(density, BINS[kind]).astype(np.uint32))
        n = bins.total
        value, width = at_rank(bins, n * P)
        spread = np.sqrt(n * P * (1 - P))
        error = (at_rank(bins, n * P + spread)[0] - at_rank(bins, n * P - spread)[0]) / 2
        np.testing.assert_allclose(bins.quantiles(P)[0], value, rtol=1e-12)
        error = np.where((P * n >= spread) & ((1 - P) * n >= spread), np.maximum(error, width / 2), np.nan)
        np.testing.assert_allclose(bins.quantiles(P)[1], error, rtol=1e-9)
        var = bins.quantiles(np.array([0.95]))[0][0]
        excess = np.repeat(np.maximum((bins.low + bins.high) / 2 - var, 0), bins.count)
        found = bins.tail_mean(0.95)
        assert found[0] == pytest.approx(var + excess.mean() / 0.05, rel=1e-12)
        if n >= 200:
            assert found[1] == pytest.approx(excess.std() / 0.05 / np.sqrt(n), rel=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(0, 50), (1, 50), (25, 50), (50, 50), (3, 100_000)])
def test_wilson(hits: int, n: int) -> None:
    exact = stats.binomtest(hits, n).proportion_ci(method="wilson")
    low, high = wilson(hits / n, n)
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=1e-5, abs=1e-12)
    assert high > low
