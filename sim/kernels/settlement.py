"""Settling a closed year: surpluses, the attributable part, then the waterfall, layer by layer.

``settle`` is the one implementation: the replay, the simulation, the receivable at a year's end (on a
copy) and the run-off after the last year all call it.  Slots are documented in ``codes.py``; ``d`` is a
county's row, ``v`` the city's, ``flow`` the row in which the transfers of this month are noted.

Rows are read from the processor's second cache faster than they are computed with, but only just: so a
county passes through as many steps as it can, until something depends on all counties, before the next
county's turn.
"""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import (
    ALL,
    ALL_OR_NOTHING,
    ASSESSMENT_READ,
    BALANCE,
    BALANCES,
    BALANCES_GIVE,
    BALANCES_PAY,
    CITY_TREASURY,
    COUNTY_READ,
    COUNTY_TREASURY,
    DEPLETED,
    DRAWN,
    EVENT_POOL,
    EVENT_RISK,
    EXCELLENT,
    F_ATTRIBUTABLE,
    F_ATTRIBUTABLE_OWN,
    F_LAYERS,
    F_REMAINDER,
    F_REPAY_SETTLEMENT,
    F_REPAY_SURPLUS,
    F_SURPLUS_DEFICIT,
    F_SURPLUS_KEPT,
    F_SURPLUS_POOL,
    FROM_POOL,
    FROM_RISK,
    GAP,
    GAPS,
    GAPS_EXCELLENT,
    GIVEN,
    INFLOW,
    LAYER_STRIDE,
    LEFT,
    NOBODY,
    NOUGHT,
    OPENING_DEFICIT,
    OVERSPENT,
    OWN,
    PAID_CITY,
    PAID_COUNTY,
    PAID_IN,
    PASSED_BY,
    POOL,
    POOL_PAYS,
    POSTED,
    REVENUE_MISSED,
    RISK_FUND,
    RISK_PAYS,
    SHORT,
    SHORTFALL,
    UNFUNDED,
    UNPAID_PART,
    UNSETTLED,
    UP_TO,
    WHOLE_GAP,
)
from sim.kernels.identity import add_county
from sim.kernels.lanes import LANES, known, stage, wide
from sim.kernels.ledger import note, row_of


@stage
def clear(v, slot):
    """A slot of the city's row to 0."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        v[slot + i] = 0.0


@stage
def repay(v, flow, slot):
    """What is in the pool pays off what was unfunded."""
    wide()
    for i in range(LANES):
        x = min(v[POOL + i], v[UNFUNDED + i])
        v[POOL + i] -= x
        v[UNFUNDED + i] -= x
        note(flow, slot + i, x)


@stage
def share_surplus(d, v, flow, to_pool, deficit_first):
    """A surplus: a share to the pool, the rest to the county; a deficit becomes the gap."""
    wide()
    first = 1.0 if deficit_first else 0.0
    for i in range(LANES):
        result = d[UNSETTLED + i]
        surplus = max(result, 0.0)
        pooled = to_pool * surplus
        repaid = first * min(surplus - pooled, d[OPENING_DEFICIT + i])
        kept = surplus - pooled - repaid
        v[POOL + i] += pooled
        d[PAID_IN + i] += pooled
        d[OPENING_DEFICIT + i] -= repaid
        d[BALANCE + i] += kept
        d[GAP + i] = max(-result, 0.0)
        d[UNSETTLED + i] = 0.0
        note(flow, F_SURPLUS_POOL + i, pooled)
        note(flow, F_SURPLUS_DEFICIT + i, repaid)
        note(flow, F_SURPLUS_KEPT + i, kept)


@stage
def attribute(rules, d, v, flow):
    """The part of a gap that the assessment lays to the county; a given figure replaces the rule."""
    wide()
    shortfall = rules["theta"] if rules["mode"] == SHORTFALL else 0.0
    nothing_or_all = rules["theta"] if rules["mode"] == ALL_OR_NOTHING else 0.0
    spending_counts = 1.0 if rules["also_expenditure"] else 0.0
    own = 1.0 if rules["own_balance_first"] else 0.0
    for i in range(LANES):
        gap = d[GAP + i]
        given = d[GIVEN + i]
        missed = max(d[REVENUE_MISSED + i], spending_counts * d[OVERSPENT + i])
        by_rule = shortfall * (d[REVENUE_MISSED + i] + d[OVERSPENT + i])
        by_rule += nothing_or_all * gap if missed >= NOUGHT else 0.0
        part = min(gap, given if given >= 0.0 else by_rule)
        from_balance = own * min(part, d[BALANCE + i]) if given < 0.0 else 0.0
        paid = part - from_balance
        d[BALANCE + i] -= from_balance
        d[GAP + i] = gap - part
        d[PAID_COUNTY + i] += paid
        v[INFLOW + i] += paid
        note(flow, F_ATTRIBUTABLE_OWN + i, from_balance)
        note(flow, F_ATTRIBUTABLE + i, paid)


@stage
def set_aside(d, up_to):
    """What of a gap is larger than the layer's limit passes the layer by."""
    wide()
    for i in range(LANES):
        over = max(0.0, d[GAP + i] - up_to * d[POSTED + i])
        d[PASSED_BY + i] = over
        d[GAP + i] -= over


