"""The table of metrics: exactly the rows of the model's own table, for each city, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from binned import counts_of
from drawn import NAMES, make_case

from scenarios.rulebook.city import load_city
from sim.metrics import COLUMNS, metrics_table
from sim.model import Case
from sim.paths import path_values
from sim.rules import FundRules
from sim.series import ALL as WANTED
from sim.series import kind_of
from sim.simulate import Result, simulate

CITIES = ("taizhou", "yancheng", "ziyang", "linyi", "hangzhou")
YEARS = (2022, 2023, 2024)
ALL = ("mean", "p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99")
FEW = ("mean", "p05", "p50", "p95")
BILL = (*ALL, "tvar95", "tvar99")
LINES = ("county_treasury", "city_treasury", "opening_deficits", "arrears")
EVERYWHERE = {
    *("reserve_depletion", "cash_depletion", "treasury_call", "treasury_call_county", "treasury_call_city"),
    *("below_1_months", "below_3_months", "below_6_months"),
}
EVENTS = {
    "taizhou": EVERYWHERE | {"pool_depletion", "topup_short", "cash_shortfall"},
    "yancheng": EVERYWHERE | {"pool_depletion", "unfunded", "policy_adjustment", "cash_shortfall"},
    "ziyang": EVERYWHERE | {"risk_fund_depletion"},
    "linyi": EVERYWHERE | {"pool_depletion", "unfunded", "cash_shortfall"},
    "hangzhou": EVERYWHERE | {"pool_depletion", "unfunded", "cash_shortfall"},
}
OWN_BALANCE = {"taizhou", "ziyang"}
"""Cities whose waterfall names county_balance."""
COVERED = {
    "taizhou": ("own_balance", "pool"),
    "yancheng": ("pool",),
    "ziyang": ("own_balance", "risk_fund"),
    "linyi": ("pool",),
    "hangzhou": ("pool",),
}
"""Accounts of the fund that pay for deficits under the city's rules."""
Place = tuple[str, int | None, str, str]
"""County or *, year, metric, statistic."""


def run(city: str, paths: int = 300, **options) -> Result:
    case = make_case(dict(load_city(city).rules), years=3, **options)
    return simulate(case, paths=paths, seed=12)


@pytest.fixture(scope="module", params=CITIES)
def city_run(request: pytest.FixtureRequest) -> tuple[str, Result]:
    return request.param, run(request.param)


def expected_rows(city: str) -> Iterator[Place]:
    """Section 4's table, with the last paragraph of section 3."""
    for name in EVENTS[city]:
        for year in YEARS:
            yield "*", year, f"event:{name}", "probability"
            yield "*", year, f"hazard:{name}", "probability"
        for statistic in ("p05", "p25", "p50", "probability"):
            yield "*", None, f"event_year:{name}", statistic
    metrics: list[tuple[str, str, str, tuple[str, ...]]] = [
        ("city", "year", "months_of_capacity", ALL),
        ("city", "year", "cash_months", FEW),
        ("city", "year", "reserves", ALL),
        ("city", "year", "cash_reserves", ALL),
        ("city", "horizon", "gini", FEW),
        ("city county", "horizon", "outlay:runoff", BILL),
        ("city county", "horizon", "outlay:runoff:discounted", BILL),
    ]
    for line in LINES:
        metrics.append(("city county", "year horizon", f"outlay:{line}", BILL))
        metrics.append(("city county", "horizon", f"outlay:{line}:discounted", BILL))
    for account in COVERED[city]:
        metrics.append(("city", "year", f"covered:{account}", FEW))
    for metric in ("pool_net", "pool_paid_in", "pool_drawn"):
        metrics.append(("county", "horizon", metric, FEW))
    if city in OWN_BALANCE:
        metrics.append(("county", "year", "months_of_capacity", FEW))
        for name in NAMES:
            for year in YEARS:
                yield name, year, "event:county_depletion", "probability"
                yield name, year, "hazard:county_depletion", "probability"
    if "pool_depletion" in EVENTS[city]:
        metrics.append(("city", "year", "pool_months", FEW))
    if "unfunded" in EVENTS[city]:
        metrics.append(("city", "year", "unfunded", BILL))
    if city == "yancheng":
        for kind in ("contributions", "claims"):
            metrics.append(("city", "year horizon", f"adjustment:{kind}", BILL))
            metrics.append(("city", "horizon", f"adjustment:{kind}:discounted", BILL))
    for places, whens, metric, statistics in metrics:
        counties = ["*"] * ("city" in places.split()) + list(NAMES) * ("county" in places.split())
        years = list(YEARS) * ("year" in whens.split()) + [None] * ("horizon" in whens.split())
        for county in counties:
            for year in years:
                for statistic in statistics:
                    yield county, year, metric, statistic


