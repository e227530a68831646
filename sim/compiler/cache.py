"""Where compiled kernels are kept between processes.

numba's own cache does not see a change in an imported file: an edited callee would leave its cached caller
returning the old result.  Its files carry no checksum, and a full disk ends the program.  Here a folder's
name is a hash of all that compiled code depends on, so an edit or another processor leads to a new folder; a
file holds one kernel behind its SHA-256, is renamed into place when whole, and is compiled anew where it is
missing or damaged.  What cannot be written is not kept, and costs time alone.

A folder is the user's own: what its files hold is run.  ``NUMBA_CACHE_DIR`` comes first, then the cache
folder of the user's home, then the temporary folder.

Portable code, which is the same for all processors, is kept beside the program itself where that is
installed, and is found by a hash of all that it depends on in the same way.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numpy

COMPILER = Path(__file__).parent
KERNELS = COMPILER.with_name("kernels")
TRANSLATIONS = KERNELS / "translated"
translations_are_kept = False
"""Set where the program is installed; who runs it may not write there."""
KEPT_DAYS = 30
"""Folders of former versions unused for so long are removed."""
DAY = 86400.0
CHECKSUM = hashlib.sha256().digest_size
WITHOUT_EFFECT = (
    *("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_DEFAULT_NUM_THREADS"),
    *("NUMBA_THREADING_LAYER", "NUMBA_THREADING_LAYER_PRIORITY"),
)
"""Settings of numba that do not change code; all others are taken to."""


@cache
def key() -> str:
    """Twenty hex digits that change with any kernel source, compiler, processor or setting of numba."""
    host = portable_key(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return hashlib.sha256(repr(host).encode()).hexdigest()[:20]


@cache
def portable_key() -> str:
    """The same, of what no processor changes."""
    digest = hashlib.sha256()
    for source in (*sorted(KERNELS.glob("*.py")), *sorted(COMPILER.glob("*.py")), *_of_numba()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    settings = [
        (name, value)
        for name, value in sorted(os.environ.items())
        if name.startswith("NUMBA_") and name not in WITHOUT_EFFECT
    ]
    versions = llvmlite.__version__, numpy.__version__, sys.implementation.cache_tag
    digest.update(repr((versions, sysconfig.get_platform(), settings)).encode())
    return digest.hexdigest()[:20]


def _of_numba() -> Iterator[Path]:
    """numba's version, without importing it, and its settings in the current folder, if there are any."""
    numba = find_spec("numba")
    if numba is not None and numba.origin is not None:
        yield Path(numba.origin).with_name("_version.py")
    if (settings := Path(".numba_config.yaml")).is_file():
        yield settings


def places() -> Iterator[Path]:
    """Folders of this key, the best first, whether they exist or not."""
    name = f"kernels-{key()}"
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(given) / name
    if caches := os.environ.get("XDG_CACHE_HOME"):
        yield Path(caches) / "fundsim" / name
    else:
        with suppress(RuntimeError):  # no home
            yield Path.home() / ".cache" / "fundsim" / name
    if hasattr(os, "getuid"):
        shared = Path(tempfile.gettempdir()) / f"fundsim-{os.getuid()}"
        with suppress(OSError):
            shared.mkdir(mode=0o700, exist_ok=True)
            found = shared.lstat()
            if found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022:
                yield shared / name


def read(file: str) -> bytes | None:
    """What was written under this name; None where nothing is, or nothing whole."""
    for place in places():
        if (content := _read(place / file)) is not None:
            with suppress(OSError):
                if time.time() - place.stat().st_mtime > DAY:
                    os.utime(place)
            return content
    return None


def write(file: str, content: bytes) -> None:
    """Keep it in the first place that takes it, if any does."""
    for place in places():
        with suppress(OSError):
            _write(place / file, content)
            prune(place)
            return


def read_translation(file: str) -> bytes | None:
    """Portable code of that name; None where the program has none of its present sources."""
    return _read(TRANSLATIONS / portable_key() / file)


def write_translation(file: str, content: bytes) -> None:
    """Keep it with the program, for all who run it, in place of that of former sources; OSError where that
    cannot be."""
    path = TRANSLATIONS / portable_key() / file
    _write(path, content)
    path.chmod(0o644)
    for other in TRANSLATIONS.iterdir():
        if other.name != portable_key():
            shutil.rmtree(other, ignore_errors=True)


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[CHECKSUM:]).digest() == content[:CHECKSUM]:
            return content[CHECKSUM:]
    return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_or_not_at_all(path, hashlib.sha256(content).digest() + content)


def whole_or_not_at_all(path: Path, content: bytes) -> None:
    """A file written under another name, then renamed; whatever keeps it from that leaves nothing behind."""
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def prune(place: Path) -> None:
    """Remove the folders beside this one that nobody has used for ``KEPT_DAYS``."""
    oldest = time.time() - KEPT_DAYS * DAY
    for other in place.parent.glob("kernels-*"):
        with suppress(OSError):
            if other != place and other.stat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True)
