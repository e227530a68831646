"""Settling a closed year: surpluses, the attributable part, then the waterfall, layer by layer.

``settle`` is the one implementation: the replay, the simulation, the receivable at a year's end (on a
copy) and the run-off after the last year all call it.

Rows come from the processor's second cache, which takes about as long as computing with them.  So a county
takes as many steps as it can, until one depends on all counties, before the next county's turn.
"""

from __future__ import annotations

from sim.kernels.codes import (
    ALL_OR_NOTHING,
    ASSESSMENT_READ,
    BALANCE,
    COUNTY_READ,
    COVERED_OWN,
    GAP,
    GIVEN,
    INFLOW,
    NOUGHT,
    OPENING_DEFICIT,
    OVERSPENT,
    PAID_COUNTY,
    PAID_IN,
    POOL,
    REVENUE_MISSED,
    SHORTFALL,
    UNFUNDED,
    UNSETTLED,
    Shares,
)
from sim.kernels.identity import add_county
from sim.kernels.lanes import LANES, stage, wide
from sim.kernels.layers import asks_in_common, draw_accounts, enter_layer, own_alone, pay_layer
from sim.kernels.ledger import (
    F_ATTRIBUTABLE,
    F_ATTRIBUTABLE_OWN,
    F_REMAINDER,
    F_REPAY_SETTLEMENT,
    F_REPAY_SURPLUS,
    F_SURPLUS_DEFICIT,
    F_SURPLUS_KEPT,
    F_SURPLUS_POOL,
    note,
    row_of,
)
from sim.kernels.rows import copy_row


@stage
def repay(city, flow, slot):
    """What is in the pool pays off what was unfunded.

    It follows every step that credits the pool, except where no bill can be unfunded: before the first
    settlement, and after interest, for a pool that earns some has paid what it could.
    """
    wide()
    for i in range(LANES):
        x = min(city[POOL + i], city[UNFUNDED + i])
        city[POOL + i] -= x
        city[UNFUNDED + i] -= x
        note(flow, slot + i, x)


@stage
def share_surplus(county, city, flow, to_pool, deficit_first):
    """A surplus: a share to the pool, the rest to the county; a deficit becomes the gap."""
    wide()
    for i in range(LANES):
        result = county[UNSETTLED + i]
        surplus = max(result, 0.0)
        pooled = to_pool * surplus
        repaid = min(surplus - pooled, county[OPENING_DEFICIT + i]) if deficit_first else 0.0
        kept = surplus - pooled - repaid
        city[POOL + i] += pooled
        county[PAID_IN + i] += pooled
        county[OPENING_DEFICIT + i] -= repaid
        county[BALANCE + i] += kept
        county[GAP + i] = max(-result, 0.0)
        county[UNSETTLED + i] = 0.0
        note(flow, F_SURPLUS_POOL + i, pooled)
        note(flow, F_SURPLUS_DEFICIT + i, repaid)
        note(flow, F_SURPLUS_KEPT + i, kept)


@stage
def attribute(rules, county, city, flow):
    """The part of a gap that the assessment attributes to the county; a given figure replaces the rule."""
    wide()
    theta, mode = rules["theta"], rules["mode"]
    spending_counts, own_first = rules["also_expenditure"], rules["own_balance_first"]
    for i in range(LANES):
        deficit, found = county[GAP + i], county[GIVEN + i]
        missed, overspent = county[REVENUE_MISSED + i], county[OVERSPENT + i]
        failed = missed >= NOUGHT or (spending_counts and overspent >= NOUGHT)
        by_rule = 0.0
        if mode == SHORTFALL:
            by_rule = theta * (missed + overspent)
        elif mode == ALL_OR_NOTHING:
            by_rule = theta * deficit if failed else 0.0
        part = min(deficit, found if found >= 0.0 else by_rule)
        from_balance = min(part, county[BALANCE + i]) if own_first and found < 0.0 else 0.0
        paid = part - from_balance
        county[BALANCE + i] -= from_balance
        city[COVERED_OWN + i] += from_balance
        county[GAP + i] = deficit - part
        county[PAID_COUNTY + i] += paid
        city[INFLOW + i] += paid
        note(flow, F_ATTRIBUTABLE_OWN + i, from_balance)
        note(flow, F_ATTRIBUTABLE + i, paid)


