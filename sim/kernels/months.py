"""One month of one fund, in order: ``open_month``, ``post`` for each county, ``close_month``.

The simulation and the replay differ in where a county's contributions and claims come from, and in
nothing else: both call these three.  A replay goes month by month.  The simulation posts a stretch of months
(``stretch_end``) to one county before it turns to the next, and then lets the city go through these months.
"""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import (
    BALANCE,
    BOOKED,
    CASH_OFFSET,
    CITY_CLOSED_CLAIMS,
    CLAIM_MULTIPLIER,
    CLAIMS,
    CONTRIBUTION_MULTIPLIER,
    CONTRIBUTIONS,
    CURRENT,
    DEBT_CUT,
    EVENT_CASH,
    EVENT_SHORTFALL,
    EVENT_UNFUNDED,
    F_CLAIMS,
    F_CONTRIBUTIONS,
    F_INTEREST,
    F_INTEREST_POOL,
    F_INTEREST_RISK,
    MONTHS,
    NOUGHT,
    POOL,
    RESERVES,
    RISK_FUND,
    UNFUNDED,
    YEAR_CLAIMS,
    YEAR_CONTRIBUTIONS,
)
from sim.kernels.december import after_close, before_close
from sim.kernels.identity import check_identity, reconcile
from sim.kernels.january import begin_year, municipal_reserve, opening_transfer, top_up
from sim.kernels.lanes import LANES, inlined, known, stage, wide
from sim.kernels.ledger import note, row_of
from sim.kernels.settlement import settle


@stage
def city_interest(v, flow, monthly_rate):
    """Interest on the pool and the risk fund."""
    wide()
    for i in range(LANES):
        on_pool = v[POOL + i] * monthly_rate
        on_risk = v[RISK_FUND + i] * monthly_rate
        v[POOL + i] += on_pool
        v[RISK_FUND + i] += on_risk
        v[RESERVES + i] += on_pool + on_risk
        note(flow, F_INTEREST_POOL + i, on_pool)
        note(flow, F_INTEREST_RISK + i, on_risk)


