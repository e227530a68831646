"""``fundsim sensitivity``: SALib's own test functions through the hook, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import Refused, fundsim

from scenarios import api
from scenarios.definition.scenario import build, load_scenario
from scenarios.definition.study import load_study
from scenarios.definition.variation import parse_variation
from scenarios.errors import InputError
from scenarios.labels import Lang
from scenarios.questions import sensitivity_run
from scenarios.questions.factors import Factor, factors_of, values_at
from scenarios.questions.outcomes import outcome_words
from scenarios.questions.sensitivity import Job, sensitivity, variance_split
from scenarios.questions.sensitivity_run import evaluator
from sim.outcome import Outcome, outcomes_of, path_outcomes

STUDY = """
extends = "ziyang"
horizon_years = 4
[uncertainties]
trend.resident.claims = { range = [-0.01, 0.03] }
volatility_factor = { distribution = "normal", mean = 1, sd = 0.1 }
readings = "singly"
"""


def factor(name: str, entry: object) -> Factor:
    return Factor(name, parse_variation(Path("study"), name, entry))


def evaluating(
    of: Callable[[dict[str, Any], np.ndarray], np.ndarray], paths: int = 200
) -> Callable[[Iterable[Job]], Iterator[np.ndarray]]:
    """Outcomes of a function of values and each path's chance, which its seed decides."""

    def evaluate(jobs: Iterable[Job]) -> Iterator[np.ndarray]:
        for values, seed in jobs:
            yield of(dict(values), np.random.default_rng(seed).normal(size=paths))

    return evaluate


def figures(found: Any, statistic: str) -> dict[str, tuple[float, float]]:
    rows = found.table[found.table.statistic == statistic]
    return {row.factor: (row.value, row.std_error) for row in rows.itertuples()}


def test_ishigami_s_indices_are_those_known() -> None:
    from SALib.test_functions import Ishigami

    factors = [factor(name, {"range": [-np.pi, np.pi]}) for name in "abc"]
    evaluate = evaluating(lambda v, w: Ishigami.evaluate(np.array([[*v.values()]])) + w)
    found = sensitivity(factors, evaluate, method="sobol", samples=1024, seed=0)
    known = {"a": (0.3139, 0.5576), "b": (0.4424, 0.4424), "c": (0.0, 0.2437)}
    for at, (first, total) in known.items():
        for statistic, expected in (("first_order", first), ("total", total)):
            value, error = figures(found, statistic)[at]
            assert abs(value - expected) < 4 * error < 0.25, (at, statistic)
    assert found.scenarios == 1024 * 5 and found.variance == pytest.approx(13.84, rel=0.05)
    assert found.noise_share < 1e-12  # the same paths everywhere


def test_elementary_effects_of_a_line_are_its_slopes() -> None:
    """From the quantile 1/8 to 7/8; a list of two takes half of it each."""
    factors = [factor("x", {"range": [0, 2]}), factor("readings.T1", ["p", "q"])]

    def line(v: dict[str, Any], w: np.ndarray) -> np.ndarray:
        return np.asarray(3 * v["x"] + (v["readings.T1"] == "q") + w)

    found = sensitivity(factors, evaluating(line), method="morris", samples=8, seed=3)
    assert figures(found, "mu_star")["x"][0] == pytest.approx(3 * 2 * (7 / 8 - 1 / 8))
    assert figures(found, "mu")["readings.T1"][0] == pytest.approx(1 / (2 / 3))  # a step of Morris' grid
    assert figures(found, "sigma")["x"][0] == pytest.approx(0, abs=1e-9)
    assert found.scenarios <= 8  # 4 levels by 2 values, each point once


def test_noise_of_paths_is_told_from_variance_between_scenarios() -> None:
    """Paths of their own at every point: f + e with variance 1/12 and 4 / 50."""
    rng, paths = np.random.default_rng(4), 50
    found = sensitivity(
        [factor("x", {"range": [0, 1]})],
        evaluating(lambda v, w: v["x"] + rng.normal(0, 2, size=paths)),
        method="sobol",
        samples=512,
        seed=1,
    )
    assert found.noise == pytest.approx(4 / paths, rel=0.05)
    assert found.variance - found.noise == pytest.approx(1 / 12, rel=0.15)


