"""A validated case: whose money, how it grows, what shocks it, and under which rules.

``Case`` is the single thing the engine runs.  The scenario layer builds it from files; ``sim.lower``
turns it into flat arrays.  Money is in yuan, shares and probabilities in 0..1, growth rates are yearly
and of the median path (0.05 is five per cent), volatilities are of the natural logarithm.

The order of the four cells, wherever a vector or matrix has one, is ``CELLS``: contributions employee,
claims employee, contributions resident, claims resident.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from sim.rules import FundRules, Instrument, Months, Share

Fund = Literal["employee", "resident"]
FUNDS: tuple[Fund, ...] = ("employee", "resident")
CELLS = ("contributions employee", "claims employee", "contributions resident", "claims resident")

Yuan = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=-1, le=1)]
Volatility = Annotated[float, Field(ge=0, le=1)]
Persistence = Annotated[float, Field(gt=-1, lt=1)]
DegreesOfFreedom = Annotated[float, Field(ge=2.1, le=1e6)] | None
Four = tuple[float, float, float, float]


class Pair(Instrument):
    """One number each for contributions and claims."""

    contributions: Rate = 0.0
    claims: Rate = 0.0


class Growth(Instrument):
    """Yearly growth of the median: one rate, or one for each simulated year (the last is kept on)."""

    contributions: Rate | Annotated[tuple[Rate, ...], Field(min_length=1)] = 0.0
    claims: Rate | Annotated[tuple[Rate, ...], Field(min_length=1)] = 0.0


class Profile(Instrument):
    """How a year spreads over its twelve months; each sums to 1."""

    contributions: Annotated[tuple[Share, ...], Field(min_length=12, max_length=12)] = (1 / 12,) * 12
    claims: Annotated[tuple[Share, ...], Field(min_length=12, max_length=12)] = (1 / 12,) * 12

    @field_validator("contributions", "claims")
    @classmethod
    def _sums_to_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if abs(sum(value) - 1) > 1e-6:
            raise ValueError(f"twelve monthly shares must sum to 1, found {sum(value):.9g}")
        return tuple(v / sum(value) for v in value)


class Epidemic(Instrument):
    """An epidemic or disaster year: probability a year, and the log sizes for claims and contributions."""

    probability: Share = 0.0
    claims_mean: float = 0.0
    claims_sd: Volatility = 0.0
    contributions_mean: float = 0.0
    contributions_sd: Volatility = 0.0


class Shocks(Instrument):
    """The shock model: a city factor, a county part, monthly noise and epidemic years."""

    city_volatility: tuple[Volatility, Volatility, Volatility, Volatility] = (0.0,) * 4
    city_correlation: tuple[Four, Four, Four, Four] = (
        (1.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0, 1.0),
    )
    city_persistence: tuple[Persistence, Persistence, Persistence, Persistence] = (0.0,) * 4
    city_degrees_of_freedom: DegreesOfFreedom = None
    """Student-t with this many degrees of freedom; absent: normal."""
    county_volatility: tuple[Volatility, Volatility, Volatility, Volatility] = (0.0,) * 4
    county_correlation: Annotated[float, Field(gt=-1, lt=1)] = 0.0
    """Between a county's contributions and claims, within each fund."""
    county_persistence: Persistence = 0.0
    county_degrees_of_freedom: DegreesOfFreedom = None
    monthly_volatility: tuple[Volatility, Volatility, Volatility, Volatility] = (0.0,) * 4
    epidemic: Epidemic = Epidemic()
    response: tuple[Share, Share] = (0.0, 0.0)
    """Policy response of claims to the gap of the year before, one number per fund (employee, resident)."""

    @field_validator("city_correlation")
    @classmethod
    def _is_correlation(cls, value: tuple[Four, ...]) -> tuple[Four, ...]:
        if problem := _no_correlation(value):
            raise ValueError(problem)
        return value


@lru_cache(maxsize=64)
def _no_correlation(rows: tuple[Four, ...]) -> str:
    """Why this is no matrix of correlations, or nothing; the cases of a study mostly share theirs."""
    matrix = np.array(rows)
    if not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1):
        return "must be symmetric with a diagonal of 1"
    if np.linalg.eigvalsh(matrix).min() <= 0:
        return "must be positive definite"
    return ""