@stage
def take_up(d):
    """What passed the layer by joins what the layer has left."""
    wide()
    for i in range(LANES):
        d[GAP + i] += d[PASSED_BY + i]


@stage
def own_balance_pays(d, flow, at, share, below, alone):
    """The county's own balance pays up to what it holds; ``alone``: it is the layer's only source.

    ``share`` of the gap is asked of a county assessed 优秀, ``below`` of one that is not, here and of every
    other source.
    """
    wide()
    only = 1.0 if alone else 0.0
    for i in range(LANES):
        gap = d[GAP + i]
        asked = (below + (share - below) * d[EXCELLENT + i]) * gap
        paid = min(asked, d[BALANCE + i])
        rest = asked - paid
        d[BALANCE + i] -= paid
        d[GAP + i] = gap - only * paid
        d[LEFT + i] = (1.0 - only) * rest
        d[DEPLETED + i] = max(d[DEPLETED + i], 1.0 if rest >= NOUGHT else 0.0)
        note(flow, at + i, paid)


@stage
def add_gap(d, v):
    """What common accounts are asked for is the counties' gaps times the shares of the layer."""
    wide()
    for i in range(LANES):
        v[GAPS + i] += d[GAP + i]
        v[GAPS_EXCELLENT + i] += d[GAP + i] * d[EXCELLENT + i]


@stage
def add_balance(d, v):
    """What all counties hold together, for a layer in which all balances pay."""
    wide()
    for i in range(LANES):
        v[BALANCES + i] += d[BALANCE + i]


@stage
def ration_balances(v, share, below):
    """The fractions in which all balances together pay requests, and in which each of them falls."""
    wide()
    for i in range(LANES):
        held = v[BALANCES + i]
        wanted = below * v[GAPS + i] + (share - below) * v[GAPS_EXCELLENT + i]
        short = held < wanted
        v[BALANCES_PAY + i] = held / wanted if short else 1.0
        v[BALANCES_GIVE + i] = 1.0 if short or held <= 0.0 else wanted / held
        v[BALANCES + i] = 0.0


@stage
def all_balances_pay(d, v, flow, first, share, below, rest):
    """Every county's balance falls in one proportion and pays every request in one proportion.

    ``rest``, here and in ``pay``: a source before has left something in LEFT.
    """
    wide()
    left = 1.0 if rest else 0.0
    at = first + (1 + ALL) * LANES
    for i in range(LANES):
        asked = (below + (share - below) * d[EXCELLENT + i]) * d[GAP + i]
        paid = asked * v[BALANCES_PAY + i]
        given = d[BALANCE + i] * v[BALANCES_GIVE + i]
        d[LEFT + i] = left * d[LEFT + i] + (asked - paid)
        d[BALANCE + i] -= given
        note(flow, first + i, given)
        note(flow, at + i, paid)


