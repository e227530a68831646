"""Base cases against published figures typed in here, not read from the code or its tables."""

from __future__ import annotations

import resource
import tomllib
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scenarios.basecase.calibration import calibrate
from scenarios.basecase.construct import construct, main, reserves
from scenarios.basecase.published import DATA, units
from scenarios.definition.scenario_file import LIBRARY, ScenarioFile, builtin_scenarios
from scenarios.rulebook.city import load_city
from sim.model import FUNDS

FIVE = {
    "taizhou": "台州市",
    "linyi": "临沂市",
    "yancheng": "盐城市",
    "ziyang": "资阳市",
    "hangzhou": "杭州市",
}
OTHERS = (
    "北京 上海 重庆 天津 广州 深圳 东莞 中山 三沙 嘉峪关 济源 仙桃 石河子 "
    "拉萨 凉山 恩施 大兴安岭 伊犁 湖州 苏州 宿州 三亚"
)


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    return {name: construct(place, name, name=name) for name, place in FIVE.items()}


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}".lstrip("."))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [leaf for row, inner in enumerate(value, 1) for leaf in _leaves(inner, f"{path}.{row}")]
    return [(path, value)]


def _sum(case: dict[str, Any], fund: str, key: str) -> int:
    return sum(county[fund][key] for county in case["counties"])


@pytest.mark.parametrize("place", OTHERS.split())
def test_any_prefecture_has_a_base_case(place: str) -> None:
    case = construct(place, "zhejiang.toml")
    file = ScenarioFile.model_validate(case)
    assert file.counties
    for fund in FUNDS:
        assert all(getattr(county, fund).base_claims_yuan > 0 for county in file.counties)


# --- amounts ------------------------------------------------------------------------------------------------


def test_amounts_applied_to_china_are_the_national_totals() -> None:
    fitted = calibrate()
    heads = fitted.heads(units())
    published = {
        ("employee", "revenue"): 17342.45e8,
        ("employee", "expenditure"): 13222.71e8,
        ("resident", "revenue"): 11180.90e8,
        ("resident", "expenditure"): 10661.49e8,
    }
    for (fund, item), total in published.items():
        each = fitted.contributions if item == "revenue" else fitted.claims
        assert heads[fund, item].sum() * each[fund] == pytest.approx(total, rel=1e-6)


def test_resident_contributions_are_the_national_amount_for_each_insured(cases: dict[str, Any]) -> None:
    for case in cases.values():
        each = _sum(case, "resident", "base_contributions_yuan") / _sum(case, "resident", "enrolment_persons")
        assert each == pytest.approx(11180.90e8 / 983.49e6, rel=1e-4)


def test_wages_lift_zhejiang_above_sichuan() -> None:
    wages = calibrate().wages
    assert wages["浙江省"] / wages["四川省"] == pytest.approx(99720 / 90216)
    # All four lie above the nation's mix of non-private (120,698) and private (68,340) wages of 2023.
    mixed = 99720 / wages["浙江省"]
    assert 68340 < mixed < 120698
    weights = [(89244 - 69228) / (122309 - 69228), (89880 - 71835) / (121724 - 71835)]
    assert mixed == pytest.approx(68340 + sum(weights) / 2 * (120698 - 68340))


def test_an_older_county_claims_more_for_each_insured(cases: dict[str, Any]) -> None:
    by_name = {county["name"]: county for county in cases["taizhou"]["counties"]}
    young, old = by_name["玉环市"], by_name["仙居县"]  # dependency 0.30 and 0.56 in the census
    for fund in FUNDS:
        each = [
            county[fund]["base_claims_yuan"] / county[fund]["enrolment_persons"] for county in (young, old)
        ]
        assert each[0] < each[1]


# --- reserves -----------------------------------------------------------------------------------------------


def test_reserves_keep_the_national_months(cases: dict[str, Any]) -> None:
    months = {"employee": 30445.50 / 13222.71 * 12, "resident": 8183.02 / 10661.49 * 12}
    for case in cases.values():
        for fund, expected in months.items():
            held = _sum(case, fund, "county_balance_yuan") + case["funds"][fund]["accounts"]["pool_yuan"]
            assert held / _sum(case, fund, "base_claims_yuan") * 12 == pytest.approx(expected, rel=1e-6)


