"""``fundsim run``: a scenario → metrics, manifest and fan chart in a directory."""

from __future__ import annotations

import itertools
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scenarios.definition.policy import Change
from scenarios.definition.scenario import Scenario, load_scenario
from scenarios.errors import InputError
from scenarios.held import content_sha256
from scenarios.labels import LANGUAGES, Lang
from scenarios.output import check_folder, names_in, new_files, write_json, write_rows
from scenarios.rulebook.explain import city_notes
from scenarios.rulebook.rules_table import COLUMNS as RULE_COLUMNS
from scenarios.rulebook.rules_table import FILE as RULES
from scenarios.rulebook.rules_table import rule_rows
from scenarios.rulebook.words import said_of_funds, word
from scenarios.runs.drawing import Drawing, Picture
from scenarios.runs.facts import RunFacts
from scenarios.runs.program import version
from scenarios.tables import OF_ANOTHER_UNIT
from sim.model import Case, Fund
from sim.rules import OpeningDeficit

if TYPE_CHECKING:
    from sim.gains import Gain
    from sim.metrics import Columns

PACKAGES = ("fundsim", "numpy", "scipy", "pandas", "numba", "llvmlite", "pyarrow", "matplotlib", "pydantic")
MAX_PATHS = 2**31 - 1
"""A path is one 32-bit word of a draw's address, and a bin's count is another."""
MAX_SEED = 2**64 - 1
Sampling = Literal["plain", "antithetic", "sobol", "importance"]
Progress = Callable[[int, int], None]
"""Called with paths done and paths in all."""
Tell = Callable[["Columns", RunFacts, list["Gain"]], None]
"""Called with the metrics table's columns, what must be said beside them, and what the sampling gained."""
ASSUMPTION_COLUMNS = ("id", "en", "zh", "about", "sources")


@dataclass(frozen=True)
class RunOutput:
    """A finished run: its table, what must be said beside it, and the files written."""

    columns: Columns
    facts: RunFacts
    files: tuple[Path, ...]
    assumptions: int
    """How many statements the scenario's figures rest on."""
    seconds: float
    mcfm_per_second: float
    gains: list[Gain]
    """What the sampling gained, of the main figures."""


@dataclass(frozen=True)
class RunRequest:
    """What a user asked for; ``None`` leaves it to the scenario."""

    scenario: str
    out: Path | None = None
    """None: nothing is written."""
    paths: int | None = None
    years: int | None = None
    seed: int | None = None
    threads: int | None = None
    readings: Mapping[str, str] | None = None
    template: str | None = None
    rules: str | None = None
    lang: Lang = "en"
    sampling: Sampling = "plain"
    event: str | None = None
    """Of importance sampling."""
    values: Mapping[str, Any] | None = None
    """By address of the scenario file."""


def run(
    request: RunRequest, progress: Progress, drawing: Drawing | None = None, tell: Tell | None = None
) -> RunOutput:
    """Load, simulate, measure, then write all files at once; raises InputError before any work.

    ``drawing`` draws while the table is made and written, and ``tell`` is called with the figures; without it
    the picture is drawn in this process.  Importance sampling is ``rare_run``'s.
    """
    scenario, paths, seed = checked(request)
    assert request.sampling != "importance" and request.out is not None
    if request.event is not None:
        raise InputError("--event", request.event, "expected only with --sampling importance")

    from scenarios.pictures.plot import DRAWN
    from scenarios.runs.metrics_files import write_metrics
    from sim.gains import gains
    from sim.metrics import metrics_columns
    from sim.simulate import compile_kernels, simulate

    progress(0, paths)
    compile_kernels(scenario.case)
    started = time.perf_counter()
    result = simulate(
        scenario.case,
        paths=paths,
        seed=seed,
        threads=request.threads,
        progress=lambda done: progress(done, paths),
        sampling=request.sampling,
    )
    seconds = time.perf_counter() - started
    case = scenario.case
    months = paths * case.years * 12 * len(case.counties) * len(case.funds)
    speed = months / seconds / 1e6
    facts = run_facts(scenario, paths, seed, request.sampling)
    gained = gains(result)
    with new_files(request.out, ("differences.csv",)) as folder:  # of a comparison in the same directory
        shown, _ = metrics_columns(result, scenario.name, DRAWN)
        with (drawing or Drawing()).of(Picture(shown, folder / "months_of_capacity", facts, request.lang)):
            columns, beyond = metrics_columns(result, scenario.name)
            write_metrics(folder, columns)
            manifest = {
                **manifest_of(scenario, facts),
                "gains": [gain._asdict() for gain in gained],
                "values_beyond_histogram_range": beyond,
                "simulation_seconds": round(seconds, 3),
                "million_county_fund_months_per_second": round(speed, 1),
            }
            write_json(folder / "manifest.json", manifest)
            write_origins(folder, scenario)
            if tell is not None:
                tell(columns, facts, gained)
        files = names_in(folder, request.out)
    return RunOutput(columns, facts, files, len(scenario.file.assumptions), seconds, speed, gained)


