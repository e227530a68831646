"""Kernels called as machine code give what the same functions give in Python, for arguments of every kind."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from sim.compiler.native import arguments_of, load
from sim.compiler.stages import INTERPRETED, stage

pytestmark = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
RECORD = np.dtype([("flag", np.bool_), ("count", np.int64), ("rate", np.float64)], align=True)
NUMBERS = [True, -3, 2**62, -0.1, np.True_, np.float32(0.1), np.float64(1e300)]
NUMBERS += [np.int8(-7), np.int16(-300), np.int32(-(2**31)), np.int64(-(2**63))]
NUMBERS += [np.uint8(255), np.uint16(65535), np.uint32(2**32 - 1), np.uint64(2**64 - 1)]


class Inner(NamedTuple):
    row: Any
    notes: Any
    number: float


class Outer(NamedTuple):
    first: Inner
    table: Any
    pair: tuple[int, Any]


def same(x):
    return x


def pair_of(x, y):
    return x, y


def weighed(table):
    """Tells shape, order and strides apart."""
    total = 0.0
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            total += (10 * i + j + 1) * table[i, j]
    return total


@stage
def noted(notes):
    if notes is None:
        return 1.0
    return notes[0]


def members(outer, factor):
    inner, (count, row) = outer.first, outer.pair
    found = noted(inner.notes)
    return factor * (inner.row[1] + inner.number + found) + count * outer.table[1, 0] + row[0]


def in_a_plain_tuple(both):
    inner, n = both
    return inner.row[0] * n + inner.number


def of_record(record):
    return (record["rate"] + record["count"]) if record["flag"] else -1.0


def doubled(row):
    for i in range(row.shape[0]):
        row[i] *= 2


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__} {number}")
def test_numbers_go_in_and_come_out(number: Any) -> None:
    expected = number.item() if isinstance(number, np.generic) else number
    (one, two), alone = stage(pair_of)(number, 2.5), stage(same)(number)
    assert (one, two, alone) == (expected, 2.5, expected)
    assert type(one) is type(alone) is type(expected)


TABLE = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "table",
    [
        *(TABLE, TABLE.T, np.asfortranarray(TABLE), TABLE[::2, 1:], TABLE[::-1, ::-1], TABLE[:0]),
        *(TABLE[:1], TABLE[:, :1], TABLE.astype(np.float32), TABLE.astype(np.int16), TABLE > 3),
        np.broadcast_to(np.float64(2.5), (2, 3)),
    ],
)
def test_arrays_of_any_order_and_kind(table: np.ndarray) -> None:
    kernel = stage(weighed)
    assert kernel(table) == weighed(table)
    table = table[:, ::-1]  # another kind to the same kernel
    assert kernel(table) == weighed(table)


def test_tuples_within_tuples_and_none() -> None:
    kernel, row = stage(members), np.array([3.0, 5.0])
    for notes in (None, row):
        outer = Outer(Inner(row, notes, 0.5), TABLE, (4, row.astype(np.float32)))
        assert kernel(outer, 2) == members(outer, 2)


def test_named_tuples_in_plain_ones() -> None:
    both = Inner(np.array([3.0, 5.0]), None, 0.5), 7
    assert stage(in_a_plain_tuple)(both) == in_a_plain_tuple(both) == 21.5


def test_members_that_do_not_exist_are_refused() -> None:
    from numba.core.errors import TypingError

    with pytest.raises(TypingError, match="Unknown attribute 'flags'"):
        stage(lambda outer: outer.flags)(Inner(1, 2, 3.0))


def test_records() -> None:
    records = np.array([(True, -3, 0.5), (False, 9, 9.0)], RECORD)
    for record in records:
        assert stage(of_record)(record) == of_record(record)


def test_what_a_kernel_writes_is_in_the_array() -> None:
    row = np.arange(6, dtype=np.int32)
    assert stage(doubled)(row[1::2]) is None
    assert row.tolist() == [0, 2, 2, 6, 4, 10]


@pytest.mark.parametrize("wrong", ["text", [1.0], {}, np.str_("x"), 1j, np.datetime64("2026-01-01")])
def test_what_no_kernel_takes_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"expected an array, .* found {type(wrong).__name__}"):
        stage(same)(wrong)


def test_kinds_are_told_apart_where_numba_does() -> None:
    row = np.ones(3)
    read_only = np.ones(3)
    read_only.flags.writeable = False
    different = [
        row,
        row[::2],
        read_only,
        row.astype(np.float32),
        TABLE,
        TABLE.T,
        None,
        1,
        1.0,
        True,
        (1,),
        (),
    ]
    kinds = [arguments_of((arg,)).kinds for arg in [*different, Inner(1, 2, 3), (1, 2, 3)]]
    assert len(set(kinds)) == len(kinds)
    assert arguments_of((1, 2.0)).kinds == arguments_of((np.int64(7), np.float64(8))).kinds


def test_code_is_the_same_after_it_was_a_file() -> None:
    from sim.compiler.processor import machine_code
    from sim.compiler.translation import translated

    kernel = stage(weighed)
    portable = translated(kernel.inside, (TABLE,))
    assert type(portable).from_bytes(portable.to_bytes()) == portable
    code = machine_code(portable)
    assert type(code).from_bytes(code.to_bytes()) == code
    native = load(code)
    assert native is not None and native(arguments_of((TABLE,)).words) == weighed(TABLE)
    assert load(code._replace(needed=("nowhere_to_be_found",))) is None
