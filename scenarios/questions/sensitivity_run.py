"""``fundsim sensitivity``: a study's uncertainties → indices, the variance split, manifest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scenarios.definition.scenario import Base, build
from scenarios.definition.study import load_study, naming
from scenarios.errors import InputError
from scenarios.labels import Lang, label
from scenarios.output import check_folder, names_in, new_files, write_json
from scenarios.questions.factors import factors_of
from scenarios.questions.outcomes import DEFAULT_OUTCOME, chosen_outcome, outcome_words
from scenarios.questions.sensitivity import (
    LEAST_REPLICATIONS,
    SAMPLES,
    Evaluate,
    Job,
    Method,
    Sensitivity,
    jobs_of,
    sensitivity,
    variance_split,
)
from scenarios.questions.study_words import phrase
from scenarios.runs.facts import Z95, RunFacts
from scenarios.runs.run import Progress, manifest_of, run_facts, within
from scenarios.runs.summary import new_table, note, print_head

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from sim.outcome import Outcome
    from sim.threads import Stop
    from sim.variance import Split

PATHS = 1000
NOISY = 0.05
"""Of the variance between scenarios: beyond it the user is warned."""
MAX_JOBS = 1_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SensitivityRequest:
    """What a user asked for; ``None`` leaves it to the command or the study."""

    study: str
    out: Path | None
    """Without one nothing is written."""
    method: Method = "sobol"
    samples: int | None = None
    outcome: str = DEFAULT_OUTCOME
    fund: str | None = None
    year: int | None = None
    paths: int | None = None
    seed: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class SensitivityOutput:
    """What was found, what must be said beside it, and the files written."""

    outcome: Outcome
    found: Sensitivity
    split: Split
    facts: RunFacts
    files: tuple[Path, ...]


def run_sensitivity(request: SensitivityRequest, progress: Progress) -> SensitivityOutput:
    """Load, draw, simulate, analyse, then write all files at once; raises InputError before any work."""
    _check_salib()
    study = load_study(request.study)
    base, factors = factors_of(study)
    scenario = build(base, {})
    outcome = chosen_outcome(scenario.case, request.outcome, request.fund, request.year)
    samples = _samples(request)
    paths = within("--paths", PATHS if request.paths is None else request.paths, 2, 2**31 - 1)
    seed = within("--seed", scenario.file.seed if request.seed is None else request.seed, 0, 2**32 - 1)
    if request.threads is not None:
        within("--threads", request.threads, 1, 1024)
    if request.out is not None:
        check_folder(request.out, kind="sensitivity")
    replications = max(samples, LEAST_REPLICATIONS)
    total = sum(jobs_of(factors, request.method, samples, replications))
    if total > MAX_JOBS:
        raise InputError("--samples", "", f"expected at most {MAX_JOBS:,} scenarios, found {total:,}")

    def tell(done: int) -> None:
        progress(done * paths, total * paths)

    evaluate = evaluator(base, outcome, paths, request.threads, tell)
    progress(0, total * paths)
    found = sensitivity(factors, evaluate, method=request.method, samples=samples, seed=seed)
    split = variance_split(factors, evaluate, replications=replications, seed=seed)
    facts = run_facts(scenario, paths, seed)
    if request.out is None:
        return SensitivityOutput(outcome, found, split, facts, ())
    manifest = {
        **manifest_of(scenario, facts),
        "salib": version("SALib"),
        "study": study.name,
        "uncertainties": {factor.name: factor.variation.spec.model_dump(mode="json") for factor in factors},
        "outcome": asdict(outcome),
        "method": request.method,
        "samples": samples,
        "scenarios": found.scenarios,
        "outcome_mean": found.mean,
        "variance_between_scenarios": found.variance,
        "of_which_noise_of_paths": found.noise,
        "replications": replications,
    }
    with new_files(request.out) as folder:
        found.table.to_csv(folder / "sensitivity.csv", index=False, lineterminator="\n")
        split_table(split).to_csv(folder / "variance.csv", index=False, lineterminator="\n")
        write_json(folder / "manifest.json", manifest)
        files = names_in(folder, request.out)
    return SensitivityOutput(outcome, found, split, facts, files)


def evaluator(
    base: Base,
    outcome: Outcome,
    paths: int,
    threads: int | None,
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluate:
    """Scenarios of a base simulated side by side, each by one thread; ``progress`` hears how many are done.

    Raises InputError for values that a scenario cannot have.
    """
    from sim.outcome import path_outcomes
    from sim.threads import in_order, usable_cores

    done = 0

    def simulated(_: object, job: Job, stop: Stop) -> Floats:
        values, seed = job
        with naming(base.path, "scenario", values):
            scenario = build(base, values)
        try:
            return path_outcomes(scenario.case, outcome, paths=paths, seed=seed, threads=1)
        except ValueError as error:
            raise InputError(base.path, "", f"{outcome.metric} at {dict(values)}: {error}") from None

    def evaluate(jobs: Iterable[Job]) -> Iterator[Floats]:
        nonlocal done
        with closing(in_order([None] * (threads or usable_cores()), jobs, simulated)) as found:
            for values in found:
                done += 1
                progress(done)
                yield values

    return evaluate


def split_table(split: Split) -> pd.DataFrame:
    """Tidy: component, variance, std_error, share, share_error, n (replications)."""
    import pandas as pd

    from sim.variance import COMPONENTS

    figures = {name: getattr(split, name) for name in ("variance", "std_error", "share", "share_error")}
    return pd.DataFrame({"component": COMPONENTS, **figures, "n": split.replications})


def print_sensitivity(done: SensitivityOutput, console: Console, lang: Lang = "en") -> None:
    """Prints the indices, how far they are noise, and where a single future's variance comes from."""
    found, facts, outcome = done.found, done.facts, done.outcome
    print_head(facts, console, lang, phrase("levers_stay", lang))
    span = facts["first_year"], facts["first_year"] + facts["years"] - 1
    what = outcome_words(outcome.metric, outcome.year, span, lang)
    table = new_table(
        phrase("sensitivity", lang, fund=label(outcome.fund, lang), what=what), phrase("factor", lang)
    )
    _add_indices(table, found, lang)
    console.print(table)
    sizes = {"scenarios": found.scenarios, "samples": found.samples, "paths": facts["paths"]}
    note(console, phrase(found.method, lang, **sizes))
    note(console, phrase(f"{found.method}_note", lang))
    if found.variance == 0:
        note(console, phrase("constant", lang))
    else:
        spread = f"{math.sqrt(found.variance):.3g}"
        share = f"{found.noise_share:.1%}"
        note(console, phrase("noise", lang, share=share, mean=f"{found.mean:.3g}", spread=spread))
    if found.noise_share > NOISY:
        note(console, phrase("noisy", lang))
    _print_split(done.split, facts["paths"], console, lang)


