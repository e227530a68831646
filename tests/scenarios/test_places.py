"""Places by name and code: whom a user means, and what is said where that is not clear."""

from __future__ import annotations

import pytest

from scenarios.basecase.places import find_place, find_prefecture, places
from scenarios.errors import InputError


def test_all_of_china() -> None:
    """333 prefecture-level units and 4 municipalities of 2020, and 30 units that answer to their province."""
    found = list(places().values())
    assert len(found) == 367
    assert sum(place.population for place in found) == 1_409_778_724
    assert len({place.province for place in found}) == 31
    assert sum(place.units for place in found) == 2_987


def test_every_place_answers_to_its_name_and_code() -> None:
    for name, place in places().items():
        assert find_place(name) is place
        assert find_place(place.code) is place
        assert len(place.code) == 6
        if place.code.endswith("00"):
            assert find_place(place.code[:4]) is place


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("台州市", "台州市"),
        ("台州", "台州市"),
        ("恩施", "恩施土家族苗族自治州"),
        (" 济源", "济源市"),
        ("330700", "金华市"),
        ("3307", "金华市"),
        ("419001", "济源市"),
        ("110000", "北京市"),
        ("500200", "重庆市"),
        ("北京", "北京市"),
        ("吉林市", "吉林市"),
        ("Taizhou", "台州市"),
        ("hang zhou", "杭州市"),
    ],
)
def test_place_is_found(given: str, full: str) -> None:
    assert find_prefecture(given) == full


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("台洲市", r"did you mean 台州市 \(331000\)"),
        ("Taizou", r"did you mean 台州市 \(331000\)"),
        ("阿", r"could be 阿拉善盟 \(152900\), 阿坝"),
        ("", "expected a prefecture of China"),
        ("Ningbo", "by its Chinese name or census code, such as 台州市 or 331000$"),
        ("义乌", r"义乌市 is a county of 金华市 \(330700\)"),
        ("朝阳区", r"朝阳区 is a county of 北京市 \(110100\), 长春市"),
        ("吉林", r"could be 吉林市 \(220200\); 吉林省 is a province with 长春市 \(220100\)"),
        ("海南", r"could be 海南藏族自治州 \(632500\); 海南省 is a province with 海口市"),
        ("浙江省", r"浙江省 is a province with 杭州市 \(330100\).* … 3 more"),
        ("330000", r"census code of a prefecture.*杭州市 \(330100\)"),
        ("330702", r"found the code of 婺城区 in 金华市 \(330700\)"),
        ("3399", "did you mean"),
        ("000000", "such as 331000 or 3310"),
        ("33070", "such as 331000 or 3310"),
    ],
)
def test_place_is_refused(given: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        find_prefecture(given)
