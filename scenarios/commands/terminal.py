"""What commands show: tables and lines on standard output, how far they are on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.runs.run import Progress

INTERRUPTED = 130
"""Exit status."""
MAKING_READY = "making the kernels ready (compiled on the first run)"


def console() -> Console:
    """A console as wide as the terminal, 80 columns at least, for figures cannot be cut; 100 without one."""
    from rich.console import Console

    screen = Console()
    screen.width = max(80, screen.width) if sys.stdout.isatty() else 100
    return screen


def say(lines: Iterable[object]) -> None:
    """Lines as they are, such as the names of files."""
    for line in lines:
        print(line)


class progress_on:  # noqa: N801 - used as a context manager
    """A progress bar on a terminal, a plain line each tenth without one; both on standard error."""

    def __init__(self, what: str = "paths") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.console = Console(stderr=True)
        self.bar = (
            Progress(
                *(what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
                console=self.console,
                transient=True,
            )
            if self.console.is_terminal
            else None
        )
        self.task = self.bar.add_task(what, total=None) if self.bar else None
        self.what, self.tenths = what, 0

    def __enter__(self) -> Progress:
        if self.bar:
            self.bar.start()
        return self.report

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def report(self, done: int, of: int) -> None:
        """Show that ``done`` of so many are simulated; 0 while the kernels are made ready."""
        if self.bar and self.task is not None:
            self.bar.update(self.task, completed=done, total=of)
        elif done == 0:
            print(MAKING_READY, file=sys.stderr, flush=True)
        elif done * 10 // of > self.tenths:
            self.tenths = done * 10 // of
            print(f"{done:,} of {of:,} {self.what}", file=sys.stderr, flush=True)


@contextmanager
def steps_on() -> Iterator[Callable[[str], None]]:
    """What was done last, behind a spinner on a terminal, a line each without one; on standard error."""
    from rich.console import Console

    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield lambda text: print(text, file=sys.stderr, flush=True)
        return
    with screen.status("") as status:
        yield status.update


def leave(status: int, said: str = "interrupted, nothing written") -> NoReturn:
    """End at once: worker threads may still be inside compiled code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if status == INTERRUPTED:
        print(f"fundsim: {said}", file=sys.stderr, flush=True)
    os._exit(status)
