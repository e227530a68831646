"""Results read back from the directory of a run or comparison, for pictures; refusals name the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.errors import InputError
from scenarios.rulebook.rows import near
from scenarios.runs.facts import RunFacts

if TYPE_CHECKING:
    import pandas as pd

MANIFEST, METRICS = "manifest.json", "metrics.parquet"


class Stored(NamedTuple):
    """A directory's metrics table, and each scenario's facts, the one compared with first."""

    table: pd.DataFrame
    facts: list[RunFacts]
    event: str | None
    """The one event that a run of weighted paths holds."""


def read_stored(folder: Path) -> Stored:
    """What a run or comparison wrote into ``folder``; InputError for whatever is missing or damaged."""
    _check_folder(folder)
    manifest = read_manifest(folder / MANIFEST)
    entries = manifest.get("scenarios", [manifest])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise InputError(folder / MANIFEST, "scenarios", "expected a list of scenarios, a table of keys each")
    facts = [_facts(folder / MANIFEST, {**manifest, **entry}) for entry in entries]
    table = _table(folder / METRICS)
    for each in facts:
        rows = table[table["scenario"] == each["scenario"]]
        if rows.empty:
            expected = f"expected rows of {each['scenario']}, which {MANIFEST} names"
            raise InputError(folder / METRICS, "column scenario", expected)
        years = f"{each['first_year']} to {each['first_year'] + each['years'] - 1}"
        said = f"{each['paths']} paths in the years {years}"
        found = f"{rows['n'].max()} paths in the years {rows['year'].min()} to {rows['year'].max()}"
        if found != said:  # the manifest is some other command's
            expected = f"expected {said}, as {MANIFEST} says, found {found}"
            raise InputError(folder / METRICS, f"scenario {each['scenario']}", expected)
    return Stored(table, facts, manifest.get("event"))


def _check_folder(folder: Path) -> None:
    what = "expected the directory of a finished run or comparison"
    if not folder.exists():
        beside = [each.name for each in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise InputError(folder, "", f"{what}, found none{near(folder.name, beside)}")
    if not folder.is_dir():
        raise InputError(folder, "", f"{what}, found a file")
    if (folder / "ledger.csv").exists() and not (folder / METRICS).exists():
        raise InputError(folder, "", f"{what}, found a replay's, which has no metrics to draw")
    for name in (MANIFEST, METRICS):
        if not (folder / name).is_file():
            raise InputError(folder / name, "", "expected a file, as fundsim run writes it, found none")


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest's table; InputError where it cannot be read."""
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "", f"expected a readable file in UTF-8 ({error})") from None
    except json.JSONDecodeError as error:
        raise InputError(path, f"line {error.lineno}", f"expected JSON: {error.msg}") from None
    if not isinstance(manifest, dict):
        raise InputError(path, "", "expected a table of keys, as fundsim run writes it")
    return manifest


def _facts(path: Path, entry: Any) -> RunFacts:
    """The keys of a run's facts, checked."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(RunFacts).validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        expected = (
            "is needed" if first["type"] == "missing" else f"{first['msg']}, found {first['input']!r:.60}"
        )
        raise InputError(path, ".".join(map(str, first["loc"])), expected) from None


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowException

    from sim.metrics import COLUMNS

    try:
        table = pd.read_parquet(path)
    except (OSError, ArrowException) as error:
        raise InputError(path, "", f"expected a Parquet file of metrics ({error!s:.120})") from None
    for name in COLUMNS:
        if name not in table:
            raise InputError(path, f"column {name}", f"is needed, found {', '.join(table.columns)}")
    return table