def test_the_rows_are_those_of_the_model_and_each_stands_once(city_run: tuple[str, Result]) -> None:
    city, result = city_run
    table = metrics_table(result, "base")
    assert (
        tuple(table.columns)
        == COLUMNS
        == (*("scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n"),)
    )
    assert set(table["scenario"]) == {"base"} and set(table["fund"]) == {"employee", "resident"}
    assert str(table["year"].dtype) == "Int32" and str(table["n"].dtype) == "int64"
    for fund in ("employee", "resident"):
        part = table[table["fund"] == fund]
        years = [
            None if missing else int(y) for y, missing in zip(part["year"], part["year"].isna(), strict=True)
        ]
        rows = list(zip(part["county"], years, part["metric"], part["statistic"], strict=True))
        wanted = set(expected_rows(city))
        if city == "taizhou" and fund == "resident":
            assert load_city(city).rules["resident"].top_up.months == 1
        assert len(rows) == len(set(rows))
        assert set(rows) - wanted == set() and wanted - set(rows) == set()


def test_numbers_are_in_order_and_finite(city_run: tuple[str, Result]) -> None:
    _, result = city_run
    table = metrics_table(result, "base")
    wide = table[~table["metric"].str.startswith(("event_year", "hazard"))]
    few = wide["statistic"] == "tvar99"  # three of 300 paths say nothing of its error
    assert wide["value"].notna().all() and wide["std_error"].isna().equals(few)
    assert (wide["std_error"][~few] >= 0).all()
    whole = table.assign(year=table["year"].fillna(0)).pivot_table(
        index=["fund", "county", "year", "metric"], columns="statistic", values="value", sort=False
    )
    ranked = [p for p in ALL[1:] if p in whole]
    known = whole.dropna(subset=ranked)
    assert len(known) > 100
    assert (np.diff(known[ranked], axis=1) >= 0).all()
    tails = whole.dropna(subset=["tvar95", "tvar99"])
    slack = 1e-9 * tails["tvar99"].abs() + 1 / 128 * tails["p99"].abs()
    assert (tails["tvar95"] >= tails["p95"]).all() and (tails["tvar99"] >= tails["tvar95"] - slack).all()


def test_means_and_probabilities_are_the_tallies() -> None:
    result = run("yancheng")
    table = metrics_table(result, "base").set_index(["fund", "county", "year", "metric", "statistic"])
    for i, key in enumerate(result.series.keys):
        if key.metric == "reserves" and key.county == -1:
            fund = list(result.case.funds)[key.fund]
            row = table.loc[fund, "*", 2022 + key.year, "reserves", "mean"]
            n, mean, squares = result.moments[i]
            assert row["value"] == mean and row["n"] == n == 300
            assert row["std_error"] == pytest.approx(np.sqrt(squares / 299 / 300))
            middle = table.loc[fund, "*", 2022 + key.year, "reserves", "p50"]
            assert abs(middle["value"] - mean) < 40 * row["std_error"]
    for f, fund in enumerate(result.case.funds):
        p = result.events[f, 0].cumsum() / 300
        rows = [table.loc[fund, "*", y, "event:reserve_depletion", "probability"] for y in YEARS]
        assert [row["value"] for row in rows] == p.tolist()
        assert [row["std_error"] for row in rows] == pytest.approx(np.sqrt(p * (1 - p) / 300))


def of_paths(values: np.ndarray, statistic: str) -> float:
    """A percentile (the smallest value with at least that share up to it), or the mean of a tail."""
    at = int(statistic.removeprefix("tvar").removeprefix("p")) / 100
    percentile = np.quantile(values, at, method="inverted_cdf")
    excess = np.maximum(values - percentile, 0).mean() if statistic.startswith("tvar") else 0.0
    return percentile + excess / (1 - at)


