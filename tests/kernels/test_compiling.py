"""Stages compile the ordinary way too, where the numba at hand has not what ``compiling.py`` derives from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ANSWERS = """
import numpy as np
{before}
from sim.kernels import compiling
from sim.kernels.block import merge_blocks
from sim.kernels.normals import exp2, log2, normal_pair
from sim.kernels.threefry import threefry4x32

assert bool(compiling._inside) is {hooked}
words = [int(word) for word in threefry4x32(*(np.uint32(x) for x in range(8)))]
pair = normal_pair(np.int32(123_456_789), np.int32(-987_654_321))
moments = np.random.default_rng(1).uniform(1, 9, (3, 5, 3))
total = np.zeros((5, 3))
merge_blocks(total, moments, 3)
numbers = [*pair, exp2(np.float32(1.7)), *log2(np.float32(3)), *total.flat]
print(words, *(float(x).hex() for x in numbers))
"""
MISSING = {
    "a class": "import numba.core.typed_passes as p; del p.NativeLowering",
    "a method": "import numba.core.codegen as c; c.JITCodeLibrary = object",
}


def answers(before: str, hooked: bool, kept: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS.format(before=before, hooked=hooked)],
        env=os.environ | {"NUMBA_CACHE_DIR": str(kept)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    return answers("", True, tmp_path_factory.mktemp("usual"))


@pytest.mark.parametrize("missing", MISSING)
def test_without_the_hooks_the_numbers_are_the_same(usual: str, missing: str, tmp_path: Path) -> None:
    assert len(usual.split()) > 15 and answers(MISSING[missing], False, tmp_path) == usual
