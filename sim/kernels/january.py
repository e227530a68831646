"""January and February: the opening transfer of the first year, the yearly top-up, the municipal reserve."""

from __future__ import annotations

from sim.kernels.codes import (
    BALANCE,
    CITY_CLAIMS,
    CITY_CLOSED_CLAIMS,
    CLOSED_CLAIMS,
    CLOSED_CONTRIBUTIONS,
    DRAWN,
    EVENT_TOPUP,
    F_DEFICIT_PAID,
    F_MUNICIPAL,
    F_OPENING,
    F_OPENING_REST,
    F_REPAY_TOP_UP,
    F_RETURNED,
    F_TOP_UP,
    F_TOP_UP_REST,
    INFLOW,
    MONTHS,
    MUNICIPAL_RESERVE,
    NOUGHT,
    OPENING_DEFICIT,
    PAID_AT_OPENING,
    PAID_COUNTY,
    PAID_IN,
    PAID_OPENING,
    POOL,
    RESULT,
    SUM_A,
    SUM_B,
    SUM_C,
    TRANCHE_DUE,
    UNSETTLED,
    VALUE,
    YEAR_CLAIMS,
    YEAR_CONTRIBUTIONS,
)
from sim.kernels.identity import add_county
from sim.kernels.lanes import LANES, inlined, stage, wide
from sim.kernels.ledger import note, row_of
from sim.kernels.rows import clear, sum_of
from sim.kernels.settlement import repay


@stage
def pay_opening_deficit(d, v, flow):
    """The treasury makes the whole opening deficit good."""
    wide()
    for i in range(LANES):
        paid = d[OPENING_DEFICIT + i]
        d[OPENING_DEFICIT + i] = 0.0
        d[PAID_OPENING + i] += paid
        v[INFLOW + i] += paid
        note(flow, F_DEFICIT_PAID + i, paid)


@stage
def add_unprovided(d, v):
    """Base-year claims of counties that hold no balance (SUM_A) and of all (SUM_B)."""
    wide()
    for i in range(LANES):
        claims = d[CLOSED_CLAIMS + i]
        v[SUM_A + i] += claims if d[BALANCE + i] < NOUGHT else 0.0
        v[SUM_B + i] += claims


@stage
def to_return(v, share):
    """What goes back of the pool, into VALUE; it leaves the pool where somebody has claims to go by."""
    wide()
    for i in range(LANES):
        given = share * v[POOL + i] if v[SUM_B + i] > 0.0 else 0.0
        v[VALUE + i] = given
        v[POOL + i] -= given


@stage
def give_back(d, v, flow):
    """One county's part of what goes back, by claims, into its balance."""
    wide()
    for i in range(LANES):
        some = v[SUM_A + i] > 0.0
        total = v[SUM_A + i] if some else v[SUM_B + i]
        counts = total > 0.0 and (d[BALANCE + i] < NOUGHT or not some)
        given = v[VALUE + i] * d[CLOSED_CLAIMS + i] / total if counts else 0.0
        d[BALANCE + i] += given
        d[DRAWN + i] += given
        note(flow, F_RETURNED + i, given)


@stage
def return_pool(county, v, county_flow, share):
    """The city's opening pool goes back to the counties."""
    clear(v, SUM_A)
    clear(v, SUM_B)
    for c in range(county.shape[0]):
        add_unprovided(county[c], v)
    to_return(v, share)
    for c in range(county.shape[0]):
        give_back(county[c], v, row_of(county_flow, c))


@stage
def opening_ratio(v, months):
    """min(1, months of the city's base-year claims over the counties' balances) into VALUE."""
    wide()
    for i in range(LANES):
        wanted = months / MONTHS * v[CITY_CLOSED_CLAIMS + i]
        held = v[SUM_A + i]
        v[VALUE + i] = min(1.0, wanted / held) if held > 0.0 else 0.0


@stage
def give_opening(d, v, flow, share, own_months, later_share, rest_paid):
    """One county's opening transfer, and what it still holds for the second tranche."""
    wide()
    rest_counts = 1.0 if rest_paid else 0.0
    for i in range(LANES):
        balance = d[BALANCE + i]
        asked = (v[VALUE + i] + share) * balance + own_months / MONTHS * d[CLOSED_CLAIMS + i]
        given = min(asked, balance)
        rest = rest_counts * (asked - given)
        d[BALANCE + i] = balance - given
        d[TRANCHE_DUE + i] = min(later_share * balance, balance - given)
        d[PAID_IN + i] += given
        d[PAID_AT_OPENING + i] = rest
        v[POOL + i] += given + rest
        v[INFLOW + i] += rest
        note(flow, F_OPENING + i, given)
        note(flow, F_OPENING_REST + i, rest)


@stage
def opening_transfer(rules, city_level, county, v, county_flow, city_flow):
    """Year 0: opening deficits where they are paid at once, then what each county gives the pool."""
    counties = county.shape[0]
    if rules["deficit_in_january"]:
        for c in range(counties):
            pay_opening_deficit(county[c], v, row_of(county_flow, c))
    if rules["pool_returned"] > 0.0:
        return_pool(county, v, county_flow, rules["pool_returned"])
    clear(v, SUM_A)
    for c in range(counties):
        sum_of(county[c], v, BALANCE, SUM_A)
    opening_ratio(v, rules["opening_city_months"])
    for c in range(counties):
        share = rules["opening_share_city"] if city_level[c] else rules["opening_share"]
        own_months, later = rules["opening_own_months"], rules["december_share"]
        flow, rest = row_of(county_flow, c), rules["opening_rest"]
        give_opening(county[c], v, flow, share, own_months, later, rest)


