"""W by fundsim: its case, and its kernels' stages in W's order with W's tallies in place of the model's.

Two entries.  ``run`` takes from the kernels what W asks for and no more.  The whole model on W's sizes is
``simulate`` on ``whole_case``: Taizhou's rules, every event and every metric.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import (
    BALANCE as OPENING,
)
from benchmarks.workload import (
    BASE,
    BINS,
    BINS_PER_MONTH,
    CITY_PART,
    CITY_SIGMA,
    COUNTY_SIGMA,
    FUNDS,
    MONTHLY_SIGMA,
    MONTHS,
    PERSISTENCE,
    POOL_PART,
    PROFILE,
    SETTLEMENT_MONTH,
    TO_POOL,
    TOP_UP_MONTHS,
    Outcome,
    Workload,
    empty_outcome,
)
from scenarios.rulebook.city import load_city
from sim.kernels.block import Work, open_books, post_months
from sim.kernels.codes import (
    BALANCE,
    CITY_CLAIMS,
    CITY_CONTRIBUTIONS,
    DEPLETED,
    EVENT_CASH,
    INFLOW,
    PAID_CITY,
    PAID_COUNTY,
    POOL,
    RESERVES,
    SUM_A,
    SUM_B,
    UNSETTLED,
    VALUE,
)
from sim.kernels.december import add_totals, close_year
from sim.kernels.january import begin_year, top_up
from sim.kernels.lanes import LANES, known, stage, wide
from sim.kernels.months import add_net
from sim.kernels.rows import clear, sum_of, wipe
from sim.kernels.settlement import settle, shares_of
from sim.kernels.shocks import TOGETHER, city_draws, city_year, county_months, county_year
from sim.lower import lower_case, lower_noise
from sim.model import FUNDS as FUND_NAMES
from sim.model import Case, County, CountyFund, FundCase, Profile, Shocks
from sim.rules import FundRules, Layer, Settlement, TopUp
from sim.simulate import new_work
from sim.threads import Stop, in_order

YUAN = 1e8
"""Of W's unit of money."""
BLOCKS_PER_TASK = 8


def case_of(w: Workload, rules: FundRules) -> Case:
    """W's figures as a case of fundsim, with ``rules`` for both funds."""
    sigma = MONTHLY_SIGMA * FUNDS
    figures = CountyFund(
        base_contributions_yuan=BASE[0] * YUAN,
        base_claims_yuan=BASE[1] * YUAN,
        county_balance_yuan=OPENING * YUAN,
        enrolment_persons=1e6,
    )
    profile = Profile(contributions=tuple(PROFILE[0]), claims=tuple(PROFILE[1]))
    return Case(
        first_year=2025,
        years=w.years,
        rules=dict.fromkeys(FUND_NAMES, rules),
        funds=dict.fromkeys(FUND_NAMES, FundCase(profile=profile)),
        counties=tuple(County(name=name, employee=figures, resident=figures) for name in w.names),
        shocks=Shocks(
            city_volatility=(CITY_SIGMA,) * 4,
            city_persistence=(PERSISTENCE,) * 4,
            county_volatility=(COUNTY_SIGMA,) * 4,
            county_persistence=PERSISTENCE,
            monthly_volatility=(sigma[0], sigma[1], sigma[2], sigma[3]),
        ),
    )


def w_case(w: Workload) -> Case:
    """W's own rules: what it takes from Taizhou's employee fund."""
    layers = (
        Layer(shares={"county_balance": 1.0}),
        Layer(shares={"pool": POOL_PART, "county_treasury": 1 - POOL_PART}),
        Layer(shares={"city_treasury": CITY_PART, "county_treasury": 1 - CITY_PART}),
    )
    settlement = Settlement(month=SETTLEMENT_MONTH, surplus_to_pool=TO_POOL, waterfall=layers)
    return case_of(w, FundRules(top_up=TopUp(months=TOP_UP_MONTHS, by_balance=1.0), settlement=settlement))


def whole_case(w: Workload) -> Case:
    """W's sizes and figures under Taizhou's rules as they are."""
    return case_of(w, FundRules()).model_copy(update={"rules": dict(load_city("taizhou").rules)})


@stage
def note_lowest(city):
    """Whether reserves are negative at a month's end."""
    wide()
    for i in range(LANES):
        city[EVENT_CASH + i] = 1.0 if city[RESERVES + i] < 0.0 else city[EVENT_CASH + i]


@stage
def add_inflow(city):
    """What treasuries paid in a settlement becomes reserves."""
    wide()
    for i in range(LANES):
        city[RESERVES + i] += city[INFLOW + i]
        city[INFLOW + i] = 0.0


@stage
def count_flag(row, slot, lanes):
    """Paths with the flag up, which is then lowered."""
    wide()
    slot = known(slot)
    n = 0
    for i in range(LANES):
        up = row[slot + i] > 0.0
        n += 1 if up and i < lanes else 0
        row[slot + i] = 0.0
    return n


@stage
def capacity(city):
    """The bin of the months of payment capacity, into VALUE."""
    wide()
    for i in range(LANES):
        bins = city[RESERVES + i] / city[CITY_CLAIMS + i] * (MONTHS * BINS_PER_MONTH)
        city[VALUE + i] = min(max(bins, 0.0), BINS - 1.0)


