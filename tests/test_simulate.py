"""The simulation against the naive twin path by path, and its promises: bytes, masks, conservation."""

from __future__ import annotations

from itertools import product
from typing import Any

import naive
import naive_books
import numpy as np
import pytest
from binned import counted, tallies_of
from drawn import NAMES, draw, make_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_rules import rules
from twin_run import data_of, hold_against_twin

import sim.simulate
from scenarios.rulebook.city import builtin_templates, load_city
from sim.kernels import codes as k
from sim.kernels.block import open_books
from sim.kernels.identity import reconcile
from sim.kernels.lanes import LANES
from sim.kernels.months import close_month, open_month
from sim.lower import lower_case, new_books
from sim.model import Case, Pair
from sim.replay import History, Replayed, replay
from sim.rules import FundRules
from sim.simulate import IdentityError, simulate

CITIES = ("taizhou", "yancheng", "ziyang", "linyi", "hangzhou")
READINGS: list[tuple[str, dict[str, str]]] = [
    *((city, {}) for city in CITIES),
    (
        "taizhou",
        {"T3": "citywide", "T5": "after_pool", "T6": "net", "T7": "relative", "T14": "own_surplus_first"},
    ),
    ("taizhou", {"T4": "current_enrolment", "T5": "whole_gap"}),
    ("yancheng", {"Y2": "all", "Y3": "own_first", "Y4": "budgeted", "Y5": "both"}),
    ("yancheng", {"Y4": "months"}),
    ("ziyang", {"Z1": "in_full", "Z2": "off_revenue", "Z6": "both_plans", "Z8": "own_first", "Z9": "july"}),
    ("ziyang", {"Z2": "surplus_only", "Z5": "city"}),
    ("linyi", {"L2": "counties"}),
    ("hangzhou", {"H1": "retained"}),
    *((template, {}) for template in builtin_templates()),
    ("county-alone", {"C1": "nobody"}),
]
ANALYST = {"interest_rate": 0.02, "attributable_part": 0.4, "excellent_probability": 0.6}
NO_INTEREST = {**ANALYST, "interest_rate": 0.0}
"""A stretch of months then goes on through a settlement within the year."""
TREASURY_LINES = ("county_treasury", "city_treasury", "opening_deficits", "arrears")
LINE_OF_STEP = {"opening deficit": "opening_deficits", "arrears": "arrears"}
seen: dict[str, int] = {}


@pytest.mark.parametrize(("city", "readings"), READINGS)
def test_every_path_is_the_twins(city: str, readings: dict[str, str]) -> None:
    table = dict(load_city(city, readings).rules)
    case = make_case(table, years=5, **ANALYST)
    paths = 40 if not readings else 20
    events = hold_against_twin(simulate(case, paths=paths, seed=2), draw(case, 2, paths))
    for name, count in zip(naive_books.EVENTS, events, strict=False):
        seen[name] = seen.get(name, 0) + int(count)


@pytest.mark.parametrize("city", CITIES)
def test_every_path_is_the_twins_without_interest(city: str) -> None:
    case = make_case(dict(load_city(city).rules), years=4, **NO_INTEREST)
    hold_against_twin(simulate(case, paths=12, seed=2), draw(case, 2, 12))


def test_every_event_happened_somewhere_above() -> None:
    if len(seen) < len(naive_books.EVENTS):
        pytest.skip("the tests above were not run")
    assert min(seen.values()) > 0, seen


@pytest.mark.parametrize("city", CITIES)
def test_previous_years_claims_two_counties_and_no_assessment(city: str) -> None:
    options: dict[str, Any] = {
        "months_denominator": "previous_year",
        "discount_rate": -0.02,
        "below_months": (0.0, 0.5, 2.5, 12.0),
    }
    case = make_case(dict(load_city(city).rules), names=NAMES[1:], years=3, **options)
    hold_against_twin(simulate(case, paths=8, seed=3), draw(case, 3, 8))


@pytest.mark.parametrize("city", ["taizhou", "yancheng", "ziyang"])
def test_counties_that_each_owe_something_else(city: str) -> None:
    content = make_case(dict(load_city(city).rules), years=5).model_dump()
    owed = ("opening_deficit_yuan", "arrears_government_yuan", "arrears_insured_yuan")
    for county, fund in product(range(3), content["funds"]):
        content["counties"][county][fund] |= {name: 0.0 for name in owed if name != owed[county]}
    case = Case.model_validate(content)
    hold_against_twin(simulate(case, paths=2, seed=11), draw(case, 11, 2))


