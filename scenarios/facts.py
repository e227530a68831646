"""What every picture and table must say about its run, and how it reads the tidy metrics table.

``RunFacts`` is a plain dictionary: who ran what, for whom, on which base.  ``caveats`` turns it into the
sentences that stand under each output.  ``yearly`` and ``horizon`` pick figures out of the metrics table
(columns scenario, fund, county, year, metric, statistic, value, std_error, n; county ``*`` is the city;
year is empty for a figure of the whole horizon).  ``wilson`` is the interval of a simulated probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from scenarios.labels import Lang, label

if TYPE_CHECKING:
    import pandas as pd

CITY = "*"
Z95 = 1.959963984540054  # standard normal, 97.5 %


class RunFacts(TypedDict):
    """The part of a run's manifest that its readers need; titles and names by language."""

    scenario: str
    titles: Mapping[Lang, str]
    city: Mapping[Lang, str]
    paths: int
    seed: int
    first_year: int
    years: int
    constructed: bool
    """The base case was constructed; it is no city's accounts."""
    base_claims_yuan: Mapping[str, float]
    """By fund: the city's claims of the base year."""
    denominator: Literal["same_year", "previous_year"]
    response: tuple[float, float]
    """Policy response of the employee and the resident fund; 0: nothing answers a gap."""
    delegated_sharing: Mapping[str, bool]
    """By fund: the document leaves to a later rule who pays the unfunded bill."""
    notes: Mapping[Lang, list[str]]
    discount_rate: NotRequired[float]
    sampling: NotRequired[str]
    """How paths were drawn, where not independently of each other."""
    county_names: NotRequired[Mapping[str, str]]
    """English names of counties."""


def describe(facts: RunFacts, lang: Lang) -> str:
    """City, years, paths and seed in a line, and that the base case is constructed where it is."""
    first = facts["first_year"]
    run = label(
        "run",
        lang,
        city=facts["city"][lang],
        first=first,
        last=first + facts["years"] - 1,
        paths=facts["paths"],
        seed=facts["seed"],
    )
    if facts.get("sampling", "plain") != "plain":
        run += label(f"drawn_{facts['sampling']}", lang)
    return run + (label("constructed", lang) if facts["constructed"] else "")


def caveats(facts: RunFacts, lang: Lang) -> list[str]:
    """The sentences without which the figures mislead."""
    lines, funds = [], funds_of(facts)
    silent = [f for f in funds if facts["response"][("employee", "resident").index(f)] == 0]
    if facts["years"] > 5 and silent:
        named = "" if silent == funds else label("in_brackets", lang, what=join(silent, lang))
        lines.append(label("no_response", lang, funds=named))
    lines.append(label(f"denominator_{facts['denominator']}", lang))
    delegated = [f for f in funds if facts["delegated_sharing"].get(f)]
    if delegated:
        lines.append(label("delegated", lang, funds=join(delegated, lang)))
    return lines + facts["notes"][lang]


def funds_of(facts: RunFacts) -> list[str]:
    """The run's funds, employee first."""
    return sorted(facts["base_claims_yuan"])


def join(funds: list[str], lang: Lang) -> str:
    """Funds by name, with the language's comma."""
    return ("、" if lang == "zh" else ", ").join(label(fund, lang) for fund in funds)


def one_scenario(metrics: pd.DataFrame) -> pd.DataFrame:
    """The table unchanged, refused where it holds more than one scenario."""
    names = metrics["scenario"].unique()
    if len(names) > 1:
        raise ValueError(f"one scenario at a time; the table holds {', '.join(map(str, names))}")
    return metrics


def yearly(metrics: pd.DataFrame, fund: str, metric: str, statistic: str, county: str = CITY) -> pd.DataFrame:
    """Columns value, std_error and n by calendar year, in order; without rows where not reported."""
    rows = _rows(metrics, fund, metric, statistic, county).dropna(subset=["year"])
    rows = rows.set_index(rows["year"].astype("int64")).sort_index()
    return rows[["value", "std_error", "n"]].astype("float64")


def horizon(metrics: pd.DataFrame, fund: str, metric: str, statistic: str, county: str = CITY) -> float:
    """A figure of the whole horizon, NaN where not reported."""
    rows = _rows(metrics, fund, metric, statistic, county)
    values = rows.loc[rows["year"].isna(), "value"]
    return float(values.iloc[0]) if len(values) else math.nan


def _rows(metrics: pd.DataFrame, fund: str, metric: str, statistic: str, county: str) -> pd.DataFrame:
    chosen = (metrics["metric"] == metric) & (metrics["statistic"] == statistic)
    return metrics[chosen & (metrics["fund"] == fund) & (metrics["county"] == county)]


def below_months(metrics: pd.DataFrame) -> list[str]:
    """The marks N of the events ``below_N_months`` that the table reports, ascending, as written."""
    names = metrics["metric"].drop_duplicates().astype(str)
    found = names.str.extract(r"^event:below_(.+)_months$")[0].dropna()
    return sorted(found, key=float)


def independent_paths(rows: pd.DataFrame) -> list[float]:
    """For rows of probabilities, how many independent paths have their standard error; n where it is 0."""
    found = zip(rows["value"], rows["std_error"], rows["n"], strict=True)
    return [p * (1 - p) / error**2 if error > 0 and 0 < p < 1 else n for p, error, n in found]


def wilson(probability: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion found in n paths; wider than 0 at 0 and at 1."""
    if not n > 0 or math.isnan(probability):
        return math.nan, math.nan
    share = z * z / n
    centre = probability + share / 2
    half = z * math.sqrt(probability * (1 - probability) / n + share / (4 * n))
    low, high = (centre - half) / (1 + share), (centre + half) / (1 + share)
    return (0.0 if probability <= 0 else low), (1.0 if probability >= 1 else high)