@stage
def tally_fund(outcome, counties, city, f, y, lanes, per_yuan):
    """The year's tallies of one fund."""
    clear(city, SUM_A)
    clear(city, SUM_B)
    for c in range(counties.shape[0]):
        sum_of(counties[c], city, PAID_COUNTY, SUM_A)
        sum_of(counties[c], city, PAID_CITY, SUM_B)
        outcome.depleted[y, f, c] += count_flag(counties[c], DEPLETED, lanes)
    outcome.negative[y, f] += count_flag(city, EVENT_CASH, lanes)
    capacity(city)
    total, squares, by_county, by_city = 0.0, 0.0, 0.0, 0.0
    for i in range(lanes):
        outcome.months[y, f, int(city[VALUE + i])] += 1
        reserves = city[RESERVES + i] * per_yuan
        total += reserves
        squares += reserves * reserves
        by_county += city[SUM_A + i]
        by_city += city[SUM_B + i]
    sums = outcome.sums[y, f]
    sums[0] += total
    sums[1] += squares
    sums[2] += by_county * per_yuan
    sums[3] += by_city * per_yuan


@stage
def fund_january(plan, books, f, y):
    """The closed year's totals, then the top-up."""
    counties, city = books.county[f], books.city[f]
    begin_year(counties, city)
    top_up(plan.rules[f], plan.enrolment[f, y - 1], counties, city, None, None)


@stage
def fund_july(plan, books, f):
    """The settlement."""
    counties, city = books.county[f], books.city[f]
    settle(plan.rules[f], shares_of(plan, f), counties, city, None, None, source=None, booked=False)
    add_inflow(city)


@stage
def fund_december(books, f):
    """The year's totals and results."""
    counties, city = books.county[f], books.city[f]
    clear(city, CITY_CONTRIBUTIONS)
    clear(city, CITY_CLAIMS)
    for c in range(counties.shape[0]):
        add_totals(counties[c], city)
        close_year(counties[c], None)


@stage
def simulate_w(plan, noise, work, outcome, path, lanes):
    """One block of paths, of which ``lanes`` count."""
    books, shocked = work.books, work.shocked
    funds, n_counties = books.county.shape[0], books.county.shape[1]
    open_books(plan, books)
    for f in range(funds):
        wipe(shocked.city[f])
        for c in range(n_counties):
            wipe(shocked.county[c, f])
    for y in range(noise.level.shape[3]):
        city_draws(noise, shocked, path, y)
        city_year(noise, shocked, path, y)
        for f in range(funds):
            if y > 0:
                fund_january(plan, books, f, y)
        for c in range(n_counties):
            county_year(noise, shocked, path, c, y)
            for month in range(1, MONTHS + 1, TOGETHER):
                county_months(noise, shocked, path, c, y, month, TOGETHER)
                for f in range(funds):
                    post_months(plan, noise, work, c, f, month, TOGETHER)
        for month in range(1, MONTHS + 1):
            for f in range(funds):
                add_net(books.city[f], books.net[f, (month - 1) * LANES : month * LANES])
                if month == SETTLEMENT_MONTH and y > 0:
                    fund_july(plan, books, f)
                note_lowest(books.city[f])
        for f in range(funds):
            fund_december(books, f)
            tally_fund(outcome, books.county[f], books.city[f], f, y, lanes, 1 / YUAN)


@stage
def simulate_blocks(plan, noise, work, outcome, first, blocks, paths):
    """Blocks from ``first`` on, of ``paths`` paths in all."""
    for b in range(first, first + blocks):
        simulate_w(plan, noise, work, outcome, b * LANES, min(LANES, paths - b * LANES))


def chunk(w: Workload) -> int:
    """Paths that a thread takes at a time."""
    return LANES * BLOCKS_PER_TASK


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths over ``threads`` threads."""
    case = w_case(w)
    plan = lower_case(case)
    noise, blocks = lower_noise(case, plan, seed), -(-paths // LANES)

    def part(work: Work, first: int, stop: Stop) -> Outcome:
        outcome = empty_outcome(w)
        simulate_blocks(plan, noise, work, outcome, first, min(BLOCKS_PER_TASK, blocks - first), paths)
        return outcome

    total = empty_outcome(w)
    for done in in_order([new_work(case) for _ in range(threads)], range(0, blocks, BLOCKS_PER_TASK), part):
        for whole, more in zip(total, done, strict=True):
            whole += more
    return total


def final(w: Workload, paths: int, seed: int) -> tuple[Any, Any, Any]:
    """Closing figures of the first ``paths`` paths, at most a block: (C, 2, N), (2, N), (2, 2, N)."""
    case = w_case(w)
    plan, work = lower_case(case), new_work(case)
    simulate_w(plan, lower_noise(case, plan, seed), work, empty_outcome(w), 0, paths)

    def slot(rows: Any, at: Any) -> Any:
        return rows[..., at : at + paths] / YUAN

    counties, city = np.swapaxes(work.books.county, 0, 1), work.books.city
    money = slot(counties, BALANCE) + slot(counties, UNSETTLED)
    paid = np.stack([slot(counties, PAID_COUNTY).sum(0), slot(counties, PAID_CITY).sum(0)])
    return money, slot(city, POOL), paid
