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
from sim.kernels.ledger import (
    F_DEFICIT_PAID,
    F_MUNICIPAL,
    F_OPENING,
    F_OPENING_REST,
    F_REPAY_TOP_UP,
    F_RETURNED,
    F_TOP_UP,
    F_TOP_UP_REST,
    note,
    row_of,
)
from sim.kernels.rows import clear, sum_of
from sim.kernels.settlement import repay


@stage
def pay_opening_deficit(county, city, flow):
    """The treasury makes the whole opening deficit good."""
    wide()
    for i in range(LANES):
        paid = county[OPENING_DEFICIT + i]
        county[OPENING_DEFICIT + i] = 0.0
        county[PAID_OPENING + i] += paid
        city[INFLOW + i] += paid
        note(flow, F_DEFICIT_PAID + i, paid)


@stage
def add_unprovided(county, city):
    """Base-year claims of counties that hold no balance (SUM_A) and of all (SUM_B)."""
    wide()
    for i in range(LANES):
        claims = county[CLOSED_CLAIMS + i]
        city[SUM_A + i] += claims if county[BALANCE + i] < NOUGHT else 0.0
        city[SUM_B + i] += claims


@stage
def to_return(city, share):
    """What goes back of the pool, into VALUE: nothing where no county has claims, by which it is divided."""
    wide()
    for i in range(LANES):
        given = share * city[POOL + i] if city[SUM_B + i] > 0.0 else 0.0
        city[VALUE + i] = given
        city[POOL + i] -= given


@stage
def give_back(county, city, flow):
    """One county's part of what goes back, by claims, into its balance."""
    wide()
    for i in range(LANES):
        some = city[SUM_A + i] > 0.0
        total = city[SUM_A + i] if some else city[SUM_B + i]
        counts = total > 0.0 and (county[BALANCE + i] < NOUGHT or not some)
        given = city[VALUE + i] * county[CLOSED_CLAIMS + i] / total if counts else 0.0
        county[BALANCE + i] += given
        county[DRAWN + i] += given
        note(flow, F_RETURNED + i, given)


@stage
def return_pool(counties, city, county_flow, share):
    """The city's opening pool goes back to the counties."""
    clear(city, SUM_A)
    clear(city, SUM_B)
    for c in range(counties.shape[0]):
        add_unprovided(counties[c], city)
    to_return(city, share)
    for c in range(counties.shape[0]):
        give_back(counties[c], city, row_of(county_flow, c))


@stage
def opening_ratio(city, months):
    """min(1, months of the city's base-year claims over the counties' balances) into VALUE."""
    wide()
    for i in range(LANES):
        wanted = months / MONTHS * city[CITY_CLOSED_CLAIMS + i]
        held = city[SUM_A + i]
        city[VALUE + i] = min(1.0, wanted / held) if held > 0.0 else 0.0


@stage
def give_opening(county, city, flow, share, own_months, later_share, rest_paid):
    """One county's opening transfer, and what it still holds for the second tranche."""
    wide()
    for i in range(LANES):
        balance = county[BALANCE + i]
        asked = (city[VALUE + i] + share) * balance + own_months / MONTHS * county[CLOSED_CLAIMS + i]
        given = min(asked, balance)
        rest = asked - given if rest_paid else 0.0
        county[BALANCE + i] = balance - given
        county[TRANCHE_DUE + i] = min(later_share * balance, balance - given)
        county[PAID_IN + i] += given
        county[PAID_AT_OPENING + i] = rest
        city[POOL + i] += given + rest
        city[INFLOW + i] += rest
        note(flow, F_OPENING + i, given)
        note(flow, F_OPENING_REST + i, rest)


@stage
def opening_transfer(rules, city_level, counties, city, county_flow, city_flow):
    """Year 0: opening deficits where they are paid at once, then what each county gives the pool."""
    n_counties = counties.shape[0]
    if rules["deficit_in_january"]:
        for c in range(n_counties):
            pay_opening_deficit(counties[c], city, row_of(county_flow, c))
    if rules["pool_returned"] > 0.0:
        return_pool(counties, city, county_flow, rules["pool_returned"])
    clear(city, SUM_A)
    for c in range(n_counties):
        sum_of(counties[c], city, BALANCE, SUM_A)
    opening_ratio(city, rules["opening_city_months"])
    for c in range(n_counties):
        share = rules["opening_share_city"] if city_level[c] else rules["opening_share"]
        own_months, later = rules["opening_own_months"], rules["december_share"]
        flow, rest = row_of(county_flow, c), rules["opening_rest"]
        give_opening(counties[c], city, flow, share, own_months, later, rest)


@stage
def roll(county):
    """A county's totals of the year become last year's."""
    wide()
    for i in range(LANES):
        county[CLOSED_CONTRIBUTIONS + i] = county[YEAR_CONTRIBUTIONS + i]
        county[CLOSED_CLAIMS + i] = county[YEAR_CLAIMS + i]
        county[YEAR_CONTRIBUTIONS + i] = 0.0
        county[YEAR_CLAIMS + i] = 0.0


