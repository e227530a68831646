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
from scenarios.reports.results import CITY_PAYS, COUNTIES_PAY
from scenarios.reports.table import EMPTY, Cell, ReportTable, make_table, whole
from scenarios.reports.words import phrase
from scenarios.rulebook.words import word
from scenarios.sweeps.store import STUDY
from scenarios.sweeps.swept import NOT_VARIED, Swept, in_words, load_swept, may_move, value_words

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.runs import Run
    from scenarios.runs.facts import RunFacts

BASE = "base"
MANY = 200
"""Scenarios that are listed one by one; of more, the extremes of every outcome."""
EXTREMES = 3
"""Lowest and highest scenarios of an outcome that are listed of many."""
VALUES = 12
"""Values of an address that are told apart; of more, thirds of the scenarios."""


class Sweep(NamedTuple):
    """A finished sweep."""

    swept: Swept
    outcomes: dict[tuple[str, str], pd.Series[float]]
    """By fund and metric, each scenario's months, probability or, of money, share of its own base-year city
    claims: yuan of different places do not compare."""
    run: Run
    """What pictures must say of it."""

    @property
    def scenarios(self) -> pd.DataFrame:
        """scenario, number, base, and a column for each varied address."""
        return self.swept.scenarios

    @property
    def varied(self) -> list[str]:
        """The addresses, as in the study; first the base where there are several."""
        several = [BASE] if len(self.swept.study["bases"]) > 1 else []
        return [*several, *(str(name) for name in self.scenarios if name not in NOT_VARIED)]


def read(folder: Path) -> Sweep:
    """A finished sweep; InputError for whatever is missing, damaged or not finished."""
    from scenarios.pictures.runs import Run
    from scenarios.runs.facts import MetricsIndex

    swept = load_swept(folder)
    found = _outcomes(swept)
    if not found:
        expected = "expected an event, months of capacity or a burden of the last year or the whole horizon"
        raise InputError(folder / STUDY, "outcomes.metrics", expected)
    funds = sorted({fund for fund, _ in found})
    return Sweep(swept, found, Run(MetricsIndex(swept.city_rows(metric=[])), _facts(swept, funds)))


def _outcomes(swept: Swept) -> dict[tuple[str, str], pd.Series[float]]:
    """The figures of all scenarios by the last year or of the whole horizon, money as a share of claims."""
    kept = swept.study["outcomes"]["metrics"]
    dated = [metric for metric in kept if metric.startswith(("event:", "months_of_capacity", "unfunded"))]
    flows = [metric for metric in kept if metric.startswith(("outlay:", "adjustment:"))]
    undiscounted = [metric for metric in flows if ":discounted" not in metric]
    found = swept.figures(dated, swept.last) | swept.figures(undiscounted, None)
    for fund, metric in found:
        if metric.startswith(MONEY):
            claims = {name: _claims(base, fund) for name, base in swept.bases_with(fund).items()}
            found[fund, metric] /= swept.scenarios[BASE].map(claims)
    return found


def _claims(base: dict[str, Any], fund: str) -> float:
    """Base-year claims of a base, all counties, in yuan."""
    return float(sum(county[fund]["base_claims_yuan"] for county in base["counties"]))


def _facts(swept: Swept, funds: list[str]) -> RunFacts:
    """As of a run: title, paths, seed, years; claims of 1, for money is a share of them already."""
    manifest, (first, last) = swept.study, swept.span
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
        "first_year": int(first.min()),
        "years": int(last.max() - first.min()) + 1,
        "constructed": any(each["constructed"] for each in manifest["bases"].values()),
        "base_claims_yuan": dict.fromkeys(funds, 1.0),
        "denominator": base["options"]["months_denominator"],
        "response": tuple(base["shocks"]["response"]),
        "delegated_sharing": {},
        "notes": {"en": [], "zh": []},
    }


