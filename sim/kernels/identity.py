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
def add_county(county, city, held):
    """A county's part of reserves (BOOKED) and of what is reserves but not cash, or the reverse (OFFSET)."""
    wide()
    for i in range(LANES):
        deficit = county[OPENING_DEFICIT + i]
        not_cash = 0.0
        if held == HELD_BALANCE:
            not_cash = county[BALANCE + i]
        elif held == HELD_TRANCHE:
            not_cash = county[TRANCHE_DUE + i]
        city[BOOKED + i] += county[BALANCE + i] + county[CURRENT + i] + county[UNSETTLED + i] - deficit
        city[OFFSET + i] += deficit - not_cash


@stage
def check_identity(city):
    """Reserves as the accounts have them must be reserves as the outside flows have them.

    From here on reserves are the former; BOOKED, OFFSET and INFLOW begin anew.
    """
    wide()
    for i in range(LANES):
        unfunded = city[UNFUNDED + i]
        of_city = city[POOL + i] + city[RISK_FUND + i] + city[MUNICIPAL_RESERVE + i] - unfunded
        booked = city[BOOKED + i] + of_city
        expected = city[RESERVES + i] + city[INFLOW + i]
        scale = abs(city[BOOKED + i]) + abs(of_city) + abs(expected) + city[CITY_CLOSED_CLAIMS + i] + 1.0
        holds = abs(booked - expected) <= IDENTITY_TOLERANCE * scale and scale < INFINITE
        failed = 0.0 if holds else 1.0  # of NaN neither comparison holds, and so it is a breach
        city[BREACH + i] += failed
        city[RESERVES + i] = booked
        city[CASH_OFFSET + i] = city[OFFSET + i] + unfunded
        city[YEAR_INFLOW + i] += city[INFLOW + i]
        city[INFLOW + i] = 0.0
        city[BOOKED + i] = 0.0
        city[OFFSET + i] = 0.0


@stage
def reconcile(rules, counties, city):
    """After every step that moves more than the month's figures: the identity, and reserves afresh."""
    for c in range(counties.shape[0]):
        add_county(counties[c], city, rules["held"])
    check_identity(city)