class CountyFund(Instrument):
    """One county's figures in one fund: the base year's totals and the balances at the start."""

    base_contributions_yuan: Yuan
    base_claims_yuan: Yuan
    enrolment_persons: Yuan
    county_balance_yuan: Yuan = 0.0
    opening_deficit_yuan: Yuan = 0.0
    arrears_government_yuan: Yuan = 0.0
    arrears_insured_yuan: Yuan = 0.0


class County(Instrument):
    """A county, county-level city, district, zone, or the city-level unit (``city_level``)."""

    name: Annotated[str, Field(min_length=1)]
    name_en: str = ""
    city_level: bool = False
    employee: CountyFund | None = None
    resident: CountyFund | None = None

    @field_validator("name")
    @classmethod
    def _is_not_the_city(cls, value: str) -> str:
        if value.strip() == "*":
            raise ValueError("expected a county's name, found *, which stands for the whole city in results")
        return value


class CityAccounts(Instrument):
    """What the city itself holds for one fund at the start."""

    pool_yuan: Yuan = 0.0
    risk_fund_yuan: Yuan = 0.0
    municipal_reserve_yuan: Yuan = 0.0


class FundCase(Instrument):
    """One fund of the city: its accounts, growth, monthly profile, interest and budget plan."""

    accounts: CityAccounts = CityAccounts()
    growth: Growth = Growth()
    profile: Profile = Profile()
    plan_growth: Pair = Pair()
    """Growth the yearly plans assume; plans of rules (risk fund, policy adjustment) and budgets use it."""


class Options(Instrument):
    """Choices of the analyst that are neither rule nor shock."""

    interest_rate: Annotated[float, Field(ge=0, le=0.2)] = 0.0
    discount_rate: Annotated[float, Field(gt=-0.5, le=0.5)] = 0.03
    attributable_part: Share = 0.0
    """theta of the assessment; 0 leaves it off."""
    plan_ratio: Annotated[float, Field(ge=0, le=2)] = 0.95
    """revenue_budget divided by last year's contributions x (1 + plan_growth)."""
    excellent_probability: Share = 1.0
    """A county's chance to be assessed 优秀, each year."""
    months_denominator: Literal["same_year", "previous_year"] = "same_year"
    below_months: tuple[Months, ...] = (1.0, 3.0, 6.0)


class Case(Instrument):
    """Everything one Monte Carlo run needs, validated."""

    first_year: Annotated[int, Field(ge=1900, le=2200)]
    years: Annotated[int, Field(ge=1, le=200)]
    rules: dict[Fund, FundRules]
    funds: dict[Fund, FundCase]
    counties: Annotated[tuple[County, ...], Field(min_length=1)]
    shocks: Shocks = Shocks()
    options: Options = Options()

    @model_validator(mode="after")
    def _complete(self) -> Case:
        if not self.funds:
            raise ValueError("funds: at least one of employee, resident is needed")
        names = [county.name for county in self.counties]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"counties: named twice: {', '.join(twice)}")
        for fund in self.funds:
            if fund not in self.rules:
                raise ValueError(f"rules: the city has none for the {fund} fund")
            for county in self.counties:
                if getattr(county, fund) is None:
                    raise ValueError(f"counties: {county.name} has no figures for the {fund} fund")
            if not any(getattr(county, fund).base_claims_yuan for county in self.counties):
                raise ValueError(f"counties: base_claims_yuan of the {fund} fund is 0 in every county")
            insured = sum(getattr(county, fund).enrolment_persons for county in self.counties)
            if self.rules[fund].shares_by_enrolment and insured == 0:
                raise ValueError(f"counties: the {fund} fund's top-up goes by enrolment, and it is 0")
            if self.funds[fund].accounts.risk_fund_yuan > 0 and not self.rules[fund].has_risk_fund:
                raise ValueError(f"funds: {fund}.accounts.risk_fund_yuan: the rules have no risk fund")
        return self
