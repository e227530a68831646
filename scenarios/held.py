"""Input files held as they were first read, so that what is computed is what was hashed.

A study reads a user's rules file for every scenario, hours after it began, in many threads and processes.
Within ``holding`` a file is read once; what it held then is also what ``content_sha256`` is of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Inputs = dict[Path, bytes]
"""What files hold, by absolute path."""
_held: ContextVar[Inputs | None] = ContextVar("held", default=None)


@contextmanager
def holding(files: Inputs) -> Iterator[Inputs]:
    """Within, in this thread, a file is taken from ``files``, and one that is not there is added to them."""
    token = _held.set(files)
    try:
        yield files
    finally:
        _held.reset(token)


def content(path: Path) -> bytes:
    """What an input file holds; whatever the system says is its own OSError."""
    held = _held.get()
    if held is None:
        return path.read_bytes()
    known = held.get(path.absolute())
    return held.setdefault(path.absolute(), path.read_bytes()) if known is None else known


def content_sha256(path: Path) -> str:
    """SHA-256 of what an input file holds, in hexadecimal."""
    return hashlib.sha256(content(path)).hexdigest()


def is_there(path: Path) -> bool:
    """Whether it is a file, or one that is held: another machine's may be nowhere on this one."""
    return path.absolute() in (_held.get() or {}) or path.is_file()
