"""The C++ reference: built from ``reference.cpp`` where a compiler is found, called through ctypes."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.given import key_of
from benchmarks.workload import (
    BALANCE,
    BASE,
    BINS,
    BINS_PER_MONTH,
    CITY_PART,
    CITY_SIGMA,
    COUNTY_SIGMA,
    MONTHLY_SIGMA,
    MONTHS,
    PERSISTENCE,
    POOL_PART,
    PROFILE,
    SETTLEMENT_MONTH,
    TO_POOL,
    TOP_UP_MONTHS,
    Outcome,
    Workload,
    empty_outcome,
)

SOURCE = Path(__file__).with_name("reference.cpp")
FLAGS = (
    "-O3 -march=native -ffp-contract=fast -fno-math-errno -fno-trapping-math"
    " -fno-signed-zeros -ffinite-math-only -std=c++17 -shared -fPIC -pthread"
).split()
LOG2E = math.log2(math.e)


class Parameters(ctypes.Structure):
    """``struct Parameters`` of reference.cpp."""

    _fields_ = (
        *(("base", ctypes.c_double * 2), ("balance", ctypes.c_double)),
        *((name, ctypes.c_double) for name in ("city_scale", "county_scale", "persistence")),
        *(("monthly_scale", ctypes.c_double * 2), ("monthly_mean", ctypes.c_double * 2)),
        ("profile", ctypes.c_double * 24),
        *((name, ctypes.c_double) for name in ("top_up", "to_pool", "pool_part", "city_part", "per_month")),
        *(("settlement_month", ctypes.c_int32), ("bins", ctypes.c_int32)),
    )


def compiler() -> str | None:
    """$CXX, g++ or clang++; None where there is none."""
    return next(
        (path for name in (os.environ.get("CXX"), "g++", "clang++") if (path := shutil.which(name or ""))),
        None,
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled reference, kept by a hash of its source, flags and processor; RuntimeError if it fails."""
    found = compiler()
    if found is None:
        raise RuntimeError("no C++ compiler found")
    target = subprocess.run([found, "-march=native", "-Q", "--help=target"], capture_output=True, check=False)
    version = subprocess.run([found, "--version"], capture_output=True, check=False)
    key = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode() + target.stdout + version.stdout)
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"fundsim-benchmarks-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    built = folder / f"reference-{key.hexdigest()[:16]}.so"
    if not built.exists():
        part = built.with_suffix(f".{os.getpid()}")
        done = subprocess.run(
            [found, *FLAGS, "-o", str(part), str(SOURCE)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"the C++ reference does not compile:\n{done.stderr}")
        os.replace(part, built)
    return ctypes.CDLL(str(built))


def parameters() -> Parameters:
    """W's constants, logarithms to base 2."""
    return Parameters(
        base=BASE,
        balance=BALANCE,
        city_scale=CITY_SIGMA * LOG2E,
        county_scale=COUNTY_SIGMA * LOG2E,
        persistence=PERSISTENCE,
        monthly_scale=tuple(s * LOG2E for s in MONTHLY_SIGMA),
        monthly_mean=tuple(s * s / 2 * LOG2E for s in MONTHLY_SIGMA),
        profile=tuple(PROFILE.ravel()),
        top_up=TOP_UP_MONTHS / MONTHS,
        to_pool=TO_POOL,
        pool_part=POOL_PART,
        city_part=CITY_PART,
        per_month=MONTHS * BINS_PER_MONTH,
        settlement_month=SETTLEMENT_MONTH,
        bins=BINS,
    )


def _call(w: Workload, paths: int, seed: int, threads: int, closing: Any) -> Outcome:
    outcome, key, ids = empty_outcome(w), key_of(seed), w.ids

    def address(array: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(None if array is None else array.ctypes.data)

    library().run_w(
        ctypes.byref(parameters()),
        *(address(key), address(ids), w.counties, w.years, ctypes.c_int64(paths), threads),
        *(address(array) for array in (*outcome, closing)),
    )
    return outcome


def run(w: Workload, paths: int, seed: int, threads: int = 1) -> Outcome:
    """All paths, over ``threads`` threads."""
    return _call(w, paths, seed, threads, None)


def final(w: Workload, paths: int, seed: int) -> tuple[Any, Any, Any]:
    """Closing figures of the first ``paths`` paths: (C, 2, N), (2, N), (2, 2, N)."""
    group = library().group_size()
    closing = np.zeros((-(-paths // group), w.counties + 3, 2, group))
    _call(w, paths, seed, 1, closing)
    figures = np.moveaxis(closing, 0, 2).reshape(w.counties + 3, 2, -1)[..., :paths]
    return figures[: w.counties], figures[w.counties], figures[w.counties + 1 :]
