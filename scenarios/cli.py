"""The command line: how a command starts and ends.  Heavy imports happen inside the commands, so that
``--help`` stays quick.

Exit status: 0 done; 2 the user's input is at fault (one message, no traceback, nothing written); 130
interrupted; 1 anything else.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from contextlib import nullcontext

from scenarios.commands.terminal import INTERRUPTED, asked_language, leave, refused, words

USER_FAULT = 2


def main() -> None:
    """Entry point: turns a user's mistake into one message and status 2."""
    from scenarios.errors import InputError
    from scenarios.output import NO_ROOM
    from scenarios.runs.drawing import Drawing

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's, for nothing here: they spin as they start
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looked for among all that is installed
    gc.set_threshold(250_000)  # what imports make lives on: looking through it takes a tenth of the time
    atexit.register(gc.freeze)  # nor need it be looked through at the end
    lang = asked_language(sys.argv)
    draws = sys.argv[1:2] == ["run"] and "--help" not in sys.argv
    try:
        with Drawing() if draws else nullcontext() as drawing:  # first of all: it has its own to import
            from scenarios.commands.app import app_for

            app_for(sys.argv[1:])(standalone_mode=True, obj=drawing)
    except InputError as error:
        print(f"fundsim: {refused(error, lang)}", file=sys.stderr)
        sys.exit(USER_FAULT)
    except KeyboardInterrupt:
        leave(INTERRUPTED, words("interrupted", lang))
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer has made that of a KeyboardInterrupt
            leave(INTERRUPTED, words("interrupted", lang))
        raise
    except BrokenPipeError:
        leave(1)
    except MemoryError as error:
        print(f"fundsim: {words('memory', lang, said=error)}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno in NO_ROOM:
            said = words("no_room", lang, reason=os.strerror(error.errno))
        elif error.errno == errno.ENAMETOOLONG:
            said = f"{error.filename!s:.80}: {error.strerror}"
        else:
            raise
        print(f"fundsim: {said}", file=sys.stderr)
        sys.exit(USER_FAULT)


if __name__ == "__main__":
    main()
