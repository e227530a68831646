"""The report's tables against the metrics they are of, the files of tables, and mistakes."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pictured import facts_of, make_table
from small_study import LIBRARY

from scenarios import api
from scenarios.errors import InputError
from scenarios.explorer.numbers import main_figures
from scenarios.explorer.results import Shown
from scenarios.questions.sensitivity_run import _with_interval
from scenarios.reports import inputs
from scenarios.reports.export import shared_out, tables, tex
from scenarios.reports.html import compact
from scenarios.reports.page import RunPage, page_of
from scenarios.reports.report import report
from scenarios.reports.table import chance, decimal, share
from scenarios.sweeps.sweep_words import _figure


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taizhou, another reading of it, and Linyi's rules."""
    folder = tmp_path_factory.mktemp("compared")
    names = ["taizhou", "taizhou@T5=after_pool", "taizhou@rules=linyi"]
    api.compare(names, paths=256, years=4, seed=3, out=folder)
    return folder


def test_main_figures_are_the_metrics_own(compared: Path) -> None:
    metrics = pd.read_parquet(compared / "metrics.parquet")
    facts = RunPage(compared).stored.facts
    rows = api.tables(compared)["main_figures"]
    assert len(rows) == 6
    for i, (scenario, fund) in enumerate((f, g) for f in facts for g in ("employee", "resident")):
        mine = metrics[(metrics["scenario"] == scenario["scenario"]) & (metrics["fund"] == fund)]
        mine = mine[mine["county"] == "*"]

        def one(metric: str, statistic: str, year: int | None, mine: pd.DataFrame = mine) -> float:
            at = mine["year"].isna() if year is None else mine["year"] == year
            found = mine[(mine["metric"] == metric) & (mine["statistic"] == statistic) & at]
            return float(found["value"].iloc[0]) if len(found) else 0.0

        base = scenario["base_claims_yuan"][fund]
        depleted = one("event:reserve_depletion", "probability", 2028)
        assert rows["Chance, % [95%]"][i] == pytest.approx(100 * depleted, abs=1e-6)
        assert rows["Chance, % [95%]: low"][i] <= 100 * depleted <= rows["Chance, % [95%]: high"][i]
        assert rows["Months p50"][i] == pytest.approx(one("months_of_capacity", "p50", 2028))
        paid = one("outlay:county_treasury:discounted", "mean", None)
        assert rows["County treasuries, %"][i] == pytest.approx(100 * paid / base, rel=1e-8)


def test_every_yuan_of_the_verdict_is_a_line_of_who_pays(compared: Path) -> None:
    page = RunPage(compared)
    said = [line for line in page._said() if "treasuries pay" in line]
    frames = api.tables(compared)
    for line, fund in zip(said[:2], ("employee", "resident"), strict=True):
        bill = frames[f"who_pays_{fund}_taizhou"]
        treasuries = bill[bill["Line"] != "Unfunded"]["Mean"].sum() * 1e8
        percent = re.search(r"pay ([\d.<,]+) %", line)
        base = page.runs[0].facts["base_claims_yuan"][fund]
        assert percent and percent[1] == share(treasuries / base).text


def test_the_verdict_has_what_patients_and_payers_bear(tmp_path: Path) -> None:
    api.run("yancheng", paths=256, years=8, seed=3, out=tmp_path)
    page, main = RunPage(tmp_path), api.tables(tmp_path)["main_figures"]
    said = [line for line in page._said() if "treasuries pay" in line]
    borne = [re.search(r"patients and payers bear ([\d.<,]+) %", line) for line in said]
    shown = main["Patients and payers, %"].tolist()
    assert [each[1] for each in borne if each] == [share(each / 100).text for each in shown]
    api.run("taizhou", paths=64, years=2, seed=3, out=tmp_path / "other")
    assert not any("patients and payers" in line for line in RunPage(tmp_path / "other")._said())


