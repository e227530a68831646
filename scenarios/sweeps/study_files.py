"""A study as a sweep's folder tells it: what study.json says, and the table of scenarios."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.definition.scenario_file import RULES_KEYS
from scenarios.definition.study import Point, Study
from scenarios.definition.variation import Values, Variation
from scenarios.held import content, content_sha256
from scenarios.runs.program import program

if TYPE_CHECKING:
    from scenarios.sweeps.sweep import Task

HERE = Path(__file__).resolve().parents[1]
FORMAT = 1
"""Of the folder."""
RULES = "rules"
"""Where copies of one's own rules files lie in the folder."""


def manifest(task: Task, points: Sequence[Point]) -> dict[str, Any]:
    """All that the figures follow from: the study as resolved, paths and seed, inputs, program."""
    study, first = task.study, task.study.bases[0]
    ids = hashlib.sha256("".join(point.id for point in points).encode()).hexdigest()
    rules = own_rules(study, points)
    return {
        "format": FORMAT,
        "study": study.name,
        "scenarios": len(points),
        "paths": task.paths,
        "seed": task.seed,
        "levers": _varied(first.levers),
        "uncertainties": _varied(first.uncertainties),
        "outcomes": study.outcomes.model_dump(mode="json"),
        "design": study.design.model_dump(mode="json"),
        "bases": {
            name: base.file.model_dump(mode="json")
            for name, base in zip(study.base_names, study.bases, strict=True)
        },
        "program": program(),
        "rules_files": {name: f"{RULES}/{copy_name(content_sha256(path))}" for name, path in rules.items()},
        "inputs_sha256": {_named(path, study): content_sha256(path) for path in _inputs(study, points)},
        "scenarios_sha256": ids,
    }


def scenario_table(study: Study, points: Sequence[Point]) -> Any:
    """An Arrow table: id, number, base, a column for each address; empty where a point does not have it."""
    import pyarrow as pa

    addresses = list(dict.fromkeys(at for point in points for at in point.values))
    columns: dict[str, Any] = {
        "scenario": [point.id for point in points],
        "number": [point.number for point in points],
        "base": [study.base_names[point.base] for point in points],
    }
    for at in addresses:
        columns[at] = _of_one_kind([point.values.get(at) for point in points])
    return pa.table(columns)


def _of_one_kind(values: list[Any]) -> list[Any]:
    """Numbers and truths as they are; tables, lists and what is mixed as text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in values] if float in kinds else values
    if len(kinds) == 1 and kinds <= {bool, str}:
        return values
    return [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]


def _varied(variations: Any) -> dict[str, Any]:
    return {at: _plain(each) for at, each in variations.items()}


def _plain(variation: Variation) -> Any:
    spec = variation.spec
    if isinstance(spec, Values) and spec.present is None:
        return list(spec.values)
    return spec.model_dump(mode="json", exclude_none=True)


def _inputs(study: Study, points: Sequence[Point]) -> list[Path]:
    """Every file that was read: the study's and the bases', and the rules of all their cities."""
    files: dict[Path, None] = {path: None for base in study.bases for path in base.files}
    files |= {path: None for baseline in study.baselines for path in baseline.city.files}
    seen = set()
    for point in points:
        rules = tuple((at, str(point.values.get(at))) for at in RULES_KEYS)
        base = study.bases[point.base].file
        key = (base.city, base.rules, base.template, rules)
        if key not in seen:
            seen.add(key)
            files |= dict.fromkeys(study.scenario(point).city.files)
    return list(files)


def own_rules(study: Study, points: Sequence[Point]) -> dict[str, Path]:
    """Rules files that do not come with the program, by the name under which the study has them."""
    named = {name for base in study.bases for at in RULES_KEYS if (name := getattr(base.file, at))}
    named |= {name for point in points for at in RULES_KEYS if (name := point.values.get(at))}
    return {name: study.path.parent / name for name in sorted(named) if name.endswith(".toml")}


def copies(study: Study, points: Sequence[Point]) -> dict[str, bytes]:
    """What those rules files hold, by the name of the copy."""
    return {copy_name(content_sha256(path)): content(path) for path in own_rules(study, points).values()}


def copy_name(digest: str) -> str:
    """What the copy of a rules file in a sweep's folder is called, by the SHA-256 of what it holds."""
    return f"{digest[:12]}.toml"


def _named(path: Path, study: Study) -> str:
    """As seen from the study's folder; what comes with the program, as seen from the program's."""
    inside = path.resolve().is_relative_to(HERE)
    return Path(os.path.relpath(path, HERE if inside else study.path.parent)).as_posix()
