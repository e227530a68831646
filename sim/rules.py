"""The closed vocabulary of risk-sharing instruments: what a city's document can say about money.

A city's rules for one fund are a ``FundRules``: a handful of instruments, each a small record of
orthogonal fields whose defaults move no money.  There is no list of cases and no per-city code; the
five documents, their rival readings and a user's own city are all points in this space.

Money is in yuan, shares are in 0..1, months are counted 1..12 (January is 1), years from 0 (the first
simulated year).  The text and source of every value live with the city file, not here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Months = Annotated[float, Field(ge=0, le=120)]
Source = Literal[
    "county_balance",
    "pool",
    "risk_fund",
    "all_balances",
    "county_treasury",
    "city_treasury",
    "unfunded",
]
SHARE_TOLERANCE = 1e-9


class Instrument(BaseModel):
    """Base of every instrument: immutable, and refuses a key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OpeningTransfer(Instrument):
    """What each county gives the pool when pooling starts, from its county_balance.

    A county's request is the sum of three parts; it is paid from the county's balance, and what the
    balance lacks from the county treasury where ``rest_from_county_treasury`` says so.
    """

    months_of_city_claims: Months = 0.0
    """m: ratio = min(1, m x base-year city claims / 12 / sum of balances); ratio x own balance."""
    months_of_own_claims: Months = 0.0
    """m: own base-year claims x m / 12."""
    share_of_balance: Share = 0.0
    """Share of the county's own opening balance."""
    share_of_balance_city_level: Share = 0.0
    """The same share for units flagged city_level (市本级)."""
    december_share: Share = 0.0
    """Second tranche: share of the opening balance, in December of year 0, at most what is left."""
    rest_from_county_treasury: bool = False
    pool_returned: Share = 0.0
    """Before that: share of the city's own opening pool given back to the counties that hold no balance
    (to all where each holds some), by base-year claims.  A pool is dissolved so."""


class OpeningDeficit(Instrument):
    """How a county's pre-pooling deficit is made good by its treasury."""

    in_january: bool = False
    """The whole deficit is paid in January of year 0, before the opening transfer."""
    december_schedule: tuple[Share, ...] = ()
    """Cumulated from year 0: in December of year y the treasury pays the deficit down to
    opening x (1 - schedule[0] - ... - schedule[y]).  Empty: never; else the shares sum to 1."""
    own_surplus_first: bool = False
    """The county's part of a surplus repays its opening deficit before it reaches its balance."""

    @field_validator("december_schedule")
    @classmethod
    def _sums_to_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return _empty_or_one(value)


class TopUp(Instrument):
    """January of every later year: the pool is filled up to ``months`` of last year's city claims."""

    months: Months = 0.0
    by_balance: Share = 0.0
    """Part of the shortfall spread over counties by the balance that can be drawn (at most all of it)."""
    by_deficit: Share = 0.0
    """Part spread by the deficits of the year just closed; where there is none, by enrolment."""
    by_enrolment: Share = 0.0
    rest_from_county_treasury: bool = False
    enrolment_of: Literal["closed_year", "current_year"] = "closed_year"
    balance: Literal["gross", "net"] = "gross"
    """gross: county_balance; net: max(0, county_balance + min(0, unsettled))."""

    @model_validator(mode="after")
    def _spread_fully(self) -> TopUp:
        given = self.by_balance + self.by_deficit + self.by_enrolment
        if self.months > 0 and abs(given - 1) > SHARE_TOLERANCE:
            by = "by_balance, by_deficit and by_enrolment"
            raise ValueError(f"a top-up needs {by}, shares that sum to 1, found {given:.12g}")
        return self


class Layer(Instrument):
    """One step of the waterfall: each county's gap is split over sources by shares that sum to 1."""

    shares: dict[Source, Share]
    when_pool_short: Literal["unpaid_part", "after_pool", "whole_gap"] = "unpaid_part"
    """Where the pool holds less than all requests of this layer.  unpaid_part: it pays each request
    the same fraction and the other sources pay their own shares; after_pool: it pays likewise and
    county_treasury pays nothing in this layer; whole_gap: neither pays in this layer."""
    up_to: Annotated[float, Field(ge=0)] | None = None
    """Of the county's contributions of the year that is settled: what of its gap is larger passes the layer
    by.  None: no limit."""

    @field_validator("shares")
    @classmethod
    def _sums_to_one(cls, value: dict[Source, float]) -> dict[Source, float]:
        if not value:
            raise ValueError("a layer needs at least one source")
        _empty_or_one(tuple(value.values()))
        return value

    @model_validator(mode="after")
    def _limits_something(self) -> Layer:
        if self.up_to is not None and self.shares.get("county_balance", 0.0) == 1:
            raise ValueError("a layer of county_balance alone is limited by the balance, and by no up_to")
        return self


