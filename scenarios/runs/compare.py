"""``fundsim compare``: scenarios on the same random numbers, and what each differs by from the first.

``compare`` is the whole of it for programs; ``run_compare`` reads scenarios as the command names them and
writes metrics, manifest and the statement of what differs between their rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.definition.scenario import Scenario, leads_to
from scenarios.definition.variants import Variant, parse_variant, told_apart
from scenarios.errors import InputError
from scenarios.output import names_in, new_files, write_json, write_rows
from scenarios.rulebook.rules_table import COLUMNS as RULE_COLUMNS
from scenarios.rulebook.rules_table import FILE as RULES
from scenarios.rulebook.rules_table import rule_rows
from scenarios.runs.contrast import COLUMNS as DIFFERENCE_COLUMNS
from scenarios.runs.contrast import Difference, differences
from scenarios.runs.facts import RunFacts
from scenarios.runs.run import Progress, RunRequest, checked, manifest_of, run_facts

if TYPE_CHECKING:
    import pandas as pd

    from sim.metrics import Columns
    from sim.paired import Paired
    from sim.series import Wanted

STALE = ("assumptions.csv", "months_of_capacity.png", "months_of_capacity.svg")
"""Of a run in the same directory."""
SHARED = "paths seed sampling first_year years version packages python shock_components_cut_at".split()
"""Keys of a run's manifest that all scenarios of a comparison have alike."""


@dataclass(frozen=True)
class Comparison:
    """Scenarios compared on the same paths; the first is what the others are compared with."""

    scenarios: Mapping[str, Scenario]
    """By the name that the table has."""
    paired: Paired
    facts: Mapping[str, RunFacts]
    """By the same names: what must be said beside the figures."""
    columns: Columns
    """The metrics table by column: every scenario's rows, then those of the differences."""
    beyond_range: Mapping[str, Mapping[str, int]]
    """Values beyond the histograms' range, by scenario and metric."""
    differences: tuple[Difference, ...]
    """What differs between the scenarios' rules and inputs."""
    same: frozenset[str]
    """Scenarios that no path tells from the first."""
    seconds: float
    """What the simulation took."""

    @property
    def mcfm_per_second(self) -> float:
        """Million county-fund-months a second, all scenarios together."""
        runs = [(result.paths, result.case) for result in self.paired.results]
        months = sum(paths * case.years * 12 * len(case.counties) * len(case.funds) for paths, case in runs)
        return months / self.seconds / 1e6

    def table(self) -> pd.DataFrame:
        """The metrics table; ``year`` is empty for the whole horizon."""
        from sim.metrics import as_frame

        return as_frame(self.columns)

    def differences_table(self) -> pd.DataFrame:
        """What differs between rules and inputs: a row for each key and scenario, values as JSON."""
        import pandas as pd

        rows = [row for each in self.differences for row in each.rows()]
        return pd.DataFrame.from_records(rows, columns=DIFFERENCE_COLUMNS)


def compare(
    scenarios: Mapping[str, Scenario] | Sequence[Scenario],
    *,
    paths: int,
    seed: int,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    wanted: Wanted | None = None,
) -> Comparison:
    """Run scenarios on the same ``paths`` paths and pair each with the first.

    ``scenarios`` under the names the table is to have, or under their own.  ``wanted`` leaves metrics out,
    ``progress`` is called with the paths done.  InputError for scenarios of one name, or of other years or
    funds than the first.
    """
    from sim.differences import difference_columns
    from sim.metrics import metrics_columns
    from sim.paired import simulate_paired
    from sim.series import ALL

    named = scenarios if isinstance(scenarios, Mapping) else _by_name(scenarios)
    check_alike(named)
    started = time.perf_counter()
    paired = simulate_paired(
        [scenario.case for scenario in named.values()],
        paths=paths,
        seed=seed,
        threads=threads,
        progress=progress,
        wanted=ALL if wanted is None else wanted,
    )
    seconds = time.perf_counter() - started
    tables = {name: metrics_columns(result, name) for name, result in zip(named, paired.results, strict=True)}
    others = list(named)[1:]
    parts = [columns for columns, _ in tables.values()]
    parts += [difference_columns(pair, name) for name, pair in zip(others, paired.pairs, strict=True)]
    return Comparison(
        scenarios=named,
        paired=paired,
        facts={
            name: {**run_facts(scenario, paths, seed), "scenario": name} for name, scenario in named.items()
        },
        columns={key: np.concatenate([part[key] for part in parts]) for key in parts[0]},
        beyond_range={name: beyond for name, (_, beyond) in tables.items()},
        differences=tuple(differences(named)),
        same=frozenset(name for name, pair in zip(others, paired.pairs, strict=True) if pair.nothing_differs),
        seconds=seconds,
    )


