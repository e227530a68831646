"""A sweep's results read back, and its tables: outcomes over all scenarios, lever by lever, and scenario by
scenario.

An outcome is an event's probability and the mean months of capacity by the last year, or the mean over the
whole horizon of a line of the burden (not discounted; the unfunded bill: its stock at the end), shown in % of
base-year city claims.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.errors import InputError
from scenarios.labels import Lang, label
from scenarios.pictures.captions import caption, metric_caption
from scenarios.pictures.panels import unit_of
from scenarios.reports.table import EMPTY, Cell, ReportTable, make_table, whole
from scenarios.reports.words import phrase
from scenarios.stored import COLUMNS, read_manifest
from sim.differences import nought_if_absent

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.facts import RunFacts
    from scenarios.pictures.runs import Run

STUDY, SCENARIOS, METRICS, UNFINISHED = (
    "study.json",
    "scenarios.parquet",
    "metrics.parquet",
    "unfinished.sqlite",
)
IDENTIFYING = ("scenario", "number", "base")
MANY = 200
"""Scenarios that are listed one by one; of more, the extremes of every outcome."""
EXTREMES = 3
"""Lowest and highest scenarios of an outcome that are listed of many."""
VALUES = 12
"""Values of an address that are told apart; of more, thirds of the scenarios."""


class Sweep(NamedTuple):
    """A finished sweep."""

    manifest: dict[str, Any]
    scenarios: pd.DataFrame
    """scenario, number, base, and a column for each varied address; by scenario."""
    outcomes: pd.DataFrame
    """scenario, fund, metric, value: yuan, months or a probability."""
    run: Run
    """What pictures must say of it; of its first base."""

    @property
    def varied(self) -> list[str]:
        """The addresses, as in the study."""
        return [name for name in self.scenarios if name not in IDENTIFYING]


def read_sweep(folder: Path) -> Sweep:
    """A finished sweep; InputError for whatever is missing or damaged."""
    import pandas as pd
    from pyarrow import ArrowException

    from scenarios.facts import MetricsIndex
    from scenarios.pictures.runs import Run

    if (folder / UNFINISHED).exists():
        raise InputError(folder, "", "expected a finished sweep: the command that began it goes on with it")
    manifest = read_manifest(folder / STUDY)
    try:
        scenarios = pd.read_parquet(folder / SCENARIOS)
        metrics = pd.read_parquet(folder / METRICS, filters=[("county", "==", "*")])
        scenarios = scenarios.sort_values("number").set_index("scenario", drop=False)
        facts = _facts(manifest, metrics)
        found = _outcomes(metrics[list(COLUMNS)], scenarios)
    except (OSError, ArrowException, KeyError, TypeError, ValueError) as error:
        raise InputError(
            folder, "", f"expected a sweep as fundsim sweep writes it ({error!s:.120})"
        ) from None
    if found.empty:
        raise InputError(folder / METRICS, "", "expected outcomes of the last year or the whole horizon")
    return Sweep(manifest, scenarios, found, Run(MetricsIndex(metrics.iloc[:0]), facts))


def _outcomes(metrics: pd.DataFrame, scenarios: pd.DataFrame) -> pd.DataFrame:
    """One value for every scenario, fund and metric; nought where the rules leave nothing to report."""
    import pandas as pd

    mean = metrics[metrics["statistic"].isin(["mean", "probability"])]
    flows = mean["metric"].str.startswith(("outlay:", "adjustment:"))
    dated = mean["metric"].str.startswith(("event:", "months_of_capacity", "unfunded"))
    whole_horizon = mean[flows & mean["year"].isna() & ~mean["metric"].str.contains(":discounted")]
    at_end = mean[dated & (mean["year"] == mean["year"].max())]
    both = pd.concat([at_end, whole_horizon], ignore_index=True)
    wide = both.pivot_table(index="scenario", columns=["fund", "metric"], values="value", sort=False)
    wide = wide.reindex(scenarios.index)
    for column in wide:
        if nought_if_absent(column[1]) or column[1].startswith(("event:", "outlay:")):
            wide[column] = wide[column].fillna(0.0)
    long = wide.T.stack().rename("value").reset_index()
    return long[["scenario", "fund", "metric", "value"]]


def _facts(manifest: dict[str, Any], metrics: pd.DataFrame) -> RunFacts:
    """As of a run: title, paths, seed, years, and the claims of the first base."""
    base = next(iter(manifest["bases"].values()))
    funds = sorted(set(metrics["fund"]))
    claims = {
        fund: float(sum(county[fund]["base_claims_yuan"] for county in base["counties"])) for fund in funds
    }
    return {
        "scenario": manifest["study"],
        "titles": {"en": base["title_en"], "zh": base["title_zh"]},
        "city": {"en": base["title_en"], "zh": base["title_zh"]},
        "paths": manifest["paths"],
        "seed": manifest["seed"],
        "first_year": base["first_year"],
        "years": base["horizon_years"],
        "constructed": any(each["constructed"] for each in manifest["bases"].values()),
        "base_claims_yuan": claims,
        "denominator": base["options"]["months_denominator"],
        "response": tuple(base["shocks"]["response"]),
        "delegated_sharing": {},
        "notes": {"en": [], "zh": []},
    }


def outcomes(sweep: Sweep, lang: Lang) -> ReportTable:
    """One row a fund and outcome: its mean, and its least and largest value with their scenarios."""
    rows = []
    for (fund, metric), part in sweep.outcomes.groupby(["fund", "metric"], sort=False):
        low, high = part.loc[part["value"].idxmin()], part.loc[part["value"].idxmax()]
        shown = [
            shown_as(sweep, fund, metric, value) for value in (part["value"].mean(), low.value, high.value)
        ]
        numbers = [whole(int(sweep.scenarios.at[each.scenario, "number"])) for each in (low, high)]
        words = Cell(outcome_words(sweep, metric, fund, lang))
        rows.append((Cell(label(fund, lang)), words, shown[0], shown[1], numbers[0], shown[2], numbers[1]))
    keys = ("fund", "figure", "mean", "least", "number", "largest", "number")
    return make_table("outcomes", lang, keys, rows, count=len(sweep.scenarios))


def by_value(sweep: Sweep, lang: Lang) -> list[ReportTable]:
    """For each varied address, every value's mean outcomes with their least and largest; a table a fund."""
    tables = []
    for fund, some in sweep.outcomes.groupby("fund", sort=True):
        wide = some.pivot(index="scenario", columns="metric", values="value")[
            list(dict.fromkeys(some["metric"]))
        ]
        rows = []
        for address in sweep.varied:
            for name, part in wide.groupby(grouped(sweep, address, lang), sort=False):
                cells = [_ranged(sweep, str(fund), metric, part[metric]) for metric in wide]
                rows.append((Cell(address), Cell(str(name)), whole(len(part)), *cells))
        heads = tuple(outcome_words(sweep, metric, str(fund), lang) for metric in wide)
        table = make_table("levers", lang, ("address", "value", "count"), [row[:3] for row in rows])
        title = phrase("of_fund", lang, fund=label(str(fund), lang), title=table.title)
        headings = (*table.headings, *heads)
        tables.append(ReportTable(f"levers_{fund}", title, headings, tuple(rows), table.note))
    return tables


