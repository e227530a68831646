"""Kernels as machine code: loaded, and called without the compiler.

numba takes as long to import as ten thousand paths take, and only compiling needs it.  A call writes its
arguments down as words of 64 bits, one after the other: an array or a record is the address of a Python
object, a number is itself, a tuple its members, None nothing.  The code's entry, which ``entry`` adds to
a kernel, reads them in the same order, and writes what the kernel returns as words too.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Hashable
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

ENTRY = "fundsim_entry"
"""``int32 (const char *arguments, char *results)``; 0 where all went well."""
C_ORDER, FORTRAN_ORDER, ALIGNED, WRITEABLE = 1, 2, 256, 1024
"""Bits of an array's flags."""
WORDS = {
    **{"|b1": "?7x", "|i1": "b7x", "<i2": "h6x", "<i4": "i4x", "<i8": "q"},
    **{"|u1": "B7x", "<u2": "H6x", "<u4": "I4x", "<u8": "Q", "<f4": "f4x", "<f8": "d"},
}
"""How ``struct`` writes a number as a word, by NumPy's name of its type."""
OF_PYTHON = {int: "<i8", float: "<f8", bool: "|b1"}


class Code(NamedTuple):
    """A kernel's machine code, for one kind of arguments."""

    result: str
    """``struct`` format of the words that it returns, in brackets if they are a tuple; empty for nothing."""
    needed: tuple[str, ...]
    """What it calls that must be found in the process."""
    object: bytes

    def to_bytes(self) -> bytes:
        """As a file keeps it."""
        return "\n".join([self.result, " ".join(self.needed), ""]).encode() + self.object

    @staticmethod
    def from_bytes(content: bytes) -> Code:
        """From what ``to_bytes`` made."""
        result, needed, code = content.split(b"\n", 2)
        return Code(result.decode(), tuple(needed.decode().split()), code)


class Arguments(NamedTuple):
    """A call's arguments."""

    kinds: tuple[Hashable, ...]
    """Those that differ in it are compiled for anew."""
    words: bytes
    records: list[NDArray[Any]]
    """Copies of single records among them, in memory until the call is over."""


def arguments_of(args: tuple[Any, ...]) -> Arguments:
    """Words of a call's arguments; TypeError for what a kernel cannot take."""
    arguments = Arguments((), b"", [])
    kinds: list[Hashable] = []
    formats = ["="]
    values: list[Any] = []

    def add(arg: Any) -> None:
        if isinstance(arg, np.ndarray):
            flags = arg.flags.num
            order = "C" if flags & C_ORDER else "F" if flags & FORTRAN_ORDER else "A"
            kinds.extend((arg.dtype, arg.ndim, order, flags & (ALIGNED | WRITEABLE)))
            formats.append("q")
            values.append(id(arg))
        elif isinstance(arg, tuple):
            kinds.extend((type(arg), len(arg)))
            for member in arg:
                add(member)
        elif arg is None:
            kinds.append(None)
        elif isinstance(arg, np.void):
            arguments.records.append(np.asarray(arg))
            kinds.append(arg.dtype)
            formats.append("q")
            values.append(id(arguments.records[-1]))
        else:
            kind = OF_PYTHON.get(type(arg)) or (arg.dtype.str if isinstance(arg, np.generic) else "")
            if kind not in WORDS:
                found = type(arg).__name__
                raise TypeError(f"expected an array, a record, a number, a tuple or None, found {found}")
            kinds.append(kind)
            formats.append(WORDS[kind])
            values.append(arg.item() if isinstance(arg, np.generic) else arg)

    for arg in args:
        add(arg)
    return arguments._replace(kinds=tuple(kinds), words=struct.pack("".join(formats), *values))


class Native:
    """Loaded machine code."""

    def __init__(self, engine: llvm.ExecutionEngine, result: str) -> None:
        self._engine = engine  # which has the code
        self._call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p)(
            engine.get_function_address(ENTRY)
        )
        self._results = struct.Struct("=" + result.strip("()"))
        self._tuple = result.startswith("(")

    def __call__(self, words: bytes) -> Any:
        """Runs it without the interpreter's lock."""
        results = ctypes.create_string_buffer(self._results.size)
        if self._call(words, results):
            raise RuntimeError("a kernel ended before its end")
        numbers = self._results.unpack(results.raw)
        return numbers if self._tuple else numbers[0] if numbers else None


def load(code: Code) -> Native | None:
    """The code made ready; None where the process has not all that it calls, which would end the process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine, use_lmm=True)  # in one piece
    if not all(llvm.address_of_symbol(name) for name in code.needed):
        return None
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.object))
    engine.finalize_object()
    return Native(engine, code.result)
