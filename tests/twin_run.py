"""A run's series and events as the naive twin has them: every path by itself, then means over paths."""

from __future__ import annotations

from typing import Any

import naive
import naive_books
import numpy as np
from drawn import Drawn

from sim.model import Case, Fund
from sim.simulate import Result

LINES = ("county_treasury", "city_treasury", "opening_deficits", "arrears", "runoff")
At = tuple[int, int, str]
"""County index or -1 for the city, year index or -1 for the horizon, metric."""


def data_of(case: Case, fund: Fund, drawn: Drawn, path: int) -> dict[str, Any]:
    """One path of one fund in the twin's own form."""
    f, figures = list(case.funds).index(fund), [getattr(county, fund) for county in case.counties]
    accounts, options = case.funds[fund].accounts, case.options
    nobody = [[None] * len(figures) for _ in range(case.years)]
    columns = ("county_balance", "opening_deficit", "arrears_government", "arrears_insured")
    return {
        "years": case.years,
        "names": [county.name for county in case.counties],
        "city_level": [county.city_level for county in case.counties],
        "opening": {
            name: [getattr(row, f"{name}_yuan") for row in figures]
            for name in (*columns, "base_contributions", "base_claims")
        },
        "city": {
            name: getattr(accounts, f"{name}_yuan") for name in ("pool", "risk_fund", "municipal_reserve")
        },
        "contributions": drawn.month[f, 0, ..., path].tolist(),
        "claims": drawn.month[f, 1, ..., path].tolist(),
        "enrolment": [[row.enrolment_persons for row in figures]] * case.years,
        "attributable_deficit": nobody,
        "excellent": drawn.excellent[f, ..., path].tolist(),
        "recoveries": [[0.0] * len(figures)] * case.years,
        "interest_rate": options.interest_rate,
        "plan_growth": case.funds[fund].plan_growth.model_dump(),
        "theta": options.attributable_part,
        "apply_adjustment": True,
        "budgets": {"plan_ratio": options.plan_ratio},
    }


def measure(case: Case, data: dict[str, Any], run: dict[str, Any]) -> dict[At, float]:
    """Every series of one path; an empty value is NaN."""
    out: dict[At, float] = {}
    years, counties = range(case.years), range(len(case.counties))
    previous = case.options.months_denominator == "previous_year"
    posted = [data["opening"]["base_claims"], *run["claims_posted"]]
    for y in years:
        last, claims = run["balances"][y][11], posted[y] if previous else posted[y + 1]
        stocks = {
            "months_of_capacity": run["reserves_settled"][y],
            "cash_months": run["reserves_plain"][y],
            "pool_months": last["pool"],
        }
        for metric, stock in stocks.items():
            out[-1, y, metric] = 12 * stock / sum(claims)
        out[-1, y, "reserves"], out[-1, y, "cash_reserves"] = (
            run["reserves_settled"][y],
            run["reserves_plain"][y],
        )
        out[-1, y, "unfunded"] = run["unfunded"][y]
        for account in ("own_balance", "risk_fund", "pool"):
            out[-1, y, f"covered:{account}"] = run["covered"].get((account, y), 0.0)
        out[-1, y, "adjustment:contributions"] = run["adjustment_contributions"][y]
        out[-1, y, "adjustment:claims"] = run["adjustment_claims"][y]
        for c in counties:
            own = (
                last["county_balance"][c]
                + last["current"][c]
                + last["unsettled"][c]
                - last["opening_deficit"][c]
            )
            out[c, y, "months_of_capacity"] = 12 * own / claims[c]
    factor = [(1 + case.options.discount_rate) ** -(y + 1) for y in range(case.years + 1)]
    for place in (-1, *counties):
        for line in LINES:
            for y in years:
                out[place, y, f"outlay:{line}"] = 0.0
            out[place, -1, f"outlay:{line}"] = out[place, -1, f"outlay:{line}:discounted"] = 0.0
    for payment in run["payments"]:
        line = payment["payer"] if payment["line"] == "treasury" else payment["line"]
        y, amount = payment["year"], payment["amount"]
        for place in (-1, payment["county"]):
            if line != "runoff":
                out[place, y, f"outlay:{line}"] += amount
            out[place, -1, f"outlay:{line}"] += amount
            out[place, -1, f"outlay:{line}:discounted"] += amount * factor[y]
    for kind in ("contributions", "claims"):
        by_year = run[f"adjustment_{kind}"]
        out[-1, -1, f"adjustment:{kind}"] = sum(by_year)
        out[-1, -1, f"adjustment:{kind}:discounted"] = sum(x * factor[y] for y, x in enumerate(by_year))
    for c in counties:
        out[c, -1, "pool_paid_in"], out[c, -1, "pool_drawn"] = run["paid_in"][c], run["drawn"][c]
        out[c, -1, "pool_net"] = run["drawn"][c] - run["paid_in"][c]
    out[-1, -1, "gini"] = np.nan if run["gini"] is None else run["gini"]
    return out


def event_years(case: Case, path: dict[At, float], run: dict[str, Any]) -> list[int | None]:
    """The year of every event of the city in code order, then of county_depletion by county."""
    events = [run["events"][name] for name in naive_books.EVENTS]
    for limit in case.options.below_months:
        below = [y for y in range(case.years) if path[-1, y, "months_of_capacity"] < limit]
        events.append(below[0] if below else None)
    return [*events, *run["events"]["county_depletion"]]


def hold_against_twin(result: Result, drawn: Drawn, rtol: float = 1e-9) -> np.ndarray:
    """Every moment and event count of a run against the twin's paths; returns the event counts."""
    case, n = result.case, drawn.year.shape[-1]
    scale = 1e-12 * sum(county_claims(case))
    city_events = result.events.shape[1]
    for f, fund in enumerate(case.funds):
        counts = np.zeros((city_events + len(case.counties), case.years), int)
        paths = []
        for p in range(n):
            data = data_of(case, fund, drawn, p)
            run = naive.run_fund(case.rules[fund].model_dump(), data)
            paths.append(measure(case, data, run))
            for e, y in enumerate(event_years(case, paths[-1], run)):
                if y is not None:
                    counts[e, y] += 1
        names = (*naive_books.EVENTS, *case.options.below_months, *(c.name for c in case.counties))
        ours = np.concatenate([result.events[f], result.county_events[f]])
        wrong = {name: (a, b) for name, a, b in zip(names, ours, counts, strict=True) if (a != b).any()}
        assert not wrong, (fund, wrong)
        for key, (count, mean, squares) in zip(result.series.keys, result.moments, strict=True):
            if key.fund != f:
                continue
            values = np.array([path[key.county, key.year, key.metric] for path in paths])
            values = values[~np.isnan(values)]
            assert count == len(values), key
            if not len(values):
                continue
            size = np.abs(values).max()
            money = key.metric not in ("months_of_capacity", "cash_months", "pool_months", "gini")
            slack = rtol * size + (scale if money else 1e-10)
            assert abs(mean - values.mean()) <= slack, (fund, key, mean, values.mean())
            expected = ((values - values.mean()) ** 2).sum()
            assert abs(squares - expected) <= 1e-8 * expected + count * slack * (size + slack), (fund, key)
    return result.events.sum(axis=(0, 2))


def county_claims(case: Case) -> list[float]:
    """Base-year claims of every county and fund."""
    return [getattr(county, fund).base_claims_yuan for county in case.counties for fund in case.funds]