@stage
def remainder(county, city, flow):
    """What the last layer leaves is unfunded."""
    wide()
    for i in range(LANES):
        city[UNFUNDED + i] += county[GAP + i]
        note(flow, F_REMAINDER + i, county[GAP + i])


@stage
def shares_of(plan, f):
    """One fund's layers."""
    return Shares(plan.layer_share[f], plan.layer_below[f], plan.layer_short[f])


@stage
def first_not_own(layers, n_layers):
    """The first layer that has more sources than the own balance; the last, if none has."""
    n = 0
    while n + 1 < n_layers and own_alone(layers[n]):
        n += 1
    return n


@stage
def next_common(layers, n, n_layers):
    """The first layer from ``n`` on with an account that all counties share; ``n_layers``, if none has."""
    while n < n_layers and not asks_in_common(layers[n]):
        n += 1
    return n


@stage
def waterfall(rules, shares, n, counties, city, county_flow, booked):
    """From layer ``n``, which every county has entered already, to the last.

    In turns: the common accounts of layer ``n`` are drawn on; then each county is paid by it, enters the
    next, is paid by that, and so on, until it has entered one with a common account, which has to wait for
    all others' requests.  After the last layer, what is left to a county is unfunded; with ``booked`` what it
    then has is added for the identity.  In Taizhou ``n`` is 1, pool and county treasury; layer 2, two
    treasuries, has no common account, so there is one turn.
    """
    n_layers, last = rules["layers"], False  # without any layer all is remainder
    first_county, when_short = shares.excellent[0], shares.when_short  # counties differ in treasuries alone
    while not last:
        if n < n_layers and asks_in_common(first_county[n]):
            draw_accounts(first_county[n], shares.below[0, n], when_short[n], city)
        common = next_common(first_county, min(n + 1, n_layers), n_layers)
        last = common == n_layers
        for c in range(counties.shape[0]):
            county, flow = counties[c], row_of(county_flow, c)
            layers, below = shares.excellent[c], shares.below[c]
            for k in range(n, common):
                pay_layer(layers[k], below[k], when_short[k], k, county, city, flow)
                if k + 1 < n_layers:
                    enter_layer(layers[k + 1], below[k + 1], k + 1, county, city, flow)
            if last:
                remainder(county, city, flow)
                if booked:
                    add_county(county, city, rules["held"])
        n = common


@stage
def slots_read(rules):
    """How much of a county's row a settlement reads."""
    return COUNTY_READ if rules["assesses"] or rules["limits"] else ASSESSMENT_READ


@stage
def settle(rules, shares, counties, city, county_flow, city_flow, source, booked):
    """Settle what is unsettled in every county of one fund (``counties``: C rows, ``city``: the city's row).

    The order of docs/rules.md, section 5.4: surpluses, attributable part, layers, remainder.  A county's own
    balance depends on nobody else: in the visit of its surplus a county goes through the leading layers of
    that source alone, and enters the one after them.

    ``source``: rows from which the counties' are copied first, or None.  ``booked``: add what counties have
    for the identity.
    """
    n = first_not_own(shares.excellent[0], rules["layers"])
    for c in range(counties.shape[0]):
        county, flow = counties[c], row_of(county_flow, c)
        if source is not None:
            copy_row(source[c], county, slots_read(rules))
        share_surplus(county, city, flow, rules["surplus_to_pool"], rules["surplus_first"])
        if rules["assesses"]:
            attribute(rules, county, city, flow)
        for k in range(min(n + 1, rules["layers"])):
            enter_layer(shares.excellent[c, k], shares.below[c, k], k, county, city, flow)
    repay(city, city_flow, F_REPAY_SURPLUS)
    waterfall(rules, shares, n, counties, city, county_flow, booked)
    repay(city, city_flow, F_REPAY_SETTLEMENT)
