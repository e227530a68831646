"""How compare's scenarios are named: what is read, what is refused, which names they get."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.definition.lever import find_lever
from scenarios.definition.scenario import load_base
from scenarios.definition.variants import Variant, parse_variant, told_apart
from scenarios.errors import InputError


def test_a_scenario_by_itself_takes_the_options() -> None:
    assert parse_variant("taizhou") == Variant("taizhou", "taizhou")
    found = parse_variant("taizhou", {"T5": "after_pool"}, rules="taizhou", template="zhejiang")
    assert found == Variant("taizhou", "taizhou", {"T5": "after_pool"}, "taizhou", "zhejiang")


def test_settings_stand_behind_the_sign() -> None:
    found = parse_variant("taizhou@T5=after_pool, T6=net,rules=linyi", {"T3": "citywide"})
    readings = {"T3": "citywide", "T5": "after_pool", "T6": "net"}
    assert (found.base, found.readings, found.rules, found.template) == ("taizhou", readings, "linyi", None)
    assert parse_variant("hangzhou@template=zhejiang").template == "zhejiang"


def test_addresses_of_the_scenario_file() -> None:
    found = parse_variant("taizhou@policy.employee.reserve_months=6,T5=net,volatility_factor=1.5,x.y=late")
    assert found.values == {"policy.employee.reserve_months": 6, "volatility_factor": 1.5, "x.y": "late"}
    assert found.readings == {"T5": "net"}
    with pytest.raises(InputError, match=r"x\.y: expected one value, found 1 and 2"):
        parse_variant("taizhou@x.y=1,x.y=2")


@pytest.mark.parametrize("county", ['"椒江区"', "'椒江区'", "椒江区"])
def test_a_county_may_stand_in_quotes(county: str) -> None:
    found = parse_variant(f"taizhou@counties.{county}.employee.county_balance_yuan=1e9")
    assert found.values == {"counties.椒江区.employee.county_balance_yuan": 1e9}
    base = load_base("taizhou")
    lever = find_lever(base, f"counties.{county}.employee.county_balance_yuan", None)
    assert lever.address == "counties.椒江区.employee.county_balance_yuan" and lever.present


def test_a_path_may_hold_the_sign(tmp_path: Path) -> None:
    file = tmp_path / "me@home" / "town@2=3.toml"
    file.parent.mkdir()
    assert parse_variant(f"{file}@T5=x").base == f"{file}"  # as it ends in .toml, though it is not there
    file.write_text("")
    assert parse_variant(str(file)) == Variant(str(file), str(file))
    assert parse_variant(f"{file}@T5=x").readings == {"T5": "x"}
    plain = tmp_path / "town"
    plain.write_text("")
    assert parse_variant(f"{plain}@T5=x").base == str(plain)
    assert parse_variant("nowhere@T5=x").base == "nowhere"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("taizhou@", "expected READING=VALUE, rules=NAME, template=NAME"),
        ("taizhou@T5", "T5: expected READING=VALUE"),
        ("taizhou@=net", "expected READING=VALUE"),
        ("taizhou@T5=", "expected READING=VALUE"),
        ("taizhou@T5=net,", "expected READING=VALUE"),
        ("taizhou@T5=a,T3=b,T5=a", "T5: expected one value, found a and a"),
        ("taizhou@templates=zhejiang", 'templates: .*did you mean "template"'),
        ("taizhou@rule=linyi", 'rule: .*did you mean "rules"'),
        ("taizhou@horizon_years=5", "horizon_years: a key of the scenario file, cannot be varied here"),
        ("taizhou@first_year=2026", "first_year: a key of the scenario file"),
        ("taizhou@constructed=false", "constructed: a key of the scenario file"),
        ("taizhou@T5=after_pool，T3=a", "，: expected ',' between what is different, found '，'"),
        ("taizhou@T6=net", "T6: expected one value, found net here and --reading for all"),
        ("taizhou@rules=linyi", "rules: expected one value, found linyi here and --rules for all"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as found:
        parse_variant(text, {"T6": "gross"}, rules="yancheng")
    assert found.value.file == text


def test_a_file_may_have_a_full_width_comma_in_its_name() -> None:
    assert parse_variant("taizhou@rules=台州，新.toml").rules == "台州，新.toml"


def names(texts: list[str], own: list[str]) -> list[str]:
    return told_apart([parse_variant(text) for text in texts], own)


def test_names_tell_scenarios_apart() -> None:
    assert names(["taizhou", "taizhou@T5=net"], ["taizhou", "taizhou"]) == ["taizhou", "taizhou@T5=net"]
    files = ["taizhou", "a/t.toml", "b/t.toml", "a/t.toml@T5=net", "c.toml"]
    found = names(files, ["taizhou"] * 4 + ["other"])
    assert found == ["taizhou", "taizhou (a/t.toml)", "taizhou (b/t.toml)", "taizhou@T5=net", "other"]
    with pytest.raises(InputError, match="expected a scenario once, found it twice"):
        names(["t.toml", "t.toml"], ["town", "town"])