def outcomes(sweep: Sweep, lang: Lang) -> ReportTable:
    """One row a fund and outcome: its mean, and its least and largest value with their scenarios."""
    rows, numbers = [], sweep.scenarios["number"].to_dict()
    for (fund, metric), values in sweep.outcomes.items():
        cells = []
        for value, at in ((values.min(), values.idxmin()), (values.max(), values.idxmax())):
            cells += [shown_as(sweep, fund, metric, value), whole(numbers[at])]
        words = Cell(outcome_words(sweep, metric, fund, lang))
        rows.append((Cell(label(fund, lang)), words, shown_as(sweep, fund, metric, values.mean()), *cells))
    keys = ("fund", "figure", "mean", "least", "least_number", "largest", "largest_number")
    table = make_table("outcomes", lang, keys, rows, count=len(sweep.scenarios), last=sweep.swept.last)
    return table._replace(note=_note(sweep, "outcomes", lang))


def by_value(sweep: Sweep, lang: Lang) -> list[ReportTable]:
    """For each varied address, every value's mean outcomes with their least and largest; a table a fund."""
    tables = [_by_value(sweep, fund, lang) for fund in sweep.run.funds]
    return [table for table in tables if table.rows]


def _by_value(sweep: Sweep, fund: str, lang: Lang) -> ReportTable:
    rows: list[tuple[Cell, ...]] = []
    for address in sweep.varied:
        words = in_words(sweep.scenarios[address], VALUES, 3, word("default", lang))
        if not may_move(address, fund) or (address == BASE and words.nunique() > VALUES):
            continue  # of the other fund; every prefecture by itself: they are listed
        for name in dict.fromkeys(words):
            chosen = list(words.index[words == name])
            cells = [_ranged(sweep, fund, of, values[chosen]) for of, values in _of(sweep, fund).items()]
            rows.append((Cell(address_name(address, lang)), Cell(name), whole(len(chosen)), *cells))
    return _of_fund(sweep, "levers", fund, ("address", "value", "count"), rows, lang)


def listed(sweep: Sweep, lang: Lang) -> list[ReportTable]:
    """Every scenario with its values and outcomes, of many those with the extremes; a table a fund."""
    return [_listed(sweep, fund, lang) for fund in sweep.run.funds]


def _listed(sweep: Sweep, fund: str, lang: Lang) -> ReportTable:
    import pandas as pd

    outcomes = _of(sweep, fund)
    scenarios = sweep.scenarios
    if len(scenarios) > MANY:
        ordered = [values.dropna().sort_values(kind="stable").index for values in outcomes.values()]
        ends = {at for each in ordered for at in (*each[:EXTREMES], *each[-EXTREMES:])}
        scenarios = scenarios.loc[sorted(ends)]
    rows: list[tuple[Cell, ...]] = []
    for at, row in zip(scenarios.index, scenarios.to_dict("records"), strict=True):
        said = [f"{name}={value_words(row[name])}" for name in sweep.varied if pd.notna(row[name])]
        cells = [shown_as(sweep, fund, metric, float(values[at])) for metric, values in outcomes.items()]
        rows.append((whole(row["number"]), Cell(row["scenario"]), Cell("; ".join(said)), *cells))
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
        _note(sweep, name, lang),
    )


def _note(sweep: Sweep, name: str, lang: Lang) -> str:
    """A table's note; where scenarios end before others, how many of them have no figure."""
    last, count = sweep.swept.last, len(sweep.scenarios)
    ended = count - int(sweep.swept.simulates(last).sum())
    note = phrase(f"note:{name}", lang, count=count, last=last)
    return note + (phrase("ended", lang, ended=ended, count=count, last=last) if ended else "")


def effects(sweep: Sweep) -> pd.DataFrame:
    """For a tornado: each outcome's mean where an address of numbers is lowest and highest, and over all; of
    outcomes with figures at both ends."""
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
            always = metric in (COUNTIES_PAY, CITY_PAYS)
            if may_move(address, fund) and (always or figures.nunique() > 1):
                means = {end: figures[names].mean() for end, names in ends.items()}
                named = {"fund": fund, "metric": metric, "parameter": address}
                rows.append({**named, **means, "base": figures.mean()})
    return pd.DataFrame(rows).dropna()


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
