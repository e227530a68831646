"""``fundsim warn`` as a user meets it: against the metrics of a run, files, both languages, mistakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import Refused, fundsim

from scenarios.definition.scenario import load_scenario
from scenarios.runs.warn_run import guidance_months, parse_months
from sim.metrics import metrics_table
from sim.simulate import simulate

SMALL = ("--paths", "600", "--years", "8", "--seed", "3")


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("warn") / "out"
    with pytest.MonkeyPatch.context() as patch:
        call = ("warn", "ziyang", "--out", str(out), "--months", "6,3", "--within", "2", *SMALL)
        assert fundsim(patch, *call) == 0
    return out


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "warnings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_files_and_columns(warned: Path) -> None:
    assert sorted(file.name for file in warned.iterdir()) == ["manifest.json", "warnings.csv"]
    rows = rows_of(warned)
    assert list(rows[0]) == "scenario fund months within_years statistic value std_error n".split()
    assert [row["months"] for row in rows[:: len(rows) // 4]] == ["3.0", "6.0"] * 2
    manifest = json.loads((warned / "manifest.json").read_text("utf-8"))
    assert manifest["warning"] == {"months": [3.0, 6.0], "within_years": 2}
    assert (manifest["paths"], manifest["seed"], manifest["years"]) == (600, 3, 8)


def test_shares_are_those_of_a_run(warned: Path) -> None:
    case = load_scenario("ziyang", years=8).case
    table = metrics_table(simulate(case, paths=600, seed=3), "ziyang")
    last = table[(table.county == "*") & (table.year == case.first_year + 7)]
    for row in rows_of(warned):
        event = {
            "warned": f"event:below_{float(row['months']):g}_months",
            "depleted": "event:reserve_depletion",
        }
        if row["statistic"] in event:
            same = last[(last.fund == row["fund"]) & (last.metric == event[row["statistic"]])]
            assert float(row["value"]) == same[same.statistic == "probability"].value.item()
    assert any(row["statistic"] == "warned" and float(row["value"]) > 0.05 for row in rows_of(warned))


def test_threads_change_nothing(warned: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call = ("warn", "ziyang", "--out", str(tmp_path), "--months", "3,6", "--within", "2", *SMALL)
    assert fundsim(monkeypatch, *call, "--threads", "1") == 0
    assert (tmp_path / "warnings.csv").read_bytes() == (warned / "warnings.csv").read_bytes()


@pytest.mark.parametrize(("lang", "words"), [("en", "False alarm"), ("zh", "提前年数")])
def test_the_terminal_says_it(
    lang: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fundsim(monkeypatch, "warn", "ziyang", "--lang", lang, *SMALL) == 0
    said = capsys.readouterr().out
    assert words in said
    assert "15" in said and "*" in said  # the guidance is among the marks by default
    assert list(tmp_path.iterdir()) == []


def test_guidance_is_published() -> None:
    assert guidance_months() == {6, 9, 15}


def test_months_are_read() -> None:
    assert parse_months("9, 3，4.5,3") == (3, 4.5, 9)
    assert parse_months(None) is None


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--months", "3,x"), "--months: 3,x: expected months above 0"),
        (("--months", "0"), "--months: 0: expected months"),
        (("--months", "nan"), "--months"),
        (("--within", "30"), "--within: expected years from 0 to 29"),
        (("--within", "-1"), "--within"),
        (("--paths", "0"), "--paths"),
        (("--rules", "linyy"), "linyi"),
    ],
)
def test_mistakes(option: tuple[str, str], says: str, refused: Refused, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert says in refused("warn", "taizhou", "--out", out, *option)
    assert not out.exists()
