"""The shipped tables: the census adds up, every figure has its row."""

from __future__ import annotations

import pytest

from scenarios.basecase.published import Reader, counties_of, table, units

CENSUS = {
    "台州市": 6_622_888,
    "临沂市": 11_018_365,
    "盐城市": 6_709_629,
    "资阳市": 2_308_631,
    "杭州市": 11_936_010,
}


def test_units_sum_to_the_nation_in_every_column() -> None:
    census = table("census_2020")
    nation = census[census["level"] == "nation"].iloc[0]
    for column in (
        "population",
        "urban",
        "men_20_59",
        "women_20_54",
        "men_60plus",
        "women_55plus",
        "women_60plus",
    ):
        assert int(units()[column].sum()) == int(nation[column]), column
    # The counties of 龙岩市 lack 9,691 persons living elsewhere that the city's own row has.
    assert int(nation["hukou_elsewhere"]) - int(units()["hukou_elsewhere"].sum()) == 9_691
    assert int(nation["population"]) == 1_409_778_724
    assert int(nation["men_60plus"] + nation["women_60plus"]) == 264_018_218


@pytest.mark.parametrize("place", CENSUS)
def test_counties_sum_to_their_city(place: str) -> None:
    counties = counties_of(place, Reader())
    assert round(counties["population"].sum()) == CENSUS[place]
    assert counties["county"].is_unique
    assert counties["dependency"].between(0.1, 1).all()


def test_hangzhou_has_todays_divisions() -> None:
    counties = counties_of("杭州市", Reader()).set_index("county")
    assert len(counties) == 14
    assert counties.loc["钱塘区", "population"] == 769_150
    # Formed of 上城区 (357,657 persons) and 江干区 (1,487,787); 177,688 and 972,638 live elsewhere.
    assert counties.loc["上城区", "elsewhere_share"] == pytest.approx(
        (177_688 + 972_638) / (357_657 + 1_487_787)
    )


def test_reader_wants_one_row() -> None:
    with pytest.raises(LookupError, match="16 rows"):
        Reader().value("x", "anything", "national_annual")
    with pytest.raises(LookupError, match="no row"):
        Reader().value("x", "anything", "national_annual", year=1900)
