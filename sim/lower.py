"""From a validated case to flat arrays: the only place where names become numbers.

``lower_rules`` serves the replay and the simulation alike; ``lower_noise`` only the simulation.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.kernels.codes import (
    BASE_CLAIMS,
    BASE_CONTRIBUTIONS,
    CITY_TREASURY,
    COUNTY_SLOTS,
    COUNTY_TREASURY,
    MAX_LAYERS,
    MONTHS,
    RULES,
    SOURCES,
    UP_TO,
    Books,
    Plan,
)
from sim.kernels.codes import EVER as EVER_SLOT
from sim.kernels.lanes import LANES
from sim.kernels.ledger import FLOW_SLOTS
from sim.kernels.shocks import Noise
from sim.kernels.tally import MONEY_LOWEST
from sim.model import FUNDS, Case, Growth
from sim.rules import Assessment, FundRules

PAGE_BYTES = 4096

LOG2E = 1.4426950408889634
# Each in the order of its codes in kernels.codes
MODES = ("none", "shortfall", "revenue_made_good", "all_or_nothing")
RISK_SOURCES = ("county_balance", "surplus", "off_revenue", "pool")
TRIGGERS = ("never", "unfunded", "budgeted", "months")
HELD = ("nothing", "county_balance", "second_tranche")
WHEN_SHORT = ("unpaid_part", "after_pool", "whole_gap")
Floats = NDArray[np.float64]
Names = tuple[str, ...]


def stable_id(name: str) -> int:
    """A county's 32-bit address in the random numbers: a hash of its name, never its position."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


def stable_ids(names: Sequence[str]) -> NDArray[np.uint32]:
    """The ids of all counties; two names with one id are refused (ValueError)."""
    ids = [stable_id(name) for name in names]
    for i, name in enumerate(names):
        if ids.index(ids[i]) != i:
            raise ValueError(
                f"counties {names[ids.index(ids[i])]} and {name} share a random-number id; rename one"
            )
    return np.array(ids, np.uint32)


def rule_record(rules: FundRules) -> Any:
    """One fund's rules as a record of ``codes.RULES``; analyst's choices are filled in by the caller."""
    record = np.zeros(1, RULES)[0]
    opening, top_up, assessment = rules.opening_transfer, rules.top_up, rules.assessment
    values = {
        "settlement_month": rules.settlement.month,
        "layers": len(rules.settlement.waterfall),
        "mode": MODES.index(assessment.mode),
        "risk_source": RISK_SOURCES.index(rules.risk_fund.source),
        "trigger": TRIGGERS.index(rules.policy_adjustment.trigger),
        "held": HELD.index(rules.cash.held_by_county),
        "opening_rest": opening.rest_from_county_treasury,
        "deficit_in_january": rules.opening_deficit.in_january,
        "surplus_first": rules.opening_deficit.own_surplus_first,
        "top_up_rest": top_up.rest_from_county_treasury,
        "enrolment_current": top_up.enrolment_of == "current_year",
        "net_balance": top_up.balance == "net",
        "also_expenditure": assessment.also_expenditure,
        "own_balance_first": assessment.own_balance_first,
        "recoveries_to_pool": rules.recoveries_to == "pool",
        "adjusts": rules.policy_adjustment.trigger != "never",
        "counts_balances": rules.names("county_balance") or rules.names("all_balances"),
        "opening_city_months": opening.months_of_city_claims,
        "opening_own_months": opening.months_of_own_claims,
        "opening_share": opening.share_of_balance,
        "opening_share_city": opening.share_of_balance_city_level,
        "december_share": opening.december_share,
        "top_up_months": top_up.months,
        "top_up_balance": top_up.by_balance,
        "top_up_deficit": top_up.by_deficit,
        "top_up_enrolment": top_up.by_enrolment,
        "surplus_to_pool": rules.settlement.surplus_to_pool,
        "risk_rate": rules.risk_fund.rate,
        "risk_stop": rules.risk_fund.stop_at,
        "risk_stop_months": rules.risk_fund.stop_at_months,
        "risk_of_last_year": rules.risk_fund.of == "last_year",
        "pool_returned": opening.pool_returned,
        "limits": any(layer.up_to is not None for layer in rules.settlement.waterfall),
        "trigger_months": rules.policy_adjustment.trigger_months,
        "contribution_part": rules.policy_adjustment.contribution_part,
        "cap": rules.policy_adjustment.cap,
        "debt_years": rules.policy_adjustment.debt_years,
        "working_months": rules.cash.working_capital_months,
    }
    for name, value in values.items():
        record[name] = value
    return record