def checked(request: RunRequest, kind: str = "run") -> tuple[Scenario, int, int]:
    """The scenario, and paths and seed of the run; InputError for whatever cannot be, the folder included,
    which holds results of this ``kind`` or none."""
    scenario = load_scenario(
        request.scenario,
        years=request.years,
        readings=request.readings,
        template=request.template,
        rules=request.rules,
        values=request.values,
    )
    paths = _paths(request, scenario)
    seed = within("--seed", scenario.file.seed if request.seed is None else request.seed, 0, MAX_SEED)
    if request.threads is not None:
        within("--threads", request.threads, 1, 1024)
    _check_counties(scenario)
    if request.out is not None:
        check_folder(request.out, kind=kind)
    return scenario, paths, seed


def _paths(request: RunRequest, scenario: Scenario) -> int:
    """The number of paths: as asked for, or the scenario's and what it takes to suit the sampling."""
    from sim.sampling import refused, sobol_paths

    if request.paths is None:
        paths = within("paths", scenario.file.paths, 1, MAX_PATHS)
        more = {"sobol": sobol_paths(paths), "antithetic": paths + paths % 2}
        return more.get(request.sampling, paths)
    paths = within("--paths", request.paths, 1, MAX_PATHS)
    if request.sampling != "importance" and (problem := refused(request.sampling, paths)):
        raise InputError("--paths", "", problem)
    return paths


def manifest_of(scenario: Scenario, facts: RunFacts) -> dict[str, Any]:
    """What reproduces a run of any sampling."""
    return {
        **facts,
        "version": version("fundsim"),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "resolved": {
            "scenario": {**scenario.resolved["scenario"], "paths": facts["paths"], "seed": facts["seed"]},
            "rules": scenario.resolved["rules"],
        },
        "chosen_readings": dict(scenario.city.chosen),
        "borrowed_rules": [origin.id for origin in scenario.city.borrowed],
        "inputs_sha256": {
            name: content_sha256(path)
            for name, path in _by_name((*scenario.files, *scenario.city.files)).items()
        },
        "assumptions": [entry.model_dump(mode="json") for entry in scenario.file.assumptions],
        "sources": [entry.model_dump(mode="json") for entry in scenario.file.sources],
        "shock_components_cut_at": 8.0,
    }


def _by_name(files: Iterable[Path]) -> dict[str, Path]:
    """Files by folder and name, and by as many folders above as tell all apart: a manifest is published, and
    where a machine keeps its files is nobody's business."""
    below_root = {path.resolve().parts[1:]: path for path in files}
    for length in itertools.count(2):
        named = {"/".join(parts[-length:]): path for parts, path in below_root.items()}
        if len(named) == len(below_root):
            break
    return named


def write_origins(folder: Path, scenario: Scenario) -> None:
    """What the scenario's figures rest on, one statement a row; and its rules, one parameter a row."""
    rows = (
        (entry.id, entry.en, entry.zh, "; ".join(entry.about), "; ".join(entry.sources))
        for entry in scenario.file.assumptions
    )
    write_rows(folder / "assumptions.csv", ASSUMPTION_COLUMNS, rows)
    write_rows(folder / RULES, RULE_COLUMNS, rule_rows(scenario.name, scenario.city))


