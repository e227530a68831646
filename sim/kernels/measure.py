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
from sim.kernels.settlement import settle, shares_of
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
def add_receivable(city, copy):
    """Settled reserves: reserves and what settling now would bring from the treasuries."""
    wide()
    for i in range(LANES):
        city[SETTLED + i] = city[RESERVES + i] + copy[INFLOW + i]


@stage
def months_of(city, stock, claims):
    """Months that a stock pays for, into VALUE; empty (not a number) without claims."""
    wide()
    stock = known(stock)
    claims = known(claims)
    for i in range(LANES):
        held = city[stock + i] if abs(city[stock + i]) >= NOUGHT else 0.0
        year = city[claims + i]
        city[VALUE + i] = MONTHS * held / year if year >= MONTHS * NOUGHT else np.nan


@stage
def county_capacity(county, city, claims):
    """A county's own plain reserves over its own claims, into the city's VALUE."""
    wide()
    claims = known(claims)
    for i in range(LANES):
        own = county[BALANCE + i] + county[CURRENT + i] + county[UNSETTLED + i] - county[OPENING_DEFICIT + i]
        year = county[claims + i]
        city[VALUE + i] = MONTHS * own / year if year >= MONTHS * NOUGHT else np.nan


@stage
def flag_low(city, slot, limit, into):
    """1 where a stock lies below a limit; an empty value is not below."""
    wide()
    slot = known(slot)
    into = known(into)
    for i in range(LANES):
        city[into + i] = 1.0 if city[slot + i] < limit else 0.0


@stage
def flag_called(city):
    """1 where a treasury was called this year, into VALUE (either), SUM_A (county) and SUM_B (city)."""
    wide()
    for i in range(LANES):
        by_county = city[CALLED_COUNTY + i] >= NOUGHT
        by_city = city[CALLED_CITY + i] >= NOUGHT
        city[VALUE + i] = 1.0 if by_county or by_city else 0.0
        city[SUM_A + i] = 1.0 if by_county else 0.0
        city[SUM_B + i] = 1.0 if by_city else 0.0
        city[CALLED_COUNTY + i] = 0.0
        city[CALLED_CITY + i] = 0.0


@stage
def adjustment(city, factor):
    """The year's adjustment joins its running and discounted sums."""
    wide()
    for i in range(LANES):
        city[TOTAL_RAISED + i] += city[RAISED + i]
        city[TOTAL_CUT + i] += city[CUT + i]
        city[PRESENT_RAISED + i] += factor * city[RAISED + i]
        city[PRESENT_CUT + i] += factor * city[CUT + i]


@stage
def lay_to_city(county):
    """The city-level unit's treasury is the city's."""
    wide()
    for i in range(LANES):
        county[PAID_CITY + i] += county[PAID_COUNTY + i]
        county[PAID_COUNTY + i] = 0.0


@stage
def book_opening_rest(county, city, paid, called):
    """What a treasury gave the pool at the opening is a payment of its line, but it was not called for it."""
    wide()
    paid = known(paid)
    called = known(called)
    for i in range(LANES):
        rest = county[PAID_AT_OPENING + i]
        county[paid + i] += rest
        city[called + i] -= rest


@stage
def add_to_horizon(county, paid, total, present, factor):
    """A burden line's year joins its sum and its present value, and starts afresh."""
    wide()
    paid = known(paid)
    total = known(total)
    present = known(present)
    for i in range(LANES):
        county[total + i] += county[paid + i]
        county[present + i] += factor * county[paid + i]
        county[paid + i] = 0.0


@stage
def net_drawn(county, city):
    """What a county drew less what it paid in, into the city's VALUE."""
    wide()
    for i in range(LANES):
        city[VALUE + i] = county[DRAWN + i] - county[PAID_IN + i]