def test_percentiles_and_tail_means_are_those_of_the_paths(city_run: tuple[str, Result]) -> None:
    """Within a bin of NumPy's on every path's own value, of every series of the city and its counties."""
    result = city_run[1]
    series, values = path_values(result.case, WANTED, paths=300, seed=12)
    funds, counties = list(result.case.funds), ["*", *(county.name for county in result.case.counties)]
    known = {
        (funds[key.fund], counties[key.county + 1], 2022 + key.year if key.year >= 0 else 0, key.metric): each
        for key, each in zip(series.keys, values, strict=True)
    }
    compared = 0
    for row in metrics_table(result, "x").fillna({"year": 0}).itertuples():
        each = known.get((row.fund, row.county, row.year, row.metric))
        if each is None or row.statistic == "mean" or row.n == 0:
            continue
        exact = of_paths(each[~np.isnan(each)], row.statistic)
        width = abs(exact) / 128 + 0.01 if kind_of(row.metric) in ("money", "signed") else 0.02
        assert row.value == pytest.approx(exact, abs=width), row
        compared += exact != 0
    assert compared > 200


def rows_of(result: Result, metric: str, county: str = "*") -> list[tuple[str, float, float, int]]:
    table = metrics_table(result, "x")
    part = table[(table["metric"] == metric) & (table["county"] == county) & (table["fund"] == "employee")]
    return list(zip(part["statistic"], part["value"], part["std_error"], part["n"], strict=True))


@pytest.fixture(scope="module")
def small() -> Result:
    case: Case = make_case(
        dict(load_city("ziyang").rules), funds=("employee",), names=NAMES[:2], years=4, below_months=(0.5, 12)
    )
    return simulate(case, paths=100, seed=1)


def with_events(small: Result, new: list[int], paths: int = 100) -> Result:
    """The run with hand-made counts of its first event."""
    events = np.zeros_like(small.events)
    events[0, 0] = new
    return replace(small, events=events, county_events=np.zeros_like(small.county_events), paths=paths)


def test_event_and_hazard_by_hand(small: Result) -> None:
    result = with_events(small, [3, 0, 20, 5])
    p = [0.03, 0.03, 0.23, 0.28]
    assert rows_of(result, "event:reserve_depletion") == [
        ("probability", pytest.approx(x), pytest.approx((x * (1 - x) / 100) ** 0.5), 100) for x in p
    ]
    hazards = [(3, 100), (0, 97), (20, 97), (5, 77)]
    assert rows_of(result, "hazard:reserve_depletion") == [
        ("probability", pytest.approx(k / n), pytest.approx((k / n * (1 - k / n) / n) ** 0.5), n)
        for k, n in hazards
    ]


def test_a_hazard_without_anyone_at_risk_is_empty(small: Result) -> None:
    rows = rows_of(with_events(small, [60, 40, 0, 0]), "hazard:reserve_depletion")
    assert [row[1] for row in rows[:2]] == [0.6, 1.0]
    for _, value, error, n in rows[2:]:
        assert np.isnan(value) and np.isnan(error) and n == 0


def test_event_years_are_order_statistics(small: Result) -> None:
    def years(new: list[int], paths: int = 100) -> list[float]:
        rows = rows_of(with_events(small, new, paths), "event_year:reserve_depletion")
        assert [row[0] for row in rows] == ["p05", "p25", "p50", "probability"]
        assert {row[3] for row in rows} == {paths}
        assert rows[3][1] == pytest.approx(sum(new) / paths)
        return [row[1] for row in rows[:3]]

    nan = pytest.approx(np.nan, nan_ok=True)
    assert years([3, 0, 20, 5]) == [2024, 2025, nan]
    assert years([5, 20, 25, 0]) == [2022, 2023, 2024]
    assert years([4, 20, 25, 0]) == [2023, 2024, nan]
    assert years([0, 0, 0, 0]) == [nan, nan, nan]
    assert years([0, 0, 0, 100]) == [2025, 2025, 2025]
    assert years([1, 0, 0, 0], 1) == [2022, 2022, 2022]
    # between two paths there is no year between theirs
    assert years([1, 0, 1, 0], 2) == [2022, 2022, 2022]


