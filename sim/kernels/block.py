"""One block of LANES paths from the opening books to the horizon: the simulation's only loop over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.kernels.by_path import note_years
from sim.kernels.codes import (
    ARREARS_GOVERNMENT,
    ARREARS_INSURED,
    BALANCE,
    BASE_CLAIMS,
    BASE_CONTRIBUTIONS,
    CITY_CLOSED_CLAIMS,
    CLAIM_MULTIPLIER,
    CLOSED_CLAIMS,
    CLOSED_CONTRIBUTIONS,
    CONTRIBUTION_MULTIPLIER,
    EXCELLENT,
    EXPENDITURE_BUDGET,
    GIVEN,
    MONTHS,
    MUNICIPAL_RESERVE,
    OPEN_ARREARS_GOVERNMENT,
    OPEN_ARREARS_INSURED,
    OPEN_BALANCE,
    OPEN_DEFICIT,
    OPENING_DEFICIT,
    POOL,
    RESERVES,
    REVENUE_BUDGET,
    RISK_FUND,
    Books,
)
from sim.kernels.lanes import HALF, LANES, known, stage, wide
from sim.kernels.measure import horizon, year_end
from sim.kernels.months import close_month, open_month, post, stretch_end
from sim.kernels.normals import uniform
from sim.kernels.rows import fill, wipe
from sim.kernels.sampled import count_pairs, weigh_event
from sim.kernels.shocks import (
    ALL_BITS,
    EXCELLENCE,
    PER_ADDRESS,
    TOGETHER,
    Shocked,
    city_draws,
    city_year,
    county_months,
    county_year,
    mirror_words,
    take,
)
from sim.kernels.tally import merge
from sim.kernels.threefry import words


class Work(NamedTuple):
    """What one worker needs to run blocks, allocated once."""

    books: Books
    copy: Books
    """Books of one fund, to settle on."""
    shocked: Shocked
    reported: np.ndarray
    """(2, C) yuan, as ``close_month`` takes them: none in simulation."""


@stage
def open_books(plan, books):
    """Opening balances of every county and of the city, the same in every path."""
    for f in range(books.county.shape[0]):
        city = books.city[f]
        wipe(city)
        pool, risk_fund, municipal = plan.city_opening[f, 0], plan.city_opening[f, 1], plan.city_opening[f, 2]
        reserves, claims = pool + risk_fund + municipal, 0.0
        for c in range(books.county.shape[1]):
            county, opening = books.county[f, c], plan.opening[f, c]
            wipe(county)
            fill(county, BALANCE, opening[OPEN_BALANCE])
            fill(county, OPENING_DEFICIT, opening[OPEN_DEFICIT])
            fill(county, ARREARS_GOVERNMENT, opening[OPEN_ARREARS_GOVERNMENT])
            fill(county, ARREARS_INSURED, opening[OPEN_ARREARS_INSURED])
            fill(county, CLOSED_CONTRIBUTIONS, opening[BASE_CONTRIBUTIONS])
            fill(county, CLOSED_CLAIMS, opening[BASE_CLAIMS])
            fill(county, GIVEN, -1.0)
            fill(county, EXCELLENT, 1.0)
            fill(county, EXPENDITURE_BUDGET, np.inf)
            reserves += opening[OPEN_BALANCE] - opening[OPEN_DEFICIT]
            claims += opening[BASE_CLAIMS]
        fill(city, POOL, pool)
        fill(city, RISK_FUND, risk_fund)
        fill(city, MUNICIPAL_RESERVE, municipal)
        fill(city, RESERVES, reserves)
        fill(city, CITY_CLOSED_CLAIMS, claims)
        fill(city, CLAIM_MULTIPLIER, 1.0)
        fill(city, CONTRIBUTION_MULTIPLIER, 1.0)


@stage
def plan_budgets(county, plan_ratio, grow_contributions, grow_claims):
    """This year's budgets from last year's realised totals."""
    wide()
    for i in range(LANES):
        county[REVENUE_BUDGET + i] = (
            plan_ratio * county[CLOSED_CONTRIBUTIONS + i] * (1.0 + grow_contributions)
        )
        county[EXPENDITURE_BUDGET + i] = county[CLOSED_CLAIMS + i] * (1.0 + grow_claims)


@stage
def draw_excellence(county, w, cell, probability):
    """Whether the county is assessed 优秀 this year."""
    wide()
    cell = known(cell)
    limit = np.float32(probability)
    for i in range(LANES):
        county[EXCELLENT + i] = 1.0 if uniform(w[cell + i]) < limit else 0.0


@stage
def set_budgets(plan, work):
    """January: every county's budgets of the year, where the assessment looks at them."""
    for f in range(work.books.county.shape[0]):
        rules = plan.rules[f]
        if rules["budgets"]:
            for c in range(work.books.county.shape[1]):
                county = work.books.county[f, c]
                plan_budgets(county, rules["plan_ratio"], rules["plan_contributions"], rules["plan_claims"])


