"""Shares of variance over a full factorial: by hand, by their definition, of an additive outcome."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scenarios.questions.factorial import shares


def test_four_combinations_by_hand() -> None:
    """0, 2, 4, 14: mean 5, variance (25 + 9 + 1 + 81) / 4 = 29.  Rows' means 1 and 9 have variance 16,
    columns' 2 and 8 have 9; 29 - 16 - 9 = 4 is left to both.  Within columns 0, 4 and 2, 14: variances 4 and
    36, mean 20, which is the first factor's total; within rows 1 and 25, mean 13, the second's."""
    found = shares(np.array([[0.0, 2.0], [4.0, 14.0]]))
    assert found is not None and found.variance == 29
    assert found.main == pytest.approx((16 / 29, 9 / 29))
    assert found.total == pytest.approx((20 / 29, 13 / 29))
    assert found.interaction == {(0, 1): pytest.approx(4 / 29)}


def test_an_additive_outcome_has_no_interactions() -> None:
    """Levels 0, 3, 6 and 0, 2: variances 6 and 1; a third factor does nothing."""
    table = np.add.outer(np.add.outer([0.0, 3.0, 6.0], [0.0, 2.0]), [5.0, 5.0])
    found = shares(table)
    assert found is not None
    assert found.main == pytest.approx((6 / 7, 1 / 7, 0))
    assert found.total == pytest.approx(found.main)
    assert list(found.interaction.values()) == pytest.approx([0, 0, 0])


def test_any_table_by_the_definition() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(2, 3, 2, 4)) ** 3
    found = shares(table)
    assert found is not None
    levels = [range(size) for size in table.shape]
    for i in range(4):
        means = [np.mean([table[at] for at in itertools.product(*levels) if at[i] == x]) for x in levels[i]]
        assert found.main[i] == pytest.approx(np.var(means) / table.var())
        others = itertools.product(*levels[:i], *levels[i + 1 :])
        within = [np.var([table[(*at[:i], x, *at[i:])] for x in levels[i]]) for at in others]
        assert found.total[i] == pytest.approx(np.mean(within) / table.var())
    for i, j in found.interaction:
        means = [
            np.mean([table[at] for at in itertools.product(*levels) if (at[i], at[j]) == pair])
            for pair in itertools.product(levels[i], levels[j])
        ]
        alone = found.main[i] + found.main[j]
        assert found.interaction[i, j] == pytest.approx(np.var(means) / table.var() - alone)


def test_an_outcome_that_is_the_same_everywhere() -> None:
    assert shares(np.full((2, 2), 7.0)) is None
    assert shares(1e9 + np.array([[0.0, 1e-7], [0.0, 0.0]])) is None  # the order of sums
    assert shares(np.array([0.0, 1.0])) is not None
