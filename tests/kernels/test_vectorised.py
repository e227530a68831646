"""Every stage that asks for wide vectors gets them: read from the machine code of the whole simulation.

The loops over lanes are why the simulation is fast, and nothing but speed shows when one of them is no
longer done 8 or 16 lanes at a time: a call of the C library, an index that may be negative, a branch.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from drawn import make_case
from machine_code import Function, functions_of

from sim import kernels
from sim.compiler import cache, processor
from sim.compiler.stages import INTERPRETED, Stage
from sim.kernels.block import simulate_blocks
from sim.kernels.lanes import LANES, known, stage, wide
from sim.kernels.paired import pair_blocks
from sim.kernels.summaries import summarise
from sim.metrics import metrics_table
from sim.paired import simulate_paired

pytestmark = [
    pytest.mark.skipif(INTERPRETED, reason="without the compiler there is no machine code"),
    pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86-64 assembly"),
]


def wide_stages() -> dict[str, Any]:
    """Every stage of the kernels that calls ``wide``, by its full name."""
    found = {}
    for file in pkgutil.iter_modules(kernels.__path__):
        module = importlib.import_module(f"sim.kernels.{file.name}")
        for name, value in vars(module).items():
            if isinstance(value, Stage) and "wide" in value.py_func.__code__.co_names:
                found[f"{value.py_func.__module__}.{name}"] = value
    return found


def versions(functions: dict[str, Function], stage: Any) -> list[Function]:
    """What a stage was compiled to: once for each kind of arguments it is called with."""
    function = stage.py_func
    parts = f"{function.__module__}.{function.__qualname__}".split(".")
    start = "_ZN" + "".join(f"{len(part)}{part}" for part in parts) + "B"
    return [body for name, body in functions.items() if name.startswith(start)]


@contextmanager
def optimised() -> Iterator[list[tuple[Any, Any]]]:
    """All code that is compiled until this ends, before it becomes machine code, and what makes it that."""
    found: list[tuple[Any, Any]] = []

    def noted(portable: processor.Portable) -> tuple[Any, Any]:
        found.append(vectorised(portable))
        return found[-1]

    vectorised = processor.vectorised
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processor, "vectorised", noted)
        yield found


@pytest.fixture(scope="module")
def simulation() -> dict[str, Function]:
    """Optimised afresh: what the cache keeps has no stages left to tell apart."""
    case = make_case(years=1)
    with pytest.MonkeyPatch.context() as patch, optimised() as found:
        patch.setattr(cache, "read", lambda file: None)
        patch.setattr(cache, "write", lambda file, content: None)
        for kernel in (pair_blocks, simulate_blocks, summarise):
            patch.setattr(kernel, "_native", {})
        metrics_table(simulate_paired([case, case], paths=1, seed=1).results[0], "case")
    return {name: body for code in found for name, body in functions_of(*code).items()}


@pytest.fixture(scope="module")
def registers() -> str:
    """The widest that kernels are compiled for here."""
    features = processor.processor()[1].split(",")
    if "+avx2" not in features:
        pytest.skip("without AVX2 a branch in a loop leaves single numbers, and nothing else is promised")
    return "zmm" if "+avx512f" in features else "ymm"


def test_there_are_stages() -> None:
    assert len(wide_stages()) > 60


@pytest.mark.parametrize("name", wide_stages())
def test_every_stage_that_asks_for_it_runs_at_full_width(
    simulation: dict[str, Function], registers: str, name: str
) -> None:
    found = versions(simulation, wide_stages()[name])
    assert found, "no kernel runs it"
    assert [fault for body in found for fault in body.faults(registers)] == []


AFTER, LAST = np.int64(LANES), np.int64(2 * LANES)


@stage
def good(out, row, slot):
    wide()
    slot = known(slot)
    for i in range(LANES):
        out[i] = math.sqrt(row[slot + i]) * 2.0


@stage
def calls_the_c_library(out, row, slot):
    wide()
    slot = known(slot)
    for i in range(LANES):
        out[i] = math.exp(row[slot + i])


@stage
def may_count_from_the_end(out, row, slot):
    wide()
    for i in range(LANES):
        out[i] = 2.0 * row[slot + i]


@stage
def depends_on_the_lane_before(out, row, slot):
    wide()
    slot = known(slot)
    for i in range(1, LANES):
        out[i] = out[i - 1] * 0.5 + row[slot + i]


@stage
def stores_apart(out, row, slot):
    wide()
    for i in range(LANES):
        row[3 * i] = out[i] * 2.0


@stage
def short(out, row, slot):
    wide()
    for i in range(LANES // 2):
        row[LANES + i] = -row[i]


@stage
def branches(out, row, slot):
    wide()
    for i in range(LANES):
        row[AFTER + i] += 1.0 if row[i] > 0.0 or row[LAST + i] > 0.0 else 0.0


@pytest.mark.parametrize(
    ("example", "one_of"),
    [
        (good, ()),
        (short, ()),
        (branches, ()),
        (calls_the_c_library, ("a call of exp in a loop",)),
        (may_count_from_the_end, ("vgatherqpd", "vmovhpd")),
        (depends_on_the_lane_before, ("a loop of single numbers",)),
        (stores_apart, ("vscatterdpd", "vscatterqpd")),
    ],
)
def test_the_reader_finds_faults(registers: str, example: Any, one_of: tuple[str, ...]) -> None:
    if example is stores_apart and registers != "zmm":
        one_of = ("a loop of single numbers", "vmovhpd")  # AVX2 has no scatter
    with optimised() as found:
        example(np.zeros(LANES), np.ones(3 * LANES), np.int64(LANES))
    (body,) = versions(functions_of(*found[0]), example)
    faults = body.faults(registers)
    assert any(fault in each for fault in one_of for each in faults) or faults == [] == [*one_of]
