"""What is measured at a year's end and at the horizon, one fund at a time.

The order of series here is the order of ``CITY_YEAR_METRICS`` and its three companions; ``sim.series``
reads the same tuples, so a metric is named in one place.
"""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import (
    BALANCE,
    BREACH,
    CALLED_CITY,
    CALLED_COUNTY,
    CITY_CLAIMS,
    CITY_CLOSED_CLAIMS,
    CITY_READ,
    CLOSED_CLAIMS,
    COVERED_OWN,
    CURRENT,
    CUT,
    DEPLETED,
    DRAWN,
    EVENT_ADJUSTMENT,
    EVENT_CASH,
    EVENT_POOL,
    EVENT_RISK,
    EVENT_SHORTFALL,
    EVENT_TOPUP,
    EVENT_UNFUNDED,
    EVENTS,
    EVER,
    EVER_DEPLETED,
    INFLOW,
    LINE_0,
    LINES,
    MONTHS,
    NOUGHT,
    OPEN_ARREARS_GOVERNMENT,
    OPEN_DEFICIT,
    OPENING_DEFICIT,
    PAID_AT_OPENING,
    PAID_CITY,
    PAID_COUNTY,
    PAID_IN,
    POOL,
    PRESENT_CUT,
    PRESENT_RAISED,
    PRESENT_RUNOFF,
    RAISED,
    RESERVES,
    SETTLED,
    SUM_A,
    SUM_B,
    TOTAL_COUNTY,
    TOTAL_CUT,
    TOTAL_RAISED,
    TOTAL_RUNOFF,
    UNFUNDED,
    UNSETTLED,
    VALUE,
    YEAR_CLAIMS,
    YEAR_INFLOW,
)
from sim.kernels.gini import gini
from sim.kernels.lanes import LANES, known, stage, wide
from sim.kernels.rows import clear, copy_row, sum_of
from sim.kernels.settlement import settle
from sim.kernels.tally import (
    any_value,
    first_time,
    tally_amounts,
    tally_gini,
    tally_money,
    tally_months,
    tally_nothing,
)

COVERED_NAMES = ("own_balance", "risk_fund", "pool")
"""Who of the fund's own accounts paid for settled deficits, in slot order."""
LINE_NAMES = ("county_treasury", "city_treasury", "opening_deficits", "arrears", "runoff")
CITY_YEAR_METRICS = (
    *("months_of_capacity", "cash_months", "pool_months", "reserves", "cash_reserves"),
    *(f"outlay:{line}" for line in LINE_NAMES[:4]),
    *(f"covered:{account}" for account in COVERED_NAMES),
    *("adjustment:contributions", "adjustment:claims", "unfunded"),
)
COUNTY_YEAR_METRICS = ("months_of_capacity", *(f"outlay:{line}" for line in LINE_NAMES[:4]))
CITY_HORIZON_METRICS = (
    *(f"outlay:{line}" for line in LINE_NAMES),
    *(f"outlay:{line}:discounted" for line in LINE_NAMES),
    *("adjustment:contributions", "adjustment:claims"),
    *("adjustment:contributions:discounted", "adjustment:claims:discounted"),
    "gini",
)
COUNTY_HORIZON_METRICS = (
    *(f"outlay:{line}" for line in LINE_NAMES),
    *(f"outlay:{line}:discounted" for line in LINE_NAMES),
    *("pool_net", "pool_paid_in", "pool_drawn"),
)
CITY_YEAR, COUNTY_YEAR = len(CITY_YEAR_METRICS), len(COUNTY_YEAR_METRICS)
CITY_HORIZON, COUNTY_HORIZON = len(CITY_HORIZON_METRICS), len(COUNTY_HORIZON_METRICS)
FIRST_BELOW = len(EVENTS)
OPENING_LINE = LINE_NAMES.index("opening_deficits")
"""Before it come the lines of a county's and the city's treasury, afterwards arrears."""


def _places(order, names):
    """Where metrics or events stand in their order, as constants for the kernels."""
    return (np.int64(order.index(name)) for name in names.split())