def test_an_outcome_that_never_changes_has_no_indices() -> None:
    factors = [factor("x", {"range": [0, 1]}), factor("y", {"range": [0, 1]})]
    evaluate = evaluating(lambda v, w: np.ones(10))
    for method, expected in (("sobol", np.nan), ("morris", 0.0)):
        found = sensitivity(factors, evaluate, method=method, samples=4, seed=1)  # type: ignore[arg-type]
        assert found.variance == 0 and np.isnan(found.noise_share)
        np.testing.assert_array_equal(found.table.value, expected)


def test_the_split_tells_parameters_from_readings() -> None:
    factors = [factor("x", {"distribution": "normal", "mean": 0, "sd": 2}), factor("readings.T1", [0, 1])]
    both = evaluating(lambda v, w: v["x"] + 6 * v["readings.T1"] + 3 * w)
    found = variance_split(factors, both, replications=600, seed=2)
    assert np.all(np.abs(found.variance - [9, 4, 9, 0]) <= 4 * found.std_error + 1e-9)
    alone = variance_split(factors[:1], evaluating(lambda v, w: v["x"] + w), replications=100, seed=2)
    assert alone.variance[2:].tolist() == [0, 0] and alone.variance[1] > 2


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_factors_are_the_study_s_uncertainties(study: Path) -> None:
    _, factors = factors_of(load_study(study))
    assert [each.name for each in factors] == ["trend.resident.claims", "volatility_factor", "readings"]
    assert [each.is_reading for each in factors] == [False, False, True]
    [low, high] = values_at(factors, np.array([[0.0, 0.5, 0.0], [1.0, 0.5, 0.999]]))
    assert low["trend.resident.claims"] == pytest.approx(-0.01) and low["volatility_factor"] == 1
    assert not any(at.startswith("readings") for at in low)  # the default
    assert sum(at.startswith("readings.") for at in high) == 1
    study.write_text(STUDY.replace("singly", "combined"), encoding="utf-8")
    _, more = factors_of(load_study(study))
    assert len(more) > 3 and all(each.name.startswith("readings.") for each in more[2:])


def test_scenarios_are_simulated_in_order_for_any_number_of_threads(study: Path) -> None:
    base, factors = factors_of(load_study(study))
    outcome = Outcome("months_of_capacity", "resident")
    points = values_at(factors, np.random.default_rng(1).random((5, 3)))
    jobs = [(values, 7) for values in points]
    one, two = (np.stack(list(evaluator(base, outcome, 200, threads)(jobs))) for threads in (1, 2))
    assert one.tobytes() == two.tobytes() and len(np.unique(one.mean(axis=1))) > 1
    again = path_outcomes(build(base, points[3]).case, outcome, paths=200, seed=7)
    np.testing.assert_array_equal(one[3], again)


