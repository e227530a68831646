"""The figures of ARCHITECTURE.md's month of one path are what the kernels make of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn import NAMES, make_case

from scenarios.definition.scenario import load_scenario
from scenarios.rulebook.city import load_city
from sim.kernels import block, months
from sim.kernels import codes as k
from sim.kernels.lanes import LANES
from sim.kernels.settlement import settle
from sim.lower import lower_case, lower_noise, new_books
from sim.series import NO_SERIES, series_of
from sim.simulate import new_tally, new_work

TEXT = (
    (Path(__file__).parents[1] / "ARCHITECTURE.md")
    .read_text("utf-8")
    .partition("### One month of one path")[2]
)
YEAR, COUNTY, FUND, LANE, BLOCK = 3, 2, 1, 104, 7


def test_a_deficit_goes_from_layer_to_layer() -> None:
    case = make_case(dict(load_city("taizhou").rules), names=NAMES[:2], years=1)
    plan, books = lower_case(case), new_books(1, 2, len(k.EVENTS), ledger=False)
    counties, city = books.county[0], books.city[0]
    shares = k.Shares(plan.layer_share[0], plan.layer_below[0], plan.layer_short[0])
    (a, b), million = counties, 1e6
    a[k.UNSETTLED : k.UNSETTLED + LANES], a[k.BALANCE : k.BALANCE + LANES] = -24 * million, 4 * million
    b[k.UNSETTLED : k.UNSETTLED + LANES] = 12 * million
    counties[:, k.EXCELLENT : k.EXCELLENT + LANES] = 1
    settle(plan.rules[0], shares, counties, city, None, None, None, False)

    def of(row: Any, *slots: int) -> list[float]:
        return [round(row[slot] / million, 9) for slot in slots]

    assert of(a, k.BALANCE, k.DRAWN, k.PAID_COUNTY, k.PAID_CITY, k.GAP) == [0, 6, 13.2, 0.8, 0]
    assert of(b, k.BALANCE, k.PAID_IN, k.DRAWN) == [6, 6, 0]
    assert of(city, k.POOL, k.UNFUNDED, k.INFLOW) == [0, 0, 14]
    assert city[k.POOL_PAYS] == 0.6 and city[k.SHORT] == 1


def walk() -> list[float]:
    """The figures in millions of yuan, from kernels that nobody has compiled: they can be looked into."""
    scenario = load_scenario("taizhou")
    case = scenario.case.model_copy(update={"years": YEAR + 1})
    plan, noise, series = (
        lower_case(case),
        lower_noise(case, lower_case(case), 2024),
        series_of(case, NO_SERIES),
    )
    work, tally, found = new_work(case), new_tally(case, series, 1), []
    county, city = work.books.county[FUND, COUNTY], work.books.city[FUND]
    posts: list[list[float]] = []
    close_month, year_end, post_four = block.close_month, block.year_end, months.post_four

    def look(month: int) -> None:
        slots = {3: (), 7: (k.UNSETTLED, k.BALANCE, k.PAID_IN), 12: (k.UNSETTLED,)}[month]
        found.extend(county[slot + LANE] for slot in slots)
        found.extend(city[slot + LANE] for slot in {3: (k.RESERVES,), 7: (k.POOL,), 12: ()}[month])

    def closed(*given: Any) -> None:
        _, _, f, y, month, *_ = given
        seen = (f, y) == (FUND, YEAR) and month in (3, 7, 12)
        if seen:
            look(month)
        close_month(*given)
        if seen:
            look(month)

    def ended(*given: Any) -> None:
        year_end(*given)
        if given[-2:] == (FUND, YEAR):
            found.append(city[k.SETTLED + LANE])

    def posted(row: Any, policy: Any, net: Any, totals: Any, share: Any, factors: Any) -> None:
        march = 2 * LANES + LANE
        before = net[march]
        post_four(row, policy, net, totals, share, factors)
        if np.shares_memory(row, county):
            year = totals[LANE], totals[LANES + LANE]
            in_march = (
                year[0] * share[0, 2] * factors[march],
                year[1] * share[1, 2] * factors[4 * LANES + march],
            )
            posts.append([*year, *in_march, net[march] - before])

    block.close_month, block.year_end, months.post_four = closed, ended, posted
    block.simulate_blocks(plan, noise, work, tally, BLOCK, 1, (BLOCK + 1) * LANES, np.zeros(1, np.uint8))
    return [figure / 1e6 for figure in (*posts[-3], *found)]


@pytest.mark.slow
def test_the_figures_of_the_month_are_those_of_the_text() -> None:
    code = "import test_walkthrough as w; print(*w.walk())"
    where = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", code], env=where, capture_output=True, text=True, check=True)
    figures = [f"{float(figure):,.2f}" for figure in done.stdout.split()]
    assert len(figures) == 5 + 2 * (1 + 4 + 1) + 1
    missing = [figure for figure in figures if figure not in TEXT]
    assert missing == [], figures