ANY_OPTIONS = st.fixed_dictionaries(
    {
        "interest_rate": st.sampled_from([0.0, 0.02]),
        "attributable_part": st.sampled_from([0.0, 0.4, 1.0]),
        "plan_ratio": st.sampled_from([0.9, 1.2]),
        "excellent_probability": st.sampled_from([0.6, 1.0]),
        "months_denominator": st.sampled_from(["same_year", "previous_year"]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rules(), rules(), st.sampled_from([NAMES, NAMES[:1], NAMES[1:]]), ANY_OPTIONS)
def test_any_rule_table_is_the_twins(
    employee: FundRules, resident: FundRules, names: tuple[str, ...], options: dict[str, Any]
) -> None:
    case = make_case({"employee": employee, "resident": resident}, names=names, years=3, **options)
    hold_against_twin(simulate(case, paths=6, seed=4), draw(case, 4, 6))


@pytest.fixture(scope="module")
def taizhou():
    return make_case(dict(load_city("taizhou").rules), names=NAMES[:2], years=3, **ANALYST)


def test_the_same_bytes_for_any_threads_and_chunks(taizhou) -> None:
    paths = 9 * LANES + 77
    first = simulate(taizhou, paths=paths, seed=5, threads=1, blocks_per_chunk=8)
    for threads in (1, 2, 3):
        for chunk in (1, 3, 8):
            other = simulate(taizhou, paths=paths, seed=5, threads=threads, blocks_per_chunk=chunk)
            assert tallies_of(first) == tallies_of(other)
    assert first.moments[:, 0].max() == paths
    assert simulate(taizhou, paths=paths, seed=6).moments.tobytes() != first.moments.tobytes()


def test_paths_beyond_the_last_are_masked(taizhou) -> None:
    whole, more = (simulate(taizhou, paths=n, seed=7) for n in (LANES, LANES + 1))
    before, counts = whole.counts.total(), more.counts.total()
    binned_before, binned = counted(whole), counted(more)
    for i, key in enumerate(more.series.keys):
        n = more.moments[i, 0]
        assert n == LANES + 1 or (key.metric == "gini" and n <= LANES + 1), key
        bins = slice(more.series.start[i], more.series.end[i])
        assert counts[bins].sum() == binned[i] <= n, key
        added = counts[bins].astype(int) - before[bins]
        assert added.min() >= 0 and added.sum() == binned[i] - binned_before[i], key
    for name in ("events", "county_events"):
        new, old = getattr(more, name), getattr(whole, name)
        assert set(np.unique(new - old)) <= {0, 1} and (new - old).sum(axis=-1).max() <= 1
        assert new.sum(axis=-1).max() <= LANES + 1
    # path 256 alone, whose figures the twin has, is the difference of the two runs
    drawn = draw(taizhou, 7, LANES + 1)
    i = next(i for i, key in enumerate(more.series.keys) if key.metric == "cash_reserves" and key.year == 2)
    alone = (LANES + 1) * more.moments[i, 1] - LANES * whole.moments[i, 1]
    only = type(drawn)(*(x[..., LANES:] for x in drawn))
    run = naive.run_fund(taizhou.rules["employee"].model_dump(), data_of(taizhou, "employee", only, 0))
    assert alone == pytest.approx(run["reserves_plain"][2], rel=1e-9)


def test_one_path_and_none(taizhou) -> None:
    single = simulate(taizhou, paths=1, seed=8)
    assert single.moments[:, 0].max() == 1 and (single.moments[:, 2] == 0).all()
    with pytest.raises(ValueError, match="at least 1"):
        simulate(taizhou, paths=0, seed=8)


def test_progress_counts_paths_and_can_stop_the_run(taizhou) -> None:
    done: list[int] = []
    simulate(taizhou, paths=700, seed=9, threads=2, blocks_per_chunk=1, progress=done.append)
    assert done == [*range(LANES, 700, LANES), 700]

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(taizhou, paths=700, seed=9, threads=2, blocks_per_chunk=1, progress=stop)


@pytest.mark.parametrize("city", CITIES)
def test_without_shocks_it_is_the_replay(city: str) -> None:
    table = dict(load_city(city).rules)
    case = make_case(table, years=4, shocks={})
    funds, drawn, plan = list(case.funds), draw(case, 1, 1), lower_case(case)
    for fund in funds:  # a replay plans without growth
        case.funds[fund] = case.funds[fund].model_copy(update={"plan_growth": Pair()})
    result = simulate(case, paths=LANES, seed=1)
    shape = (len(funds), case.years, len(case.counties))
    history = History(
        funds=tuple(funds),
        counties=tuple(county.name for county in case.counties),
        city_level=tuple(county.city_level for county in case.counties),
        first_year=case.first_year,
        opening=plan.opening,
        city_opening=plan.city_opening,
        contributions=drawn.month[:, 0, ..., 0],
        claims=drawn.month[:, 1, ..., 0],
        enrolment=np.array(
            [[[getattr(c, fund).enrolment_persons for c in case.counties]] * case.years for fund in funds]
        ),
        revenue_budget=np.full(shape, np.nan),
        expenditure_budget=np.full(shape, np.nan),
        attributable_deficit=np.full(shape, np.nan),
        excellent=np.ones(shape, np.bool_),
        recoveries=np.zeros(shape),
    )
    facts = replay([table[fund] for fund in funds], history, lambda fund, row: row, apply_adjustment=True)
    expected = replayed_series(case, facts)
    compared = 0
    for key, (n, mean, squares) in zip(result.series.keys, result.moments, strict=True):
        at = (funds[key.fund], key.county, key.year, key.metric)
        if at in expected:
            assert n == LANES
            assert mean == pytest.approx(expected[at], rel=1e-12, abs=1e-3 if mean == 0 else 0), at
            assert squares <= 1e-20 * n * mean**2, at
            compared += 1
    own = 1 if city in ("taizhou", "ziyang") else 0  # whose documents let a county's balance pay first
    pool = 0 if city == "ziyang" else 1  # whose waterfall has none
    assert compared == 2 * 4 * (3 + pool + 3 * own + 4 * 4)
    assert len(expected) == 2 * 4 * (4 + 3 + 4 * 4)


def replayed_series(case: Case, facts: Replayed) -> dict[tuple[str, int, int, str], float]:
    """Year-end stocks and treasury payments of a replay, by fund, county, year and metric."""
    index = {county.name: c for c, county in enumerate(case.counties)} | {"*": -1}
    out: dict[tuple[str, int, int, str], float] = {}
    held, claims = {}, {}
    for b in facts.balances:
        if b.month == 12:
            held[b.fund, b.year - case.first_year, index[b.county], b.account] = b.balance
    for fund, y, c in product(case.funds, range(case.years), index.values()):
        out |= {(fund, c, y, f"outlay:{line}"): 0.0 for line in TREASURY_LINES}
        claims[fund, y, c] = 0.0
    for t in facts.ledger:
        for c in (-1, index[t.county]):
            if t.source in ("county_treasury", "city_treasury"):
                line = LINE_OF_STEP.get(t.step, t.source)
                out[t.fund, c, t.year - case.first_year, f"outlay:{line}"] += t.amount
            if t.step == "claims":
                claims[t.fund, t.year - case.first_year, c] += t.amount
    for fund, y in product(case.funds, range(case.years)):
        reserves = sum(held[fund, y, -1, a] for a in ("pool", "risk_fund", "municipal_reserve"))
        reserves -= held[fund, y, -1, "unfunded"]
        for c in range(len(case.counties)):
            own = sum(held[fund, y, c, a] for a in ("county_balance", "current", "unsettled"))
            own -= held[fund, y, c, "opening_deficit"]
            out[fund, c, y, "months_of_capacity"] = 12 * own / claims[fund, y, c]
            reserves += own
        out[fund, -1, y, "cash_reserves"] = reserves
        out[fund, -1, y, "unfunded"] = held[fund, y, -1, "unfunded"]
        out[fund, -1, y, "cash_months"] = 12 * reserves / claims[fund, y, -1]
        out[fund, -1, y, "pool_months"] = 12 * held[fund, y, -1, "pool"] / claims[fund, y, -1]
    return out


def test_money_that_is_made_up_stops_the_run(taizhou, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(case: Case) -> k.Plan:
        plan = lower_case(case)
        plan.layer_share[1] *= 1 + 1e-6  # the resident fund's layers pay a little more than the gap
        return plan

    monkeypatch.setattr(sim.simulate, "lower_case", leaking)
    with pytest.raises(IdentityError, match=r"not conserved in \d\d+ of 300 paths"):
        simulate(taizhou, paths=300, seed=10)
    with pytest.raises(IdentityError, match="in 1 of 1 paths"):
        simulate(taizhou, paths=1, seed=10)


@pytest.mark.parametrize("error", [10.0, -10.0])
def test_the_identity_sees_ten_yuan_in_any_account(taizhou, error: float) -> None:
    for slot in (k.BALANCE, k.CURRENT, k.UNSETTLED, k.OPENING_DEFICIT):
        assert breaches(taizhou, "county", slot, error) == [17], slot
    for slot in (k.POOL, k.RISK_FUND, k.MUNICIPAL_RESERVE, k.UNFUNDED, k.INFLOW):
        assert breaches(taizhou, "city", slot, error) == [17], slot


@pytest.mark.parametrize("error", [np.inf, -np.inf, np.nan])
def test_the_identity_sees_what_is_no_number(taizhou, error: float) -> None:
    assert breaches(taizhou, "county", k.CURRENT, error) == [17]
    assert breaches(taizhou, "city", k.POOL, error) == [17]


def breaches(case: Case, where: str, slot: int, error: float) -> list[int]:
    """The lanes that the identity reports after an error in lane 17 of one account."""
    plan, books = lower_case(case), new_books(2, 2, 14, ledger=False)
    open_books(plan, books)
    county, v = books.county[0], books.city[0]
    reconcile(plan.rules[0], county, v)
    assert (v[k.BREACH : k.BREACH + LANES] == 0).all()
    row = county[1] if where == "county" else v
    row[slot + 17] += error
    reconcile(plan.rules[0], county, v)
    return np.flatnonzero(v[k.BREACH : k.BREACH + LANES]).tolist()


def test_a_month_of_kernels_keeps_the_identity(taizhou) -> None:
    plan, books = lower_case(taizhou), new_books(2, 2, 14, ledger=False)
    open_books(plan, books)
    for month in (1, 2):
        open_month(plan, books, 0, 0, month)
        close_month(plan, books, 0, 0, month, np.zeros((2, 2)), True)
    assert (books.city[0, k.BREACH : k.BREACH + LANES] == 0).all()
