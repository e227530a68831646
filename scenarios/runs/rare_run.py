"""``fundsim run --sampling importance``: the probability of one rare event, year by year.

Weights support the event and nothing else: no percentiles, no amounts and no picture are written.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.labels import Lang, event_label, label
from scenarios.output import names_in, new_files, write_json
from scenarios.rulebook.rows import one_of
from scenarios.runs.facts import CITY, RunFacts, wilson
from scenarios.runs.run import Progress, RunRequest, checked, manifest_of, run_facts, write_origins
from scenarios.runs.summary import new_table, note, print_head

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from sim.rare import Rare

FEW_HITS = 30
"""Below so many effective hits the standard error is itself no more than a guess."""
DEFAULT_EVENT = "reserve_depletion"
STALE = ("differences.csv", "months_of_capacity.png", "months_of_capacity.svg")
"""Of an earlier run of another kind, or a comparison, in the same directory."""


@dataclass(frozen=True)
class RareOutput:
    """A finished run: what was found, what must be said beside it, and the files written."""

    rare: Rare
    facts: RunFacts
    files: tuple[Path, ...]
    assumptions: int
    seconds: float


def run_rare(request: RunRequest, progress: Progress) -> RareOutput:
    """Load, simulate, weigh, then write all files at once; raises InputError before any work."""
    scenario, paths, seed = checked(request)
    assert request.out is not None
    event = DEFAULT_EVENT if request.event is None else request.event

    from sim.rare import rare_event, refused, watchable

    if event not in (known := watchable(scenario.case)):
        raise InputError("--event", "", one_of(event, known))
    if problem := refused(scenario.case, event):
        raise InputError(scenario.path, "shocks.city_degrees_of_freedom", problem)
    progress(0, paths)
    started = time.perf_counter()
    rare = rare_event(
        scenario.case,
        event,
        paths=paths,
        seed=seed,
        threads=request.threads,
        progress=lambda done: progress(done, paths),
    )
    seconds = time.perf_counter() - started
    facts = run_facts(scenario, paths, seed, "importance")
    manifest = {
        **manifest_of(scenario, facts),
        "event": event,
        "pilot_paths": rare.pilot_paths,
        "shifts_in_standard_deviations": [round(float(x), 3) for x in rare.lengths],
        "effective_sample_sizes": effective_rows(rare),
        "simulation_seconds": round(seconds, 3),
    }
    table = rare_table(rare, scenario.name)
    with new_files(request.out, STALE) as folder:
        table.to_parquet(folder / "metrics.parquet", index=False)
        table.to_csv(folder / "metrics.csv", index=False, lineterminator="\n")
        write_json(folder / "manifest.json", manifest)
        write_origins(folder, scenario)
        files = names_in(folder, request.out)
    return RareOutput(rare, facts, files, len(scenario.file.assumptions), seconds)


def rare_table(rare: Rare, scenario: str) -> pd.DataFrame:
    """The event's rows of the metrics table; where no path had it, its error is not known."""
    import pandas as pd

    from sim.metrics import COLUMNS

    about = f"event:{rare.event}", "probability"
    rows = [
        (scenario, fund, CITY, year, *about, p, error if p > 0 else math.nan, rare.paths)
        for fund, year, p, error, _, _ in rare.rows()
    ]
    return pd.DataFrame.from_records(rows, columns=COLUMNS).astype({"year": "Int32", "n": "int64"})


def effective_rows(rare: Rare) -> list[dict[str, Any]]:
    """Effective sample sizes by fund and year, of years in which some path had the event."""
    return [
        {
            "fund": fund,
            "year": year,
            "relative_error": error / p,
            "kish_hits": kish,
            "effective_paths": effective if math.isfinite(effective) else None,
            "gain": effective / rare.paths if math.isfinite(effective) else None,
        }
        for fund, year, p, error, kish, effective in rare.rows()
        if p > 0
    ]


def print_rare(done: RareOutput, console: Console, lang: Lang = "en") -> None:
    """Prints the event's probability by year for each fund, and how exact it is."""
    facts, rare = done.facts, done.rare
    print_head(facts, console, lang)
    for fund in rare.funds:
        title = label("rare", lang, fund=label(fund, lang), event=event_label(rare.event, lang))
        table = new_table(title, label("year", lang))
        for key in ("probability", "relative_error", "kish", "effective"):
            table.add_column(label(key, lang), justify="right", no_wrap=True)
        for of, year, p, error, kish, effective in rare.rows():
            if of == fund and p > 0:
                known = math.isfinite(effective)  # not of what came about in every path
                low, high = wilson(p, effective if known else rare.paths)
                interval = f"{p:.2e} [{low:.1e}–{high:.1e}]"
                few = "?" if kish < FEW_HITS else ""
                exact = f"{effective:,.0f}" if known else "–"
                table.add_row(str(year), interval, f"{few}{error / p:.1%}", f"{kish:,.0f}", exact)
        if table.row_count:
            console.print(table)
        else:
            note(console, label("rare_none", lang, fund=label(fund, lang)))
    note(console, label("rare_note", lang, few=FEW_HITS))
