"""City files: the five documents as rows, their readings, and a city written by a user."""

from __future__ import annotations

import pickle
import typing
from pathlib import Path

import pytest

from scenarios.rulebook.city import City, builtin_cities, load_city
from scenarios.rulebook.rows import VOCABULARY
from sim.rules import Layer

ROOT = Path(__file__).parents[2]
MYTOWN = ROOT / "docs" / "examples" / "mytown.toml"
FIVE = ["hangzhou", "linyi", "taizhou", "yancheng", "ziyang"]
FUNDS: tuple[typing.Literal["employee", "resident"], ...] = ("employee", "resident")


def shares(city: City, fund: typing.Literal["employee", "resident"] = "employee") -> list[dict[str, float]]:
    return [dict(layer.shares) for layer in city.rules[fund].settlement.waterfall]


def reads(city: str, **readings: str) -> City:
    return load_city(city, readings)


# --- the five documents, against the tables of the rules, typed by hand ---


def test_the_five_cities_load() -> None:
    assert builtin_cities() == FIVE
    for name in FIVE:
        city = load_city(name)
        assert city.id == name
        assert set(city.rules) == {"employee", "resident"}
        assert city.outside
        assert city.header.document.zh


def test_taizhou() -> None:
    city = load_city("taizhou")
    for fund in FUNDS:
        rules = city.rules[fund]
        assert shares(city, fund) == [
            {"county_balance": 1},
            {"pool": 0.5, "county_treasury": 0.5},
            {"city_treasury": 0.2, "county_treasury": 0.8},
        ]
        assert rules.settlement.waterfall[1].when_pool_short == "unpaid_part"
        assert (rules.settlement.month, rules.settlement.surplus_to_pool) == (7, 0.5)
        assert rules.assessment.mode == "shortfall"
        assert (rules.assessment.not_excellent_rise, rules.assessment.not_excellent_rise_is) == (
            0.05,
            "points",
        )
        assert rules.recoveries_to == "pool"
        assert rules.opening_deficit.december_schedule == (0.2,) * 5
        assert not rules.opening_deficit.own_surplus_first
        assert (rules.cash.working_capital_months, rules.cash.held_by_county) == (1, "county_balance")
        assert "逐步归集" in city.by_fund[fund]["cash.held_by_county"].note_zh
        assert rules.top_up.balance == "gross"
    employee, resident = city.rules["employee"], city.rules["resident"]
    assert employee.opening_transfer.months_of_city_claims == 3
    assert (employee.top_up.months, employee.top_up.by_balance) == (3, 1)
    assert not employee.top_up.rest_from_county_treasury
    assert resident.opening_transfer.months_of_own_claims == 1
    assert resident.opening_transfer.rest_from_county_treasury
    assert (resident.top_up.months, resident.top_up.by_deficit, resident.top_up.by_enrolment) == (1, 0.5, 0.5)
    assert resident.top_up.rest_from_county_treasury
    assert resident.top_up.enrolment_of == "closed_year"


def test_yancheng() -> None:
    city = load_city("yancheng")
    for fund in FUNDS:
        rules = city.rules[fund]
        assert shares(city, fund) == [{"pool": 1}, {"unfunded": 1}]
        assert (rules.settlement.month, rules.settlement.surplus_to_pool) == (0, 1)
        assert rules.opening_deficit.in_january
        transfer = rules.opening_transfer
        assert (transfer.share_of_balance, transfer.december_share) == (0.5, 0.5)
        assert transfer.share_of_balance_city_level == 1
        adjustment = rules.policy_adjustment
        assert (adjustment.trigger, adjustment.contribution_part) == ("unfunded", 0)
        assert (adjustment.cap, adjustment.debt_years, adjustment.trigger_months) == (0.1, 3, 3)
        assert (rules.cash.held_by_county, rules.cash.working_capital_months) == ("second_tranche", 0)
        assert rules.unfunded_is == "borne_by_nobody"
    assert city.rules["employee"].assessment.mode == "none"
    assert city.rules["resident"].assessment.mode == "revenue_made_good"
    assert city.by_fund["employee"]["settlement.month"].status == "delegated"


