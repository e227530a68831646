"""A small study: two counties, two years, twelve scenarios of 64 paths."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.definition.scenario_file import LIBRARY
from scenarios.rulebook.rules_file import CITIES
from scenarios.sweeps.sweep import SweepRequest
from scenarios.toml_text import to_toml

STUDY = """\
extends = "base.toml"
[levers]
policy.employee.reserve_months = [1, 3, 6]
rules = ["taizhou", "full-pooling"]
[uncertainties]
volatility_factor = [1, 2]
[outcomes]
metrics = ["event:reserve_depletion", "months_of_capacity", "unfunded"]
"""
SCENARIOS = 12
Write = Callable[..., Path]
"""Writes a text as a file, ``study.toml`` unless named otherwise."""


def write_study(folder: Path, text: str = STUDY) -> Path:
    """The study's file, and beside it the scenario that it extends."""
    base = tomllib.loads((LIBRARY / "taizhou.toml").read_text("utf-8"))
    base |= {"name": "base", "counties": base["counties"][:2], "horizon_years": 2, "paths": 64}
    (folder / "base.toml").write_text(to_toml(base), "utf-8")
    path = folder / "study.toml"
    path.write_text(text, "utf-8")
    return path


def write_own_rules(folder: Path) -> Path:
    """The study with a rules file of one's own in place of a template; that file."""
    write_study(folder, STUDY.replace('"full-pooling"', '"own.toml"'))
    own = folder / "own.toml"
    own.write_bytes((CITIES / "linyi.toml").read_bytes())
    return own


def request(folder: Path, **chosen: Any) -> SweepRequest:
    """The sweep of ``folder/study.toml`` into ``folder/out``."""
    return SweepRequest(**{"study": folder / "study.toml", "out": folder / "out"} | chosen)


def results(out: Path) -> dict[str, bytes]:
    """Every file of a sweep's folder but the one that says how long it took."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "speed.json")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}
