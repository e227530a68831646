"""One layer of the waterfall: who is asked for how much of the gaps, who can pay, and what is left.

A county's own balance pays at once; what is drawn from an account that all share is asked for first,
rationed where there is too little, and then paid.  Slots are documented in ``codes.py``; ``d`` is a county's
row, ``v`` the city's, ``flow`` the row in which the transfers of this month are noted.
"""

from __future__ import annotations

import numpy as np

from sim.kernels.codes import (
    ALL,
    BALANCE,
    BALANCES,
    BALANCES_GIVE,
    BALANCES_PAY,
    CITY_TREASURY,
    COUNTY_TREASURY,
    COVERED_OWN,
    COVERED_POOL,
    COVERED_RISK,
    DEPLETED,
    DRAWN,
    EVENT_POOL,
    EVENT_RISK,
    EXCELLENT,
    F_LAYERS,
    FROM_POOL,
    FROM_RISK,
    GAP,
    GAPS,
    GAPS_EXCELLENT,
    INFLOW,
    LAYER_STRIDE,
    LEFT,
    NOBODY,
    NOUGHT,
    OWN,
    PAID_CITY,
    PAID_COUNTY,
    PASSED_BY,
    POOL,
    POOL_PAYS,
    POSTED,
    RISK_FUND,
    RISK_PAYS,
    SHORT,
    UNFUNDED,
    UNPAID_PART,
    UP_TO,
    WHOLE_GAP,
)
from sim.kernels.lanes import LANES, inlined, known, stage, wide
from sim.kernels.ledger import note
from sim.kernels.rows import clear


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
def county_asks(d, share, below, i):
    """What a county asks of a source: ``share`` of its gap if assessed 优秀, ``below`` if not."""
    inlined()
    part = share if share == below else below + (share - below) * d[EXCELLENT + i]
    return part * d[GAP + i]


@stage
def all_ask(v, share, below, i):
    """What all counties ask of a source together."""
    inlined()
    return below * v[GAPS + i] + (share - below) * v[GAPS_EXCELLENT + i]


@stage
def own_balance_pays(d, v, flow, at, share, below):
    """The county's own balance pays up to what it holds."""
    wide()
    for i in range(LANES):
        asked = county_asks(d, share, below, i)
        paid = min(asked, d[BALANCE + i])
        rest = asked - paid
        d[BALANCE + i] -= paid
        v[COVERED_OWN + i] += paid
        d[LEFT + i] += rest
        d[DEPLETED + i] = 1.0 if rest >= NOUGHT else d[DEPLETED + i]
        note(flow, at + i, paid)


@stage
def own_balance_pays_alone(d, v, flow, at):
    """The same where it is the layer's only source: what it leaves is the next layer's gap at once."""
    wide()
    for i in range(LANES):
        paid = min(d[GAP + i], d[BALANCE + i])
        rest = d[GAP + i] - paid
        d[BALANCE + i] -= paid
        v[COVERED_OWN + i] += paid
        d[GAP + i] = rest
        d[DEPLETED + i] = 1.0 if rest >= NOUGHT else d[DEPLETED + i]
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
        wanted = all_ask(v, share, below, i)
        short = held < wanted
        v[BALANCES_PAY + i] = held / wanted if short else 1.0
        v[BALANCES_GIVE + i] = 1.0 if short or held <= 0.0 else wanted / held
        v[COVERED_OWN + i] += min(held, wanted)
        v[BALANCES + i] = 0.0


@stage
def all_balances_pay(d, v, flow, first, share, below):
    """Every county's balance falls in one proportion and pays every request in one proportion."""
    wide()
    at = first + (1 + ALL) * LANES
    for i in range(LANES):
        asked = county_asks(d, share, below, i)
        paid = asked * v[BALANCES_PAY + i]
        given = d[BALANCE + i] * v[BALANCES_GIVE + i]
        d[LEFT + i] += asked - paid
        d[BALANCE + i] -= given
        note(flow, first + i, given)
        note(flow, at + i, paid)


@stage
def ration(v, account, pays, covered, event, when_short, share, below):
    """The fraction of every request that a common account pays; a short account is drained to 0."""
    wide()
    account = known(account)
    pays = known(pays)
    covered = known(covered)
    event = known(event)
    keeps_when_short = 1.0 if when_short == WHOLE_GAP else 0.0
    for i in range(LANES):
        held = v[account + i]
        asked = all_ask(v, share, below, i)
        short = 1.0 if asked - held >= NOUGHT else 0.0
        gives = 1.0 - keeps_when_short * short
        v[pays + i] = gives * (held / asked) if held < asked else 1.0
        v[account + i] = (1.0 - gives) * held if held < asked else held - asked
        v[covered + i] += gives * min(held, asked)
        v[SHORT + i] = short
        v[event + i] = max(v[event + i], short)


@stage
def asks_in_common(shares):
    """Whether a layer has an account that is all counties' own."""
    return shares[ALL] + shares[FROM_RISK] + shares[FROM_POOL] > 0.0


