"""Writing results: every file under a temporary name first, then renamed, so none is ever half-written."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scenarios.errors import InputError


def check_folder(folder: Path) -> None:
    """Refuse an output path that cannot become a directory; makes nothing."""
    above = folder
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise InputError(folder, "--out", f"expected a directory, and {above} is a file")
    if not os.access(above, os.W_OK):
        raise InputError(folder, "--out", f"expected a place that can be written, and {above} cannot")


@contextmanager
def new_files(folder: Path) -> Iterator[Path]:
    """A temporary directory beside ``folder``'s files; on success its files replace those of ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as name:
        yield Path(name)
        for file in sorted(Path(name).iterdir()):
            os.replace(file, folder / file.name)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV file; floats in their shortest form that reads back to the same number."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_json(path: Path, content: Any) -> None:
    """Readable JSON; characters as they are."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """A file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