def run_facts(scenario: Scenario, paths: int, seed: int, sampling: Sampling = "plain") -> RunFacts:
    """What every table and picture of the run must say."""

    case = scenario.case
    notes = {
        lang: [
            *of_another_unit(case, lang),
            *never_in_force(scenario, lang),
            *city_notes(scenario.city, lang),
            *kept_deficits(case, lang),
            *idle_pool(case, lang),
        ]
        for lang in LANGUAGES
    }
    return {
        "scenario": scenario.name,
        "titles": {lang: scenario.title[lang] for lang in LANGUAGES},
        "city": {lang: scenario.city.name[lang] for lang in LANGUAGES},
        "paths": paths,
        "seed": seed,
        "sampling": sampling,
        "first_year": case.first_year,
        "years": case.years,
        "constructed": scenario.file.constructed,
        "base_claims_yuan": {
            fund: float(sum(getattr(county, fund).base_claims_yuan for county in case.counties))
            for fund in case.funds
        },
        "denominator": case.options.months_denominator,
        "response": case.shocks.response,
        "delegated_sharing": {
            fund: rules.unfunded_is == "shared_by_later_rule" and rules.can_be_unfunded
            for fund, rules in case.rules.items()
        },
        "notes": notes,
        "discount_rate": case.options.discount_rate,
        "county_names": {county.name: county.name_en or county.name for county in case.counties},
    }


def of_another_unit(case: Case, lang: Lang) -> list[str]:
    """Counties whose claims are of another size than everybody's, as 万元 for yuan would be."""
    said = []
    for fund in case.funds:
        figures = {county.name: getattr(county, fund) for county in case.counties}
        each = {
            name: own.base_claims_yuan / own.enrolment_persons
            for name, own in figures.items()
            if own.base_claims_yuan > 0 and own.enrolment_persons > 0
        }
        usual = statistics.median(each.values()) if each else 0.0
        for name, own in each.items():
            if not 1 / OF_ANOTHER_UNIT < own / usual < OF_ANOTHER_UNIT:
                words = {"county": name, "fund": word(f"fund:{fund}", lang), "ratio": f"{own / usual:.2g}"}
                said.append(word("of_another_unit", lang, **words))
    return said


def never_in_force(scenario: Scenario, lang: Lang) -> list[str]:
    """Changes of policy that begin after the last simulated year."""
    last = scenario.case.first_year + scenario.case.years - 1
    return [
        word("never_in_force", lang, address=f"policy.{fund}.{name}", year=change.from_year, last=last)
        for fund, policy in scenario.file.policy.items()
        for name, change in policy
        if isinstance(change, Change) and (change.from_year or last) > last
    ]


def kept_deficits(case: Case, lang: Lang) -> list[str]:
    """That opening deficits lower reserves for good, where the rules have nobody make them good."""
    kept = [
        fund
        for fund in case.funds
        if case.rules[fund].opening_deficit == OpeningDeficit()
        and any(getattr(county, fund).opening_deficit_yuan > 0 for county in case.counties)
    ]
    return said_of_funds("kept_deficits", kept, lang)


def idle_pool(case: Case, lang: Lang) -> list[str]:
    """That the city's opening pool and reserve lie idle, where the rules neither draw nor give them back."""

    def left(fund: Fund) -> float:
        accounts, returned = case.funds[fund].accounts, case.rules[fund].opening_transfer.pool_returned
        return (1 - returned) * accounts.pool_yuan + accounts.municipal_reserve_yuan

    idle = [fund for fund in case.funds if left(fund) > 0 and not case.rules[fund].draws_pool]
    return said_of_funds("idle_pool", idle, lang)


def within(option: str, value: int, lowest: int, highest: int) -> int:
    """The value of an option; InputError outside its bounds, both included."""
    if not lowest <= value <= highest:
        raise InputError(option, "", f"expected a whole number from {lowest} to {highest}, found {value}")
    return value


def _check_counties(scenario: Scenario) -> None:
    from sim.lower import stable_ids

    try:
        stable_ids([county.name for county in scenario.case.counties])
    except ValueError as error:
        raise InputError(scenario.path, "counties", str(error)) from None
