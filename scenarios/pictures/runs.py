"""What pictures draw: a scenario's table and facts, and the burden as every picture counts it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.labels import Lang, comma, label
from scenarios.pictures.captions import caption
from scenarios.pictures.plot import BEARERS
from scenarios.runs.facts import MetricsIndex, RunFacts, Yearly, caveats, describe, funds_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.metrics import Columns

COVERED = (  # the fund's own accounts, which pay before anybody outside it does
    ("covered:own_balance", "own_balance", "#d3e4ca", ""),
    ("covered:risk_fund", "risk_fund", "#b4cfae", "oo"),
    ("covered:pool", "pool", "#cbb8da", "++"),
)
PARTS = (  # metric, caption, fill, hatch; the first three as in the fan chart
    ("outlay:county_treasury", "county_treasury", BEARERS[0][2], ""),
    ("outlay:city_treasury", "city_treasury", BEARERS[1][2], ""),
    ("outlay:opening_deficits", "opening_deficits", "#8fb1cf", "----"),
    ("outlay:arrears", "arrears", "#dfe8f0", r"\\\\"),
    ("outlay:runoff", "runoff", "#c9c9c9", "||||"),
    ("unfunded", "unfunded", BEARERS[2][2], BEARERS[2][3]),
    ("adjustment:claims", "claims_cut", BEARERS[3][2], BEARERS[3][3]),
    ("adjustment:contributions", "contributions_raised", BEARERS[4][2], BEARERS[4][3]),
)
"""Who bears what falls outside the funds: every yuan of it stands in one line."""


Bearers = tuple[tuple[str, str, str, str], ...]


class Run(NamedTuple):
    """One scenario's metrics and the facts of its run."""

    metrics: MetricsIndex
    facts: RunFacts

    @property
    def first(self) -> int:
        """The first calendar year."""
        return self.facts["first_year"]

    @property
    def last(self) -> int:
        """The last calendar year."""
        return self.facts["first_year"] + self.facts["years"] - 1

    @property
    def funds(self) -> list[str]:
        """The run's funds, employee first."""
        return funds_of(self.facts)


class Part(NamedTuple):
    """One bearer's part of the burden; values in percent of base-year city claims."""

    name: str
    fill: str
    hatch: str
    values: Yearly


def run_of(metrics: pd.DataFrame | Columns, facts: RunFacts) -> Run:
    """The rows of a metrics table that are of the facts' scenario, looked up by name."""
    own = np.asarray(metrics["scenario"], object) == facts["scenario"]
    table: Any = metrics
    return Run(MetricsIndex({name: table[name][own] for name in table}), facts)


def about(runs: Sequence[Run], lang: Lang) -> str:
    """Cities of the runs; years, paths and seed, which they share; and whose base case is constructed."""
    built = [run.facts["scenario"] for run in runs if run.facts["constructed"]]
    shared = runs[0].facts.copy()
    shared["city"] = {lang: cities(runs, lang)}
    shared["constructed"] = len(built) == len(runs)
    words = [describe(shared, lang)]
    if 0 < len(built) < len(runs):
        text = label("constructed", lang).strip()
        words.append(label("said_of", lang, names=comma(lang).join(built), text=text))
    return (" " if lang == "en" else "").join(words)


def cities(runs: Sequence[Run], lang: Lang) -> str:
    """The runs' cities, each once."""
    return comma(lang).join(dict.fromkeys(run.facts["city"][lang] for run in runs))


def titled(runs: Sequence[Run], what: str, lang: Lang) -> str:
    """A title that says what is seen, and of which scenario; of several, of which cities."""
    if len(runs) == 1:
        return caption("with_about", lang, title=runs[0].facts["titles"][lang], what=what)
    return caption("several", lang, city=cities(runs, lang), count=len(runs), what=what)


def said(runs: Sequence[Run], lang: Lang, months: bool = False) -> list[str]:
    """The caveats of the runs; one that is not of all names its scenario.

    ``months``: months of payment capacity are shown, so their denominator is said.
    """
    every = [
        [line for line in caveats(run.facts, lang) if months or line != _denominator(run, lang)]
        for run in runs
    ]
    shared = [line for line in every[0] if all(line in lines for lines in every)]
    own = [
        caption("colon", lang, a=run.facts["scenario"], b=line)
        for run, lines in zip(runs, every, strict=True)
        for line in lines
        if line not in shared
    ]
    return shared + own


def _denominator(run: Run, lang: Lang) -> str:
    return label(f"denominator_{run.facts['denominator']}", lang)