def _add_indices(table: Any, found: Sensitivity, lang: Lang) -> None:
    """A row a factor, the most important first."""
    first, *others = ("total", "first_order") if found.method == "sobol" else ("mu_star", "mu", "sigma")
    shown = [*others, first] if found.method == "sobol" else [first, *others]
    for statistic in shown:
        table.add_column(phrase(statistic, lang), justify="right", no_wrap=True)
    cells = found.table.set_index(["statistic", "factor"])[["value", "std_error"]]
    for factor in cells.loc[first]["value"].sort_values(ascending=False, kind="stable").index:
        rows = (cells.loc[(statistic, factor)] for statistic in shown)
        table.add_row(factor, *(_with_interval(row["value"], row["std_error"]) for row in rows))


def _print_split(split: Split, paths: int, console: Console, lang: Lang) -> None:
    from sim.variance import COMPONENTS

    if split.total <= 0:
        note(console, phrase("split_constant", lang))
        return
    table = new_table(phrase("split", lang), phrase("source", lang))
    for key in ("share", "variance"):
        table.add_column(phrase(key, lang), justify="right", no_wrap=True)
    columns = split.share.tolist(), split.share_error.tolist(), split.variance.tolist()
    for name, share, error, variance in zip(COMPONENTS, *columns, strict=True):
        table.add_row(phrase(name, lang), _with_interval(share, error, percent=True), f"{variance:.3g}")
    console.print(table)
    words = {
        name: f"{max(share, 0):.0%}" for name, share in zip(COMPONENTS, split.share.tolist(), strict=True)
    }
    note(console, phrase("split_says", lang, **words))
    note(console, phrase("split_note", lang, replications=split.replications, paths=paths))


def _with_interval(value: float, error: float, percent: bool = False) -> str:
    """A figure with its 95 % interval, where its error is known."""
    if math.isnan(value):
        return "-"
    form = "{:z.1%}" if percent else "{:z.2f}" if abs(value) < 10 else "{:.3g}"
    if math.isnan(error):
        return form.format(value)
    low, high = (form.format(value + side * Z95 * error) for side in (-1, 1))
    return f"{form.format(value)} [{low}, {high}]"


def _samples(request: SensitivityRequest) -> int:
    asked = SAMPLES[request.method] if request.samples is None else request.samples
    samples = within("--samples", asked, 2, MAX_JOBS)
    power = samples.bit_length() - 1
    if request.method == "sobol" and samples != 2**power:
        expected = f"Sobol points come by powers of 2: expected {2**power} or {2 ** (power + 1)}"
        raise InputError("--samples", "", f"{expected}, found {samples}")
    return samples


def _check_salib() -> None:
    if find_spec("SALib") is None:
        expected = "expected SALib: pip install '.[sensitivity]' in fundsim's checkout"
        raise InputError("sensitivity", "", expected)
