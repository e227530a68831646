"""How kernels are compiled: every one is a ``stage``.

numba optimises each function when it is first called by another, together with all that it calls, and
generates its machine code; a function ten calls deep is then compiled ten times.  Here a stage that is
called by a stage is only lowered, and LLVM sees it once: inside the stage that Python called, which alone is
kept in the cache.  On the way it takes only those of numba's steps that change something in a stage.
``pipeline_class`` is numba's own hook for this; what it changes is not public, so the project asks for the
numba release it was made for, and where the classes it derives from are missing stages compile the ordinary
way, only more slowly.

* ``error_model="numpy"``: the default's check for a zero divisor stops vectorisation.
* ``fastmath={"contract"}`` allows fused multiply-add alone: sums keep their order, infinities stay infinite.
* ``nogil``: a thread pool runs the chunks.
* ``_nrt=False``: kernels allocate nothing (with it they cannot), and counting references to every row that
  is passed on took a quarter of the time, in atomic operations that threads share.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any

from llvmlite.binding import Linkage, parse_assembly
from numba import config, njit

from sim.kernels import cache, lookups

_options: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "boundscheck": False,
    "_nrt": False,
    "no_cfunc_wrapper": True,
}


_NOT_IN_STAGES = {
    *("with_lifting", "inline_closure_likes", "make_function_op_code_to_jit_function", "inline_inlinables"),
    *("find_literally", "literal_unroll", "ir_legalization"),
    *("nopython_rewrites", "nopython_supported_feature_validation", "dump_parfor_diagnostics"),
}
"""numba's steps for closures, ``with``, literal arguments, array expressions, and the release of variables,
each of which becomes a store of zeros.  A stage has nothing of the kind, and after each step numba looks
through the whole function again."""


def _compilers() -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of a stage as other stages call it, neither optimised by itself nor made machine code, and as
    Python does, with all that it calls; nothing where numba has not the hooks."""
    try:
        from numba.core.codegen import JITCodeLibrary
        from numba.core.compiler import CompilerBase, DefaultPassBuilder
        from numba.core.compiler_machinery import register_pass
        from numba.core.typed_passes import NativeLowering

        hooks = JITCodeLibrary._optimize_final_module, JITCodeLibrary._finalize_final_module
    except (ImportError, AttributeError):
        return {}, {}
    del hooks

    class Part(JITCodeLibrary):  # type: ignore[misc]
        """Code that waits to be linked into a whole: once, and not also into each of its callers."""

        def finalize(self) -> None:
            self._finalized = True

        def _get_module_for_linking(self) -> Any:
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == Linkage.external:
                    function.linkage = Linkage.linkonce_odr
            return self._final_module

    class Whole(JITCodeLibrary):  # type: ignore[misc]
        """Code with all that it calls, which nobody else can: LLVM may then drop unused arguments, and an
        array is passed as seven."""

        def finalize(self) -> None:
            called = self._linking_libraries
            for library in called:  # grows on the way
                if isinstance(library, Part):
                    called += [it for it in library._linking_libraries if it not in called]
            super().finalize()

        def _optimize_final_module(self) -> None:
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                    function.linkage = "internal"
            super()._optimize_final_module()

        def serialize_using_object_code(self) -> tuple[str, str, tuple[bytes, bytes]]:
            """For the cache, which keeps machine code: of the bitcode, half of a load's time, the names."""
            name, kind, (code, _) = super().serialize_using_object_code()
            names = [it.name for it in self.get_defined_functions() if it.linkage == Linkage.external]
            outline = "\n".join(f'define void @"{it}"() {{ ret void }}' for it in names)
            return name, kind, (code, parse_assembly(outline).as_bitcode())

    @register_pass(mutates_CFG=True, analysis_only=False)
    class LowerPart(NativeLowering):  # type: ignore[misc]
        _name = "lower_part"

        def run_pass(self, state: Any) -> bool:
            state.library = Part(state.targetctx.codegen(), state.func_id.func_qualname)
            state.flags.no_compile = True
            super().run_pass(state)
            key: Any = [].append  # numba knows a compiled function by a builtin of its own, here never called
            state["cr"] = state["cr"]._replace(cfunc=key)
            state.targetctx.insert_user_function(key, state["cr"].fndesc, [state.library])
            return True

    @register_pass(mutates_CFG=True, analysis_only=False)
    class LowerWhole(NativeLowering):  # type: ignore[misc]
        _name = "lower_whole"

        def run_pass(self, state: Any) -> bool:
            state.library = Whole(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
            return bool(super().run_pass(state))

    def compiler(lowering: Any, left_out: set[str]) -> Any:
        class Compiler(CompilerBase):  # type: ignore[misc]
            def compile_extra(self, func: Any) -> Any:
                with lookups.noted():
                    return super().compile_extra(func)

            def define_pipelines(self) -> list[Any]:
                pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
                pipeline.passes = [
                    (lowering if step is NativeLowering else step, why)
                    for step, why in pipeline.passes
                    if step._name not in left_out
                ]
                pipeline.finalize()
                return [pipeline]

        return Compiler

    part, whole = compiler(LowerPart, _NOT_IN_STAGES), compiler(LowerWhole, set())
    return {"pipeline_class": part, "no_cpython_wrapper": True}, {"pipeline_class": whole}


_first_call = Lock()


class Stage:
    """A kernel: lowered where another stage calls it, compiled and kept in the cache where Python does."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        self.alone: Any = None

    @cached_property
    def inside(self) -> Any:
        """What other stages call; made when one does, for kernels from the cache need none."""
        return njit(**_inside, **_options)(self.py_func)

    @property
    def _numba_type_(self) -> Any:
        return self.inside._numba_type_

    def __call__(self, *args: Any) -> Any:
        if self.alone is not None:
            return self.alone(*args)
        with _first_call:
            if self.alone is None:
                alone = njit(**_whole, **_options)(self.py_func)
                alone._cache = cache.kept(self.py_func)
                self.alone = alone
        with _no_collection():
            return self.alone(*args)


@contextmanager
def _no_collection() -> Iterator[None]:
    """For a first call, which compiles: that makes millions of objects that live, and looking through them
    for garbage takes a fifth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():
                gc.freeze()  # all to the oldest generation, which is looked through later, if at all
                gc.unfreeze()
            gc.enable()


def stage(function: Callable[..., Any]) -> Any:
    """A kernel, jitted unless NUMBA_DISABLE_JIT is set; see ``Stage``."""
    return function if _interpreted else Stage(function)


_interpreted = bool(getattr(config, "DISABLE_JIT", False))
_inside, _whole = ({}, {}) if _interpreted else _compilers()