CASH_MONTHS, POOL_MONTHS, SETTLED_RESERVES, PLAIN_RESERVES, ADJUSTED_UP, ADJUSTED_DOWN, BILL = _places(
    CITY_YEAR_METRICS,
    "cash_months pool_months reserves cash_reserves adjustment:contributions adjustment:claims unfunded",
)
CAPACITY, FIRST_LINE, FIRST_COVERED = _places(
    CITY_YEAR_METRICS, "months_of_capacity outlay:county_treasury covered:own_balance"
)
COUNTY_CAPACITY, COUNTY_FIRST_LINE = _places(COUNTY_YEAR_METRICS, "months_of_capacity outlay:county_treasury")
FIRST_ADJUSTMENT, GINI = _places(CITY_HORIZON_METRICS, "adjustment:contributions gini")
NET, PAID, TAKEN = _places(COUNTY_HORIZON_METRICS, "pool_net pool_paid_in pool_drawn")
# fmt: off
(
    DEPLETION, CASH_DEPLETION, POOL_DEPLETION, RISK_DEPLETION, TOPUP_SHORT, CASH_SHORTFALL, SEEN_UNFUNDED,
    CALL, CALL_COUNTY, CALL_CITY, ADJUSTED,
) = _places(
    EVENTS,
    "reserve_depletion cash_depletion pool_depletion risk_fund_depletion topup_short cash_shortfall unfunded "
    "treasury_call treasury_call_county treasury_call_city policy_adjustment",
)
# fmt: on


@stage
def add_receivable(v, copy):
    """Settled reserves: reserves and what settling now would bring from the treasuries."""
    wide()
    for i in range(LANES):
        v[SETTLED + i] = v[RESERVES + i] + copy[INFLOW + i]


@stage
def months_of(v, stock, claims):
    """Months that a stock pays for, into VALUE; empty (not a number) without claims."""
    wide()
    stock = known(stock)
    claims = known(claims)
    for i in range(LANES):
        held = v[stock + i] if abs(v[stock + i]) >= NOUGHT else 0.0
        year = v[claims + i]
        v[VALUE + i] = MONTHS * held / year if year >= MONTHS * NOUGHT else np.nan


@stage
def county_capacity(d, v, claims):
    """A county's own plain reserves over its own claims, into the city's VALUE."""
    wide()
    claims = known(claims)
    for i in range(LANES):
        own = d[BALANCE + i] + d[CURRENT + i] + d[UNSETTLED + i] - d[OPENING_DEFICIT + i]
        year = d[claims + i]
        v[VALUE + i] = MONTHS * own / year if year >= MONTHS * NOUGHT else np.nan


@stage
def flag_low(v, slot, limit, into):
    """1 where a stock lies below a limit; an empty value is not below."""
    wide()
    slot = known(slot)
    into = known(into)
    for i in range(LANES):
        v[into + i] = 1.0 if v[slot + i] < limit else 0.0


@stage
def flag_called(v):
    """1 where a treasury was called this year, into VALUE (either), SUM_A (county) and SUM_B (city)."""
    wide()
    for i in range(LANES):
        county = v[CALLED_COUNTY + i] >= NOUGHT
        city = v[CALLED_CITY + i] >= NOUGHT
        v[VALUE + i] = 1.0 if county or city else 0.0
        v[SUM_A + i] = 1.0 if county else 0.0
        v[SUM_B + i] = 1.0 if city else 0.0
        v[CALLED_COUNTY + i] = 0.0
        v[CALLED_CITY + i] = 0.0


@stage
def adjustment(v, factor):
    """The year's adjustment joins its running and discounted sums."""
    wide()
    for i in range(LANES):
        v[TOTAL_RAISED + i] += v[RAISED + i]
        v[TOTAL_CUT + i] += v[CUT + i]
        v[PRESENT_RAISED + i] += factor * v[RAISED + i]
        v[PRESENT_CUT + i] += factor * v[CUT + i]


@stage
def lay_to_city(d):
    """The city-level unit's treasury is the city's."""
    wide()
    for i in range(LANES):
        d[PAID_CITY + i] += d[PAID_COUNTY + i]
        d[PAID_COUNTY + i] = 0.0


@stage
def book_opening_rest(d, v, paid, called):
    """What a treasury gave the pool at the opening is a payment of its line, but it was not called for it."""
    wide()
    paid = known(paid)
    called = known(called)
    for i in range(LANES):
        rest = d[PAID_AT_OPENING + i]
        d[paid + i] += rest
        v[called + i] -= rest


@stage
def add_to_horizon(d, paid, total, present, factor):
    """A burden line's year joins its sum and its present value, and starts afresh."""
    wide()
    paid = known(paid)
    total = known(total)
    present = known(present)
    for i in range(LANES):
        d[total + i] += d[paid + i]
        d[present + i] += factor * d[paid + i]
        d[paid + i] = 0.0


