"""A run of some metrics alone, and single paths' figures: the same numbers as the whole run's."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from drawn import NAMES, draw, make_case
from twin_run import data_of, event_years, measure

from scenarios.rulebook.city import load_city
from sim.kernels.codes import EVENTS
from sim.kernels.lanes import LANES
from sim.metrics import metrics_columns, metrics_table
from sim.model import Case
from sim.paths import event_years as years_of_events
from sim.paths import path_values
from sim.series import ALL, NO_SERIES, Wanted, series_of
from sim.simulate import Result, simulate

ANALYST = {"interest_rate": 0.02, "attributable_part": 0.4, "excellent_probability": 0.6}
METRICS = "months_of_capacity outlay:county_treasury gini event:pool_depletion event_year:treasury_call"
SOME = Wanted(frozenset(METRICS.split()))
PATHS = 2 * LANES + 45


@pytest.fixture(scope="module")
def taizhou() -> Case:
    return make_case(dict(load_city("taizhou").rules), years=4, **ANALYST)


@pytest.fixture(scope="module")
def whole(taizhou: Case) -> Result:
    return simulate(taizhou, paths=PATHS, seed=3)


def test_a_run_of_some_years(taizhou: Case, whole: Result) -> None:
    years = frozenset({2023, 2025, 1999})
    some = simulate(taizhou, paths=PATHS, seed=3, wanted=Wanted(years=years))
    every = metrics_table(whole, "x")
    rows = every[every.year.isin(years) | every.year.isna()].reset_index(drop=True)
    assert set(rows.year.dropna()) == {2023, 2025} and rows.year.isna().any()
    assert metrics_table(some, "x").to_csv() == rows.to_csv()


@pytest.mark.parametrize("counties", [True, False])
@pytest.mark.parametrize("sampling", ["plain", "antithetic"])
def test_a_run_of_some_metrics_has_their_rows_of_the_whole_table(taizhou: Case, counties, sampling) -> None:
    wanted = Wanted(SOME.metrics, counties)
    run = {"paths": 2 * LANES + 44, "seed": 3, "sampling": sampling}
    every = metrics_table(simulate(taizhou, **run), "x")
    rows = every[every.metric.isin(SOME.metrics) & (counties | (every.county == "*"))].reset_index(drop=True)
    some = metrics_table(simulate(taizhou, **run, wanted=wanted), "x")
    assert set(some.metric) == set(SOME.metrics) and len(some) < len(every) / 2
    assert some.to_csv() == rows.to_csv()


def test_what_is_not_wanted_has_no_memory(taizhou: Case) -> None:
    every, some, none = (series_of(taizhou, wanted) for wanted in (ALL, SOME, NO_SERIES))
    assert (every.number == np.arange(len(every.keys))).all()
    assert [every.keys[i] for i in np.flatnonzero(some.number >= 0)] == list(some.keys)
    assert {key.metric for key in some.keys} == {"months_of_capacity", "outlay:county_treasury", "gini"}
    assert 0 < some.bins < every.bins / 2 and none.bins == 0 and none.keys == ()


def test_a_run_of_events_alone(taizhou: Case, whole: Result) -> None:
    run = simulate(taizhou, paths=PATHS, seed=3, wanted=Wanted(frozenset({"hazard:pool_depletion"})))
    assert run.events.tobytes() == whole.events.tobytes()
    columns, beyond = metrics_columns(run, "x")
    assert set(columns["metric"]) == {"hazard:pool_depletion"} and beyond == {}
    columns, _ = metrics_columns(simulate(taizhou, paths=PATHS, seed=3, wanted=NO_SERIES), "x")
    assert len(columns["n"]) == 0


def test_values_of_single_paths_are_the_twins(taizhou: Case) -> None:
    paths = 6
    series, values = path_values(taizhou, ALL, paths=paths, seed=3)
    years = years_of_events(taizhou, paths=paths, seed=3)
    drawn = draw(taizhou, 3, paths)
    for f, fund in enumerate(taizhou.funds):
        for p in range(paths):
            data = data_of(taizhou, fund, drawn, p)
            run = naive.run_fund(taizhou.rules[fund].model_dump(), data)
            twin = measure(taizhou, data, run)
            for key, value in zip(series.keys, values[:, p], strict=True):
                if key.fund == f:
                    expected = twin[key.county, key.year, key.metric]
                    assert value == pytest.approx(expected, rel=1e-9, abs=1e-3, nan_ok=True), (key, p)
            found = [*years.city[p, f], *years.county[p, f]]
            assert found == [-1 if y is None else y for y in event_years(taizhou, twin, run)]


def test_single_paths_add_up_to_the_tallies(taizhou: Case, whole: Result) -> None:
    series, values = path_values(taizhou, ALL, paths=PATHS, seed=3)
    assert series.keys == whole.series.keys and values.shape == (len(series.keys), PATHS)
    n, mean, squares = whole.moments.T
    assert ((~np.isnan(values)).sum(axis=1) == n).all()
    some = n > 0
    np.testing.assert_allclose(np.nanmean(values[some], axis=1), mean[some], rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(np.nanvar(values[some], axis=1) * n[some], squares[some], rtol=1e-9, atol=1e-6)
    years = years_of_events(taizhou, paths=PATHS, seed=3)
    assert years.city.shape == (PATHS, 2, len(EVENTS) + 3) and years.city.dtype == np.int16
    for y in range(taizhou.years):
        assert ((years.city == y).sum(axis=0) == whole.events[..., y]).all()
        assert ((years.county == y).sum(axis=0) == whole.county_events[..., y]).all()
    assert (years.city >= 0).any() and (years.city == -1).any()


def test_single_paths_for_any_threads_and_chunks(taizhou: Case) -> None:
    first, values = (
        years_of_events(taizhou, paths=PATHS, seed=3),
        path_values(taizhou, SOME, paths=PATHS, seed=3),
    )
    for threads, chunk in ((1, 1), (2, 2), (3, 7)):
        how = {"paths": PATHS, "seed": 3, "threads": threads, "blocks_per_chunk": chunk}
        for one, two in zip(first, years_of_events(taizhou, **how), strict=True):
            assert one.tobytes() == two.tobytes()
        assert path_values(taizhou, SOME, **how)[1].tobytes() == values[1].tobytes()


def county_alone(names: tuple[str, ...]) -> Case:
    """Every county for itself.  The pool opens empty: what goes back of it depends on who shares it."""
    case = make_case(dict(load_city("county-alone").rules), names=names, years=4)
    funds = {
        name: fund.model_copy(update={"accounts": fund.accounts.model_copy(update={"pool_yuan": 0.0})})
        for name, fund in case.funds.items()
    }
    return case.model_copy(update={"funds": funds})


def test_a_path_keeps_its_number_in_a_city_with_fewer_counties(taizhou: Case) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        years_of_events(taizhou, paths=0, seed=3)
    few, more = (county_alone(names) for names in (NAMES[:2], NAMES))
    one, two = (years_of_events(case, paths=50, seed=3) for case in (few, more))
    assert (one.county == two.county[:, :, :2]).all() and (one.county >= 0).any()
