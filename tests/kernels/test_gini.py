"""Counties are sorted in every lane, and the Gini coefficient is that of its definition."""

from __future__ import annotations

import numpy as np
import pytest

from sim.kernels.codes import CITY_SLOTS, COUNTY_SLOTS, DRAWN, PAID_IN, VALUE
from sim.kernels.gini import gini, sort
from sim.kernels.lanes import LANES
from sim.lower import aligned_zeros


@pytest.mark.parametrize("counties", [*range(1, 20), 31, 32, 33, 100])
def test_every_lane_is_sorted_for_itself(counties: int) -> None:
    rows = np.random.default_rng(counties).integers(-9, 9, (counties, LANES)).astype(np.float64)
    expected = np.sort(rows, axis=0)
    sort(rows)
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("counties", [1, 2, 3, 9, 38])
def test_gini_is_the_mean_difference_over_twice_the_mean_size(counties: int) -> None:
    """Of n_i: sum of abs(n_i - n_j) over pairs, in its largest size (C - 1) x sum of abs(n_i)."""
    draws = np.random.default_rng(counties)
    drawn, paid = draws.exponential(1e6, (2, counties, LANES))
    drawn[:, 0] = paid[:, 0]  # a path in which nothing is moved on balance
    county, v = aligned_zeros((counties, COUNTY_SLOTS * LANES)), aligned_zeros((CITY_SLOTS * LANES,))
    county[:, DRAWN : DRAWN + LANES], county[:, PAID_IN : PAID_IN + LANES] = drawn, paid
    gini(county, v, aligned_zeros((counties, LANES)))
    net = drawn - paid
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.abs(net[:, None] - net[None]).sum(axis=(0, 1)) / 2
        expected = spread / ((counties - 1) * np.abs(net).sum(axis=0))
    found = v[VALUE : VALUE + LANES]
    assert np.isnan(found[0]) and (counties == 1) == np.isnan(found).all()
    np.testing.assert_allclose(found[1:], expected[1:] if counties > 1 else np.nan, rtol=1e-12)
