"""The enrolment model against published figures typed in here, not read from the code or its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.basecase.calibration import calibrate
from scenarios.basecase.enrolment import Line
from scenarios.basecase.published import units

# Jinhua Statistical Yearbook 2018, table 12-19 (persons): employee, resident; 2020 census: population, urban,
# living away from their registration.
JINHUA = {
    "市区": (408_520, 672_293, 957_055 + 506_935, 735_705 + 305_243, 490_850 + 252_875),
    "兰溪市": (120_051, 464_729, 574_801, 318_165, 119_145),
    "义乌市": (435_770, 431_193, 1_859_390, 1_481_384, 1_242_891),
    "东阳市": (200_581, 642_436, 1_087_950, 738_721, 518_885),
    "永康市": (157_653, 461_000, 964_203, 638_563, 505_282),
    "武义县": (82_096, 267_263, 462_462, 287_898, 241_060),
    "浦江县": (63_678, 299_182, 460_726, 209_274, 185_891),
    "磐安县": (29_421, 176_922, 177_161, 93_187, 42_730),
}
# Insured (persons) that the model has not seen: employee, resident.  Official pages of the places.
ELSEWHERE = {
    "射阳县": (157_700, 651_000),  # 2023, www.sheyang.gov.cn
    "湖州市": (1_600_900, 1_243_400),  # 2021, www.huzhou.gov.cn
    "新平彝族傣族自治县": (26_596, 241_143),  # 2021, www.xinping.gov.cn
    "溆浦县": (39_364, 675_335),  # 2025, www.xp.gov.cn
    "云龙县": (11_525, 183_046),  # 2022, www.ylx.gov.cn
    "新余市": (224_300, 943_600),  # 2023, www.xinyu.gov.cn
}


def _jinhua() -> pd.DataFrame:
    columns = ["employee", "resident", "population", "urban", "away"]
    return pd.DataFrame.from_dict(JINHUA, orient="index", columns=columns)


def test_jinhua_table_is_the_published_one() -> None:
    assert _jinhua()["employee"].sum() == 1_497_770
    assert _jinhua()["resident"].sum() == 3_415_018


def test_lines_are_least_squares_on_jinhua() -> None:
    table, model = _jinhua(), calibrate().enrolment
    insured = table["employee"] + table["resident"]
    slope, intercept = np.polyfit(
        table["away"] / table["population"], np.log(insured / table["population"]), 1
    )
    assert (model.insured.slope, model.insured.intercept) == pytest.approx((slope, intercept))
    odds = np.log(table["employee"] / table["resident"])
    slope, intercept = np.polyfit(table["urban"] / table["population"], odds, 1)
    assert (model.employee.slope, model.employee.intercept) == pytest.approx((slope, intercept))
    assert model.insured.points == model.employee.points == 8


def test_left_out_error_is_what_leaving_out_gives() -> None:
    x, y = np.array([0.1, 0.3, 0.4, 0.9]), np.array([1.0, 2.0, 1.5, 4.0])
    errors = []
    for out in range(4):
        keep = np.arange(4) != out
        slope, intercept = np.polyfit(x[keep], y[keep], 1)
        errors.append(y[out] - intercept - slope * x[out])
    assert Line.fit(x, y).left_out_error == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_left_out_errors_are_as_the_documentation_says() -> None:
    model = calibrate().enrolment
    assert model.insured.left_out_error == pytest.approx(0.13, abs=0.005)
    assert model.employee.left_out_error == pytest.approx(0.36, abs=0.005)


def test_model_returns_the_national_insured() -> None:
    people = calibrate().enrolment.of(units()).sum()
    assert people["employee"] == pytest.approx(362.43e6, rel=1e-6)
    assert people["resident"] == pytest.approx(983.49e6, rel=1e-6)
    assert people["retired"] / people["employee"] == pytest.approx(8695 / (24231 + 8695), rel=1e-6)


def test_retired_share_is_near_that_of_2024() -> None:
    people = calibrate().enrolment.of(units()).sum()
    assert people["retired"] / people["employee"] == pytest.approx(10457.50 / 37948.34, abs=0.015)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_places_the_model_has_not_seen(place: str) -> None:
    china, model = units(), calibrate().enrolment
    people = model.of(china[(china["prefecture"] == place) | (china["county"] == place)]).sum()
    employee, resident = ELSEWHERE[place]
    assert people["employee"] + people["resident"] == pytest.approx(employee + resident, rel=0.3)
    assert 0.5 < people["employee"] / employee < 1.7


def test_every_unit_of_china_gets_sensible_numbers() -> None:
    people = calibrate().enrolment.of(units())
    rate = (people["employee"] + people["resident"]) / units()["population"]
    assert rate.between(0.5, 1.25).all()
    assert (people["employee"] / (people["employee"] + people["resident"])).between(0.01, 0.75).all()
    assert (people["retired"] / people["active"]).between(0.05, 0.8).all()
