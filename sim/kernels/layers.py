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
from sim.kernels.lanes import LANES, known, stage, wide
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
def own_balance_pays(d, v, flow, at, share, below, alone):
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
        v[COVERED_OWN + i] += paid
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
        v[COVERED_OWN + i] += min(held, wanted)
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
        asked = below * v[GAPS + i] + (share - below) * v[GAPS_EXCELLENT + i]
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
        own_balance_pays(d, v, flow, slot, shares[OWN], below[OWN], own_alone(shares, below))
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
        share, low = shares[FROM_RISK], below[FROM_RISK]
        ration(v, RISK_FUND, RISK_PAYS, COVERED_RISK, EVENT_RISK, UNPAID_PART, share, low)
    clear(v, SHORT)  # only a short pool excuses a treasury
    if shares[FROM_POOL] > 0.0:
        share, low = shares[FROM_POOL], below[FROM_POOL]
        ration(v, POOL, POOL_PAYS, COVERED_POOL, EVENT_POOL, when_short, share, low)
    clear(v, GAPS)
    clear(v, GAPS_EXCELLENT)
