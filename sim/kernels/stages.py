"""Every kernel is a ``stage``: lowered where another stage calls it, compiled and kept where Python does.

Nothing here needs numba, which is imported where something must be compiled.  With ``NUMBA_DISABLE_JIT=1``
kernels are plain Python.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from sim.kernels import cache
from sim.kernels.native import Arguments, Code, Native, arguments_of, load

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
        from sim.kernels.compiling import part

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
        """From the cache, or compiled and kept there; a function from elsewhere, which the cache's key does
        not cover, is not kept."""
        kept = Path(self.py_func.__code__.co_filename).parent == cache.FOLDER
        file = f"{self.name}-{hashlib.sha256(repr(arguments.kinds).encode()).hexdigest()[:20]}"
        if kept and (content := cache.read(file)) is not None:
            native = load(Code.from_bytes(content))
            if native is not None:
                return native

        from sim.kernels.compiling import compiled

        code = compiled(self.inside, args)
        if kept:
            cache.write(file, code.to_bytes())
        native = load(code)
        assert native is not None, code.needed
        return native


def stage(function: Callable[..., Any]) -> Any:
    """A kernel."""
    return function if INTERPRETED else Stage(function)