@stage
def net_drawn(d, v):
    """What a county drew less what it paid in, into the city's VALUE."""
    wide()
    for i in range(LANES):
        v[VALUE + i] = d[DRAWN + i] - d[PAID_IN + i]


@stage
def tally_events(plan, v, tally, f, y, months_slot):
    """First times of the city's events, in the order of ``codes.EVENTS``."""
    events = tally.events[f]
    flag_low(v, SETTLED, NOUGHT, SUM_A)
    events[DEPLETION, y] += first_time(v, SUM_A, EVER + DEPLETION * LANES, tally.weight)
    events[CASH_DEPLETION, y] += first_time(v, EVENT_CASH, EVER + CASH_DEPLETION * LANES, tally.weight)
    events[POOL_DEPLETION, y] += first_time(v, EVENT_POOL, EVER + POOL_DEPLETION * LANES, tally.weight)
    events[RISK_DEPLETION, y] += first_time(v, EVENT_RISK, EVER + RISK_DEPLETION * LANES, tally.weight)
    events[TOPUP_SHORT, y] += first_time(v, EVENT_TOPUP, EVER + TOPUP_SHORT * LANES, tally.weight)
    events[CASH_SHORTFALL, y] += first_time(v, EVENT_SHORTFALL, EVER + CASH_SHORTFALL * LANES, tally.weight)
    events[SEEN_UNFUNDED, y] += first_time(v, EVENT_UNFUNDED, EVER + SEEN_UNFUNDED * LANES, tally.weight)
    for n in range(plan.below.shape[0]):
        flag_low(v, months_slot, plan.below[n], SUM_A)
        events[FIRST_BELOW + n, y] += first_time(v, SUM_A, EVER + (FIRST_BELOW + n) * LANES, tally.weight)
    flag_called(v)
    events[CALL, y] += first_time(v, VALUE, EVER + CALL * LANES, tally.weight)
    events[CALL_COUNTY, y] += first_time(v, SUM_A, EVER + CALL_COUNTY * LANES, tally.weight)
    events[CALL_CITY, y] += first_time(v, SUM_B, EVER + CALL_CITY * LANES, tally.weight)
    events[ADJUSTED, y] += first_time(v, EVENT_ADJUSTMENT, EVER + ADJUSTED * LANES, tally.weight)


@stage
def may_pay(plan, f, c, line):
    """Opening deficits and arrears are paid only where a county began with some."""
    owed = OPEN_DEFICIT if line == OPENING_LINE else OPEN_ARREARS_GOVERNMENT
    return line < OPENING_LINE or plan.opening[f, c, owed] > 0.0


@stage
def tally_county(plan, d, v, tally, at, f, c, y, paid_any):
    """One county's year: its treasuries' payments, its months of capacity, whether its balance gave out.

    Most counties' treasuries pay nothing in most years, and nobody's do unless ``paid_any``.
    """
    if plan.city_level[c]:
        lay_to_city(d)
    if y == 0 and plan.rules[f]["opening_rest"]:
        own = 1 if plan.city_level[c] else 0
        book_opening_rest(d, v, PAID_COUNTY + own * LANES, CALLED_COUNTY + own * LANES)
    for line in range(4):
        s, paid, total = (
            at + COUNTY_FIRST_LINE + line,
            PAID_COUNTY + line * LANES,
            TOTAL_COUNTY + line * LANES,
        )
        if paid_any and may_pay(plan, f, c, line) and any_value(d, paid):
            sum_of(d, v, paid, LINE_0 + line * LANES)
            if line < OPENING_LINE:
                sum_of(d, v, paid, CALLED_COUNTY + line * LANES)
            tally_amounts(tally, s, d, paid, plan.per_lowest[f])
            add_to_horizon(d, paid, total, total + LINES * LANES, plan.discount[y])
        else:
            tally_nothing(tally, s)
    if tally.number[at + COUNTY_CAPACITY] >= 0:
        county_capacity(d, v, CLOSED_CLAIMS if plan.previous_claims else YEAR_CLAIMS)
        tally_months(tally, at + COUNTY_CAPACITY, v, VALUE)
    tally.county_events[f, c, y] += first_time(d, DEPLETED, EVER_DEPLETED, tally.weight)


