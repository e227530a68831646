"""The entry of compiled kernels: reads arguments as ``native`` writes them down, and writes results."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.np.numpy_support import as_dtype

from sim.compiler.arguments import POINTER, WORD, Held, Words, types, words_of
from sim.compiler.native import ENTRY, WORDS

NUMBERS, SHAPE, STRIDES = (object.__basicsize__ // 8 + field for field in (0, 2, 3))
"""Words of an array's Python object: after the head where its numbers are, how many dimensions it has, where
its shape is, where its strides are.  Every extension module has NumPy's order of them built in."""


def entry_of(lowered: Any) -> Any:
    """Module of the function that takes a kernel's arguments, calls it and writes its results."""
    context, descriptor = lowered.target_context, lowered.fndesc
    module = context.create_module(ENTRY)
    called = context.call_conv.get_function_type(descriptor.restype, descriptor.argtypes)
    kernel = ir.Function(module, called, descriptor.llvm_func_name)
    function = ir.Function(module, ir.FunctionType(ir.IntType(32), [POINTER, POINTER]), ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())
    given, results = (Words(context, builder, place) for place in function.args)
    taken = Words(context, builder, builder.alloca(WORD, words_of(descriptor.argtypes)))
    for kind in descriptor.argtypes:
        take(given, taken, kind)
    words = Words(context, builder, taken.place)
    args = [words.read(kind) for kind in descriptor.argtypes]
    status, result = context.call_conv.call_function(
        builder, kernel, descriptor.restype, descriptor.argtypes, args
    )
    for i, kind in enumerate(_members(descriptor.restype)):
        one = builder.extract_value(result, i) if isinstance(descriptor.restype, types.BaseTuple) else result
        results.write(kind, one)
    builder.ret(status.code)
    return module


def take(given: Words, taken: Words, kind: Any) -> None:
    """Code that makes a value's words of what Python gives: an array or a record is the object's address."""
    if isinstance(kind, Held | types.BaseTuple):
        for member in kind.members.values() if isinstance(kind, Held) else kind.types:
            take(given, taken, member)
    elif isinstance(kind, types.Array | types.Record):
        found = Words(given.context, given.builder, given.load(POINTER))
        taken.store(found.load_at(NUMBERS))
        for field in (SHAPE, STRIDES) if isinstance(kind, types.Array) else ():
            numbers = Words(given.context, given.builder, found.load_at(field, POINTER))
            for _ in range(kind.ndim):
                taken.store(numbers.load())
    elif not isinstance(kind, types.NoneType):
        taken.store(given.load())


def returned_words(returned: Any) -> str:
    """``Code.result`` of what a kernel returns."""
    words = "".join(WORDS[as_dtype(kind).str] for kind in _members(returned))
    return f"({words})" if isinstance(returned, types.BaseTuple) else words


def _members(returned: Any) -> list[Any]:
    """Types of the numbers that a kernel returns."""
    if isinstance(returned, types.NoneType):
        return []
    return [*returned.types] if isinstance(returned, types.BaseTuple) else [returned]
