"""Kernels one by one, with pytest-benchmark: ``python -m pytest benchmarks/test_kernels.py``.

Every benchmark does REPEATS blocks of LANES paths inside compiled code, so that the call from Python does
not count.  ``extra_info["items"]`` is what one call makes: random words, normals, or county-fund-months.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.given import key_of
from benchmarks.peers.fundsim_peer import fund_january, fund_july, simulate_blocks, w_case
from benchmarks.workload import FUNDS, MONTHS, Workload, empty_outcome
from sim.kernels.block import open_books, post_months
from sim.kernels.codes import UNSETTLED
from sim.kernels.lanes import LANES, stage
from sim.kernels.normals import normals
from sim.kernels.rows import fill
from sim.kernels.shocks import TOGETHER, county_months
from sim.kernels.threefry import words
from sim.lower import lower_case, lower_noise
from sim.simulate import new_work, simulate

REPEATS = 1000
"""Of a stage within one call, which takes as long as some stages do."""
BLOCKS = 8
W = Workload(years=3)


@stage
def repeat_words(out, key, repeats):
    """The generator."""
    for r in range(repeats):
        words(out, r * LANES, 1, 1, 1, key)


@stage
def repeat_normals(out, words, repeats):
    """Words to normals."""
    for _ in range(repeats):
        normals(out, words)


@stage
def repeat_months(noise, shocked, repeats):
    """A county's months of both funds: words, normals, exponentials."""
    for r in range(repeats):
        county_months(noise, shocked, r * LANES, 0, 0, 1, TOGETHER)


@stage
def repeat_posts(plan, noise, work, repeats):
    """The ledger's part of a month: figures in yuan, posted."""
    for _ in range(repeats):
        post_months(plan, noise, work, 0, 0, 1, TOGETHER)


@stage
def repeat_januaries(plan, books, repeats):
    """The top-up of one fund, all counties."""
    for _ in range(repeats):
        fund_january(plan, books, 0, 1)


@stage
def repeat_julies(plan, books, repeats):
    """The settlement of one fund, all counties: every second one with a deficit."""
    for _ in range(repeats):
        for c in range(books.county.shape[1]):
            fill(books.county[0, c], UNSETTLED, 1e8 if c % 2 == 0 else -1e8)
        fund_july(plan, books, 0)


@pytest.fixture(scope="module")
def ready() -> tuple[Any, Any, Any]:
    """W's plan, noise and one worker's books."""
    case = w_case(W)
    plan, work = lower_case(case), new_work(case)
    open_books(plan, work.books)
    return plan, lower_noise(case, plan, 1), work


def run(benchmark: Any, items: int, call: Callable[[], object]) -> None:
    """Warm up, measure, note what was made."""
    call()
    benchmark.extra_info["items"] = items
    benchmark.pedantic(call, rounds=30, iterations=2)


def test_generator(benchmark: Any) -> None:
    out, key = np.zeros(4 * LANES, np.int32), key_of(1)
    run(benchmark, 4 * LANES * REPEATS, lambda: repeat_words(out, key, REPEATS))
    assert len(np.unique(out)) > 4 * LANES - 4


def test_generator_numpy(benchmark: Any) -> None:
    generator = np.random.Philox(1)
    run(benchmark, 4 * LANES * REPEATS, lambda: generator.random_raw(2 * LANES * REPEATS, output=False))


def test_normals(benchmark: Any) -> None:
    raw, out = (
        np.random.default_rng(1).integers(-(2**31), 2**31, 4 * LANES, np.int32),
        np.zeros(4 * LANES, "f"),
    )
    run(benchmark, 4 * LANES * REPEATS, lambda: repeat_normals(out, raw, REPEATS))
    assert 0.8 < out.std() < 1.2


def test_normals_numpy(benchmark: Any) -> None:
    generator = np.random.Generator(np.random.SFC64(1))
    out = np.zeros(4 * LANES * 100, np.float32)  # within the second cache
    run(benchmark, out.size, lambda: generator.standard_normal(out=out, dtype=np.float32))


def test_month_shocks(benchmark: Any, ready: tuple[Any, Any, Any]) -> None:
    _, noise, work = ready
    run(benchmark, TOGETHER * FUNDS * LANES * REPEATS, lambda: repeat_months(noise, work.shocked, REPEATS))
    assert (work.shocked.factors > 0).all()


def test_post(benchmark: Any, ready: tuple[Any, Any, Any]) -> None:
    plan, noise, work = ready
    run(benchmark, TOGETHER * LANES * REPEATS, lambda: repeat_posts(plan, noise, work, REPEATS))


def test_top_up(benchmark: Any, ready: tuple[Any, Any, Any]) -> None:
    plan, _, work = ready
    run(benchmark, W.counties * MONTHS * LANES * REPEATS, lambda: repeat_januaries(plan, work.books, REPEATS))


def test_settlement(benchmark: Any, ready: tuple[Any, Any, Any]) -> None:
    plan, _, work = ready
    run(benchmark, W.counties * MONTHS * LANES * REPEATS, lambda: repeat_julies(plan, work.books, REPEATS))


def test_workload_block(benchmark: Any, ready: tuple[Any, Any, Any]) -> None:
    plan, noise, work = ready
    outcome = empty_outcome(W)
    paths = BLOCKS * LANES
    run(
        benchmark,
        W.months_per_path * paths,
        lambda: simulate_blocks(plan, noise, work, outcome, 0, BLOCKS, paths),
    )


def test_whole_run(benchmark: Any) -> None:
    case = w_case(W)
    paths = BLOCKS * LANES
    run(benchmark, W.months_per_path * paths, lambda: simulate(case, paths=paths, seed=1, threads=1))
