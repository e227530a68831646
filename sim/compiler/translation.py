"""How kernels are translated from Python to LLVM's code, by numba.

numba optimises each function when it is first called by another, together with all that it calls, and
generates its machine code; a function ten calls deep is then compiled ten times.  Here stages are only
lowered, and LLVM sees each once: where the stage that Python called is linked with all that it calls.  On the
way they take only those of numba's steps that change something in a stage.  ``pipeline_class`` is numba's own
hook for this; what it changes is not public, so the project asks for the numba release it was made for.
``processor`` goes on from there.

* ``error_model="numpy"``: the default's check for a zero divisor stops vectorisation.
* ``fastmath={"contract"}`` allows fused multiply-add alone: sums keep their order, infinities stay infinite.
* ``_nrt=False``: kernels allocate nothing (with it they cannot), and counting references to every row that
  is passed on took a quarter of the time, in atomic operations that threads share.
* ``boundscheck=False``, whatever the environment says: a check in a loop stops vectorisation; uncompiled
  kernels look (``tests/test_interpreted.py``).
* ``no_cfunc_wrapper``, ``no_cpython_wrapper``: nobody calls a stage but ``entry``.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite.binding import Linkage
from numba import njit, typeof
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from sim.compiler import lookups
from sim.compiler.arguments import held
from sim.compiler.entry import entry_of, returned_words
from sim.compiler.native import ENTRY
from sim.compiler.processor import Portable, simplified

_options: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"contract"},
    "boundscheck": False,
    "_nrt": False,
    "no_cfunc_wrapper": True,
    "no_cpython_wrapper": True,
}
_NOT_IN_STAGES = {
    *("with_lifting", "inline_closure_likes", "make_function_op_code_to_jit_function", "inline_inlinables"),
    *("find_literally", "literal_unroll", "ir_legalization"),
    *("nopython_rewrites", "nopython_supported_feature_validation", "dump_parfor_diagnostics"),
}
"""numba's steps for closures, ``with``, literal arguments, array expressions, and the release of variables,
each of which becomes a store of zeros.  A stage has nothing of the kind, and after each step numba looks
through the whole function again."""


class Part(JITCodeLibrary):  # type: ignore[misc]
    """Code that waits to be linked into a whole: once, and not also into each of its callers."""

    def finalize(self) -> None:
        self._finalized = True

    def _optimize_functions(self, ll_module: Any) -> None:
        """Later, with all that calls it."""
        ll_module.data_layout = self._codegen._data_layout

    def _get_module_for_linking(self) -> Any:
        """Its code, of which a whole that has some of it already takes the rest."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.external:
                function.linkage = Linkage.linkonce_odr
        return self._final_module

    def link(self) -> Any:
        """All that it calls is linked into it.

        Nobody else can call that: LLVM may then drop unused arguments, and an array is passed as seven.
        """
        called = list(self._linking_libraries)
        for library in called:  # grows on the way
            if isinstance(library, Part):
                called += [it for it in library._linking_libraries if it not in called]
        whole = self._final_module
        for library in called:
            whole.link_in(library._get_module_for_linking(), preserve=True)
        for function in whole.functions:
            if not function.is_declaration and function.name != ENTRY:
                function.linkage = Linkage.internal
        whole.verify()
        return whole


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
        return False  # numba need not look through the function once more


class PartCompiler(CompilerBase):  # type: ignore[misc]
    def compile_extra(self, func: Any) -> Any:
        with lookups.noted():
            return super().compile_extra(func)

    def define_pipelines(self) -> list[Any]:
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (LowerPart if step is NativeLowering else step, why)
            for step, why in pipeline.passes
            if step._name not in _NOT_IN_STAGES
        ]
        pipeline.finalize()
        return [pipeline]


def part(function: Callable[..., Any]) -> Any:
    """A stage as numba knows it."""
    return njit(pipeline_class=PartCompiler, **_options)(function)


def translated(inside: Any, args: tuple[Any, ...]) -> Portable:
    """Portable code of a stage, with all that it calls, for arguments like these."""
    with _no_collection(), global_compiler_lock:
        kinds = tuple(held(typeof(arg)) for arg in args)
        inside.compile(kinds)
        lowered = inside.overloads[kinds]
        library = Part(lowered.target_context.codegen(), ENTRY)
        library.add_ir_module(entry_of(lowered))
        library.add_linking_library(lowered.library)
        return Portable(returned_words(lowered.signature.return_type), simplified(library.link()))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Compiling makes millions of objects that live, and looking through them for garbage takes a fifth of
    the time."""
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
