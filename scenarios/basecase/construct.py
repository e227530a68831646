"""A constructed base case for any prefecture of China, as the text of a scenario file.

    python -m scenarios.basecase.construct 台州 --rules taizhou --out scenarios/library/taizhou.toml

``construct`` puts together the prefecture's counties (2020 census), the enrolment model, national amounts a
head and the growth and shocks of ``scenarios.basecase.calibration``.  It is deterministic;
``docs/base-cases.md`` gives every formula, and the list of assumptions in the result says which keys rest
on what.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from scenarios.basecase import calibration, enrolment
from scenarios.basecase.calibration import (
    BASE_YEAR,
    CELL_ITEMS,
    COUNTY_PART,
    MONTHLY_VOLATILITY,
    Calibration,
    calibrate,
)
from scenarios.basecase.places import find_prefecture
from scenarios.basecase.published import (
    DATA,
    OWN_DIVISIONS,
    Reader,
    Source,
    counties_of,
    english_names,
)
from scenarios.definition.scenario_file import ScenarioFile
from scenarios.errors import InputError
from scenarios.output import check_file, new_files
from scenarios.toml_text import to_toml
from sim.model import FUNDS, Fund

HORIZON_YEARS, PATHS, SEED = 30, 10_000, 2024
DISCOUNT_RATE = 0.03
EMPLOYER_RATE, PREMIUM_YUAN = 0.06, 400
"""Of wages (国发〔1998〕44号, 二), and a head in 2024 (医保发〔2024〕19号): national guidance."""
DISTRICTS_SHARE = ("hangzhou",)
"""Rules that find the districts (区) of the city with a fund in common already."""

COMMENTS = {
    "": "A constructed base case: published figures put together, no city's accounts.  Written by\n"
    "`fundsim new`; docs/base-cases.md explains it.  Yuan, persons, shares of 1, yearly rates.",
    "funds.employee.accounts": "What the city itself holds at the start.",
    "funds.employee.growth": "Growth of the median path in each simulated year; the last goes on.",
    "funds.employee.profile": "Shares of the year, January to December.",
    "financing.employee": "What levers on contributions start from.",
    "shocks": "Order of four: contributions and claims employee, contributions and claims resident.",
    "counties": "Base-year totals and opening balances; enrolment of both active and retired.",
    "assumptions": "What these figures assume; about: the keys that rest on it.",
    "sources": "Published rows: lines of the tables in scenarios/data (the header is line 1).",
}


def construct(prefecture: str, rules: str, *, name: str | None = None) -> dict[str, Any]:
    """The base case of a prefecture (台州市 or 台州) under ``rules``, as plain values for a scenario file.

    ``rules``: a built-in city's name or the path of a rules file.
    """
    place, reader, fitted = find_prefecture(prefecture), Reader(), calibrate()
    counties = counties_of(place, reader)
    heads, people = fitted.heads(counties), fitted.enrolment.of(counties)
    shared = rules in DISTRICTS_SHARE
    in_pool = np.array([shared and str(county).endswith("区") for county in counties["county"]])
    funds: dict[Fund, pd.DataFrame] = {}
    for fund in FUNDS:
        claims = heads[fund, "expenditure"] * fitted.claims[fund]
        funds[fund] = pd.DataFrame(
            {
                "base_contributions_yuan": heads[fund, "revenue"] * fitted.contributions[fund],
                "base_claims_yuan": claims,
                "enrolment_persons": people[fund],
                "county_balance_yuan": reserves(fund, counties["county"], claims, fitted),
            }
        )
    pools = {fund: round(float(funds[fund]["county_balance_yuan"][in_pool].sum())) for fund in FUNDS}
    for figures in funds.values():
        figures.loc[in_pool, "county_balance_yuan"] = 0.0
    english = english_names(place)
    province = str(counties["province"].iloc[0])
    tags = {
        "own-divisions" if place in OWN_DIVISIONS else "census-divisions",
        "wage" if province in fitted.wages else "no-wage",
        "shared-pool" if shared else "own-balances",
    }
    scenario = {
        "name": name or place,
        "title_zh": f"{place}：构造的基准情形（{BASE_YEAR}年）",
        "title_en": f"{english.get(place, place)}: constructed base case ({BASE_YEAR})",
        "city": rules,
        "first_year": BASE_YEAR + 1,
        "horizon_years": HORIZON_YEARS,
        "paths": PATHS,
        "seed": SEED,
        "constructed": True,
        "funds": {fund: _fund(fund, pools[fund], fitted) for fund in FUNDS},
        "financing": _financing(funds["resident"]),
        "shocks": _shocks(fitted),
        "options": {
            "interest_rate": 0.0,
            "discount_rate": DISCOUNT_RATE,
            "attributable_part": 0.0,
            "plan_ratio": 0.95,
            "excellent_probability": 1.0,
            "months_denominator": "same_year",
            "below_months": [1.0, 3.0, 6.0],
        },
        "counties": [
            {"name": county, "name_en": english.get(county, ""), "city_level": False}
            | {fund: _whole(funds[fund].iloc[row]) for fund in FUNDS}
            for row, county in enumerate(counties["county"])
        ],
        **_provenance(fitted, tags, province, reader.sources),
    }
    ScenarioFile.model_validate(scenario)
    return scenario


def reserves(
    fund: Fund, names: pd.Series[str], claims: pd.Series[float], fitted: Calibration
) -> pd.Series[float]:
    """Opening balances: months of claims spread over the counties as quantiles of a lognormal.

    A hash of fund and name decides which county has which quantile; the sum is ``reserve_months`` of the sum.
    """
    order = sorted(
        range(len(names)), key=lambda at: hashlib.sha256(f"{fund}|{names.iloc[at]}".encode()).digest()
    )
    rank = np.argsort(order)
    sigma = np.sqrt(np.log1p(fitted.reserve_dispersion**2))
    spread = np.exp(sigma * ndtri((rank + 0.5) / len(names)))
    weighted: pd.Series[float] = claims * spread
    wanted = fitted.reserve_months[fund] / 12 * float(claims.sum())
    return weighted * (wanted / float(weighted.sum()))


def _fund(fund: Fund, pool: int, fitted: Calibration) -> dict[str, Any]:
    cells = [at for at, (name, _) in enumerate(CELL_ITEMS) if name == fund]
    year = fitted.profiles[fund]
    growth = [[round(rate, 4) for rate in fitted.growth(cell)] for cell in cells]
    return {
        "accounts": {"pool_yuan": pool, "risk_fund_yuan": 0, "municipal_reserve_yuan": 0},
        "growth": {"contributions": growth[0], "claims": growth[1]},
        "profile": {"contributions": _shares(year["revenue"]), "claims": _shares(year["expenditure"])},
        "plan_growth": {"contributions": 0.0, "claims": 0.0},
    }


def _financing(resident: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Base-year values of the levers on contributions; only the ratio to a new value counts."""
    per_head = resident["base_contributions_yuan"].sum() / resident["enrolment_persons"].sum()
    return {
        "employee": {"contribution_rate": EMPLOYER_RATE},
        "resident": {"premium_yuan": PREMIUM_YUAN, "subsidy_yuan": round(float(per_head) - PREMIUM_YUAN, 2)},
    }


