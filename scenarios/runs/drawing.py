"""The fan chart drawn by a second process, which makes itself ready while the first one simulates.

matplotlib takes as long to import as ten thousand paths take, and longer to draw.  The process waits on its
standard input for what to draw; where that ends without, for the command has failed or was interrupted, the
process ends too.  On Linux it is a copy of the command, with what both need imported.  Where it cannot start,
or fails, the command draws for itself: an error is then its own.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.runs.forked import Forked, at_once, can_fork

if TYPE_CHECKING:
    import subprocess

    from scenarios.labels import Lang
    from scenarios.pictures.plot import Do
    from scenarios.runs.facts import RunFacts
    from sim.metrics import Columns

START = "import sys; sys.path[:] = {path!r}; from scenarios.runs.drawing import serve; serve()"
UNUSED: dict[str, Any] = {
    "matplotlib.dviread": SimpleNamespace(Dvi=None),  # TeX
    "matplotlib.mathtext": SimpleNamespace(MathTextParser=lambda output: None),  # formulas
    "matplotlib._fontconfig_pattern": SimpleNamespace(  # a font's settings in one word
        parse_fontconfig_pattern=lambda pattern: {}, generate_fontconfig_pattern=None
    ),
    "pyparsing": SimpleNamespace(__version__="3"),  # which reads both
    "mpl_toolkits.mplot3d": SimpleNamespace(Axes3D=None),
}
"""Modules, and what matplotlib takes from them as it is imported."""


class Picture(NamedTuple):
    """What to draw, and the files' name without suffix."""

    columns: Columns
    out: Path
    facts: RunFacts
    lang: Lang

    def draw(self, do: Do | None = None) -> None:
        """Write the files, as ``do`` does two things."""
        from scenarios.pictures.plot import fan_chart, in_turn

        fan_chart(self.columns, self.out, self.facts, lang=self.lang, do=do or in_turn)


class Drawing:
    """Draws one picture, inside its context by a process of its own."""

    def __init__(self) -> None:
        self.process: Forked | subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Drawing:
        from sim.threads import usable_cores

        if usable_cores() > 1:
            with suppress(OSError):
                self.process = _forked() if can_fork() else _started()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @contextmanager
    def of(self, picture: Picture) -> Iterator[None]:
        """Has the picture drawn while the context's body runs; its files are there when that is left.

        An exception in the body stops the process before it goes on, so that no file comes after it.
        """
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError), self.process.stdin as stream:
                pickle.dump(picture, stream)
        try:
            yield
            if self.process is None or self.process.wait() != 0:
                picture.draw()
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdin is not None:
                with suppress(OSError):
                    self.process.stdin.close()


def _forked() -> Forked:
    import scenarios.pictures.plot  # noqa: F401 - and with it NumPy, once for both

    return Forked(partial(serve, at_once))


def _started() -> subprocess.Popen[bytes] | None:
    import subprocess

    if not sys.executable:
        return None
    return subprocess.Popen(
        # -P: where the user stands there may be another folder called scenarios
        [sys.executable, "-P", "-c", START.format(path=sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the command, which ends this process
    )


def serve(do: Do | None = None) -> None:
    """The second process: import what drawing needs, wait for the picture, draw it."""
    gc.disable()
    _leave_out()

    from scenarios.pictures.plot import rehearse

    rehearse()
    with suppress(EOFError), open(0, "rb") as asked:
        pickle.load(asked).draw(do)
        os._exit(0)  # the command waits, and putting everything away takes a tenth of a second


def _leave_out() -> None:
    """Spares what half of matplotlib's import makes and no fan chart needs; a fault here is no one else's."""
    sys.modules.update(UNUSED)

    from matplotlib import artist
    from matplotlib.font_manager import fontManager

    from scenarios.pictures.fonts import STYLE

    base: Any = artist.Artist
    base._update_set_signature_and_docstring = classmethod(lambda kind: None)  # settings as a signature
    artist.kwdoc = lambda artist: ""  # and in words
    families = STYLE["font.family"]
    fontManager.ttflist = [font for font in fontManager.ttflist if font.name in families]
