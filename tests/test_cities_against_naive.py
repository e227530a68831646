"""Every city's and template's own file, under every combination of its readings, against the naive twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_rules import histories
from test_replay_against_naive import compare

from scenarios.rulebook.city import builtin_cities, builtin_templates, load_city
from sim.model import FUNDS, Fund
from sim.replay import History, Replayed, replay
from sim.rules import FundRules

READINGS = {
    city: {at: known.names for at, known in load_city(city).readings.items()}
    for city in (*builtin_cities(), *builtin_templates())
}


@st.composite
def readings(draw: st.DrawFn, city: str) -> dict[str, str]:
    """One name for each of its readings."""
    return {at: draw(st.sampled_from(names)) for at, names in READINGS[city].items()}


@pytest.mark.parametrize("city", sorted(READINGS))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), fund=st.sampled_from(FUNDS), history=histories(), apply_adjustment=st.booleans())
def test_any_readings_of_a_city_give_the_twins_numbers(
    city: str, data: st.DataObject, fund: Fund, history: History, apply_adjustment: bool
) -> None:
    rules = load_city(city, readings=data.draw(readings(city))).rules[fund]
    compare(rules, history, apply_adjustment)


def history_of(
    claims: list[float], contributions: list[float], balances: list[float], pool: float
) -> History:
    """Two years of one fund: the first with these monthly figures, the second without any."""
    counties = len(claims)
    shape = (1, 2, counties)
    flows = np.zeros((2, 1, 2, 12, counties))
    flows[0, 0, 0], flows[1, 0, 0] = contributions, claims
    opening = np.zeros((1, counties, 6))
    opening[0, :, 0] = balances
    absent = np.full(shape, np.nan)
    return History(
        funds=("employee",),
        counties=tuple("ABCD"[:counties]),
        city_level=(False,) * counties,
        first_year=2020,
        opening=opening,
        city_opening=np.array([[pool, 0.0, 0.0]]),
        contributions=flows[0],
        claims=flows[1],
        enrolment=np.ones(shape),
        revenue_budget=absent,
        expenditure_budget=absent,
        attributable_deficit=absent,
        excellent=np.ones(shape, bool),
        recoveries=np.zeros(shape),
    )


def taizhou(**chosen: str) -> FundRules:
    return load_city("taizhou", readings=chosen).rules["employee"]


def run(rules: FundRules, history: History) -> Replayed:
    return replay([rules], history, lambda fund, row: row)


@pytest.mark.parametrize("reading", ["unpaid_part", "after_pool", "whole_gap"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fen=st.lists(st.integers(10_000, 99_999_999), min_size=1, max_size=4))
def test_a_pool_that_holds_just_what_is_asked_is_not_short_by_a_rounding_error(
    reading: str, fen: list[int]
) -> None:
    """Below 0.005 yuan an amount is nought for every test, so the last layer pays nothing that counts."""
    claims = [x / 100 for x in fen]
    ours = run(
        taizhou(T5=reading), history_of(claims, [0.0] * len(fen), [0.0] * len(fen), sum(fen) * 6 / 100)
    )
    last = sum(row.amount for row in ours.ledger if row.step == "waterfall 3")
    assert last < 0.005


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fen=st.lists(st.integers(1, 10**11), min_size=1, max_size=4))
def test_balances_that_a_top_up_drains_are_exactly_nought(fen: list[int]) -> None:
    """The shortfall exceeds all balances together: an account that is drained is set to 0."""
    flows = [1e12] * len(fen)
    ours = run(taizhou(), history_of(flows, flows, [x / 100 for x in fen], 0.0))
    left = [b.balance for b in ours.balances if b.account == "county_balance" and b.year == 2021]
    assert left == [0.0] * len(left)
