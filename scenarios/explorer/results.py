"""The scenarios of a finished run, comparison or sweep: what varies among them, and each one's figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.definition.scenario_file import RULES_KEYS, ScenarioFile
from scenarios.errors import InputError
from scenarios.labels import LANGUAGES
from scenarios.runs.facts import RunFacts
from scenarios.runs.stored import MANIFEST, read_stored
from scenarios.sweeps.store import METRICS, SCENARIOS, STUDY
from scenarios.sweeps.swept import arrow_table, load_swept

if TYPE_CHECKING:
    import pandas as pd

ID, NUMBER, BASE = "scenario", "number", "base"


class Shown(NamedTuple):
    """One scenario's figures, and what must be said beside them."""

    table: pd.DataFrame
    facts: RunFacts
    kept: Collection[str] | None = None
    """The metrics that a study keeps; None: all."""

    def lacking(self, metrics: Iterable[str]) -> list[str]:
        """Those that the study did not keep."""
        return [] if self.kept is None else [metric for metric in metrics if metric not in self.kept]

    def every_year(self) -> bool:
        """Whether no year of the horizon was left out."""
        facts = self.facts
        return set(self.table["year"].dropna()) >= {
            *range(facts["first_year"], facts["first_year"] + facts["years"])
        }


class Results(NamedTuple):
    """What a folder holds."""

    varied: list[str]
    """The addresses that vary, in the order in which they are chosen; the last tells any two apart."""
    rows: list[dict[str, Any]]
    """A scenario each, in order: ``scenario``, its id, and its value at each address."""
    read: Callable[[str], Shown]
    """By a scenario's id; raises InputError."""


def read_results(folder: Path) -> Results:
    """What a run, comparison or sweep wrote into ``folder``; InputError for what is missing or damaged."""
    if (folder / STUDY).is_file():
        return _of_study(folder)
    if folder.is_dir() and not (folder / MANIFEST).is_file():
        expected = f"expected what fundsim run, compare or sweep writes: {MANIFEST} or {STUDY}, found neither"
        raise InputError(folder, "", expected)
    stored = read_stored(folder)
    if stored.event is not None:
        expected = "expected a whole run, found one event's probability, which fundsim draw shows"
        raise InputError(folder, "", expected)
    facts = {each["scenario"]: each for each in stored.facts}

    def read(scenario: str) -> Shown:
        return Shown(stored.table[stored.table["scenario"] == scenario], facts[scenario])

    return Results([ID], [{ID: name} for name in facts], read)


def _of_study(folder: Path) -> Results:
    import pyarrow.dataset as ds

    swept = load_swept(folder)
    manifest, path = _checked(folder / STUDY, swept.study), folder / SCENARIOS
    rows = arrow_table(path).to_pylist()
    for name in (ID, NUMBER, BASE):
        if not rows or name not in rows[0]:
            raise InputError(path, f"column {name}", "is needed, with a row a scenario")
    addresses = [BASE, *(name for name in rows[0] if name not in (ID, NUMBER, BASE))]
    varied = [at for at in addresses if len({row[at] for row in rows}) > 1]
    if len({tuple(row[at] for at in varied) for row in rows}) < len(rows) or not varied:
        varied.append(NUMBER)
    by_id = {row[ID]: row for row in rows}

    def read(scenario: str) -> Shown:
        table = arrow_table(folder / METRICS, ds.field("scenario") == scenario).to_pandas()
        if table.empty:
            raise InputError(folder / METRICS, "", f"expected rows of {scenario}, which {SCENARIOS} names")
        return Shown(table, _facts(folder / STUDY, manifest, by_id[scenario]), manifest["kept"])

    return Results(varied, rows, read)


def _checked(path: Path, study: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed of study.json, its bases as checked scenario files."""
    try:
        bases = {name: ScenarioFile.model_validate(base) for name, base in study["bases"].items()}
        whole = {"paths": int(study["paths"]), "seed": int(study["seed"]), "bases": bases}
        whole["rules_files"] = dict(study.get("rules_files", {}))
        return whole | {"kept": frozenset(study["outcomes"]["metrics"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = str(error).splitlines()[0]
        raise InputError(path, "", f"expected a study as fundsim sweep writes it ({said:.120})") from None


def _facts(path: Path, manifest: Mapping[str, Any], row: Mapping[str, Any]) -> RunFacts:
    """What must be said of a scenario, from its base and the values that it has of its own."""
    from scenarios.definition.scenario import Base, build
    from scenarios.runs.run import run_facts

    known = manifest["bases"].get(row[BASE])
    if known is None:
        raise InputError(path, "bases", f"expected {row[BASE]}, which {SCENARIOS} names")
    values = {
        at: _value(each) for at, each in row.items() if at not in (ID, NUMBER, BASE) and each is not None
    }
    copies = manifest["rules_files"]  # a rules file as the study named it -> its copy, from the folder

    def found(named: Mapping[str, Any]) -> dict[str, Any]:
        return {at: copies.get(str(each), each) if at in RULES_KEYS else each for at, each in named.items()}

    whole = known.model_copy(update=found({at: getattr(known, at) for at in RULES_KEYS}))
    scenario = build(Base(path, (path,), whole, {}, {}, {}), found(values))
    facts = run_facts(scenario, manifest["paths"], manifest["seed"])
    said = ", ".join(f"{at}={each}" for at, each in values.items())
    titles = {lang: facts["titles"][lang] + (f" [{said}]" if said else "") for lang in LANGUAGES}
    return {**facts, "scenario": row[ID], "titles": titles}


def _value(stored: Any) -> Any:
    """A value as the study has it: tables, lists and numbers beside them are JSON, which no name is."""
    try:
        return json.loads(stored) if isinstance(stored, str) else stored
    except ValueError:
        return stored
