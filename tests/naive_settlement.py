"""The settlement of a year in the slow twin: surplus, attributable part, the waterfall layer by layer."""

from __future__ import annotations

from naive_books import SOURCES, Books, counts, portion, pro_rata


class Settling(Books):
    """Books of one fund that can be settled."""

    def settle(self, year: int) -> None:
        """Settles ``unsettled``, the result of ``year``, whose assessment, budgets and figures count."""
        results, self.unsettled = self.unsettled, self.zeros()
        for c in self.counties:
            self.credit_surplus(c, max(0, results[c]))
        self.repay_unfunded()
        gap = [self.pay_attributable(year, c, max(0, -results[c])) for c in self.counties]
        for layer in self.rules["settlement"]["waterfall"]:
            gap = self.pay_layer(layer, year, gap)
        self.unfunded += sum(gap)
        self.repay_unfunded()

    def credit_surplus(self, c: int, surplus) -> None:
        to_pool = self.rules["settlement"]["surplus_to_pool"] * surplus
        own = surplus - to_pool
        self.pool += to_pool
        self.paid_in[c] += to_pool
        if self.rules["opening_deficit"]["own_surplus_first"]:
            repaid = min(own, self.opening_deficit[c])
            self.opening_deficit[c] -= repaid
            own -= repaid
        self.county_balance[c] += own

    def missed_budgets(self, year: int, c: int) -> tuple:
        """By how much revenue fell short of its budget and spending exceeded its own; 0 where absent."""
        plan = self.data["budgets"]
        if plan == "given":
            revenue, spending = (self.data[f"{kind}_budget"][year][c] for kind in ("revenue", "expenditure"))
        else:
            last = {kind: self.year_before(kind, year)[c] for kind in ("contributions", "claims")}
            revenue = plan["plan_ratio"] * self.planned("contributions", last["contributions"])
            spending = self.planned("claims", last["claims"])
        missed = 0 if revenue is None else max(0, revenue - self.contributions[year][c])
        return missed, 0 if spending is None else max(0, self.claims[year][c] - spending)

    def attributable(self, year: int, c: int, deficit):
        """The part of a deficit that the assessment lays to the county government."""
        rule, theta = self.rules["assessment"], self.data["theta"]
        missed, overspent = self.missed_budgets(year, c)
        if rule["mode"] == "shortfall":
            return min(deficit, theta * (missed + overspent))
        if rule["mode"] == "all_or_nothing":
            failed = counts(missed) or (rule["also_expenditure"] and counts(overspent))
            return theta * deficit if failed else 0
        return 0

    def pay_attributable(self, year: int, c: int, deficit):
        """Pays the attributable part; returns the gap.  A given finding replaces the mode, theta included."""
        given = self.data["attributable_deficit"][year][c]
        part = self.attributable(year, c, deficit) if given is None else min(deficit, given)
        own = given is None and self.rules["assessment"]["own_balance_first"]
        by_balance = self.draw_balance(c, part) if own else 0
        self.covers("own_balance", by_balance)
        by_treasury = part - by_balance
        self.treasury_pays(c, by_treasury, "treasury", "attributable")
        return deficit - part

    def county_shares(self, layer: dict, year: int, c: int) -> dict:
        """The layer's shares for one county, raised for its treasury where it was not excellent."""
        shares = self.excellent_shares(layer, year, c)
        if self.data["names"][c] in self.rules["settlement"]["alone"]:
            shares["county_treasury"] += shares["city_treasury"]
            shares["city_treasury"] = 0
        return shares

    def excellent_shares(self, layer: dict, year: int, c: int) -> dict:
        """The same for a county that does not stand alone."""
        shares = {source: layer["shares"].get(source, 0) for source in SOURCES}
        rule, share = self.rules["assessment"], shares["county_treasury"]
        if self.data["excellent"][year][c] or not 0 < share < 1:
            return shares
        rise = rule["not_excellent_rise"]
        raised = min(1, share + rise if rule["not_excellent_rise_is"] == "points" else share * (1 + rise))
        shrunk = {source: x * (1 - raised) / (1 - share) for source, x in shares.items()}
        return shrunk | {"county_treasury": raised}

    def pay_layer(self, layer: dict, year: int, gap: list) -> list:
        """One layer of the waterfall; returns the gap it leaves to the next."""
        if layer["up_to"] is not None:
            limits = [layer["up_to"] * posted for posted in self.contributions[year]]
            taken = [min(gap[c], limits[c]) for c in self.counties]
            left = self.pay_layer(layer | {"up_to": None}, year, taken)
            return [left[c] + gap[c] - taken[c] for c in self.counties]
        shares = [self.county_shares(layer, year, c) for c in self.counties]
        asked = {source: [gap[c] * shares[c][source] for c in self.counties] for source in SOURCES}
        pool_short = counts(sum(asked["pool"]) - self.pool)
        self.note("pool_depletion", pool_short)
        self.note("risk_fund_depletion", counts(sum(asked["risk_fund"]) - self.risk_fund))
        stays_out = {"after_pool": ("county_treasury",), "whole_gap": ("pool", "county_treasury")}
        silent = stays_out.get(layer["when_pool_short"], ()) if pool_short else ()
        left = self.zeros()
        for source in SOURCES:
            paid = self.zeros() if source in silent else self.pay_from(source, asked[source])
            for c in self.counties:
                unpaid = asked[source][c] - paid[c]
                left[c] += unpaid
                if source == "county_balance" and counts(unpaid) and self.county_depletion[c] is None:
                    self.county_depletion[c] = self.year
        return left

    def pay_from(self, source: str, asked: list) -> list:
        """One source of one layer pays what it can of what is asked of it."""
        if not any(asked):
            return asked
        if source == "county_balance":
            paid = [self.draw_balance(c, asked[c]) for c in self.counties]
            self.covers("own_balance", sum(paid))
            return paid
        if source == "all_balances":
            held = sum(self.county_balance)
            paid, stays = pro_rata(asked, held)
            self.county_balance = [portion(stays, balance, held) for balance in self.county_balance]
            self.covers("own_balance", sum(paid))
            return paid
        if source in ("pool", "risk_fund"):
            paid, stays = pro_rata(asked, getattr(self, source))
            setattr(self, source, stays)
            self.covers(source, sum(paid))
            self.drawn = [drawn + paid[c] for c, drawn in enumerate(self.drawn)]
            return paid
        if source == "unfunded":
            self.unfunded += sum(asked)
            return asked
        city = source == "city_treasury"
        return [self.treasury_pays(c, asked[c], "treasury", "waterfall", city) for c in self.counties]
