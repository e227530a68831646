"""The rules over given monthly figures: every balance, and a ledger of every transfer.

The steps are the simulation's own; all lanes carry the same figures and lane 0 is read out.  What a step
moved stands in the flow rows, one slot a kind of transfer (``kernels.ledger.FLOWS``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import codes as k
from sim.kernels.block import open_books
from sim.kernels.lanes import LANES
from sim.kernels.ledger import FLOWS
from sim.kernels.months import close_month, open_month, post
from sim.lower import lower_rules, new_books
from sim.model import Fund
from sim.rules import FundRules

Floats = NDArray[np.float64]
COUNTY_ACCOUNTS = {
    "current": k.CURRENT,
    "unsettled": k.UNSETTLED,
    "county_balance": k.BALANCE,
    "opening_deficit": k.OPENING_DEFICIT,
    "arrears_government": k.ARREARS_GOVERNMENT,
    "arrears_insured": k.ARREARS_INSURED,
}
CITY_ACCOUNTS = {
    "pool": k.POOL,
    "risk_fund": k.RISK_FUND,
    "municipal_reserve": k.MUNICIPAL_RESERVE,
    "unfunded": k.UNFUNDED,
}
CITY = "*"
NO_GIVEN = -1.0
WHOLE, UNCHANGED = np.ones((2, 1)), np.ones(2 * LANES, np.float32)
"""A given month is its figures: times a share of 1 and factors of 1."""


@dataclass(frozen=True)
class History:
    """Given figures of F funds, Y years and C counties; money in yuan, absent cells NaN."""

    funds: tuple[Fund, ...]
    counties: tuple[str, ...]
    city_level: tuple[bool, ...]
    first_year: int
    opening: Floats
    """(F, C, 6): balance, deficit, arrears government and insured, base contributions and claims."""
    city_opening: Floats
    """(F, 3): pool, risk fund, municipal reserve."""
    contributions: Floats
    """(F, Y, 12, C)."""
    claims: Floats
    """(F, Y, 12, C)."""
    enrolment: Floats
    """(F, Y, C) persons."""
    revenue_budget: Floats
    """(F, Y, C), NaN where absent."""
    expenditure_budget: Floats
    """(F, Y, C), NaN where absent."""
    attributable_deficit: Floats
    """(F, Y, C), NaN where the user found none."""
    excellent: NDArray[np.bool_]
    """(F, Y, C) whether the county was assessed 优秀."""
    recoveries: Floats
    """(F, Y, C)."""

    @property
    def years(self) -> int:
        """Number of years."""
        return int(self.contributions.shape[1])

    def planned_contributions(self, f: int, y: int) -> Floats:
        """(C,) revenue budgets of a fund's year, 0 where there is none."""
        budgets = self.revenue_budget[f]
        return np.nan_to_num(budgets[y]) if y < self.years else np.zeros(len(self.counties))


class Balance(NamedTuple):
    """One account at a month's end, in yuan."""

    fund: str
    year: int
    month: int
    county: str
    account: str
    balance: float


class Transfer(NamedTuple):
    """One row of the ledger; ``clause`` is the row of the city file until a citation replaces it."""

    fund: str
    year: int
    month: int
    county: str
    step: str
    source: str
    destination: str
    amount: float
    clause: str


class Adjustment(NamedTuple):
    """Policy decided in December of ``year`` for the next year."""

    fund: str
    year: int
    claim_multiplier: float
    contribution_multiplier: float
    debt_cut: float
    applied: int


@dataclass(frozen=True)
class Replayed:
    """All balances, the ledger, and what policy adjustment was decided."""

    balances: list[Balance]
    ledger: list[Transfer]
    adjustments: list[Adjustment]


Cite = Callable[[str, str], str]