def test_assumptions_of_some_scenarios_name_them(tmp_path: Path) -> None:
    api.compare(["taizhou", "ziyang"], paths=64, years=2, out=tmp_path)
    frames = api.tables(tmp_path)
    stated = frames["assumptions"].fillna("")
    for name in ("taizhou", "ziyang"):
        own = tomllib.loads((LIBRARY / f"{name}.toml").read_text("utf-8"))["assumptions"]
        mine = stated[stated["Scenarios"].isin(["", name])]
        assert set(mine["Statement"]) == {each["en"] for each in own}
    shared = stated.loc[stated["Scenarios"] == "", "Statement"]
    assert 0 < len(shared) < len(stated)
    lines = frames["sources"].groupby("Source")["Table and lines"].nunique()
    assert lines.max() == 2


def test_of_many_ways_to_state_one_thing_the_first_stands() -> None:
    one = {"id": "size", "about": ["x"], "sources": []}
    sizes = [0, 0, *range(20)]
    manifests = {
        f"place{n}": {"assumptions": [{**one, "en": f"Size {size}.", "zh": f"规模{size}。"}]}
        for n, size in enumerate(sizes)
    }
    (table,) = inputs.assumptions(manifests, "en")
    assert [[cell.text for cell in row[:2]] for row in table.rows] == [
        ["place0, place1, place2; 19 others in their own figures", "Size 0."]
    ]


def test_of_many_who_state_a_thing_the_first_are_named() -> None:
    said = {"id": "size", "about": ["x"], "sources": [], "en": "Large.", "zh": "大。"}
    manifests: dict[str, Any] = {f"place{n}": {"assumptions": [said]} for n in range(20)}
    (table,) = inputs.assumptions(manifests | {"silent": {}}, "zh")
    assert table.rows[0][0].text == "、".join(f"place{n}" for n in range(8)) + "等，另有12个"


def test_differences_say_what_whoever_agrees_has(compared: Path) -> None:
    """Every row of differences.csv is told once: its scenario stands in one row of its parameter."""
    stored = pd.read_csv(compared / "differences.csv", keep_default_na=False)
    shown = api.tables(compared)["differences"]
    assert set(shown["Fund"]) <= {"Both funds", "Employee fund", "Resident fund", ""}
    told = sum(
        len(names.split(", ")) * (2 if fund == "Both funds" else 1)
        for names, fund in zip(shown["Scenarios"], shown["Fund"], strict=True)
    )
    assert told == len(stored)
    after = shown[shown["Reading"] == "T5=after_pool"]
    assert set(after["Scenarios"]) == {"taizhou@T5=after_pool"}
    assert after["Clause"].str.startswith("Art.").all()


def test_a_layer_that_differs_goes_by_its_number(compared: Path) -> None:
    """Each document has words of its own for a layer, and one scenario's do not fit another's value."""
    shown = api.tables(compared)["differences"]
    layers = shown[shown["Parameter"].str.contains("layer")]
    assert {name.split(": ")[1] for name in layers["Parameter"]} == {
        f"layer {n} of the waterfall" for n in (1, 2, 3)
    }
    stored = pd.read_csv(compared / "differences.csv", keep_default_na=False)
    assert stored["key"].str.startswith("settlement.waterfall.").sum() >= len(layers)


def test_rules_stand_once_with_those_who_have_them(compared: Path) -> None:
    shown = api.tables(compared)["rules"]
    names = ["group", "name", "value", "clause", "status", "reading"]
    own, linyi = (api.explain("taizhou", rules=rules)[names] for rules in (None, "linyi"))
    reread = api.explain("taizhou", readings={"T5": "after_pool"})[names]
    every = pd.concat([own, reread, linyi]).drop_duplicates()
    assert sorted(map(tuple, shown.iloc[:, 1:].to_numpy())) == sorted(map(tuple, every.to_numpy()))
    assert (shown["Scenarios"] == "all").sum() == len(own.merge(linyi))


