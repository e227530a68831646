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
from scenarios.explorer.names import address_name
from scenarios.labels import Lang, label
from scenarios.pictures.captions import caption, metric_caption
from scenarios.pictures.panels import MONEY, unit_of
from scenarios.reports.table import EMPTY, Cell, ReportTable, make_table, whole
from scenarios.reports.words import phrase
from scenarios.runs.facts import CITY
from scenarios.sweeps.store import STUDY, read_study
from scenarios.sweeps.swept import absent_is_nought, may_move, read_sweep

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.runs import Run
    from scenarios.runs.facts import RunFacts

BASE = "base"
IDENTIFYING = ("scenario", "number", BASE)
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
    outcomes: dict[tuple[str, str], pd.Series[float]]
    """By fund and metric, each scenario's months, probability or, of money, share of its own base-year city
    claims: yuan of different places do not compare."""
    run: Run
    """What pictures must say of it."""

    @property
    def varied(self) -> list[str]:
        """The addresses, as in the study; first the base where there are several."""
        several = [BASE] if len(self.manifest["bases"]) > 1 else []
        return [*several, *(str(name) for name in self.scenarios if name not in IDENTIFYING)]


def read(folder: Path) -> Sweep:
    """A finished sweep; InputError for whatever is missing, damaged or not finished."""
    from scenarios.pictures.runs import Run
    from scenarios.runs.facts import MetricsIndex

    scenarios, metrics = read_sweep(folder)
    manifest = read_study(folder)
    metrics = metrics[metrics["county"] == CITY]
    scenarios = scenarios.sort_values("number").set_index("scenario", drop=False)
    found = _outcomes(metrics, scenarios, manifest["bases"])
    if not found:
        expected = "expected an event, months of capacity or a burden of the last year or the whole horizon"
        raise InputError(folder / STUDY, "outcomes.metrics", expected)
    return Sweep(manifest, scenarios, found, Run(MetricsIndex(metrics.iloc[:0]), _facts(manifest, metrics)))


def _outcomes(
    metrics: pd.DataFrame, scenarios: pd.DataFrame, bases: dict[str, Any]
) -> dict[tuple[str, str], pd.Series[float]]:
    """One value for every fund, metric and scenario; nought where the rules leave nothing to report."""
    import pandas as pd

    mean = metrics[metrics["statistic"].isin(["mean", "probability"])]
    flows = mean["metric"].str.startswith(("outlay:", "adjustment:"))
    dated = mean["metric"].str.startswith(("event:", "months_of_capacity", "unfunded"))
    whole_horizon = mean[flows & mean["year"].isna() & ~mean["metric"].str.contains(":discounted")]
    at_end = mean[dated & (mean["year"] == mean["year"].max())]
    both = pd.concat([at_end, whole_horizon], ignore_index=True)
    wide = both.pivot_table(index="scenario", columns=["fund", "metric"], values="value", sort=False)
    wide = wide.reindex(scenarios.index)
    found = {}
    for fund, metric in wide:
        values = wide[fund, metric].astype(float)
        if metric.startswith(MONEY):
            values = values / scenarios[BASE].map({name: _claims(base, fund) for name, base in bases.items()})
        found[str(fund), str(metric)] = values.fillna(0.0) if absent_is_nought(metric) else values
    return found


def _claims(base: dict[str, Any], fund: str) -> float:
    """Base-year claims of a base, all counties, in yuan."""
    return float(sum(county[fund]["base_claims_yuan"] for county in base["counties"]))


def _facts(manifest: dict[str, Any], metrics: pd.DataFrame) -> RunFacts:
    """As of a run: title, paths, seed, years; claims of 1, for money is a share of them already."""
    bases = manifest["bases"]
    base = next(iter(bases.values()))
    titles: dict[Lang, str] = {"en": base["title_en"], "zh": base["title_zh"]}
    if len(bases) > 1:
        study, count = manifest["study"], len(bases)
        titles = {lang: phrase("sweep_bases", lang, study=study, count=count) for lang in titles}
    return {
        "scenario": manifest["study"],
        "titles": titles,
        "city": titles,
        "paths": manifest["paths"],
        "seed": manifest["seed"],
        "first_year": base["first_year"],
        "years": base["horizon_years"],
        "constructed": any(each["constructed"] for each in manifest["bases"].values()),
        "base_claims_yuan": dict.fromkeys(sorted(set(metrics["fund"])), 1.0),
        "denominator": base["options"]["months_denominator"],
        "response": tuple(base["shocks"]["response"]),
        "delegated_sharing": {},
        "notes": {"en": [], "zh": []},
    }


def outcomes(sweep: Sweep, lang: Lang) -> ReportTable:
    """One row a fund and outcome: its mean, and its least and largest value with their scenarios."""
    rows = []
    for (fund, metric), values in sweep.outcomes.items():
        cells = []
        for value, name in ((values.min(), values.idxmin()), (values.max(), values.idxmax())):
            number = int(str(sweep.scenarios.at[name, "number"]))
            cells += [shown_as(sweep, fund, metric, value), whole(number)]
        words = Cell(outcome_words(sweep, metric, fund, lang))
        rows.append((Cell(label(fund, lang)), words, shown_as(sweep, fund, metric, values.mean()), *cells))
    keys = ("fund", "figure", "mean", "least", "least_number", "largest", "largest_number")
    return make_table("outcomes", lang, keys, rows, count=len(sweep.scenarios))