def _by_name(scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
    named = {scenario.name: scenario for scenario in scenarios}
    if len(named) < len(scenarios):
        names = [scenario.name for scenario in scenarios]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(twice, "name", "expected scenarios of different names; give them as a mapping")
    return named


def check_alike(scenarios: Mapping[str, Scenario]) -> None:
    """InputError where there are not two scenarios, or one has other years or funds than the first."""
    from sim.paired import mismatch

    if len(scenarios) < 2:
        raise InputError("compare", "", f"expected two scenarios or more, found {len(scenarios)}")
    first, *others = scenarios
    for name in others:
        if problem := mismatch(scenarios[first].case, scenarios[name].case):
            hint = "; --years N sets it for all" if "years" in problem else ""
            raise InputError(scenarios[name].path, "", f"{problem} (to compare {name} with {first}){hint}")


def run_compare(
    names: Sequence[str], request: RunRequest, progress: Progress
) -> tuple[Comparison, tuple[Path, ...]]:
    """Load, simulate, pair, then write all files at once: the comparison and the files.  Raises InputError
    before any work; ``names`` and ``request`` as in ``checked_scenarios``."""
    scenarios, paths, seed = checked_scenarios(names, request)
    assert request.out is not None

    from scenarios.runs.metrics_files import write_metrics
    from sim.paired import compile_paired

    progress(0, paths)
    compile_paired(next(iter(scenarios.values())).case)
    compared = compare(
        scenarios,
        paths=paths,
        seed=seed,
        threads=request.threads,
        progress=lambda done: progress(done, paths),
    )
    with new_files(request.out, STALE) as folder:
        write_metrics(folder, compared.columns)
        write_rows(
            folder / "differences.csv",
            DIFFERENCE_COLUMNS,
            [row for each in compared.differences for row in each.rows()],
        )
        rules = (row for name, each in compared.scenarios.items() for row in rule_rows(name, each.city))
        write_rows(folder / RULES, RULE_COLUMNS, rules)
        manifest = compare_manifest(compared) | {
            "simulation_seconds": round(compared.seconds, 3),
            "million_county_fund_months_per_second": round(compared.mcfm_per_second, 1),
        }
        write_json(folder / "manifest.json", manifest)
        files = names_in(folder, request.out)
    return compared, files


def compare_manifest(compared: Comparison) -> dict[str, Any]:
    """What reproduces a comparison: what all scenarios share, then each as in the manifest of a run."""
    each = {
        name: manifest_of(scenario, compared.facts[name]) for name, scenario in compared.scenarios.items()
    }
    first = next(iter(each.values()))
    return {
        **{key: first[key] for key in SHARED},
        "same_as_the_first": sorted(compared.same),
        "scenarios": [
            {key: value for key, value in manifest.items() if key not in SHARED}
            | {"values_beyond_histogram_range": compared.beyond_range[name]}
            for name, manifest in each.items()
        ],
    }


def _checked(variant: Variant, request: RunRequest) -> tuple[Scenario, int, int]:
    """The scenario as named; an InputError over a value behind the ``@`` names what was typed, no file."""
    chosen = {name: getattr(variant, name) for name in ("readings", "template", "rules", "values")}
    try:
        return checked(replace(request, scenario=variant.base, **chosen))
    except InputError as error:
        typed = leads_to(error.place, variant.values)
        raise InputError(variant.text if typed else error.file, error.place, error.expected) from None


def checked_scenarios(names: Sequence[str], request: RunRequest) -> tuple[dict[str, Scenario], int, int]:
    """The scenarios by name, and the paths and seed of all; InputError for whatever cannot be.

    ``names`` as ``scenarios.definition.variants`` reads them; the options of ``request`` hold for all, its
    scenario for none.
    """
    options = (dict(request.readings or {}), request.rules, request.template)
    variants = [parse_variant(text, *options) for text in names]
    found = [_checked(variant, request) for variant in variants]
    told = told_apart(variants, [scenario.name for scenario, _, _ in found])
    scenarios = {name: scenario for name, (scenario, _, _) in zip(told, found, strict=True)}
    check_alike(scenarios)
    return scenarios, *found[0][1:]
