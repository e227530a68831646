"""Scenario discovery: under which conditions the scenarios of a sweep fail, as boxes.

The EMA Workbench's PRIM (Friedman and Fisher 1999; Bryant and Lempert 2010) peels slices off the space of
what varied until what is left is mostly failures.  Of its trajectory the box is taken that covers the most
failures among those dense enough; the next box is looked for in what is left.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from scenarios.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]
BOXES = 3
"""At most."""


@dataclass(frozen=True)
class Limit:
    """What a box asks of one uncertainty: a range, or some of its values."""

    name: str
    low: float | None
    """None where the box goes down to the least value that was run; as ``high``."""
    high: float | None
    values: tuple[str, ...]
    """Of words, those inside; empty for numbers."""
    p_value: float
    """Quasi-p: the chance that as many scenarios inside fail if this condition, both its ends, is of no use
    (Bryant and Lempert 2010)."""


@dataclass(frozen=True)
class Box:
    """Conditions under which scenarios fail."""

    limits: tuple[Limit, ...]
    coverage: float
    """Of all failures, those inside."""
    density: float
    """Of the scenarios inside, those that fail."""
    scenarios: int
    failures: int


def discover(experiments: pd.DataFrame, fails: Flags, density: float) -> tuple[Box, ...]:
    """Boxes of at least that density, the widest first found; none where no box reaches it.

    ``experiments``: a row a scenario, numbers or text.  InputError where the EMA Workbench is missing.
    """
    if find_spec("ema_workbench") is None:
        install = "pip install '.[discovery]' in fundsim's checkout"
        expected = f"expected the EMA Workbench: {install} (or fundsim export --ema)"
        raise InputError("discover", "", expected)
    with _quiet():
        from ema_workbench.analysis.prim import Prim

        asked = {"threshold": density} if "threshold" in signature(Prim).parameters else {}  # before 3.0
        prim = Prim(experiments, fails, **asked)
        left = np.ones(len(fails), bool)
        found: list[Box] = []
        while len(found) < BOXES:
            candidate = prim.find_box()
            if candidate is None:
                break
            trajectory = candidate.peeling_trajectory
            dense = trajectory[(trajectory["density"] >= density) & (trajectory["res_dim"] > 0)]
            if not len(dense):
                break
            at = int(dense.sort_values(["coverage", "density"]).index[-1])
            candidate.select(at)
            box, inside = _box(candidate, at, experiments, fails, left)
            found.append(box)
            left &= ~inside
    return tuple(found)


def boxes_table(boxes: tuple[Box, ...]) -> pd.DataFrame:
    """Tidy: a row a box and limit; values are separated by a bar."""
    import pandas as pd

    rows = [
        (
            number,
            *(limit.name, limit.low, limit.high, "|".join(limit.values), limit.p_value),
            *(box.coverage, box.density, box.scenarios, box.failures),
        )
        for number, box in enumerate(boxes, 1)
        for limit in box.limits
    ]
    names = "box uncertainty low high values p_value coverage density scenarios failures".split()
    return pd.DataFrame.from_records(rows, columns=names)


def _box(candidate: Any, at: int, experiments: pd.DataFrame, fails: Flags, left: Flags) -> tuple[Box, Flags]:
    """A box of PRIM's trajectory among the scenarios that are ``left``, and which of them lie inside."""
    stats, limits = candidate.peeling_trajectory.loc[at], candidate.box_lims[at]
    chances = candidate.p_values if hasattr(candidate, "p_values") else candidate.qp  # before 3.0
    within = {name: _within(experiments[name], *limits[name].tolist()) for name in chances[at]}
    inside, found = np.logical_and.reduce([left, *within.values()]), []
    for name in within:
        low, high = limits[name].tolist()
        values: tuple[str, ...] = ()
        if isinstance(low, (set, frozenset)):
            values, low, high = tuple(sorted(map(str, low))), None, None
        else:
            column = experiments[name]
            low = None if low <= column.min() else float(low)
            high = None if high >= column.max() else float(high)
        others = np.logical_and.reduce([left, *(within[other] for other in within if other != name)])
        chance = float(binom.sf(fails[inside].sum() - 1, inside.sum(), fails[others].mean()))
        found.append(Limit(name, low, high, values, chance))
    found.sort(key=lambda limit: limit.p_value)
    numbers = int(stats["n"]), int(stats["k"])
    return Box(tuple(found), float(stats["coverage"]), float(stats["density"]), *numbers), inside


def _within(column: pd.Series[Any], low: Any, high: Any) -> Flags:
    """Scenarios that meet one condition: a range with its ends, or some values."""
    found = column.isin(low) if isinstance(low, (set, frozenset)) else column.between(low, high)
    return found.to_numpy(bool)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the workbench's warnings of packages that it could use, and of ways of pandas that will go."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"ema_workbench\.")
        warnings.filterwarnings("ignore", message=".*ipyparallel.*|.*altair.*")
        yield