@stage
def year_end(plan, books, copy, tally, f, y):
    """Everything measured when December is over; ``copy`` are books of one fund to settle on."""
    rules, per_lowest = plan.rules[f], plan.per_lowest[f]
    county, v = books.county[f], books.city[f]
    counties, years = county.shape[0], plan.discount.shape[0] - 1
    clear(copy.city[0], INFLOW)
    if rules["settlement_month"] > 0:
        copy_row(v, copy.city[0], CITY_READ)
        shares, below, short = plan.layer_share[f], plan.layer_below[f], plan.layer_short[f]
        settle(rules, shares, below, short, copy.county[0], copy.city[0], None, None, county, False)
    add_receivable(v, copy.city[0])

    s = (f * years + y) * (CITY_YEAR + counties * COUNTY_YEAR)
    for line in range(4):
        clear(v, LINE_0 + line * LANES)
    paid_any = any_value(v, YEAR_INFLOW)
    for c in range(counties):
        tally_county(plan, county[c], v, tally, s + CITY_YEAR + c * COUNTY_YEAR, f, c, y, paid_any)
    if paid_any:
        clear(v, YEAR_INFLOW)
    claims = CITY_CLOSED_CLAIMS if plan.previous_claims else CITY_CLAIMS
    months_of(v, RESERVES, claims)
    tally_months(tally, s + CASH_MONTHS, v, VALUE)
    if tally.number[s + POOL_MONTHS] >= 0:
        months_of(v, POOL, claims)
        tally_months(tally, s + POOL_MONTHS, v, VALUE)
    tally_money(tally, s + SETTLED_RESERVES, v, SETTLED, per_lowest)
    tally_money(tally, s + PLAIN_RESERVES, v, RESERVES, per_lowest)
    months_of(v, SETTLED, claims)
    tally_months(tally, s + CAPACITY, v, VALUE)
    tally_events(plan, v, tally, f, y, VALUE)
    for line in range(4):
        tally_money(tally, s + FIRST_LINE + line, v, LINE_0 + line * LANES, per_lowest)
    for account in range(len(COVERED_NAMES)):
        covered = COVERED_OWN + account * LANES
        tally_money(tally, s + FIRST_COVERED + account, v, covered, per_lowest)
        clear(v, covered)
    if rules["adjusts"]:
        adjustment(v, plan.discount[y])
    tally_money(tally, s + ADJUSTED_UP, v, RAISED, per_lowest)
    tally_money(tally, s + ADJUSTED_DOWN, v, CUT, per_lowest)
    tally_money(tally, s + BILL, v, UNFUNDED, per_lowest)


@stage
def horizon(plan, books, tally, f):
    """The run-off of a year still unsettled, and every whole-horizon figure."""
    rules, per_lowest = plan.rules[f], plan.per_lowest[f]
    county, v = books.county[f], books.city[f]
    counties, years = county.shape[0], plan.discount.shape[0] - 1
    if rules["settlement_month"] > 0:
        shares, below, short = plan.layer_share[f], plan.layer_below[f], plan.layer_short[f]
        settle(rules, shares, below, short, county, v, None, None, None, False)
        for c in range(counties):
            for paid in (PAID_COUNTY, PAID_CITY):
                add_to_horizon(county[c], paid, TOTAL_RUNOFF, PRESENT_RUNOFF, plan.discount[years])

    s = books.county.shape[0] * years * (CITY_YEAR + counties * COUNTY_YEAR)
    s += f * (CITY_HORIZON + counties * COUNTY_HORIZON)
    for line in range(2 * LINES):
        clear(v, VALUE)
        paid = TOTAL_COUNTY + line * LANES
        for c in range(counties):
            at = s + CITY_HORIZON + c * COUNTY_HORIZON + line
            if any_value(county[c], paid):
                sum_of(county[c], v, paid, VALUE)
                tally_amounts(tally, at, county[c], paid, per_lowest)
            else:
                tally_nothing(tally, at)
        tally_money(tally, s + line, v, VALUE, per_lowest)
    for n in range(4):
        tally_money(tally, s + FIRST_ADJUSTMENT + n, v, TOTAL_RAISED + n * LANES, per_lowest)
    gini(county, v, tally.net)
    tally_gini(tally, s + GINI, v, VALUE)
    for c in range(counties):
        d, at = county[c], s + CITY_HORIZON + c * COUNTY_HORIZON
        net_drawn(d, v)
        tally_money(tally, at + NET, v, VALUE, per_lowest)
        tally_money(tally, at + PAID, d, PAID_IN, per_lowest)
        tally_money(tally, at + TAKEN, d, DRAWN, per_lowest)
    for i in range(LANES):
        if tally.weight[i] > 0.0 and v[BREACH + i] > 0.0:
            tally.breaches[0] += 1
