"""``fundsim run --sampling``: files, manifest and terminal of each way, and combinations that cannot be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from command_line import Refused, fundsim
from test_run_command import FILES

from scenarios.labels import event_label
from sim.kernels.codes import EVENTS

SMALL = ("run", "ziyang", "--years", "5", "--seed", "3")


def command(patch: pytest.MonkeyPatch, out: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    status = fundsim(patch, *SMALL, "--out", str(out), *arguments)
    manifest = out / "manifest.json"
    return status, json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}


@pytest.mark.parametrize(
    ("method", "asked", "paths", "word"),
    [
        ("antithetic", "600", 600, "对偶"),
        ("antithetic", None, 10_000, "对偶"),
        ("sobol", "8192", 8192, "拟随机"),
        ("sobol", None, 16_384, "拟随机"),
    ],
)
def test_a_run_says_how_paths_were_drawn_and_what_it_gained(
    method: str,
    asked: str | None,
    paths: int,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = () if asked is None else ("--paths", asked)
    status, manifest = command(monkeypatch, tmp_path, "--sampling", method, "--lang", "zh", *more)
    assert status == 0 and {path.name for path in tmp_path.iterdir()} == FILES
    assert (manifest["sampling"], manifest["paths"]) == (method, paths)
    gains = {(g["fund"], g["metric"]): g for g in manifest["gains"]}
    assert gains["resident", "reserves"]["gain"] > 1.5
    shown = capsys.readouterr().out
    assert word in shown.replace("\n", "") and "抽样方法的增益" in shown
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert table[table.statistic == "p50"].std_error.isna().all()


def test_a_plain_run_gains_nothing_and_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, manifest = command(monkeypatch, tmp_path, "--paths", "300", "--sampling", "plain")
    assert (status, manifest["sampling"], manifest["gains"]) == (0, "plain", [])
    assert "gained" not in capsys.readouterr().out


def test_a_rare_event_by_year(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, tmp_path, "--paths", "300")[0] == 0
    (tmp_path / "differences.csv").touch()  # as a comparison leaves it
    capsys.readouterr()
    status, manifest = command(monkeypatch, tmp_path, "--sampling", "importance", "--paths", "8000")
    pictures = {"months_of_capacity.png", "months_of_capacity.svg"}
    assert status == 0 and {path.name for path in tmp_path.iterdir()} == FILES - pictures
    assert (manifest["event"], manifest["sampling"]) == ("reserve_depletion", "importance")
    assert manifest["pilot_paths"] % 256 == 0 and manifest["shifts_in_standard_deviations"][0] == 0
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert set(table.metric) == {"event:reserve_depletion"} and set(table.statistic) == {"probability"}
    assert len(table) == 10 and (table.n == 8000).all()
    found = {(row.fund, row.year): row for row in table.itertuples()}
    for row in manifest["effective_sample_sizes"]:
        figure = found.pop((row["fund"], row["year"]))
        assert row["relative_error"] == pytest.approx(figure.std_error / figure.value)
        plain = figure.value * (1 - figure.value) / figure.std_error**2
        assert row["effective_paths"] == pytest.approx(plain)
        assert row["gain"] == pytest.approx(plain / 8000)
        assert 0 < row["kish_hits"] <= 8000
    assert all(row.value == 0 and math.isnan(row.std_error) for row in found.values())
    shown = capsys.readouterr().out
    assert "reserve_depletion" in shown and "Percentiles" in shown and "2027" in shown


def test_another_event_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--sampling", "importance", "--paths", "2000", "--event", "below_1_months", "--lang", "zh")
    status, manifest = command(monkeypatch, tmp_path, *arguments)
    assert (status, manifest["event"]) == (0, "below_1_months")
    assert "重要性抽样" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--event", "unfunded"), "fundsim: --event: unfunded: expected only with --sampling importance"),
        (("--sampling", "sobol", "--event", "unfunded"), "expected only with --sampling importance"),
        (("--sampling", "importance", "--event", "resrve_depletion"), '"resrve_depletion" is unknown'),
        (("--sampling", "importance", "--event", "policy_adjustment"), "expected one of reserve_depletion"),
        (("--sampling", "antithetic", "--paths", "301"), "--paths: antithetic paths come in pairs"),
        (("--sampling", "sobol", "--paths", "10000"), "--paths: expected 4096 paths times a power of 2"),
    ],
)
def test_what_cannot_be_combined(
    arguments: tuple[str, ...], message: str, tmp_path: Path, refused: Refused
) -> None:
    assert message in refused(*SMALL, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_heavy_tails_are_refused_for_a_rare_event(tmp_path: Path, refused: Refused) -> None:
    text = (Path(__file__).parents[2] / "scenarios/library/ziyang.toml").read_text(encoding="utf-8")
    file = tmp_path / "heavy.toml"
    heavy = text.replace("[shocks]\n", "[shocks]\ncity_degrees_of_freedom = 4.0\n")
    file.write_text(heavy, encoding="utf-8")
    arguments = ("run", file, "--sampling", "importance", "--out", tmp_path / "out")
    error = refused(*arguments)
    assert "heavy.toml: shocks.city_degrees_of_freedom: importance sampling needs normal city shocks" in error


def test_every_event_has_words_in_both_languages() -> None:
    for event in (*EVENTS, "below_0.5_months"):
        english, chinese = (event_label(event, lang) for lang in ("en", "zh"))
        assert english.isascii() and event in english
        assert not chinese.isascii() and event in chinese
