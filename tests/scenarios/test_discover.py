"""``discover`` and ``export`` on a made-up sweep in which it is known where scenarios fail."""

from __future__ import annotations

import json
import shutil
import tarfile
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import Refused, fundsim
from scipy.stats import binomtest

from scenarios import api
from scenarios.errors import InputError
from scenarios.questions import discovery
from scenarios.sweeps.swept import DEFAULT, Figure, load_swept

SCENARIOS = 400
EVENT = "event:reserve_depletion"


def make_sweep(folder: Path) -> Path:
    """Depletion has the probability 0.6 where claims grow by more than 0.012, T5 is read after_pool and
    reserves are below 9 months, else 0.1; months are 10 less 100 x growth."""
    rng = np.random.default_rng(1)
    growth, read = rng.uniform(-0.01, 0.03, SCENARIOS), rng.random(SCENARIOS) < 0.5
    reserves = rng.choice([3, 6, 9], SCENARIOS)
    ids = [f"{n:012x}" for n in range(SCENARIOS)]
    frame = {
        "scenario": ids,
        "number": range(SCENARIOS),
        "base": "taizhou",
        "trend.resident.claims": growth,
        "policy.resident.reserve_months": reserves,
        "readings.T5": np.where(read, "after_pool", None),
    }
    fails = np.where((growth > 0.012) & read & (reserves < 9), 0.6, 0.1)
    rows = []
    for n, scenario in enumerate(ids):
        common = {"scenario": scenario, "fund": "resident", "std_error": 0.01, "n": 1000}
        for year in (2053, 2054):
            city = {**common, "county": "*", "year": year}
            rows.append(
                {**city, "metric": EVENT, "statistic": "probability", "value": fails[n] / (2055 - year)}
            )
            months = 10 - 100 * growth[n]
            rows.append({**city, "metric": "months_of_capacity", "statistic": "mean", "value": months})
        call = {**common, "county": "*", "year": None, "metric": "gini", "statistic": "mean"}
        rows.append({**call, "value": np.nan if n == 7 else 0.3})
        rows.append(
            {
                **common,
                "county": "甲县",
                "year": 2054,
                "metric": EVENT,
                "statistic": "probability",
                "value": 0,
            }
        )
    metrics = pd.DataFrame(rows).astype({"year": "Int32"})
    (folder / "metrics.parquet").mkdir(parents=True)
    half = len(metrics) // 2
    metrics[half:].to_parquet(folder / "metrics.parquet" / "part-00001.parquet", index=False)
    metrics[:half].to_parquet(folder / "metrics.parquet" / "part-00000.parquet", index=False)
    pd.DataFrame(frame).to_parquet(folder / "scenarios.parquet", index=False)
    (folder / "study.json").write_text(
        json.dumps(
            {
                "format": 1,
                "seed": 1,
                "bases": {"taizhou": {"first_year": 2025, "horizon_years": 30, "funds": {"resident": {}}}},
                "outcomes": {"years": [2053, 2054]},
                "parts_sha256": {"part-00000.parquet": "", "part-00001.parquet": ""},
            }
        ),
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sweep(tmp_path_factory.mktemp("sweep"))


def test_what_varied_and_what_came_of_it(sweep: Path) -> None:
    swept = load_swept(sweep)
    experiments = swept.experiments()
    assert list(experiments) == [
        "trend.resident.claims", "policy.resident.reserve_months", "readings.T5",
    ]  # fmt: skip
    assert set(experiments["readings.T5"]) == {DEFAULT, "after_pool"}
    months = swept.values(Figure("months_of_capacity", "mean", "resident", 2054))
    np.testing.assert_allclose(months, 10 - 100 * experiments["trend.resident.claims"])
    with pytest.raises(InputError, match="none of 1"):
        swept.values(Figure("gini", "mean", "resident", None))


def test_prim_finds_the_planted_box(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert fundsim(monkeypatch, "discover", str(sweep), "--above", "0.5", "--out", str(out)) == 0
    shown = capsys.readouterr().out
    assert "trend.resident.claims" in shown and "one of after_pool" in shown and "2054" in shown
    boxes = pd.read_csv(out / "boxes.csv").set_index("uncertainty")
    again = api.discover(sweep, above=0.5).set_index("uncertainty")
    assert again["low"].equals(boxes["low"])
    first = boxes[boxes.box == 1]
    assert set(first.index) >= {"trend.resident.claims", "readings.T5"}
    assert first.loc["trend.resident.claims", "low"] == pytest.approx(0.012, abs=0.002)
    assert np.isnan(first.loc["trend.resident.claims", "high"]) or (
        first.loc["trend.resident.claims", "high"] > 0.028
    )
    assert first.loc["readings.T5", "values"] == "after_pool"
    assert 6 <= first.loc["policy.resident.reserve_months", "high"] < 9
    assert first.coverage.iloc[0] > 0.9 and first.density.iloc[0] > 0.9
    assert first.loc[["trend.resident.claims", "readings.T5"], "p_value"].max() < 1e-6
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["figure"]["year"] == 2054 and 0 < manifest["failures"] < SCENARIOS
    status = fundsim(
        monkeypatch,
        *("discover", str(sweep), "--outcome", "months_of_capacity", "--below", "8.5", "--lang", "zh"),
    )
    shown = capsys.readouterr().out
    assert status == 0 and "条件框1" in shown and "（均值）" in shown and "mean" not in shown


def test_what_concerns_the_other_fund_alone_is_no_condition(sweep: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sweep, tmp_path / "sweep")
    scenarios = pd.read_parquet(folder / "scenarios.parquet")
    renamed = scenarios.rename(columns={"trend.resident.claims": "trend.employee.claims"})
    renamed.to_parquet(folder / "scenarios.parquet", index=False)
    found = api.discover(folder, above=0.5, density=0.3)
    assert len(found) and not found["uncertainty"].str.contains("employee").any()
    renamed[["scenario", "number", "base", "trend.employee.claims"]].to_parquet(
        folder / "scenarios.parquet", index=False
    )
    with pytest.raises(InputError, match="in what moves the resident fund"):
        api.discover(folder, above=0.5)


def test_a_condition_with_two_ends_is_judged_as_one() -> None:
    """Without its lower end alone a band loses little; without both, all that it tells."""
    rng = np.random.default_rng(4)
    tried = pd.DataFrame({"band": rng.uniform(-3, 3, 1500), "idle": rng.random(1500)})
    fails = (tried.band.between(-1.0, 1.2) & (rng.random(1500) < 0.95)).to_numpy()
    (box, *_) = discovery.discover(tried, fails, 0.8)
    limit = next(limit for limit in box.limits if limit.name == "band")
    assert limit.low is not None and limit.high is not None
    others = np.ones(1500, bool)
    for other in box.limits:
        if other.name != "band":
            low, high = other.low or -np.inf, other.high or np.inf
            others &= tried[other.name].between(low, high).to_numpy()
    inside = others & tried.band.between(limit.low, limit.high).to_numpy()
    assert (inside.sum(), fails[inside].sum()) == (box.scenarios, box.failures)
    chance = binomtest(box.failures, box.scenarios, fails[others].mean(), alternative="greater").pvalue
    assert limit.p_value == pytest.approx(chance) and limit.p_value < 1e-50


def test_the_workbench_reads_the_export(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sweep.tar.gz"
    for _ in range(2):
        assert fundsim(monkeypatch, "export", str(sweep), "--ema", str(file)) == 0
    assert "400 scenarios, 3 outcomes" in capsys.readouterr().out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that it could use, and of ways of pandas that will go
        from ema_workbench import load_results
        from ema_workbench.analysis.prim import Prim

        experiments, outcomes = load_results(str(file))
        swept = load_swept(sweep)
        assert len(experiments) == SCENARIOS and experiments["model"].unique().tolist() == ["taizhou"]
        np.testing.assert_array_equal(
            experiments["trend.resident.claims"], swept.scenarios["trend.resident.claims"]
        )
        depleted = outcomes["resident_event_reserve_depletion_probability"]
        assert depleted.shape == (SCENARIOS, 2) and set(outcomes) == {
            "resident_event_reserve_depletion_probability",
            "resident_months_of_capacity_mean",
            "resident_gini_mean",
        }
        expected = swept.values(Figure(EVENT, "probability", "resident", 2054))
        np.testing.assert_array_equal(depleted[:, 1], expected)
        assert np.isnan(outcomes["resident_gini_mean"][7]) and outcomes["resident_gini_mean"].shape == (400,)
        asked = {"threshold": 0.8} if "threshold" in signature(Prim).parameters else {}  # before 3.0
        box = Prim(experiments, depleted[:, 1] > 0.5, **asked).find_box()
    assert box.coverage > 0.9 and box.density > 0.9
    assert box.box_lim["trend.resident.claims"][0] == pytest.approx(0.012, abs=0.002)


def test_the_archive_is_the_same_bytes_each_time(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        assert fundsim(monkeypatch, "export", str(sweep), "--ema", str(tmp_path / f"{name}.tar.gz")) == 0
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "a.tar.gz") as archive:
        assert {entry.uname for entry in archive} == {""} and len(list(archive)) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "fundsim: --above: expected one of --above and --below"),
        (("--above", "0.5", "--below", "1"), "expected one of --above and --below"),
        (("--above", "0.9"), "no scenario lies beyond it (the figures go from 0.1 to 0.6)"),
        (("--above", "0.01"), "every scenario lies beyond it"),
        (("--above", "0.5", "--outcome", "event:reserve_depleton"), f'did you mean "{EVENT}"'),
        (("--above", "0.5", "--fund", "residents"), 'did you mean "resident"'),
        (("--above", "0.5", "--by", "2060"), "--by: expected a year from 2053 to 2054, found 2060"),
        (("--above", "0.5", "--statistic", "mena"), "--statistic"),
        (("--above", "0.5", "--density", "2"), "--density: expected a share"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], message: str, sweep: Path, refused: Refused) -> None:
    assert message in refused("discover", sweep, *arguments)


def test_folders_that_are_no_sweep(tmp_path: Path, refused: Refused) -> None:
    begun, archive = tmp_path / "begun", tmp_path / "sweep.tar.gz"
    assert "expected a finished sweep" in refused("discover", tmp_path, "--above", "1")
    make_sweep(begun)
    assert "ends in .tar.gz" in refused("export", begun, "--ema", tmp_path / "sweep.zip")
    (begun / "unfinished.sqlite").touch()
    assert "not finished" in refused("discover", begun, "--above", "1")
    (begun / "unfinished.sqlite").unlink()
    part = next((begun / "metrics.parquet").iterdir())
    whole = part.read_bytes()
    for cut in (0, len(whole) // 2):
        part.write_bytes(whole[:cut])
        assert "metrics.parquet: damaged" in refused("discover", begun, "--above", "1")
        assert "metrics.parquet: damaged" in refused("export", begun, "--ema", archive)
    part.write_bytes(whole)
    (begun / "scenarios.parquet").write_bytes(b"PAR1 or not")
    assert "damaged" in refused("export", begun, "--ema", archive)
    assert not archive.exists()


def test_without_the_workbench_it_says_what_to_install(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    def missing(name: str, *rest: Any) -> None:
        return None

    monkeypatch.setattr("scenarios.questions.discovery.find_spec", missing)
    message = refused("discover", sweep, "--above", "0.5")
    assert "pip install '.[discovery]'" in message