def _shocks(fitted: Calibration) -> dict[str, Any]:
    city = [round(sd, 3) for sd in fitted.volatility]
    correlation = [[round(value, 2) for value in row] for row in fitted.correlation]
    return {
        "city_volatility": city,
        "city_correlation": correlation,
        "city_persistence": [0.0] * 4,
        "county_volatility": [round(COUNTY_PART * sd, 4) for sd in city],
        "county_correlation": round((correlation[0][1] + correlation[2][3]) / 2, 2),
        "county_persistence": 0.0,
        "monthly_volatility": [MONTHLY_VOLATILITY] * 4,
        "response": [0.0, 0.0],
        "epidemic": {"probability": 0.0},
    }


def _provenance(
    fitted: Calibration, tags: set[str], province: str, mine: tuple[Source, ...]
) -> dict[str, list[dict[str, Any]]]:
    """The assumptions that hold for this case with their figures filled in, and the sources they name."""
    sources = {source.id: source for source in (*mine, *fitted.sources)}
    constants = SimpleNamespace(**(vars(enrolment) | vars(calibration)))
    figures = {"c": fitted, "k": constants, "wage": fitted.wages.get(province), "first_year": BASE_YEAR + 1}
    assumptions = [
        {key: value for key, value in line.items() if key != "when"}
        | {language: line[language].format(**figures) for language in ("zh", "en")}
        for line in _statements()
        if line.get("when") in {None, *tags}
    ]
    named = {id for line in assumptions for id in line.get("sources", ())}
    used = [source.model_dump() for id, source in sources.items() if id in named]
    return {"assumptions": assumptions, "sources": used}


@cache
def _statements() -> list[dict[str, Any]]:
    """What base cases assume, as written; not to be changed."""
    text = (DATA / "assumptions.toml").read_text("utf-8")
    return list(tomllib.loads(text)["assumption"])


def _whole(figures: pd.Series[float]) -> dict[str, int]:
    return {str(key): round(float(value)) for key, value in figures.items()} | {
        "opening_deficit_yuan": 0,
        "arrears_government_yuan": 0,
        "arrears_insured_yuan": 0,
    }


def _shares(year: tuple[float, ...], digits: int = 5) -> list[float]:
    """Shares rounded so that they still sum to 1: the largest remainders are rounded up."""
    exact = np.array(year) * 10**digits
    whole = np.floor(exact)
    up = np.argsort(whole - exact, kind="stable")[: round(10**digits - whole.sum())]
    whole[up] += 1
    return [round(float(share) / 10**digits, digits) for share in whole]


def main(arguments: list[str] | None = None) -> int:
    """Write a base case to a file."""
    parser = argparse.ArgumentParser(prog="python -m scenarios.basecase.construct", description=__doc__)
    parser.add_argument("prefecture", help="its Chinese name, such as 台州市 or 台州")
    parser.add_argument("--rules", required=True, help="a built-in city or a rules file beside FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        check_file(given.out, "--out")
        scenario = construct(given.prefecture, given.rules, name=given.out.stem)
        with new_files(given.out.parent) as folder:
            (folder / given.out.name).write_text(to_toml(scenario, COMMENTS), "utf-8")
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
