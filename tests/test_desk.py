"""A desk's tables: those of single runs, whatever it worked on before."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import NAMES, make_case

from scenarios.rulebook.city import load_city
from sim.desk import Desk
from sim.metrics import metrics_columns
from sim.model import Case
from sim.series import Wanted
from sim.simulate import simulate

SOME = frozenset("event:reserve_depletion event_year:unfunded months_of_capacity unfunded gini".split())
GO = np.zeros(1, np.uint8)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Rules that report different series, and another shape in between."""
    cities = {name: dict(load_city(name).rules) for name in ("taizhou", "county-alone", "yancheng")}
    small = make_case(cities["taizhou"], names=NAMES[:1], years=2)
    return [*(make_case(rules, years=3, interest_rate=0.02) for rules in cities.values()), small]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(SOME, False), Wanted(SOME)])
def test_tables_are_those_of_single_runs(cases: list[Case], wanted: Wanted) -> None:
    desk = Desk(wanted)
    for at, paths in [(0, 300), (1, 300), (2, 300), (0, 300), (3, 300), (0, 129), (0, 2500), (1, 2500)]:
        expected, _ = metrics_columns(simulate(cases[at], paths=paths, seed=3, wanted=wanted), "x")
        table = desk.table(cases[at], paths=paths, seed=3, stop=GO)
        assert table is not None
        for name, column in table.layout.words.items():
            np.testing.assert_array_equal(column, expected[name])
        for name in ("value", "std_error", "n"):
            np.testing.assert_array_equal(getattr(table.figures, name), expected[name])


def test_a_table_that_was_stopped_leaves_nothing_behind(cases: list[Case]) -> None:
    desk = Desk()
    before = desk.table(cases[0], paths=300, seed=3, stop=GO)
    assert desk.table(cases[0], paths=2500, seed=4, stop=np.ones(1, np.uint8)) is None
    after = desk.table(cases[0], paths=300, seed=3, stop=GO)
    assert before is not None and after is not None
    np.testing.assert_array_equal(before.figures.value, after.figures.value)
    assert desk.kernel_seconds > 0