@stage
def roll_city(city):
    """The city's claims of the year become last year's."""
    wide()
    for i in range(LANES):
        city[CITY_CLOSED_CLAIMS + i] = city[CITY_CLAIMS + i]


# Of a top-up, by the terms of docs/rules.md, section 5.3
DRAWABLE, DEFICITS, BY_ENROLMENT = SUM_A, SUM_B, SUM_C
"""Sums over counties, and what is asked by enrolment because nobody had a deficit."""
PER_DRAWABLE, PER_DEFICIT = SUM_A, SUM_B
"""What a yuan of either has to give, in place of their sums."""


@stage
def drawable(county, net, i):
    """What a top-up can draw of a county's balance; ``net`` of the unsettled deficit."""
    inlined()
    return max(0.0, county[BALANCE + i] + (min(0.0, county[UNSETTLED + i]) if net else 0.0))


@stage
def add_drawable(county, city, net):
    """Sums what a top-up can draw, and last year's deficits."""
    wide()
    for i in range(LANES):
        city[DRAWABLE + i] += drawable(county, net, i)
        city[DEFICITS + i] += max(0.0, -county[RESULT + i])


@stage
def lacking(city, months, by_balance, by_deficit):
    """What the pool lacks of ``months`` of last year's city claims, into VALUE; short if balances are."""
    wide()
    for i in range(LANES):
        lacks = max(0.0, months / MONTHS * city[CITY_CLOSED_CLAIMS + i] - city[POOL + i])
        balances, deficits = city[DRAWABLE + i], city[DEFICITS + i]
        wanted = by_balance * lacks
        short = wanted - balances >= NOUGHT and by_balance > 0.0
        spread = deficits >= NOUGHT
        city[EVENT_TOPUP + i] = 1.0 if short else 0.0
        city[VALUE + i] = lacks
        city[PER_DRAWABLE + i] = 1.0 if wanted >= balances else wanted / balances
        city[PER_DEFICIT + i] = by_deficit * lacks / deficits if spread else 0.0
        city[BY_ENROLMENT + i] = 0.0 if spread else by_deficit * lacks


@stage
def give_top_up(rules, county, city, flow, enrolment):
    """One county's part of the top-up: from its drawable balance, the rest from its treasury."""
    wide()
    of_enrolment = rules["top_up_enrolment"] * enrolment
    net, rest_paid = rules["net_balance"], rules["top_up_rest"]
    beyond = rules["top_up_balance"] < 1.0  # more is asked than in proportion to balances
    for i in range(LANES):
        held = drawable(county, net, i)
        asked = held * city[PER_DRAWABLE + i]
        if beyond:
            asked += max(0.0, -county[RESULT + i]) * city[PER_DEFICIT + i]
            asked += city[VALUE + i] * of_enrolment + city[BY_ENROLMENT + i] * enrolment
        given = min(asked, held)
        county[BALANCE + i] -= given
        county[PAID_IN + i] += given
        city[POOL + i] += given
        note(flow, F_TOP_UP + i, given)
        if beyond:
            missing = asked - given
            rest = missing if rest_paid else 0.0
            city[EVENT_TOPUP + i] = 1.0 if missing >= NOUGHT else city[EVENT_TOPUP + i]
            county[PAID_COUNTY + i] += rest
            city[POOL + i] += rest
            city[INFLOW + i] += rest
            note(flow, F_TOP_UP_REST + i, rest)


@stage
def begin_year(counties, city):
    """The totals of the year become last year's."""
    roll_city(city)
    for c in range(counties.shape[0]):
        roll(counties[c])


@stage
def top_up(rules, enrolment, counties, city, county_flow, city_flow):
    """Later years: the pool is filled up; ``enrolment`` (C,) are shares of the city's enrolment."""
    clear(city, DRAWABLE)
    clear(city, DEFICITS)
    for c in range(counties.shape[0]):
        add_drawable(counties[c], city, rules["net_balance"])
    lacking(city, rules["top_up_months"], rules["top_up_balance"], rules["top_up_deficit"])
    for c in range(counties.shape[0]):
        give_top_up(rules, counties[c], city, row_of(county_flow, c), enrolment[c])
        add_county(counties[c], city, rules["held"])
    repay(city, city_flow, F_REPAY_TOP_UP)


@stage
def municipal_reserve(city, flow):
    """February of year 0: the municipal reserve joins the pool."""
    wide()
    for i in range(LANES):
        moved = city[MUNICIPAL_RESERVE + i]
        city[MUNICIPAL_RESERVE + i] = 0.0
        city[POOL + i] += moved
        note(flow, F_MUNICIPAL + i, moved)
