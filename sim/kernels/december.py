"""December: tranche, instalments, arrears, recoveries, revenue made good, close, accrual, adjustment.

``december_until_close`` and ``december_after_settlement`` have the order of docs/rules.md, section 4, step 6;
between them comes ``settlement.settle``, in a city that settles in December.
"""

from __future__ import annotations

from sim.kernels.codes import (
    ARREARS_GOVERNMENT,
    ARREARS_INSURED,
    BALANCE,
    BUDGETED,
    CITY_CLAIMS,
    CITY_CONTRIBUTIONS,
    CLAIM_MULTIPLIER,
    CLOSED_CONTRIBUTIONS,
    CONTRIBUTION_MULTIPLIER,
    CURRENT,
    CUT,
    DEBT_CUT,
    EVENT_ADJUSTMENT,
    EXPENDITURE_BUDGET,
    GIVEN,
    INFLOW,
    MONTHS,
    MONTHS_LOW,
    NEXT_CLAIMS,
    NEXT_CONTRIBUTIONS,
    NEXT_CUT,
    NOUGHT,
    OPEN_ARREARS_GOVERNMENT,
    OPEN_ARREARS_INSURED,
    OPEN_DEFICIT,
    OPENING_DEFICIT,
    OVERSPENT,
    PAID_ARREARS,
    PAID_COUNTY,
    PAID_IN,
    PAID_OPENING,
    POOL,
    POSTED,
    RAISED,
    RESULT,
    REVENUE_BUDGET,
    REVENUE_MADE_GOOD,
    REVENUE_MISSED,
    RISK_FROM_POOL,
    RISK_FROM_SURPLUS,
    RISK_FUND,
    RISK_OFF_REVENUE,
    SUM_A,
    TRANCHE_DUE,
    UNFUNDED,
    UNSETTLED,
    VALUE,
    YEAR_CLAIMS,
    YEAR_CONTRIBUTIONS,
)
from sim.kernels.lanes import LANES, inlined, stage, wide
from sim.kernels.ledger import (
    F_ACCRUAL,
    F_ACCRUAL_POOL,
    F_ARREARS_GOVERNMENT,
    F_ARREARS_INSURED,
    F_CLOSE,
    F_INSTALMENT,
    F_MADE_GOOD,
    F_OFF_REVENUE,
    F_RECOVERED_BALANCE,
    F_RECOVERED_POOL,
    F_REPAY_RECOVERIES,
    F_TRANCHE,
    note,
    row_of,
)
from sim.kernels.rows import clear, sum_of
from sim.kernels.settlement import repay


@stage
def give_tranche(county, city, flow):
    """What is held back of the opening transfer goes to the pool, at most what is left of the balance."""
    wide()
    for i in range(LANES):
        given = min(county[TRANCHE_DUE + i], county[BALANCE + i])
        county[BALANCE + i] -= given
        county[TRANCHE_DUE + i] = 0.0
        county[PAID_IN + i] += given
        city[POOL + i] += given
        note(flow, F_TRANCHE + i, given)


@stage
def pay_instalment(county, city, flow, still_owed_yuan):
    """The treasury pays the opening deficit down to what the schedule leaves."""
    wide()
    for i in range(LANES):
        paid = max(0.0, county[OPENING_DEFICIT + i] - still_owed_yuan)
        county[OPENING_DEFICIT + i] -= paid
        county[PAID_OPENING + i] += paid
        city[INFLOW + i] += paid
        note(flow, F_INSTALMENT + i, paid)


@stage
def pay_arrears(county, city, flow, government_left_yuan, insured_left_yuan):
    """Arrears are paid down to what the schedules leave, into the county's current account."""
    wide()
    for i in range(LANES):
        government = max(0.0, county[ARREARS_GOVERNMENT + i] - government_left_yuan)
        insured = max(0.0, county[ARREARS_INSURED + i] - insured_left_yuan)
        county[ARREARS_GOVERNMENT + i] -= government
        county[ARREARS_INSURED + i] -= insured
        county[CURRENT + i] += government + insured
        county[PAID_ARREARS + i] += government
        city[INFLOW + i] += government + insured
        note(flow, F_ARREARS_INSURED + i, insured)
        note(flow, F_ARREARS_GOVERNMENT + i, government)


