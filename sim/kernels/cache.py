"""Where compiled kernels are kept between processes.

numba's cache does not see a change in an imported file: an edited callee would leave its cached caller
returning the old result.  So the folder's name is a hash of every kernel source, the versions of numba
and NumPy and the processor's features; an edit leads to a new folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy


def key() -> str:
    """Twenty hex digits that change with any kernel source, compiler version or processor."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    features = llvm.get_host_cpu_features().flatten()
    for part in (
        numba.__version__,
        llvmlite.__version__,
        numpy.__version__,
        llvm.get_host_cpu_name(),
        features,
    ):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:20]


def folder() -> Path | None:
    """A writable folder of this key, or None where nothing can be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    user = f"fundsim-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    given = os.environ.get("NUMBA_CACHE_DIR")
    for base in ([Path(given)] if given else []) + [
        Path(home) / "fundsim",
        Path(tempfile.gettempdir()) / user,
    ]:
        place = base / f"kernels-{key()}"
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place
        except OSError:
            continue
    return None


_place = folder()
if _place is not None:
    setattr(numba.config, "CACHE_DIR", str(_place))  # noqa: B010 - its stubs do not know the attribute


def enabled() -> bool:
    """Whether compiled kernels can be kept; without a writable folder they are compiled each time."""
    return _place is not None
