"""Reading the machine code of compiled kernels: what LLVM made of a stage's loops over lanes.

A comment beside each block of the assembly says to which loop it belongs, and a mark in LLVM's intermediate
code which loops are vectorised.  The mark is also on what stays scalar beside a vectorised loop, for rows
that overlap or lanes left over: such *copies* are no fault.  A short loop is unrolled and no loop any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.kernels.lanes import LANES

FUNCTION = re.compile(r"(_ZN[\w.]+):")
BLOCK = re.compile(r"(?:\.L|# %)(BB\d+_\d+|bb\.\d+):(?:\s+# %(\S+))?")
INNERMOST = "Inner Loop Header"
IN_LOOP = re.compile(r"in Loop: Header=(BB\d+_\d+)")
INSTRUCTION = re.compile(r"\t([a-z]\w*)(?:\t([^#]*))?")
ADDRESS = re.compile(r"\$([^,]+), (%\w+)")
ARITHMETIC = re.compile(
    r"v?(add|sub|mul|div|sqrt|min|max|fn?m(add|sub)\d+|u?comi|cmp\w*|rndscale|round|cvt\w+2)s[sd]2?"
)
"""On a single floating-point number."""
STORE = re.compile(r"v?mov(b|w|l|q|d|ss|sd)")
"""Of a single number, where the last operand is an address."""
SCATTERED = re.compile(r"vp?(gather|scatter)\w+|v?movhp[sd]|vp?(insr|extr)[dq]|vinsertps")
"""Loads and stores lane by lane; before AVX-512 such a vector is put together piece by piece."""
MEMORY = ("memset", "memcpy", "memmove")
"""Of the C library, at full width by themselves."""


class Instruction(NamedTuple):
    """One line of assembly; the operand of a ``call`` is the function's name."""

    name: str
    operands: str

    @property
    def scalar(self) -> bool:
        """Whether it reckons with one number, or stores one elsewhere than on the stack."""
        stores = STORE.fullmatch(self.name) and self.operands.endswith(")") and "(%rsp" not in self.operands
        return bool(ARITHMETIC.fullmatch(self.name) or stores)


@dataclass(repr=False)
class Block:
    """Instructions without a jump between them."""

    label: str
    name: str
    """In the intermediate code."""
    loop: str = ""
    """Label of the first block of the innermost loop around it."""
    opens: bool = False
    """Whether a loop without a loop inside begins here."""
    body: list[Instruction] = field(default_factory=list)


@dataclass(repr=False)
class Loop:
    """A loop without a loop inside."""

    blocks: list[Block]
    copy: bool
    """Whether it stands in for a vectorised loop."""

    @property
    def body(self) -> list[Instruction]:
        return [line for block in self.blocks for line in block.body]


@dataclass(repr=False)
class Function:
    """A function's innermost loops, and all that is in none of them."""

    loops: list[Loop]
    straight: list[Instruction]

    def faults(self, registers: str) -> list[str]:
        """What keeps it from running at full width; ``registers`` are the widest: ymm or zmm."""
        found = []
        hot = [loop.body for loop in self.loops if not loop.copy]
        everything = self.straight + [line for loop in self.loops for line in loop.body]
        for body in hot:
            if not uses(body, registers):
                found.append("a loop of single numbers")
            found += [f"{line.name} in a loop" for line in body if ARITHMETIC.fullmatch(line.name)]
        calls = [line.operands for line in self.straight if line.name == "call"]
        if not any(uses(body, registers) for body in (self.straight, *hot)) and not {*MEMORY} & {*calls}:
            found.append(f"no {registers}")
        if (count := sum(line.scalar for line in self.straight)) >= LANES // 2:
            found.append(f"{count} scalar steps outside loops")
        for loop in self.loops:
            found += [f"a call of {line.operands} in a loop" for line in loop.body if line.name == "call"]
        found += [f"a call of {name}" for name in calls if name not in MEMORY and "3sim7kernels" not in name]
        return found + [line.name for line in everything if SCATTERED.fullmatch(line.name)]


def uses(body: Iterable[Instruction], registers: str) -> bool:
    return any(f"%{registers}" in line.operands for line in body)


def function_of(lines: list[str], marked: set[str]) -> Function:
    """From a function's assembly; ``marked``: its blocks that end a vectorised loop or a copy."""
    blocks = blocks_of(lines)
    loops = {block.label: Loop([], False) for block in blocks if block.opens}
    straight: list[Instruction] = []
    for block in blocks:
        if block.loop in loops:
            loops[block.loop].blocks.append(block)
        else:
            straight += block.body
    for loop in loops.values():
        names = {re.sub(r"\.(prol|epil)$", "", block.name) for block in loop.blocks}
        loop.copy = bool(names & marked) and not any(name.startswith("vector.body") for name in names)
    return Function(list(loops.values()), straight)


def blocks_of(lines: list[str]) -> list[Block]:
    """A function's blocks, calls of an address with the name of what is there."""
    blocks, holds = [Block("", "")], dict[str, str]()
    for line in lines:
        if starts := BLOCK.match(line):
            blocks.append(Block(starts[1], starts[2] or ""))
        here = blocks[-1]
        if INNERMOST in line:
            here.loop, here.opens = here.label, True
        elif part := IN_LOOP.search(line):
            here.loop = part[1]
        if found := INSTRUCTION.match(line):
            name, operands = found[1], (found[2] or "").strip()
            if address := ADDRESS.fullmatch(operands):
                holds[address[2]] = address[1]
            if name.startswith("call"):
                target = operands.lstrip("*").removesuffix("@PLT")
                name, operands = "call", holds.get(target, target)
            here.body.append(Instruction(name, operands))
    return blocks


def marked_blocks(intermediate: str) -> dict[str, set[str]]:
    """For each function the blocks that end in a branch marked as a vectorised loop's."""
    nodes = dict(re.findall(r"^!(\d+) = (.*)$", intermediate, re.MULTILINE))
    marks = {
        number
        for number, node in nodes.items()
        if any("llvm.loop.isvectorized" in nodes.get(other, "") for other in re.findall(r"!(\d+)", node))
    }
    found: dict[str, set[str]] = {}
    block = function = ""
    for line in intermediate.splitlines():
        if opened := re.match(r'define .*? @"?([\w.]+)"?\(', line):
            function, block = opened[1], "entry"
        elif label := re.match(r'"?([-\w.$]+)"?:', line):
            block = label[1]
        elif (mark := re.search(r"!llvm\.loop !(\d+)", line)) and mark[1] in marks:
            found.setdefault(function, set()).add(block)
    return found


def functions_of(module: Any, machine: Any) -> dict[str, Function]:
    """The functions of optimised code, by their names there; ``machine`` generates machine code of it."""
    machine.set_asm_verbosity(True)
    try:
        assembly = str(machine.emit_assembly(module))
    finally:
        machine.set_asm_verbosity(False)
    lines: dict[str, list[str]] = {}
    function = ""
    for line in assembly.splitlines():
        if opened := FUNCTION.match(line):
            function = opened[1]
        elif line.startswith(".Lfunc_end"):
            function = ""
        elif function:
            lines.setdefault(function, []).append(line)
    marked = marked_blocks(str(module))
    return {name: function_of(body, marked.get(name, set())) for name, body in lines.items()}
