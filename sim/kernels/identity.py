"""The identity of the accounts: what is booked is what came in from outside less what went out.

Every step that moves more than a month's own figures ends here, with reserves summed afresh: by
``reconcile``, or where such a step visits each county anyway (top-up, settlement) by ``add_county`` there and
``check_identity`` behind it.
"""

from __future__ import annotations

from sim.kernels.codes import (
    BALANCE,
    BOOKED,
    BREACH,
    CASH_OFFSET,
    CITY_CLOSED_CLAIMS,
    CURRENT,
    HELD_BALANCE,
    HELD_TRANCHE,
    INFLOW,
    MUNICIPAL_RESERVE,
    OFFSET,
    OPENING_DEFICIT,
    POOL,
    RESERVES,
    RISK_FUND,
    TRANCHE_DUE,
    UNFUNDED,
    UNSETTLED,
    YEAR_INFLOW,
)
from sim.kernels.lanes import LANES, stage, wide

IDENTITY_TOLERANCE = 1e-9
"""Of the sum of all claims and reserves that the identity compares, relative."""
INFINITE = 1e300


@stage
def add_county(d, v, held):
    """A county's part of reserves (BOOKED) and of what is reserves but not cash, or the reverse (OFFSET)."""
    wide()
    for i in range(LANES):
        deficit = d[OPENING_DEFICIT + i]
        not_cash = 0.0
        if held == HELD_BALANCE:
            not_cash = d[BALANCE + i]
        elif held == HELD_TRANCHE:
            not_cash = d[TRANCHE_DUE + i]
        v[BOOKED + i] += d[BALANCE + i] + d[CURRENT + i] + d[UNSETTLED + i] - deficit
        v[OFFSET + i] += deficit - not_cash


@stage
def check_identity(v):
    """Reserves as the accounts have them must be reserves as the outside flows have them."""
    wide()
    for i in range(LANES):
        unfunded = v[UNFUNDED + i]
        own = v[POOL + i] + v[RISK_FUND + i] + v[MUNICIPAL_RESERVE + i] - unfunded
        booked = v[BOOKED + i] + own
        expected = v[RESERVES + i] + v[INFLOW + i]
        scale = abs(v[BOOKED + i]) + abs(own) + abs(expected) + v[CITY_CLOSED_CLAIMS + i] + 1.0
        holds = abs(booked - expected) <= IDENTITY_TOLERANCE * scale and scale < INFINITE
        failed = 0.0 if holds else 1.0  # so put, a figure that is no number is a breach too
        v[BREACH + i] += failed
        v[RESERVES + i] = booked
        v[CASH_OFFSET + i] = v[OFFSET + i] + unfunded
        v[YEAR_INFLOW + i] += v[INFLOW + i]
        v[INFLOW + i] = 0.0
        v[BOOKED + i] = 0.0
        v[OFFSET + i] = 0.0


@stage
def reconcile(rules, county, v):
    """After every step that moves more than the month's figures: the identity, and reserves afresh."""
    for c in range(county.shape[0]):
        add_county(county[c], v, rules["held"])
    check_identity(v)
