"""Every slot, source, flow and event code, in one place; kernels and their callers import them here.

A slot is an offset into a row: slot number x LANES.  Slots before ``*_READ`` are all that a settlement reads
before it writes them, sums apart, so that settling on a copy copies no more than that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.kernels.lanes import LANES

NOUGHT = 0.005
"""Below this many yuan an amount is nought for every test."""
MONTHS = 12
CONTRIBUTIONS, CLAIMS = np.int64(0), np.int64(1)
"""The two kinds of flow, wherever an array has an axis for them."""


def _slots(count: int) -> list[np.int64]:
    # not Python ints: numba would compile each function anew for every literal passed to it
    return [np.int64(i * LANES) for i in range(count)]


def _codes(count: int) -> list[np.int64]:
    return [np.int64(i) for i in range(count)]


# --- a county's row, one fund: yuan, unless said otherwise --------------------------------------------
COUNTY_SLOTS = 41
# fmt: off
(
    UNSETTLED,  # results of closed years that wait for their settlement
    BALANCE,  # county_balance
    OPENING_DEFICIT,
    EXCELLENT,  # 1 where the county is assessed 优秀
    REVENUE_MISSED,  # contributions short of the budget
    OVERSPENT,  # claims beyond the budget
    GIVEN,  # the user's own finding in place of the assessment's; below 0 for none
    POSTED,  # contributions before what December adds and takes: a layer's limit is of them
    GAP,  # of a deficit, what nobody has paid yet
    LEFT,  # of the gap, what the layer at hand has left
    PASSED_BY,  # of the gap, what is beyond the layer's limit
    # Paid by treasuries this year; the four in the order of burden lines
    PAID_COUNTY,  # in the county's role; of the city-level unit the year's end books it to the city
    PAID_CITY,
    PAID_OPENING,  # instalments of the opening deficit
    PAID_ARREARS,
    PAID_IN,  # to pool and risk fund, ever
    DRAWN,  # from pool and risk fund, ever
    DEPLETED,  # 1 where the balance did not pay what was asked this year
    CURRENT,  # the running year's result
    TRANCHE_DUE,  # second tranche of the opening transfer, still to be given
    YEAR_CONTRIBUTIONS,  # of the running year
    YEAR_CLAIMS,
    CLOSED_CONTRIBUTIONS,  # of the year before
    CLOSED_CLAIMS,
    RESULT,  # of the year last closed
    REVENUE_BUDGET,
    EXPENDITURE_BUDGET,
    ARREARS_GOVERNMENT,
    ARREARS_INSURED,
    PAID_AT_OPENING,  # what the treasury gave the pool at the opening
    EVER_DEPLETED,  # 1 from the first year on in which the balance was
    TOTAL_COUNTY,  # burden lines up to now, in their order
    TOTAL_CITY,
    TOTAL_OPENING,
    TOTAL_ARREARS,
    TOTAL_RUNOFF,
    PRESENT_COUNTY,  # the same, discounted; they follow the totals
    PRESENT_CITY,
    PRESENT_OPENING,
    PRESENT_ARREARS,
    PRESENT_RUNOFF,
) = _slots(COUNTY_SLOTS)
# fmt: on
COUNTY_READ = GAP
ASSESSMENT_READ = REVENUE_MISSED
"""From here to ``COUNTY_READ`` only an assessment reads, and a layer with a limit."""
LINES = 5
"""Burden lines in slot order: county_treasury, city_treasury, opening_deficits, arrears, runoff."""

(
    OPEN_BALANCE,
    OPEN_DEFICIT,
    OPEN_ARREARS_GOVERNMENT,
    OPEN_ARREARS_INSURED,
    BASE_CONTRIBUTIONS,
    BASE_CLAIMS,
) = _codes(6)
"""Columns of ``Plan.opening``."""

# --- the city's row, one fund: yuan, unless said otherwise --------------------------------------------
EVENTS = (
    "reserve_depletion",
    "cash_depletion",
    "pool_depletion",
    "risk_fund_depletion",
    "topup_short",
    "cash_shortfall",
    "unfunded",
    "treasury_call",
    "treasury_call_county",
    "treasury_call_city",
    "policy_adjustment",
)
"""Events of a city in code order; ``below_N_months`` follow, one for each N."""
CITY_SLOTS = 55
# fmt: off
(
    POOL,
    RISK_FUND,
    UNFUNDED,
    # Of the layer at hand. Sums over counties are nought while nobody sums: who uses one clears it.
    GAPS,  # sum
    GAPS_EXCELLENT,  # sum over counties assessed 优秀
    BALANCES,  # sum
    RISK_PAYS,  # share of what is asked, in 0..1
    POOL_PAYS,
    SHORT,  # 1 where a short pool excuses the treasuries beside it
    BALANCES_PAY,  # share of what all balances are asked for, in 0..1
    BALANCES_GIVE,  # share of itself that every balance gives, in 0..1
    # Of the identity
    BOOKED,  # sum of what is in counties' accounts
    OFFSET,  # sum of what is reserves but no cash, or the reverse
    INFLOW,  # from outside, but contributions and claims, since reserves were last summed
    YEAR_INFLOW,  # the same, this year
    EVENT_POOL,  # 1 where the event has happened this year
    EVENT_RISK,
    MUNICIPAL_RESERVE,
    RESERVES,
    CASH_OFFSET,  # to be added to reserves for the city's cash
    CLAIM_MULTIPLIER,  # policy in force, ratios
    CONTRIBUTION_MULTIPLIER,
    DEBT_CUT,
    NEXT_CLAIMS,  # policy of the next year, ratios
    NEXT_CONTRIBUTIONS,
    NEXT_CUT,
    CITY_CONTRIBUTIONS,  # of the running year
    CITY_CLAIMS,
    CITY_CLOSED_CLAIMS,  # of the year before
    CALLED_COUNTY,  # on treasuries, this year
    CALLED_CITY,
    LINE_0,  # the year's first four burden lines
    LINE_1,
    LINE_2,
    LINE_3,
    SUM_A,  # for whoever sums something over counties, or needs a place
    SUM_B,
    SUM_C,
    COVERED_OWN,  # paid for deficits this year, by ``measure.COVERED_NAMES``
    COVERED_RISK,
    COVERED_POOL,
    SETTLED,  # reserves, were all settled now
    VALUE,  # what a stage hands to the next
    RAISED,  # by policy, this year
    CUT,
    TOTAL_RAISED,  # and up to now
    TOTAL_CUT,
    PRESENT_RAISED,  # and discounted
    PRESENT_CUT,
    EVENT_CASH,
    EVENT_TOPUP,
    EVENT_SHORTFALL,
    EVENT_UNFUNDED,
    EVENT_ADJUSTMENT,
    BREACH,  # how often the identity failed
) = _slots(CITY_SLOTS)
# fmt: on
CITY_READ = GAPS
EVER = np.int64(CITY_SLOTS * LANES)
"""First slot of the flags that an event has happened, one an event, at the end of the city's row."""

