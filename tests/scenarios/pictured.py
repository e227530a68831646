"""Made-up tables for pictures: what the metrics of a run hold beyond the fan chart's, and a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from made_up import BASE, make_facts, make_metrics
from matplotlib.figure import Figure
from matplotlib.text import Text

from scenarios.pictures.runs import Run, run_of

YEARS, FIRST, PATHS = 6, 2025, 400
COUNTIES = ("椒江区", "临海市", "三门县")
DIFFERENT = ("fund", "county", "year", "metric", "statistic")


def make_table(
    scenario: str = "base",
    funds: tuple[str, ...] = ("employee", "resident"),
    years: int = YEARS,
    counties: tuple[str, ...] = COUNTIES,
    drift: tuple[float, ...] = (-0.05, -0.09),
    delegated: bool = False,
) -> pd.DataFrame:
    """The metrics table of a small run, a column each as in the files."""
    made = make_metrics(funds, FIRST, years, PATHS, delegated, drift)
    table = made[made["county"] == "*"]
    table = table[~table["metric"].str.startswith("pool_")].copy()
    rows: list[tuple[Any, ...]] = []
    rng = np.random.default_rng(5)
    for fund in funds:
        base = BASE[fund]
        event = np.round(PATHS * (0.03 - 0.2 * min(drift)) * np.arange(years)) / PATHS
        happened = (table["fund"] == fund) & (table["metric"] == "event:reserve_depletion")
        table.loc[happened, "value"] = event
        table.loc[happened, "std_error"] = np.sqrt(event * (1 - event) / PATHS)
        before = np.concatenate([[0.0], event[:-1]])
        for y, (p, q) in enumerate(zip(event, before, strict=True)):
            hazard = (p - q) / (1 - q) if q < 1 else np.nan
            n = round(PATHS * (1 - q))
            rows += [(fund, "*", FIRST + y, "hazard:reserve_depletion", "probability", hazard, 0.01, n)]
        for name in ("p05", "p25", "p50"):
            reached = np.flatnonzero(event >= int(name[1:]) / 100)
            year = FIRST + reached[0] if len(reached) else np.nan
            rows += [(fund, "*", None, "event_year:reserve_depletion", name, year, 0.5, PATHS)]
        for payer in ("county_treasury", "city_treasury"):
            total = _pick(table, fund, f"outlay:{payer}", "mean").sum()
            rows += [(fund, "*", None, f"outlay:{payer}", "mean", total, 1e7, PATHS)]
        for y in range(years):
            rows += [(fund, "*", FIRST + y, "covered:pool", "mean", 0.05 * base, 1e6, PATHS)]
            rows += [(fund, "*", FIRST + y, "covered:own_balance", "mean", 0.01 * base * y, 1e6, PATHS)]
        rows += [(fund, "*", None, "gini", "mean", 0.4, 0.01, PATHS)]
        for i, county in enumerate(counties):
            rows += _county(fund, county, i, base, years, rng)
    extra = pd.DataFrame([("base", *row) for row in rows], columns=list(table.columns))
    whole = pd.concat([table, extra.astype({"year": "Int64"})], ignore_index=True)
    return whole.assign(scenario=scenario)


def _county(fund: str, county: str, i: int, base: float, years: int, rng: Any) -> Any:
    """Yearly months and gaps of a county, and its transfers and bill over the horizon."""
    for y in range(years):
        months = 8.0 - i - 0.5 * y
        for name, value in (("p05", months - 4), ("p50", months), ("p95", months + 5 + y)):
            yield fund, county, FIRST + y, "months_of_capacity", name, value, 0.1, PATHS
        chance = min(0.02 * (i + 1) * y, 1.0)
        error = (chance * (1 - chance) / PATHS) ** 0.5
        yield fund, county, FIRST + y, "event:county_depletion", "probability", chance, error, PATHS
    net = (i - 0.7) * 0.03 * base
    for name, value in (("mean", net), ("p05", net - 0.02 * base), ("p95", net + 0.03 * base)):
        yield fund, county, None, "pool_net", name, value, 1e6, PATHS
    yield fund, county, None, "pool_drawn", "mean", 0.05 * base * (i + 1), 1e6, PATHS
    yield fund, county, None, "outlay:county_treasury:discounted", "mean", 0.02 * base * (i + 1), 1e6, PATHS
    yield fund, county, None, "outlay:city_treasury:discounted", "mean", 0.01 * base, 1e6, PATHS


def _pick(table: pd.DataFrame, fund: str, metric: str, statistic: str) -> Any:
    rows = table[(table["fund"] == fund) & (table["metric"] == metric) & (table["statistic"] == statistic)]
    return rows.sort_values("year")["value"].to_numpy(float)


def facts_of(table: pd.DataFrame, **changes: Any) -> Any:
    """Facts that fit a table of ``make_table``."""
    funds = sorted(set(table["fund"]))
    years = int(table["year"].max()) - FIRST + 1
    names = {"椒江区": "Jiaojiang", "临海市": "Linhai", "三门县": "Sanmen"}
    return make_facts(
        scenario=table["scenario"].iloc[0],
        first_year=FIRST,
        years=years,
        paths=PATHS,
        base_claims_yuan={fund: BASE[fund] for fund in funds},
        county_names=names,
        **changes,
    )


def make_run(**given: Any) -> tuple[Run, pd.DataFrame]:
    """A run to draw, and its table."""
    table = make_table(**given)
    return run_of(table, facts_of(table)), table


def make_comparison() -> tuple[list[Run], pd.DataFrame, list[Any]]:
    """Three scenarios with paired rows, the whole table, and their facts."""
    tables = [
        make_table("as written"),
        make_table("每县自保", drift=(-0.02, -0.04)),
        make_table("full/pooling", delegated=True, drift=(-0.07, -0.12)),
    ]
    paired = []
    for other in tables[1:]:
        both = other.merge(tables[0], on=list(DIFFERENT), suffixes=("", "_first"))
        both = both[both["statistic"].isin(["mean", "probability"])]
        error = np.hypot(both["std_error"], both["std_error_first"]) / 2
        value = both["value"] - both["value_first"]
        kept = both[list(tables[0].columns)]
        paired.append(kept.assign(metric="difference:" + both["metric"], value=value, std_error=error))
    table = pd.concat([*tables, *paired], ignore_index=True)
    facts = [facts_of(each) for each in tables]
    return [run_of(table, each) for each in facts], table, facts


def value_of(
    table: pd.DataFrame, metric: str, statistic: str, fund: str = "employee", county: str = "*"
) -> Any:
    """Values by year, or the one value of the horizon where there are no years."""
    rows = table[(table["metric"] == metric) & (table["statistic"] == statistic)]
    rows = rows[(rows["fund"] == fund) & (rows["county"] == county)].sort_values("year")
    yearly = rows[rows["year"].notna()]
    return yearly["value"].to_numpy(float) if len(yearly) else float(rows["value"].iloc[0])


def words_of(figure: Figure) -> str:
    """Every text of a picture, a line each."""
    return "\n".join(text.get_text() for text in figure.findobj(Text))