@stage
def ration(v, account, pays, event, when_short, share, below):
    """The fraction of every request that a common account pays; a short account is drained to 0."""
    wide()
    account = known(account)
    pays = known(pays)
    event = known(event)
    keeps_when_short = 1.0 if when_short == WHOLE_GAP else 0.0
    for i in range(LANES):
        held = v[account + i]
        asked = below * v[GAPS + i] + (share - below) * v[GAPS_EXCELLENT + i]
        short = 1.0 if asked - held >= NOUGHT else 0.0
        gives = 1.0 - keeps_when_short * short
        v[pays + i] = gives * (held / asked) if held < asked else 1.0
        v[account + i] = (1.0 - gives) * held if held < asked else held - asked
        v[SHORT + i] = short
        v[event + i] = max(v[event + i], short)


@stage
def asks_in_common(shares):
    """Whether a layer has an account that is all counties' own."""
    return shares[ALL] + shares[FROM_RISK] + shares[FROM_POOL] > 0.0


@stage
def pay(d, v, flow, first, shares, below, when_short, rest):
    """Risk fund, pool, treasuries and nobody pay their parts; what is left is the next layer's gap.

    Common accounts pay the rationed part.  The county's treasury pays in full, unless the layer excuses it
    where the pool is short.  ``first`` is the layer's first flow, what common balances give; the sources'
    own flows follow.
    """
    wide()
    at = first + LANES
    left = 1.0 if rest else 0.0
    excused = 1.0 if asks_in_common(shares) and when_short != UNPAID_PART else 0.0
    low_risk, more_risk = below[FROM_RISK], shares[FROM_RISK] - below[FROM_RISK]
    low_pool, more_pool = below[FROM_POOL], shares[FROM_POOL] - below[FROM_POOL]
    low_county, more_county = below[COUNTY_TREASURY], shares[COUNTY_TREASURY] - below[COUNTY_TREASURY]
    low_city, more_city = below[CITY_TREASURY], shares[CITY_TREASURY] - below[CITY_TREASURY]
    low_nobody, more_nobody = below[NOBODY], shares[NOBODY] - below[NOBODY]
    for i in range(LANES):
        gap = d[GAP + i]
        excellent = d[EXCELLENT + i]
        of_risk = (low_risk + more_risk * excellent) * gap
        of_pool = (low_pool + more_pool * excellent) * gap
        of_county = (low_county + more_county * excellent) * gap
        risk = v[RISK_PAYS + i] * of_risk
        pool = v[POOL_PAYS + i] * of_pool
        county = of_county * (1.0 - excused * v[SHORT + i])
        city = (low_city + more_city * excellent) * gap
        nobody = (low_nobody + more_nobody * excellent) * gap
        d[GAP + i] = left * d[LEFT + i] + (of_risk - risk) + (of_pool - pool) + (of_county - county)
        d[DRAWN + i] += risk + pool
        d[PAID_COUNTY + i] += county
        d[PAID_CITY + i] += city
        v[INFLOW + i] += county + city
        v[UNFUNDED + i] += nobody
        note(flow, at + FROM_RISK * LANES + i, risk)
        note(flow, at + FROM_POOL * LANES + i, pool)
        note(flow, at + COUNTY_TREASURY * LANES + i, county)
        note(flow, at + CITY_TREASURY * LANES + i, city)
        note(flow, at + NOBODY * LANES + i, nobody)


@stage
def remainder(d, v, flow):
    """What the last layer leaves is unfunded."""
    wide()
    for i in range(LANES):
        v[UNFUNDED + i] += d[GAP + i]
        note(flow, F_REMAINDER + i, d[GAP + i])
        d[GAP + i] = 0.0


@stage
def own_alone(shares, below):
    """Whether the county's own balance is a layer's only source."""
    return shares[OWN] == 1.0 and below[OWN] == 1.0


@stage
def ask(shares, below, n, d, v, flow):
    """A county comes to layer ``n``: its own balance pays, and common accounts hear of its gap."""
    if shares[UP_TO] < np.inf:
        set_aside(d, shares[UP_TO])
    if shares[OWN] > 0.0:
        slot = F_LAYERS + n * LAYER_STRIDE + (1 + OWN) * LANES
        own_balance_pays(d, flow, slot, shares[OWN], below[OWN], own_alone(shares, below))
    if asks_in_common(shares):
        add_gap(d, v)
    if shares[ALL] > 0.0:
        add_balance(d, v)


