"""What is done for the vectoriser's sake, each with its reason; ``sim.compiler`` says how kernels compile.

* ``wide``: asks LLVM for 512-bit vectors, which it avoids by default; promises that the stage's arrays have
  no memory in common, or every loop would exist twice, the second time without vectors, behind a check; and
  forbids inlining of the stage into its caller, where the loop would lose both.
* ``inlined``: demands inlining of a helper that is longer than LLVM inlines by itself; a call inside a
  loop over lanes would keep the loop from vectorising.
* ``known``: a slot passed as an argument might be negative for all the compiler knows, and indices that may
  count from a row's end turn every load of a loop into a gather.  ``known`` drops the two upper bits, which
  are 0 in whatever is not negative, and so the compiler knows too.
* ``fetch``: has the processor bring an array's item nearer, soon to be written, and goes on.
* 32-bit integer operations: numba widens ``uint32 + uint32`` to 64 bits, which halves the lanes.  Those with
  ``bits`` and ``float`` in their names reinterpret or convert, as numba does in 64 bits only.

What else is done for speed has its reason where it stands: months by the stretch and four at a time
(``block``, ``shocks.TOGETHER``, ``months.post_four``), a county's chain of steps (``settlement``), lengths
that the compiler knows (``rows.quarter``), rows of noughts left out (``tally.any_value``), bins that are
bytes, and fetched (``counts``), ``np.int64`` in place of literals (``codes``, ``block``), arrays on pages
(``lower.aligned_zeros``), how numba and LLVM are asked (``sim.compiler``).

With ``NUMBA_DISABLE_JIT=1`` every operation has a plain NumPy fallback of the same result.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from sim.compiler.stages import INTERPRETED, stage

LANES = 128
"""Paths side by side in a row; also the canonical block in which float sums are formed.

With strips of 64 Taizhou, Ziyang and Linyi were 14, 16 and 4 % slower (Zen 4), for the calls of stages weigh
more; with 256 nothing was quicker.
"""
HALF = LANES // 2
"""From here on lanes hold the mirror images of the first half's, where paths are mirrored."""
MASK = 0xFFFFFFFF


class Operation:
    """What is compiled to an instruction or an attribute of LLVM, as ``instructions`` has it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def _numba_type_(self) -> Any:
        from sim.compiler.instructions import numba_type

        return numba_type(self.name)


def _interpreted() -> dict[str, Any]:
    """The same operations on NumPy scalars."""

    def unsigned(value: int) -> np.uint32:
        return np.uint32(value & MASK)

    def signed(value: int) -> np.int32:
        return np.uint32(value & MASK).view(np.int32)

    return {
        "wide": lambda: None,
        "inlined": lambda: None,
        "known": lambda slot: slot,
        "fetch": lambda array, index: None,
        "uadd": lambda x, y: unsigned(int(x) + int(y)),
        "uxor": lambda x, y: unsigned(int(x) ^ int(y)),
        "rotate": lambda x, k: unsigned(int(x) << int(k) | int(x) >> (32 - int(k))),
        "iadd": lambda x, y: signed(int(x) + int(y)),
        "isub": lambda x, y: signed(int(x) - int(y)),
        "iand": lambda x, y: signed(int(x) & int(y)),
        "ixor": lambda x, y: signed(int(x) ^ int(y)),
        "ishl": lambda x, y: signed(int(x) << int(y)),
        "ishr": lambda x, y: signed(int(x) >> int(y)),
        "signed": lambda x: signed(int(x)),
        "bits": lambda x: np.float32(x).view(np.int32),
        "from_bits": lambda x: np.int32(x).view(np.float32),
        "to_float": lambda x: np.float32(int(x)),
        "double_bits": lambda x: np.float64(x).view(np.int64),
    }


_operations = _interpreted()
if not INTERPRETED:
    _operations = {name: Operation(name) for name in _operations}
wide, inlined, known = _operations["wide"], _operations["inlined"], _operations["known"]
fetch = _operations["fetch"]
uadd, uxor, rotate = _operations["uadd"], _operations["uxor"], _operations["rotate"]
iadd, isub, iand, ixor = _operations["iadd"], _operations["isub"], _operations["iand"], _operations["ixor"]
ishl, ishr, signed = _operations["ishl"], _operations["ishr"], _operations["signed"]
to_float = _operations["to_float"]
bits, from_bits, double_bits = _operations["bits"], _operations["from_bits"], _operations["double_bits"]

__all__ = ["HALF", "LANES", "stage"]
