"""``fundsim stress``: the mildest shocks that empty a fund, year by year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.definition.scenario import Scenario
from scenarios.errors import InputError
from scenarios.labels import Lang, label
from scenarios.output import names_in, new_files, write_json
from scenarios.questions.outcomes import outcome_words
from scenarios.questions.study_words import phrase
from scenarios.rulebook.rows import one_of
from scenarios.runs.facts import RunFacts, wilson
from scenarios.runs.rare_run import DEFAULT_EVENT, FEW_HITS
from scenarios.runs.run import Progress, RunRequest, checked, manifest_of, run_facts
from scenarios.runs.summary import new_table, note, print_head, selected

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from sim.model import Fund
    from sim.stress import Stress


@dataclass(frozen=True)
class Simulated:
    """What weighted paths of the whole model say of the same event."""

    probability: float
    error: float
    independent_paths: float
    """As many independent paths would be as exact."""
    kish: float
    """Effective number of paths that decide; below ``FEW_HITS`` the error is no more than a guess."""


@dataclass(frozen=True)
class StressOutput:
    """The mildest shocks by fund, what must be said beside them, and the files written."""

    found: Mapping[Fund, Stress]
    simulated: Mapping[Fund, Simulated]
    year: int
    facts: RunFacts
    files: tuple[Path, ...]


def run_stress(request: RunRequest, fund: str | None, year: int | None, progress: Progress) -> StressOutput:
    """Load, search, simulate, then write all files at once; raises InputError before any work."""
    from sim.rare import rare_event
    from sim.stress import margins, mildest, refused

    scenario, paths, seed = checked(request, "stress")
    case = scenario.case
    event = DEFAULT_EVENT if request.event is None else request.event
    if event not in (known := margins(case)):
        raise InputError("--event", "", one_of(event, known))
    if problem := refused(case):
        raise InputError(scenario.path, "shocks", problem)
    funds = _funds(scenario, fund)
    last = case.first_year + case.years - 1
    by = last if year is None else year
    if not case.first_year <= by <= last:
        raise InputError("--by", "", f"expected a year from {case.first_year} to {last}, found {by}")

    progress(0, paths)
    span = by - case.first_year + 1
    found = {each: mildest(case, event, each, span) for each in funds}
    rare = rare_event(
        case, event, paths=paths, seed=seed, threads=request.threads, progress=lambda n: progress(n, paths)
    )
    simulated = {
        of: Simulated(p, error, plain if math.isfinite(plain) else paths, kish)
        for of, at, p, error, kish, plain in rare.rows()
        if of in found and at == by
    }
    facts = run_facts(scenario, paths, seed, "importance")
    files: tuple[Path, ...] = ()
    if request.out is not None:
        manifest = {
            **manifest_of(scenario, facts),
            "event": event,
            "by": by,
            "funds": {each: _figures(found[each], simulated[each]) for each in funds},
        }
        with new_files(request.out) as folder:
            stress_table(found).to_csv(folder / "stress.csv", index=False, lineterminator="\n")
            write_json(folder / "manifest.json", manifest)
            files = names_in(folder, request.out)
    return StressOutput(found, simulated, by, facts, files)


def stress_table(found: Mapping[Fund, Stress]) -> pd.DataFrame:
    """A row a fund and year: the year's shocks of contributions and claims in standard deviations, both over
    the median path (0.1: a tenth more), months of capacity without and with the shocks."""
    import pandas as pd

    from sim.model import FUNDS

    parts = []
    for fund, stress in found.items():
        cells = 2 * FUNDS.index(fund)
        years = [stress.case.first_year + y for y in range(stress.case.years)]
        columns: dict[str, Any] = {"fund": fund, "year": years}
        for name, figures in (("shock_sd", stress.innovations), ("against_median", stress.against_median)):
            columns |= {f"contributions_{name}": figures[:, cells], f"claims_{name}": figures[:, cells + 1]}
        parts.append(pd.DataFrame({**columns, "months_median": stress.median, "months": stress.stressed}))
    return pd.concat(parts, ignore_index=True)


def print_stress(done: StressOutput, console: Console, lang: Lang = "en") -> None:
    """Prints, for each fund, how far off the event is and the story year by year."""
    facts = done.facts
    print_head(facts, console, lang)
    stories = stress_table(done.found)
    for fund, stress in done.found.items():
        _print_story(stress, stories[stories["fund"] == fund].set_index("year"), done, console, lang)
    if any(0 < stress.beta < math.inf for stress in done.found.values()):
        note(console, phrase("stress_note", lang))


def _print_story(
    stress: Stress, story: pd.DataFrame, done: StressOutput, console: Console, lang: Lang
) -> None:
    first, last = stress.case.first_year, done.year
    what = outcome_words(f"event:{stress.event}", last, (first, last), lang)
    title = phrase("stress", lang, fund=label(stress.fund, lang), what=what)
    table = new_table(title, label("year", lang))
    for key in ("claims_against", "contributions_against", "months_median", "months_stressed"):
        table.add_column(phrase(key, lang), justify="right", no_wrap=True)
    for year in selected(list(range(first, last + 1)), first):
        row = story.loc[year]
        changes = [f"{row[f'{flow}_against_median']:+z.1%}" for flow in ("claims", "contributions")]
        table.add_row(str(year), *changes, *(f"{row[name]:z.1f}" for name in ("months_median", "months")))
    simulated = done.simulated[stress.fund]
    low, high = wilson(simulated.probability, simulated.independent_paths)
    few = "?" if simulated.kish < FEW_HITS else ""
    chance = {"p": few + _chance(simulated.probability), "low": _chance(low), "high": _chance(high)}
    interval = phrase("between", lang, **chance)
    if not 0 < stress.beta < math.inf:
        key = "stress_none" if stress.beta else "stress_already"
        note(console, "")
        console.print(title, style="bold", markup=False, highlight=False)
        note(console, phrase(key, lang, simulated=interval, farthest=_farthest()))
        return
    console.print(table)
    figures = {"beta": f"{stress.beta:.2f}", "implied": _chance(stress.first_order), "simulated": interval}
    note(console, phrase("stress_says", lang, **figures))
    if few:
        note(console, phrase("stress_few", lang, few=FEW_HITS))


def _chance(probability: float) -> str:
    """In per cent, or as a power of ten where nothing would be left of it."""
    return f"{probability:.1e}" if 0 < probability < 1e-4 else f"{probability:.2%}"


def _farthest() -> str:
    from sim.stress import FARTHEST

    return f"{FARTHEST:g}"


def _funds(scenario: Scenario, fund: str | None) -> list[Fund]:
    funds = list(scenario.case.funds)
    if fund is not None and fund not in funds:
        raise InputError("--fund", "", one_of(fund, funds))
    return [each for each in funds if fund in (None, each)]


def _figures(stress: Stress, simulated: Simulated) -> dict[str, Any]:
    """For the manifest; null where no shocks in reach bring the event about."""
    return {
        "beta": stress.beta if math.isfinite(stress.beta) else None,
        "first_order_probability": stress.first_order,
        "probability_of_shocks_as_large": stress.at_most,
        "simulated_probability": simulated.probability,
        "simulated_std_error": simulated.error,
        "simulated_kish_hits": simulated.kish,
    }
