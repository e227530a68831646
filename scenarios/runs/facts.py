"""What every picture and table must say about its run, and how it reads the tidy metrics table.

``RunFacts`` is a plain dictionary: who ran what, for whom, on which base.  ``caveats`` turns it into the
sentences that stand under each output.  ``MetricsIndex`` picks figures out of the metrics table (columns
scenario, fund, county, year, metric, statistic, value, std_error, n; county ``*`` is the city; year is empty
for a figure of the whole horizon), be it a DataFrame or a dictionary of its columns: the command has no other
use for pandas, whose import takes as long as the simulation.  ``wilson`` is the interval of a simulated
probability.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict  # typing has none that pydantic can check before Python 3.12

from scenarios.labels import Lang, comma, label, span

if TYPE_CHECKING:
    import pandas as pd

    from sim.metrics import Columns

CITY = "*"
Z95 = 1.959963984540054  # standard normal, 97.5 %
COUNTED = -120.0, 240.0
"""Months that the engine tells apart; percentiles beyond stand at the end."""


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
        years=span(first, first + facts["years"] - 1, lang),
        paths=facts["paths"],
        s="s" if facts["paths"] != 1 else "",
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
    return comma(lang).join(label(fund, lang) for fund in funds)


@dataclass(frozen=True)
class Yearly:
    """A figure by calendar year, ascending: (years,) each, none where it is not reported."""

    year: NDArray[np.int64]
    value: NDArray[np.float64]
    std_error: NDArray[np.float64]
    n: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.year)

    def cells(self) -> dict[int, float]:
        """The values by year."""
        return dict(zip(self.year.tolist(), self.value.tolist(), strict=True))


class MetricsIndex:
    """A metrics table looked up by fund, metric, statistic and place: grouped once, for it has many rows.

    ValueError where it holds more than one scenario.
    """

    def __init__(self, metrics: pd.DataFrame | Columns) -> None:
        names = dict.fromkeys(metrics["scenario"])
        if len(names) > 1:
            raise ValueError(f"one scenario at a time; the table holds {', '.join(map(str, names))}")
        self._rows: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        keys = (np.asarray(metrics[name], object) for name in ("fund", "metric", "statistic", "county"))
        for at, key in enumerate(zip(*(column.tolist() for column in keys), strict=True)):
            self._rows[key].append(at)
        self._columns = {name: _numbers(metrics[name]) for name in ("year", "value", "std_error", "n")}
        self._year = self._columns["year"]

    def yearly(self, fund: str, metric: str, statistic: str, county: str = CITY) -> Yearly:
        """A figure by calendar year."""
        rows = [at for at in self._find(fund, metric, statistic, county) if not math.isnan(self._year[at])]
        rows.sort(key=self._year.__getitem__)
        value, std_error, n = (self._columns[name][rows] for name in ("value", "std_error", "n"))
        return Yearly(self._year[rows].astype(np.int64), value, std_error, n)

    def horizon(self, fund: str, metric: str, statistic: str, county: str = CITY) -> float:
        """A figure of the whole horizon, NaN where not reported."""
        return self.figure(fund, metric, statistic, None, county)[0]

    def figure(
        self, fund: str, metric: str, statistic: str, year: int | None, county: str = CITY
    ) -> tuple[float, float, float]:
        """Value, standard error and n of one year, None for the whole horizon; NaN where not reported."""
        for at in self._find(fund, metric, statistic, county):
            here = self._year[at]
            if here == year or (year is None and math.isnan(here)):
                value, std_error, n = (float(self._columns[key][at]) for key in ("value", "std_error", "n"))
                return value, std_error, n
        return math.nan, math.nan, math.nan

    def counties(self, fund: str, metric: str, statistic: str) -> list[str]:
        """The counties that a figure is reported for, in the table's order."""
        first = {key[3]: rows[0] for key, rows in self._rows.items() if key[:3] == (fund, metric, statistic)}
        return sorted(first.keys() - {CITY}, key=first.__getitem__)

    def below_months(self) -> list[str]:
        """The marks N of the events ``below_N_months`` that are reported, ascending, as written."""
        names = {metric for _, metric, _, _ in self._rows}
        found = [re.fullmatch(r"event:below_(.+)_months", name) for name in names]
        return sorted((match[1] for match in found if match), key=float)

    def _find(self, *key: str) -> list[int]:
        return self._rows.get(key, [])


def _numbers(column: Any) -> NDArray[np.float64]:
    """A column of a DataFrame or of a dictionary, NaN where it is empty."""
    if isinstance(column, np.ndarray):
        return column.astype(np.float64)
    return np.asarray(column.to_numpy("float64", na_value=math.nan))


def independent_paths(rows: Yearly) -> list[float]:
    """For yearly probabilities, how many independent paths have their standard error.

    That is n where it is 0, and NaN where it is not known.
    """
    found = zip(rows.value.tolist(), rows.std_error.tolist(), rows.n.tolist(), strict=True)
    return [
        math.nan if math.isnan(error) else p * (1 - p) / error**2 if error > 0 and 0 < p < 1 else n
        for p, error, n in found
    ]


def uncounted(lang: Lang, *months: Yearly) -> list[str]:
    """The note that percentiles end where the engine's count of months does, where one does."""
    low, high = COUNTED
    values = np.concatenate([each.value for each in months if len(each)] or [np.zeros(1)])
    if np.nanmin(values) > low and np.nanmax(values) < high:
        return []
    return [label("counted", lang, low=f"−{-low:g}", high=f"{high:g}")]


def wilson(probability: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion found in n paths; wider than 0 at 0 and at 1."""
    if not n > 0 or math.isnan(probability):
        return math.nan, math.nan
    share = z * z / n
    centre = probability + share / 2
    half = z * math.sqrt(probability * (1 - probability) / n + share / (4 * n))
    low, high = (centre - half) / (1 + share), (centre + half) / (1 + share)
    return (0.0 if probability <= 0 else low), (1.0 if probability >= 1 else high)