@stage
def recover(county, city, flow, recovered_yuan, to_pool):
    """Funds won back from providers: the pool's, or the county's own."""
    wide()
    pooled = recovered_yuan if to_pool else 0.0
    kept = recovered_yuan - pooled
    for i in range(LANES):
        city[POOL + i] += pooled
        county[BALANCE + i] += kept
        city[INFLOW + i] += recovered_yuan
        note(flow, F_RECOVERED_POOL + i, pooled)
        note(flow, F_RECOVERED_BALANCE + i, kept)


@stage
def assess(county):
    """How far the year missed its budgets."""
    wide()
    for i in range(LANES):
        county[REVENUE_MISSED + i] = max(0.0, county[REVENUE_BUDGET + i] - county[YEAR_CONTRIBUTIONS + i])
        county[OVERSPENT + i] = max(0.0, county[YEAR_CLAIMS + i] - county[EXPENDITURE_BUDGET + i])


@stage
def make_revenue_good(county, city, flow, theta):
    """The treasury pays the revenue missed, deficit or not; a given finding replaces this."""
    wide()
    for i in range(LANES):
        paid = theta * county[REVENUE_MISSED + i] if county[GIVEN + i] < 0.0 else 0.0
        county[CURRENT + i] += paid
        county[PAID_COUNTY + i] += paid
        city[INFLOW + i] += paid
        note(flow, F_MADE_GOOD + i, paid)


@stage
def keep_posted(county):
    """The year's contributions, for limits of layers when the year is settled."""
    wide()
    for i in range(LANES):
        county[POSTED + i] = county[YEAR_CONTRIBUTIONS + i]


@stage
def gate(city, stop_at, stop_at_months):
    """1 in VALUE where the risk fund still accrues: below ``stop_at`` of the year's contributions and
    ``stop_at_months`` of its claims together."""
    wide()
    for i in range(LANES):
        size = stop_at * city[CITY_CONTRIBUTIONS + i] + stop_at_months / MONTHS * city[CITY_CLAIMS + i]
        city[VALUE + i] = 1.0 if size - city[RISK_FUND + i] >= NOUGHT else 0.0


@stage
def add_totals(county, city):
    """A county's year is part of the city's."""
    wide()
    for i in range(LANES):
        city[CITY_CONTRIBUTIONS + i] += county[YEAR_CONTRIBUTIONS + i]
        city[CITY_CLAIMS + i] += county[YEAR_CLAIMS + i]


@stage
def accrues_of(county, i, planned, of_last_year):
    """What the risk fund's rate is of: last year's contributions, or those planned for the next, or where
    nobody gave them (0) this year's."""
    inlined()
    if of_last_year:
        return county[CLOSED_CONTRIBUTIONS + i]
    return planned if planned > 0.0 else county[YEAR_CONTRIBUTIONS + i]


@stage
def accrue_off_revenue(county, city, flow, rate, of_last_year):
    """The risk fund takes its rate of this year's contributions, or of last year's, before the close."""
    wide()
    for i in range(LANES):
        taken = city[VALUE + i] * rate * accrues_of(county, i, 0.0, of_last_year)
        county[CURRENT + i] -= taken
        county[PAID_IN + i] += taken
        city[RISK_FUND + i] += taken
        note(flow, F_OFF_REVENUE + i, taken)


@stage
def accrue_from_balance(county, city, flow, rate, planned, of_last_year, surplus_only):
    """The county gives its rate of contributions, at most its balance (or the year's surplus)."""
    wide()
    for i in range(LANES):
        limit = (
            min(county[BALANCE + i], max(0.0, county[RESULT + i])) if surplus_only else county[BALANCE + i]
        )
        taken = min(city[VALUE + i] * rate * accrues_of(county, i, planned, of_last_year), limit)
        county[BALANCE + i] -= taken
        county[PAID_IN + i] += taken
        city[RISK_FUND + i] += taken
        note(flow, F_ACCRUAL + i, taken)


