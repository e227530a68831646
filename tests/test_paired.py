"""Cases in lockstep: each the same as alone, and differences against naive NumPy on single paths."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from binned import tallies_of
from drawn import NAMES, make_case

from scenarios.rulebook.city import load_city
from sim.differences import (
    PREFIX,
    difference_columns,
    hazard_difference,
    probability_difference,
    split_by_year,
)
from sim.kernels.codes import EVENTS
from sim.kernels.lanes import LANES
from sim.kernels.paired import subtract
from sim.metrics import metrics_table
from sim.model import Case
from sim.paired import Paired, mismatch, pair_in_turn, simulate_paired
from sim.paths import event_years, path_values
from sim.series import ALL, Wanted
from sim.simulate import IdentityError, simulate

PATHS = 2 * LANES + 77
ANALYST = {"interest_rate": 0.02, "attributable_part": 0.4, "excellent_probability": 0.6}


def rules(city: str, **readings: str) -> Case:
    return make_case(dict(load_city(city, readings).rules), **ANALYST)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Taizhou, another reading of it, other rules, fewer counties in another order, stronger growth."""
    fewer = make_case(dict(load_city("yancheng").rules), names=(NAMES[2], NAMES[0]), below_months=(6.0, 2.0))
    grown = rules("taizhou")
    growth = grown.funds["employee"].growth.model_copy(update={"claims": 0.12})
    funds = {
        "resident": grown.funds["resident"],
        "employee": grown.funds["employee"].model_copy(update={"growth": growth}),
    }
    grown = grown.model_copy(update={"funds": funds})
    return [rules("taizhou"), rules("taizhou", T5="after_pool"), rules("county-alone"), fewer, grown]


@pytest.fixture(scope="module")
def paired(cases: list[Case]) -> Paired:
    return simulate_paired(cases, paths=PATHS, seed=4)


def test_only_what_is_alike_in_every_path_does_not_differ(cases: list[Case], paired: Paired) -> None:
    [same] = simulate_paired([cases[0], cases[0]], paths=PATHS, seed=4).pairs
    assert same.nothing_differs
    assert not any(pair.nothing_differs for pair in paired.pairs)
    apart = same.years.copy()
    apart[0, 0, 0], apart[0, 0, 1] = apart[0, 0, 0] - 1, apart[0, 0, 1] + 1
    moved, empty = same.moments.copy(), same.moments.copy()
    moved[0, 1], empty[0, 0] = 1.0, empty[0, 0] - 1
    fewer = {"series": same.series[:-1], "moments": same.moments[:-1]}
    changes = ({"years": apart}, {"moments": moved}, {"moments": empty}, {"events": same.events[:-1]}, fewer)
    for change in changes:
        assert not replace(same, **change).nothing_differs


def test_a_difference_of_rounding_is_none() -> None:
    one, two, out = np.full(LANES, 5.0), np.full(LANES, 5.0), np.empty(LANES)
    two[:4] += 1e-9, -1e-9, 0.5, np.nan
    subtract(out, one, two, 1e-6)
    assert out[:3].tolist() == [0, 0, 0.5] and np.isnan(out[3]) and not out[4:].any()


def test_pairing_ends_where_a_stop_comes(cases: list[Case]) -> None:
    given = {"paths": PATHS, "seed": 4, "wanted": Wanted(frozenset({"reserves"}))}
    assert pair_in_turn(cases[:2], stop=np.zeros(1, np.uint8), **given) is not None
    assert pair_in_turn(cases[:2], stop=np.ones(1, np.uint8), **given) is None


def test_lockstep_is_each_case_alone(cases: list[Case], paired: Paired) -> None:
    for case, result in zip(cases, paired.results, strict=True):
        alone = simulate(case, paths=PATHS, seed=4)
        assert tallies_of(alone) == tallies_of(result)
        assert (result.paths, result.seed, result.errors) == (PATHS, 4, None)


def test_the_same_bytes_for_any_threads_and_chunks(cases: list[Case], paired: Paired) -> None:
    for threads, chunk in ((1, 1), (2, 2), (3, 8)):
        other = simulate_paired(cases, paths=PATHS, seed=4, threads=threads, blocks_per_chunk=chunk)
        for one, two in zip(paired.pairs, other.pairs, strict=True):
            assert (
                one.moments.tobytes() == two.moments.tobytes() and one.years.tobytes() == two.years.tobytes()
            )


