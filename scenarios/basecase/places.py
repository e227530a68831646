"""Places that a base case can be made of, and how a user may name them.

A place is a prefecture-level unit (地级市, 州, 地区, 盟, or a municipality), or a county-level unit that
answers to its province directly (济源市).  Its name is Chinese, with or without what follows the proper name
(台州, 台州市); its census code has 6 digits or the first 4; a romanised name is known for few.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from scenarios.basecase.published import english_names, table, units
from scenarios.errors import InputError


@dataclass(frozen=True)
class Place:
    """One place, as the 2020 census has it."""

    name: str
    code: str
    """Six digits."""
    province: str
    units: int
    """County-level units of the census."""
    population: int


@cache
def places() -> dict[str, Place]:
    """Every place by its full name, in the order of the census."""
    census, counties = table("census_2020"), units()
    city = census[census["level"] == "city"].drop_duplicates("city").set_index("city")["code"]
    found = {}
    for name, mine in counties.groupby("prefecture", sort=False):
        code = str(city[name] if name in city.index else mine["code"].iloc[0])
        province, population = str(mine["province"].iloc[0]), round(mine["population"].sum())
        found[str(name)] = Place(str(name), code, province, len(mine), population)
    return found


def find_place(text: str) -> Place:
    """The place that ``text`` names; InputError with near names where it names none, or several."""
    text = text.strip()
    known = places()
    if re.fullmatch("[0-9]+", text):
        return _by_code(text)
    if text in known:
        return known[text]
    romanised = _romanised().get(_letters(text))
    if romanised is not None:
        return known[romanised]
    matches = [place for name, place in known.items() if text and name.startswith(text)]
    province = next((name for name in _provinces() if len(text) > 1 and name.startswith(text)), None)
    if province is not None:
        inside = [place for place in known.values() if place.province == province and place not in matches]
        could = f"this could be {_listed(matches)}; " if matches else ""
        raise InputError(
            text, "", f"expected one place, {could}{province} is a province with {_listed(inside)}"
        )
    if len(matches) > 1:
        raise InputError(text, "", f"expected one place, this could be {_listed(matches)}")
    if not matches:
        expected = (
            "expected a prefecture of China by its Chinese name or census code, such as 台州市 or 331000"
        )
        raise InputError(text, "", expected + (_around(text) or _near(text)))
    return matches[0]


def find_prefecture(text: str) -> str:
    """The full name of the place that ``text`` names: 台州市 for 台州市, 台州, 331000 or 3310."""
    return find_place(text).name


def _by_code(code: str) -> Place:
    census = table("census_2020")
    full = code.ljust(6, "0") if len(code) == 4 else code
    codes = {place.code: place for place in places().values()}
    if full in codes:
        return codes[full]
    rows = census[census["code"] == full]
    if len(rows) and rows["city"].iloc[0] in places():
        if rows["level"].iloc[0] != "county":  # 500200, the counties of Chongqing; or a municipality's 110000
            return places()[str(rows["city"].iloc[0])]
        hint = f", found the code of {rows['county'].iloc[0]} in {_listed([places()[rows['city'].iloc[0]]])}"
    else:
        inside = [place for place in codes.values() if place.code.startswith(code.rstrip("0") or "-")]
        near = [codes[each] for each in difflib.get_close_matches(full, codes, 3)]
        hint = f"; did you mean {_listed(inside or near)}?" if inside or near else ""
    raise InputError(code, "", f"expected the census code of a prefecture, such as 331000 or 3310{hint}")


def _around(text: str) -> str:
    """The prefectures that have a county of this name."""
    counties = units()
    inside = counties[counties["county"].isin([text, *(text + end for end in "市县区")])]
    around = [places()[name] for name in inside["prefecture"].unique()]
    return f"; {inside['county'].iloc[0]} is a county of {_listed(around)}" if around else ""


def _near(text: str) -> str:
    alike = {name: _likeness(text, name) for name in places()}
    near = sorted((name for name in alike if alike[name] > 0.6), key=lambda name: -alike[name])[:3]
    romanised = difflib.get_close_matches(_letters(text) or "-", _romanised(), 1)
    near += [_romanised()[each] for each in romanised]
    return f"; did you mean {_listed(places()[name] for name in near)}?" if near else ""


def _listed(found: Iterable[Place], most: int = 8) -> str:
    """``吉林市 (220200)``, joined by commas, and how many more there are."""
    names = [f"{place.name} ({place.code})" for place in found]
    return ", ".join(names[:most]) + (f" … {len(names) - most} more" if len(names) > most else "")


@cache
def _provinces() -> tuple[str, ...]:
    """Provinces that are no place themselves, as the municipalities are."""
    return tuple(name for name in units()["province"].unique() if name not in places())


@cache
def _romanised() -> dict[str, str]:
    """Romanised name -> place, for the few that come with the program."""
    found = {}
    for name in table("names_en")["prefecture"].unique():
        english = english_names(str(name)).get(str(name))
        if english:
            found[_letters(english)] = str(name)
    return found


def _letters(text: str) -> str:
    """Latin letters alone, small: ``Lin'an`` and ``lin an`` are one name."""
    return re.sub("[^a-z]", "", text.lower())


def _likeness(text: str, full: str) -> float:
    """Spelling in common, 0 to 1; names mostly go wrong after their first character."""
    both = difflib.SequenceMatcher(None, text.removesuffix("市"), full.removesuffix("市")).ratio()
    return both + 0.2 * (text[:1] == full[:1])