# --- sources of the waterfall ---------------------------------------------------------------------------
SOURCES = (
    "county_balance",
    "all_balances",
    "pool",
    "risk_fund",
    "county_treasury",
    "city_treasury",
    "unfunded",
)
"""In the order of the columns of ``Plan.layer_share``; own balances pay before all balances together."""
OWN, ALL, FROM_POOL, FROM_RISK, COUNTY_TREASURY, CITY_TREASURY, NOBODY = _codes(len(SOURCES))
UP_TO = np.int64(len(SOURCES))
"""The column after the sources: the largest gap that a layer takes, of contributions; infinite if any."""
MAX_LAYERS = 6


# --- flows: every transfer a step can make, in the order of a month -------------------------------------
class Flow(NamedTuple):
    """A kind of transfer: the ledger's columns, and the row of the city file whose clause it cites."""

    name: str
    step: str
    source: str
    destination: str
    row: str
    of_city: bool = False


def _layer_flows() -> list[Flow]:
    flows = []
    for i in range(MAX_LAYERS):
        row, step = f"settlement.waterfall.{i + 1}", f"waterfall {i + 1}"
        # balances drawn in common pass through the pool, so that each county's ledger adds up
        flows.append(Flow(f"layer{i}_common", step, "county_balance", "pool", row))
        for source in SOURCES:
            payer = "pool" if source == "all_balances" else source
            flows.append(Flow(f"layer{i}_{source}", step, payer, "unsettled", row))
    return flows