def layers(rules: FundRules) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Shares of each layer and its limit (MAX_LAYERS, sources + 1) for a county assessed 优秀 and for one
    below, and what the layer does where the pool is short (MAX_LAYERS,)."""
    shares = np.zeros((2, MAX_LAYERS, len(SOURCES) + 1))
    short = np.zeros(MAX_LAYERS, np.int64)
    for i, layer in enumerate(rules.settlement.waterfall):
        total = sum(layer.shares.values())  # 1, but for what a file rounds off
        for source, share in layer.shares.items():
            shares[0, i, SOURCES.index(source)] = share / total
        shares[1, i] = below_excellent(shares[0, i], rules.assessment)
        shares[:, i, UP_TO] = np.inf if layer.up_to is None else layer.up_to
        short[i] = WHEN_SHORT.index(layer.when_pool_short)
    return shares[0], shares[1], short


def by_county(rules: FundRules, layer_shares: Floats, counties: Sequence[Names]) -> Floats:
    """The layers' shares of every county (C, MAX_LAYERS, sources + 1): where it stands alone, the city
    treasury's part is its own treasury's."""
    out = np.repeat(layer_shares[None], len(counties), axis=0)
    for c, names in enumerate(counties):
        if set(names) & set(rules.settlement.alone):
            out[c, :, COUNTY_TREASURY] += out[c, :, CITY_TREASURY]
            out[c, :, CITY_TREASURY] = 0.0
    return out


def below_excellent(shares: Floats, assessment: Assessment) -> Floats:
    """A layer that names county_treasury beside another source, for a county below 优秀: its share rises,
    to 1 at most, and the others shrink in proportion."""
    treasury, rise = shares[COUNTY_TREASURY], assessment.not_excellent_rise
    if not 0 < treasury < 1:
        return shares
    relative = assessment.not_excellent_rise_is == "relative"
    raised = min(1.0, treasury * (1 + rise) if relative else treasury + rise)
    below: Floats = np.array(shares * ((1 - raised) / (1 - treasury)))
    below[COUNTY_TREASURY] = raised
    return below


def still_owed(schedule: Sequence[float], years: int) -> Floats:
    """Share of a debt left after each December: all of it without a schedule, exactly 0 once it has run."""
    left = np.ones(max(years, len(schedule)))
    if schedule:
        left[: len(schedule)] = 1.0 - np.cumsum(schedule)
        left[len(schedule) - 1 :] = 0.0
    return left[:years]


def lower_rules(
    rules: Sequence[FundRules],
    *,
    years: int,
    counties: Sequence[Names],
    city_level: Sequence[bool],
    opening: Floats,
    city_opening: Floats,
    enrolment: Floats,
    discount_rate: float = 0.0,
    below: Sequence[float] = (),
) -> Plan:
    """Rules and opening books of F funds and C ``counties``, each by any of its names.

    ``opening`` (F, C, 6) and ``city_opening`` (F, 3) in yuan, as in ``codes.Plan``; ``enrolment``
    (F, Y, C) persons.
    """
    split = [layers(fund) for fund in rules]
    base_claims = opening[:, :, BASE_CLAIMS].sum(axis=1)
    totals = enrolment.sum(axis=2, keepdims=True)
    return Plan(
        rules=np.array([rule_record(fund) for fund in rules], RULES),
        layer_share=np.array(
            [by_county(fund, shares, counties) for fund, (shares, _, _) in zip(rules, split, strict=True)]
        ),
        layer_below=np.array(
            [by_county(fund, below, counties) for fund, (_, below, _) in zip(rules, split, strict=True)]
        ),
        layer_short=np.array([short for _, _, short in split]),
        city_level=np.array(city_level, np.bool_),
        opening=np.ascontiguousarray(opening, np.float64),
        city_opening=np.ascontiguousarray(city_opening, np.float64),
        enrolment=np.divide(enrolment, totals, out=np.zeros_like(enrolment), where=totals > 0),
        deficit_left=np.array([still_owed(fund.opening_deficit.december_schedule, years) for fund in rules]),
        arrears_left=np.array(
            [
                [still_owed(schedule, years) for schedule in (a.government_schedule, a.insured_schedule)]
                for a in (fund.arrears for fund in rules)
            ]
        ),
        discount=(1.0 + discount_rate) ** -(np.arange(years + 1) + 1.0),
        below_months=np.array(below, np.float64),
        per_lowest=1.0 / (MONEY_LOWEST * np.maximum(base_claims, 1.0)),
        excellent_probability=1.0,
        previous_claims=False,
    )


def lower_case(case: Case) -> Plan:
    """The plan of a simulation: rules, opening books and the analyst's options."""
    funds, options = list(case.funds), case.options
    figures = [[getattr(county, fund) for county in case.counties] for fund in funds]
    opening = np.array(
        [
            [
                (
                    c.county_balance_yuan,
                    c.opening_deficit_yuan,
                    c.arrears_government_yuan,
                    c.arrears_insured_yuan,
                    c.base_contributions_yuan,
                    c.base_claims_yuan,
                )
                for c in row
            ]
            for row in figures
        ]
    )
    accounts = [case.funds[fund].accounts for fund in funds]
    enrolment = np.array([[c.enrolment_persons for c in row] for row in figures])
    plan = lower_rules(
        [case.rules[fund] for fund in funds],
        years=case.years,
        counties=[(county.name, county.name_en) for county in case.counties],
        city_level=[county.city_level for county in case.counties],
        opening=opening,
        city_opening=np.array([(a.pool_yuan, a.risk_fund_yuan, a.municipal_reserve_yuan) for a in accounts]),
        enrolment=np.repeat(enrolment[:, None, :], case.years, axis=1),
        discount_rate=options.discount_rate,
        below=options.below_months,
    )
    assesses = options.attributable_part > 0
    for f, fund in enumerate(funds):
        record, planned = plan.rules[f], case.funds[fund].plan_growth
        mode = case.rules[fund].assessment.mode
        record["theta"] = options.attributable_part
        record["plan_ratio"] = options.plan_ratio
        record["plan_contributions"] = planned.contributions
        record["plan_claims"] = planned.claims
        record["monthly_interest"] = options.interest_rate / MONTHS
        record["budgets"] = assesses and mode != "none"
        record["assesses"] = assesses and mode in ("shortfall", "all_or_nothing")
    previous = options.months_denominator == "previous_year"
    return plan._replace(excellent_probability=options.excellent_probability, previous_claims=previous)


