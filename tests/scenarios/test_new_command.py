"""``fundsim new`` as a user meets it: any place, ready to run, nothing overwritten; and without files."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path

import pytest
from command_line import Refused, fundsim

from scenarios.basecase.construct import construct
from scenarios.basecase.new import default_rules, new, prefecture_scenario
from scenarios.basecase.office import TABLES
from scenarios.basecase.places import find_place, places
from scenarios.definition.scenario import load_scenario
from scenarios.definition.scenario_file import ScenarioFile
from scenarios.errors import InputError
from scenarios.rulebook.city import builtin_templates, load_city
from scenarios.rulebook.rows import Template
from scenarios.rulebook.rules_file import CITIES, builtin_cities, find_rules, read_rules
from scenarios.tables import read_table
from sim.metrics import metrics_columns
from sim.model import Case
from sim.simulate import simulate

WRITTEN = {"scenario.toml", "rules.toml", "README.md", "README.zh.md", *(f"office/{name}" for name in TABLES)}
SAMPLE = ("北京市", "东莞市", "三沙市", "济源市", "资阳市")


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def jinhua(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("new") / "nested" / "jinhua"
    with pytest.MonkeyPatch.context() as patch:
        assert fundsim(patch, "new", "金华", "--out", str(out)) == 0
    return out


def test_files(jinhua: Path) -> None:
    assert files_of(jinhua) == WRITTEN


def test_no_chinese_province_stands_for_an_english_one(jinhua: Path) -> None:
    assert load_city(str(jinhua / "rules.toml")).header.province is None  # whose English name is not known


def test_the_folder_runs(jinhua: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    call = ("run", str(jinhua), "--out", str(tmp_path / "out"), "--paths", "200", "--years", "3")
    assert fundsim(monkeypatch, *call) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["constructed"] is True
    assert manifest["borrowed_rules"] == ["county-alone"]
    assert {"office/county_figures.csv", "jinhua/rules.toml"} <= set(manifest["inputs_sha256"])
    assert load_scenario(jinhua).case == load_scenario(jinhua / "scenario.toml").case


def test_empty_tables_change_nothing(jinhua: Path) -> None:
    read, plain = load_scenario(jinhua), ScenarioFile.model_validate(construct("金华市", "rules.toml"))
    assert (read.case.counties, read.case.funds) == (plain.counties, plain.funds)
    assert read.file.assumptions == plain.assumptions


def test_tables_have_a_row_for_each_place_month_and_year(jinhua: Path) -> None:
    expected = {
        "county_figures.csv": 2 * 9,
        "city_accounts.csv": 2,
        "monthly_totals.csv": 24,
        "growth.csv": 22,
    }
    for name, (keys, figures) in TABLES.items():
        assert (jinhua / "office" / name).read_bytes().startswith(b"\xef\xbb\xbffund,")
        rows = read_table(jinhua / "office" / name, (*keys, *figures))
        assert len(rows) == expected[name]
        assert all(not row.cells[column] for row in rows for column in figures)
    named = {
        row.cells["county"]
        for row in read_table(jinhua / "office" / "county_figures.csv", sum(TABLES["county_figures.csv"], ()))
    }
    assert named == {"婺城区", "金东区", "武义县", "浦江县", "磐安县", "兰溪市", "义乌市", "东阳市", "永康市"}


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_names_every_table_and_column(readme: str, jinhua: Path) -> None:
    text = (jinhua / readme).read_text("utf-8")
    assert "$" not in text
    assert "county-alone" in text and "2024" in text
    for name, (keys, figures) in TABLES.items():
        assert all(f"`{word}`" in text for word in (name, *figures)), name
        assert "fund" in keys


def test_a_city_of_the_five_has_its_own_rules(tmp_path: Path) -> None:
    for name in builtin_cities():
        city = load_city(name)
        place = find_place(city.header.zh)
        assert default_rules(place) == name
        new(place.name, tmp_path / name)
        assert (tmp_path / name / "rules.toml").read_bytes() == (CITIES / f"{name}.toml").read_bytes()
        ours, built_in = load_scenario(tmp_path / name).case, load_scenario(name).case
        assert ours == built_in


def regimes() -> list[str]:
    """Every file of whole rules that comes with the program."""
    headers = {name: read_rules(find_rules(name)).header for name in builtin_templates()}
    whole = [name for name, header in headers.items() if isinstance(header, Template) and not header.replaces]
    return [*builtin_cities(), *whole]


@pytest.mark.parametrize("rules", regimes())
def test_copied_rules_are_the_same_and_cite_where_they_are_from(rules: str, tmp_path: Path) -> None:
    new("金华", tmp_path / "out", rules)
    copied, lender = load_city(str(tmp_path / "out" / "rules.toml")), load_city("taizhou", rules=rules)
    assert copied.rules == lender.rules
    assert copied.name == {"zh": "金华市", "en": "金华市"}
    assert [origin.id for origin in copied.borrowed] == [rules]
    for row in copied.rows:
        assert row.template == rules or row.city == rules
    if rules != "taizhou":  # whose rows are its own in the second
        assert [copied.clause("employee", "flows.claims")] == [lender.clause("employee", "flows.claims")]
        assert copied.readings == lender.readings
    else:
        assert copied.clause("employee", "settlement.month") == "taizhou Art. 20"


def test_clauses_are_of_a_known_file(tmp_path: Path) -> None:
    new("济源", tmp_path, "linyi")
    rules = tmp_path / "rules.toml"
    rules.write_text(rules.read_text("utf-8").replace('clauses_of = "linyi"', 'clauses_of = "liny"'), "utf-8")
    with pytest.raises(InputError, match=r'rules.toml: city.clauses_of: "liny" is unknown.*mean "linyi"'):
        load_scenario(tmp_path)


def test_nothing_is_overwritten(jinhua: Path, refused: Refused, tmp_path: Path) -> None:
    table = tmp_path / "office" / "growth.csv"
    table.parent.mkdir()
    table.write_text("mine", "utf-8")
    error = refused("new", "金华", "--out", tmp_path)
    assert "growth.csv: --out: expected a new folder" in error
    assert files_of(tmp_path) == {"office/growth.csv"}
    assert table.read_text("utf-8") == "mine"
    before = {name: (jinhua / name).stat().st_mtime_ns for name in WRITTEN}
    refused("new", "台州", "--out", jinhua)
    assert before == {name: (jinhua / name).stat().st_mtime_ns for name in WRITTEN}


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    new("济源", tmp_path)
    assert files_of(tmp_path) == WRITTEN | {"notes.txt"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("台洲", "--out", "x"), "did you mean 台州市"),
        (("吉林", "--out", "x"), "吉林省 is a province"),
        (("金华",), "--out: expected a folder"),
        (("金华", "--out", ""), "--out: expected a name, found nothing"),
        (("--out", "x"), "PREFECTURE: expected a name such as 金华, or --list"),
        (("金华", "--out", "x", "--rules", "taizou"), 'did you mean "taizhou"'),
        (("金华", "--out", "x", "--rules", "illustrative-50-50"), "it only changes other rules"),
        (("金华", "--out", "x", "--rules", "mine.toml"), "--rules: mine.toml: expected the name"),
        (("金华", "--out", "file"), "--out: expected a directory"),
    ],
)
def test_mistakes(
    arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert says in refused("new", *arguments)
    assert files_of(tmp_path) == {"file"}


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "for want of its own document"), ("zh", "程序未收录本地文件")]
)
def test_the_terminal_says_whose_rules(
    lang: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert fundsim(monkeypatch, "new", "3307", "--out", str(tmp_path), "--lang", lang) == 0
    said = capsys.readouterr().out
    assert words in said and "金华市" in said and "330700" in said
    assert ("--lang zh" in said) == (lang == "zh")  # the next step answers in the language of this one
    assert words in (tmp_path / "scenario.toml").read_text("utf-8")
    assert words in (tmp_path / ("README.zh.md" if lang == "zh" else "README.md")).read_text("utf-8")


def test_the_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fundsim(monkeypatch, "new", "--list") == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header == "code,name,province,units,population,rules"
    assert len(lines) == len(places())
    assert "331000,台州市,浙江省,9,6622888,taizhou" in lines
    assert "330700,金华市,浙江省,9,7050683,county-alone" in lines


# --- without files ------------------------------------------------------------------------------------------


rules_of = cache(load_city)


def case_of(document: dict[str, object], years: int | None = None) -> Case:
    file = ScenarioFile.model_validate(document)
    return Case(
        first_year=file.first_year,
        years=years or file.horizon_years,
        rules=dict(rules_of(file.city).rules),
        funds=file.funds,
        counties=file.counties,
        shocks=file.shocks,
        options=file.options,
    )


def test_a_scenario_without_files_is_that_of_the_folder(jinhua: Path) -> None:
    document = prefecture_scenario("金华")
    assert (document["name"], document["city"]) == ("金华市", "county-alone")
    assert case_of(document) == load_scenario(jinhua).case
    assert prefecture_scenario("3307", "taizhou")["city"] == "taizhou"
    assert prefecture_scenario("台州")["city"] == "taizhou"


def conserves(name: str, rules: str | None) -> None:
    """Builds, runs and reports; the run itself stops where a yuan appears or vanishes."""
    case = case_of(prefecture_scenario(name, rules), years=10)
    columns, _ = metrics_columns(simulate(case, paths=128, seed=1, threads=1), name)
    assert len(columns["value"]) > 1000


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_places_runs(name: str) -> None:
    conserves(name, None)
    conserves(name, "hangzhou")


@pytest.mark.slow
def test_every_place_runs() -> None:
    """All 367, under every regime in turn."""
    known = regimes()
    for at, name in enumerate(places()):
        conserves(name, known[at % len(known)])


def test_written_text_is_toml(jinhua: Path) -> None:
    written = tomllib.loads((jinhua / "scenario.toml").read_text("utf-8"))
    assert written["office"] == {"folder": "office"}
    assert written["city"] == "rules.toml"
    assert written["first_year"] == 2025