def test_differences_of_probabilities_are_in_points(compared: Path) -> None:
    metrics = pd.read_parquet(compared / "metrics.parquet")
    rows = metrics.query("metric == 'difference:event:reserve_depletion' and year == 2028 and county == '*'")
    shown = api.tables(compared)["side_by_side"]
    mine = shown[shown["Figure"].str.startswith("Reserves depleted")]
    found = pd.to_numeric(mine["Difference [95%]"], errors="coerce").dropna()
    assert sorted(found) == pytest.approx(sorted(100 * rows["value"]), abs=1e-6)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_csv_opens_in_excel_and_holds_the_numbers(compared: Path, tmp_path: Path, lang: str) -> None:
    files = tables(compared, tmp_path, "csv", lang)  # type: ignore[arg-type]
    frames = api.tables(compared, lang=lang)  # type: ignore[arg-type]
    assert {path.stem for path in files} == {"tables", *frames}
    listed = pd.read_csv(tmp_path / "tables.csv", encoding="utf-8-sig", keep_default_na=False)
    assert listed.to_numpy().tolist() == [
        [f"{name}.csv", frame.attrs["title"], frame.attrs["note"]] for name, frame in frames.items()
    ]
    for path in files:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        if path.stem == "tables":
            continue
        read = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False)
        frame = frames[path.stem]
        assert [name.split(".")[0] for name in read] == [str(name).split(".")[0] for name in frame]
        assert len(read) == len(frame)


def test_scenarios_that_files_would_call_the_same_have_tables_of_their_own(tmp_path: Path) -> None:
    for number, name in enumerate(("方案 1", "方案+1")):
        (tmp_path / f"{number}.toml").write_text(f'extends = "ziyang"\nname = "{name}"\n', "utf-8")
    names = [str(tmp_path / f"{number}.toml") for number in range(2)]
    api.compare(names, paths=64, years=2, out=tmp_path / "compared")
    files = tables(tmp_path / "compared", tmp_path / "tables", "csv")
    frames = api.tables(tmp_path / "compared")
    assert {path.stem for path in files} == {"tables", *frames}
    titles = {name: frame.attrs["title"] for name, frame in frames.items() if name.startswith("who_pays")}
    assert len(titles) == 4 and all(("方案+1" in titles[name]) == name.endswith("_2") for name in titles)


def test_latex_rows_have_their_columns_and_nothing_raw(compared: Path, tmp_path: Path) -> None:
    files = tables(compared, tmp_path, "tex", "zh")
    whole = (tmp_path / "tables.tex").read_text("utf-8")
    for path in files:
        if path.name == "tables.tex":
            continue
        assert f"\\input{{{path.name}}}" in whole
        text = re.sub(r"\\label\{[^}]*\}", "", path.read_text("utf-8"))
        columns = text.splitlines()[0].count("p{")
        rows = [line for line in text.splitlines() if line.endswith(r"\\") and "&" in line]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}
        assert not re.search(r"(?<!\\)[%#$_]", text)
        widths = [float(each) for each in re.findall(r"dimexpr([\d.]+)\\linewidth", text)]
        assert sum(widths) == pytest.approx(1, abs=0.01)
        assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_special_characters_of_latex() -> None:
    assert tex(r"50% a_b & {c} #1 $2 ~ ^ \x") == (
        r"50\% a\_\allowbreak{}b \& \{c\} \#1 \$2 \textasciitilde{} \textasciicircum{} \textbackslash{}x"
    )


def test_latex_may_break_names_and_addresses_and_no_figure() -> None:
    assert tex("a/b a@T5=x") == r"a/\allowbreak{}b a@\allowbreak{}T5=\allowbreak{}x"
    assert tex("tables.csv 12.5 ends.") == r"tables.\allowbreak{}csv 12.5 ends."


def test_columns_of_latex_share_the_line() -> None:
    assert shared_out([4, 4, 4], [10, 20, 30], 100) == [10, 20, 30]
    assert shared_out([4, 4, 30], [10, 60, 60], 100) == pytest.approx([10, 45, 45])
    assert shared_out([4, 4, 70], [10, 60, 80], 100) == pytest.approx([10, 20, 70])
    assert shared_out([50, 60], [80, 80], 100) == pytest.approx([50, 60])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xelatex") is None, reason="no XeLaTeX on this machine")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_xelatex_sets_every_table_inside_the_line(compared: Path, tmp_path: Path, lang: Any) -> None:
    tables(compared, tmp_path, "tex", lang)
    call = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "tables.log").read_text("utf-8", "replace")
    assert "Overfull" not in log and "Missing character" not in log


