"""Settling a closed year: surpluses, the attributable part, then the waterfall, layer by layer.

``settle`` is the one implementation: the replay, the simulation, the receivable at a year's end (on a
copy) and the run-off after the last year all call it.  Slots are documented in ``codes.py``; ``d`` is a
county's row, ``v`` the city's, ``flow`` the row in which the transfers of this month are noted.

Rows are read from the processor's second cache faster than they are computed with, but only just: so a
county passes through as many steps as it can, until something depends on all counties, before the next
county's turn.
"""

from __future__ import annotations

from sim.kernels.codes import (
    ALL_OR_NOTHING,
    ASSESSMENT_READ,
    BALANCE,
    COUNTY_READ,
    COVERED_OWN,
    F_ATTRIBUTABLE,
    F_ATTRIBUTABLE_OWN,
    F_REMAINDER,
    F_REPAY_SETTLEMENT,
    F_REPAY_SURPLUS,
    F_SURPLUS_DEFICIT,
    F_SURPLUS_KEPT,
    F_SURPLUS_POOL,
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
)
from sim.kernels.identity import add_county
from sim.kernels.lanes import LANES, stage, wide
from sim.kernels.layers import ask, asks_in_common, leave, own_alone, ration_accounts
from sim.kernels.ledger import note, row_of
from sim.kernels.rows import copy_row


@stage
def repay(v, flow, slot):
    """What is in the pool pays off what was unfunded.

    It follows every credit of the pool but those that find nothing to pay: no bill is unfunded before the
    first settlement, or beside a pool that earns interest.
    """
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
    for i in range(LANES):
        result = d[UNSETTLED + i]
        surplus = max(result, 0.0)
        pooled = to_pool * surplus
        repaid = min(surplus - pooled, d[OPENING_DEFICIT + i]) if deficit_first else 0.0
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
        deficit = d[GAP + i]
        given = d[GIVEN + i]
        missed = max(d[REVENUE_MISSED + i], spending_counts * d[OVERSPENT + i])
        by_rule = shortfall * (d[REVENUE_MISSED + i] + d[OVERSPENT + i])
        by_rule += nothing_or_all * deficit if missed >= NOUGHT else 0.0
        part = min(deficit, given if given >= 0.0 else by_rule)
        from_balance = own * min(part, d[BALANCE + i]) if given < 0.0 else 0.0
        paid = part - from_balance
        d[BALANCE + i] -= from_balance
        v[COVERED_OWN + i] += from_balance
        d[GAP + i] = deficit - part
        d[PAID_COUNTY + i] += paid
        v[INFLOW + i] += paid
        note(flow, F_ATTRIBUTABLE_OWN + i, from_balance)
        note(flow, F_ATTRIBUTABLE + i, paid)


@stage
def remainder(d, v, flow):
    """What the last layer leaves is unfunded."""
    wide()
    for i in range(LANES):
        v[UNFUNDED + i] += d[GAP + i]
        note(flow, F_REMAINDER + i, d[GAP + i])


@stage
def waterfall(rules, layer_share, layer_below, layer_short, n, county, v, county_flow, booked):
    """From layer ``n``, which every county has asked already, to the last.

    A county leaves one layer and comes to the next until that one has a common account, which must first
    hear what every county asks.  In Taizhou layer 0 is the own balance alone, so ``n`` is 1, pool and county
    treasury.  The pool is rationed; then each county leaves layer 1, asks layer 2, two treasuries, leaves
    that too, and what is left is its remainder: one pass.

    ``layer_share`` and ``layer_below`` (counties, layers, sources and limit) hold for counties assessed 优秀
    and for those that are not.  What the last layer leaves to a county is unfunded; with ``booked`` what it
    then has is added for the identity.
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
    while n + 1 < rules["layers"] and own_alone(layer_share[0, n]):
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
