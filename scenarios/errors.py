"""The one error a user's own input can cause."""

from __future__ import annotations

from pathlib import Path


class InputError(Exception):
    """The user's input is at fault: names the file, the place in it and what was expected."""

    def __init__(self, file: str | Path, place: str, expected: str) -> None:
        self.file, self.place, self.expected = str(file), place, expected
        super().__init__(": ".join(part for part in (self.file, place, expected) if part))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        return type(self), (self.file, self.place, self.expected)  # it may come from another process