@stage
def tally_events(plan, city, tally, f, y, months_slot):
    """First times of the city's events, in the order of ``codes.EVENTS``."""
    events = tally.events[f]
    flag_low(city, SETTLED, NOUGHT, SUM_A)
    events[DEPLETION, y] += first_time(city, SUM_A, EVER + DEPLETION * LANES, tally.weight)
    events[CASH_DEPLETION, y] += first_time(city, EVENT_CASH, EVER + CASH_DEPLETION * LANES, tally.weight)
    events[POOL_DEPLETION, y] += first_time(city, EVENT_POOL, EVER + POOL_DEPLETION * LANES, tally.weight)
    events[RISK_DEPLETION, y] += first_time(city, EVENT_RISK, EVER + RISK_DEPLETION * LANES, tally.weight)
    events[TOPUP_SHORT, y] += first_time(city, EVENT_TOPUP, EVER + TOPUP_SHORT * LANES, tally.weight)
    events[CASH_SHORTFALL, y] += first_time(
        city, EVENT_SHORTFALL, EVER + CASH_SHORTFALL * LANES, tally.weight
    )
    events[SEEN_UNFUNDED, y] += first_time(city, EVENT_UNFUNDED, EVER + SEEN_UNFUNDED * LANES, tally.weight)
    for n in range(plan.below_months.shape[0]):
        flag_low(city, months_slot, plan.below_months[n], SUM_A)
        events[FIRST_BELOW + n, y] += first_time(city, SUM_A, EVER + (FIRST_BELOW + n) * LANES, tally.weight)
    flag_called(city)
    events[CALL, y] += first_time(city, VALUE, EVER + CALL * LANES, tally.weight)
    events[CALL_COUNTY, y] += first_time(city, SUM_A, EVER + CALL_COUNTY * LANES, tally.weight)
    events[CALL_CITY, y] += first_time(city, SUM_B, EVER + CALL_CITY * LANES, tally.weight)
    events[ADJUSTED, y] += first_time(city, EVENT_ADJUSTMENT, EVER + ADJUSTED * LANES, tally.weight)


@stage
def may_pay(plan, f, c, line):
    """Opening deficits and arrears are paid only where a county began with some."""
    owed = OPEN_DEFICIT if line == OPENING_LINE else OPEN_ARREARS_GOVERNMENT
    return line < OPENING_LINE or plan.opening[f, c, owed] > 0.0


@stage
def tally_county(plan, county, city, tally, at, f, c, y, paid_any):
    """One county's year: its treasuries' payments, its months of capacity, whether its balance gave out.

    Most counties' treasuries pay nothing in most years, and nobody's do unless ``paid_any``.
    """
    if plan.city_level[c]:
        lay_to_city(county)
    if y == 0 and plan.rules[f]["opening_rest"]:
        own = 1 if plan.city_level[c] else 0
        book_opening_rest(county, city, PAID_COUNTY + own * LANES, CALLED_COUNTY + own * LANES)
    for line in range(4):
        s, paid, total = (
            at + COUNTY_FIRST_LINE + line,
            PAID_COUNTY + line * LANES,
            TOTAL_COUNTY + line * LANES,
        )
        if paid_any and may_pay(plan, f, c, line) and any_value(county, paid):
            sum_of(county, city, paid, LINE_0 + line * LANES)
            if line < OPENING_LINE:
                sum_of(county, city, paid, CALLED_COUNTY + line * LANES)
            tally_amounts(tally, s, county, paid, plan.per_lowest[f])
            add_to_horizon(county, paid, total, total + LINES * LANES, plan.discount[y])
        else:
            tally_nothing(tally, s)
    if tally.number[at + COUNTY_CAPACITY] >= 0:
        county_capacity(county, city, CLOSED_CLAIMS if plan.previous_claims else YEAR_CLAIMS)
        tally_months(tally, at + COUNTY_CAPACITY, city, VALUE)
    tally.county_events[f, c, y] += first_time(county, DEPLETED, EVER_DEPLETED, tally.weight)


