"""Portable code, and the machine code that LLVM makes of it for one processor.

LLVM works in two steps.  The first needs no processor: it inlines, folds and drops until a fifth of the code
is left, which can be kept with the program.  The second, where the code is to run, vectorises and generates
machine code, in a fifth of the time that all takes from the source.  Every kernel goes through both, so no
number depends on where the first one was done.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from sim.compiler.native import Code

VECTORS_AT_A_TIME = 2
"""In each loop: while the steps of one wait for their results the processor goes on with the other's.  LLVM
by itself takes one in a long loop; three or four were measured, and are no quicker than two."""


class Portable(NamedTuple):
    """A kernel's code after the first step, for one kind of arguments."""

    result: str
    """As ``Code.result``."""
    bitcode: bytes
    """Of LLVM."""

    def to_bytes(self) -> bytes:
        """As a file keeps it."""
        return self.result.encode() + b"\n" + self.bitcode

    @staticmethod
    def from_bytes(content: bytes) -> Portable:
        """From what ``to_bytes`` made."""
        result, bitcode = content.split(b"\n", 1)
        return Portable(result.decode(), bitcode)


def processor() -> tuple[str, str]:
    """Name and features that code is generated for: this processor's, or what numba's variables of the
    environment say instead."""
    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    return name, os.environ.get("NUMBA_CPU_FEATURES") or llvm.get_host_cpu_features().flatten()


def machine(name: str = "", features: str = "") -> llvm.TargetMachine:
    """What generates code for a processor; without a name for any of this kind.

    Code finds its constants by their distance, for ``native.load`` puts both in one piece of memory; a whole
    address to each, as is usual for code made on the spot, is an instruction more wherever one is used.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="small", jit=True
    )


def simplified(module: llvm.ModuleRef) -> bytes:
    """The first step: its bitcode."""
    optimise(module, machine(), vectorise=False)
    return bytes(module.as_bitcode())


def optimise(module: llvm.ModuleRef, target: llvm.TargetMachine, *, vectorise: bool) -> None:
    """LLVM's own sequence of passes, on the spot; loops are left for where they are vectorised.

    They are unrolled last: LLVM itself unrolls short ones first, and then vectorises them no more.  Passes
    after that clear away what unrolling leaves: rows that fit in registers, what is computed or stored twice,
    branches that are decided.
    """
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.loop_unrolling = vectorise, False
    options.slp_vectorization = False  # stages have nothing side by side but lanes
    builder = llvm.create_pass_builder(target, options)
    _interleave(VECTORS_AT_A_TIME)
    builder.getModulePassManager().run(module, builder)
    _interleave(0)  # as LLVM sees fit: numba may be asked for other code in this process
    if vectorise:
        passes = llvm.create_new_module_pass_manager()
        passes.add_loop_unroll_pass()
        passes.add_sroa_pass()
        passes.add_new_gvn_pass()
        passes.add_dead_store_elimination_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        passes.run(module, builder)


def _interleave(vectors: int) -> None:
    llvm.set_option("fundsim", f"-force-vector-interleave={vectors}")


def vectorised(portable: Portable) -> tuple[llvm.ModuleRef, llvm.TargetMachine]:
    """The second step before machine code is generated, and what generates it."""
    module, target = llvm.parse_bitcode(portable.bitcode), machine(*processor())
    optimise(module, target, vectorise=True)
    return module, target


def machine_code(portable: Portable) -> Code:
    """The second step."""
    module, target = vectorised(portable)
    called: list[Any] = [it.name for it in module.functions if it.is_declaration]
    needed = tuple(name for name in called if not name.startswith("llvm."))
    return Code(portable.result, needed, target.emit_object(module))