def test_ziyang() -> None:
    city = load_city("ziyang")
    for fund in FUNDS:
        rules = city.rules[fund]
        assert shares(city, fund) == [
            {"county_balance": 1},
            {"risk_fund": 0.2, "county_treasury": 0.8},
            {"county_treasury": 1},
        ]
        assert (rules.risk_fund.rate, rules.risk_fund.stop_at) == (0.1, 0.5)
        assert rules.risk_fund.source == "county_balance"
        assert (rules.settlement.month, rules.settlement.surplus_to_pool) == (0, 0)
        assert rules.opening_transfer.share_of_balance == 0
        assert rules.assessment.mode == "all_or_nothing"
        assert not rules.assessment.also_expenditure
        assert not rules.assessment.own_balance_first
        assert rules.recoveries_to == "county_balance"
        assert rules.arrears.insured_schedule == (1,)
        assert rules.arrears.government_schedule == pytest.approx((1 / 2, 1 / 6, 1 / 6, 1 / 6))
        assert rules.opening_deficit.december_schedule == ()
        assert not rules.cash.reported
        row = city.by_fund[fund]["cash.reported"]
        assert (row.status, row.clause) == ("assumption", "assumption")  # not of its text
    left_out = {(each.clause, each.zh[:4]) for each in city.outside}
    assert {("五(七)1", "支出预算"), ("五(七)2", "弥补缺口")} <= left_out


@pytest.mark.parametrize("name", ["linyi", "hangzhou"])
def test_cities_that_leave_the_sharing_open(name: str) -> None:
    city = load_city(name)
    for fund in FUNDS:
        rules = city.rules[fund]
        assert shares(city, fund) == [{"pool": 1}, {"unfunded": 1}]
        transfer = rules.opening_transfer
        assert (transfer.share_of_balance, transfer.share_of_balance_city_level) == (1, 1)
        assert (rules.settlement.month, rules.settlement.surplus_to_pool) == (0, 1)
        assert rules.assessment.mode == "none"
        assert rules.opening_deficit.december_schedule == ()
        assert (rules.cash.held_by_county, rules.cash.working_capital_months) == ("nothing", 0)
        assert rules.unfunded_is == "shared_by_later_rule"
    delegated = {row.key for row in city.rows if row.status == "delegated"}
    assert {
        "unfunded_is",
        "settlement.waterfall.2",
        "settlement.month",
        "opening_deficit.december_schedule",
    } <= (delegated)


def test_dates_and_joining_counties() -> None:
    assert str(load_city("linyi").header.in_force_to) == "2025-12-31"
    assert [county.en for county in load_city("hangzhou").header.joining] == ["Tonglu", "Chun'an", "Jiande"]


@pytest.mark.parametrize(
    ("city", "key", "clause"),
    [
        ("taizhou", "flows.contributions", "Art. 8"),
        ("taizhou", "flows.claims", "Art. 10"),
        ("taizhou", "top_up.months", "Art. 15"),
        ("taizhou", "opening_transfer", "Art. 15"),
        ("taizhou", "settlement.waterfall.2", "Art. 19"),
        ("taizhou", "flows.interest", "assumption"),
        ("taizhou", "risk_fund", "assumption"),
        ("yancheng", "flows.contributions", "Art. 7"),
        ("yancheng", "flows.claims", "Art. 6"),
        ("yancheng", "opening_deficit.in_january", "Art. 9"),
        ("ziyang", "flows.contributions", "五(三)1"),
        ("ziyang", "flows.claims", "五(三)2"),
        ("ziyang", "settlement.waterfall.2", "五(七)2"),
        ("ziyang", "risk_fund", "五(七)1"),
        ("ziyang", "arrears.insured_schedule", "五(九)"),
        ("linyi", "flows.claims", "三(四)"),
        ("hangzhou", "flows.claims", "三(二)2"),
        ("hangzhou", "settlement.waterfall.2", "三(二)4"),
    ],
)
def test_clauses(city: str, key: str, clause: str) -> None:
    assert load_city(city).clause("employee", key) == clause


def test_a_flow_without_a_row_does_not_borrow_another_flows_clause() -> None:
    assert load_city("taizhou").clause("resident", "flows.municipal_reserve") == "assumption"
    assert load_city("taizhou").clause("employee", "flows.municipal_reserve") == "Art. 15"


