"""Writing results: every file under a temporary name first, then renamed, so none is ever half-written."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from scenarios.errors import InputError


def path_if_any(path: str | Path | None) -> Path | None:
    """A path as a caller from Python gives it, or none."""
    return None if path is None else Path(path)


KINDS = {
    "metrics.parquet": "run",
    "study.json": "sweep",
    "warnings.csv": "warn",
    "solve.csv": "solve",
    "readings.csv": "readings",
    "stress.csv": "stress",
    "sensitivity.csv": "sensitivity",
    "boxes.csv": "discover",
}
"""Results that say themselves what they are of: the file that no other kind has, and the command; those of
``compare`` are a run's."""


def check_folder(folder: Path, option: str = "--out", kind: str | None = None) -> None:
    """Refuse an output path that cannot become a directory, naming the option; makes nothing.

    ``kind``: of ``KINDS``, whose results the folder is to hold.  Another kind's are refused: they would be
    left beside a manifest of figures that are not theirs.
    """
    above = folder
    try:
        while not os.path.lexists(above):
            above.exists()  # a name too long for the system is an error, not an absence
            above = above.parent
    except OSError as error:
        raise InputError(f"{folder!s:.80}", option, f"expected a path ({error.strerror})") from error
    if not above.is_dir():
        raise InputError(folder, option, f"expected a directory, and {above} is a file")
    if not os.access(above, os.W_OK | os.X_OK):  # to make a file in a folder, it must be searched too
        raise InputError(folder, option, f"expected a place that can be written, and {above} cannot")
    if kind is not None:
        for name, known in KINDS.items():
            of = "sweep" if (folder / name).is_dir() else known  # whose metrics.parquet is a folder
            if of != kind and (folder / name).exists():
                expected = f"expected a directory without other results, found {name} of fundsim {of}"
                raise InputError(folder, option, expected)


def check_file(path: Path, option: str) -> None:
    """Refuse an output path that cannot become a file, naming the option; makes nothing."""
    check_folder(path.parent, option)
    if path.is_dir():
        raise InputError(path, option, "expected a file to write, found a directory")


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def new_files(folder: Path, stale: Sequence[str] = (), option: str = "--out") -> Iterator[Path]:
    """A temporary directory beside ``folder``'s files; on success its files replace those of ``folder``.

    Files named in ``stale`` are an earlier run's where this one does not write them, and are removed.
    InputError, naming the option, for a folder that cannot be made, or where there is no room.  A folder made
    for files that did not come is removed.
    """
    absent = [each for each in (folder, *folder.parents) if not os.path.exists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            folder, option, f"expected a directory that can be made ({error.strerror})"
        ) from error
    try:
        with replacing(folder, stale, results=True) as name:
            yield name
    except OSError as error:
        if error.errno not in (*NO_ROOM, errno.EACCES, errno.EPERM):
            raise
        raise InputError(folder, option, f"could not be written ({os.strerror(error.errno)})") from error
    finally:
        with suppress(OSError):  # as it is refused for one that holds files
            for each in absent:
                each.rmdir()


finished: list[Path] = []
"""Folders of results whose files are all there, for whoever is interrupted after that."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and termination wait until the body is done.  They reach the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    kinds = [each for each in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(each))]
    before = {each: signal.signal(each, lambda number, _: came.append(number)) for each in kinds}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in came[:1]:
        signal.raise_signal(number)


@contextmanager
def replacing(folder: Path, stale: Sequence[str] = (), results: bool = False) -> Iterator[Path]:
    """As ``new_files`` in a folder that is there; whatever the system refuses is its own OSError.

    ``results``: a folder that ``finished`` is to name.
    """
    place = folder / f".writing-{secrets.token_hex(8)}"
    try:  # named first: an interrupt can come as soon as it is there
        place.mkdir(mode=0o700)
        yield place
        written = sorted(place.iterdir())
        for file in written:
            if (folder / file.name).is_dir():
                raise InputError(folder / file.name, "", "expected a file to replace, found a directory")
        with uninterrupted():  # or half of the files were a former run's
            for file in written:
                os.replace(file, folder / file.name)
            for old in set(stale) - {file.name for file in written}:
                (folder / old).unlink(missing_ok=True)
            place.rmdir()
            if results:
                finished.append(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def names_in(folder: Path, out: Path) -> tuple[Path, ...]:
    """The folder's files, in order, by the names that they will have in ``out``."""
    return tuple(out / name for name in sorted(path.name for path in folder.iterdir()))


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8"
) -> None:
    """A CSV file; floats in their shortest form that reads back to the same number."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def csv_cell(cell: Any) -> str:
    """A cell as ``write_rows`` has it, quoted where it must be."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([cell, 0])
    return line.getvalue().removesuffix(",0")


def write_json(path: Path, content: Any) -> None:
    """Readable JSON; characters as they are."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