@stage
def county_interest(d, net, flow, monthly_rate):
    """Interest on a county's balance goes to its current account, in each of the months."""
    wide()
    for m in range(net.shape[0] // LANES):
        at = known(m * LANES)
        for i in range(LANES):
            earned = d[BALANCE + i] * monthly_rate
            d[CURRENT + i] += earned
            net[at + i] += earned
            note(flow, F_INTEREST + i, earned)


@stage
def month_of(policy, totals, in_share, out_share, factors, at_in, at_out, i):
    """One path's contributions and claims of a month: its share of the year's totals, times its factor."""
    inlined()
    contributions = totals[i] * in_share * np.float64(factors[at_in + i])
    claims = totals[LANES + i] * out_share * np.float64(factors[at_out + i])
    if policy is not None:
        contributions *= policy[CONTRIBUTION_MULTIPLIER + i]
        claims *= policy[CLAIM_MULTIPLIER + i] * (1.0 - policy[DEBT_CUT + i])
    return contributions, claims


@stage
def post_flows(d, policy, net, flow, totals, share, factors):
    """Contributions into ``current``, claims out of it; ``policy``: the city's row where policy adjusts them,
    by multipliers and debt cut, else None."""
    wide()
    for m in range(net.shape[0] // LANES):
        in_share, out_share = share[CONTRIBUTIONS, m], share[CLAIMS, m]
        at_in, at_out = known(m * LANES), known(net.shape[0] + m * LANES)
        for i in range(LANES):
            contributions, claims = month_of(policy, totals, in_share, out_share, factors, at_in, at_out, i)
            d[YEAR_CONTRIBUTIONS + i] += contributions
            d[YEAR_CLAIMS + i] += claims
            result = contributions - claims
            d[CURRENT + i] += result
            net[at_in + i] += result
            note(flow, F_CONTRIBUTIONS + i, contributions)
            note(flow, F_CLAIMS + i, claims)


@stage
def post_four(d, policy, net, totals, share, factors):
    """``post_flows`` of four months: sums wait in registers, for storing them is what takes time."""
    wide()
    in_share, out_share = share[CONTRIBUTIONS], share[CLAIMS]
    in0, in1, in2, in3 = in_share[0], in_share[1], in_share[2], in_share[3]
    out0, out1, out2, out3 = out_share[0], out_share[1], out_share[2], out_share[3]
    for i in range(LANES):
        c0, p0 = month_of(policy, totals, in0, out0, factors, 0, 4 * LANES, i)
        c1, p1 = month_of(policy, totals, in1, out1, factors, LANES, 5 * LANES, i)
        c2, p2 = month_of(policy, totals, in2, out2, factors, 2 * LANES, 6 * LANES, i)
        c3, p3 = month_of(policy, totals, in3, out3, factors, 3 * LANES, 7 * LANES, i)
        d[YEAR_CONTRIBUTIONS + i] = d[YEAR_CONTRIBUTIONS + i] + c0 + c1 + c2 + c3
        d[YEAR_CLAIMS + i] = d[YEAR_CLAIMS + i] + p0 + p1 + p2 + p3
        d[CURRENT + i] = d[CURRENT + i] + (c0 - p0) + (c1 - p1) + (c2 - p2) + (c3 - p3)
        net[i] += c0 - p0
        net[LANES + i] += c1 - p1
        net[2 * LANES + i] += c2 - p2
        net[3 * LANES + i] += c3 - p3


@stage
def post(rules, d, v, net, flow, totals, share, factors):
    """Steps 3 and 4 for one county: interest, then contributions and claims, of M months ``m`` from 0.

    They are the year's ``totals`` (2 x LANES,) in yuan times the months' ``share`` (2, M) of a year times
    their ``factors`` (2 x M x LANES,) float32.  ``net`` (M x LANES,) gathers what all counties' months add to
    the city's reserves, for ``close_month``.  Notes of transfers, where taken, are those of one month.
    """
    if rules["monthly_interest"] > 0.0:
        county_interest(d, net, flow, rules["monthly_interest"])
    if flow is None and net.shape[0] == 4 * LANES:
        if rules["adjusts"]:
            post_four(d, v, net, totals, share, factors)
        else:
            post_four(d, None, net, totals, share, factors)
    elif rules["adjusts"]:
        post_flows(d, v, net, flow, totals, share, factors)
    else:
        post_flows(d, None, net, flow, totals, share, factors)


@stage
def month_end(v, working_months):
    """Events that are looked at when a month ends; ``working_months`` of claims are out as cash."""
    wide()
    working = working_months / MONTHS
    for i in range(LANES):
        cash = v[RESERVES + i] + v[CASH_OFFSET + i] - working * v[CITY_CLOSED_CLAIMS + i]
        v[EVENT_CASH + i] = 1.0 if v[RESERVES + i] < NOUGHT else v[EVENT_CASH + i]
        v[EVENT_SHORTFALL + i] = 1.0 if cash <= -NOUGHT else v[EVENT_SHORTFALL + i]
        v[EVENT_UNFUNDED + i] = 1.0 if v[UNFUNDED + i] >= NOUGHT else v[EVENT_UNFUNDED + i]


@stage
def add_net(v, net):
    """What the month's figures came to joins the city's reserves."""
    wide()
    for i in range(LANES):
        v[RESERVES + i] += net[i]
        net[i] = 0.0


@stage
def leave_out(v, net):
    """Counties' accounts (BOOKED) hold months (M x LANES,) that are posted already and not yet over: the
    identity is of those before."""
    wide()
    for m in range(net.shape[0] // LANES):
        at = known(m * LANES)
        for i in range(LANES):
            v[BOOKED + i] -= net[at + i]


@stage
def stretch_end(rules, y, month):
    """The last month of the stretch from ``month`` on: a county may post it before the city comes to it.

    A settlement within the year is of the year before, and leaves what months post alone; but it changes the
    balances on which they earn interest.  January of the first year stands alone: the municipal reserve joins
    the pool in February, and reserves are then summed over accounts that may hold no later month.
    """
    last = MONTHS
    for f in range(rules.shape[0]):
        settled = rules[f]["settlement_month"]
        if y > 0 and month <= settled and rules[f]["monthly_interest"] > 0.0:
            last = min(last, settled)
    return 1 if y == 0 and month == 1 else last


@stage
def open_month(plan, books, f, y, month):
    """Steps 1 to 3 of the city: last year's totals roll over, opening transfer or top-up, municipal
    reserve, interest.  The steps are those of docs/rules.md, section 4."""
    rules = plan.rules[f]
    county, v = books.county[f], books.city[f]
    county_flow, city_flow = row_of(books.county_flow, f), row_of(books.city_flow, f)
    if month == 1 and y > 0:
        begin_year(rules, county, v)
    if month == 1 and y == 0:
        opening_transfer(rules, plan.city_level, county, v, county_flow, city_flow)
        reconcile(rules, county, v)
    if month == 1 and y > 0 and rules["top_up_months"] > 0.0:
        year = y if rules["enrolment_current"] else y - 1
        top_up(rules, plan.enrolment[f, year], county, v, county_flow, city_flow)
        check_identity(v)
    if month == 2 and y == 0:
        municipal_reserve(v, city_flow)
        reconcile(rules, county, v)
    if rules["monthly_interest"] > 0.0:
        city_interest(v, city_flow, rules["monthly_interest"])


@stage
def close_month(plan, books, f, y, month, given, apply):
    """Steps 5 and 6 and the month's events; ``apply``: adjust policy for real.

    ``given`` (2, C) yuan, for December: recoveries, and contributions planned for the next year, 0 for none.
    """
    rules = plan.rules[f]
    county, v = books.county[f], books.city[f]
    county_flow, city_flow = row_of(books.county_flow, f), row_of(books.city_flow, f)
    shares, below, short = plan.layer_share[f], plan.layer_below[f], plan.layer_short[f]
    add_net(v, books.net[f, (month - 1) * LANES : month * LANES])
    if month == rules["settlement_month"] and y > 0:
        settle(rules, shares, below, short, county, v, county_flow, city_flow, None, True)
        leave_out(v, books.net[f, month * LANES :])
        check_identity(v)
    if month == MONTHS:
        before_close(rules, plan, f, y, given[0], county, v, county_flow, city_flow)
        if rules["settlement_month"] == 0:
            settle(rules, shares, below, short, county, v, county_flow, city_flow, None, False)
        after_close(rules, given[1], apply, county, v, county_flow, city_flow)
        reconcile(rules, county, v)
    month_end(v, 0.0 if month == MONTHS else rules["working_months"])
