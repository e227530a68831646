"""The naive twin's books: accounts, the movements between them, and the identity that holds each month.

Only ``+ - * /``, ``max``, ``min`` and comparisons touch money; ``naive.py`` adds the rules.
"""

from __future__ import annotations

NOUGHT = 0.005  # yuan: below it an amount is nought for every test (never for a movement of money)
COUNTY_ACCOUNTS = [
    "current",
    "unsettled",
    "county_balance",
    "opening_deficit",
    "arrears_government",
    "arrears_insured",
]
CITY_ACCOUNTS = ["pool", "risk_fund", "municipal_reserve", "unfunded"]
# Order of payment inside a layer: own balance, then the balances of all; the others are independent.
SOURCES = [
    "county_balance",
    "all_balances",
    "pool",
    "risk_fund",
    "county_treasury",
    "city_treasury",
    "unfunded",
]
# Steps whose treasury payments are a call; opening transfer, opening deficits and arrears are none.
CALLS = ("top_up", "revenue_made_good", "attributable", "waterfall")
EVENTS = [
    "reserve_depletion",
    "cash_depletion",
    "pool_depletion",
    "risk_fund_depletion",
    "topup_short",
    "cash_shortfall",
    "unfunded",
    "treasury_call",
    "treasury_call_county",
    "treasury_call_city",
    "policy_adjustment",
]


def counts(amount) -> bool:
    """Whether an amount is more than nought."""
    return amount >= NOUGHT


def portion(amount, part, whole):
    """amount x part / whole, where 0 / 0 is 0: no balances, no transfer."""
    return amount * part / whole if whole > 0 else 0


def capped_ratio(part, whole, cap):
    """min(cap, part / whole); something over nothing is past any cap, nothing over nothing is 0."""
    if whole > 0:
        return min(cap, part / whole)
    return cap if part > 0 else 0


def pro_rata(requests: list, held) -> tuple[list, object]:
    """What is paid, and what stays: all requests in full or, where less is held, each the same fraction."""
    total = sum(requests)
    if total <= held:
        return list(requests), held - total
    return [portion(held, request, total) for request in requests], 0


def gini(net: list):
    if len(net) == 1 or not any(counts(abs(x)) for x in net):
        return None
    return sum(abs(x - y) for x in net for y in net) / (2 * (len(net) - 1) * sum(abs(x) for x in net))


def months_of(stock, claims):
    held = stock if counts(abs(stock)) else 0
    return held * 12 / claims if counts(claims) else None


class Books:
    """The books: every account, the figures posted so far, and the notes the results are made of."""

    def __init__(self, rules: dict, data: dict):
        self.rules, self.data, self.opening = rules, data, data["opening"]
        self.counties = range(len(data["city_level"]))
        for account in COUNTY_ACCOUNTS:
            setattr(self, account, list(self.opening.get(account, self.zeros())))
        for account in CITY_ACCOUNTS:
            setattr(self, account, data["city"].get(account, 0))
        self.year = self.month = 0
        self.contributions, self.claims = [], []  # [year][county], as posted
        self.result = self.zeros()  # of the year just closed, kept after its settlement
        self.claim_multiplier, self.contribution_multiplier, self.debt_cut = 1, 1, 0
        self.paid_in, self.drawn, self.payments = self.zeros(), self.zeros(), []
        self.covered = {}  # (account, year): what the fund's own accounts paid for deficits being settled
        self.events = dict.fromkeys(EVENTS)
        self.county_depletion = [None for _ in self.counties]
        self.received = self.turnover = 0  # this month's net receipts from outside; the same without signs
        self.running_off = False

    def zeros(self) -> list:
        return [0 for _ in self.counties]

    def note(self, event: str, holds: bool) -> None:
        if holds and self.events[event] is None:
            self.events[event] = self.year

    def from_outside(self, amount) -> None:
        self.received += amount
        self.turnover += abs(amount)

    def treasury_pays(self, c: int, amount, line: str, step: str, city: bool = False):
        """A treasury's payment for a county: written down here, credited to an account by the caller."""
        if amount <= 0:
            return 0
        # A city-level unit has no county government behind it.
        payer = "city_treasury" if city or self.data["city_level"][c] else "county_treasury"
        when = {"year": self.year, "month": self.month, "county": c}
        line = "runoff" if self.running_off else line
        self.payments.append(when | {"payer": payer, "line": line, "step": step, "amount": amount})
        self.from_outside(amount)
        called = step in CALLS and counts(amount)
        self.note("treasury_call", called)
        self.note("treasury_call_county", called and payer == "county_treasury")
        self.note("treasury_call_city", called and payer == "city_treasury")
        return amount

    def draw_balance(self, c: int, request):
        paid = min(request, self.county_balance[c])
        self.county_balance[c] -= paid
        return paid

    def covers(self, account: str, amount) -> None:
        """An account of the fund's own has paid for a deficit being settled."""
        if not self.running_off:
            self.covered[account, self.year] = self.covered.get((account, self.year), 0) + amount

    def balance_to_pool(self, c: int, request):
        paid = self.draw_balance(c, request)
        self.pool += paid
        self.paid_in[c] += paid
        return paid

    def repay_unfunded(self) -> None:
        """Follows every step that credits the pool: old bills come before new reserves."""
        repaid = min(self.pool, self.unfunded)
        self.pool -= repaid
        self.unfunded -= repaid

    def planned(self, kind: str, amount):
        """``amount`` carried one year ahead; kind is contributions or claims."""
        return amount * (1 + self.data["plan_growth"][kind])

    def year_before(self, kind: str, year: int) -> list:
        return getattr(self, kind)[year - 1] if year > 0 else self.opening[f"base_{kind}"]

    # January

    def assert_identity(self, before) -> None:
        """Reserves change by what came from outside and by nothing else."""
        error = self.reserves() - before - self.received
        scale = self.turnover + sum(abs(getattr(self, account)) for account in CITY_ACCOUNTS)
        scale += sum(abs(x) for account in COUNTY_ACCOUNTS for x in getattr(self, account))
        assert abs(error) <= 1e-9 * scale, f"year {self.year} month {self.month}: off by {error}"

    # What is measured

    def county_reserves(self) -> list:
        lists = (self.county_balance, self.current, self.unsettled, self.opening_deficit)
        return [a + b + c - d for a, b, c, d in zip(*lists, strict=True)]

    def reserves(self):
        return (
            self.pool + self.risk_fund + self.municipal_reserve - self.unfunded + sum(self.county_reserves())
        )

    def city_cash(self):
        rule, before_december = self.rules["cash"], self.month < 11
        last_claims = self.year_before("claims", self.year)
        cash = self.pool + self.risk_fund + self.municipal_reserve
        for c in self.counties:
            cash += self.county_balance[c] + self.current[c] + self.unsettled[c]
            if rule["held_by_county"] == "county_balance":
                cash -= self.county_balance[c]
            if rule["held_by_county"] == "second_tranche" and self.year == 0 and before_december:
                cash -= self.second_tranche_due(c)
            if before_december:
                cash -= rule["working_capital_months"] * last_claims[c] / 12
        return cash
