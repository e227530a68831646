"""Copies of this process that work beside it: ready at once, with all that is imported.

Linux alone: elsewhere there is no fork, or, as on macOS, none that the system's own libraries survive.
Python's ``multiprocessing`` neither waits for a copy's own copies nor ends them with it, and a picture's file
must not come after a run has failed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

Work = Callable[[], object]


def can_fork() -> bool:
    """Whether this process may be copied: a copy has one thread, and what others hold is held for ever."""
    return sys.platform == "linux" and threading.active_count() == 1


def at_once(first: Work, second: Work) -> None:
    """Does both, the second in a copy of this process; again here where that fails, for its error."""
    copy = _copy(second)
    first()
    if os.waitpid(copy, 0)[1] != 0:
        second()


class Forked:
    """Does ``work`` in a copy of this process, which then ends: status 0, or 1 where it failed.

    As much of ``subprocess.Popen`` as is needed: the work reads ``stdin``, and what it prints goes nowhere.
    Ctrl-C is for this process.  To wait or to kill is for the copy's own copies too.
    """

    def __init__(self, work: Work) -> None:
        (there, here), (self._ended, alive) = os.pipe(), os.pipe()

        def apart() -> None:
            os.setsid()
            os.close(here)  # else it would wait for itself
            os.dup2(there, 0)
            for output in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), output)
            work()

        self.returncode: int | None = None
        self.pid = _copy(apart)
        os.close(there)
        os.close(alive)
        self.stdin = os.fdopen(here, "wb")

    def wait(self) -> int:
        """Its exit status, once it has ended; 1 where the system was told to forget it."""
        if self.returncode is None:
            os.read(self._ended, 1)  # until nobody is left who could write there
            os.close(self._ended)
            try:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                self.returncode = 1
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:  # it is younger than its group
                os.kill(self.pid, signal.SIGKILL)


def _copy(work: Work) -> int:
    """The process that does it."""
    copy = os.fork()
    if copy == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return copy
