"""What numba looks up for every operation anew, looked up once while stages compile.

A stage adds and indexes the same few types in every line.  Each time numba asks all that may add whether
these types suit them, and words a refusal, in colours, for each that they do not.  The answer depends on the
operation and the types alone; noted, it saves a third of the time.  numba is changed for no longer than a
stage compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite.ir import Type
from numba.core import base, errors, types
from numba.core.typing import context

Lookup = Callable[..., Any]


def _operation(function: Any, typing: Any, args: Any, kws: Any) -> Hashable:
    """The question which signature an operation or builtin function has for argument types."""
    return None if kws or type(function) is not types.Function else (function, typing, tuple(args))


def _element(typing: Any, name: Any, args: Any, kws: Any) -> Hashable:
    """The question which signature an index known in advance has; others than whole numbers and names (True,
    which equals 1, slices) are not noted."""
    noted = all(isinstance(arg, types.Type) or type(arg) in (int, str) for arg in args)
    return (typing, name, tuple(args)) if noted and not kws and type(name) is str else None


def _any(*asked: Any) -> Hashable:
    return asked


def _answered_once(question: Callable[..., Hashable]) -> Callable[[Lookup], Lookup]:
    def noting(lookup: Lookup) -> Lookup:
        answers: dict[Hashable, Any] = {}

        def look(*asked: Any, **how: Any) -> Any:
            key = None if how else question(*asked)
            if key is None:
                return lookup(*asked, **how)
            if key not in answers:
                answers[key] = lookup(*asked)
            return answers[key]

        return look

    return noting


def _missing_once(lookup: Lookup) -> Lookup:
    """That there is no code for what numba calls by a name.  numba then goes another way, but first it looks
    through all that has been imported."""
    missing: dict[Hashable, str] = {}

    def look(target: Any, name: Any, signature: Any, **how: Any) -> Any:
        if type(name) is not str:
            return lookup(target, name, signature, **how)
        if (name, signature) in missing:
            raise NotImplementedError(missing[name, signature])
        try:
            return lookup(target, name, signature, **how)
        except NotImplementedError as error:
            missing[name, signature] = str(error)
            raise

    return look


_LOOKUPS: tuple[tuple[Any, str, Callable[[Lookup], Lookup]], ...] = (
    (types.BaseFunction, "get_call_type", _answered_once(_operation)),
    (context.BaseContext, "_resolve_builtin_function_type", _answered_once(_element)),
    (base.BaseContext, "get_function", _missing_once),
    (Type, "get_abi_size", _answered_once(_any)),  # written for LLVM, and read, to ask for the size
    (vars(errors).get("HighlightColorScheme", object), "_markup", _answered_once(_any)),  # refusals, coloured
)
"""Where numba has them; one that is not there is left as it is."""

_noting = False


@contextmanager
def noted() -> Iterator[None]:
    """Answers are noted until this ends; one inside another adds nothing.  numba's lock is held."""
    global _noting
    if _noting:
        yield
        return
    theirs = [(owner, name, getattr(owner, name, None), note) for owner, name, note in _LOOKUPS]
    _noting = True
    try:
        for owner, name, lookup, note in theirs:
            if lookup is not None:
                setattr(owner, name, note(lookup))
        yield
    finally:
        for owner, name, lookup, _ in theirs:
            if lookup is not None:
                setattr(owner, name, lookup)
        _noting = False
