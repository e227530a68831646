"""Without the compiler the program gives the compiled numbers: a replay, one block of a simulation, a pair.

Nor do kernels go beyond an array's end, which is an IndexError here, nor are arrays of a stage one and the
same memory, which is an AssertionError: the compiled ones look at neither."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import apart
import numpy as np
import pytest
from drawn import NAMES, make_case

from scenarios.rulebook.city import load_city
from sim.kernels.lanes import LANES
from sim.kernels.normals import exp2, exp2_minus_1, log2, normal_pair
from sim.kernels.threefry import threefry4x32
from sim.lower import lower_case
from sim.paired import simulate_paired
from sim.replay import History, replay
from sim.rules import FundRules
from sim.simulate import simulate

TESTS = Path(__file__).parent
CITIES = ("taizhou", "linyi", "yancheng", "ziyang", "hangzhou", "others")


def single_values() -> list[Any]:
    """Functions of a few numbers, at ordinary and extreme arguments."""
    f4, i4, u4 = np.float32, np.int32, np.uint32
    out: list[Any] = [threefry4x32(*(u4(x * 0x9E3779B9 % 2**32) for x in range(n, n + 8))) for n in range(9)]
    out += [
        (exp2(f4(t)), exp2_minus_1(f4(t))) for t in (-70, -3.3, -0.5, 0, 1e-9, 0.4999, 0.5, 1.7, 59.9, 99)
    ]
    out += [log2(f4(x)) for x in (0.5, 0.70710677, 0.7071068, 1, 1.5, 3e9)]
    pairs = ((0, 0), (1, -1), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (123_456_789, -987_654_321))
    out += [normal_pair(i4(a), i4(b)) for a, b in pairs]
    return [[float(x) for x in row] for row in out]


def one_block(shocks: dict[str, Any] | None = None) -> dict[str, Any]:
    """One county, one fund, one year, with every kind of shock or with none; the block is not full."""
    table = dict(load_city("taizhou").rules)
    here: dict[str, Any] = {"funds": ("employee",), "names": NAMES[:1], "years": 1, "attributable_part": 0.4}
    case = make_case(table, shocks=shocks, **here)
    result = simulate(case, paths=LANES - 3, seed=77, threads=1)
    counts = result.counts.total()
    full = np.flatnonzero(counts)
    return {
        "moments": result.moments.tolist(),
        "bins": full.tolist(),
        "counts": counts[full].tolist(),
        "events": result.events.tolist(),
        "county_events": result.county_events.tolist(),
    }


def one_pair() -> list[list[float]]:
    """Moments of the differences between two cases, path by path."""
    table = dict(load_city("taizhou").rules)
    here: dict[str, Any] = {"funds": ("employee",), "names": NAMES[:1], "years": 1, "shocks": {}}
    other = {"employee": FundRules()}
    paired = simulate_paired([make_case(other, **here), make_case(table, **here)], paths=5, seed=2, threads=1)
    return [[float(x) for x in row] for row in paired.pairs[0].moments]


OTHERS = {
    "employee": {
        "opening_transfer": {"share_of_balance": 0.3, "pool_returned": 0.5},
        "settlement": {
            "month": 6,
            "waterfall": [
                {"shares": {"county_balance": 0.5, "all_balances": 0.5}, "up_to": 0.05},
                {"shares": {"pool": 0.6, "county_treasury": 0.4}, "when_pool_short": "after_pool"},
            ],
        },
        "risk_fund": {"rate": 0.02, "stop_at": 0.5, "source": "off_revenue"},
    },
    "resident": {
        "top_up": {"months": 1, "by_balance": 1},
        "risk_fund": {"rate": 0.02, "stop_at": 0.5, "source": "pool"},
    },
}
"""Instruments that none of the five cities has."""


def two_years(city: str) -> list[list[float]]:
    """Moments under a city's rules for both funds, of pairs of mirrored paths; or under ``OTHERS``.

    One of the two counties is the city-level unit."""
    others = {fund: FundRules.model_validate(rules) for fund, rules in OTHERS.items()}
    table: Any = others if city == "others" else dict(load_city(city).rules)
    options = {"excellent_probability": 0.7, "interest_rate": 0.02} if city == "others" else {}
    case = make_case(table, names=NAMES[1:], years=2, **options)
    result = simulate(case, paths=6, seed=3, threads=1, sampling="antithetic")
    return [[float(x) for x in row] for row in result.moments]


def small_replay() -> list[list[float]]:
    """Two years of two counties: every balance and every transfer."""
    table = dict(load_city("yancheng").rules)
    case = make_case(table, funds=("resident",), names=NAMES[:2], years=2, shocks={})
    plan, rng = lower_case(case), np.random.default_rng(4)
    figures = rng.uniform(0.3, 1.7, (2, 1, 2, 12, 2)) * plan.opening[:, :, 5] / 12
    nothing = np.full((1, 2, 2), np.nan)
    history = History(
        funds=("resident",),
        counties=NAMES[:2],
        city_level=(False, True),
        first_year=2020,
        opening=plan.opening,
        city_opening=plan.city_opening,
        contributions=0.7 * figures[0],
        claims=figures[1],
        enrolment=np.full((1, 2, 2), 5e4),
        revenue_budget=nothing,
        expenditure_budget=nothing,
        attributable_deficit=nothing,
        excellent=np.ones((1, 2, 2), np.bool_),
        recoveries=np.full((1, 2, 2), 1e5),
    )
    done = replay([table["resident"]], history, lambda fund, row: row, apply_adjustment=True)
    return [[b.balance for b in done.balances], [t.amount for t in done.ledger]]


def everything() -> dict[str, Any]:
    return {
        "values": single_values(),
        "block": one_block(),
        "no shocks": one_block({}),
        "pair": one_pair(),
        "replay": small_replay(),
        "cities": {city: two_years(city) for city in CITIES},
        "stages": sorted(apart.seen),
    }


@pytest.fixture(scope="module")
def interpreted() -> dict[str, Any]:
    """``everything`` in a process whose kernels are plain Python."""
    code = f"import sys; sys.path.insert(0, {str(TESTS)!r}); import apart; apart.watch(); "
    code += "import test_interpreted as t; t.tell()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def tell() -> None:
    """What the subprocess prints."""
    import numba

    assert numba.config.DISABLE_JIT
    print(json.dumps(everything()))


def test_a_broken_promise_is_seen() -> None:
    row = np.zeros(3)

    def stage(d: np.ndarray, rules: int, rest: tuple[np.ndarray, ...]) -> None:
        apart.wide()

    stage(row[:1], 7, (row[1:2], row[2:]))
    with pytest.raises(AssertionError, match=re.escape("stage: d and rest[1] overlap")):
        stage(row[:2], 7, (row[2:], row[1:2]))


def test_every_promise_was_looked_at(interpreted: dict[str, Any]) -> None:
    assert apart.promising() - {*interpreted["stages"]} == {"counted_in"}  # which has one array


def test_single_values(interpreted: dict[str, Any]) -> None:
    for ours, plain in zip(single_values(), interpreted["values"], strict=True):
        np.testing.assert_allclose(ours, plain, rtol=5e-7, atol=1e-12)
    assert single_values()[:9] == interpreted["values"][:9]


@pytest.mark.parametrize(
    ("name", "shocks", "rtol"),
    [("block", None, 3e-7), ("no shocks", {}, 1e-12)],  # shocks are float32, compiled with fused additions
)
def test_a_block_of_a_simulation(
    interpreted: dict[str, Any], name: str, shocks: dict[str, Any] | None, rtol: float
) -> None:
    ours, plain = one_block(shocks), interpreted[name]
    assert ours["events"] == plain["events"] and ours["county_events"] == plain["county_events"]
    compiled, other = np.array(ours["moments"]), np.array(plain["moments"])
    np.testing.assert_array_equal(compiled[:, 0], other[:, 0])
    np.testing.assert_allclose(compiled[:, 1], other[:, 1], rtol=rtol)
    # without shocks the squared deviations are the rounding of a mean
    size = compiled[:, 1] ** 2 * compiled[:, 0] + compiled[:, 2]
    assert (np.abs(compiled[:, 2] - other[:, 2]) <= rtol * size + 1e-9).all()
    if not shocks and name == "block":
        assert len(plain["bins"]) > 1000 and sum(plain["counts"]) == sum(ours["counts"])


def test_a_replay(interpreted: dict[str, Any]) -> None:
    for ours, plain in zip(small_replay(), interpreted["replay"], strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-12, atol=1e-6)


def test_a_pair_of_cases(interpreted: dict[str, Any]) -> None:
    ours, plain = np.array(one_pair()), np.array(interpreted["pair"])
    assert np.abs(ours[:, 1]).max() > 0
    np.testing.assert_allclose(ours, plain, rtol=1e-9, atol=1e-3)  # yuan, of sums of 1e8 and more


@pytest.mark.parametrize("city", CITIES)
def test_two_years_of_a_city(interpreted: dict[str, Any], city: str) -> None:
    ours, plain = np.array(two_years(city)), np.array(interpreted["cities"][city])
    assert np.abs(ours[:, 1]).max() > 0
    np.testing.assert_array_equal(ours[:, 0], plain[:, 0])
    np.testing.assert_allclose(ours[:, 1], plain[:, 1], rtol=1e-5, atol=10)  # yuan; shocks are float32
