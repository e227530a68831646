"""Every kernel is a ``stage``: lowered where another stage calls it, compiled and kept where Python does.

Where Python calls a kernel for the first time its machine code comes from the user's cache; or is made of the
portable code that was kept with the program when it was installed; or all is made here, of the source.  The
last alone needs numba, which is imported there.  With ``NUMBA_DISABLE_JIT=1`` kernels are plain Python.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from sim.compiler import cache
from sim.compiler.native import Arguments, Code, Native, arguments_of, load

INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
_first_call = Lock()


class Stage:
    """A kernel, for arguments of any kind that numba can type."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self._native: dict[tuple[Hashable, ...], Native] = {}

    @cached_property
    def inside(self) -> Any:
        """What other stages call; made when one does, for machine code from the cache needs none."""
        from sim.compiler.translation import part

        return part(self.py_func)

    @property
    def _numba_type_(self) -> Any:
        return self.inside._numba_type_

    def __call__(self, *args: Any) -> Any:
        arguments = arguments_of(args)
        native = self._native.get(arguments.kinds)
        if native is None:
            with _first_call:
                native = self._native.get(arguments.kinds)
                if native is None:
                    native = self._native[arguments.kinds] = self._ready(arguments, args)
        return native(arguments.words)

    def _ready(self, arguments: Arguments, args: tuple[Any, ...]) -> Native:
        for code in self._codes(arguments, args):
            native = load(code)
            if native is not None:
                return native
        raise RuntimeError(f"{self.name} calls what numba does not have: {code.needed}")

    def _codes(self, arguments: Arguments, args: tuple[Any, ...]) -> Iterator[Code]:
        """Its machine code: the next is asked for where one cannot be loaded."""
        file = f"{self.name}-{hashlib.sha256(repr(arguments.kinds).encode()).hexdigest()[:20]}"
        kept = Path(self.py_func.__code__.co_filename).parent == cache.KERNELS  # what cache's keys cover
        if kept and not cache.translations_are_kept and (content := cache.read(file)) is not None:
            yield Code.from_bytes(content)

        from sim.compiler.processor import Portable, machine_code

        def generated(portable: Portable) -> Code:
            code = machine_code(portable)
            if kept:
                cache.write(file, code.to_bytes())
            return code

        if kept and (content := cache.read_translation(file)) is not None:
            yield generated(Portable.from_bytes(content))

        from sim.compiler.translation import translated

        portable = translated(self.inside, args)
        if kept and cache.translations_are_kept:
            cache.write_translation(file, portable.to_bytes())
        yield generated(portable)


def stage(function: Callable[..., Any]) -> Any:
    """A kernel."""
    return function if INTERPRETED else Stage(function)
