"""``fundsim compare`` as a user meets it: files, terminal, mistakes, interruption; and ``compare`` itself."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Refused, fundsim

from scenarios.definition.scenario import load_scenario
from scenarios.definition.scenario_file import LIBRARY
from scenarios.errors import InputError
from scenarios.runs.compare import Comparison, compare
from scenarios.runs.compare_summary import agresti_min, ranged
from sim.series import Wanted

NAMES = ["ziyang", "ziyang@Z5=city", "ziyang@rules=county-alone"]
SMALL = ("--paths", "300", "--years", "6")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compare") / "new" / "out"
    with pytest.MonkeyPatch.context() as patch:
        assert fundsim(patch, "compare", *NAMES, "--out", str(out), *SMALL) == 0
    return out


def test_writes_its_files_and_no_other(small: Path) -> None:
    files = {"metrics.parquet", "metrics.csv", "manifest.json", "differences.csv", "rules.csv"}
    assert {path.name for path in small.iterdir()} == files


def test_the_table_has_every_scenarios_run_and_the_differences(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_parquet(small / "metrics.parquet")
    text = pd.read_csv(small / "metrics.csv", dtype={"year": "Int32"})
    pd.testing.assert_frame_equal(table, text, check_dtype=False)
    assert list(dict.fromkeys(table.scenario)) == NAMES
    away = table.metric.str.startswith("difference:")
    assert set(table[away].scenario) == set(NAMES[1:]) and set(table[away].statistic) == {
        "mean",
        "probability",
    }
    arguments = ("run", "ziyang", "--out", str(tmp_path), *SMALL, "--rules", "county-alone")
    assert fundsim(monkeypatch, *arguments) == 0
    alone = pd.read_parquet(tmp_path / "metrics.parquet").assign(scenario=NAMES[2])
    mine = table[(table.scenario == NAMES[2]) & ~away].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone, check_exact=True)


def test_the_manifest_tells_each_scenario(small: Path) -> None:
    manifest = json.loads((small / "manifest.json").read_text("utf-8"))
    assert (manifest["paths"], manifest["years"], manifest["sampling"]) == (300, 6, "plain")
    assert [each["scenario"] for each in manifest["scenarios"]] == NAMES
    assert manifest["scenarios"][1]["chosen_readings"]["Z5"] == "city"
    assert manifest["scenarios"][2]["borrowed_rules"] == ["county-alone"]
    assert manifest["same_as_the_first"] == [] and "packages" in manifest


def test_the_same_bytes_whatever_the_threads(small: Path, tmp_path: Path, monkeypatch) -> None:
    assert fundsim(monkeypatch, "compare", *NAMES, "--out", str(tmp_path), *SMALL, "--threads", "3") == 0
    for name in ("metrics.csv", "metrics.parquet", "differences.csv"):
        assert (small / name).read_bytes() == (tmp_path / name).read_bytes()


def test_differences_by_clause(small: Path) -> None:
    rows = pd.read_csv(small / "differences.csv", keep_default_na=False)
    assert list(rows.columns) == ["kind", "fund", "key", "scenario", "value", "clause", "status", "reading"]
    assert set(rows.groupby(["fund", "key"]).size()) == {3}
    assert "Z5=city" in set(rows[rows.scenario == NAMES[1]].reading)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["A: ziyang (", "What differs", "depleted by 2030", "Less A [95%]", "B: 100% (五; Z5=city)"]),
        (
            "zh",
            ["A：ziyang（", "各情景有何不同", "截至2030年结余耗尽概率", "与A之差", "B：100%（五；Z5=city）"],
        ),
    ],
)
def test_the_terminal(tmp_path: Path, monkeypatch, capsys, lang: str, words: list[str]) -> None:
    assert fundsim(monkeypatch, "compare", *NAMES, "--out", str(tmp_path), *SMALL, "--lang", lang) == 0
    shown = capsys.readouterr()
    for word in words:
        assert word in shown.out
    assert ("300 of 300 paths" if lang == "en" else "路径300/300") in shown.err
    assert "±0" not in shown.out and "nan" not in shown.out and max(map(len, shown.out.splitlines())) <= 100


def test_an_assumption_is_called_so_in_both_languages(tmp_path: Path, monkeypatch, capsys) -> None:
    for lang, words in (("en", "(assumption)"), ("zh", "（假设）")):
        given = ("linyi", "linyi@rules=county-alone", "--out", tmp_path, "--paths", "20", "--years", "2")
        assert fundsim(monkeypatch, "compare", *given, "--lang", lang) == 0
        assert words in capsys.readouterr().out


def test_identical_scenarios_differ_by_nothing_and_it_is_said(tmp_path: Path, monkeypatch, capsys) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_bytes((LIBRARY / "ziyang.toml").read_bytes())
    arguments = ("compare", "ziyang", str(copy), "--out", str(tmp_path / "out"), *SMALL)
    assert fundsim(monkeypatch, *arguments) == 0
    out = capsys.readouterr().out
    assert "B is the same as A: in no path does any figure differ." in out
    assert "No rule and no input differs" in out and "0 (no path differs)" in out
    table = pd.read_csv(tmp_path / "out" / "metrics.csv")
    assert set(table.scenario) == {"ziyang", f"ziyang ({copy})"}
    away = table[table.metric.str.startswith("difference:") & (table.n > 1)]
    assert len(away) > 100 and (away[["value", "std_error"]].fillna(0) == 0).all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ziyang"], "expected two scenarios or more, found 1"),
        (["ziyang", "ziyang"], "ziyang: expected a scenario once, found it twice"),
        (["ziyang", "zyang"], 'did you mean "ziyang"'),
        (["ziyang", "ziyang@Z5=cty"], 'readings.Z5: "cty" is unknown'),
        (["ziyang", "linyi", "--reading", "Z5=city"], 'linyi.toml: readings.Z5: "Z5" is unknown'),
        (["ziyang", "ziyang@shocks.respnse=1"], "fundsim: ziyang@shocks.respnse=1: shocks.respnse: "),
        (
            ["ziyang", "ziyang@volatility_factor=99"],
            "fundsim: ziyang@volatility_factor=99: volatility_factor: ",
        ),
        (["ziyang", "ziyang@rule.both.top_up.months=2025-01-01"], "rule.both.top_up.months: Input should be"),
        (["ziyang", "linyi", "--paths", "0"], "--paths: expected a whole number"),
    ],
)
def test_mistakes_write_nothing(tmp_path: Path, refused: Refused, arguments: list[str], message: str) -> None:
    out = tmp_path / "out"
    assert message in refused("compare", *arguments, "--out", out)
    assert not out.exists()


def test_other_years_are_refused_unless_set_for_all(tmp_path: Path, monkeypatch, refused: Refused) -> None:
    text = (LIBRARY / "ziyang.toml").read_text("utf-8")
    (tmp_path / "short.toml").write_text(text.replace("horizon_years = 30", "horizon_years = 20"), "utf-8")
    (tmp_path / "late.toml").write_text(text.replace("first_year = 2025", "first_year = 2026"), "utf-8")
    out = ("--out", str(tmp_path / "out"), "--paths", "50")
    error = refused("compare", "ziyang", tmp_path / "short.toml", *out)
    assert "short.toml: expected 30 years, found 20" in error and "--years N sets it for all" in error
    error = refused("compare", "ziyang", tmp_path / "late.toml", *out)
    assert "expected the first year 2025, found 2026" in error
    assert not (tmp_path / "out").exists()
    assert fundsim(monkeypatch, "compare", "ziyang", str(tmp_path / "short.toml"), *out, "--years", "3") == 0


def test_interrupted_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "scenarios", "compare", "ziyang", "linyi", "--paths", "20000000"]
    child = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stderr is not None
    child.stderr.readline()  # the kernels are being made ready
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130 and b"Traceback" not in errors and not out.exists()


# --- the Python function ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared() -> Comparison:
    first, other = load_scenario("ziyang", years=4), load_scenario("hangzhou", years=4)
    return compare({"here": first, "there": other}, paths=400, seed=2)


def test_compare_gives_frames(compared: Comparison) -> None:
    table, apart = compared.table(), compared.differences_table()
    assert set(table.scenario) == {"here", "there"} and str(table.year.dtype) == "Int32"
    assert set(apart.scenario) == {"here", "there"} and {"rule", "input"} == set(apart.kind)
    # two cities: the city's rows are compared, and no county's, for they have none in common
    away = table[table.metric.str.startswith("difference:")]
    assert set(away.county) == {"*"} and len(away) > 100
    assert compared.same == frozenset() and compared.seconds > 0


def test_compare_takes_scenarios_by_their_names() -> None:
    first, other = load_scenario("ziyang", years=2), load_scenario("linyi", years=2)
    wanted = Wanted(frozenset({"reserves"}), counties=False)
    found = compare([first, other], paths=200, seed=2, wanted=wanted)
    assert set(found.columns["scenario"]) == {"ziyang", "linyi"}
    assert set(found.columns["metric"]) == {"reserves", "difference:reserves"}
    with pytest.raises(InputError, match="expected scenarios of different names"):
        compare([first, first], paths=200, seed=2)
    with pytest.raises(InputError, match="expected two scenarios or more"):
        compare([first], paths=200, seed=2)


# --- intervals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 100), (3, 0, 100), (7, 2, 50), (40, 60, 1000)])
def test_agresti_and_mins_interval_by_its_table(b: int, c: int, n: int) -> None:
    error = math.sqrt(b + c - (b - c) ** 2 / n) / n
    low, high = agresti_min((c - b) / n, error, n)
    more, b2, c2 = n + 2, b + 0.5, c + 0.5
    centre, spread = (c2 - b2) / more, math.sqrt(b2 + c2 - (c2 - b2) ** 2 / more) / more
    assert low == pytest.approx(centre - 1.959964 * spread, abs=1e-7)
    assert high == pytest.approx(centre + 1.959964 * spread, abs=1e-7)
    assert low < (c - b) / n < high


def test_agresti_and_mins_interval_covers() -> None:
    rng = np.random.default_rng(2)
    cells = rng.multinomial(200, (0.90, 0.02, 0.06, 0.02), size=4000)
    b, c = cells[:, 1], cells[:, 2]
    errors = np.sqrt(b + c - (b - c) ** 2 / 200) / 200
    intervals = [agresti_min((y - x) / 200, e, 200) for x, y, e in zip(b, c, errors, strict=True)]
    assert 0.94 < np.mean([low <= 0.04 <= high for low, high in intervals]) < 0.97


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0.0196, 0.0150, 0.0242, "+"), "+0.0196 [+0.0150, +0.0242]"),
        ((1234.5, 1200.0, 1269.0, ""), "1,234 [1,200, 1,269]"),
        ((0.0, -0.4, 0.4, "+"), "0 [-0.40, +0.40]"),
        ((0.0, 0.0, 0.0, ""), "0"),
        ((5.0, math.nan, math.nan, "+"), "+5"),
        ((2.43, -0.03, 4.89, "+"), "+2.4 [0.0, +4.9]"),
        ((-0.04, -4.9, 4.8, "+"), "0.0 [-4.9, +4.8]"),
        ((2.45, 0.01, 4.89, ""), "2.5 [0.0, 4.9]"),
    ],
)
def test_figures_have_the_digits_of_their_interval(given: tuple[float, float, float, str], text: str) -> None:
    assert ranged(*given) == text