def growth_by_year(growth: Growth, years: int) -> Floats:
    """ln(1 + r) of contributions and claims, (2, Y); the last rate given is kept on."""
    out = np.empty((2, years))
    for kind, rate in enumerate((growth.contributions, growth.claims)):
        rates = np.atleast_1d(np.asarray(rate, np.float64))
        out[kind] = np.log1p(rates[np.minimum(np.arange(years), len(rates) - 1)])
    return out


def lower_noise(case: Case, plan: Plan, seed: int) -> Noise:
    """Levels of the median path and the shock model, logarithms to base 2."""
    funds, shocks = list(case.funds), case.shocks
    drift = np.array([growth_by_year(case.funds[fund].growth, case.years) for fund in funds])
    base = plan.opening[:, :, [BASE_CONTRIBUTIONS, BASE_CLAIMS]]
    level = base[:, :, :, None] * np.exp(np.cumsum(drift, axis=2))[:, None, :, :]
    ahead = np.concatenate(
        [np.zeros((len(funds), 1)), np.cumsum(drift[:, 1] - drift[:, 0], axis=1)[:, :-1]], 1
    )
    epidemic = shocks.epidemic
    scalars = (
        shocks.county_persistence,
        shocks.county_correlation,
        shocks.city_degrees_of_freedom or 0.0,
        shocks.county_degrees_of_freedom or 0.0,
        epidemic.probability if epidemic.probability < 1 else 2.0,  # U in single precision may round to 1
        epidemic.claims_mean * LOG2E,
        epidemic.claims_sd * LOG2E,
        epidemic.contributions_mean * LOG2E,
        epidemic.contributions_sd * LOG2E,
    )
    profiles = [case.funds[fund].profile for fund in funds]

    def single(values: Any, scale: float = 1.0) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.asarray(values, np.float64) * scale, np.float32)

    return Noise(
        key=np.array([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF], np.uint32),
        county_id=stable_ids([county.name for county in case.counties]),
        fund=np.array([FUNDS.index(fund) for fund in funds]),
        level=np.ascontiguousarray(level),
        gap=single(ahead, LOG2E),
        profile=np.array([[p.contributions, p.claims] for p in profiles]),
        city_root=single(_root(shocks.city_correlation)),
        city_scale=single(shocks.city_volatility, LOG2E),
        city_persistence=single(shocks.city_persistence),
        county_scale=single(shocks.county_volatility, LOG2E),
        monthly_scale=single(shocks.monthly_volatility, LOG2E),
        response=single(shocks.response),
        scalars=single(scalars),
        mirrored=False,
        given=np.empty((0, case.years, 4 * LANES), np.float32),
    )


@lru_cache(maxsize=64)
def _root(correlation: tuple[tuple[float, ...], ...]) -> Floats:
    """Its Cholesky factor; the cases of a study mostly share theirs."""
    return np.linalg.cholesky(np.array(correlation))


def aligned_zeros(shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
    """Zeros that begin on a page.

    A vector of 512 bits that straddles two cache lines takes twice the time.  And a processor that has just
    stored to an address waits with a load whose last 12 bits are the same: arrays of whole pages, gone
    through side by side, never meet so, and arrays that begin anywhere do on some days.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + PAGE_BYTES, np.uint8)
    start = -memory.ctypes.data % PAGE_BYTES
    aligned: NDArray[Any] = memory[start : start + size].view(dtype).reshape(shape)
    return aligned


def new_books(funds: int, counties: int, events: int, *, ledger: bool) -> Books:
    """Empty books; with ``ledger`` the transfers of a month are noted."""
    return Books(
        county=aligned_zeros((funds, counties, COUNTY_SLOTS * LANES)),
        city=aligned_zeros((funds, int(EVER_SLOT) + events * LANES)),
        net=aligned_zeros((funds, MONTHS * LANES)),
        county_flow=aligned_zeros((funds, counties, FLOW_SLOTS * LANES)) if ledger else None,
        city_flow=aligned_zeros((funds, FLOW_SLOTS * LANES)) if ledger else None,
    )