def listed(sweep: Sweep, lang: Lang) -> ReportTable:
    """Every scenario with its values and outcomes; of many, those with the extremes of each outcome."""
    chosen = list(sweep.scenarios.index)
    if len(chosen) > MANY:
        ends = set()
        for _, part in sweep.outcomes.groupby(["fund", "metric"]):
            ordered = part.sort_values("value", kind="stable")["scenario"]
            ends |= {*ordered.iloc[:EXTREMES], *ordered.iloc[-EXTREMES:]}
        chosen = [name for name in chosen if name in ends]
    at = sweep.outcomes.set_index(["scenario", "fund", "metric"])["value"]
    places = list(dict.fromkeys(zip(sweep.outcomes["fund"], sweep.outcomes["metric"], strict=True)))
    rows = []
    for name in chosen:
        row = sweep.scenarios.loc[name]
        values = [_value(row[address], lang) for address in sweep.varied]
        cells = [
            shown_as(sweep, fund, metric, at.get((name, fund, metric), math.nan)) for fund, metric in places
        ]
        rows.append((whole(int(row["number"])), Cell(name), *(Cell(value) for value in values), *cells))
    table = make_table(
        "listed", lang, ("number", "scenario"), [row[:2] for row in rows], count=len(sweep.scenarios)
    )
    heads = [
        phrase("of_fund", lang, fund=label(fund, lang), title=outcome_words(sweep, metric, fund, lang))
        for fund, metric in places
    ]
    headings = (*table.headings, *sweep.varied, *heads)
    return ReportTable(table.name, table.title, headings, tuple(rows), table.note)


