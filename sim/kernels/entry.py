"""The entry of compiled kernels: reads arguments as ``native`` writes them down, and writes results."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import core
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import as_dtype

from sim.kernels.native import ENTRY, WORDS

types: Any = core.types  # whose annotations know less than its classes have
WORD = ir.IntType(64)
POINTER = WORD.as_pointer()
NUMBERS, SHAPE, STRIDES = (object.__basicsize__ // 8 + field for field in (0, 2, 3))
"""Words of an array's Python object: after the head where its numbers are, how many dimensions it has, where
its shape is, where its strides are.  Every extension module has NumPy's order of them built in."""


def entry_of(lowered: Any) -> Any:
    """Module of the function that reads a kernel's arguments from words, calls it and writes its results."""
    context, descriptor = lowered.target_context, lowered.fndesc
    module = context.create_module(ENTRY)
    called = context.call_conv.get_function_type(descriptor.restype, descriptor.argtypes)
    kernel = ir.Function(module, called, descriptor.llvm_func_name)
    function = ir.Function(module, ir.FunctionType(ir.IntType(32), [POINTER, POINTER]), ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())
    words, results = (Words(context, builder, place) for place in function.args)
    args = [words.read(kind) for kind in descriptor.argtypes]
    status, result = context.call_conv.call_function(
        builder, kernel, descriptor.restype, descriptor.argtypes, args
    )
    for i, kind in enumerate(_members(descriptor.restype)):
        one = builder.extract_value(result, i) if isinstance(descriptor.restype, types.BaseTuple) else result
        results.write(kind, one)
    builder.ret(status.code)
    return module


class Words:
    """Code that reads or writes one word after the other."""

    def __init__(self, context: Any, builder: Any, place: Any) -> None:
        self.context, self.builder, self.place, self.at = context, builder, place, 0

    def next(self, kind: Any = WORD) -> Any:
        """Where the next word is, as a number of that type."""
        self.at += 1
        return self._at(self.place, self.at - 1, kind)

    def _at(self, place: Any, word: int, kind: Any = WORD) -> Any:
        """So many words after a place."""
        place = self.builder.gep(place, [ir.Constant(ir.IntType(32), word)])
        return self.builder.bitcast(place, kind.as_pointer())

    def read(self, kind: Any) -> Any:
        """A value of that numba type."""
        context, builder = self.context, self.builder
        if isinstance(kind, types.Array):
            return self._array(kind)
        if isinstance(kind, types.BaseTuple):
            return context.make_tuple(builder, kind, [self.read(member) for member in kind])
        if isinstance(kind, types.NoneType):
            return context.get_dummy_value()
        if isinstance(kind, types.Record):
            return self._numbers(builder.load(self.next(POINTER)), context.get_value_type(kind))
        number = builder.load(self.next(context.get_data_type(kind)))
        return context.data_model_manager[kind].from_data(builder, number)

    def _array(self, kind: Any) -> Any:
        context, builder = self.context, self.builder
        found = builder.load(self.next(POINTER))
        shape, strides = (
            [
                builder.load(self._at(builder.load(self._at(found, field, POINTER)), n))
                for n in range(kind.ndim)
            ]
            for field in (SHAPE, STRIDES)
        )
        array = make_array(kind)(context, builder)
        populate_array(
            array,
            data=self._numbers(found, array.data.type),
            shape=shape,
            strides=strides,
            itemsize=context.get_abi_sizeof(context.get_data_type(kind.dtype)),
            meminfo=None,
        )
        return array._getvalue()

    def _numbers(self, array: Any, kind: Any) -> Any:
        """Where an array's numbers are."""
        return self.builder.load(self._at(array, NUMBERS, kind))

    def write(self, kind: Any, value: Any) -> None:
        """A number of that numba type."""
        number = self.context.data_model_manager[kind].as_data(self.builder, value)
        self.builder.store(number, self.next(number.type))


def returned_words(returned: Any) -> str:
    """``Code.result`` of what a kernel returns."""
    words = "".join(WORDS[as_dtype(kind).str] for kind in _members(returned))
    return f"({words})" if isinstance(returned, types.BaseTuple) else words


def _members(returned: Any) -> list[Any]:
    """Types of the numbers that a kernel returns."""
    if isinstance(returned, types.NoneType):
        return []
    return [*returned.types] if isinstance(returned, types.BaseTuple) else [returned]