def named(case: Case, wanted: Wanted = ALL) -> dict[tuple[str, str, int, str], np.ndarray]:
    """Every series' values by path, by what the series is called."""
    series, values = path_values(case, wanted, paths=PATHS, seed=4)
    funds, counties = list(case.funds), [*(county.name for county in case.counties), "*"]
    return {
        (funds[key.fund], counties[key.county], key.year, key.metric): row
        for key, row in zip(series.keys, values, strict=True)
    }


def table_of(paired: Paired, at: int) -> pd.DataFrame:
    return pd.DataFrame(difference_columns(paired.pairs[at - 1], "x"))


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_means_are_numpys_of_the_paths(cases: list[Case], paired: Paired, at: int) -> None:
    one, two = named(cases[0]), named(cases[at])
    rows = table_of(paired, at).query("statistic == 'mean'")
    assert len(rows) > 100 and not rows.duplicated(["fund", "county", "year", "metric"]).any()
    for row in rows.itertuples():
        year = -1 if math.isnan(row.year) else int(row.year) - cases[0].first_year
        name = (row.fund, row.county, year, row.metric.removeprefix(PREFIX))
        d = two[name] - one[name]
        d = d[~np.isnan(d)]
        assert row.n == len(d), name
        if not len(d):
            assert math.isnan(row.value) and math.isnan(row.std_error)
            continue
        slack = 1e-9 * max(np.abs(d).max(), np.nanmax(np.abs(one[name]))) + 1e-9
        assert row.value == pytest.approx(d.mean(), abs=slack), name
        assert row.std_error == pytest.approx(d.std(ddof=1) / np.sqrt(len(d)), abs=slack), name


def test_rows_are_those_that_both_report(paired: Paired) -> None:
    tables = [metrics_table(result, "x") for result in paired.results]
    for at in range(1, len(tables)):
        keys = ["fund", "county", "year", "metric"]
        both = tables[0].merge(tables[at], on=[*keys, "statistic"], how="outer")
        ruled_out = both.metric.str.contains("unfunded|adjustment")  # what is not reported of these is nought
        for name in ("value_x", "value_y", "n_x", "n_y"):
            both[name] = both[name].mask(ruled_out & both[name].isna(), 0)
        both = both[both.n_x.notna() & both.n_y.notna() & both.statistic.isin(["mean", "probability"])]
        both = both.assign(metric=PREFIX + both.metric).fillna({"year": 0})
        found = table_of(paired, at).fillna({"year": 0})
        expected = set(both[keys].itertuples(index=False, name=None))
        assert set(found[keys].itertuples(index=False, name=None)) == expected and len(found) == len(expected)
        merged = both.merge(found, on=keys)
        merged = merged[merged.n_x == merged.n_y]  # elsewhere the means are of other paths
        apart = (merged.value_y - merged.value_x - merged.value).abs()
        size = 1e-9 * (merged.value_x.abs() + merged.value_y.abs()) + 1e-9
        assert len(merged) > 300 and not (apart > size).any()


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_probabilities_are_mcnemars(cases: list[Case], paired: Paired, at: int) -> None:
    years = [event_years(case, paths=PATHS, seed=4).city for case in (cases[0], cases[at])]
    names = [event_names(case) for case in (cases[0], cases[at])]
    table, compared = table_of(paired, at), 0
    table = table[table.metric.str.startswith(f"{PREFIX}event:") & (table.county == "*")]
    for row in table.itertuples():
        event, y = row.metric.removeprefix(f"{PREFIX}event:"), int(row.year) - cases[0].first_year
        had = []
        for case, of_path, known in zip((cases[0], cases[at]), years, names, strict=True):
            year = of_path[:, list(case.funds).index(row.fund), known.index(event)]
            had.append((year >= 0) & (year <= y))
        b, c = int((had[0] & ~had[1]).sum()), int((had[1] & ~had[0]).sum())
        assert (row.value, row.n) == ((c - b) / PATHS, PATHS)
        assert row.std_error == math.sqrt(b + c - (b - c) ** 2 / PATHS) / PATHS
        d = had[1].astype(float) - had[0]
        assert row.std_error == pytest.approx(d.std() / math.sqrt(PATHS), abs=1e-12)
        compared += b + c > 0
    assert compared > 10 or at == 1  # that reading moves money between treasuries, and nothing else


def event_names(case: Case) -> list[str]:
    return [*EVENTS, *(f"below_{n:g}_months" for n in case.options.below_months)]


