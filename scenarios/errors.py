"""The one error a user's own input can cause, and how pydantic's findings become it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError


class InputError(Exception):
    """The user's input is at fault: names the file, the place in it and what was expected."""

    def __init__(self, file: str | Path, place: str, expected: str) -> None:
        self.file, self.place, self.expected = str(file), place, expected
        super().__init__(": ".join(part for part in (self.file, place, expected) if part))

    @classmethod
    def from_validation(cls, file: str | Path, error: ValidationError, prefix: str = "") -> InputError:
        """The first of pydantic's findings, as ``file: dotted.key: what was expected``."""
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        place = ".".join(part for part in (prefix, key) if part)
        more = error.error_count() - 1
        tail = f" (and {more} more)" if more else ""
        found = f", found {first['input']!r:.60}" if first["type"] != "missing" else ""
        return cls(file, place, f"{first['msg']}{found}{tail}")
