"""Hypothesis strategies: any rule table of the vocabulary, and figures to run it on."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from sim.replay import History
from sim.rules import FundRules

SOURCES = (
    "county_balance",
    "pool",
    "risk_fund",
    "all_balances",
    "county_treasury",
    "city_treasury",
    "unfunded",
)


def shares(count: int) -> st.SearchStrategy[list[float]]:
    """Shares in twentieths that sum to 1."""
    cuts = st.lists(st.integers(0, 20), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda c: [(b - a) / 20 for a, b in zip([0, *c], [*c, 20], strict=True)])


@st.composite
def layers(draw: st.DrawFn) -> dict[str, Any]:
    """One layer over one to three sources."""
    names = draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True))
    split = draw(shares(len(names)))
    when = draw(st.sampled_from(["unpaid_part", "after_pool", "whole_gap"]))
    layer = {"shares": dict(zip(names, split, strict=True)), "when_pool_short": when}
    limited = layer["shares"].get("county_balance") != 1 and draw(st.booleans())
    return layer | {"up_to": draw(st.sampled_from([0, 0.05, 0.3, 1]))} if limited else layer


schedules = st.one_of(st.just([]), st.integers(1, 4).flatmap(shares))
share = st.integers(0, 20).map(lambda n: n / 20)
months = st.integers(0, 12).map(lambda n: n / 2)


@st.composite
def rules(draw: st.DrawFn) -> FundRules:
    """Any point of the vocabulary."""
    part = draw(shares(3))
    return FundRules.model_validate(
        {
            "opening_transfer": {
                "months_of_city_claims": draw(months),
                "months_of_own_claims": draw(months),
                "share_of_balance": draw(share),
                "share_of_balance_city_level": draw(share),
                "december_share": draw(share),
                "rest_from_county_treasury": draw(st.booleans()),
                "pool_returned": draw(share),
            },
            "opening_deficit": {
                "in_january": draw(st.booleans()),
                "december_schedule": draw(schedules),
                "own_surplus_first": draw(st.booleans()),
            },
            "top_up": {
                "months": draw(months),
                "by_balance": 1.0 if (alone := draw(st.booleans())) else 0.0,
                "by_deficit": 0.0 if alone else part[0],
                "by_enrolment": 0.0 if alone else 1.0 - part[0],
                "rest_from_county_treasury": draw(st.booleans()),
                "enrolment_of": draw(st.sampled_from(["closed_year", "current_year"])),
                "balance": draw(st.sampled_from(["gross", "net"])),
            },
            "settlement": {
                "month": draw(st.sampled_from([0, 0, 1, 7, 11])),
                "surplus_to_pool": draw(share),
                "waterfall": draw(st.lists(layers(), max_size=5)),
                "alone": draw(
                    st.lists(
                        st.sampled_from(["county 0", "county 2", "甲县", "丙区", "elsewhere"]), max_size=3
                    )
                ),
            },
            "assessment": {
                "mode": draw(st.sampled_from(["none", "shortfall", "revenue_made_good", "all_or_nothing"])),
                "also_expenditure": draw(st.booleans()),
                "own_balance_first": draw(st.booleans()),
                "not_excellent_rise": draw(share),
                "not_excellent_rise_is": draw(st.sampled_from(["points", "relative"])),
            },
            "recoveries_to": draw(st.sampled_from(["pool", "county_balance"])),
            "risk_fund": {
                "rate": draw(share),
                "of": draw(st.sampled_from(["plan", "last_year"])),
                "stop_at": draw(share),
                "stop_at_months": draw(months),
                "source": draw(st.sampled_from(["county_balance", "surplus", "off_revenue", "pool"])),
            },
            "arrears": {"insured_schedule": draw(schedules), "government_schedule": draw(schedules)},
            "policy_adjustment": {
                "trigger": draw(st.sampled_from(["never", "unfunded", "budgeted", "months"])),
                "trigger_months": draw(months),
                "contribution_part": draw(share),
                "cap": draw(st.sampled_from([0.02, 0.1, 0.5])),
                "debt_years": draw(st.sampled_from([1, 3])),
            },
            "cash": {
                "working_capital_months": draw(months),
                "held_by_county": draw(st.sampled_from(["nothing", "county_balance", "second_tranche"])),
            },
        }
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One fund, one to four counties, one to four years: deficits and surpluses of every size."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    c, years = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    size = rng.uniform(1, 30, c) * 1e6
    opening = np.stack(
        [
            size * rng.choice([0, 0.1, 0.5, 2], c),
            size * rng.choice([0, 0, 0.3], c),
            size * rng.choice([0, 0.2], c),
            size * rng.choice([0, 0.1], c),
            size * rng.uniform(0.8, 1.2, c),
            size,
        ],
        axis=-1,
    )
    flows = size / 12 * rng.uniform(0.6, 1.4, (years, 12, c))
    maybe = lambda chance, value: np.where(rng.random((years, c)) < chance, value, np.nan)  # noqa: E731
    around = size * rng.uniform(0.9, 1.1, (years, c))
    return History(
        funds=("employee",),
        counties=tuple(f"county {n}" for n in range(c)),
        city_level=tuple(bool(flag) for flag in rng.random(c) < 0.3),
        first_year=2020,
        opening=opening[None],
        city_opening=(size.sum() * rng.choice([0, 0.1, 0.4], 3))[None],
        contributions=(flows * rng.uniform(0.7, 1.1))[None],
        claims=(size / 12 * rng.uniform(0.6, 1.4, (years, 12, c)))[None],
        enrolment=rng.integers(1, 1000, (1, years, c)).astype(float),
        revenue_budget=maybe(0.7, around)[None],
        expenditure_budget=maybe(0.7, around)[None],
        attributable_deficit=maybe(draw(st.sampled_from([0, 0.3])), around / 10)[None],
        excellent=rng.random((1, years, c)) < 0.6,
        recoveries=np.nan_to_num(maybe(0.3, around / 50))[None],
    )