def test_html_for_word_has_every_row(compared: Path, tmp_path: Path) -> None:
    (path,) = tables(compared, tmp_path, "html", "en")
    text = path.read_text("utf-8")
    frames = api.tables(compared)
    assert text.count("<table") == len(frames)
    assert text.count("<tr>") == sum(len(frame) + 1 for frame in frames.values())
    assert text.count("<td ") == text.count("<td style=")


def test_a_probability_of_nought_has_an_interval() -> None:
    cell = chance(0.0, (0.0, 0.0019))
    assert (cell.text, cell.interval) == ("0.00 [0.00–0.19]", (0.0, pytest.approx(0.19)))
    assert chance(1e-5, (8e-6, 1.2e-5)).text == "0.0010 [0.0008–0.0012]"
    assert chance(1.8e-15, (7.4e-16, 4.4e-15)).text == "1.8e-13 [7.4e-14–4.4e-13]"
    assert chance(0.0, (math.nan, math.nan)).text == "0.0 [–]"


def test_a_run_of_one_event_says_so(tmp_path: Path) -> None:
    import subprocess

    call = "run linyi --sampling importance --paths 512 --years 2 --out".split()
    subprocess.run([sys.executable, "-m", "scenarios", *call, str(tmp_path)], check=True, capture_output=True)
    page = RunPage(tmp_path)
    frames = api.tables(tmp_path)
    assert list(frames["main_figures"].columns)[:2] == ["Fund", "Chance, % [95%]"]
    assert not any(name.startswith("who_pays") for name in frames)
    text = "".join(page._said())
    assert "nor who pays" in text and "months of payment" not in text
    first = frames["by_year_employee"].iloc[0]
    assert first.iloc[1] == 0 and set(first.iloc[2:]) == {""}  # no path had it, so its error is not known


def test_json_is_the_same_when_it_is_short() -> None:
    import json

    value = {"a": [{"b": list(range(80)), "c": "中"}] * 3, "d": {}, "e": [], "f": None, "g": {"h": "x" * 300}}
    assert json.loads(compact(value)) == value
    assert max(map(len, compact({"k": {str(i): i for i in range(200)}}).splitlines())) < 20


def _mistakes(tmp_path: Path, compared: Path) -> Iterator[tuple[Path, Path, str]]:
    page = tmp_path / "page.html"
    yield tmp_path / "nothing", page, "expected the directory of a finished run"
    yield compared, tmp_path / "page.htm1", "expected the name of an HTML file"
    yield compared, tmp_path / "no" / "page.html", "expected a file in a directory that exists"
    yield compared, tmp_path, "expected the name of an HTML file"


def test_mistakes_are_named_and_write_nothing(tmp_path: Path, compared: Path) -> None:
    for directory, out, message in _mistakes(tmp_path, compared):
        with pytest.raises(InputError, match=message):
            report(directory, out)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(tmp_path: Path, compared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "papermill", None)
    with pytest.raises(InputError, match=r"pip install '\.\[report\]'"):
        report(compared, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_of_rules_is_named(tmp_path: Path, compared: Path) -> None:
    for file in compared.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    table = pd.read_csv(StringIO((compared / "rules.csv").read_text("utf-8")))
    table.drop(columns="clause_en").to_csv(tmp_path / "rules.csv", index=False)
    with pytest.raises(InputError, match=r"rules.csv: row 1, column clause_en: expected a column clause_en"):
        page_of(tmp_path, "en").tables()
    for damaged, message in ((b"", "found an empty file"), ("条".encode("gbk"), "expected UTF-8 text")):
        (tmp_path / "rules.csv").write_bytes(damaged)
        with pytest.raises(InputError, match=f"rules.csv: row 1.*{message}"):
            page_of(tmp_path, "en").tables()


def test_nought_has_no_sign() -> None:
    run = make_table(funds=("resident",))
    months = (run["metric"] == "months_of_capacity") & run["year"].eq(run["year"].max())
    run.loc[months, "value"] = -0.04
    facts = facts_of(run)
    shown = [row.cells for row in main_figures(Shown(run, facts)) if row.metric == "months_of_capacity"]
    assert decimal(-0.04).text == _figure("months_of_capacity", -0.04) == "0.0"
    assert shown and all(cells == ["0.0"] for cells in shown)
    assert _with_interval(-0.001, 0.001) == "0.00 [0.00, 0.00]"
