"""A copy of this process that works beside it: ready at once, with all that is imported.

Linux alone: elsewhere there is no fork, or, as on macOS, none that the system's own libraries survive.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable


def can_fork() -> bool:
    """Whether this process may be copied: a copy has one thread, and what others hold is held for ever."""
    return sys.platform == "linux" and threading.active_count() == 1


class Forked:
    """Does ``work`` in a copy of this process, which then ends: status 0, or 1 where it failed.

    As much of ``subprocess.Popen`` as is needed: the work reads ``stdin``, and what it prints goes nowhere.
    Ctrl-C is for this process.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        there, here = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.setsid()
                os.close(here)  # else it would wait for itself
                os.dup2(there, 0)
                for output in (1, 2):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
                work()
                status = 0
            finally:
                os._exit(status)
        os.close(there)
        self.stdin = os.fdopen(here, "wb")

    def wait(self) -> int:
        """Its exit status, once it has ended; 1 where the system was told to forget it."""
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                self.returncode = 1
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)
