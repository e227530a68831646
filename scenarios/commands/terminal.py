"""What commands show: tables and lines on standard output, how far they are on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.runs.run import Progress

INTERRUPTED = 130
"""Exit status."""
MAKING_READY = "making the kernels ready (compiled on the first run)"
QUIET_SECONDS = 15.0
"""Without a terminal no longer than this without a line, if anything is done."""


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
    """A progress bar on a terminal; without one a line each tenth and every 15 seconds; on standard error."""

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
        self.lines = ProgressLines(what)

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
        elif line := self.lines.after(done, of, time.monotonic()):
            print(line, file=sys.stderr, flush=True)


class ProgressLines:
    """When to say how far a command is, and what: the numbers, and from their pace the time that is left."""

    def __init__(self, what: str) -> None:
        self.what, self.tenths, self.said = what, 0, float("-inf")
        self.first: tuple[int, float] | None = None
        """Done, and when: the first report, from which the pace is taken."""

    def after(self, done: int, of: int, now: float) -> str | None:
        """The line for a report at a time in seconds, if there is one to print."""
        if done == 0:
            return MAKING_READY
        if self.first is None:
            self.first, self.said = (done, now), now
        tenths = done * 10 // of
        if tenths <= self.tenths and now - self.said < QUIET_SECONDS:
            return None
        self.tenths, self.said = tenths, now
        return f"{done:,} of {of:,} {self.what}{self._left(done, of, now)}"

    def _left(self, done: int, of: int, now: float) -> str:
        from scenarios.runs.bench import duration

        assert self.first is not None
        before, since = self.first
        if not before < done < of:
            return ""
        return f", {duration((now - since) / (done - before) * (of - done), 'en')} left"


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
