"""Result files: made of sections measured in processes of their own, written, read back and compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Say, record
from benchmarks.processes import ROOT, cold_start, memory
from benchmarks.sections import Settings
from scenarios.errors import InputError
from scenarios.runs.machine import PACKAGES, machine

SCHEMA = 1
ONE_CORE = ("workload", "cities")
"""Sections pinned to one processor, so that a library with threads of its own has one too."""
IN_PROCESS = ("workload", "threads", "cities", "scaling")
SECTIONS = ("kernels", *IN_PROCESS, "cold_start", "memory")
RECORD_KEYS = {"section", "name", "unit", "samples", "low", "median", "high"}
KERNELS = {
    "test_generator": ("generator: Threefry4x32-13", "million 32-bit words/s"),
    "test_generator_numpy": ("generator: NumPy's Philox", "million 32-bit words/s"),
    "test_normals": ("normals from words, float32", "million normals/s"),
    "test_normals_numpy": ("normals: NumPy's SFC64 and ziggurat, float32", "million normals/s"),
    "test_month_shocks": ("a month's words, normals, exponentials", "Mcfm/s"),
    "test_post": ("a month into the ledger", "Mcfm/s"),
    "test_top_up": ("top-up, once a year", "Mcfm/s"),
    "test_settlement": ("settlement, once a year", "Mcfm/s"),
    "test_workload_block": ("W, eight blocks of paths", "Mcfm/s"),
    "test_whole_run": ("whole model, a run of 2,048 paths and 3 years", "Mcfm/s"),
}


def measure_all(sections: Sequence[str], settings: Settings, say: Say) -> dict[str, Any]:
    """The sections' records with machine, versions and settings beside them.

    A section that fails takes no other with it: it is among what is ``missing``, with the reason.
    """
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine((*PACKAGES, "jax", "torch", "pytest-benchmark"))
        | {"compiler": compiler_version()},
        "settings": asdict(settings),
        "records": [],
        "missing": {},
    }
    for section in sections:
        say(f"== {section}")
        try:
            part = measured(section, settings, say)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
            say(f"{section} failed: {error}")
            part = {"records": [], "missing": {section: f"failed: {str(error).splitlines()[0]}"}}
        result["records"] += part.pop("records")
        result["missing"] |= part.pop("missing", {})
        result |= part
    return result


def measured(section: str, settings: Settings, say: Say) -> dict[str, Any]:
    """One section's records, and what else it has to say."""
    if section == "kernels":
        return kernels(say)
    if section in IN_PROCESS:
        return in_process(section, settings)
    return {"cold_start": cold_start, "memory": memory}[section](settings, say)


def in_process(section: str, settings: Settings) -> dict[str, Any]:
    """One section in a fresh process; its progress goes to this one's standard error."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "part.json"
        command = [
            sys.executable,
            "-m",
            "benchmarks",
            "section",
            section,
            str(out),
            json.dumps(asdict(settings)),
        ]
        subprocess.run(command, cwd=ROOT, check=True)
        part: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return part


def kernels(say: Say) -> dict[str, Any]:
    """Runs pytest-benchmark and keeps the speed of every repetition."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kernels.json"
        command = [sys.executable, "-m", "pytest", "benchmarks/test_kernels.py", f"--benchmark-json={out}"]
        say(" ".join(command[1:4]))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the kernel benchmarks failed:\n{done.stdout}{done.stderr}")
        measured = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    out_records = []
    for one in measured:
        name, unit = KERNELS[one["name"]]
        items = one["extra_info"]["items"]
        speeds = [items / seconds / 1e6 for seconds in one["stats"]["data"]]
        out_records.append(record("kernels", name, unit, speeds))
    return {"records": out_records}


def pin(section: str) -> None:
    """Keep this process on one processor, where the section asks for it and the system can."""
    if section in ONE_CORE and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def compiler_version() -> str | None:
    """The C++ compiler's first line about itself."""
    from benchmarks.peers.cpp_peer import compiler

    found = compiler()
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0] if said else None


def read_result(path: Path) -> dict[str, Any]:
    """A result file; InputError for anything else."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(path, "", f"expected a result file of the benchmarks ({error})") from None
    problem = fault(result)
    if problem:
        raise InputError(path, problem, "expected a result file of the benchmarks")
    return dict(result)


def fault(result: Any) -> str | None:
    """What is wrong with a result's form, or None."""
    if not isinstance(result, dict) or result.get("schema") != SCHEMA:
        return "schema"
    if not isinstance(result.get("machine"), dict) or "processor" not in result["machine"]:
        return "machine"
    for i, entry in enumerate(result.get("records") or [{}]):
        if not isinstance(entry, dict) or not RECORD_KEYS <= set(entry):
            return f"records[{i}]"
        if not 0 < entry["low"] <= entry["median"] <= entry["high"]:
            return f"records[{i}]"
    return None


def _verdict(unit: str, more: bool) -> str:
    if unit != "s" and not unit.endswith("/s"):  # memory, or a deviation in %
        return "more" if more else "less"
    return "faster" if more == unit.endswith("/s") else "slower"


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, ...]]:
    """Rows: section, name, both medians, their ratio, and whether the quartiles lie apart."""
    rows: list[tuple[str, ...]] = []
    old = {(r["section"], r["name"]): r for r in before["records"]}
    for new in after["records"]:
        was = old.get((new["section"], new["name"]))
        if was is None or was["unit"] != new["unit"]:
            continue
        ratio = new["median"] / was["median"]
        apart = new["low"] > was["high"] or new["high"] < was["low"]
        said = _verdict(new["unit"], ratio > 1) if apart else "within spread"
        medians = f"{was['median']:g}", f"{new['median']:g} {new['unit']}"
        rows.append((new["section"], new["name"], *medians, f"{ratio:.2f}", said))
    return rows
