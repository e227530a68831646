"""Settling a closed year: surpluses, the attributable part, then the waterfall, layer by layer.

``settle`` is the one implementation: the replay, the simulation, the receivable at a year's end (on a
copy) and the run-off after the last year all call it.  Slots are documented in ``codes.py``; ``d`` is a
county's row, ``v`` the city's, ``flow`` the row in which the transfers of this month are noted.
"""

from __future__ import annotations

from sim.kernels.codes import (
    ALL,
    ALL_OR_NOTHING,
    ASKED,
    BALANCE,
    BALANCES,
    CITY_TREASURY,
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
    POOL,
    RATION,
    REVENUE_MISSED,
    RISK_FUND,
    SHORT,
    SHORTFALL,
    UNFUNDED,
    UNPAID_PART,
    UNSETTLED,
    WHOLE_GAP,
)
from sim.kernels.lanes import LANES, known, stage, wide


@stage
def repay(v, flow, slot):
    """What is in the pool pays off what was unfunded."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        x = min(v[POOL + i], v[UNFUNDED + i])
        v[POOL + i] -= x
        v[UNFUNDED + i] -= x
        flow[slot + i] = x


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
        d[LEFT + i] = 0.0
        d[UNSETTLED + i] = 0.0
        flow[F_SURPLUS_POOL + i] = pooled
        flow[F_SURPLUS_DEFICIT + i] = repaid
        flow[F_SURPLUS_KEPT + i] = kept


@stage
def attribute(d, v, flow, mode, theta, also_expenditure, own_first):
    """The part of a gap that the assessment lays to the county; a given figure replaces the rule."""
    wide()
    shortfall = theta if mode == SHORTFALL else 0.0
    nothing_or_all = theta if mode == ALL_OR_NOTHING else 0.0
    spending_counts = 1.0 if also_expenditure else 0.0
    own = 1.0 if own_first else 0.0
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
        flow[F_ATTRIBUTABLE_OWN + i] = from_balance
        flow[F_ATTRIBUTABLE + i] = paid


@stage
def request(d, i, share, below):
    """A source's part of the gap: ``share`` for a county assessed 优秀, ``below`` for one that is not."""
    return (below + (share - below) * d[EXCELLENT + i]) * d[GAP + i]


@stage
def own_balance_pays(d, flow, slot, share, below):
    """The county's own balance pays up to what it holds."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        asked = request(d, i, share, below)
        paid = min(asked, d[BALANCE + i])
        d[BALANCE + i] -= paid
        d[LEFT + i] += asked - paid
        d[DEPLETED + i] = max(d[DEPLETED + i], 1.0 if asked - paid >= NOUGHT else 0.0)
        flow[slot + i] = paid


@stage
def clear(v, slot):
    wide()
    slot = known(slot)
    for i in range(LANES):
        v[slot + i] = 0.0


@stage
def ask(d, v, share, below):
    """Adds the county's request to what is asked of a common source."""
    wide()
    for i in range(LANES):
        v[ASKED + i] += request(d, i, share, below)


@stage
def ration(v, account, event, when_short):
    """The fraction of every request that a common account pays; a short account is drained to 0."""
    wide()
    account = known(account)
    event = known(event)
    keeps_when_short = 1.0 if when_short == WHOLE_GAP else 0.0
    for i in range(LANES):
        held = v[account + i]
        asked = v[ASKED + i]
        short = 1.0 if asked - held >= NOUGHT else 0.0
        pays = 1.0 - keeps_when_short * short
        v[RATION + i] = pays * (held / asked) if held < asked else 1.0
        v[SHORT + i] = short
        v[account + i] = (1.0 - pays) * held if held < asked else held - asked
        v[event + i] = max(v[event + i], short)


@stage
def common_account_pays(d, v, flow, slot, share, below):
    """The pool's or the risk fund's rationed part of a county's request."""
    wide()
    slot = known(slot)
    for i in range(LANES):
        asked = request(d, i, share, below)
        paid = asked if v[RATION + i] == 1.0 else v[RATION + i] * asked
        d[LEFT + i] += asked - paid
        d[DRAWN + i] += paid
        flow[slot + i] = paid


@stage
def add_balance(d, v):
    wide()
    for i in range(LANES):
        v[BALANCES + i] += d[BALANCE + i]


@stage
def all_balances_pay(d, v, flow, common_slot, slot, share, below):
    """Every county's balance falls in one proportion and pays every request in one proportion."""
    wide()
    common_slot = known(common_slot)
    slot = known(slot)
    for i in range(LANES):
        held = v[BALANCES + i]
        wanted = v[ASKED + i]
        short = held < wanted
        asked = request(d, i, share, below)
        paid = asked * (held / wanted) if short else asked
        given = d[BALANCE + i] if short or held <= 0.0 else d[BALANCE + i] * (wanted / held)
        d[LEFT + i] += asked - paid
        d[BALANCE + i] -= given
        flow[common_slot + i] = given
        flow[slot + i] = paid


