"""One layer of the waterfall: who is asked for how much of the gaps, who can pay, and what is left.

1. Every county enters the layer (``enter_layer``): its own balance pays at once, and its gap joins what
   common accounts are asked for.
2. The common accounts are drawn on (``draw_accounts``), by what they can pay of all requests together.
3. Every county is paid (``pay_layer``): it is credited with its part of what was drawn, treasuries pay in
   full, and what is left is the next layer's gap.

``layer`` is one layer's row of ``codes.Shares``: the limit, and the sources' shares for a county assessed
优秀; ``below`` the same for one that is not; ``n`` the layer's number.
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
    FROM_POOL,
    FROM_RISK,
    GAP,
    GAPS,
    GAPS_EXCELLENT,
    INFLOW,
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
from sim.kernels.ledger import (
    F_LAYERS,
    LAYER_STRIDE,
    note,
)
from sim.kernels.rows import clear


@stage
def own_alone(layer):
    """Whether the county's own balance is a layer's only source."""
    return layer[OWN] == 1.0


@stage
def asks_in_common(layer):
    """Whether a layer draws on an account that all counties have in common."""
    return layer[ALL] + layer[FROM_RISK] + layer[FROM_POOL] > 0.0


@stage
def county_asks(county, share, low, i):
    """What a county asks of a source: ``share`` of its gap if assessed 优秀, ``low`` if not."""
    inlined()
    part = share if share == low else low + (share - low) * county[EXCELLENT + i]  # 1 or 0
    return part * county[GAP + i]


@stage
def all_ask(city, share, low, i):
    """What all counties ask of a source together."""
    inlined()
    return low * city[GAPS + i] + (share - low) * city[GAPS_EXCELLENT + i]


@stage
def noted_at(n, source):
    """The flow of what a source pays in layer ``n``; before them comes what common balances give."""
    return F_LAYERS + n * LAYER_STRIDE + (1 + source) * LANES


@stage
def given_in_common_at(n):
    """The flow of what a county's balance gives in layer ``n``, where all balances pay together."""
    return F_LAYERS + n * LAYER_STRIDE


@stage
def set_aside(county, up_to):
    """The part of a gap above the layer's limit skips this layer."""
    wide()
    for i in range(LANES):
        over = max(0.0, county[GAP + i] - up_to * county[POSTED + i])
        county[PASSED_BY + i] = over
        county[GAP + i] -= over


@stage
def own_balance_pays(layer, below, n, county, city, flow):
    """The county's own balance pays up to what it holds."""
    wide()
    share, low, at = layer[OWN], below[OWN], noted_at(n, OWN)
    for i in range(LANES):
        asked = county_asks(county, share, low, i)
        paid = min(asked, county[BALANCE + i])
        rest = asked - paid
        county[BALANCE + i] -= paid
        city[COVERED_OWN + i] += paid
        county[LEFT + i] += rest
        county[DEPLETED + i] = 1.0 if rest >= NOUGHT else county[DEPLETED + i]
        note(flow, at + i, paid)


@stage
def own_balance_pays_alone(n, county, city, flow):
    """The same where it is the layer's only source: what it leaves is the next layer's gap at once."""
    wide()
    at = noted_at(n, OWN)
    for i in range(LANES):
        paid = min(county[GAP + i], county[BALANCE + i])
        rest = county[GAP + i] - paid
        county[BALANCE + i] -= paid
        city[COVERED_OWN + i] += paid
        county[GAP + i] = rest
        county[DEPLETED + i] = 1.0 if rest >= NOUGHT else county[DEPLETED + i]
        note(flow, at + i, paid)


@stage
def add_gap(county, city):
    """A county's gap joins the sums of which common accounts are asked for a share."""
    wide()
    for i in range(LANES):
        city[GAPS + i] += county[GAP + i]
        city[GAPS_EXCELLENT + i] += county[GAP + i] * county[EXCELLENT + i]


@stage
def add_balance(county, city):
    """What all counties hold together, for a layer in which all balances pay."""
    wide()
    for i in range(LANES):
        city[BALANCES + i] += county[BALANCE + i]


@stage
def enter_layer(layer, below, n, county, city, flow):
    """A county enters layer ``n``: its own balance pays, and its gap joins what is asked in common."""
    if layer[UP_TO] < np.inf:
        set_aside(county, layer[UP_TO])
    if own_alone(layer):
        own_balance_pays_alone(n, county, city, flow)
    elif layer[OWN] > 0.0:
        own_balance_pays(layer, below, n, county, city, flow)
    if asks_in_common(layer):
        add_gap(county, city)
    if layer[ALL] > 0.0:
        add_balance(county, city)


@stage
def draw_balances(city, share, low):
    """The fractions in which all balances together pay requests, and in which each of them falls."""
    wide()
    for i in range(LANES):
        held = city[BALANCES + i]
        wanted = all_ask(city, share, low, i)
        short = held < wanted
        city[BALANCES_PAY + i] = held / wanted if short else 1.0
        city[BALANCES_GIVE + i] = 1.0 if short or held <= 0.0 else wanted / held
        city[COVERED_OWN + i] += min(held, wanted)
        city[BALANCES + i] = 0.0


@stage
def draw_account(city, account, pays, covered, event, when_short, share, low):
    """A common account gives what it can of all requests, in one fraction (``pays``); a short one is drained.

    Where a short pool passes the whole gap on (T5, ``WHOLE_GAP``) it pays nothing and keeps what it holds.
    """
    wide()
    account = known(account)
    pays = known(pays)
    covered = known(covered)
    event = known(event)
    nothing_if_short = when_short == WHOLE_GAP
    for i in range(LANES):
        held = city[account + i]
        asked = all_ask(city, share, low, i)
        short = asked - held >= NOUGHT  # less is no event, though it is not paid either
        paid = 0.0 if short and nothing_if_short else min(held, asked)
        city[account + i] = held - paid
        city[pays + i] = paid / asked if held < asked else 1.0
        city[covered + i] += paid
        city[SHORT + i] = 1.0 if short else 0.0
        city[event + i] = 1.0 if short else city[event + i]