def test_errors_of_event_years_by_hand(small: Result) -> None:
    """Half of what lies between the years of ranks a standard error of a count below and above; of the 50th
    of 100 paths, 45 and 55."""

    def errors(new: list[int]) -> list[float]:
        return [row[2] for row in rows_of(with_events(small, new), "event_year:reserve_depletion")]

    nan = pytest.approx(np.nan, nan_ok=True)
    assert errors([0, 48, 0, 12]) == [0.5, 0.5, 1.0, pytest.approx((0.6 * 0.4 / 100) ** 0.5)]
    assert errors([44, 0, 11, 0]) == [0.5, 0.5, 0.5, pytest.approx((0.55 * 0.45 / 100) ** 0.5)]
    assert errors([5, 20, 25, 0]) == [0.5, 0.5, nan, pytest.approx(0.05)]


@pytest.mark.parametrize("paths", [20, 140, 280, 300, 10_000])
def test_the_fifth_percentile_of_event_years_is_the_path_of_that_rank(small: Result, paths: int) -> None:
    fifth = paths // 20
    rows = rows_of(with_events(small, [fifth, paths - fifth, 0, 0], paths), "event_year:reserve_depletion")
    assert rows[0][:2] == ("p05", 2022)


def test_county_depletion_by_hand(small: Result) -> None:
    county = small.county_events.copy()
    county[0, 1] = [10, 0, 0, 40]
    rows = rows_of(replace(small, county_events=county), "event:county_depletion", NAMES[1])
    assert [row[1] for row in rows] == pytest.approx([0.1, 0.1, 0.1, 0.5])


def test_months_below_are_named_by_their_number(small: Result) -> None:
    names = set(metrics_table(small, "x")["metric"])
    assert {"event:below_0.5_months", "event_year:below_12_months"} <= names
    assert "event:below_1_months" not in names


def test_values_beyond_the_range_are_counted_by_metric(small: Result) -> None:
    assert metrics_table(small, "x").attrs["beyond_range"] == {}
    counts = small.counts.total()
    at = next(i for i, key in enumerate(small.series.keys) if (key.metric, key.county) == ("cash_months", -1))
    start, end = small.series.start[at], small.series.end[at]
    counts[start:end] = 0
    counts[start], counts[end - 1], counts[start + 6001] = 7, 3, 90
    table = metrics_table(replace(small, counts=counts_of(counts)), "x")
    assert table.attrs["beyond_range"] == {"cash_months": 10}
    part = table[(table["metric"] == "cash_months") & (table["year"] == 2022)].set_index("statistic")["value"]
    assert (part["p05"], part["p50"] // 0.02 * 0.02) == (-120, 0)


def test_a_last_layer_with_a_limit_leaves_bills_unfunded() -> None:
    """Also where only treasuries pay in it: what is beyond its limit is reported, and the pool repays it."""
    waterfall = [
        {"shares": {"county_balance": 1}},
        {"shares": {"county_treasury": 0.8, "city_treasury": 0.2}, "up_to": 0.001},
    ]
    limited = FundRules.model_validate({"settlement": {"waterfall": waterfall}})
    assert limited.draws_pool
    table = metrics_table(
        simulate(make_case({"resident": limited}, funds=("resident",)), paths=64, seed=1), "x"
    )
    bill = table[(table["metric"] == "unfunded") & (table["statistic"] == "mean")]
    assert len(bill) == 4 and bill["value"].iloc[-1] > 1e6


def test_nothing_held_is_not_below_nought_months() -> None:
    """Every county alone, its treasury pays: reserves are 0 but for rounding, and never below."""
    rules = dict(load_city("county-alone").rules)
    case = make_case(rules, years=6, below_months=(0.0, 0.5)).model_dump()
    for county in case["counties"]:
        for fund in ("employee", "resident"):
            county[fund] |= {"county_balance_yuan": 0.0, "opening_deficit_yuan": 0.0}
    result = simulate(Case.model_validate(case), paths=300, seed=3)
    below_nought, below_half = result.events[:, -2].sum(axis=1), result.events[:, -1].sum(axis=1)
    assert below_nought.tolist() == [0, 0] and (below_half > 100).all()


def test_gini_is_empty_for_one_county() -> None:
    case = make_case(dict(load_city("taizhou").rules), names=NAMES[:1], years=1)
    table = metrics_table(simulate(case, paths=30, seed=1), "x")
    part = table[table["metric"] == "gini"]
    assert len(part) == 8 and part["value"].isna().all() and (part["n"] == 0).all()
