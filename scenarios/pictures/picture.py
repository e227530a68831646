"""A picture as Python hands it out: shown by a notebook, saved to a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Picture(NamedTuple):
    """A picture: a notebook shows it, ``save`` writes it as PNG, SVG or PDF."""

    name: str
    figure: Figure

    def save(self, path: str | Path) -> None:
        """In the format that the path's suffix names."""
        from scenarios.pictures.sheet import drawing, save

        with drawing():
            save(self.figure, Path(path))

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        from scenarios.pictures.sheet import drawing

        buffer = BytesIO()
        with drawing():
            self.figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"<Picture {self.name}>"


@contextmanager
def drawing() -> Iterator[None]:
    """The pictures' fonts, Chinese among them, and style, for a figure of one's own."""
    from scenarios.pictures.sheet import drawing as styled

    with styled():
        yield