@stage
def draw_accounts(layer, below, when_short, city):
    """What the common accounts give of all counties' requests in this layer."""
    if layer[ALL] > 0.0:
        draw_balances(city, layer[ALL], below[ALL])
    if layer[FROM_RISK] > 0.0:
        share, low = layer[FROM_RISK], below[FROM_RISK]
        draw_account(city, RISK_FUND, RISK_PAYS, COVERED_RISK, EVENT_RISK, UNPAID_PART, share, low)
    if layer[FROM_POOL] > 0.0:
        share, low = layer[FROM_POOL], below[FROM_POOL]
        draw_account(city, POOL, POOL_PAYS, COVERED_POOL, EVENT_POOL, when_short, share, low)
    clear(city, GAPS)
    clear(city, GAPS_EXCELLENT)


@stage
def all_balances_pay(layer, below, n, county, city, flow):
    """Every county's balance falls in one proportion and pays every request in one proportion."""
    wide()
    share, low, given_at, at = layer[ALL], below[ALL], given_in_common_at(n), noted_at(n, ALL)
    for i in range(LANES):
        asked = county_asks(county, share, low, i)
        paid = asked * city[BALANCES_PAY + i]
        given = county[BALANCE + i] * city[BALANCES_GIVE + i]
        county[LEFT + i] += asked - paid
        county[BALANCE + i] -= given
        note(flow, given_at + i, given)
        note(flow, at + i, paid)


@stage
def credit_county(layer, below, n, source, pays, county, city, flow):
    """A county gets its part of what was drawn of a common account."""
    wide()
    share, low, at = layer[source], below[source], noted_at(n, source)
    pays = known(pays)
    for i in range(LANES):
        asked = county_asks(county, share, low, i)
        paid = city[pays + i] * asked
        county[LEFT + i] += asked - paid
        county[DRAWN + i] += paid
        note(flow, at + i, paid)


@stage
def county_treasury_pays(layer, below, n, county, city, flow):
    """The county's treasury pays in full."""
    wide()
    share, low, at = layer[COUNTY_TREASURY], below[COUNTY_TREASURY], noted_at(n, COUNTY_TREASURY)
    for i in range(LANES):
        paid = county_asks(county, share, low, i)
        county[PAID_COUNTY + i] += paid
        city[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def county_treasury_pays_unless_short(layer, below, n, county, city, flow):
    """The county's treasury pays in full, or nothing where the pool is short (T5: later layers do)."""
    wide()
    share, low, at = layer[COUNTY_TREASURY], below[COUNTY_TREASURY], noted_at(n, COUNTY_TREASURY)
    for i in range(LANES):
        asked = county_asks(county, share, low, i)
        paid = asked * (1.0 - city[SHORT + i])
        county[LEFT + i] += asked - paid
        county[PAID_COUNTY + i] += paid
        city[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def city_treasury_pays(layer, below, n, county, city, flow):
    """The city's treasury pays in full."""
    wide()
    share, low, at = layer[CITY_TREASURY], below[CITY_TREASURY], noted_at(n, CITY_TREASURY)
    for i in range(LANES):
        paid = county_asks(county, share, low, i)
        county[PAID_CITY + i] += paid
        city[INFLOW + i] += paid
        note(flow, at + i, paid)


@stage
def nobody_pays(layer, below, n, county, city, flow):
    """A part that the clause gives to nobody is unfunded."""
    wide()
    share, low, at = layer[NOBODY], below[NOBODY], noted_at(n, NOBODY)
    for i in range(LANES):
        unpaid = county_asks(county, share, low, i)
        city[UNFUNDED + i] += unpaid
        note(flow, at + i, unpaid)


@stage
def pass_on(county):
    """What the layer's sources have left is the next layer's gap."""
    wide()
    for i in range(LANES):
        county[GAP + i] = county[LEFT + i]
        county[LEFT + i] = 0.0


@stage
def take_up(county):
    """What skipped the layer joins what the layer has left."""
    wide()
    for i in range(LANES):
        county[GAP + i] += county[PASSED_BY + i]


@stage
def pay_layer(layer, below, when_short, n, county, city, flow):
    """The sources of layer ``n`` but the own balance pay a county; what they leave is the next layer's gap.

    A county below 优秀 asks other shares, but of no source that the layer does not have.
    """
    if own_alone(layer):  # which has no limit: ``sim.rules`` refuses one
        return
    if layer[ALL] > 0.0:
        all_balances_pay(layer, below, n, county, city, flow)
    if layer[FROM_RISK] > 0.0:
        credit_county(layer, below, n, FROM_RISK, RISK_PAYS, county, city, flow)
    if layer[FROM_POOL] > 0.0:
        credit_county(layer, below, n, FROM_POOL, POOL_PAYS, county, city, flow)
    if layer[COUNTY_TREASURY] > 0.0:
        if layer[FROM_POOL] > 0.0 and when_short != UNPAID_PART:
            county_treasury_pays_unless_short(layer, below, n, county, city, flow)
        else:
            county_treasury_pays(layer, below, n, county, city, flow)
    if layer[CITY_TREASURY] > 0.0:
        city_treasury_pays(layer, below, n, county, city, flow)
    if layer[NOBODY] > 0.0:
        nobody_pays(layer, below, n, county, city, flow)
    pass_on(county)
    if layer[UP_TO] < np.inf:
        take_up(county)
