"""The command line: how a command starts and ends.  Heavy imports happen inside the commands, so that
``--help`` stays quick.

Exit status: 0 done; 2 the user's input is at fault (one message, no traceback, nothing written); 130
interrupted, 143 terminated (nothing written, or all); 1 anything else.
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys

USER_FAULT = 2
NO_THREAD = "can't start new thread"
"""Python's words for it, in an error of no kind of its own."""


def main() -> None:
    """Entry point: whatever happens, the command ends with one message and a status."""
    try:
        _open_streams()
        _main()
    except KeyboardInterrupt:  # also while it imports
        from scenarios.commands.terminal import INTERRUPTED, asked_language, leave, words
        from scenarios.output import finished

        key = "interrupted_after" if finished else "interrupted"
        leave(INTERRUPTED, words(key, asked_language(sys.argv), out=", ".join(map(str, finished))))


def _main() -> None:
    """Turns a user's mistake into one message and status 2."""
    from contextlib import nullcontext

    from scenarios.commands import terminal
    from scenarios.commands.terminal import aside, words

    terminal.end_like_an_interrupt()

    from scenarios.errors import InputError
    from scenarios.output import NO_ROOM
    from scenarios.runs.drawing import Drawing

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's, for nothing here: they spin as they start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looked for among all that is installed
    gc.set_threshold(250_000)  # what imports make lives on: looking through it takes a tenth of the time
    atexit.register(gc.freeze)  # nor need it be looked through at the end
    lang = terminal.asked_language(sys.argv)
    draws = sys.argv[1:2] == ["run"] and "--help" not in sys.argv
    try:
        with Drawing() if draws else nullcontext() as drawing:  # first of all: it has its own to import
            from scenarios.commands.app import app_for

            app_for(sys.argv[1:])(standalone_mode=True, obj=drawing)
    except InputError as error:
        aside(f"fundsim: {terminal.refused(error, lang)}")
        sys.exit(USER_FAULT)
    except SystemExit as ended:
        if ended.code == terminal.INTERRUPTED:  # typer has made that of a KeyboardInterrupt
            raise KeyboardInterrupt from None
        raise
    except BrokenPipeError:
        terminal.leave(1)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != NO_THREAD:
            raise
        aside(f"fundsim: {words('memory', lang, said=error)}")
        sys.exit(1)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            aside(f"fundsim: {words('memory', lang, said=error.strerror)}")
            sys.exit(1)
        if error.errno in NO_ROOM:
            said = words("no_room", lang, reason=os.strerror(error.errno))
        elif error.errno == errno.ENAMETOOLONG:
            said = f"{error.filename!s:.80}: {error.strerror}"
        else:
            raise
        aside(f"fundsim: {said}")
        sys.exit(USER_FAULT)


def _open_streams() -> None:
    """Where the caller has closed a stream, the null device; and what a terminal cannot show is a ``?``."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # in this order each gets its own number, which no result's file may
            null = os.open(os.devnull, os.O_RDONLY if name == "stdin" else os.O_WRONLY)
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, "r" if name == "stdin" else "w", encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