def replay(
    rules: Sequence[FundRules], history: History, cite: Cite, *, apply_adjustment: bool = False
) -> Replayed:
    """Run ``rules`` (one per fund of ``history``) month by month.

    ``cite(fund, row)`` gives the clause of a row of the city file.  Policy adjustment is computed each
    December; only with ``apply_adjustment`` does it change later months' figures.
    """
    funds, counties = len(history.funds), len(history.counties)
    plan = lower_rules(
        rules,
        years=history.years,
        counties=[(county,) for county in history.counties],
        city_level=history.city_level,
        opening=history.opening,
        city_opening=history.city_opening,
        enrolment=np.nan_to_num(history.enrolment),
    )
    for f, fund in enumerate(rules):
        mode, given = fund.assessment.mode, not np.isnan(history.attributable_deficit[f]).all()
        plan.rules[f]["theta"] = 1.0  # budgets and findings are given on purpose
        plan.rules[f]["budgets"] = mode != "none"
        plan.rules[f]["assesses"] = given or mode in ("shortfall", "all_or_nothing")
    books = new_books(funds, counties, len(k.EVENTS), ledger=True)
    open_books(plan, books)
    out = Replayed([], [], [])
    for y in range(history.years):
        for month in range(1, k.MONTHS + 1):
            for notes in (books.county_flow, books.city_flow):
                notes[:] = 0.0
            for f in range(funds):
                if month == k.MONTHS:
                    _set_assessment(books, history, f, y)
                _one_month(plan, books, history, f, y, month, apply_adjustment)
                when = history.funds[f], history.first_year + y, month
                out.balances.extend(_balances(books, history, f, when))
                out.ledger.extend(_transfers(books, history, rules[f], f, when, cite))
            if month == k.MONTHS:
                out.adjustments.extend(_adjustments(plan, books, history, y, apply_adjustment))
    return out


def _one_month(
    plan: k.Plan, books: k.Books, history: History, f: int, y: int, month: int, apply_adjustment: bool
) -> None:
    open_month(plan, books, f, y, month)
    rules, city = plan.rules[f], books.city[f]
    net = books.net[f, (month - 1) * LANES : month * LANES]
    for c in range(len(history.counties)):
        county, flow = books.county[f, c], books.county_flow[f, c]
        paid = history.contributions[f, y, month - 1, c], history.claims[f, y, month - 1, c]
        post(rules, county, city, net, flow, np.repeat(paid, LANES), WHOLE, UNCHANGED)
    reported = np.array([history.recoveries[f, y], history.planned_contributions(f, y + 1)])
    close_month(plan, books, f, y, month, reported, apply_adjustment)
    if city[k.BREACH] != 0:
        raise AssertionError(f"money was not conserved in month {month} of year {y}")


def _set_assessment(books: k.Books, history: History, f: int, y: int) -> None:
    """The year's budgets, finding and assessment, before December closes it."""
    revenue = history.planned_contributions(f, y)
    spending = np.nan_to_num(history.expenditure_budget[f, y], nan=np.inf)
    given = np.nan_to_num(history.attributable_deficit[f, y], nan=NO_GIVEN)
    for c in range(len(history.counties)):
        row = books.county[f, c]
        for slot, value in (
            (k.REVENUE_BUDGET, revenue[c]),
            (k.EXPENDITURE_BUDGET, spending[c]),
            (k.GIVEN, given[c]),
            (k.EXCELLENT, float(history.excellent[f, y, c])),
        ):
            row[slot : slot + LANES] = value


def _balances(books: k.Books, history: History, f: int, when: tuple[str, int, int]) -> Iterator[Balance]:
    for c, county in enumerate(history.counties):
        for account, slot in COUNTY_ACCOUNTS.items():
            yield Balance(*when, county, account, float(books.county[f, c, slot]))
    for account, slot in CITY_ACCOUNTS.items():
        yield Balance(*when, CITY, account, float(books.city[f, slot]))


def _transfers(
    books: k.Books, history: History, rules: FundRules, f: int, when: tuple[str, int, int], cite: Cite
) -> Iterator[Transfer]:
    """The month's flows, in the order of ``ledger.FLOWS``; a negative result is closed the other way."""
    by_rule = rules.assessment.mode in ("shortfall", "all_or_nothing")
    for i, flow in enumerate(FLOWS):
        rows = books.city_flow[f : f + 1] if flow.of_city else books.county_flow[f]
        places = (CITY,) if flow.of_city else history.counties
        clause = "given" if flow.name == "attributable" and not by_rule else cite(when[0], flow.row)
        for c, (county, row) in enumerate(zip(places, rows, strict=True)):
            amount = float(row[i * LANES])
            if amount == 0.0:
                continue
            source, destination = flow.source, flow.destination
            if amount < 0:
                source, destination = destination, source
            if source == "county_treasury" and history.city_level[c]:
                source = "city_treasury"
            yield Transfer(*when, county, flow.step, source, destination, abs(amount), clause)


def _adjustments(
    plan: k.Plan, books: k.Books, history: History, y: int, applied: bool
) -> Iterator[Adjustment]:
    for f, fund in enumerate(history.funds):
        if plan.rules[f]["adjusts"]:
            slots = (k.NEXT_CLAIMS, k.NEXT_CONTRIBUTIONS, k.NEXT_CUT)
            claims, contributions, cut = (float(books.city[f, slot]) for slot in slots)
            yield Adjustment(fund, history.first_year + y, claims, contributions, cut, int(applied))
