"""W's peers compute the same, and what they compute is what W says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.arrays import State, opening, settle, top_up, year
from benchmarks.parity import TOLERANCE, check_parity, check_tallies
from benchmarks.peers import CPP, FUNDSIM, PEERS, find_peers, loop_peer, numpy_peer
from benchmarks.peers.cpp_peer import compiler
from benchmarks.workload import BASE, CELLS, FUNDS, MONTHS, Normals, Workload

TINY = Workload(counties=2, years=4)
NAIVE = next(peer for peer in PEERS if peer.module == "loop_peer")


def drawn(w: Workload, paths: int, seed: int = 5) -> Normals:
    """Normals from NumPy; shocks thrice as large, so that gaps and short pools are common."""
    normal = np.random.default_rng(seed).standard_normal
    shapes = (
        (w.years, CELLS, paths),
        (w.years, w.counties, CELLS, paths),
        (w.years, MONTHS, w.counties, CELLS, paths),
    )
    return Normals(*(3 * normal(shape, dtype=np.float32) for shape in shapes))


def test_numpy_and_naive_numba_agree_path_by_path() -> None:
    given = drawn(TINY, 40)
    for array, loop in zip(numpy_peer.final(TINY, given), loop_peer.final(TINY, given), strict=True):
        np.testing.assert_allclose(loop, array, rtol=1e-11, atol=1e-11)
    assert (array > 0).any()  # treasuries were called, so the waterfall was compared


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine")
def test_cpp_agrees_path_by_path_and_in_its_tallies() -> None:
    assert check_parity([CPP])[CPP.name] <= TOLERANCE
    check_tallies([CPP], paths=1000)


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine")
def test_cpp_tallies_do_not_depend_on_threads_or_a_last_group_that_is_not_full() -> None:
    run = CPP.load().run
    one, three = run(TINY, 1001, 3, 1), run(TINY, 1001, 3, 3)
    for a, b in zip(one[:3], three[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(one.sums, three.sums, rtol=1e-12)
    assert (one.months.sum(-1) == 1001).all()


@pytest.mark.slow  # compiles W's stages: ten seconds
def test_fundsim_agrees_path_by_path_and_in_its_tallies() -> None:
    assert check_parity([FUNDSIM])[FUNDSIM.name] <= TOLERANCE
    check_tallies([FUNDSIM, NAIVE], paths=1000)


@pytest.mark.slow  # imports and compiles
@pytest.mark.parametrize("name", ["PyTorch", "JAX"])
def test_array_libraries_agree_path_by_path(name: str) -> None:
    present, missing = find_peers()
    if name in missing:
        pytest.skip(f"{name}: {missing[name]}")
    assert check_parity([peer for peer in present if peer.name == name])[name] <= TOLERANCE


def test_a_gap_is_paid_by_own_balance_then_pool_and_treasuries() -> None:
    """By hand: a deficit of 10 with 4 of its own leaves 6; the pool is asked 3 and holds 1, with half of the
    other county's surplus of 0.5; of the unpaid 1.75 the city pays a fifth."""
    state = opening(Workload(2, 1), np.full, 1)._replace(
        balance=np.array([[[4.0], [4.0]], [[0.0], [0.0]]]), pool=np.full((FUNDS, 1), 1.0)
    )
    unsettled = np.array([[[-10.0], [-10.0]], [[0.5], [0.5]]])
    after, gap, outlay = settle(np, state, unsettled)
    np.testing.assert_allclose(gap[:, 0, 0], [6.0, 0.0])
    np.testing.assert_allclose(after.balance[:, 0, 0], [0.0, 0.25])
    np.testing.assert_allclose(after.pool, 0.0)
    np.testing.assert_allclose(after.paid[:, 0, 0], [3 + 0.8 * 1.75, 0.2 * 1.75])
    np.testing.assert_allclose(outlay, 3 + 1.75)


def test_the_pool_is_filled_up_to_three_months_of_claims_where_balances_allow() -> None:
    state = opening(Workload(2, 1), np.full, 1)
    filled = top_up(np, state)
    np.testing.assert_allclose(filled.pool, 2 * BASE[1] / 4)
    poor = top_up(np, state._replace(balance=state.balance / 10))
    np.testing.assert_allclose(poor.pool, state.balance.sum(0) / 10)
    np.testing.assert_allclose(poor.balance, 0, atol=1e-15)


def test_no_money_appears_or_vanishes() -> None:
    """Reserves kept by flows are the accounts' sum."""
    given = drawn(TINY, 50)
    state: State = opening(TINY, np.full, 50)
    for y in range(TINY.years):
        months: Any = given.month[y].astype(float)
        state, done = year(np, state, y == 0, given.city[y], given.county[y], lambda m, z=months: z[m])  # type: ignore[misc]
        booked = state.pool + (state.balance + state.result).sum(0)
        np.testing.assert_allclose(done.reserves, booked, rtol=1e-10, atol=1e-10)


def test_a_peer_that_is_missing_is_named_with_its_reason() -> None:
    present, missing = find_peers()
    assert {peer.name for peer in present} | set(missing) == {peer.name for peer in PEERS}
    assert all(missing.values())