def by_value(sweep: Sweep, lang: Lang) -> list[ReportTable]:
    """For each varied address, every value's mean outcomes with their least and largest; a table a fund."""
    return [_by_value(sweep, fund, lang) for fund in sweep.run.funds]


def _by_value(sweep: Sweep, fund: str, lang: Lang) -> ReportTable:
    rows: list[tuple[Cell, ...]] = []
    for address in sweep.varied:
        words = grouped(sweep, address, lang)
        if address == BASE and words.nunique() > VALUES:
            continue  # every prefecture by itself: they are listed
        for name in dict.fromkeys(words):
            chosen = list(words.index[words == name])
            cells = [_ranged(sweep, fund, of, values[chosen]) for of, values in _of(sweep, fund).items()]
            rows.append((Cell(address_name(address, lang)), Cell(name), whole(len(chosen)), *cells))
    return _of_fund(sweep, "levers", fund, ("address", "value", "count"), rows, lang)


def listed(sweep: Sweep, lang: Lang) -> list[ReportTable]:
    """Every scenario with its values and outcomes, of many those with the extremes; a table a fund."""
    return [_listed(sweep, fund, lang) for fund in sweep.run.funds]


def _listed(sweep: Sweep, fund: str, lang: Lang) -> ReportTable:
    outcomes = _of(sweep, fund)
    names = [str(name) for name in sweep.scenarios.index]
    if len(names) > MANY:
        ordered = [list(values.sort_values(kind="stable").index) for values in outcomes.values()]
        ends = {name for each in ordered for name in (*each[:EXTREMES], *each[-EXTREMES:])}
        names = [name for name in names if name in ends]
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        varied = {at: sweep.scenarios.at[name, at] for at in sweep.varied}
        said = [f"{at}={_value(value, lang)}" for at, value in varied.items() if not _missing(value)]
        cells = [shown_as(sweep, fund, metric, float(values[name])) for metric, values in outcomes.items()]
        number = whole(int(str(sweep.scenarios.at[name, "number"])))
        rows.append((number, Cell(name), Cell("; ".join(said)), *cells))
    return _of_fund(sweep, "listed", fund, ("number", "scenario", "values"), rows, lang)


def _of(sweep: Sweep, fund: str) -> dict[str, pd.Series[float]]:
    """A fund's outcomes by metric."""
    return {metric: values for (of, metric), values in sweep.outcomes.items() if of == fund}


def _of_fund(
    sweep: Sweep, name: str, fund: str, keys: tuple[str, ...], rows: list[tuple[Cell, ...]], lang: Lang
) -> ReportTable:
    """A fund's table: columns under ``keys``, then one for each of its outcomes."""
    heads = [outcome_words(sweep, metric, fund, lang) for metric in _of(sweep, fund)]
    title = phrase(f"table:{name}", lang)
    return ReportTable(
        f"{name}_{fund}",
        phrase("of_fund", lang, fund=label(fund, lang), title=title),
        (*(phrase(f"heading:{key}", lang) for key in keys), *heads),
        tuple(rows),
        phrase(f"note:{name}", lang, count=len(sweep.scenarios)),
    )


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
        ends = {"low": values.index[values <= low], "high": values.index[values >= high]}
        for (fund, metric), figures in sweep.outcomes.items():
            if may_move(address, fund) and (figures.nunique() > 1 or metric.startswith("outlay:")):
                means = {end: figures[names].mean() for end, names in ends.items()}
                named = {"fund": fund, "metric": metric, "parameter": address}
                rows.append({**named, **means, "base": figures.mean()})
    return pd.DataFrame(rows)


def grouped(sweep: Sweep, address: str, lang: Lang) -> pd.Series[str]:
    """Each scenario's value of an address in words, in the order of values; thirds of the scenarios where
    there are many."""
    import pandas as pd

    values = sweep.scenarios[address].sort_values(kind="stable")
    words = [_value(value, lang) for value in values]
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > VALUES:
        low, high = values.quantile([1 / 3, 2 / 3])
        thirds = f"≤ {low:.4g}", f"{low:.4g} … {high:.4g}", f"> {high:.4g}"
        words = [thirds[int(value > low) + int(value > high)] for value in values]
    return pd.Series(words, index=values.index)


def outcome_words(sweep: Sweep, metric: str, fund: str, lang: Lang) -> str:
    """An outcome with its unit."""
    _, unit = unit_of(metric, sweep.run, fund)
    return phrase("with_unit", lang, what=metric_caption(metric, lang), unit=caption(unit, lang))


def shown_as(sweep: Sweep, fund: str, metric: str, value: float) -> Cell:
    """A figure in the unit shown."""
    if math.isnan(value):
        return EMPTY
    number = value * unit_of(metric, sweep.run, fund)[0]
    return Cell(f"{number:,.0f}" if abs(number) >= 99.5 else f"{number:z.1f}", number)


def _ranged(sweep: Sweep, fund: str, metric: str, values: pd.Series[float]) -> Cell:
    ends = values.mean(), values.min(), values.max()
    mean, low, high = (shown_as(sweep, fund, metric, float(value)) for value in ends)
    if mean.number is None or low.number is None or high.number is None:
        return EMPTY
    return Cell(f"{mean.text} ({low.text}–{high.text})", mean.number, (low.number, high.number))


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _value(value: Any, lang: Lang) -> str:
    if _missing(value):
        return phrase("default", lang)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