def test_rows_agree_with_the_rules() -> None:
    for name in FIVE:
        city = load_city(name)
        for fund in FUNDS:
            layers = [
                row for key, row in city.by_fund[fund].items() if key.startswith("settlement.waterfall.")
            ]
            assert [row.value for row in layers] == shares(city, fund)
            assert city.by_fund[fund].keys() == {row.key for row in city.rows if row.fund in ("both", fund)}


# --- readings ---

READINGS = {  # the table of readings: default first, then alternatives with their weights
    "taizhou": {
        "T3": ("own", "citywide minority"),
        "T4": ("closed_year", "current_enrolment main"),
        "T5": ("unpaid_part", "after_pool main", "whole_gap minority"),
        "T6": ("gross", "net main"),
        "T7": ("points", "relative minority"),
        "T13": ("equal", "last_year minority"),
        "T14": ("treasury", "own_surplus_first minority"),
    },
    "yancheng": {
        "Y2": ("counties_only", "all minority"),
        "Y3": ("city", "own_first minority"),
        "Y4": ("gap_seen", "budgeted main", "months minority"),
        "Y5": ("resident", "both minority"),
    },
    "ziyang": {
        "Z1": ("twenty", "in_full minority"),
        "Z2": ("earmark", "surplus_only main", "off_revenue main"),
        "Z5": ("own", "city minority"),
        "Z6": ("revenue", "both_plans main", "off counterfactual"),
        "Z7": ("fifty_then_2020", "three_years main", "fifty_then_2019 main", "last_day minority"),
        "Z8": ("government", "own_first main"),
        "Z9": ("december", "july minority"),
    },
    "linyi": {"L1": ("pooled", "retained main"), "L2": ("providers", "counties minority")},
    "hangzhou": {"H1": ("pooled", "retained main")},
}


@pytest.mark.parametrize("name", FIVE)
def test_every_reading_of_the_rules(name: str) -> None:
    city = load_city(name)
    found = {
        at: (reading.default, *(f"{each.name} {each.weight}" for each in reading.alternative))
        for at, reading in city.readings.items()
    }
    assert found == READINGS[name]
    assert city.chosen == {at: names[0] for at, names in READINGS[name].items()}
    defaults = load_city(name, dict(city.chosen))
    assert (defaults.rules, defaults.rows) == (city.rules, city.rows)
    for at, reading in city.readings.items():
        for each in reading.alternative:
            assert load_city(name, {at: each.name}).rules != city.rules


def test_a_chosen_reading_marks_its_row() -> None:
    row = reads("ziyang", Z9="july").by_fund["resident"]["settlement.month"]
    assert (row.value, row.status, row.reading, row.chosen) == (7, "reading", "Z9", "july")
    assert load_city("ziyang").by_fund["resident"]["settlement.month"].chosen is None


def test_taizhou_readings() -> None:
    citywide = reads("taizhou", T3="citywide", T5="after_pool")
    assert [list(layer) for layer in shares(citywide)] == [
        ["county_balance"],
        ["all_balances"],
        ["pool", "county_treasury"],
        ["city_treasury", "county_treasury"],
    ]
    assert citywide.rules["resident"].settlement.waterfall[2].when_pool_short == "after_pool"
    assert citywide.clause("resident", "settlement.waterfall.2") == "Art. 13, 14"
    assert citywide.clause("resident", "settlement.waterfall.3") == "Art. 19"
    rules = reads("taizhou", T4="current_enrolment", T6="net", T7="relative", T13="last_year").rules[
        "resident"
    ]
    assert (rules.top_up.enrolment_of, rules.top_up.balance) == ("current_year", "net")
    assert rules.assessment.not_excellent_rise_is == "relative"
    assert rules.opening_deficit.december_schedule == (0, 0, 0, 0, 1)
    assert reads("taizhou", T14="own_surplus_first").rules["employee"].opening_deficit.own_surplus_first


def test_yancheng_readings() -> None:
    own = reads("yancheng", Y3="own_first", Y2="all", Y5="both", Y4="months")
    rules = own.rules["employee"]
    assert shares(own) == [{"county_balance": 1}, {"pool": 1}, {"unfunded": 1}]
    assert rules.settlement.surplus_to_pool == 0
    assert rules.opening_transfer.share_of_balance_city_level == 0.5
    assert rules.assessment.mode == "revenue_made_good"
    assert rules.policy_adjustment.trigger == "months"
    assert load_city("yancheng", {"Y5": "both"}).by_fund["resident"]["assessment.mode"].status == "stated"


