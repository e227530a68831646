"""Scenario files: what is read, what a call may change, and how each fault is refused."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.definition.scenario import Scenario, load_scenario
from scenarios.definition.scenario_file import LIBRARY, builtin_scenarios
from scenarios.errors import InputError
from scenarios.runs.run import run_facts
from scenarios.toml_text import to_toml
from sim.model import Case

SMALL = """
name = "small"
title_zh = "小市"
city = "taizhou"
first_year = 2024
horizon_years = 5
paths = 100

[funds.resident.growth]
contributions = 0.05
claims = [0.06, 0.05]

[[counties]]
name = "甲县"
[counties.resident]
base_contributions_yuan = 1_000
base_claims_yuan = 900
enrolment_persons = 10
county_balance_yuan = 500

[[counties]]
name = "乙区"
resident = { base_contributions_yuan = 2000, base_claims_yuan = 2100, enrolment_persons = 20 }
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, "utf-8")
    return path


def _write(path: Path, old: str, new: str) -> Path:
    assert old in SMALL
    path.write_text(SMALL.replace(old, new), "utf-8")
    return path


@pytest.mark.parametrize("name", ["taizhou", "linyi", "yancheng", "ziyang", "hangzhou"])
def test_built_in_scenario_is_complete(name: str) -> None:
    scenario = load_scenario(name)
    assert isinstance(scenario, Scenario)
    assert isinstance(scenario.case, Case)
    assert scenario.city.id == scenario.name == name
    assert scenario.file.constructed
    assert (scenario.case.first_year, scenario.case.years) == (2025, 30)
    assert set(scenario.case.funds) == {"employee", "resident"}
    assert all(county.name_en for county in scenario.case.counties)
    assert scenario.file.assumptions and scenario.file.sources
    assert "constructed base case" in scenario.title["en"]


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        ("city_volatility = [0.1, 0.1, 0.1, 0.1]", {"volatility"}),
        ("county_correlation = 0.5", set()),  # what is said of it is said of the city's correlations too
        (
            "city_correlation = [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]\ncounty_correlation = 0",
            {"correlation"},
        ),
    ],
)
def test_what_is_said_of_replaced_figures_goes(given: str, dropped: set[str], tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "taizhou"\n[shocks]\n{given}\n', encoding="utf-8")
    before, after = ({line.id for line in load_scenario(name).file.assumptions} for name in ("taizhou", path))
    assert before - after == dropped


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("options.interest_rate = 0.02", {"options.interest_rate": 1}),
        ("funds.resident.growth.claims = 0.05", {"funds.resident.growth.claims": 3}),
        (
            'counties."椒江区".resident.opening_deficit_yuan = 1e8',
            {"椒江区.resident.opening_deficit_yuan": 1},
        ),
        ("policy.resident.claims = 0.9", {}),
        ("shocks.county_correlation = 0.5", {"shocks.county_correlation": 1}),
    ],
)
def test_what_is_said_of_figures_given_otherwise_says_so(
    given: str, said: dict[str, int], tmp_path: Path
) -> None:
    path, again = tmp_path / "own.toml", tmp_path / "again.toml"
    path.write_text(f'extends = "taizhou"\n{given}\n', encoding="utf-8")
    again.write_text('extends = "own.toml"\n', encoding="utf-8")
    for file in (path, again):
        lines = load_scenario(file).file.assumptions
        assert sum("Given otherwise here" in line.en for line in lines) == sum(said.values())
        for key, count in said.items():
            assert sum(f"{key}）" in line.zh and f"{key}.)" in line.en for line in lines) == count


def test_a_list_of_counties_of_one_s_own_is_named_once(tmp_path: Path) -> None:
    figures = "{ base_contributions_yuan = 2000, base_claims_yuan = 2100, enrolment_persons = 20 }"
    county = f'[[counties]]\nname = "甲县"\nemployee = {figures}\nresident = {figures}\n'
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "taizhou"\n{county}', encoding="utf-8")
    said = [line.en for line in load_scenario(path).file.assumptions if "Given otherwise" in line.en]
    assert len(said) >= 8 and all(line.endswith("(Given otherwise here: counties.)") for line in said)


