"""``fundsim stress`` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import Refused, fundsim

SMALL = ("stress", "ziyang", "--years", "5", "--paths", "2000", "--seed", "3")


def test_it_tells_the_story_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert fundsim(monkeypatch, *SMALL, "--out", str(out)) == 0
    shown = capsys.readouterr().out
    assert "first-order estimate" in shown and "-0.0" not in shown
    assert all(shown.count(f"{year} ") >= 2 for year in range(2025, 2030))  # a table a fund, every year
    assert {path.name for path in out.iterdir()} == {"stress.csv", "manifest.json"}
    table = pd.read_csv(out / "stress.csv")
    assert table.groupby("fund").size().to_dict() == {"employee": 5, "resident": 5}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["event"], manifest["by"]) == ("reserve_depletion", 2029)
    for fund, rows in table.groupby("fund"):
        assert manifest["funds"][fund]["beta"] > 0
        assert rows.months.min() == pytest.approx(0, abs=0.01) and rows.months_median.min() > 0
        assert (rows.claims_against_median.abs() > rows.contributions_against_median.abs()).all()


def test_without_out_it_only_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("--fund", "resident", "--by", "2027", "--event", "below_3_months", "--lang", "zh")
    assert fundsim(monkeypatch, *SMALL, *arguments) == 0
    shown = capsys.readouterr().out
    assert "城乡居民医保，最轻微的致险冲击" in shown and "职工医保，最" not in shown and "2028 " not in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--event", "reserve_depletio"), 'did you mean "reserve_depletion"'),
        (("--event", "treasury_call"), "fundsim: --event: "),
        (("--fund", "residents"), 'did you mean "resident"'),
        (("--by", "2031"), "fundsim: --by: expected a year from 2025 to 2029, found 2031"),
    ],
)
def test_mistakes_are_named(
    arguments: tuple[str, ...], message: str, tmp_path: Path, refused: Refused
) -> None:
    assert message in refused(*SMALL, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()