@stage
def draw_assessments(plan, noise, work, path, y):
    """December: every county's and fund's assessment of the year."""
    for c in range(work.books.county.shape[1]):
        drawn = work.shocked.words[:PER_ADDRESS]
        words(drawn, path, np.int64(noise.county_id[c]), 16 * y, EXCELLENCE, noise.key)
        for f in range(noise.fund.shape[0]):
            county, cell = work.books.county[f, c], 2 * noise.fund[f] * LANES
            if noise.mirrored:
                mirror_words(drawn, cell, ALL_BITS)
            draw_excellence(county, drawn, cell, plan.excellent_probability)


@stage
def post_months(plan, noise, work, c, f, first, months):
    """One county's and fund's months from ``first`` on, as drawn, into the books."""
    books, fund, end = work.books, noise.fund[f], first - 1 + months
    county, city = books.county[f, c], books.city[f]
    net = books.net[f, (first - 1) * LANES : end * LANES]
    share = noise.profile[f, :, first - 1 : end]
    post(
        plan.rules[f], county, city, net, None, work.shocked.year[c, fund], share, work.shocked.factors[fund]
    )


@stage
def draw_city_year(noise, shocked, block, path, y):
    """What all counties have in common in the year, of draws made here or elsewhere."""
    if noise.given.shape[0] > 0:
        take(shocked.draws, noise.given[block, y])
    else:
        city_draws(noise, shocked, path, y)
    city_year(noise, shocked, path, y)


@stage
def post_stretch(plan, noise, work, path, y, first, last):
    """Months ``first .. last`` of every county, drawn and posted.

    A county takes them all before the next county's turn: its rows stay in the cache.
    """
    for c in range(work.books.county.shape[1]):
        if first == 1:
            county_year(noise, work.shocked, path, c, y)
        for month in range(first, last + 1, TOGETHER):
            months = min(TOGETHER, last + 1 - month)
            county_months(noise, work.shocked, path, c, y, month, months)
            for f in range(work.books.county.shape[0]):
                post_months(plan, noise, work, c, f, month, months)


@stage
def measure_year(plan, noise, work, tally, f, y):
    """One fund's figures of the year, into the tallies of plain paths and of others."""
    county, city = work.books.county[f], work.books.city[f]
    year_end(plan, work.books, work.copy, tally, f, y)
    if noise.mirrored:
        count_pairs(tally.sampled, county, city, tally.weight, f, y)
    if tally.sampled.ratios.shape[0] > 0:
        weigh_event(tally.sampled, city, tally.weight, tally.block[0], f, y)
    note_years(tally.by_path, county, city, tally.block[0], f, y)


@stage
def simulate_year(plan, noise, work, tally, path, y):
    """Twelve months of every county and fund, a stretch after the other, then the year's measures."""
    books = work.books
    funds = books.county.shape[0]
    draw_city_year(noise, work.shocked, tally.block[0], path, y)
    first = np.int64(1)  # of a literal 1 numba would make stages of its own
    while first <= MONTHS:
        last = stretch_end(plan.rules, y, first)
        for f in range(funds):
            open_month(plan, books, f, y, first)  # before counties post: top-up and budgets are of last year
        if first == 1:
            set_budgets(plan, work)
        post_stretch(plan, noise, work, path, y, first, last)
        for month in range(first, last + 1):
            if month == MONTHS and plan.excellent_probability < 1.0:
                # after July, which goes by last year's assessment
                draw_assessments(plan, noise, work, path, y)
            for f in range(funds):
                if month > first:
                    open_month(plan, books, f, y, month)
                close_month(plan, books, f, y, month, work.reported, True)
        first = last + 1
    for f in range(funds):
        measure_year(plan, noise, work, tally, f, y)


@stage
def simulate_block(plan, noise, work, tally, path):
    """Paths ``path .. path + LANES`` over all years; ``tally.weight`` masks those beyond the run's end."""
    open_books(plan, work.books)
    for fund in range(2):
        wipe(work.shocked.city[fund])
        for c in range(work.shocked.county.shape[0]):
            wipe(work.shocked.county[c, fund])
    for y in range(noise.level.shape[3]):
        simulate_year(plan, noise, work, tally, path, y)
    for f in range(noise.fund.shape[0]):
        horizon(plan, work.books, tally, f)


@stage
def simulate_blocks(plan, noise, work, tally, first, blocks, paths, stop):
    """Blocks ``first .. first + blocks``, a chunk.

    Mirrored paths beyond the run's end are left out in pairs.

    ``stop`` (1,) uint8 is looked at between blocks: an interrupted run ends within a block.
    """
    for b in range(blocks):
        if stop[0] != 0:
            return
        path = (first + b) * LANES
        for i in range(LANES):
            place = 2 * (i % HALF) if noise.mirrored else i
            tally.weight[i] = 1.0 if path + place < paths else 0.0
        tally.weight_sum[0] = min(LANES, paths - path)
        tally.block[0] = b
        simulate_block(plan, noise, work, tally, path)


@stage
def merge_blocks(total, moments, blocks):
    """Fold a chunk's blocks into the running moments (series, 3 or 4), in order."""
    for b in range(blocks):
        merge(total, moments[b])