class Settlement(Instrument):
    """When a closed year is settled, where a surplus goes, and who covers a gap in which order."""

    month: Annotated[int, Field(ge=0, le=11)] = 0
    """0: in December of the year itself, after the close; 1..11: that month of the next year."""
    surplus_to_pool: Share = 0.0
    waterfall: Annotated[tuple[Layer, ...], Field(max_length=6)] = ()
    """Layers in order; what the last leaves is unfunded."""
    alone: tuple[str, ...] = ()
    """Counties, by name, whose own treasury bears the city treasury's part of every layer too (自行承担)."""


class Assessment(Instrument):
    """What an assessed county government makes good by itself."""

    mode: Literal["none", "shortfall", "revenue_made_good", "all_or_nothing"] = "none"
    also_expenditure: bool = False
    """all_or_nothing: an overspent expenditure plan triggers it too."""
    own_balance_first: bool = False
    """The attributable part draws county_balance first (a given deficit does not)."""
    not_excellent_rise: Share = 0.0
    """Rise of county_treasury's share, in layers that name another source too, for a county below 优秀."""
    not_excellent_rise_is: Literal["points", "relative"] = "points"


class RiskFund(Instrument):
    """Yearly accrual to the city's risk or adjustment fund, while it is below the size at which it stops."""

    rate: Share = 0.0
    """Share of the county's contributions that ``of`` names."""
    of: Literal["plan", "last_year"] = "plan"
    """plan: those planned for next year (off_revenue: this year's); last_year: those of the year before."""
    stop_at: Annotated[float, Field(ge=0)] = 0.0
    """Of the year's city contributions; it stops at the sum of both sizes."""
    stop_at_months: Months = 0.0
    """Of the year's city claims."""
    source: Literal["county_balance", "surplus", "off_revenue", "pool"] = "county_balance"


class Arrears(Instrument):
    """Pre-pooling arrears: shares paid in December of year 0, 1, ...; empty: they are never paid."""

    insured_schedule: tuple[Share, ...] = ()
    government_schedule: tuple[Share, ...] = ()

    @field_validator("insured_schedule", "government_schedule")
    @classmethod
    def _sums_to_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        return _empty_or_one(value)


class PolicyAdjustment(Instrument):
    """Spending (and, by ``contribution_part``, revenue) is fitted to the fund each December."""

    trigger: Literal["never", "unfunded", "budgeted", "months"] = "never"
    trigger_months: Months = 3.0
    contribution_part: Share = 0.0
    """w: part of the structural gap that raises contributions; the rest cuts claims."""
    cap: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    debt_years: Annotated[float, Field(gt=0)] = 3.0
    """D: years over which an unfunded bill is worked off by cutting claims."""


class Cash(Instrument):
    """Where cash lies; it moves no account and matters to city cash alone."""

    working_capital_months: Months = 0.0
    held_by_county: Literal["nothing", "county_balance", "second_tranche"] = "nothing"
    reported: bool = True


class FundRules(Instrument):
    """One fund's rules: every instrument, in the order of the year."""

    opening_transfer: OpeningTransfer = OpeningTransfer()
    opening_deficit: OpeningDeficit = OpeningDeficit()
    top_up: TopUp = TopUp()
    settlement: Settlement = Settlement()
    assessment: Assessment = Assessment()
    recoveries_to: Literal["pool", "county_balance"] = "pool"
    risk_fund: RiskFund = RiskFund()
    arrears: Arrears = Arrears()
    policy_adjustment: PolicyAdjustment = PolicyAdjustment()
    cash: Cash = Cash()
    unfunded_is: Literal["borne_by_nobody", "shared_by_later_rule"] = "borne_by_nobody"
    """A label: whether the document leaves the bill to a later sharing rule of city and counties."""

    @property
    def has_risk_fund(self) -> bool:
        """Whether anything accrues to a risk fund or draws one."""
        return self.risk_fund.rate > 0 or self.names("risk_fund")

    @property
    def draws_pool(self) -> bool:
        """Whether the pool ever pays anything: gaps, the risk fund, or bills that were unfunded."""
        feeds_risk_fund = self.risk_fund.rate > 0 and self.risk_fund.source == "pool"
        return self.names("pool") or self.can_be_unfunded or feeds_risk_fund

    @property
    def can_be_unfunded(self) -> bool:
        """Whether some gap may find no payer: the last layer has a limit, or not only treasuries bear it."""
        layers = self.settlement.waterfall
        if not layers or layers[-1].up_to is not None:
            return True
        last = {source for source, share in layers[-1].shares.items() if share > 0}
        return self.names("unfunded") or not last <= {"county_treasury", "city_treasury"}

    @property
    def shares_by_enrolment(self) -> bool:
        """Whether the yearly top-up needs to know who is insured where."""
        return self.top_up.months > 0 and self.top_up.by_deficit + self.top_up.by_enrolment > 0

    def names(self, source: Source) -> bool:
        """Whether some layer of the waterfall draws ``source``."""
        return any(layer.shares.get(source, 0.0) > 0 for layer in self.settlement.waterfall)


def _empty_or_one(shares: tuple[float, ...]) -> tuple[float, ...]:
    if shares and abs(sum(shares) - 1) > SHARE_TOLERANCE:
        raise ValueError(f"shares must sum to 1, found {sum(shares):.12g}")
    return shares