@stage
def county_treasury_pays(d, v, flow, slot, share, below, when_short):
    """The county's treasury pays its share in full, unless the layer excuses it where the pool is short."""
    wide()
    slot = known(slot)
    excused = 0.0 if when_short == UNPAID_PART else 1.0
    for i in range(LANES):
        asked = request(d, i, share, below)
        paid = asked * (1.0 - excused * v[SHORT + i])
        d[LEFT + i] += asked - paid
        d[PAID_COUNTY + i] += paid
        v[INFLOW + i] += paid
        flow[slot + i] = paid


@stage
def city_treasury_pays(d, v, flow, slot, share, below):
    wide()
    slot = known(slot)
    for i in range(LANES):
        paid = request(d, i, share, below)
        d[PAID_CITY + i] += paid
        v[INFLOW + i] += paid
        flow[slot + i] = paid


@stage
def nobody_pays(d, v, flow, slot, share, below):
    wide()
    slot = known(slot)
    for i in range(LANES):
        bill = request(d, i, share, below)
        v[UNFUNDED + i] += bill
        flow[slot + i] = bill


@stage
def next_gap(d):
    """What this layer's sources did not pay is the next layer's gap."""
    wide()
    for i in range(LANES):
        d[GAP + i] = d[LEFT + i]
        d[LEFT + i] = 0.0


@stage
def remainder(d, v, flow):
    """What the last layer leaves is unfunded."""
    wide()
    for i in range(LANES):
        v[UNFUNDED + i] += d[GAP + i]
        flow[F_REMAINDER + i] = d[GAP + i]
        d[GAP + i] = 0.0


@stage
def common_account(county, v, county_flow, slot, share, below, account, event, when_short):
    """All counties ask one common account, which pays each the same fraction."""
    clear(v, ASKED)
    for c in range(county.shape[0]):
        ask(county[c], v, share, below)
    ration(v, account, event, when_short)
    for c in range(county.shape[0]):
        common_account_pays(county[c], v, county_flow[c % county_flow.shape[0]], slot, share, below)


@stage
def layer(shares, below, when_short, at, county, v, county_flow):
    """One layer of the waterfall: own balances first, then all balances, then each other source.

    ``shares`` and ``below`` (sources,) hold for counties assessed 优秀 and for those that are not; ``at``
    is the layer's first flow slot, what common balances give; the sources' own slots follow.
    """
    counties, kept = county.shape[0], county_flow.shape[0]
    slot = at + LANES
    if shares[OWN] > 0.0:
        for c in range(counties):
            own_balance_pays(county[c], county_flow[c % kept], slot + OWN * LANES, shares[OWN], below[OWN])
    if shares[ALL] > 0.0:
        clear(v, ASKED)
        clear(v, BALANCES)
        for c in range(counties):
            ask(county[c], v, shares[ALL], below[ALL])
            add_balance(county[c], v)
        for c in range(counties):
            flow, flows = county_flow[c % kept], slot + ALL * LANES
            all_balances_pay(county[c], v, flow, at, flows, shares[ALL], below[ALL])
    if shares[FROM_RISK] > 0.0:
        s, b, flows = shares[FROM_RISK], below[FROM_RISK], slot + FROM_RISK * LANES
        common_account(county, v, county_flow, flows, s, b, RISK_FUND, EVENT_RISK, UNPAID_PART)
    clear(v, SHORT)  # only a short pool excuses a treasury
    if shares[FROM_POOL] > 0.0:
        s, b, flows = shares[FROM_POOL], below[FROM_POOL], slot + FROM_POOL * LANES
        common_account(county, v, county_flow, flows, s, b, POOL, EVENT_POOL, when_short)
    for c in range(counties):
        d, flow = county[c], county_flow[c % kept]
        if shares[COUNTY_TREASURY] > 0.0:
            s, b, flows = shares[COUNTY_TREASURY], below[COUNTY_TREASURY], slot + COUNTY_TREASURY * LANES
            county_treasury_pays(d, v, flow, flows, s, b, when_short)
        if shares[CITY_TREASURY] > 0.0:
            s, b, flows = shares[CITY_TREASURY], below[CITY_TREASURY], slot + CITY_TREASURY * LANES
            city_treasury_pays(d, v, flow, flows, s, b)
        if shares[NOBODY] > 0.0:
            nobody_pays(d, v, flow, slot + NOBODY * LANES, shares[NOBODY], below[NOBODY])
        next_gap(d)


@stage
def settle(rules, layer_share, layer_below, layer_short, county, v, county_flow, city_flow):
    """Settle what is unsettled in every county of one fund (``county``: C rows, ``v``: the city's row)."""
    counties, kept = county.shape[0], county_flow.shape[0]
    for c in range(counties):
        flow = county_flow[c % kept]
        share_surplus(county[c], v, flow, rules["surplus_to_pool"], rules["surplus_first"])
    repay(v, city_flow, F_REPAY_SURPLUS)
    if rules["assesses"]:
        for c in range(counties):
            attribute(
                county[c],
                v,
                county_flow[c % kept],
                rules["mode"],
                rules["theta"],
                rules["also_expenditure"],
                rules["own_balance_first"],
            )
    for n in range(rules["layers"]):
        at = F_LAYERS + n * LAYER_STRIDE
        layer(layer_share[n], layer_below[n], layer_short[n], at, county, v, county_flow)
    for c in range(counties):
        remainder(county[c], v, county_flow[c % kept])
    repay(v, city_flow, F_REPAY_SETTLEMENT)
