"""Every slot, source and event code, in one place; kernels and their callers import them here.

A slot is an offset into a row: slot number x LANES.  A settlement on a copy copies the slots before
``*_READ`` and no others: those it writes first, or adds to where nobody reads them, or they are 0, as sums
over counties are but while somebody sums.
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
    EXCELLENT,  # 1 where the county is assessed 优秀, else 0
    REVENUE_MISSED,  # contributions short of the budget
    OVERSPENT,  # claims beyond the budget
    GIVEN,  # the user's own finding in place of the assessment's; below 0 for none
    POSTED,  # contributions before what December adds and takes: a layer's limit is of them
    GAP,  # of a deficit, what the current layer is asked for
    LEFT,  # of the gap, what the layer's sources so far could not pay of their shares
    PASSED_BY,  # of the deficit, what is above the layer's limit and left to the next
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
    # Of the current layer. Sums over counties are 0 before and after: who has used one clears it.
    GAPS,  # sum
    GAPS_EXCELLENT,  # sum over counties assessed 优秀
    BALANCES,  # sum
    RISK_PAYS,  # share of what is asked, in 0..1
    POOL_PAYS,
    SHORT,  # 1 where the account rationed last was short: it may excuse a treasury beside it (T5)
    BALANCES_PAY,  # share of what all balances are asked for, in 0..1
    BALANCES_GIVE,  # share of itself that every balance gives, in 0..1
    # Of the identity
    BOOKED,  # sum of what is in counties' accounts
    OFFSET,  # sum of what is reserves but no cash, or the reverse
    INFLOW,  # from outside, but contributions, claims and interest, since reserves were last summed
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


class Shares(NamedTuple):
    """Who pays how much of one fund's gaps, layer by layer: (C, L, S + 1) shares in 0..1 and the limit."""

    excellent: np.ndarray
    """For counties assessed 优秀."""
    below: np.ndarray
    """For those that are not."""
    when_short: np.ndarray
    """(L,) what a layer does where the pool is short."""


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
    below_months: np.ndarray
    """(N,) limits of the ``below_N_months`` events."""
    per_lowest: np.ndarray
    """(F,) 1 / (1e-6 x base-year city claims), per yuan: the money bins' unit."""
    excellent_probability: float
    """A county's chance of being assessed 优秀, each year."""
    previous_claims: bool
    """Whether months of capacity are counted in the previous year's claims."""
