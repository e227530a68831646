"""``fundsim`` in this process, as a user types it."""

from __future__ import annotations

import sys

import pytest

from scenarios import cli


def fundsim(patch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command; its exit status."""
    patch.setattr(sys, "argv", ["fundsim", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


class Refused:
    """A command that cannot be: it ends with status 2, one message and nothing else; the message."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.patch, self.capture = patch, capture

    def __call__(self, *arguments: object) -> str:
        self.capture.readouterr()
        status, (said, message) = fundsim(self.patch, *arguments), self.capture.readouterr()
        assert (status, said) == (2, ""), message
        assert message.startswith("fundsim: ") and message.endswith("\n"), message
        assert message.count("\n") == 1, message
        return message