@stage
def year_end(plan, books, copy, tally, f, y):
    """Everything measured when December is over; ``copy`` are books of one fund to settle on."""
    rules, per_lowest = plan.rules[f], plan.per_lowest[f]
    counties, city = books.county[f], books.city[f]
    n_counties, years = counties.shape[0], plan.discount.shape[0] - 1
    clear(copy.city[0], INFLOW)
    if rules["settlement_month"] > 0:
        copy_row(city, copy.city[0], CITY_READ)
        shares, copies = shares_of(plan, f), copy.county[0]
        settle(rules, shares, copies, copy.city[0], None, None, source=counties, booked=False)
    add_receivable(city, copy.city[0])

    s = (f * years + y) * (CITY_YEAR + n_counties * COUNTY_YEAR)
    for line in range(4):
        clear(city, LINE_0 + line * LANES)
    paid_any = any_value(city, YEAR_INFLOW)
    for c in range(n_counties):
        tally_county(plan, counties[c], city, tally, s + CITY_YEAR + c * COUNTY_YEAR, f, c, y, paid_any)
    if paid_any:
        clear(city, YEAR_INFLOW)
    claims = CITY_CLOSED_CLAIMS if plan.previous_claims else CITY_CLAIMS
    months_of(city, RESERVES, claims)
    tally_months(tally, s + CASH_MONTHS, city, VALUE)
    if tally.number[s + POOL_MONTHS] >= 0:
        months_of(city, POOL, claims)
        tally_months(tally, s + POOL_MONTHS, city, VALUE)
    tally_money(tally, s + SETTLED_RESERVES, city, SETTLED, per_lowest)
    tally_money(tally, s + PLAIN_RESERVES, city, RESERVES, per_lowest)
    months_of(city, SETTLED, claims)
    tally_months(tally, s + CAPACITY, city, VALUE)
    tally_events(plan, city, tally, f, y, VALUE)
    for line in range(4):
        tally_money(tally, s + FIRST_LINE + line, city, LINE_0 + line * LANES, per_lowest)
    for account in range(len(COVERED_NAMES)):
        covered = COVERED_OWN + account * LANES
        tally_money(tally, s + FIRST_COVERED + account, city, covered, per_lowest)
        clear(city, covered)
    if rules["adjusts"]:
        adjustment(city, plan.discount[y])
    tally_money(tally, s + ADJUSTED_UP, city, RAISED, per_lowest)
    tally_money(tally, s + ADJUSTED_DOWN, city, CUT, per_lowest)
    tally_money(tally, s + BILL, city, UNFUNDED, per_lowest)


@stage
def horizon(plan, books, tally, f):
    """The run-off of a year still unsettled, and every whole-horizon figure."""
    rules, per_lowest = plan.rules[f], plan.per_lowest[f]
    counties, city = books.county[f], books.city[f]
    n_counties, years = counties.shape[0], plan.discount.shape[0] - 1
    if rules["settlement_month"] > 0:
        settle(rules, shares_of(plan, f), counties, city, None, None, source=None, booked=False)
        for c in range(n_counties):
            for paid in (PAID_COUNTY, PAID_CITY):
                add_to_horizon(counties[c], paid, TOTAL_RUNOFF, PRESENT_RUNOFF, plan.discount[years])

    s = books.county.shape[0] * years * (CITY_YEAR + n_counties * COUNTY_YEAR)
    s += f * (CITY_HORIZON + n_counties * COUNTY_HORIZON)
    for line in range(2 * LINES):
        clear(city, VALUE)
        paid = TOTAL_COUNTY + line * LANES
        for c in range(n_counties):
            at = s + CITY_HORIZON + c * COUNTY_HORIZON + line
            if any_value(counties[c], paid):
                sum_of(counties[c], city, paid, VALUE)
                tally_amounts(tally, at, counties[c], paid, per_lowest)
            else:
                tally_nothing(tally, at)
        tally_money(tally, s + line, city, VALUE, per_lowest)
    for n in range(4):
        tally_money(tally, s + FIRST_ADJUSTMENT + n, city, TOTAL_RAISED + n * LANES, per_lowest)
    gini(counties, city, tally.net)
    tally_gini(tally, s + GINI, city, VALUE)
    for c in range(n_counties):
        county, at = counties[c], s + CITY_HORIZON + c * COUNTY_HORIZON
        net_drawn(county, city)
        tally_money(tally, at + NET, city, VALUE, per_lowest)
        tally_money(tally, at + PAID, county, PAID_IN, per_lowest)
        tally_money(tally, at + TAKEN, county, DRAWN, per_lowest)
    for i in range(LANES):
        if tally.weight[i] > 0.0 and city[BREACH + i] > 0.0:
            tally.breaches[0] += 1
