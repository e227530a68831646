"""Which program computes: versions, and a hash of its own sources.

Figures of one study never come from two programs, neither over time nor from several machines.
"""

from __future__ import annotations

import hashlib
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("numpy", "scipy", "pandas", "numba", "llvmlite", "pyarrow", "pydantic")


@cache
def program() -> dict[str, str]:
    """Name -> version of everything that figures depend on."""
    return {
        "fundsim": version("fundsim"),
        "code": _code(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def version(package: str) -> str:
    """As ``importlib.metadata`` has it, which for this one line parses all that a package says of itself."""
    said = metadata.distribution(package).read_text("METADATA")
    line = re.search(r"^Version: *(\S+)$", said or "", re.MULTILINE)
    return line[1] if line else metadata.version(package)


def _code() -> str:
    """Twelve hexadecimal digits that change with any source file of the program."""
    digest = hashlib.sha256()
    for room in ("sim", "scenarios"):
        for source in sorted((ROOT / room).rglob("*.py")):
            digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:12]
