"""A case refuses figures that its rules could not use, instead of losing them."""

from __future__ import annotations

from typing import Any

import pytest
from drawn import make_case
from pydantic import ValidationError

from scenarios.rulebook.city import load_city
from sim.model import Case


def plain(city: str) -> dict[str, Any]:
    """A small case of a city as plain values."""
    return make_case(dict(load_city(city).rules)).model_dump()


def test_a_top_up_by_enrolment_needs_somebody_enrolled() -> None:
    case = plain("taizhou")
    for county in case["counties"]:
        county["resident"]["enrolment_persons"] = 0
    with pytest.raises(ValidationError, match="resident fund's top-up goes by enrolment"):
        Case.model_validate(case)


@pytest.mark.parametrize(("city", "accepted"), [("ziyang", True), ("linyi", False)])
def test_a_risk_fund_needs_rules_that_have_one(city: str, accepted: bool) -> None:
    case = plain(city)
    case["funds"]["employee"]["accounts"]["risk_fund_yuan"] = 5.0
    if accepted:
        assert Case.model_validate(case).funds["employee"].accounts.risk_fund_yuan == 5.0
    else:
        with pytest.raises(ValidationError, match=r"employee\.accounts\.risk_fund_yuan"):
            Case.model_validate(case)


@pytest.mark.parametrize("degrees", [2.05, 1e7])
def test_degrees_of_freedom_that_single_precision_cannot_tell(degrees: float) -> None:
    case = plain("taizhou") | {"shocks": {"city_degrees_of_freedom": degrees}}
    with pytest.raises(ValidationError, match="city_degrees_of_freedom"):
        Case.model_validate(case)


def test_planned_growth_is_a_rate() -> None:
    case = plain("taizhou")
    case["funds"]["employee"]["plan_growth"]["claims"] = -7.0
    with pytest.raises(ValidationError, match="greater than -1"):
        Case.model_validate(case)