def test_reserves_spread_like_the_provinces() -> None:
    names = pd.Series([f"county {number}" for number in range(400)])
    claims = pd.Series(np.full(400, 12.0))
    months = reserves("employee", names, claims, calibrate())
    assert months.std() / months.mean() == pytest.approx(6.1 / 19.91, abs=0.01)  # 28 provinces, 2008
    assert months.mean() == pytest.approx(27.63, abs=0.01)


def test_reserves_follow_the_name_and_not_the_order() -> None:
    names, claims = pd.Series(["甲县", "乙县", "丙区"]), pd.Series([1.0, 2.0, 3.0])
    there = reserves("resident", names, claims, calibrate())
    back = reserves("resident", names[::-1], claims[::-1], calibrate())
    pd.testing.assert_series_equal(there, back.sort_index())
    assert there.nunique() == 3


def test_hangzhou_districts_share_a_pool_and_the_others_join(cases: dict[str, Any]) -> None:
    joining = [county.zh for county in load_city("hangzhou").header.joining]
    assert sorted(joining) == sorted(["桐庐县", "淳安县", "建德市"])
    for county in cases["hangzhou"]["counties"]:
        for fund in FUNDS:
            assert (county[fund]["county_balance_yuan"] > 0) == (county["name"] in joining)
    for fund in FUNDS:
        assert cases["hangzhou"]["funds"][fund]["accounts"]["pool_yuan"] > 0
        assert cases["taizhou"]["funds"][fund]["accounts"]["pool_yuan"] == 0


# --- growth, months, shocks ---------------------------------------------------------------------------------


def test_growth_starts_at_the_published_rate_and_fades(cases: dict[str, Any]) -> None:
    first = {
        ("employee", "contributions"): (23732.47 / 19003.10) ** (1 / 3) - 1,
        ("employee", "claims"): (19102.54 / 14746.73) ** (1 / 3) - 1,
        ("resident", "contributions"): (11180.90 / 9724.48) ** (1 / 3) - 1,
        ("resident", "claims"): (10661.49 / 9296.37) ** (1 / 3) - 1,
    }
    provinces = [(101196, 89244), (90072, 79596), (99048, 84996), (91752, 81420)]
    long = sum((last / early) ** (1 / 3) - 1 for last, early in provinces) / 4
    for (fund, cell), rate in first.items():
        growth = cases["linyi"]["funds"][fund]["growth"][cell]
        assert len(growth) == 11
        assert growth[0] == pytest.approx(rate, abs=6e-5)
        assert growth[5] == pytest.approx((rate + long) / 2, abs=6e-5)
        assert growth[-1] == pytest.approx(long, abs=6e-5)


def test_months_sum_to_one_and_follow_2023(cases: dict[str, Any]) -> None:
    for fund in FUNDS:
        for shares in cases["ziyang"]["funds"][fund]["profile"].values():
            assert len(shares) == 12
            assert sum(shares) == pytest.approx(1, abs=1e-12)
            assert min(shares) > 0
    months = cases["ziyang"]["funds"]["employee"]["profile"]["contributions"]
    assert months[0] == months[1] == pytest.approx(3642.24 / 22931.65 / 2, abs=1e-5)
    assert months[2] == pytest.approx((5653.07 - 3642.24) / 22931.65, abs=1e-5)


def test_the_coming_years_premium_counts_in_january(cases: dict[str, Any]) -> None:
    months = cases["ziyang"]["funds"]["resident"]["profile"]["contributions"]
    year = 10569.71
    plain = (7683.55 - 3447.41) / 7 / year  # April to October
    late = (year - 7683.55) / year  # November and December
    assert months[10] == pytest.approx(plain, abs=1e-5)
    assert months[11] == pytest.approx(plain, abs=1e-5)
    assert months[0] == pytest.approx(2313.06 / 2 / year + late - 2 * plain, abs=1e-5)
    moved = late - 2 * plain
    assert moved < 3497 / (3497 + 6978)  # no more than residents themselves paid in 2023


