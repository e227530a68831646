"""A sweep's baseline: paired differences against NumPy on single paths, one a base, the same bytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Refused
from rich.console import Console
from small_study import SCENARIOS, STUDY, request, results, write_study

from scenarios.definition.scenario import build, load_base, present
from scenarios.errors import InputError
from scenarios.questions.discover_run import DiscoverRequest, print_discovery, run_discover
from scenarios.sweeps import store
from scenarios.sweeps.sweep import SweepOutput, sweep
from scenarios.sweeps.swept import read_sweep
from sim.paths import event_years, path_values
from sim.series import Key, Wanted

BASELINE = '[design]\nbaseline = { rules = "full-pooling", policy.employee.reserve_months = 2 }\n'
PREFIX = "difference:"
DRAWN = {"paths": 64, "seed": 2024}
MONTHS = "months_of_capacity"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> SweepOutput:
    folder = tmp_path_factory.mktemp("baseline")
    write_study(folder, STUDY + BASELINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PART", 5)
        return sweep(request(folder, threads=1))


def split(metrics: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    of_pairs = metrics["metric"].str.startswith(PREFIX)
    return metrics[~of_pairs].reset_index(drop=True), metrics[of_pairs].reset_index(drop=True)


def test_differences_are_numpys_of_the_paths(swept: SweepOutput) -> None:
    values = {"rules": "full-pooling", "policy.employee.reserve_months": 2, "volatility_factor": 1}
    base = load_base(swept.study.path)
    _, rows = split(read_sweep(swept.out)[1])
    assert set(rows["statistic"]) == {"mean", "probability"} and set(rows["n"]) == {64}
    for point in swept.points[::5]:
        cases = build(base, values).case, swept.study.scenario(point).case
        wanted = Wanted(frozenset({MONTHS}), False)
        figures = [path_values(case, wanted, **DRAWN) for case in cases]
        mine = rows[(rows["scenario"] == point.id) & (rows["metric"] == PREFIX + MONTHS)]
        months = figures[1][1] - figures[0][1]
        for key, difference in zip(figures[0][0].keys, months, strict=True):
            at = (mine["fund"] == list(cases[0].funds)[key.fund]) & (mine["year"] == 2025 + key.year)
            [(value, error)] = mine.loc[at, ["value", "std_error"]].to_numpy()
            assert value == pytest.approx(difference.mean())
            assert error == pytest.approx(difference.std(ddof=1) / 8)
        came = [event_years(case, **DRAWN).city[:, :, 0] >= 0 for case in cases]  # reserve_depletion
        event = rows["metric"] == PREFIX + "event:reserve_depletion"
        found = rows[event & (rows["scenario"] == point.id) & (rows["year"] == 2026)].set_index("fund")
        moved = came[1].astype(float) - came[0]
        assert found.loc[list(cases[0].funds), "value"].tolist() == moved.mean(axis=0).tolist()
        assert found.loc[list(cases[0].funds), "std_error"].to_numpy() == pytest.approx(moved.std(axis=0) / 8)


def test_a_scenarios_own_rows_are_those_without_a_baseline(swept: SweepOutput, tmp_path: Path) -> None:
    write_study(tmp_path)
    _, expected = read_sweep(sweep(request(tmp_path)).out)
    own, _ = split(read_sweep(swept.out)[1])
    pd.testing.assert_frame_equal(own, expected, check_exact=True)


def test_the_same_bytes_with_threads_and_after_an_interruption(
    swept: SweepOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PART", 5)
    write_study(tmp_path, STUDY + BASELINE)

    def interrupt(done: int, of: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(request(tmp_path, threads=2), interrupt)
    assert 0 < sweep(request(tmp_path, threads=3)).ran < SCENARIOS
    assert results(tmp_path / "out") == results(swept.out)


@pytest.mark.slow  # processes that import everything
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_same_bytes_from_workers(
    swept: SweepOutput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PART", 5)
    monkeypatch.setattr("scenarios.sweeps.cluster.PATIENCE_SECONDS", 60)
    write_study(tmp_path, STUDY + BASELINE)
    assert results(sweep(request(tmp_path, workers=2)).out) == results(swept.out)


def test_every_base_has_its_own_present(tmp_path: Path) -> None:
    """At the present values nothing differs; each base's other scenario differs from its own base."""
    study = """\
extends = ["taizhou", "linyi"]
horizon_years = 2
paths = 64
[levers]
policy.employee.reserve_months = { values = [2, 5], present = 5 }
[outcomes]
metrics = ["months_of_capacity"]
[design]
baseline = "present"
"""
    write_study(tmp_path, study)
    done = sweep(request(tmp_path))
    scenarios, metrics = read_sweep(done.out)
    _, rows = split(metrics)
    rows = rows[rows["fund"] == "employee"].merge(scenarios, on="scenario")
    for base in ("taizhou", "linyi"):
        mine = rows[(rows["base"] == base) & (rows["year"] == 2026)]
        moved = mine.set_index("policy.employee.reserve_months")["value"]
        assert moved[5] == 0
        case = build(present(load_base(base)), {"horizon_years": 2}).case
        months = []
        for reserve in (5, 2):
            of_base = build(load_base(base), {"policy.employee.reserve_months": reserve, "horizon_years": 2})
            series, values = path_values(of_base.case, Wanted(frozenset({MONTHS}), False), **DRAWN)
            months.append(values[series.keys.index(Key(0, -1, 1, MONTHS))].mean())
        assert case.years == 2 and moved[2] == pytest.approx(months[1] - months[0])


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ('baseline = "presnt"', ["design.baseline", "present", "presnt"]),
        ("baseline = 3", ["design.baseline", "3"]),
        ("baseline = { volatilty_factor = 1 }", ["design.baseline.volatilty_factor", "volatility_factor"]),
        ('baseline = { rules = "ful-pooling" }', ["design.baseline", "full-pooling"]),
        ("baseline = { volatility_factor = -1 }", ["design.baseline.volatility_factor", "-1"]),
        ("baseline = { readings = { T5 = 3 } }", ["design.baseline.readings.T5", "3"]),
        ("baseline = { horizon_years = 3 }", ["design.baseline", "3 years", "found 2"]),
        ("baseline = { first_year = 2024 }", ["design.baseline", "first year 2024", "found 2025"]),
    ],
)
def test_a_baseline_that_cannot_be_is_told_beforehand(
    tmp_path: Path, refused: Refused, design: str, words: list[str]
) -> None:
    study = write_study(tmp_path, STUDY + f"[design]\n{design}\n")
    said = refused("sweep", study, "--out", tmp_path / "out")
    assert all(word in said for word in words), said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "less the baseline's (probability)"), ("zh", "与基准之差")]
)
def test_discover_looks_at_a_difference(swept: SweepOutput, lang: str, words: str) -> None:
    done = run_discover(
        DiscoverRequest(swept.out, PREFIX + "event:reserve_depletion", "employee", above=0.0, density=0.5)
    )
    _, rows = split(read_sweep(swept.out)[1])
    figures = rows[(rows["metric"] == done.figure.metric) & (rows["fund"] == "employee")]
    assert done.failures == (figures.query("year == 2026")["value"] > 0).sum() > 0
    screen = Console(file=io.StringIO(), width=200)
    print_discovery(done, screen, lang)
    assert words in screen.file.getvalue()


def test_another_baseline_is_another_sweep(swept: SweepOutput) -> None:
    folder = swept.out.parent
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(text.replace("reserve_months = 2", "reserve_months = 4"), "utf-8")
    with pytest.raises(InputError, match=r"design\.baseline.* was 2, is 4"):
        sweep(request(folder))
    (folder / "study.toml").write_text(text, "utf-8")
    assert np.isfinite(split(read_sweep(swept.out)[1])[1]["value"]).all()