def effects(sweep: Sweep) -> pd.DataFrame:
    """For a tornado: each outcome's mean where an address of numbers is lowest and highest, and over all."""
    import pandas as pd

    rows = []
    for address in sweep.varied:
        values = sweep.scenarios[address]
        if not pd.api.types.is_numeric_dtype(values) or values.nunique() < 2:
            continue
        few = values.nunique() <= VALUES
        low, high = (values.min(), values.max()) if few else (values.quantile(1 / 3), values.quantile(2 / 3))
        ends = {"low": set(values.index[values <= low]), "high": set(values.index[values >= high])}
        for (fund, metric), part in sweep.outcomes.groupby(["fund", "metric"], sort=False):
            means = {
                end: part.loc[part["scenario"].isin(names), "value"].mean() for end, names in ends.items()
            }
            rows.append(
                {"fund": fund, "metric": metric, "parameter": address, **means, "base": part["value"].mean()}
            )
    return pd.DataFrame(rows)


def grouped(sweep: Sweep, address: str, lang: Lang) -> pd.Series[Any]:
    """Each scenario's value of an address in words; thirds of the scenarios where there are many."""
    import pandas as pd

    values = sweep.scenarios[address]
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > VALUES:
        ends = values.quantile([1 / 3, 2 / 3]).tolist()
        words = [f"≤ {ends[0]:.4g}", f"{ends[0]:.4g} – {ends[1]:.4g}", f"> {ends[1]:.4g}"]
        order = values.sort_values()
        return order.map(lambda value: words[sum(value > end for end in ends)])
    return values.sort_values(kind="stable").map(lambda value: _value(value, lang))


def outcome_words(sweep: Sweep, metric: str, fund: str, lang: Lang) -> str:
    """An outcome with its unit."""
    _, unit = unit_of(metric, sweep.run, fund)
    return phrase("with_unit", lang, what=metric_caption(metric, lang), unit=caption(unit, lang))


def shown_as(sweep: Sweep, fund: str, metric: str, value: float) -> Cell:
    """A figure in the unit shown."""
    if math.isnan(value):
        return EMPTY
    number = value * unit_of(metric, sweep.run, fund)[0]
    return Cell(f"{number:,.0f}" if abs(number) >= 99.5 else f"{number:.1f}", number)


def _ranged(sweep: Sweep, fund: str, metric: str, values: pd.Series[Any]) -> Cell:
    mean, low, high = (shown_as(sweep, fund, metric, x) for x in (values.mean(), values.min(), values.max()))
    if mean.number is None or low.number is None or high.number is None:
        return EMPTY
    return Cell(f"{mean.text} ({low.text}–{high.text})", mean.number, (low.number, high.number))


def _value(value: Any, lang: Lang) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return phrase("default", lang)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
