"""One month of one fund, in order: ``open_month``, ``post`` for each county, ``close_month``.

The simulation and the replay both call these three, with contributions and claims from elsewhere.  A replay
goes month by month.  The simulation posts a stretch of months (``stretch_end``) to one county before it turns
to the next, and then lets the city go through these months.
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
    MONTHS,
    NOUGHT,
    POOL,
    RESERVES,
    RISK_FUND,
    UNFUNDED,
    YEAR_CLAIMS,
    YEAR_CONTRIBUTIONS,
)
from sim.kernels.december import december_after_settlement, december_until_close
from sim.kernels.identity import check_identity, reconcile
from sim.kernels.january import begin_year, municipal_reserve, opening_transfer, top_up
from sim.kernels.lanes import LANES, inlined, known, stage, wide
from sim.kernels.ledger import (
    F_CLAIMS,
    F_CONTRIBUTIONS,
    F_INTEREST,
    F_INTEREST_POOL,
    F_INTEREST_RISK,
    note,
    row_of,
)
from sim.kernels.settlement import settle, shares_of


@stage
def city_interest(city, flow, monthly_rate):
    """Interest on the pool and the risk fund."""
    wide()
    for i in range(LANES):
        on_pool = city[POOL + i] * monthly_rate
        on_risk = city[RISK_FUND + i] * monthly_rate
        city[POOL + i] += on_pool
        city[RISK_FUND + i] += on_risk
        city[RESERVES + i] += on_pool + on_risk
        note(flow, F_INTEREST_POOL + i, on_pool)
        note(flow, F_INTEREST_RISK + i, on_risk)


@stage
def county_interest(county, net, flow, monthly_rate):
    """Interest on a county's balance goes to its current account, in each of the months."""
    wide()
    for m in range(net.shape[0] // LANES):
        at = known(m * LANES)
        for i in range(LANES):
            earned = county[BALANCE + i] * monthly_rate
            county[CURRENT + i] += earned
            net[at + i] += earned
            note(flow, F_INTEREST + i, earned)


@stage
def month_flows(policy, totals, into, out, factors, at_in, at_out, i):
    """One path's contributions and claims of a month: its shares (``into``, ``out``) of the year's totals,
    times its factors."""
    inlined()
    contributions = totals[i] * into * np.float64(factors[at_in + i])
    claims = totals[LANES + i] * out * np.float64(factors[at_out + i])
    if policy is not None:
        contributions *= policy[CONTRIBUTION_MULTIPLIER + i]
        claims *= policy[CLAIM_MULTIPLIER + i] * (1.0 - policy[DEBT_CUT + i])
    return contributions, claims


@stage
def post_flows(county, policy, net, flow, totals, share, factors):
    """Contributions into ``current``, claims out of it; ``policy``: the city's row where policy adjusts them,
    by multipliers and debt cut, else None."""
    wide()
    for m in range(net.shape[0] // LANES):
        into, out = share[CONTRIBUTIONS, m], share[CLAIMS, m]
        at_in, at_out = known(m * LANES), known(net.shape[0] + m * LANES)
        for i in range(LANES):
            contributions, claims = month_flows(policy, totals, into, out, factors, at_in, at_out, i)
            county[YEAR_CONTRIBUTIONS + i] += contributions
            county[YEAR_CLAIMS + i] += claims
            result = contributions - claims
            county[CURRENT + i] += result
            net[at_in + i] += result
            note(flow, F_CONTRIBUTIONS + i, contributions)
            note(flow, F_CLAIMS + i, claims)


@stage
def post_four(county, policy, net, totals, share, factors):
    """``post_flows`` of four months: sums wait in registers, for storing them is what takes time.

    ``factors`` are those of four months' contributions, then of four months' claims.
    """
    wide()
    into, out = share[CONTRIBUTIONS], share[CLAIMS]
    share_in_0, share_in_1, share_in_2, share_in_3 = into[0], into[1], into[2], into[3]
    share_out_0, share_out_1, share_out_2, share_out_3 = out[0], out[1], out[2], out[3]
    for i in range(LANES):
        in_0, out_0 = month_flows(policy, totals, share_in_0, share_out_0, factors, 0, 4 * LANES, i)
        in_1, out_1 = month_flows(policy, totals, share_in_1, share_out_1, factors, LANES, 5 * LANES, i)
        in_2, out_2 = month_flows(policy, totals, share_in_2, share_out_2, factors, 2 * LANES, 6 * LANES, i)
        in_3, out_3 = month_flows(policy, totals, share_in_3, share_out_3, factors, 3 * LANES, 7 * LANES, i)
        county[YEAR_CONTRIBUTIONS + i] = county[YEAR_CONTRIBUTIONS + i] + in_0 + in_1 + in_2 + in_3
        county[YEAR_CLAIMS + i] = county[YEAR_CLAIMS + i] + out_0 + out_1 + out_2 + out_3
        county[CURRENT + i] = (
            county[CURRENT + i] + (in_0 - out_0) + (in_1 - out_1) + (in_2 - out_2) + (in_3 - out_3)
        )
        net[i] += in_0 - out_0
        net[LANES + i] += in_1 - out_1
        net[2 * LANES + i] += in_2 - out_2
        net[3 * LANES + i] += in_3 - out_3


@stage
def post(rules, county, city, net, flow, totals, share, factors):
    """Steps 3 and 4 of docs/rules.md, section 4, for one county: interest, then contributions and claims of M
    months.

    They are the year's ``totals`` (2 x LANES,) in yuan times the months' ``share`` (2, M) of a year times
    their ``factors`` (2 x M x LANES,) float32.  ``net`` (M x LANES,) gathers what all counties' months add to
    the city's reserves, for ``close_month``.  Notes of transfers, where taken, are those of one month.
    """
    if rules["monthly_interest"] > 0.0:
        county_interest(county, net, flow, rules["monthly_interest"])
    # None has a type of its own: where no policy adjusts, numba leaves its multiplications out
    if flow is None and net.shape[0] == 4 * LANES:
        if rules["adjusts"]:
            post_four(county, city, net, totals, share, factors)
        else:
            post_four(county, None, net, totals, share, factors)
    elif rules["adjusts"]:
        post_flows(county, city, net, flow, totals, share, factors)
    else:
        post_flows(county, None, net, flow, totals, share, factors)


@stage
def month_events(city, working_months):
    """Events of a month's end: reserves gone, the city's cash gone, a bill unfunded.  Working capital of
    ``working_months`` of claims is with the counties."""
    wide()
    working = working_months / MONTHS
    for i in range(LANES):
        city_cash = city[RESERVES + i] + city[CASH_OFFSET + i] - working * city[CITY_CLOSED_CLAIMS + i]
        city[EVENT_CASH + i] = 1.0 if city[RESERVES + i] < NOUGHT else city[EVENT_CASH + i]
        city[EVENT_SHORTFALL + i] = 1.0 if city_cash <= -NOUGHT else city[EVENT_SHORTFALL + i]
        city[EVENT_UNFUNDED + i] = 1.0 if city[UNFUNDED + i] >= NOUGHT else city[EVENT_UNFUNDED + i]


@stage
def add_net(city, net):
    """What the month's figures came to joins the city's reserves."""
    wide()
    for i in range(LANES):
        city[RESERVES + i] += net[i]
        net[i] = 0.0


@stage
def leave_out(city, net):
    """The identity is of months that are over, but counties' accounts (BOOKED) hold later ones of the stretch
    too: ``net`` (M x LANES,) is what those came to."""
    wide()
    for m in range(net.shape[0] // LANES):
        at = known(m * LANES)
        for i in range(LANES):
            city[BOOKED + i] -= net[at + i]


@stage
def stretch_end(rules, y, month):
    """The last month of the stretch from ``month`` on, which a county posts before the city comes to them.

    A settlement within the year is of the year before and does not change what months post, unless they earn
    interest on balances, which it changes.  January of the first year stands alone: in February the municipal
    reserve joins the pool, and reserves are summed afresh (``reconcile``) from counties' accounts, which may
    hold no later month by then.
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
    counties, city = books.county[f], books.city[f]
    county_flow, city_flow = row_of(books.county_flow, f), row_of(books.city_flow, f)
    if month == 1 and y > 0:
        begin_year(counties, city)
    if month == 1 and y == 0:
        opening_transfer(rules, plan.city_level, counties, city, county_flow, city_flow)
        reconcile(rules, counties, city)
    if month == 1 and y > 0 and rules["top_up_months"] > 0.0:
        year = y if rules["enrolment_current"] else y - 1
        top_up(rules, plan.enrolment[f, year], counties, city, county_flow, city_flow)
        check_identity(city)
    if month == 2 and y == 0:
        municipal_reserve(city, city_flow)
        reconcile(rules, counties, city)
    if rules["monthly_interest"] > 0.0:
        city_interest(city, city_flow, rules["monthly_interest"])


@stage
def close_month(plan, books, f, y, month, reported, apply):
    """The month joins the city's reserves; steps 5 and 6; the month's events.

    ``apply``: adjust policy for real.
    ``reported`` (2, C) yuan, for December: recoveries, and the next year's planned contributions; 0 for none.
    """
    rules, shares = plan.rules[f], shares_of(plan, f)
    counties, city = books.county[f], books.city[f]
    county_flow, city_flow = row_of(books.county_flow, f), row_of(books.city_flow, f)
    add_net(city, books.net[f, (month - 1) * LANES : month * LANES])
    if month == rules["settlement_month"] and y > 0:
        settle(rules, shares, counties, city, county_flow, city_flow, source=None, booked=True)
        leave_out(city, books.net[f, month * LANES :])
        check_identity(city)
    if month == MONTHS:
        december_until_close(rules, plan, f, y, reported[0], counties, city, county_flow, city_flow)
        if rules["settlement_month"] == 0:  # in December
            settle(rules, shares, counties, city, county_flow, city_flow, source=None, booked=False)
        december_after_settlement(rules, reported[1], apply, counties, city, county_flow, city_flow)
        reconcile(rules, counties, city)
    month_events(city, 0.0 if month == MONTHS else rules["working_months"])
