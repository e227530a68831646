"""Levers and trends of a scenario: what they do to its figures before anything is simulated.

A lever that multiplies a total by q adds ln q to the logarithm of the median path, spread evenly over the
years of its phase-in; the growth rates that the engine reads become (1 + r) q^(1/n) - 1 in those n years.
A contribution rate, a premium or a subsidy a head is such a lever: q is what the new value comes to over the
base year's, which ``financing`` gives.  ``reserve_months`` scales every opening balance of a fund.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sim.model import County, Fund, FundCase, Growth, Rate, Shocks
from sim.rules import Instrument, Months, Share

Positive = Annotated[float, Field(gt=0)]
Kind = Literal["contributions", "claims"]


class Change(Instrument):
    """A lever's new value; a plain number is one from the first year on, at once."""

    value: Positive
    from_year: int | None = None
    """The first calendar year of the change; without it the first simulated."""
    phase_in_years: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="before")
    @classmethod
    def _number(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, (int, float)) else given


class Financing(Instrument):
    """What the base year's contributions rest on; levers that change it need it."""

    contribution_rate: Annotated[Share, Field(gt=0)] | None = None
    """Of the wage base, as far as it goes to the pooled fund."""
    premium_yuan: Positive | None = None
    """A head and year, paid by the insured."""
    subsidy_yuan: Annotated[float, Field(ge=0)] | None = None
    """A head and year, paid by governments."""


class FundPolicy(Instrument):
    """The levers of one fund; what is left out stays as it is."""

    reserve_months: Months | None = None
    """Opening reserves of the city and its counties, in months of base-year claims."""
    contribution_rate: Change | None = None
    premium_yuan: Change | None = None
    subsidy_yuan: Change | None = None
    contributions: Change | None = None
    """A factor on all contributions."""
    claims: Change | None = None
    """A factor on all claims."""


class Trend(Instrument):
    """Added to every year's growth of the median: 0.01 is one percentage point."""

    contributions: Rate = 0.0
    claims: Rate = 0.0


def grown(
    case: FundCase, policy: FundPolicy, financing: Financing, trend: Trend, first_year: int, years: int
) -> FundCase:
    """The fund with levers and trend in its growth; ValueError where a lever lacks its base value, or growth
    comes to what it cannot be."""
    steps = [
        ("contributions", policy.contributions, 1.0),
        ("claims", policy.claims, 1.0),
        ("contributions", policy.contribution_rate, 1.0),
    ]
    factors: dict[Kind, list[float]] = {"contributions": [1.0] * years, "claims": [1.0] * years}
    if policy.contribution_rate is not None:
        base = _base(financing, "contribution_rate")
        steps[2] = ("contributions", policy.contribution_rate, base)
    for kind, change, base in steps:
        if change is not None:
            _phase(factors[kind], change, change.value / base, first_year)  # type: ignore[index]
    _premiums(factors["contributions"], policy, financing, first_year)
    if trend == Trend() and all(factor == 1.0 for each in factors.values() for factor in each):
        return case
    rates = {
        kind: [
            (1 + rate + getattr(trend, kind)) * factor - 1 for rate, factor in zip(known, each, strict=True)
        ]
        for kind, each in factors.items()
        if (known := _rates(getattr(case.growth, kind), years))
    }
    for kind, each in rates.items():
        for rate in each:
            if not -1 < rate <= 1:
                raise ValueError(f"expected growth above -1 and up to 1, found {rate:.4g} for {kind}")
    return case.model_copy(update={"growth": Growth.model_validate(rates)})


def with_reserves(
    counties: tuple[County, ...], funds: Mapping[Fund, FundCase], fund: Fund, months: float
) -> tuple[tuple[County, ...], FundCase]:
    """Counties and fund with opening reserves of so many months of the fund's base-year claims.

    Balances keep their proportions; where there are none they go by the counties' claims.  Opening deficits
    and arrears stay.
    """
    case = funds[fund]
    figures = [getattr(county, fund) for county in counties]
    own = case.accounts
    held = sum(each.county_balance_yuan for each in figures)
    held += own.pool_yuan + own.risk_fund_yuan + own.municipal_reserve_yuan
    wanted = months * sum(each.base_claims_yuan for each in figures) / 12
    if held > 0:
        balances = [each.county_balance_yuan * wanted / held for each in figures]
        accounts = own.model_copy(update={name: yuan * wanted / held for name, yuan in own})
    else:
        balances = [months * each.base_claims_yuan / 12 for each in figures]
        accounts = own
    changed = tuple(
        county.model_copy(update={fund: each.model_copy(update={"county_balance_yuan": balance})})
        for county, each, balance in zip(counties, figures, balances, strict=True)
    )
    return changed, case.model_copy(update={"accounts": accounts})


def louder(shocks: Shocks, factor: float) -> Shocks:
    """Every volatility times ``factor``; ValueError beyond what a volatility can be."""
    if factor == 1.0:
        return shocks
    names = ("city_volatility", "county_volatility", "monthly_volatility")
    loudest = max(each for name in names for each in getattr(shocks, name))
    if factor * loudest > 1:
        raise ValueError(f"expected volatilities up to 1, found {loudest:g} times {factor:g}")
    scaled = {name: [factor * each for each in getattr(shocks, name)] for name in names}
    return Shocks.model_validate({**shocks.model_dump(), **scaled})


def _rates(given: float | tuple[float, ...], years: int) -> list[float]:
    known = list(given) if isinstance(given, tuple) else [given]
    return [known[min(year, len(known) - 1)] for year in range(years)]


def _base(financing: Financing, name: str) -> float:
    value: float | None = getattr(financing, name)
    if value is None:
        raise ValueError(f"needs financing's {name}, that of the base year")
    return value


def _phase(factors: list[float], change: Change, total: float, first_year: int) -> None:
    """Multiplies the years of the phase-in by equal steps that come to ``total``."""
    start = (change.from_year or first_year) - first_year
    if start < 0:
        raise ValueError(f"from_year {change.from_year} lies before the first simulated year, {first_year}")
    for year in range(start, min(start + change.phase_in_years, len(factors))):
        factors[year] *= total ** (1 / change.phase_in_years)


def _premiums(factors: list[float], policy: FundPolicy, financing: Financing, first_year: int) -> None:
    """Premium and subsidy add up: each phases in by itself, and contributions follow their sum."""
    changes = {"premium_yuan": policy.premium_yuan, "subsidy_yuan": policy.subsidy_yuan}
    if not any(changes.values()):
        return
    sums = [0.0] * (len(factors) + 1)
    for name, change in changes.items():
        base = _base(financing, name)
        path = [1.0] * len(factors)
        if change is not None:
            if base == 0:
                raise ValueError(f"{name} of the base year is 0 and cannot be multiplied")
            _phase(path, change, change.value / base, first_year)
        amount = base
        sums[0] += base
        for year, factor in enumerate(path):
            amount *= factor
            sums[year + 1] += amount
    for year in range(len(factors)):
        factors[year] *= sums[year + 1] / sums[year]