FLOWS = (
    Flow(
        "deficit_paid",
        "opening deficit",
        "county_treasury",
        "opening_deficit",
        "opening_deficit.in_january",
    ),
    Flow("returned", "pool returned", "pool", "county_balance", "opening_transfer.pool_returned"),
    Flow("opening", "opening transfer", "county_balance", "pool", "opening_transfer"),
    Flow(
        "opening_rest",
        "opening transfer",
        "county_treasury",
        "pool",
        "opening_transfer.rest_from_county_treasury",
    ),
    Flow("top_up", "top-up", "county_balance", "pool", "top_up"),
    Flow("top_up_rest", "top-up", "county_treasury", "pool", "top_up.rest_from_county_treasury"),
    Flow("repay_top_up", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("municipal", "municipal reserve", "municipal_reserve", "pool", "flows.municipal_reserve", True),
    Flow("interest_pool", "interest", "interest", "pool", "flows.interest", True),
    Flow("interest_risk", "interest", "interest", "risk_fund", "flows.interest", True),
    Flow("interest", "interest", "interest", "current", "flows.interest"),
    Flow("contributions", "contributions", "payers", "current", "flows.contributions"),
    Flow("claims", "claims", "current", "providers", "flows.claims"),
    # December up to the close; after it the settlement, in whatever month it falls
    Flow("tranche", "opening transfer", "county_balance", "pool", "opening_transfer.december_share"),
    Flow(
        "instalment",
        "opening deficit",
        "county_treasury",
        "opening_deficit",
        "opening_deficit.december_schedule",
    ),
    Flow("arrears_insured", "arrears", "payers", "current", "arrears.insured_schedule"),
    Flow("arrears_government", "arrears", "county_treasury", "current", "arrears.government_schedule"),
    Flow("recovered_pool", "recoveries", "providers", "pool", "recoveries_to"),
    Flow("recovered_balance", "recoveries", "providers", "county_balance", "recoveries_to"),
    Flow("repay_recoveries", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("made_good", "revenue made good", "county_treasury", "current", "assessment.mode"),
    Flow("off_revenue", "risk fund", "current", "risk_fund", "risk_fund.rate"),
    Flow("close", "close", "current", "unsettled", "flows.close"),
    Flow("surplus_pool", "surplus", "unsettled", "pool", "settlement.surplus_to_pool"),
    Flow("surplus_deficit", "surplus", "unsettled", "opening_deficit", "opening_deficit.own_surplus_first"),
    Flow("surplus_kept", "surplus", "unsettled", "county_balance", "settlement.surplus_to_pool"),
    Flow("repay_surplus", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("attributable_own", "assessment", "county_balance", "unsettled", "assessment.own_balance_first"),
    Flow("attributable", "assessment", "county_treasury", "unsettled", "assessment.mode"),
    *_layer_flows(),
    Flow("remainder", "unfunded", "unfunded", "unsettled", "flows.remainder"),
    Flow("repay_settlement", "repayment", "pool", "unfunded", "flows.repay_unfunded", True),
    Flow("accrual", "risk fund", "county_balance", "risk_fund", "risk_fund.rate"),
    Flow("accrual_pool", "risk fund", "pool", "risk_fund", "risk_fund.rate", True),
)
FLOW_SLOTS = len(FLOWS)
_AT = {flow.name: np.int64(i * LANES) for i, flow in enumerate(FLOWS)}
F_DEFICIT_PAID, F_OPENING, F_OPENING_REST = _AT["deficit_paid"], _AT["opening"], _AT["opening_rest"]
F_RETURNED = _AT["returned"]
F_TOP_UP, F_TOP_UP_REST, F_MUNICIPAL = _AT["top_up"], _AT["top_up_rest"], _AT["municipal"]
F_INTEREST_POOL, F_INTEREST_RISK, F_INTEREST = _AT["interest_pool"], _AT["interest_risk"], _AT["interest"]
F_CONTRIBUTIONS, F_CLAIMS = _AT["contributions"], _AT["claims"]
F_TRANCHE, F_INSTALMENT = _AT["tranche"], _AT["instalment"]
F_ARREARS_INSURED, F_ARREARS_GOVERNMENT = _AT["arrears_insured"], _AT["arrears_government"]
F_RECOVERED_POOL, F_RECOVERED_BALANCE = _AT["recovered_pool"], _AT["recovered_balance"]
F_MADE_GOOD, F_OFF_REVENUE, F_CLOSE = _AT["made_good"], _AT["off_revenue"], _AT["close"]
F_SURPLUS_POOL, F_SURPLUS_DEFICIT = _AT["surplus_pool"], _AT["surplus_deficit"]
F_SURPLUS_KEPT = _AT["surplus_kept"]
F_ATTRIBUTABLE_OWN, F_ATTRIBUTABLE = _AT["attributable_own"], _AT["attributable"]
F_LAYERS, F_REMAINDER = _AT["layer0_common"], _AT["remainder"]
LAYER_STRIDE = np.int64((len(SOURCES) + 1) * LANES)
F_ACCRUAL, F_ACCRUAL_POOL = _AT["accrual"], _AT["accrual_pool"]
F_REPAY_TOP_UP, F_REPAY_RECOVERIES = _AT["repay_top_up"], _AT["repay_recoveries"]
F_REPAY_SURPLUS, F_REPAY_SETTLEMENT = _AT["repay_surplus"], _AT["repay_settlement"]

# --- one fund's rules as a record: fields of sim.rules in flat form ---------------------------------------
UNPAID_PART, AFTER_POOL, WHOLE_GAP = _codes(3)
NO_ASSESSMENT, SHORTFALL, REVENUE_MADE_GOOD, ALL_OR_NOTHING = _codes(4)
RISK_FROM_BALANCE, RISK_FROM_SURPLUS, RISK_OFF_REVENUE, RISK_FROM_POOL = _codes(4)
NEVER, UNFUNDED_SEEN, BUDGETED, MONTHS_LOW = _codes(4)
HELD_NOTHING, HELD_BALANCE, HELD_TRANCHE = _codes(3)

_WHOLE = "settlement_month layers mode risk_source trigger held".split()
_FLAG = (
    "opening_rest deficit_in_january surplus_first top_up_rest enrolment_current "
    "net_balance also_expenditure own_balance_first recoveries_to_pool adjusts counts_balances assesses "
    "budgets limits risk_of_last_year"
).split()
_REAL = (
    "opening_city_months opening_own_months opening_share opening_share_city december_share "
    "top_up_months top_up_balance top_up_deficit top_up_enrolment surplus_to_pool "
    "pool_returned risk_rate risk_stop risk_stop_months "
    "trigger_months contribution_part cap debt_years working_months "
    "theta plan_ratio plan_contributions plan_claims monthly_interest"
).split()
RULES = np.dtype(
    [(name, np.int64) for name in _WHOLE]
    + [(name, np.bool_) for name in _FLAG]
    + [(name, np.float64) for name in _REAL],
    align=True,
)


class Books(NamedTuple):
    """The state of one block of paths; rows of slots x LANES."""

    county: np.ndarray
    """(F, C, COUNTY_SLOTS x LANES) yuan."""
    city: np.ndarray
    """(F, (CITY_SLOTS + events) x LANES) yuan, ratios and flags."""
    net: np.ndarray
    """(F, 12 x LANES) yuan: what a month's own figures add to the city's reserves."""
    county_flow: Any
    """(F, C, FLOW_SLOTS x LANES) yuan moved this month; None where nobody reads them."""
    city_flow: Any
    """(F, FLOW_SLOTS x LANES)."""


class Plan(NamedTuple):
    """All that a run reads and never writes; F funds, C counties, Y years, L layers, S sources."""

    rules: np.ndarray
    """(F,) of RULES."""
    layer_share: np.ndarray
    """(F, C, L, S + 1) shares in 0..1, for a county assessed 优秀, and the layer's limit.  Counties differ
    in the treasuries' shares alone: what a layer asks of common accounts is read off the first."""
    layer_below: np.ndarray
    """(F, C, L, S + 1) the same for a county below 优秀."""
    layer_short: np.ndarray
    """(F, L) what a layer does where the pool is short."""
    city_level: np.ndarray
    """(C,) whether the county's treasury is the city's."""
    opening: np.ndarray
    """(F, C, 6) yuan, columns ``OPEN_BALANCE`` to ``BASE_CLAIMS``."""
    city_opening: np.ndarray
    """(F, 3) yuan: pool, risk fund, municipal reserve."""
    enrolment: np.ndarray
    """(F, Y, C) each county's share of the city's enrolment, in 0..1."""
    deficit_left: np.ndarray
    """(F, Y) share of the opening deficit still to be paid after December of the year."""
    arrears_left: np.ndarray
    """(F, 2, Y) share of the arrears (government, insured) still owed after December of the year."""
    discount: np.ndarray
    """(Y + 1,) present value of a yuan paid in the year; the last is the run-off's."""
    below: np.ndarray
    """(N,) months of the ``below_N_months`` events."""
    per_lowest: np.ndarray
    """(F,) 1 / (1e-6 x base-year city claims), per yuan: the money bins' unit."""
    excellent_probability: float
    """A county's chance of being assessed 优秀, each year."""
    previous_claims: bool
    """Whether months of capacity are counted in the previous year's claims."""
