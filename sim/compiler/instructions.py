"""The operations of ``lanes`` as instructions of LLVM, for numba."""

from __future__ import annotations

from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

I32 = ir.IntType(32)
F32 = ir.FloatType()
BYTES = ir.IntType(8).as_pointer()


@cache
def _instructions() -> dict[str, Any]:
    """The operations as single LLVM instructions."""

    def two(operation: str, kind: types.Integer) -> Any:
        @intrinsic
        def call(context: Any, x: Any, y: Any) -> Any:
            return kind(kind, kind), lambda c, b, s, a: getattr(b, operation)(a[0], a[1])

        return call

    def cast(operation: str, source: Any, target: Any, llvm: ir.Type) -> Any:
        @intrinsic
        def call(context: Any, x: Any) -> Any:
            return target(source), lambda c, b, s, a: getattr(b, operation)(a[0], llvm)

        return call

    @intrinsic
    def rotate(context: Any, x: Any, k: Any) -> Any:
        def generate(c: Any, b: Any, s: Any, a: Any) -> Any:
            shift = b.module.declare_intrinsic("llvm.fshl", [I32], ir.FunctionType(I32, [I32, I32, I32]))
            return b.call(shift, [a[0], a[0], a[1]])

        return types.uint32(types.uint32, types.uint32), generate

    @intrinsic
    def wide(context: Any) -> Any:
        def generate(c: Any, b: Any, s: Any, a: Any) -> Any:
            set.add(b.function.attributes, '"prefer-vector-width"="512"')
            set.add(b.function.attributes, "noinline")
            for argument in b.function.args:
                if isinstance(argument.type, ir.PointerType):
                    set.add(argument.attributes, "noalias")
            return c.get_dummy_value()

        return types.void(), generate

    @intrinsic
    def inlined(context: Any) -> Any:
        def generate(c: Any, b: Any, s: Any, a: Any) -> Any:
            b.function.attributes.add("alwaysinline")
            return c.get_dummy_value()

        return types.void(), generate

    @intrinsic
    def known(context: Any, slot: Any) -> Any:
        def generate(c: Any, b: Any, s: Any, a: Any) -> Any:
            return b.and_(a[0], ir.Constant(ir.IntType(64), (1 << 62) - 1))

        return types.int64(types.int64), generate

    @intrinsic
    def fetch(context: Any, array: Any, index: Any) -> Any:
        def generate(c: Any, b: Any, s: Any, a: Any) -> Any:
            place = b.bitcast(b.gep(make_array(array)(c, b, a[0]).data, [a[1]]), BYTES)
            kind = ir.FunctionType(ir.VoidType(), [BYTES, I32, I32, I32])
            ahead = b.module.declare_intrinsic("llvm.prefetch", [BYTES], kind)
            b.call(ahead, [place, I32(1), I32(3), I32(1)])  # to write, to stay, of data
            return c.get_dummy_value()

        return types.void(array, types.int64), generate

    i4, u4, f4, i8, f8 = types.int32, types.uint32, types.float32, types.int64, types.float64
    return {
        "wide": wide,
        "inlined": inlined,
        "known": known,
        "fetch": fetch,
        "uadd": two("add", u4),
        "uxor": two("xor", u4),
        "rotate": rotate,
        "iadd": two("add", i4),
        "isub": two("sub", i4),
        "iand": two("and_", i4),
        "ixor": two("xor", i4),
        "ishl": two("shl", i4),
        "ishr": two("ashr", i4),
        "signed": cast("bitcast", u4, i4, I32),
        "bits": cast("bitcast", f4, i4, I32),
        "from_bits": cast("bitcast", i4, f4, F32),
        "to_float": cast("sitofp", i4, f4, F32),
        "double_bits": cast("bitcast", f8, i8, ir.IntType(64)),
    }


def numba_type(name: str) -> Any:
    """The type by which numba knows an operation."""
    instruction = _instructions()[name]
    cpu_target.typing_context.refresh()  # to see those just made
    return cpu_target.typing_context.resolve_value_type(instruction)