@stage
def roll(d):
    """A county's totals of the year become last year's."""
    wide()
    for i in range(LANES):
        d[CLOSED_CONTRIBUTIONS + i] = d[YEAR_CONTRIBUTIONS + i]
        d[CLOSED_CLAIMS + i] = d[YEAR_CLAIMS + i]
        d[YEAR_CONTRIBUTIONS + i] = 0.0
        d[YEAR_CLAIMS + i] = 0.0


@stage
def roll_city(v):
    """The city's claims of the year become last year's."""
    wide()
    for i in range(LANES):
        v[CITY_CLOSED_CLAIMS + i] = v[CITY_CLAIMS + i]


# Of a top-up, by the terms of docs/rules.md, section 5.3
DRAWABLE, DEFICITS, BY_ENROLMENT = SUM_A, SUM_B, SUM_C
"""Sums over counties, and what is asked by enrolment because nobody had a deficit."""
PER_DRAWABLE, PER_DEFICIT = SUM_A, SUM_B
"""What a yuan of either has to give, in place of their sums."""


@stage
def drawable(d, net, i):
    """What a top-up can draw of a county's balance; ``net`` of the unsettled deficit."""
    inlined()
    return max(0.0, d[BALANCE + i] + (min(0.0, d[UNSETTLED + i]) if net else 0.0))


@stage
def add_drawable(d, v, net):
    """Sums what a top-up can draw, and last year's deficits."""
    wide()
    for i in range(LANES):
        v[DRAWABLE + i] += drawable(d, net, i)
        v[DEFICITS + i] += max(0.0, -d[RESULT + i])


@stage
def lacking(v, months, by_balance, by_deficit):
    """What the pool lacks of ``months`` of last year's city claims, into VALUE; short if balances are."""
    wide()
    for i in range(LANES):
        lacks = max(0.0, months / MONTHS * v[CITY_CLOSED_CLAIMS + i] - v[POOL + i])
        balances, deficits = v[DRAWABLE + i], v[DEFICITS + i]
        wanted = by_balance * lacks
        short = wanted - balances >= NOUGHT and by_balance > 0.0
        spread = deficits >= NOUGHT
        v[EVENT_TOPUP + i] = 1.0 if short else 0.0
        v[VALUE + i] = lacks
        v[PER_DRAWABLE + i] = 1.0 if wanted >= balances else wanted / balances
        v[PER_DEFICIT + i] = by_deficit * lacks / deficits if spread else 0.0
        v[BY_ENROLMENT + i] = 0.0 if spread else by_deficit * lacks


@stage
def give_top_up(rules, d, v, flow, enrolment):
    """One county's part of the top-up: from its drawable balance, the rest from its treasury."""
    wide()
    of_enrolment = rules["top_up_enrolment"] * enrolment
    net, rest_paid = rules["net_balance"], 1.0 if rules["top_up_rest"] else 0.0
    beyond = rules["top_up_balance"] < 1.0  # more is asked than in proportion to balances
    for i in range(LANES):
        held = drawable(d, net, i)
        asked = held * v[PER_DRAWABLE + i]
        if beyond:
            asked += max(0.0, -d[RESULT + i]) * v[PER_DEFICIT + i]
            asked += v[VALUE + i] * of_enrolment + v[BY_ENROLMENT + i] * enrolment
        given = min(asked, held)
        d[BALANCE + i] -= given
        d[PAID_IN + i] += given
        v[POOL + i] += given
        note(flow, F_TOP_UP + i, given)
        if beyond:
            missing = asked - given
            rest = rest_paid * missing
            v[EVENT_TOPUP + i] = 1.0 if missing >= NOUGHT else v[EVENT_TOPUP + i]
            d[PAID_COUNTY + i] += rest
            v[POOL + i] += rest
            v[INFLOW + i] += rest
            note(flow, F_TOP_UP_REST + i, rest)


@stage
def begin_year(rules, county, v):
    """Last year's totals, and what this year's top-up can draw."""
    clear(v, DRAWABLE)
    clear(v, DEFICITS)
    roll_city(v)
    for c in range(county.shape[0]):
        roll(county[c])
        if rules["top_up_months"] > 0.0:
            add_drawable(county[c], v, rules["net_balance"])


@stage
def top_up(rules, enrolment, county, v, county_flow, city_flow):
    """Later years: the pool is filled up; ``enrolment`` (C,) are shares of the city's enrolment."""
    lacking(v, rules["top_up_months"], rules["top_up_balance"], rules["top_up_deficit"])
    for c in range(county.shape[0]):
        give_top_up(rules, county[c], v, row_of(county_flow, c), enrolment[c])
        add_county(county[c], v, rules["held"])
    repay(v, city_flow, F_REPAY_TOP_UP)


@stage
def municipal_reserve(v, flow):
    """February of year 0: the municipal reserve joins the pool."""
    wide()
    for i in range(LANES):
        moved = v[MUNICIPAL_RESERVE + i]
        v[MUNICIPAL_RESERVE + i] = 0.0
        v[POOL + i] += moved
        note(flow, F_MUNICIPAL + i, moved)