def test_events_by_hand() -> None:
    """Six pairs over two years: (first's year, other's year), 2 for never."""
    joint = np.zeros((3, 3), np.int64)
    for pair in ((0, 0), (0, 1), (2, 1), (2, 0), (2, 2), (1, 2)):
        joint[pair] += 1
    split = split_by_year(joint[None])[0]
    assert split[0].tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 3]]
    value, error = probability_difference(split)
    assert value.tolist() == [(1 - 1) / 6, (2 - 1) / 6]  # year 0: b = 1, c = 1; by year 1: b = 1, c = 2
    assert error.tolist() == [math.sqrt(2) / 6, math.sqrt(3 - 1 / 6) / 6]
    hazard, _, at_risk = hazard_difference(split)
    assert hazard.tolist() == [2 / 6 - 2 / 6, 2 / 4 - 1 / 4] and at_risk.tolist() == [6, 5]


def test_a_hazards_error_is_that_of_many_samples() -> None:
    """Against the spread of the estimate itself over 4,000 samples of 500 correlated pairs."""
    rng = np.random.default_rng(1)
    common, own = rng.normal(size=(2, 4000, 500, 2))
    first = np.where(common + 0.5 * own > 0.8, 1, 0)
    other = np.where(common + 0.5 * rng.normal(size=common.shape) > 0.6, 1, 0)
    a, z = (np.where(x[..., 0], 0, np.where(x[..., 1], 1, 2)) for x in (first, other))
    joint = np.zeros((4000, 3, 3), np.int64)
    np.add.at(joint, (np.arange(4000)[:, None], a, z), 1)
    value, error, _ = hazard_difference(split_by_year(joint))
    spread = value.std(axis=0, ddof=1)
    assert np.abs(error.mean(axis=0) / spread - 1).max() < 0.06


def test_a_case_beside_itself_differs_by_nothing_at_all(cases: list[Case]) -> None:
    table = pd.DataFrame(difference_columns(simulate_paired([cases[0]] * 2, paths=300, seed=1).pairs[0], "x"))
    some = table[table.n > 0]
    assert (some.value.fillna(0) == 0).all() and (some.std_error.fillna(0) == 0).all() and len(some) > 500


def test_only_what_is_wanted(cases: list[Case], paired: Paired) -> None:
    wanted = Wanted(frozenset({"reserves", "event:reserve_depletion"}), counties=False)
    some = simulate_paired(cases[:2], paths=PATHS, seed=4, wanted=wanted)
    found, whole = pd.DataFrame(difference_columns(some.pairs[0], "x")), table_of(paired, 1)
    names = {f"{PREFIX}reserves", f"{PREFIX}event:reserve_depletion"}
    expected = whole[whole.metric.isin(names) & (whole.county == "*")].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)
    years = simulate_paired(cases[:2], paths=PATHS, seed=4, wanted=Wanted(years=frozenset({2024})))
    expected = whole[(whole.year == 2024) | whole.year.isna()].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(difference_columns(years.pairs[0], "x")), expected)
    none = simulate_paired(cases[:2], paths=9, seed=4, wanted=Wanted(frozenset()))
    assert len(difference_columns(none.pairs[0], "x")["n"]) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first_year": 2030}, "expected the first year 2022, found 2030"),
        ({"years": 7}, "expected 4 years, found 7"),
    ],
)
def test_years_that_differ_are_refused(cases: list[Case], change: dict[str, int], message: str) -> None:
    other = cases[1].model_copy(update=change)
    assert mismatch(cases[0], other) == message
    with pytest.raises(ValueError, match=f"case 3 .*{message}"):
        simulate_paired([cases[0], cases[1], other], paths=9, seed=1)


def test_other_funds_and_nothing_to_run_are_refused(cases: list[Case]) -> None:
    alone = make_case(funds=("resident",))
    with pytest.raises(ValueError, match="expected the funds employee, resident, found resident"):
        simulate_paired([cases[0], alone], paths=9, seed=1)
    with pytest.raises(ValueError, match="paths: at least 1"):
        simulate_paired(cases, paths=0, seed=1)
    with pytest.raises(ValueError, match="cases: at least 1"):
        simulate_paired([], paths=9, seed=1)


def test_progress_and_a_fault_stop_the_run(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    simulate_paired(cases[:2], paths=300, seed=1, threads=2, blocks_per_chunk=1, progress=done.append)
    assert done == [LANES, 2 * LANES, 300]

    import sim.paired

    lower: Callable[[Case], object] = sim.paired.lower_case

    def leaking(case: Case) -> object:
        plan = lower(case)
        plan.layer_share[1] *= 1 + 1e-6
        return plan

    monkeypatch.setattr(sim.paired, "lower_case", leaking)
    with pytest.raises(IdentityError, match=r"not conserved in \d+ of 300 paths"):
        simulate_paired(cases[:2], paths=300, seed=1)