@stage
def add_accrues_of(county, city, planned, of_last_year):
    """What a county's amount is of joins the city's SUM_A."""
    wide()
    for i in range(LANES):
        city[SUM_A + i] += accrues_of(county, i, planned, of_last_year)


@stage
def accrue_from_pool(city, flow, rate):
    """The pool gives every county's amount (of what is in SUM_A), in one proportion where it is short."""
    wide()
    for i in range(LANES):
        taken = min(city[VALUE + i] * rate * city[SUM_A + i], city[POOL + i])
        city[POOL + i] -= taken
        city[RISK_FUND + i] += taken
        note(flow, F_ACCRUAL_POOL + i, taken)


@stage
def close_year(county, flow):
    """The year's result awaits its settlement."""
    wide()
    for i in range(LANES):
        result = county[CURRENT + i]
        county[RESULT + i] = result
        county[UNSETTLED + i] += result
        county[CURRENT + i] = 0.0
        note(flow, F_CLOSE + i, result)


@stage
def measure_adjustment(city):
    """What the multipliers and the cut in force this year raised and cut."""
    wide()
    for i in range(LANES):
        in_force = city[CLAIM_MULTIPLIER + i] * (1.0 - city[DEBT_CUT + i])
        city[RAISED + i] = city[CITY_CONTRIBUTIONS + i] * (1.0 - 1.0 / city[CONTRIBUTION_MULTIPLIER + i])
        city[CUT + i] = city[CITY_CLAIMS + i] * (1.0 / in_force - 1.0)


@stage
def adjust_policy(city, trigger, months, contribution_part, cap, debt_years, grow_contributions, grow_claims):
    """Multipliers and debt cut of the next year (the NEXT_ slots), from this year's totals; the balances that
    deficits may draw in SUM_A."""
    wide()
    for i in range(LANES):
        income = city[CITY_CONTRIBUTIONS + i] * (1.0 + grow_contributions)
        spending = city[CITY_CLAIMS + i] / (1.0 - city[DEBT_CUT + i]) * (1.0 + grow_claims)
        gap = spending - income
        level = -city[UNFUNDED + i]  # the trigger holds where its level is below nought
        if trigger == BUDGETED:
            level = city[POOL + i] + city[SUM_A + i] - city[UNFUNDED + i] - gap
        if trigger == MONTHS_LOW:
            level = city[POOL + i] + city[SUM_A + i] - months * spending / MONTHS
        structural = max(0.0, gap) if level <= -NOUGHT else 0.0
        cut = min(cap, (1.0 - contribution_part) * structural / spending) if spending > 0.0 else 0.0
        rise = contribution_part * structural
        raised = min(cap, rise / income) if income > 0.0 else cap if rise > 0.0 else 0.0
        debt = city[UNFUNDED + i] if city[UNFUNDED + i] >= NOUGHT else 0.0
        debt_cut = min(cap, debt / (debt_years * spending)) if spending > 0.0 else 0.0
        city[NEXT_CLAIMS + i] = city[CLAIM_MULTIPLIER + i] * (1.0 - cut)
        city[NEXT_CONTRIBUTIONS + i] = city[CONTRIBUTION_MULTIPLIER + i] * (1.0 + raised)
        city[NEXT_CUT + i] = debt_cut
        moved = cut > 0.0 or raised > 0.0 or (debt_cut > 0.0 and city[DEBT_CUT + i] == 0.0)
        city[EVENT_ADJUSTMENT + i] = 1.0 if moved else city[EVENT_ADJUSTMENT + i]


@stage
def apply_adjustment(city):
    """What ``adjust_policy`` decided comes into force."""
    wide()
    for i in range(LANES):
        city[CLAIM_MULTIPLIER + i] = city[NEXT_CLAIMS + i]
        city[CONTRIBUTION_MULTIPLIER + i] = city[NEXT_CONTRIBUTIONS + i]
        city[DEBT_CUT + i] = city[NEXT_CUT + i]


