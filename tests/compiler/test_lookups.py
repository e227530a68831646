"""Noted answers of numba's lookups change neither a type nor a number, and numba is as before afterwards."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from numba.core import errors, types

from sim.compiler import lookups
from sim.kernels.lanes import stage

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

NUMBERS = [np.int64(-9), np.uint32(2**31 + 5), np.float32(1.3), np.True_]
OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}
PLACES = [(owner, name) for owner, name, _ in lookups._LOOKUPS if hasattr(owner, name)]


def operations(a, b, out):
    """The same operations on whatever comes, beside literals that are like one another."""
    out[0] = a + b
    out[1] = a * b - b
    out[2] = (a + 1) * (b + 1.0) + True
    out[3] = a // 2 + b / 2 - a % 3
    out[4] = -a if a < b else +b
    out[5] = min(a, b) + max(a, b) + abs(a)
    pair = (a, b)
    out[6] = pair[0] + pair[1] + pair[-1]


def indices(row, table, cube, out):
    """Elements, rows and slices of one, two and three dimensions."""
    out[0] = row[0] + row[row.shape[0] - 1] + row[-1]
    out[1] = table[0, 1] + table[1][0] + table[1, :][0] + table[:, 1][0]
    out[2] = cube[1, 0, 1] + cube[1, 0][1] + cube[0, :, 1][0] + cube[0][1][0]
    part = row[1:3]
    part[0] = 5
    part[:] = part[::-1][0]
    out[3] = row[1] + 10 * row[2]


def arrays(kind: Any) -> tuple[Any, ...]:
    return np.arange(4).astype(kind), np.arange(4).reshape(2, 2).astype(kind), np.ones((2, 2, 2), kind)


def answers(kernel: Any, arguments: Any) -> np.ndarray:
    out = np.zeros(7)
    with np.errstate(all="ignore"):
        kernel(*arguments, out)
    return out


def test_operations_on_every_pair_of_types_are_those_of_numba() -> None:
    noted, ordinary = stage(operations), numba.njit(**OPTIONS)(operations)
    for a in NUMBERS:
        for b in NUMBERS:
            assert answers(noted, (a, b)).tobytes() == answers(ordinary, (a, b)).tobytes(), (a, b)


@pytest.mark.parametrize("kind", [np.float64, np.int16])
def test_indices_are_those_of_numba(kind: Any) -> None:
    ordinary = numba.njit(**OPTIONS)(indices)
    assert (answers(stage(indices), arrays(kind)) == answers(ordinary, arrays(kind))).all()


def test_an_operation_is_looked_up_once_for_the_same_types_and_again_for_others() -> None:
    function = numba.core.registry.cpu_target.typing_context.resolve_value_type(max)
    asked: list[Any] = []

    def lookup(*question: Any) -> str:
        asked.append(question)
        return f"answer {len(asked)}"

    look = lookups._answered_once(lookups._operation)(lookup)
    whole, real, one = (types.int64,) * 2, (types.float64,) * 2, (types.literal(1), types.int64)
    assert [look(function, "typing", args, {}) for args in (whole, real, one, whole, list(real), one)] == [
        f"answer {number}" for number in (1, 2, 3, 1, 2, 3)
    ]
    assert look(function, "typing", whole, {"key": types.int64}) == "answer 4"
    assert look(function, "other", whole, {}) == "answer 5"


def test_an_index_is_not_taken_for_one_that_is_equal() -> None:
    look = lookups._answered_once(lookups._element)(lambda *question: question[2][1])
    for index in (1, True, 1.0, 1, "name", slice(1, 2), (1, slice(None)), (True, 1), (1, 1)):
        found = look("typing", "static_getitem", (types.int64, index), {})
        assert repr(found) == repr(index)


def test_numba_is_as_before_also_after_a_mistake() -> None:
    theirs = [vars(owner)[name] for owner, name in PLACES]
    assert len(theirs) > 3

    def mistaken(x):
        return x + "a word"

    with lookups.noted(), lookups.noted():
        assert all(vars(owner)[name] is not it for (owner, name), it in zip(PLACES, theirs, strict=True))
    with pytest.raises(errors.TypingError):
        stage(mistaken)(1.0)
    assert [vars(owner)[name] for owner, name in PLACES] == theirs


def test_what_numba_has_not_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_LOOKUPS", ((types.BaseFunction, "gone", lookups._missing_once),))
    with lookups.noted():
        assert not hasattr(types.BaseFunction, "gone")
    assert not hasattr(types.BaseFunction, "gone")
