"""The jitted rule steps against the naive twin: any rule table, any figures, every account and month."""

from __future__ import annotations

from typing import Any

import naive
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_rules import histories, rules

from sim.replay import CITY_ACCOUNTS, COUNTY_ACCOUNTS, History, Replayed, replay
from sim.rules import FundRules


def absent(values: np.ndarray) -> list[list[float | None]]:
    """Nested lists with None for NaN."""
    return [[None if np.isnan(x) else float(x) for x in row] for row in values]


def naive_data(history: History, apply_adjustment: bool) -> dict[str, Any]:
    """A one-fund history in the twin's own form."""
    names = (
        "county_balance",
        "opening_deficit",
        "arrears_government",
        "arrears_insured",
        "base_contributions",
        "base_claims",
    )
    return {
        "years": history.years,
        "names": history.counties,
        "city_level": list(history.city_level),
        "opening": {name: history.opening[0, :, i].tolist() for i, name in enumerate(names)},
        "city": dict(
            zip(("pool", "risk_fund", "municipal_reserve"), history.city_opening[0].tolist(), strict=True)
        ),
        "contributions": history.contributions[0].tolist(),
        "claims": history.claims[0].tolist(),
        "enrolment": history.enrolment[0].tolist(),
        "revenue_budget": absent(history.revenue_budget[0]),
        "expenditure_budget": absent(history.expenditure_budget[0]),
        "attributable_deficit": absent(history.attributable_deficit[0]),
        "excellent": history.excellent[0].tolist(),
        "recoveries": history.recoveries[0].tolist(),
        "interest_rate": 0.0,
        "plan_growth": {"contributions": 0.0, "claims": 0.0},
        "theta": 1.0,
        "apply_adjustment": apply_adjustment,
        "budgets": "given",
    }


def compare(table: FundRules, history: History, apply_adjustment: bool) -> Replayed:
    """Run both and hold every balance, treasury payment and adjustment against the twin's."""
    twin = naive.run_fund(table.model_dump(), naive_data(history, apply_adjustment))
    ours = replay([table], history, lambda fund, row: row, apply_adjustment=apply_adjustment)
    scale = float(history.claims.sum() + history.opening.sum())
    found = {(b.year - 2020, b.month - 1, b.county, b.account): b.balance for b in ours.balances}
    for y, year in enumerate(twin["balances"]):
        for m, month in enumerate(year):
            for account in COUNTY_ACCOUNTS:
                for c, county in enumerate(history.counties):
                    close(found[y, m, county, account], month[account][c], scale, (y, m, county, account))
            for account in CITY_ACCOUNTS:
                close(found[y, m, "*", account], month[account], scale, (y, m, account))
    paid: dict[Any, float] = {}
    for p in twin["payments"]:
        if p["line"] != "runoff":
            at = (p["year"], p["month"], history.counties[p["county"]], p["payer"], p["line"])
            paid[at] = paid.get(at, 0.0) + p["amount"]
    line = {"opening deficit": "opening_deficits", "arrears": "arrears"}
    booked: dict[Any, float] = {}
    for t in ours.ledger:
        if t.source.endswith("treasury"):
            at = (t.year - 2020, t.month - 1, t.county, t.source, line.get(t.step, "treasury"))
            booked[at] = booked.get(at, 0.0) + t.amount
    for at in paid.keys() | booked.keys():
        close(booked.get(at, 0.0), paid.get(at, 0.0), scale, at)
    if table.policy_adjustment.trigger != "never":
        for ours_y, twin_y in zip(ours.adjustments, twin["adjustment"], strict=True):
            np.testing.assert_allclose(ours_y[2:5], twin_y, rtol=1e-9, atol=1e-12)
    return ours


def close(ours: float, twin: float, scale: float, place: object) -> None:
    """Within 1e-9 of the amount, or 1e-12 of all the money there is."""
    assert abs(ours - twin) <= 1e-9 * abs(twin) + 1e-12 * scale, (place, ours, twin)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules(), histories(), st.booleans())
def test_every_rule_table_gives_the_twins_numbers(
    table: FundRules, history: History, apply_adjustment: bool
) -> None:
    compare(table, history, apply_adjustment)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules(), histories())
def test_summing_the_ledger_reproduces_the_balances(table: FundRules, history: History) -> None:
    ours = replay([table], history, lambda fund, row: row)
    held: dict[tuple[str, str], float] = {}
    for c, county in enumerate(history.counties):
        for i, account in enumerate(
            ("county_balance", "opening_deficit", "arrears_government", "arrears_insured")
        ):
            held[county, account] = history.opening[0, c, i]
    for i, account in enumerate(("pool", "risk_fund", "municipal_reserve")):
        held["*", account] = history.city_opening[0, i]
    liabilities = {"opening_deficit", "unfunded"}
    scale = float(history.claims.sum() + history.opening.sum())
    ledger = iter(ours.ledger)
    row = next(ledger, None)
    for balance in ours.balances:
        while row is not None and (row.year, row.month) <= (balance.year, balance.month):
            assert row.amount > 0 and row.clause
            for account, sign in ((row.source, -1), (row.destination, 1)):
                county = "*" if account in CITY_ACCOUNTS else row.county
                at = (county, account)
                held[at] = held.get(at, 0.0) + row.amount * (-sign if account in liabilities else sign)
            if row.step == "arrears":
                memo = (
                    row.county,
                    "arrears_insured" if row.source == "payers" else "arrears_government",
                )
                held[memo] -= row.amount
            row = next(ledger, None)
        summed = held.get((balance.county, balance.account), 0.0)
        assert abs(summed - balance.balance) <= 1e-11 * scale, balance