def test_volatility_lies_between_one_unit_and_the_nation(cases: dict[str, Any]) -> None:
    # Employee revenue of the unit, 10k yuan, 2014-2022; the nation's growth 2021-2024 has sd 3.7 per cent.
    unit = [2046263, 2352433, 2634826, 3035478, 3081046, 3330117, 3243162, 3866247, 4243546]
    sd = np.std([np.log(b / a) for a, b in pairwise(unit)], ddof=1)
    city = cases["taizhou"]["shocks"]["city_volatility"]
    assert city[0] == pytest.approx((sd * 0.037) ** 0.5, abs=6e-4)
    assert cases["taizhou"]["shocks"]["county_volatility"] == pytest.approx([sd / 2 for sd in city])


# --- where every number is from -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIVE)
def test_every_number_rests_on_an_assumption_and_its_rows(name: str, cases: dict[str, Any]) -> None:
    case = cases[name]
    words = ("name", "title_zh", "title_en", "city")
    numbers = {key: case[key] for key in case if key not in (*words, "assumptions", "sources")}
    patterns = [about for line in case["assumptions"] for about in line["about"]]
    for key, _ in _leaves(numbers):
        assert any(fnmatchcase(key, about) for about in patterns), f"{key} rests on no assumption"
    known = {source["id"] for source in case["sources"]}
    for line in case["assumptions"]:
        assert set(line.get("sources", ())) <= known, line["id"]
        assert line["zh"] and line["en"] and "{" not in line["zh"] + line["en"]
    assert len({line["id"] for line in case["assumptions"]}) == len(case["assumptions"])


def test_sources_point_at_lines_that_exist(cases: dict[str, Any]) -> None:
    for source in cases["hangzhou"]["sources"]:
        lines = (DATA / source["file"]).read_text("utf-8").splitlines()
        for part in source["lines"].split(","):
            first, _, last = part.partition("-")
            assert 2 <= int(first) <= int(last or first) <= len(lines)
    amounts = next(source for source in cases["hangzhou"]["sources"] if source["id"] == "amounts")
    rows = (DATA / "national_annual.csv").read_text("utf-8").splitlines()
    assert amounts["lines"].startswith("8-")
    assert "employee,pooled,revenue,17342.45" in rows[8 - 1]


def test_levels_do_not_rest_on_reprints(cases: dict[str, Any]) -> None:
    for source in cases["taizhou"]["sources"]:
        if source["id"] in (
            "amounts",
            "growth-totals",
            "active-retired-2019",
            "insured-2022",
            "provinces-2008",
        ):
            assert "reprint" not in source["grade"]


# --- the library and the command ----------------------------------------------------------------------------


def test_library_is_the_five_cities() -> None:
    assert builtin_scenarios() == sorted(FIVE)


@pytest.mark.parametrize("name", FIVE)
def test_library_is_what_construct_gives(name: str, cases: dict[str, Any]) -> None:
    assert tomllib.loads((LIBRARY / f"{name}.toml").read_text("utf-8")) == cases[name]


def test_command_writes_the_library_file(tmp_path: Path) -> None:
    out = tmp_path / "ziyang.toml"
    assert main(["资阳", "--rules", "ziyang", "--out", str(out)]) == 0
    assert out.read_bytes() == (LIBRARY / "ziyang.toml").read_bytes()


@pytest.mark.parametrize(
    ("place", "out", "said"), [("台洲市", "x.toml", "台州"), ("台州市", "", "expected a file to write")]
)
def test_command_refuses_without_writing(
    place: str, out: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([place, "--rules", "taizhou", "--out", str(tmp_path / out)]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_command_that_finds_no_room_leaves_the_file_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ziyang.toml"
    out.write_text("mine")
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))  # no file of this process may be larger
    try:
        assert main(["资阳", "--rules", "ziyang", "--out", str(out)]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert "--out: could not be written" in capsys.readouterr().err
    assert out.read_text() == "mine" and list(tmp_path.iterdir()) == [out]
