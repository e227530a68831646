"""What ``lanes.wide`` promises the compiler, checked where kernels are plain Python: a stage's arrays have no
memory in common."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from sim.kernels import lanes

seen: set[str] = set()
"""Stages that were called."""


def arrays_of(name: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    """An argument, or an argument's members, by name."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, tuple):
        for n, member in enumerate(value):
            yield from arrays_of(f"{name}[{n}]", member)


def wide() -> None:
    """In place of the one that promises: AssertionError where the caller's promise is broken."""
    stage = sys._getframe(1)
    seen.add(stage.f_code.co_name)
    names = stage.f_code.co_varnames[: stage.f_code.co_argcount]
    arrays = [it for name in names for it in arrays_of(name, stage.f_locals[name])]
    for (one, ours), (other, theirs) in combinations(arrays, 2):
        assert not np.may_share_memory(ours, theirs), f"{stage.f_code.co_name}: {one} and {other} overlap"


def promising() -> set[str]:
    """Every stage that promises."""
    names = set()
    for source in Path(lanes.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "wide()" in map(ast.unparse, node.body):
                names.add(node.name)
    return names


def watch() -> None:
    """To be called before any kernel is imported."""
    lanes.wide = wide
