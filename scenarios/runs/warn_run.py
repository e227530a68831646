"""``fundsim warn``: what a threshold of months of payment capacity is worth as an early warning.

One run of a scenario, the years of its events path by path, and for each fund and threshold a row: how often
it warns, how long before depletion, how often too late or not at all, how often in vain (``sim.warning``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.labels import Lang, label
from scenarios.output import new_files, write_json, write_rows
from scenarios.runs.facts import RunFacts, wilson
from scenarios.runs.run import Progress, RunRequest, checked, manifest_of, run_facts

if TYPE_CHECKING:
    from rich.console import Console

    from sim.warning import Foresight, Share

COLUMNS = ("scenario", "fund", "months", "within_years", "statistic", "value", "std_error", "n")
FILES = ("warnings.csv", "manifest.json")
MAX_MONTHS = 1200.0


@dataclass(frozen=True)
class Warnings:
    """A finished run: what each threshold is worth, by fund, and what must be said beside it."""

    found: dict[tuple[str, float], Foresight]
    """By fund and months."""
    guidance: frozenset[float]
    """Thresholds that a ministry named."""
    within: int | None
    facts: RunFacts
    files: tuple[Path, ...]

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The table: one figure a row, empty where there is none."""
        from sim.warning import LEAD_PERCENTILES

        for (fund, mark), found in self.found.items():
            figures: list[tuple[str, float, float, int]] = [
                (name, share.value, share.std_error, share.of)
                for name, share in (
                    ("warned", found.warned),
                    ("depleted", found.depleted),
                    ("missed", found.missed),
                    ("false_alarm", found.false_alarms),
                )
            ]
            figures.append(("undecided", float(found.undecided), math.nan, found.warned.hits))
            figures.append(("lead_mean_years", found.lead_mean_years, found.lead_std_error, found.early))
            for p in LEAD_PERCENTILES:
                name = f"lead_p{100 * p:02.0f}_years"
                figures.append((name, found.lead_percentile_years(p), math.nan, found.early))
            for name, value, error, n in figures:
                cells = (None if math.isnan(x) else x for x in (value, error))
                yield self.facts["scenario"], fund, mark, self.within, name, *cells, n


def parse_months(text: str | None) -> tuple[float, ...] | None:
    """``3,6,9`` as numbers, ascending, each once; None for None."""
    if text is None:
        return None
    parts = [part.strip() for part in text.replace("，", ",").split(",")]
    return checked_months(text, parts)


def checked_months(text: str, parts: Iterable[str | float]) -> tuple[float, ...]:
    """The parts of ``text`` as numbers, ascending, each once; InputError for what is no number of months."""
    found = set()
    for part in parts:
        try:
            value = float(part)
        except ValueError:
            value = math.nan
        if not 0 < value <= MAX_MONTHS:
            expected = f"expected months above 0 and up to {MAX_MONTHS:g}, such as 3,6,9, found {part!r}"
            raise InputError("--months", text, expected)
        found.add(value)
    return tuple(sorted(found))


def guidance_months() -> frozenset[float]:
    """Thresholds of the ministries' guidance, ``data/reserve_guidance.csv``."""
    from scenarios.basecase.published import table

    return frozenset(float(months) for months in table("reserve_guidance")["months"])


def warn(
    request: RunRequest, months: tuple[float, ...] | None, within: int | None, progress: Progress
) -> Warnings:
    """Run the scenario and compare; ``months``: default the scenario's ``below_months`` and the guidance.

    ``within``: years after a warning in which depletion justifies it, default up to the horizon.  All
    files are written at once; raises InputError before any work.
    """
    scenario, paths, seed = checked(request, "warn")
    case, guidance = scenario.case, guidance_months()
    if within is not None and not 0 <= within < case.years:
        expected = f"expected years from 0 to {case.years - 1}, the horizon, found {within}"
        raise InputError("--within", "", expected)
    marks = months or tuple(sorted({*case.options.below_months, *guidance}))
    case = case.model_copy(update={"options": case.options.model_copy(update={"below_months": marks})})

    from sim.kernels.codes import EVENTS
    from sim.paths import event_years
    from sim.warning import foresight

    progress(0, paths)
    years = event_years(case, paths=paths, seed=seed, threads=request.threads).city
    depletion = EVENTS.index("reserve_depletion")
    found: dict[tuple[str, float], Foresight] = {
        (fund, mark): foresight(years[:, f, len(EVENTS) + m], years[:, f, depletion], case.years, within)
        for f, fund in enumerate(case.funds)
        for m, mark in enumerate(marks)
    }
    facts = run_facts(scenario, paths, seed)
    files = () if request.out is None else tuple(request.out / name for name in FILES)
    done = Warnings(found, guidance, within, facts, files)
    if request.out is not None:
        with new_files(request.out) as folder:
            write_rows(folder / "warnings.csv", COLUMNS, done.rows())
            chosen: dict[str, Any] = {"months": list(marks), "within_years": within}
            write_json(folder / "manifest.json", {**manifest_of(scenario, facts), "warning": chosen})
    return done


def print_warnings(done: Warnings, console: Console, lang: Lang) -> None:
    """Prints a table for each fund, and what its columns mean."""
    from scenarios.runs.summary import new_table, note, print_head

    facts = done.facts
    print_head(facts, console, lang, label("depletion_meaning", lang))
    for fund in dict.fromkeys(fund for fund, _ in done.found):
        rows = {mark: found for (of, mark), found in done.found.items() if of == fund}
        depleted = next(iter(rows.values())).depleted
        title = label("warning", lang, fund=label(fund, lang), chance=_percent(depleted))
        table = new_table(title, label("warn_below", lang))
        for key in ("warned", "missed", "false_alarm", "lead_mean", "lead_p05", "lead_p50", "lead_p95"):
            table.add_column(label(key, lang), justify="right", no_wrap=True)
        for mark, found in rows.items():
            name = label("mark", lang, mark=f"{mark:g}") + ("*" if mark in done.guidance else "")
            shares = (_percent(found.warned), *map(_interval, (found.missed, found.false_alarms)))
            leads = (found.lead_mean_years, *map(found.lead_percentile_years, (0.05, 0.5, 0.95)))
            digits = (1, 0, 0, 0)
            cells = ("" if math.isnan(x) else f"{x:.{d}f}" for x, d in zip(leads, digits, strict=True))
            table.add_row(name, *shares, *cells)
        console.print(table)
    within = "horizon" if done.within is None else "within"
    note(console, label("warning_note", lang))
    note(console, label(f"false_alarm_{within}", lang, years=done.within))
    if any(mark in done.guidance for _, mark in done.found):
        note(console, label("guidance_note", lang))


def _percent(share: Share) -> str:
    return "" if not share.of else f"{100 * share.value:.1f}%"


def _interval(share: Share) -> str:
    """With Wilson's 95 % interval; empty for a share of nothing."""
    if not share.of:
        return ""
    low, high = wilson(share.value, share.of)
    return f"{_percent(share)} [{100 * low:.0f}–{100 * high:.0f}]"
