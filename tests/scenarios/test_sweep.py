"""``fundsim sweep``: the figures of single runs, whoever computes them in what order; what readers find."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pytest
from command_line import fundsim
from small_study import SCENARIOS, STUDY, request, results, write_study

from scenarios.definition.study import builtin_studies, load_study
from scenarios.errors import InputError
from scenarios.sweeps import store
from scenarios.sweeps.sweep import SweepOutput, sweep
from scenarios.sweeps.sweep_words import moved_by
from scenarios.sweeps.swept import load_swept, read_sweep
from sim.metrics import metrics_table
from sim.series import Wanted
from sim.simulate import simulate


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> SweepOutput:
    folder = tmp_path_factory.mktemp("sweep")
    write_study(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PART", 5)
        return sweep(request(folder, threads=1))


def test_rows_are_those_of_single_runs(swept: SweepOutput) -> None:
    scenarios, metrics = read_sweep(swept.out)
    assert len(scenarios) == SCENARIOS and set(metrics["scenario"]) == set(scenarios["scenario"])
    study = swept.study
    wanted = Wanted(frozenset(study.outcomes.metrics), False)
    for point in swept.points[::5]:
        result = simulate(study.scenario(point).case, paths=64, seed=2024, wanted=wanted)
        single = metrics_table(result, point.id)
        mine = metrics[metrics["scenario"] == point.id].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, single, check_exact=True, check_dtype=False)
        assert mine.dtypes.astype(str).to_dict() == {
            **dict.fromkeys(["scenario", "fund", "county", "metric", "statistic"], "str"),
            **{"year": "Int32", "value": "float64", "std_error": "float64", "n": "int64"},
        }


def test_the_table_of_scenarios_has_a_column_for_each_address(swept: SweepOutput) -> None:
    scenarios, _ = read_sweep(swept.out)
    varied = ["policy.employee.reserve_months", "rules", "volatility_factor"]
    assert list(scenarios) == ["scenario", "number", "base", *varied]
    assert scenarios["number"].tolist() == list(range(SCENARIOS))
    assert set(scenarios["base"]) == {"base"}
    for row, point in zip(scenarios[varied].to_dict("records"), swept.points, strict=True):
        assert row == dict(point.values)
    assert [scenarios[at].dtype.kind for at in varied] == ["i", "O", "i"]


def test_duckdb_and_arrow_read_the_parts(swept: SweepOutput) -> None:
    parts = f"{swept.out}/metrics.parquet/*.parquet"
    [[rows, ids, low]] = duckdb.sql(
        f"SELECT count(*), count(DISTINCT scenario), min(value) FILTER (metric LIKE 'event:%') FROM '{parts}'"
    ).fetchall()
    table = ds.dataset(swept.out / "metrics.parquet").to_table()
    assert (rows, ids) == (len(table), SCENARIOS) and low >= 0
    assert str(table.schema.field("metric").type) == "string"
    joined = duckdb.sql(
        f"""SELECT avg(value) FROM '{parts}' JOIN '{swept.out}/scenarios.parquet' USING (scenario)
            WHERE metric = 'months_of_capacity' AND statistic = 'mean' AND fund = 'employee'
            GROUP BY "policy.employee.reserve_months" ORDER BY "policy.employee.reserve_months" """
    ).fetchall()
    assert len(joined) == 3 and joined == sorted(joined)


def test_threads_change_no_byte(swept: SweepOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART", 5)
    write_study(tmp_path)
    assert sweep(request(tmp_path, threads=3)).ran == SCENARIOS
    assert results(tmp_path / "out") == results(swept.out)


def test_a_finished_sweep_has_nothing_left_to_do(swept: SweepOutput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART", 5)
    before = results(swept.out)
    assert sweep(request(swept.out.parent)).ran == 0
    assert results(swept.out) == before
    speed = json.loads((swept.out / "speed.json").read_text())
    assert speed["scenarios"] == SCENARIOS and 0 < speed["kernel_busy"] <= 1.01


def test_years_and_counties_are_those_of_the_outcomes(tmp_path: Path) -> None:
    write_study(
        tmp_path, STUDY.replace("reserve_months = [1, 3, 6]", "reserve_months = 1") + "years = [2026]\n"
    )
    _, metrics = read_sweep(sweep(request(tmp_path)).out)
    assert set(metrics["year"].dropna()) == {2026} and set(metrics["county"]) == {"*"}
    assert metrics["year"].isna().any() == ("event_year" in "".join(metrics["metric"]))
    (tmp_path / "more").mkdir()
    write_study(tmp_path / "more", STUDY + "counties = true\n")
    _, metrics = read_sweep(sweep(request(tmp_path / "more")).out)
    assert metrics["county"].nunique() == 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"unfunded"]', '"unfundd"]', ["outcomes.metrics", "unfunded"]),
        ('"unfunded"]', '"unfunded"]\nyears = [2031]', ["outcomes.years", "2025 to 2026"]),
        ("[1, 2]", "[1, -2]", ["volatility_factor", "-2"]),
        ('"full-pooling"]', '"ful-pooling"]', ["rules", "full-pooling"]),
    ],
)
def test_what_cannot_be_is_told_beforehand(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    write_study(tmp_path, STUDY.replace(old, new))
    with pytest.raises(InputError) as error:
        sweep(request(tmp_path))
    assert all(word in str(error.value) for word in words)
    assert not (tmp_path / "out").exists()


def test_built_in_studies_can_be_run(tmp_path: Path) -> None:
    assert builtin_studies() == ["five-regimes", "prefectures", "taizhou-reserve"]
    for name, scenarios in (("five-regimes", 25), ("taizhou-reserve", 120)):
        study = load_study(name, 1)
        points = study.points()
        assert len(points) == scenarios
        assert {study.scenario(point).case.years for point in points[::9]} == {1}


@pytest.mark.slow  # half a minute: a base case is constructed for each place
def test_a_study_of_every_prefecture(tmp_path: Path) -> None:
    done = sweep(request(tmp_path, study="prefectures", paths=16, years=1))
    scenarios, metrics = read_sweep(done.out)
    assert len(scenarios) == scenarios["base"].nunique() > 330
    assert metrics["scenario"].nunique() == len(scenarios)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["12 scenarios", "employee fund", "12 of 12 scenarios"]),
        ("zh", ["12个情景", "职工医保", "已完成情景12/12"]),
    ],
)
def test_the_command_says_what_came_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    words: list,
) -> None:
    study = write_study(tmp_path)
    assert fundsim(monkeypatch, "sweep", study, "--out", tmp_path / "out", "--lang", lang) == 0
    said = capsys.readouterr()
    for each in (*words[:2], "rules", "full-pooling", "part-00000.parquet"):
        assert each in said.out
    assert words[2] in said.err


def test_the_summary_counts_scenarios_that_rules_leave_without_a_bill(tmp_path: Path) -> None:
    text = STUDY.replace('["taizhou", "full-pooling"]', '["county-alone", "full-pooling"]')
    write_study(tmp_path, text.replace("reserve_months = [1, 3, 6]", "reserve_months = 1"))
    done = sweep(request(tmp_path))
    _, metrics = read_sweep(done.out)
    last = metrics[(metrics["metric"] == "unfunded") & (metrics["year"] == 2026)]
    reporting = set(last["scenario"])
    swept = load_swept(done.out)
    scenarios = swept.scenarios
    absent = scenarios.index[~scenarios["scenario"].isin(reporting)]
    assert 0 < len(absent) < len(scenarios)
    for (fund, metric), column in swept.figures(["unfunded", "months_of_capacity"], 2026).items():
        assert column.notna().all()
        assert metric != "unfunded" or (column[absent] == 0).all()
        if metric == "unfunded":
            assert "rules" in dict(moved_by(scenarios, column, fund))


def test_plan_measures_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path)
    assert fundsim(monkeypatch, "sweep", study, "--out", tmp_path / "out", "--plan") == 0
    said = capsys.readouterr().out
    assert "12 scenarios of 64 paths and 2 years" in said and "rules: 2" in said and "MB" in said
    assert not (tmp_path / "out").exists()


def test_levers_are_ordered_by_how_far_their_means_lie_apart() -> None:
    scenarios = pd.DataFrame({"scenario": list("abcd"), "number": range(4), "base": "x"})
    scenarios["small"], scenarios["large"] = [1, 2, 1, 2], ["p", "p", "q", "q"]
    scenarios["many"] = np.arange(4.0)
    apart, alike = pd.Series([0.0, 1.0, 10.0, 11.0]), pd.Series(np.ones(4))
    [(first, means), (second, _), *_] = moved_by(scenarios, apart, "resident")
    assert {first, second} == {"large", "many"}
    assert moved_by(scenarios, alike, "resident") == []
    assert dict(moved_by(scenarios, apart, "resident"))["large"] == [("p", 0.5), ("q", 10.5)]
    assert len(means) > 1


def test_what_is_of_one_fund_is_not_said_to_move_the_other() -> None:
    scenarios = pd.DataFrame({"scenario": ["a", "b"], "trend.employee.claims": [0.0, 0.01]})
    for fund, moved in (("employee", ["trend.employee.claims"]), ("resident", [])):
        assert [at for at, _ in moved_by(scenarios, pd.Series([1.0, 2.0]), fund)] == moved