@stage
def account_pays(d, v, flow, at, pays, share, below):
    """A common account pays the rationed part of what a county asks of it."""
    wide()
    pays = known(pays)
    for i in range(LANES):
        asked = county_asks(d, share, below, i)
        paid = v[pays + i] * asked
        d[LEFT + i] += asked - paid
        d[DRAWN + i] += paid
        note(flow, at + i, paid)


@stage
def county_treasury_pays(d, v, flow, at, share, below):
    """The county's treasury pays in full."""
    wide()
    for i in range(LANES):
        paid = county_asks(d, share, below, i)
        d[PAID_COUNTY + i] += paid
        v[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def county_treasury_pays_unless_short(d, v, flow, at, share, below):
    """The county's treasury pays in full, or nothing where the pool is short."""
    wide()
    for i in range(LANES):
        asked = county_asks(d, share, below, i)
        paid = asked * (1.0 - v[SHORT + i])
        d[LEFT + i] += asked - paid
        d[PAID_COUNTY + i] += paid
        v[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def city_treasury_pays(d, v, flow, at, share, below):
    """The city's treasury pays in full."""
    wide()
    for i in range(LANES):
        paid = county_asks(d, share, below, i)
        d[PAID_CITY + i] += paid
        v[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def nobody_pays(d, v, flow, at, share, below):
    """A part that the clause gives to nobody is unfunded."""
    wide()
    for i in range(LANES):
        unpaid = county_asks(d, share, below, i)
        v[UNFUNDED + i] += unpaid
        note(flow, at + i, unpaid)


@stage
def pass_on(d):
    """What the layer's sources have left is the next layer's gap."""
    wide()
    for i in range(LANES):
        d[GAP + i] = d[LEFT + i]
        d[LEFT + i] = 0.0


@stage
def own_alone(shares):
    """Whether the county's own balance is a layer's only source."""
    return shares[OWN] == 1.0


@stage
def ask(shares, below, n, d, v, flow):
    """A county comes to layer ``n``: its own balance pays, and common accounts hear of its gap."""
    if shares[UP_TO] < np.inf:
        set_aside(d, shares[UP_TO])
    if own_alone(shares):
        own_balance_pays_alone(d, v, flow, noted_at(n, OWN))
    elif shares[OWN] > 0.0:
        own_balance_pays(d, v, flow, noted_at(n, OWN), shares[OWN], below[OWN])
    if asks_in_common(shares):
        add_gap(d, v)
    if shares[ALL] > 0.0:
        add_balance(d, v)


@stage
def noted_at(n, source):
    """The flow of what a source pays in layer ``n``; before them comes what common balances give."""
    return F_LAYERS + n * LAYER_STRIDE + (1 + source) * LANES


@stage
def leave(shares, below, when_short, n, d, v, flow):
    """The other sources of layer ``n`` pay, now that it is known how far common accounts reach.

    A county below 优秀 asks other shares of them, but of no source that the layer does not have.
    """
    if own_alone(shares):
        return
    if shares[ALL] > 0.0:
        all_balances_pay(d, v, flow, F_LAYERS + n * LAYER_STRIDE, shares[ALL], below[ALL])
    if shares[FROM_RISK] > 0.0:
        at, share, low = noted_at(n, FROM_RISK), shares[FROM_RISK], below[FROM_RISK]
        account_pays(d, v, flow, at, RISK_PAYS, share, low)
    if shares[FROM_POOL] > 0.0:
        at, share, low = noted_at(n, FROM_POOL), shares[FROM_POOL], below[FROM_POOL]
        account_pays(d, v, flow, at, POOL_PAYS, share, low)
    if shares[COUNTY_TREASURY] > 0.0:
        at, share, low = noted_at(n, COUNTY_TREASURY), shares[COUNTY_TREASURY], below[COUNTY_TREASURY]
        if shares[FROM_POOL] > 0.0 and when_short != UNPAID_PART:
            county_treasury_pays_unless_short(d, v, flow, at, share, low)
        else:
            county_treasury_pays(d, v, flow, at, share, low)
    if shares[CITY_TREASURY] > 0.0:
        at, share, low = noted_at(n, CITY_TREASURY), shares[CITY_TREASURY], below[CITY_TREASURY]
        city_treasury_pays(d, v, flow, at, share, low)
    if shares[NOBODY] > 0.0:
        nobody_pays(d, v, flow, noted_at(n, NOBODY), shares[NOBODY], below[NOBODY])
    pass_on(d)
    if shares[UP_TO] < np.inf:
        take_up(d)


@stage
def ration_accounts(shares, below, when_short, v):
    """Which fraction of the counties' requests in this layer each common account pays."""
    if shares[ALL] > 0.0:
        ration_balances(v, shares[ALL], below[ALL])
    if shares[FROM_RISK] > 0.0:
        share, low = shares[FROM_RISK], below[FROM_RISK]
        ration(v, RISK_FUND, RISK_PAYS, COVERED_RISK, EVENT_RISK, UNPAID_PART, share, low)
    if shares[FROM_POOL] > 0.0:
        share, low = shares[FROM_POOL], below[FROM_POOL]
        ration(v, POOL, POOL_PAYS, COVERED_POOL, EVENT_POOL, when_short, share, low)
    clear(v, GAPS)
    clear(v, GAPS_EXCELLENT)