@stage
def leave(shares, below, when_short, n, d, v, flow):
    """The other sources of layer ``n`` pay, now that it is known how far common accounts reach."""
    first = F_LAYERS + n * LAYER_STRIDE
    if own_alone(shares, below):
        return
    if shares[ALL] > 0.0:
        all_balances_pay(d, v, flow, first, shares[ALL], below[ALL], shares[OWN] > 0.0)
    rest = shares[OWN] + shares[ALL] > 0.0
    pay(d, v, flow, first, shares, below, when_short, rest)
    if shares[UP_TO] < np.inf:
        take_up(d)


@stage
def ration_accounts(shares, below, when_short, v):
    """Which fraction of the counties' requests in this layer each common account pays."""
    if shares[ALL] > 0.0:
        ration_balances(v, shares[ALL], below[ALL])
    if shares[FROM_RISK] > 0.0:
        ration(v, RISK_FUND, RISK_PAYS, EVENT_RISK, UNPAID_PART, shares[FROM_RISK], below[FROM_RISK])
    clear(v, SHORT)  # only a short pool excuses a treasury
    if shares[FROM_POOL] > 0.0:
        ration(v, POOL, POOL_PAYS, EVENT_POOL, when_short, shares[FROM_POOL], below[FROM_POOL])
    clear(v, GAPS)
    clear(v, GAPS_EXCELLENT)


@stage
def copy_row(source, target, until):
    """A row's slots up to ``until``, where the rows are not one and the same."""
    wide()
    for i in range(until):
        target[i] = source[i]


@stage
def waterfall(rules, layer_share, layer_below, layer_short, n, county, v, county_flow, booked):
    """From layer ``n``, whose first source has paid, to the last.

    A county leaves one layer and comes to the next until that one has a common account, which must first
    hear what every county asks.  ``layer_share`` and ``layer_below`` (counties, layers, sources and limit)
    hold for counties assessed 优秀 and for those that are not.  What the last layer leaves to a county is
    unfunded; with ``booked`` what it then has is added for the identity.
    """
    layers, last = rules["layers"], False
    common, common_below = layer_share[0], layer_below[0]
    while not last:
        if n < layers and asks_in_common(common[n]):
            ration_accounts(common[n], common_below[n], layer_short[n], v)
        stop = min(n + 1, layers)
        while stop < layers and not asks_in_common(common[stop]):
            stop += 1
        last = stop == layers
        for c in range(county.shape[0]):
            d, flow = county[c], row_of(county_flow, c)
            share, below = layer_share[c], layer_below[c]
            for at in range(n, stop):
                leave(share[at], below[at], layer_short[at], at, d, v, flow)
                if at + 1 < layers:
                    ask(share[at + 1], below[at + 1], at + 1, d, v, flow)
            if last:
                remainder(d, v, flow)
                if booked:
                    add_county(d, v, rules["held"])
        n = stop


@stage
def settle(rules, layer_share, layer_below, layer_short, county, v, county_flow, city_flow, source, booked):
    """Settle what is unsettled in every county of one fund (``county``: C rows, ``v``: the city's row).

    The order of docs/rules.md, section 5.4: surpluses, attributable part, layers, remainder.  Own balances
    depend on nobody else, so a county goes through leading layers of that source alone, and comes to the
    next one (``n``), in the same visit as its surplus.  ``source``: rows from which the counties' are copied
    first, or None.  ``booked``: add what counties have for the identity.
    """
    n = 0
    while n + 1 < rules["layers"] and own_alone(layer_share[0, n], layer_below[0, n]):
        n += 1
    for c in range(county.shape[0]):
        d, flow = county[c], row_of(county_flow, c)
        if source is not None:
            copy_row(source[c], d, COUNTY_READ if rules["assesses"] or rules["limits"] else ASSESSMENT_READ)
        share_surplus(d, v, flow, rules["surplus_to_pool"], rules["surplus_first"])
        if rules["assesses"]:
            attribute(rules, d, v, flow)
        for at in range(min(n + 1, rules["layers"])):
            ask(layer_share[c, at], layer_below[c, at], at, d, v, flow)
    repay(v, city_flow, F_REPAY_SURPLUS)
    waterfall(rules, layer_share, layer_below, layer_short, n, county, v, county_flow, booked)
    repay(v, city_flow, F_REPAY_SETTLEMENT)