def test_own_statements_join_those_of_the_scenario_extended(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    statements = [f'[[assumptions]]\nid = "{id}"\nzh = "自己的"\nen = "own"\n' for id in ("own", "wage")]
    source = '[[sources]]\nid = "wages"\nwhat = "own"\n'
    path.write_text("\n".join(['extends = "taizhou"', *statements, source]), encoding="utf-8")
    before, after = load_scenario("taizhou"), load_scenario(path)
    others = [line for line in before.file.assumptions if line.id != "wage"]
    assert [line.en for line in after.file.assumptions[:2]] == ["own", "own"]
    assert list(after.file.assumptions[2:]) == others and len(others) == len(before.file.assumptions) - 1
    ids = [source.id for source in after.file.sources]
    assert sorted(ids) == sorted(source.id for source in before.file.sources)
    assert after.file.sources[ids.index("wages")].what == "own"


def test_own_file_is_read_with_defaults(small: Path) -> None:
    scenario = load_scenario(small)
    assert scenario.title == {"zh": "小市", "en": "small"}
    assert (scenario.file.paths, scenario.file.seed, scenario.file.constructed) == (100, 1, False)
    assert scenario.case.funds["resident"].growth.claims == (0.06, 0.05)
    assert [county.name for county in scenario.case.counties] == ["甲县", "乙区"]
    assert scenario.case.rules["resident"].settlement.month == 7
    assert scenario.path == small


def test_byte_order_mark_is_allowed(small: Path) -> None:
    small.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert load_scenario(small).name == "small"


def test_call_changes_years_readings_and_template(small: Path) -> None:
    plain = load_scenario(small)
    changed = load_scenario(small, years=12, readings={"T5": "after_pool"})
    assert (plain.case.years, changed.case.years) == (5, 12)
    layers = [scenario.case.rules["resident"].settlement.waterfall for scenario in (plain, changed)]
    assert "after_pool" in {layer.when_pool_short for layer in layers[1]}
    assert "after_pool" not in {layer.when_pool_short for layer in layers[0]}
    assert changed.resolved["scenario"]["readings"] == {"T5": "after_pool"}
    assert changed.resolved["scenario"]["horizon_years"] == 12


def test_readings_may_stand_in_the_file(small: Path) -> None:
    _write(small, "paths = 100", 'paths = 100\nreadings = { T5 = "whole_gap" }')
    assert load_scenario(small).city.chosen["T5"] == "whole_gap"
    assert load_scenario(small, readings={"T5": "unpaid_part"}).city.chosen["T5"] == "unpaid_part"


def test_rules_may_be_another_city_s_or_a_file_beside_the_scenario(small: Path) -> None:
    _write(small, "paths = 100", 'paths = 100\nrules = "linyi"\nreadings = { L1 = "retained" }')
    borrowed = load_scenario(small)
    assert (borrowed.city.id, borrowed.city.origin.id, borrowed.city.chosen["L1"]) == (
        "taizhou",
        "linyi",
        "retained",
    )
    assert borrowed.title["en"] == "small; rules: Linyi"
    (small.parent / "rules.toml").write_bytes((LIBRARY.parent / "cities" / "ziyang.toml").read_bytes())
    _write(small, "paths = 100", 'paths = 100\nrules = "rules.toml"')
    assert load_scenario(small).city.origin.id == "ziyang"


def test_other_rules_leave_the_file_s_readings_behind(small: Path) -> None:
    _write(small, "paths = 100", 'paths = 100\nreadings = { T5 = "whole_gap" }')
    changed = load_scenario(small, rules="linyi", readings={"L2": "counties"})
    assert changed.resolved["scenario"]["readings"] == {"L2": "counties"}


def test_a_fund_that_the_rules_do_not_know_is_refused(small: Path) -> None:
    _write(
        small,
        "[funds.resident.growth]",
        "[funds.resident.accounts]\nrisk_fund_yuan = 5\n[funds.resident.growth]",
    )
    load_scenario(small, rules="ziyang")
    with pytest.raises(InputError, match="risk_fund_yuan: the rules have no risk fund"):
        load_scenario(small, rules="county-alone")


def test_city_may_be_a_file_beside_the_scenario(small: Path) -> None:
    city = LIBRARY.parent / "cities" / "ziyang.toml"
    (small.parent / "rules.toml").write_bytes(city.read_bytes())
    _write(small, 'city = "taizhou"', 'city = "rules.toml"')
    assert load_scenario(small).city.id == "ziyang"


def test_resolved_scenario_can_be_written_and_run_again(small: Path, tmp_path: Path) -> None:
    scenario = load_scenario(small, years=7, readings={"T5": "after_pool"})
    again = tmp_path / "again.toml"
    again.write_text(to_toml(scenario.resolved["scenario"]), "utf-8")
    assert load_scenario(again).case == scenario.case
    assert load_scenario(again).resolved == scenario.resolved


FAULTS = [
    ("first_year = 2024\n", "", "first_year: needs first_year"),
    ("first_year = 2024", "first_yaer = 2024", 'first_yaer: "first_yaer" is unknown.* "first_year"'),
    ("funds.resident.growth", "funds.resident.grwoth", 'funds.resident.grwoth: .*did you mean "growth"'),
    ("funds.resident.growth", "funds.residents.growth", 'funds.residents: .*did you mean "resident"'),
    (
        "base_claims_yuan = 900",
        "base_claim_yuan = 9",
        'counties.1.resident.base_claim_yuan: .* "base_claims_yuan"',
    ),
    ("base_claims_yuan = 2100", "base_claims_yuan = -1", "counties.2.resident.base_claims_yuan: .*found -1"),
    ("= 2000", '= "many"', "counties.2.resident.base_contributions_yuan: .*number.*'many'"),
    (
        "[funds.res",
        "[funds.resident.profile]\nclaims = [1.0]\n[funds.res",
        "expected at least 12 values, found 1",
    ),
    ("= 2000", "= nan", "counties.2.resident.base_contributions_yuan: .*finite"),
    ("contributions = 0.05", 'contributions = "fast"', "funds.resident.growth.contributions: .*'fast'"),
    ("[0.06, 0.05]", "[0.06, 5.0]", "funds.resident.growth.claims.2: .*equal to 1, found 5.0"),
    ("乙区", "甲县", "counties: named twice: 甲县"),
    ("乙区", "*", r"counties.2.name: expected a county's name, found \*"),
    ("horizon_years = 5", "horizon_years = 500", "horizon_years: .*equal to 200"),
    ("paths = 100", "paths = 0", "paths: .*equal to 1"),
    ("horizon_years = 5", "horizon_years = true", "horizon_years: expected a number, found True"),
    ("paths = 100", 'paths = "100"', "paths: expected a number, found '100'"),
    ("= 2000", '= "5e8"', "counties.2.resident.base_contributions_yuan: expected a number, found '5e8'"),
    ("[0.06, 0.05]", "[0.06, false]", "funds.resident.growth.claims.2: expected a number, found False"),
    ('name = "乙区"', 'name = "乙区"\ncity_level = 1', "counties.2.city_level: expected true or"),
    ("paths = 100", 'paths = 100\nconstructed = "yes"', "constructed: expected true or false, found 'yes'"),
    ("paths = 100", "paths = 100\npolicy.resident.claims = true", "claims: expected a number, found True"),
    (
        "paths = 100",
        "volatility_factor = 9\nshocks.monthly_volatility = [0, 0.5, 0, 0]",
        "volatility_factor: .*1, found 0.5 times 9",
    ),
    (
        "paths = 100",
        "policy.resident.claims = 1.5\ntrend.resident.claims = 0.98",
        "trend.resident: .*up to 1, found 1.04 for claims",
    ),
    (
        "paths = 100",
        "policy.resident.claims = 2.5\ntrend.resident.claims = 0.1",
        "policy.resident: .*up to 1, found 1.9 for claims",
    ),
    ('[[counties]]\nname = "甲县"', "[[counties]]", "counties.1.name: needs name"),
    ("[counties.resident]", "[counties.employee]", "counties: 甲县 has no figures for the resident fund"),
    ('city = "taizhou"', 'city = "taizhuo"', "taizhuo.*taizhou"),
    ('city = "taizhou"', 'city = "mine.toml"', "city: expected a built-in city or a rules file"),
    ("paths = 100", 'paths = 100\nreadings = { T99 = "x" }', "T99"),
    ("paths = 100", "paths = = 100", "line 7, column 9: expected TOML"),
    ("[funds.res", '[options]\nmonths_denominator = "y"\n[funds.res', "options.months_denominator: .*same"),
    ('"小市"', '"小\u200b市"', "title_zh: expected a line of visible text, found U.200B .ZERO WIDTH SPACE"),
    ('"小市"', '"小市"\ntitle_en = "Small\\ttown"', "title_en: .*found U.0009 .a control character"),
    ('"small"', '"small\\n"', "name: .*found U.000A"),
    ("[funds.resident.growth]", "[funds]\n[unfunds]", 'unfunds: .*did you mean "funds"'),
]


@pytest.mark.parametrize(("old", "new", "says"), FAULTS)
def test_faulty_file_is_refused(small: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refusal:
        load_scenario(_write(small, old, new))
    assert "Traceback" not in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_whole_numbers_are_numbers_and_round_ones_whole(small: Path) -> None:
    changes = "paths = 1e2\npolicy.resident.claims = 1\nvolatility_factor = 2\nconstructed = true"
    file = load_scenario(_write(small, "paths = 100", changes)).file
    assert (file.paths, file.volatility_factor, file.constructed) == (100, 2.0, True)


def test_a_county_in_another_unit_and_a_change_that_never_begins_are_said(small: Path) -> None:
    def notes() -> tuple[str, ...]:
        told = run_facts(load_scenario(small), 100, 1)["notes"]
        return tuple("\n".join(told[lang]) for lang in ("en", "zh"))

    assert not any("yuan?" in text or "是否以元" in text or "begins in" in text for text in notes())
    _write(small, "base_claims_yuan = 900", "base_claims_yuan = 0.09")
    english, chinese = notes()
    assert "甲县 (resident fund): base-year claims per insured person are 0.00017 times" in english
    assert "甲县（城乡居民医保）：基年人均支出为各县中位数的0.00017倍" in chinese and "乙区" not in chinese
    for year, said in ((2028, False), (2029, True)):
        _write(small, "paths = 100", f"policy.resident.claims = {{ value = 0.9, from_year = {year} }}")
        english, chinese = notes()
        assert (
            "policy.resident.claims begins in 2029, after the last simulated year, 2028" in english
        ) is said
        assert ("policy.resident.claims自2029年起生效" in chinese) is said


def test_a_fund_without_claims_is_refused(small: Path) -> None:
    text = SMALL.replace("base_claims_yuan = 2100", "base_claims_yuan = 0")
    small.write_text(text, "utf-8")
    load_scenario(small)
    small.write_text(text.replace("base_claims_yuan = 900", "base_claims_yuan = 0"), "utf-8")
    says = "small.toml: counties: base_claims_yuan of the resident fund is 0 in every county"
    with pytest.raises(InputError, match=says):
        load_scenario(small)


def test_profile_and_correlation_are_checked(small: Path) -> None:
    profile = "[funds.resident.profile]\nclaims = [0.5, 0.4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n"
    with pytest.raises(InputError, match=r"profile.claims: twelve monthly shares must sum to 1, found 0.9"):
        load_scenario(_write(small, '[[counties]]\nname = "甲县"', f'{profile}[[counties]]\nname = "甲县"'))
    rows = "[[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]"
    shocks = f"[shocks]\ncity_correlation = {rows}\n"
    with pytest.raises(InputError, match=r"shocks.city_correlation: must be symmetric"):
        load_scenario(_write(small, '[[counties]]\nname = "甲县"', f'{shocks}[[counties]]\nname = "甲县"'))


@pytest.mark.parametrize("years", [0, 201])
def test_years_from_the_command_line_are_named_as_such(small: Path, years: int) -> None:
    with pytest.raises(InputError, match="--years"):
        load_scenario(small, years=years)


def test_unknown_name_lists_what_is_built_in() -> None:
    with pytest.raises(
        InputError, match=r'hangzhou, linyi, taizhou, yancheng, ziyang.*did you mean "taizhou"'
    ):
        load_scenario("taizou")
    assert builtin_scenarios() == ["hangzhou", "linyi", "taizhou", "yancheng", "ziyang"]


def test_missing_file_and_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "none.toml"))):
        load_scenario(tmp_path / "none.toml")
    other = tmp_path / "other.toml"
    other.write_bytes('name = "台州"'.encode("gbk"))
    with pytest.raises(InputError, match="line 1: expected UTF-8"):
        load_scenario(other)
    with pytest.raises(InputError):
        load_scenario(tmp_path)


# --- TOML text ----------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
VALUES = st.one_of(st.booleans(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False), TEXTS)
TABLES = st.recursive(
    st.dictionaries(TEXTS, st.one_of(VALUES, st.lists(st.floats(allow_nan=False), max_size=15)), max_size=4),
    lambda inner: st.dictionaries(
        TEXTS, st.one_of(VALUES, inner, st.lists(inner, min_size=1, max_size=3)), max_size=4
    ),
    max_leaves=10,
)


@given(TABLES)
def test_toml_text_reads_back(document: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(document)) == document


def test_toml_text_is_readable() -> None:
    text = to_toml(
        {"a": 1_234_567, "b": {"c": [0.5, 1.0]}, "rows": [{"name": "甲"}, {"name": "乙"}], "none": None},
        {"": "head", "b": "about b", "rows": "all rows"},
    )
    assert text == (
        '# head\na = 1_234_567\n\n# about b\n[b]\nc = [0.5, 1.0]\n\n'
        '# all rows\n[[rows]]\nname = "甲"\n\n[[rows]]\nname = "乙"\n'
    )  # fmt: skip


def test_toml_text_refuses_what_toml_has_no_word_for() -> None:
    with pytest.raises(TypeError, match="no TOML"):
        to_toml({"x": object()})