def test_the_command_writes_tables_and_says_what_they_mean(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sensitivity_run, "LEAST_REPLICATIONS", 8)
    common = ("sensitivity", str(study), "--fund", "resident", "--paths", "64", "--seed", "0", "--samples")
    out = tmp_path / "out"
    assert fundsim(monkeypatch, *common, "4", "--out", str(out), "--outcome", "months_of_capacity") == 0
    shown = capsys.readouterr().out
    assert "trend.resident.claims" in shown and "Law of total variance" in shown
    assert {path.name for path in out.iterdir()} == {"sensitivity.csv", "variance.csv", "manifest.json"}
    table = pd.read_csv(out / "sensitivity.csv")
    assert set(table.statistic) == {"first_order", "total"} and len(table) == 6
    parts = pd.read_csv(out / "variance.csv")
    shown_too, _ = api.sensitivity(
        study, outcome="months_of_capacity", fund="resident", samples=4, paths=64, seed=0
    )
    pd.testing.assert_frame_equal(shown_too, table)
    assert parts.share.sum() == pytest.approx(1) and (parts.n == 8).all()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["uncertainties"]["trend.resident.claims"]["range"] == [-0.01, 0.03]
    assert manifest["outcome"] == {"metric": "months_of_capacity", "fund": "resident", "year": None}
    again = tmp_path / "again"
    status = fundsim(
        monkeypatch, *common, "4", "--out", str(again), "--outcome", "months_of_capacity", "--threads", "1",
        "--lang", "zh",
    )  # fmt: skip
    assert status == 0 and "随机冲击" in capsys.readouterr().out
    for name in ("sensitivity.csv", "variance.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "fundsim: --fund: expected one of employee, resident"),
        (("--fund", "residents"), 'did you mean "resident"'),
        (("--fund", "resident", "--outcome", "event:reserve_depletio"), 'did you mean "event:reserve_dep'),
        (("--fund", "resident", "--by", "2060"), "fundsim: --by: expected a year from"),
        (("--fund", "resident", "--samples", "12"), "fundsim: --samples: Sobol points come by powers of 2"),
        (("--fund", "resident", "--paths", "1"), "fundsim: --paths: expected a whole number from 2"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, study: Path, tmp_path: Path, refused: Refused
) -> None:
    out = tmp_path / "out"
    assert message in refused("sensitivity", study, "--out", out, *arguments)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "ziyang"', "uncertainties: expected at least one that varies"),
        ('extends = ["ziyang", "linyi"]\nuncertainties.volatility_factor = [1, 2]', "expected one base"),
    ],
)
def test_studies_that_have_no_sensitivity(text: str, message: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "plain.toml"
    path.write_text(text, encoding="utf-8")
    assert message in refused("sensitivity", path, "--out", tmp_path / "out")


def test_of_many_bases_the_first_are_named(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "all.toml"
    names = ["ziyang", "linyi", "taizhou", "hangzhou", "yancheng"]
    path.write_text(f"extends = {names}\nuncertainties.volatility_factor = [1, 2]", encoding="utf-8")
    said = refused("sensitivity", path, "--out", tmp_path / "out")
    assert said.endswith("extends: expected one base scenario, found ziyang, linyi, taizhou and 2 more\n")


def test_values_that_clash_are_named_with_the_study(tmp_path: Path) -> None:
    path = tmp_path / "clash.toml"
    lists = 'rules = ["taizhou", "linyi"]\nreadings.T5 = ["after_pool", "whole_gap"]'
    path.write_text(f'extends = "taizhou"\nhorizon_years = 2\n[uncertainties]\n{lists}', encoding="utf-8")
    with pytest.raises(InputError) as error:
        api.sensitivity(path, fund="resident", samples=4, paths=2, threads=1)
    assert str(error.value).startswith(f"{path}: scenario (rules = linyi, readings.T5 = ")
    assert '): readings.T5: "T5" is unknown' in str(error.value)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_outcome_has_words(lang: Lang) -> None:
    """Those of Taizhou, Yancheng and Ziyang are all that there are."""
    cases = (load_scenario(city).case for city in ("taizhou", "yancheng", "ziyang"))
    metrics = {metric for case in cases for fund in case.funds for metric in outcomes_of(case, fund)}
    assert {"covered:own_balance", "covered:pool", "covered:risk_fund", "gini"} < metrics
    for metric in metrics:
        words = outcome_words(metric, None, (2025, 2054), lang)
        assert metric.startswith("event:") or not set(":_") & set(words), metric
    assert "hazard:unfunded" in outcome_words("hazard:unfunded", 2030, (2030, 2030), lang)


def test_gini_is_said_to_be_of_transfers() -> None:
    assert outcome_words("gini", None, (2025, 2054), "en") == "Gini coefficient of net transfers, 2025–2054"