@stage
def december_until_close(rules, plan, f, y, recoveries, counties, city, county_flow, city_flow):
    """From the second tranche to the close; ``recoveries`` (C,) yuan.

    From the instalment on a step touches one county and no other, and each county takes them all in one
    visit, up to its close; but a risk fund's part off revenue has to know the city's contributions first.
    """
    n_counties = counties.shape[0]
    for c in range(n_counties):
        county, flow = counties[c], row_of(county_flow, c)
        if y == 0 and rules["december_share"] > 0.0:
            give_tranche(county, city, flow)
    off_revenue = rules["risk_rate"] > 0.0 and rules["risk_source"] == RISK_OFF_REVENUE
    clear(city, CITY_CONTRIBUTIONS)
    clear(city, CITY_CLAIMS)
    for c in range(n_counties):
        county, flow = counties[c], row_of(county_flow, c)
        opening = plan.opening[f, c]
        if opening[OPEN_DEFICIT] > 0.0:
            pay_instalment(county, city, flow, opening[OPEN_DEFICIT] * plan.deficit_left[f, y])
        government, insured = opening[OPEN_ARREARS_GOVERNMENT], opening[OPEN_ARREARS_INSURED]
        if government + insured > 0.0:
            left = plan.arrears_left[f, :, y]
            pay_arrears(county, city, flow, government * left[0], insured * left[1])
        if recoveries[c] > 0.0:
            recover(county, city, flow, recoveries[c], rules["recoveries_to_pool"])
        if rules["limits"]:
            keep_posted(county)
        if rules["budgets"]:
            assess(county)
            if rules["mode"] == REVENUE_MADE_GOOD:
                make_revenue_good(county, city, flow, rules["theta"])
        add_totals(county, city)
        if not off_revenue:
            close_year(county, flow)
    repay(city, city_flow, F_REPAY_RECOVERIES)
    if off_revenue:
        gate(city, rules["risk_stop"], rules["risk_stop_months"])
        rate, of_last_year = rules["risk_rate"], rules["risk_of_last_year"]
        for c in range(n_counties):
            accrue_off_revenue(counties[c], city, row_of(county_flow, c), rate, of_last_year)
            close_year(counties[c], row_of(county_flow, c))


@stage
def december_after_settlement(rules, planned, apply, counties, city, county_flow, city_flow):
    """After the settlement: the risk fund's accrual, unless it came off revenue, and next year's policy.

    ``planned`` (C,) yuan: contributions planned for the next year, 0 where nobody gave them.
    """
    n_counties = counties.shape[0]
    if rules["risk_rate"] > 0.0 and rules["risk_source"] != RISK_OFF_REVENUE:
        gate(city, rules["risk_stop"], rules["risk_stop_months"])
        of_last_year = rules["risk_of_last_year"]
        rate = rules["risk_rate"] * (1.0 + (0.0 if of_last_year else rules["plan_contributions"]))
        if rules["risk_source"] == RISK_FROM_POOL:
            clear(city, SUM_A)
            for c in range(n_counties):
                add_accrues_of(counties[c], city, planned[c], of_last_year)
            accrue_from_pool(city, city_flow, rate)
        else:
            for c in range(n_counties):
                surplus_only = rules["risk_source"] == RISK_FROM_SURPLUS
                flow = row_of(county_flow, c)
                accrue_from_balance(counties[c], city, flow, rate, planned[c], of_last_year, surplus_only)
    if rules["adjusts"]:
        measure_adjustment(city)
        clear(city, SUM_A)
        if rules["counts_balances"]:
            for c in range(n_counties):
                sum_of(counties[c], city, BALANCE, SUM_A)
        adjust_policy(
            city,
            rules["trigger"],
            rules["trigger_months"],
            rules["contribution_part"],
            rules["cap"],
            rules["debt_years"],
            rules["plan_contributions"],
            rules["plan_claims"],
        )
        if apply:
            apply_adjustment(city)
