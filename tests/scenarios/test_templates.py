"""Templates and borrowed rules: what they are, who may take them, and that every output names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from replay_data_directory import Command, make

from scenarios.definition.scenario import load_scenario
from scenarios.errors import InputError
from scenarios.rulebook.city import City, builtin_cities, builtin_templates, load_city
from scenarios.rulebook.explain import city_notes, explain_table, with_rules
from scenarios.runs.run import idle_pool, run_facts
from sim.model import FUNDS
from sim.rules import Layer
from sim.simulate import simulate

ROOT = Path(__file__).parents[2]

SMALL = ("run", "hangzhou", "--paths", "128", "--years", "2")
SEVEN = [
    *("adjustment-fund-guangyuan", "adjustment-fund-lishui", "county-alone", "full-pooling"),
    *("hangzhou-before-2022", "illustrative-50-50", "zhejiang"),
]


def shares(city: City, fund: str = "employee") -> list[dict[str, float]]:
    return [dict(layer.shares) for layer in city.rules[fund].settlement.waterfall]  # type: ignore[index]


def refused(name: str, **more: str) -> str:
    with pytest.raises(InputError) as caught:
        load_city(name, **more)
    return str(caught.value)


def test_the_templates_load_under_their_names() -> None:
    assert builtin_templates() == SEVEN
    for name in SEVEN:
        city = load_city(name)
        assert (city.id, city.borrowed) == (name, ())
        assert all(row.template == name for row in city.rows)
        assert city.origin.notes


def test_zhejiang_is_taizhou_s_rules_with_its_readings() -> None:
    zhejiang, taizhou = (
        load_city("hangzhou", {"T3": "citywide"}, "zhejiang"),
        load_city("taizhou", {"T3": "citywide"}),
    )
    assert zhejiang.rules == taizhou.rules
    assert (zhejiang.id, zhejiang.origin.id) == ("hangzhou", "zhejiang")
    assert {row.template for row in zhejiang.rows} == {"zhejiang"}  # the layer that the reading puts in, too
    assert zhejiang.clause("employee", "settlement.waterfall.2") == "zhejiang"


def test_illustrative_changes_one_layer_and_nothing_else() -> None:
    plain, halves = load_city("linyi"), load_city("linyi", template="illustrative-50-50")
    for fund in FUNDS:
        assert shares(plain, fund) == [{"pool": 1}, {"unfunded": 1}]
        assert shares(halves, fund) == [{"pool": 1}, {"city_treasury": 0.5, "county_treasury": 0.5}]
    changed = {
        key for key, row in plain.by_fund["employee"].items() if halves.by_fund["employee"][key] != row
    }
    assert changed == {"settlement.waterfall.2"}


def test_a_template_may_change_borrowed_rules() -> None:
    city = load_city("taizhou", {"L1": "retained"}, "illustrative-50-50", "linyi")
    assert shares(city) == [
        {"county_balance": 1},
        {"pool": 1},
        {"city_treasury": 0.5, "county_treasury": 0.5},
    ]
    assert [origin.id for origin in city.borrowed] == ["linyi", "illustrative-50-50"]


@pytest.mark.parametrize(
    "rules", [*builtin_cities(), *(name for name in SEVEN if name != "illustrative-50-50")]
)
@pytest.mark.parametrize("city", builtin_cities())
def test_any_rules_go_with_any_city_s_counties(city: str, rules: str) -> None:
    """And the rules are those of the other file, to the last field."""
    scenario = load_scenario(city, rules=rules)
    assert dict(scenario.case.rules) == load_city(rules).rules
    assert scenario.resolved["scenario"]["rules"] == rules


@pytest.mark.parametrize(
    ("city", "more", "words"),
    [
        ("taizhou", {"template": "zhejiang"}, 'taizhou.toml: template: "zhejiang" is meant for hangzhou'),
        ("ziyang", {"template": "hangzhou-before-2022"}, "is meant for hangzhou; as rules"),
        (
            "taizhou",
            {"template": "illustrative-50-50"},
            "replaces a layer of unfunded, and the employee fund has none",
        ),
        ("linyi", {"template": "county-alon"}, 'did you mean "county-alone"?'),
        ("linyi", {"template": "taizhou"}, '"taizhou" is unknown'),
        ("linyi", {"rules": "illustrative-50-50"}, "expected it as a template"),
        ("linyi", {"rules": "taizhu"}, 'did you mean "taizhou"?'),
        (
            "hangzhou",
            {"rules": "linyi", "template": "zhejiang"},
            "expected one of rules and zhejiang, found both",
        ),
    ],
)
def test_what_cannot_be_is_refused(city: str, more: dict[str, str], words: str) -> None:
    assert words in refused(city, **more)


def test_readings_are_those_of_the_rules_in_use() -> None:
    assert load_city("taizhou", {"L1": "retained"}, rules="linyi").chosen["L1"] == "retained"
    assert "expected one of L1, L2" in refused("taizhou", readings={"T5": "after_pool"}, rules="linyi")  # type: ignore[arg-type]


def test_a_city_of_ones_own_may_take_every_template() -> None:
    mytown = str(Path(__file__).parents[2] / "docs" / "examples" / "mytown.toml")
    for name in SEVEN:
        if name != "illustrative-50-50":
            assert load_city(mytown, template=name).rules == load_city(name).rules


def test_titles_and_notes_name_both() -> None:
    city = load_city("hangzhou", template="zhejiang")
    assert with_rules(city, "Hangzhou", "en") == "Hangzhou; rules: template Zhejiang"
    assert with_rules(city, "杭州", "zh") == "杭州（适用规则：模板“浙江”）"
    notes = list(city_notes(city, "en"))
    assert notes[0] == "The rules in use are not Hangzhou's own: template Zhejiang."
    assert not any("Tonglu" in note for note in notes)  # Hangzhou's own notes are on its own rules
    own = load_city("hangzhou")
    assert with_rules(own, "Hangzhou", "en") == "Hangzhou" and "not" not in next(city_notes(own, "en"))


def test_explain_marks_a_template_s_rows_and_another_city_s_clauses() -> None:
    lines = explain_table(load_city("linyi", template="illustrative-50-50"), "en")
    marked = {line.value: line.status for line in lines if line.status.startswith("template")}
    assert marked == {"city treasury 50% + county treasury 50%": "template illustrative-50-50: assumption"}
    assert {line.clause for line in explain_table(load_city("taizhou", rules="linyi"), "zh")} == {
        "-",
        "linyi 三(四)",
    }


def test_a_manifest_can_be_run_again_and_names_what_was_borrowed(tmp_path: Path, fundsim: Command) -> None:
    ended = fundsim(*SMALL, "--rules", "county-alone", "--out", tmp_path)
    assert ended.status == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["borrowed_rules"] == ["county-alone"]
    assert manifest["titles"]["en"].endswith("; rules: template Every county alone")
    assert set(manifest["inputs_sha256"]) == {
        "library/hangzhou.toml",
        "cities/hangzhou.toml",
        "templates/county-alone.toml",
    }
    assert "template Every county alone" in ended.out


def test_a_pool_that_the_rules_never_draw_is_said_to_lie_idle(tmp_path: Path, fundsim: Command) -> None:
    ended = fundsim(*SMALL, "--rules", "ziyang", "--out", tmp_path)
    assert ended.status == 0
    assert "lies idle" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("rules", "readings", "idle"),
    [
        ("county-alone", {}, ["resident"]),
        ("county-alone", {"C1": "nobody"}, []),
        ("ziyang", {}, ["employee", "resident"]),
        ("ziyang", {"Z5": "city"}, []),
        ("full-pooling", {}, []),
    ],
)
def test_a_municipal_reserve_joins_a_pool_that_was_given_back(
    rules: str, readings: dict[str, str], idle: list[str], tmp_path: Path
) -> None:
    """It comes in February: what nobody draws then lies idle, whatever January gave back."""
    file = tmp_path / "town.toml"
    file.write_text('extends = "hangzhou"\n[funds.resident.accounts]\nmunicipal_reserve_yuan = 5e9\n')
    case = load_scenario(str(file), rules=rules, readings=readings).case
    assert [
        fund for fund in case.funds if any(f"{fund} fund" in line for line in idle_pool(case, "en"))
    ] == idle


def test_replay_cites_the_template(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data", "hangzhou"), tmp_path / "out"
    ended = fundsim.replay("hangzhou", data, out, ["--template", "hangzhou-before-2022"])
    assert ended.status == 0 and "template Hangzhou before 2022" in ended.out
    ledger = (out / "ledger.csv").read_text("utf-8").splitlines()[1:]
    assert {line.rpartition(",")[2] for line in ledger} == {"hangzhou-before-2022", "assumption"}


def test_a_levy_on_last_year_needs_the_base_year(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data", "hangzhou"), tmp_path / "out"
    opening = data / "opening.csv"
    opening.write_text(
        "\n".join(line for line in opening.read_text().splitlines() if "base_contributions" not in line)
    )
    assert fundsim.replay("hangzhou", data, out).status == 0
    ended = fundsim.replay("hangzhou", data, tmp_path / "other", ["--template", "adjustment-fund-lishui"])
    assert ended.status == 2
    assert (
        "fund employee, county A, account base_contributions: expected an amount, found no row" in ended.err
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('rules_of = "taizhu"', 'template.rules_of: "taizhu" is unknown'),
        ('rules_of = "taizhou"\n[both]\n', "both: expected no rows beside template.rules_of"),
        ('province = "x"', 'template.province: "province" is unknown'),
    ],
)
def test_a_template_file_at_fault_is_refused(tmp_path: Path, more: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'[template]\nid = "mine"\nzh = "模板"\nen = "Mine"\n{more}\n', "utf-8")
    assert words in refused("linyi", template=str(file))


def test_a_mixture_of_ones_own_is_what_its_file_says() -> None:
    example = ROOT / "docs" / "examples" / "mixture.toml"
    mixed, plain = load_scenario(example), load_scenario("taizhou").case.rules
    employee, resident = (mixed.case.rules[fund] for fund in ("employee", "resident"))
    lishui = load_city("adjustment-fund-lishui").rules["employee"].risk_fund
    layers = plain["employee"].settlement.waterfall
    assert employee.risk_fund == lishui
    assert employee.settlement.waterfall == (
        layers[0],
        Layer(shares={"risk_fund": 0.5, "county_treasury": 0.5}, up_to=0.3),
        layers[1].model_copy(update={"when_pool_short": "after_pool"}),
        layers[2],
    )
    assert resident.settlement.waterfall[1].shares == pytest.approx({"pool": 0.7, "county_treasury": 0.3})
    assert {each.settlement.surplus_to_pool for each in (employee, resident)} == {0.25}
    changed = {"settlement", "risk_fund"}
    assert employee.model_dump(exclude=changed) == plain["employee"].model_dump(exclude=changed)
    assert mixed.city.clause("employee", "settlement.waterfall.2") == "scenario"
    simulate(mixed.case.model_copy(update={"years": 2}), paths=128, seed=1)  # the identity holds, or it stops


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("{ value = { pool = 1 }, up_too = 0.3 }", "rule.employee.settlement.waterfall.1.up_too"),
        ("{ pol = 1 }", "rule.employee.settlement.waterfall.1"),
        ("3", "rule.employee.settlement.waterfall.1"),
        ("{ value = { pool = 0.5 } }", "rule.employee.settlement.waterfall"),
    ],
)
def test_a_layer_of_ones_own_at_fault_is_refused(tmp_path: Path, layer: str, words: str) -> None:
    path = tmp_path / "mixture.toml"
    path.write_text(f'extends = "taizhou"\nrule.employee.settlement.waterfall = [{layer}]', "utf-8")
    with pytest.raises(InputError, match=rf"mixture\.toml: {words}"):
        load_scenario(path)


@pytest.mark.parametrize(
    ("city", "rules", "kept"),
    [
        ("linyi", None, True),
        ("hangzhou", None, True),
        ("ziyang", None, True),
        ("taizhou", None, False),
        ("yancheng", None, False),
        ("taizhou", "county-alone", True),
    ],
)
def test_that_opening_deficits_stay_on_the_books_is_said(city: str, rules: str | None, kept: bool) -> None:
    base = load_scenario(city, rules=rules)
    county = base.case.counties[0].name
    owed = {f"counties.{county}.resident.opening_deficit_yuan": 1e8}
    notes = run_facts(load_scenario(city, rules=rules, values=owed), 1, 1)["notes"]
    assert any("lower reserves for good (resident fund)" in note for note in notes["en"]) == kept
    assert any("长期减少累计结余（城乡居民医保）" in note for note in notes["zh"]) == kept
    assert not any("for good" in note for note in run_facts(base, 1, 1)["notes"]["en"])
