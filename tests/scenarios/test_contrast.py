"""What differs between scenarios: rules as they take effect, with their clauses, and inputs by key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.definition.scenario import Scenario, load_scenario
from scenarios.definition.scenario_file import LIBRARY
from scenarios.labels import Lang
from scenarios.rulebook.explain import rule_line
from scenarios.rulebook.parameters import PARAMETERS
from scenarios.rulebook.rows import VOCABULARY, WATERFALL
from scenarios.runs.contrast import COLUMNS, differences

LANGS: tuple[Lang, ...] = ("en", "zh")


@pytest.fixture(scope="module")
def taizhou() -> Scenario:
    return load_scenario("taizhou")


def test_a_reading_is_one_rule_of_both_funds(taizhou: Scenario) -> None:
    other = load_scenario("taizhou", readings={"T5": "after_pool"})
    found = differences({"a": taizhou, "b": other})
    assert [(each.kind, each.fund, each.key) for each in found] == [
        ("rule", "employee", "settlement.waterfall.2"),
        ("rule", "resident", "settlement.waterfall.2"),
    ]
    one, two = found[0].rows()
    assert one[3:4] + one[5:] == ("a", "Art. 19", "stated", "T5")
    assert two[3:4] + two[5:] == ("b", "Art. 19", "reading", "T5=after_pool")
    assert [json.loads(row[4])["when_pool_short"] for row in (one, two)] == ["unpaid_part", "after_pool"]
    assert len(one) == len(COLUMNS)
    assert found[0].label("en") == "layer 2 of the waterfall" and "2" in found[0].label("zh")


def test_what_is_in_use_already_is_no_difference(taizhou: Scenario) -> None:
    assert differences({"a": taizhou, "b": load_scenario("taizhou", readings={"T5": "unpaid_part"})}) == []


def test_every_rule_that_differs_is_there_and_no_other(taizhou: Scenario) -> None:
    """Against the validated rules themselves, compared field by field."""
    for rules in ("linyi", "yancheng", "county-alone", "full-pooling"):
        other = load_scenario("taizhou", rules=rules)
        found = differences({"a": taizhou, "b": other})
        assert {each.kind for each in found} == {"rule"}
        for fund in taizhou.case.funds:
            mine, theirs = (each.case.rules[fund].model_dump() for each in (taizhou, other))
            keys = {each.key.split(".waterfall")[0] for each in found if each.fund == fund}
            expected = set()
            for name, body in mine.items():
                if not isinstance(body, dict):
                    expected |= {name} if body != theirs[name] else set()
                    continue
                for field, value in body.items():
                    if value != theirs[name][field]:
                        expected.add("settlement" if field == "waterfall" else f"{name}.{field}")
            assert keys == expected, (rules, fund)


def test_a_rule_that_one_document_does_not_have(taizhou: Scenario) -> None:
    found = differences({"a": taizhou, "b": load_scenario("taizhou", rules="linyi")})
    by_key = {each.key: each.said for each in found if each.fund == "employee"}
    assert (by_key["top_up.months"]["a"].clause, by_key["top_up.months"]["b"].row) == ("Art. 15", None)
    assert by_key["settlement.waterfall.3"]["b"].value == ""
    assert by_key["settlement.surplus_to_pool"]["b"].clause == "linyi 三(四)"


def test_inputs_by_dotted_key(taizhou: Scenario, tmp_path: Path) -> None:
    text = (LIBRARY / "taizhou.toml").read_text("utf-8")
    changed = text.replace("interest_rate = 0.0", "interest_rate = 0.0123", 1)
    changed = changed.replace("paths = 10_000", "paths = 7", 1)  # the size of a run is no input
    name = taizhou.case.counties[0].name
    file = tmp_path / "other.toml"
    file.write_text(changed, "utf-8")
    other = load_scenario(file)
    found = {each.key: each for each in differences({"a": taizhou, "b": other})}
    assert set(found) == {"options.interest_rate"}
    said = found["options.interest_rate"].said
    assert (said["a"].value, said["b"].value) == ("0.0", "0.0123")

    fewer = replace(other, file=other.file.model_copy(update={"counties": other.file.counties[1:]}))
    keys = [each.key for each in differences({"a": other, "b": fewer})]
    assert keys == ["counties"]  # the figures of a county that is not there are not listed
    assert name not in json.loads(differences({"a": other, "b": fewer})[0].said["b"].value)


def test_a_lever_and_a_rule_of_the_scenarios_own(taizhou: Scenario) -> None:
    values = {"policy.employee.reserve_months": 6, "rule.employee.top_up.months": 2}
    values["trend.resident.claims"] = 0.01
    found = differences({"a": taizhou, "b": load_scenario("taizhou", values=values)})
    assert [(each.kind, each.key) for each in found] == [
        ("rule", "top_up.months"),
        ("input", "trend.resident.claims"),
        ("input", "policy.employee.reserve_months"),
    ]
    values_said = [[said.value for said in each.said.values()] for each in found[1:]]
    assert values_said == [["0.0", "0.01"], ["", "6.0"]]


def test_a_parameter_that_no_document_mentions_has_words(taizhou: Scenario) -> None:
    values = {"rule.employee.risk_fund.rate": 0.02, "rule.employee.risk_fund.source": "off_revenue"}
    other = load_scenario("taizhou", values=values)
    found = {each.key: each for each in differences({"a": taizhou, "b": other})}
    rate = found["risk_fund.rate"]
    assert (rate.label("en"), rate.label("zh")) == ("risk fund, yearly rate", "风险基金每年提取比例")
    row = rate.said["b"].row
    assert row is not None
    assert [rule_line(other.city, row, lang).clause for lang in LANGS] == ["scenario", "情景自定"]


def test_every_parameter_has_a_name() -> None:
    keys = {
        f"{name}.{field}" if fields else name
        for name, fields in VOCABULARY.items()
        if name not in ("flows", "delegated")
        for field in fields or ("",)
    }
    assert set(PARAMETERS) == keys - {WATERFALL}
