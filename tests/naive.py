"""The slow twin of the rule engine: one fund, one path, written straight from the rules in plain Python.

It shares nothing with the package but the vocabulary (``FundRules.model_dump()`` dictionaries), so that
an error has to be made twice to go unseen.  Only ``+ - * /``, ``max``, ``min`` and comparisons touch
money: exact with ``fractions.Fraction`` (products are formed before quotients, so that an integer head
count does not turn a fraction into a float), usual with floats.

Layout: ``naive_books.py`` holds small tools and the books, ``naive_settlement.py`` the settlement of a
year; ``Fund`` adds the other steps of a month in the order of the rules (January, flows, December), then
what is measured; ``run_fund``, the loop and the results.  Years and months count from 0 (January is 0); only
``settlement.month`` in the rules counts from 1.
"""

from __future__ import annotations

from copy import deepcopy

from naive_books import (
    CITY_ACCOUNTS,
    COUNTY_ACCOUNTS,
    capped_ratio,
    counts,
    gini,
    months_of,
    portion,
    pro_rata,
)
from naive_settlement import Settling


class Fund(Settling):
    """The rules of one fund, step by step, on its books."""

    def pay_opening_deficits_at_once(self) -> None:
        for c in self.counties:
            self.treasury_pays(c, self.opening_deficit[c], "opening_deficits", "opening_deficit")
            self.opening_deficit[c] = 0

    def return_pool(self) -> None:
        """The opening pool goes back to counties without a balance (to all where each has one), by claims."""
        rule, claims = self.rules["opening_transfer"], self.opening["base_claims"]
        without = [not counts(balance) for balance in self.county_balance]
        weights = [x if out else 0 for x, out in zip(claims, without, strict=True)]
        weights = weights if sum(weights) > 0 else claims
        amount, total = self.pool * rule["pool_returned"], sum(weights)
        for c in self.counties:
            part = portion(amount, weights[c], total)
            self.county_balance[c] += part
            self.drawn[c] += part
        self.pool -= amount if total > 0 else 0
        self.opened_with = list(self.county_balance)

    def opening_transfer(self) -> None:
        rule, claims = self.rules["opening_transfer"], self.opening["base_claims"]
        balance, wanted = self.opened_with, rule["months_of_city_claims"] * sum(claims) / 12
        for c in self.counties:
            by_city = balance[c] if wanted >= sum(balance) else portion(balance[c], wanted, sum(balance))
            by_own = rule["months_of_own_claims"] * claims[c] / 12
            level = "_city_level" if self.data["city_level"][c] else ""
            request = by_city + by_own + rule["share_of_balance" + level] * balance[c]
            rest = request - self.balance_to_pool(c, request)
            if rule["rest_from_county_treasury"]:
                self.pool += self.treasury_pays(c, rest, "treasury", "opening_transfer")
        self.repay_unfunded()

    def top_up(self) -> None:
        rule = self.rules["top_up"]
        shortfall = max(0, rule["months"] * sum(self.claims[self.year - 1]) / 12 - self.pool)
        available = list(self.county_balance)
        if rule["balance"] == "net":  # a loss that is not settled yet is already spoken for
            available = [max(0, x + min(0, self.unsettled[c])) for c, x in enumerate(available)]
        requests = self.top_up_requests(shortfall, available)
        self.note("topup_short", counts(shortfall * rule["by_balance"] - sum(available)))
        for c in self.counties:
            self.note("topup_short", counts(requests[c] - available[c]))
            rest = requests[c] - self.balance_to_pool(c, min(requests[c], available[c]))
            if rule["rest_from_county_treasury"]:
                self.pool += self.treasury_pays(c, rest, "treasury", "top_up")
        self.repay_unfunded()

    def top_up_requests(self, shortfall, available: list) -> list:
        rule, held = self.rules["top_up"], sum(available)
        # A deficit that is nought must not attract half of the shortfall by being the only one.
        deficit = [-result if counts(-result) else 0 for result in self.result]
        by_balance = min(shortfall * rule["by_balance"], held)  # at most all that can be drawn
        by_deficit, by_enrolment = shortfall * rule["by_deficit"], shortfall * rule["by_enrolment"]
        if not any(deficit):
            by_deficit, by_enrolment = 0, by_enrolment + by_deficit
        year = self.year - 1 if rule["enrolment_of"] == "closed_year" else self.year
        # A fund whose rules spread nothing by enrolment may come without any.
        enrolment = self.data["enrolment"][year] if by_enrolment > 0 else self.zeros()
        return [
            (available[c] if by_balance == held else portion(by_balance, available[c], held))
            + portion(by_deficit, deficit[c], sum(deficit))
            + portion(by_enrolment, enrolment[c], sum(enrolment))
            for c in self.counties
        ]

    # February of the first year, interest, flows

    def municipal_reserve_joins(self) -> None:
        self.pool += self.municipal_reserve
        self.municipal_reserve = 0
        self.repay_unfunded()

    def credit_interest(self) -> None:
        rate = self.data["interest_rate"]
        on_pool, on_risk_fund = self.pool * rate / 12, self.risk_fund * rate / 12
        self.pool += on_pool
        self.risk_fund += on_risk_fund
        self.from_outside(on_pool + on_risk_fund)
        for c in self.counties:
            earned = self.county_balance[c] * rate / 12
            self.current[c] += earned
            self.from_outside(earned)
        self.repay_unfunded()

    def post_flows(self) -> None:
        for c in self.counties:
            contributions, claims = (
                self.data[kind][self.year][self.month][c] for kind in ("contributions", "claims")
            )
            contributions = contributions * self.contribution_multiplier
            claims = claims * self.claim_multiplier * (1 - self.debt_cut)
            self.current[c] += contributions - claims
            self.contributions[self.year][c] += contributions
            self.claims[self.year][c] += claims
            self.from_outside(contributions)
            self.from_outside(-claims)

    # December

    def second_tranche_due(self, c: int):
        due = self.rules["opening_transfer"]["december_share"] * self.opened_with[c]
        return min(due, self.county_balance[c])

    def second_tranche(self) -> None:
        for c in self.counties:
            self.balance_to_pool(c, self.second_tranche_due(c))
        self.repay_unfunded()

    def pay_opening_deficit_instalments(self) -> None:
        schedule, done = self.rules["opening_deficit"]["december_schedule"], self.year + 1
        if not schedule:
            return
        may_stay = 1 - sum(schedule[:done]) if done < len(schedule) else 0
        for c in self.counties:
            due = max(0, self.opening_deficit[c] - self.opening["opening_deficit"][c] * may_stay)
            self.treasury_pays(c, due, "opening_deficits", "opening_deficit")
            self.opening_deficit[c] -= due

    def arrears_due(self, kind: str, c: int):
        """This December's share of the opening arrears; the last share takes all that is left."""
        schedule = self.rules["arrears"][f"{kind}_schedule"]
        left, last = getattr(self, f"arrears_{kind}")[c], len(schedule) - 1
        if self.year >= last:
            return left if self.year == last else 0
        return min(left, schedule[self.year] * self.opening[f"arrears_{kind}"][c])

    def pay_arrears(self) -> None:
        for c in self.counties:
            insured, government = self.arrears_due("insured", c), self.arrears_due("government", c)
            self.from_outside(insured)
            self.treasury_pays(c, government, "arrears", "arrears")
            self.arrears_insured[c] -= insured
            self.arrears_government[c] -= government
            self.current[c] += insured + government

    def credit_recoveries(self) -> None:
        for c in self.counties:
            recovered = self.data["recoveries"][self.year][c]
            self.from_outside(recovered)
            if self.rules["recoveries_to"] == "pool":
                self.pool += recovered
            else:
                self.county_balance[c] += recovered
        self.repay_unfunded()

    def make_revenue_good(self) -> None:
        for c in self.counties:
            if self.data["attributable_deficit"][self.year][c] is None:
                amount = self.data["theta"] * self.missed_budgets(self.year, c)[0]
                self.current[c] += self.treasury_pays(c, amount, "treasury", "revenue_made_good")

    def next_year_s_plan(self, c: int) -> float:
        """What county ``c`` is to collect next year: its budget if there is one, else this year's, grown."""
        budgets = self.data["revenue_budget"] if self.data["budgets"] == "given" else []
        later = [year[c] for year in budgets[self.year + 1 :][:1] if year[c]]
        return later[0] if later else self.planned("contributions", self.contributions[self.year][c])

    def accrue_risk_fund(self) -> None:
        rule, posted = self.rules["risk_fund"], self.contributions[self.year]
        size = rule["stop_at"] * sum(posted) + rule["stop_at_months"] * sum(self.claims[self.year]) / 12
        if not counts(size - self.risk_fund):
            return
        amounts = [rule["rate"] * self.next_year_s_plan(c) for c in self.counties]
        if rule["of"] == "last_year":
            amounts = [rule["rate"] * x for x in self.year_before("contributions", self.year)]
        elif rule["source"] == "off_revenue":
            amounts = [rule["rate"] * x for x in posted]
        if rule["source"] == "off_revenue":  # of the year's own revenue, so that it deepens the gap
            self.current = [x - amounts[c] for c, x in enumerate(self.current)]
        elif rule["source"] == "pool":
            amounts, self.pool = pro_rata(amounts, self.pool)
        else:
            if rule["source"] == "surplus":
                amounts = [min(x, max(0, self.result[c])) for c, x in enumerate(amounts)]
            amounts = [self.draw_balance(c, x) for c, x in enumerate(amounts)]
        self.risk_fund += sum(amounts)
        if rule["source"] != "pool":  # what the pool gives is no county's payment
            self.paid_in = [x + amounts[c] for c, x in enumerate(self.paid_in)]

    def close_year(self) -> None:
        self.result, self.current = self.current, self.zeros()
        self.unsettled = [x + self.result[c] for c, x in enumerate(self.unsettled)]

    def decide_adjustment(self) -> tuple:
        """Both multipliers and debt_cut for the next year, from this year's figures as posted."""
        rule = self.rules["policy_adjustment"]
        if rule["trigger"] == "never":
            return 1, 1, 0
        income = self.planned("contributions", sum(self.contributions[self.year]))
        spending = self.planned("claims", portion(1, sum(self.claims[self.year]), 1 - self.debt_cut))
        layers = [layer["shares"] for layer in self.rules["settlement"]["waterfall"]]
        named = {source for shares in layers for source, share in shares.items() if share > 0}
        held = self.pool + (sum(self.county_balance) if named & {"county_balance", "all_balances"} else 0)
        missing = {
            "unfunded": self.unfunded,
            "budgeted": self.unfunded + spending - held - income,
            "months": rule["trigger_months"] * spending / 12 - held,
        }[rule["trigger"]]
        structural, w, cap = spending - income, rule["contribution_part"], rule["cap"]
        cut = rise = debt_cut = 0
        if counts(missing) and counts(structural):
            cut = capped_ratio((1 - w) * structural, spending, cap)
            rise = capped_ratio(w * structural, income, cap)
        if counts(self.unfunded):
            debt_cut = capped_ratio(self.unfunded, rule["debt_years"] * spending, cap)
        self.note("policy_adjustment", cut > 0 or rise > 0 or (debt_cut > 0 and self.debt_cut == 0))
        return self.claim_multiplier * (1 - cut), self.contribution_multiplier * (1 + rise), debt_cut

    # A month

    def january(self) -> None:
        if self.year == 0:
            if self.rules["opening_deficit"]["in_january"]:
                self.pay_opening_deficits_at_once()
            self.return_pool()
            self.opening_transfer()
        elif self.rules["top_up"]["months"] > 0:
            self.top_up()

    def december(self) -> None:
        if self.year == 0:
            self.second_tranche()
        self.pay_opening_deficit_instalments()
        self.pay_arrears()
        self.credit_recoveries()
        if self.rules["assessment"]["mode"] == "revenue_made_good":
            self.make_revenue_good()
        off_revenue = self.rules["risk_fund"]["source"] == "off_revenue"
        if off_revenue:
            self.accrue_risk_fund()
        self.close_year()
        if self.rules["settlement"]["month"] == 0:
            self.settle(self.year)
        if not off_revenue:
            self.accrue_risk_fund()

    def run_month(self) -> None:
        self.received = self.turnover = 0
        before = self.reserves()
        if self.month == 0:
            self.january()
        if self.month == 1 and self.year == 0:
            self.municipal_reserve_joins()
        self.credit_interest()
        self.post_flows()
        if self.month + 1 == self.rules["settlement"]["month"] and self.year > 0:
            self.settle(self.year - 1)
        if self.month == 11:
            self.december()
        self.assert_identity(before)

    def settled_on_a_copy(self) -> Fund:
        """What settling the closed year would do now: the receivable and, at the end, the run-off."""
        copy = deepcopy(self, {id(self.rules): self.rules, id(self.data): self.data})
        copy.year, copy.month, copy.running_off, copy.payments = self.year + 1, 0, True, []
        if self.rules["settlement"]["month"] > 0:
            copy.settle(self.year)
        return copy

    def month_end(self) -> tuple[dict, object]:
        balances = {account: list(getattr(self, account)) for account in COUNTY_ACCOUNTS}
        cash = self.city_cash()
        self.note("cash_depletion", not counts(self.reserves()))
        self.note("cash_shortfall", counts(-cash))
        self.note("unfunded", counts(self.unfunded))
        return balances | {account: getattr(self, account) for account in CITY_ACCOUNTS}, cash

    def year_end(self) -> dict:
        posted, claims = self.contributions[self.year], self.claims[self.year]
        unadjusted = {kind: sum(map(sum, self.data[kind][self.year])) for kind in ("contributions", "claims")}
        plain = self.reserves()
        settled = plain + sum(payment["amount"] for payment in self.settled_on_a_copy().payments)
        self.note("reserve_depletion", not counts(settled))
        return {
            "reserves_settled": settled,
            "reserves_plain": plain,
            "months_of_capacity": months_of(settled, sum(claims)),
            "cash_months": months_of(plain, sum(claims)),
            "pool_months": months_of(self.pool, sum(claims)),
            "county_months": [months_of(x, claims[c]) for c, x in enumerate(self.county_reserves())],
            "unfunded": self.unfunded,
            "contributions_posted": list(posted),
            "claims_posted": list(claims),
            "adjustment_contributions": sum(posted) - unadjusted["contributions"],
            "adjustment_claims": unadjusted["claims"] - sum(claims),
        }


def run_fund(rules: dict, data: dict) -> dict:
    """One fund over all its years, and the run-off of a year that the horizon leaves unsettled."""
    fund, years = Fund(rules, data), []
    for fund.year in range(data["years"]):
        fund.contributions.append(fund.zeros())
        fund.claims.append(fund.zeros())
        months = []
        for fund.month in range(12):
            fund.run_month()
            months.append(fund.month_end())
        decided = fund.decide_adjustment()
        balances, cash = zip(*months, strict=True)
        years.append({"balances": list(balances), "city_cash": list(cash), "adjustment": decided})
        years[-1] |= fund.year_end()
        if data["apply_adjustment"]:
            fund.claim_multiplier, fund.contribution_multiplier, fund.debt_cut = decided
    # The run-off moves money of the whole horizon only: stocks and events stay as they were.
    last = fund.settled_on_a_copy()
    return {name: [row[name] for row in years] for name in years[0]} | {
        "payments": fund.payments + last.payments,
        "events": fund.events | {"county_depletion": fund.county_depletion},
        "paid_in": last.paid_in,
        "drawn": last.drawn,
        "covered": last.covered,
        "gini": gini([drawn - paid for drawn, paid in zip(last.drawn, last.paid_in, strict=True)]),
    }