def short_name(run: Run, first: Run) -> str:
    """A scenario's name; of a variant of the first, ``taizhou@T5=after_pool``, only what differs."""
    name, base = run.facts["scenario"], first.facts["scenario"]
    return name.removeprefix(base) if name.startswith(f"{base}@") else name


def name_ends(runs: Sequence[Run]) -> dict[str, str]:
    """By scenario, what the names of its pictures and tables end in; of one alone, nothing.

    No two are alike, also where a system takes ``A`` for ``a``: a later file would replace the one before.
    """
    ends: dict[str, str] = {}
    for name in (run.facts["scenario"] for run in runs):
        plain = "_" + re.sub(r"[^\w.-]", "_", name)
        tries = itertools.chain([plain], (f"{plain}_{n}" for n in itertools.count(2)))
        taken = {end.casefold() for end in ends.values()}
        ends[name] = next(end for end in tries if end.casefold() not in taken)
    return ends if len(runs) > 1 else dict.fromkeys(ends, "")


def yearly_burden(run: Run, fund: str, lang: Lang, bearers: Bearers = PARTS) -> list[Part]:
    """Each bearer's mean of the year; the treasuries always, the rest where it is not nought.

    The unfunded bill counts by its change over the year.  Empty where the run has no burden.
    """
    base, parts = run.facts["base_claims_yuan"][fund], []
    for metric, key, fill, hatch in bearers:
        means = run.metrics.yearly(fund, metric, "mean")
        values = means.value / base * 100
        if metric == "unfunded":
            values = np.diff(values, prepend=0.0)
        if len(values) and (key in ("county_treasury", "city_treasury") or (np.abs(values) > 0).any()):
            parts.append(Part(_name(key, run, fund, lang), fill, hatch, replace(means, value=values)))
    return parts


def horizon_burden(
    run: Run, fund: str, lang: Lang, bearers: Bearers = PARTS
) -> list[tuple[str, str, str, float]]:
    """Name, fill, hatch and the mean over the horizon, not discounted, in percent of base-year claims.

    The unfunded bill is that of the last year's end.
    """
    base, parts = run.facts["base_claims_yuan"][fund], []
    for metric, key, fill, hatch in bearers:
        years = run.metrics.yearly(fund, metric, "mean").value
        if metric == "unfunded":
            value = float(years[-1]) if len(years) else math.nan
        elif metric.startswith("covered:"):
            value = float(years.sum())
        else:
            value = run.metrics.horizon(fund, metric, "mean")
        if value and not math.isnan(value):
            parts.append((_name(key, run, fund, lang), fill, hatch, value / base * 100))
    return parts


def bill(run: Run, lang: Lang) -> list[str]:
    """A sentence a fund that names the burden beside a depletion: discounted means of the horizon."""
    sentences = []
    for fund in run.funds:
        base, parts = run.facts["base_claims_yuan"][fund], []
        for metric, key, _, _ in PARTS:
            value = run.metrics.horizon(fund, f"{metric}:discounted", "mean")
            if metric == "unfunded":
                stock = run.metrics.yearly(fund, metric, "mean").value
                value, key = (float(stock[-1]) if len(stock) else math.nan), "unfunded_end"
            if value and not math.isnan(value):
                parts.append(f"{_name(key, run, fund, lang)} {percent(value / base)}")
        named = comma(lang).join(parts) or caption("no_bill", lang)
        sentences.append(caption("bill", lang, fund=label(fund, lang), parts=named))
    return sentences if _has_burden(run) else [caption("no_burden_note", lang)]


def _has_burden(run: Run) -> bool:
    return any(len(run.metrics.yearly(fund, "outlay:county_treasury", "mean")) for fund in run.funds)


def percent(share: float) -> str:
    """A share in percent, to two digits where it is small."""
    if 0 < abs(share) < 5e-5:
        return "<0.01%"
    return f"{100 * share:.0f}%" if abs(share) >= 0.0995 else f"{100 * share:.2g}%"


def _name(key: str, run: Run, fund: str, lang: Lang) -> str:
    if key in ("county_treasury", "city_treasury"):
        return label(key, lang)
    if key == "unfunded" and run.facts["delegated_sharing"].get(fund):
        key += "_delegated"
    return caption(key, lang)


def county_name(run: Run, county: str, lang: Lang) -> str:
    """A county's name in the language, as the facts have it."""
    return county if lang == "zh" else run.facts.get("county_names", {}).get(county, county)