def test_ziyang_readings() -> None:
    full = reads("ziyang", Z1="in_full", Z6="both_plans", Z7="last_day", Z8="own_first")
    assert shares(full) == [{"county_balance": 1}, {"risk_fund": 1}, {"county_treasury": 1}]
    assert full.clause("employee", "settlement.waterfall.2") == "五(八)2"
    assert full.rules["employee"].assessment.also_expenditure
    assert full.rules["employee"].assessment.own_balance_first
    assert full.rules["employee"].arrears.government_schedule == (0.5, 0, 0, 0.5)
    assert reads("ziyang", Z6="off").rules["resident"].assessment.mode == "none"


@pytest.mark.parametrize(
    ("source", "expected"), [("earmark", "pool"), ("surplus_only", "pool"), ("off_revenue", "off_revenue")]
)
@pytest.mark.parametrize(("z1", "third"), [("twenty", 0.2), ("in_full", 1.0)])
def test_ziyang_under_the_city_reading(source: str, expected: str, z1: str, third: float) -> None:
    city = reads("ziyang", Z5="city", Z2=source, Z1=z1)
    rules = city.rules["employee"]
    assert [next(iter(layer)) for layer in shares(city)] == [
        "county_balance",
        "pool",
        "risk_fund",
        "county_treasury",
    ]
    assert shares(city)[2]["risk_fund"] == third
    assert rules.risk_fund.source == expected
    row = city.by_fund["employee"]["risk_fund.source"]
    assert (row.reading, row.chosen) == (("Z2", source) if expected == source else ("Z5", "city"))
    assert rules.settlement.surplus_to_pool == 1
    assert rules.recoveries_to == "pool"


def test_linyi_readings_together() -> None:
    retained = reads("linyi", L1="retained")
    assert shares(retained) == [{"county_balance": 1}, {"pool": 1}, {"unfunded": 1}]
    assert retained.rules["employee"].opening_transfer.share_of_balance == 0
    assert retained.rules["employee"].opening_transfer.share_of_balance_city_level == 0
    assert retained.rules["employee"].cash.held_by_county == "county_balance"
    both = reads("linyi", L2="counties", L1="retained")
    assert shares(both) == [{"county_balance": 1}, {"pool": 0.5, "county_treasury": 0.5}]
    assert both.rules["employee"].settlement.surplus_to_pool == 0.5
    assert both.rules["employee"].opening_transfer.share_of_balance == 0
    assert shares(reads("hangzhou", H1="retained")) == shares(retained)


# --- a user's own file ---


def test_the_example_is_a_whole_city() -> None:
    city = load_city(str(MYTOWN))
    assert city.name == {"en": "Mytown", "zh": "某市"}
    assert city.path == MYTOWN
    assert shares(city)[1] == {"pool": 0.7, "county_treasury": 0.3}
    assert city.rules["resident"].assessment.mode == "revenue_made_good"
    assert city.rules["employee"].assessment.mode == "none"
    assert reads(str(MYTOWN), M1="last_year").rules["employee"].opening_deficit.december_schedule == (0, 0, 1)


def test_the_guide_names_every_key() -> None:
    guide = (ROOT / "docs" / "new-city.md").read_text(encoding="utf-8")
    for name, fields in VOCABULARY.items():
        for key in [f"{name}.{field}" for field in fields] or [name]:
            assert f"`{key}" in guide, key


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    text = MYTOWN.read_text(encoding="utf-8").replace("\n", "\r\n")
    file = tmp_path / "town.toml"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_city(str(file)).rules == load_city(str(MYTOWN)).rules


def test_a_city_is_frozen_and_travels_to_other_processes() -> None:
    city = load_city("taizhou")
    with pytest.raises(AttributeError):
        city.path = Path()  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(city)) == city


def test_layers_have_the_vocabulary_of_the_engine() -> None:
    assert set(VOCABULARY["settlement"]) == {"month", "surplus_to_pool", "waterfall", "alone"}
    assert set(Layer.model_fields) == {"shares", "when_pool_short", "up_to"}
