"""A made-up metrics table, wide and skewed as real ones are, and what is known of its run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
BASE = {"employee": 8.4e9, "resident": 5.1e9}
COUNTIES = (
    "市本级",
    "椒江区",
    "黄岩区",
    "路桥区",
    "临海市",
    "温岭市",
    "玉环市",
    "天台县",
    "仙居县",
    "三门县",
)


def _rows(fund: str, metric: str, sample: Any, year: int | None, statistics: str, county: str = "*") -> Any:
    """Rows of one metric from its sample over the paths; statistics: any of mean, percentiles, tvar."""
    n, spread = len(sample), float(np.std(sample))
    found: dict[str, float] = {"mean": float(np.mean(sample))}
    if "percentiles" in statistics:
        found |= {f"p{p:02d}": float(np.percentile(sample, p)) for p in PERCENTILES}
    if "tvar" in statistics:
        found["tvar95"] = float(np.sort(sample)[int(0.95 * n) :].mean())
    for statistic, value in found.items():
        yield "base", fund, county, year, metric, statistic, value, spread / n**0.5, n


def _probability(fund: str, metric: str, hit: Any, year: int, county: str = "*") -> Any:
    p, n = float(np.mean(hit)), len(hit)
    yield "base", fund, county, year, metric, "probability", p, (p * (1 - p) / n) ** 0.5, n


def make_metrics(
    funds: tuple[str, ...] = ("employee", "resident"),
    first: int = 2022,
    years: int = 30,
    paths: int = 4000,
    delegated: bool = False,
    drift: tuple[float, ...] = (-0.004, -0.009),
) -> pd.DataFrame:
    """A toy fund: the log of contributions over claims is an AR(1) around a drift, losses are shared.

    ``delegated``: losses below zero become an unfunded bill instead of treasury outlays.
    """
    rng = np.random.default_rng(3)
    rows: list[tuple[Any, ...]] = []
    for fund, slope in zip(funds, drift, strict=False):
        base = BASE[fund]
        reserve = np.full(paths, 9.0 if fund == "employee" else 5.0) / 12
        claims, gap, ever = np.ones(paths), np.zeros(paths), np.zeros(paths, bool)
        below = {mark: np.zeros(paths, bool) for mark in (1, 3, 6)}
        totals = {"county_treasury": np.zeros(paths), "city_treasury": np.zeros(paths)}
        unfunded, cut_total = np.zeros(paths), np.zeros(paths)
        for step in range(years):
            year = first + step
            claims = claims * np.exp(0.05 + 0.02 * rng.standard_normal(paths))
            gap = 0.9 * gap + 0.025 * rng.standard_normal(paths)
            result = claims * (np.exp(gap + slope * step) - 0.99)
            asked = np.maximum(0, -(reserve + result))
            paid = np.zeros(paths) if delegated else 0.9 * asked + 0.3 * np.maximum(0, -result)
            reserve = reserve + result + paid
            unfunded = np.maximum(0, -reserve)
            cut = 0.02 * unfunded
            cut_total = cut_total + cut
            ever |= reserve <= 1e-9
            months = reserve / claims * 12
            rows += _rows(fund, "months_of_capacity", months, year, "percentiles")
            rows += _probability(fund, "event:reserve_depletion", ever, year)
            for mark, hit in below.items():
                hit |= months < mark
                rows += _probability(fund, f"event:below_{mark}_months", hit, year)
            for payer, share in (("county_treasury", 0.7), ("city_treasury", 0.3)):
                totals[payer] = totals[payer] + share * paid * 1.03 ** -(step + 1)
                rows += _rows(fund, f"outlay:{payer}", share * paid * base, year, "percentiles tvar")
            if delegated:
                rows += _rows(fund, "unfunded", unfunded * base, year, "percentiles tvar")
                rows += _rows(fund, "adjustment:claims", cut * base, year, "percentiles tvar")
        for payer, total in totals.items():
            rows += _rows(fund, f"outlay:{payer}:discounted", total * base, None, "percentiles tvar")
        if delegated:
            rows += _rows(fund, "adjustment:claims:discounted", cut_total * base, None, "percentiles tvar")
        for name in ("opening_deficits", "arrears", "runoff"):
            fixed = np.full(paths, 0.012 * base if name == "opening_deficits" else 0.0)
            rows += _rows(fund, f"outlay:{name}:discounted", fixed, None, "percentiles tvar")
        for index, county in enumerate(COUNTIES):
            net = (index - 4.5) * 0.03 * base + 0.05 * base * rng.standard_normal(paths)
            rows += _rows(fund, "pool_net", net, None, "percentiles", county)
            paid = 0.04 * base * rng.random(paths)
            rows += _rows(fund, "outlay:county_treasury:discounted", paid, None, "percentiles tvar", county)
            last = first + years - 1
            rows += _probability(fund, "event:county_depletion", rng.random(paths) < index / 12, last, county)
    columns = ["scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(year=table["year"].astype("Int64"))


def make_facts(**changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "scenario": "base",
        "titles": {"en": "Taizhou as written, ageing", "zh": "台州：按文件执行，人口老龄化"},
        "city": {"en": "Taizhou", "zh": "台州市"},
        "paths": 4000,
        "seed": 1,
        "first_year": 2022,
        "years": 30,
        "constructed": True,
        "base_claims_yuan": BASE,
        "denominator": "same_year",
        "response": (0.0, 0.0),
        "delegated_sharing": {},
        "notes": {"en": [], "zh": []},
        "discount_rate": 0.03,
    }
    return facts | changes
