"""The published tables that come with the program, read so that every figure remembers its row.

The tables are ``scenarios/data/*.csv``; ``scenarios/data/README.md`` says where each is from.  A ``Reader``
hands out figures and keeps, for each, a ``Source``: the file, its lines (the header is line 1) and the page.

``units`` is the 2020 census as this program uses it: one row for every county-level unit of China, with the
prefecture it belongs to.  A prefecture without counties (东莞) is its own only unit, and so is a county-level
city that answers to its province directly (济源).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from sim.rules import Instrument

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parents[1] / "data"
OWN_DIVISIONS = {"杭州市": "hangzhou_divisions_2021"}
"""Prefectures whose divisions changed after the census: the table of the current ones."""


class Source(Instrument):
    """Where figures are from: lines of a shipped table, how good they are, and the pages behind them."""

    id: Annotated[str, Field(min_length=1)]
    what: str
    file: str = ""
    lines: str = ""
    grade: str = ""
    url: str = ""


@cache
def table(name: str) -> pd.DataFrame:
    """A shipped table; the index is the line in its file."""
    import pandas as pd

    found = pd.read_csv(DATA / f"{name}.csv", dtype={"code": str}, keep_default_na=True)
    found.index = pd.RangeIndex(2, len(found) + 2)
    return found


class Reader:
    """Reads published figures and remembers where each is from, under an id that figures may share."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, str, set[int]]] = {}

    def rows(self, id: str, what: str, name: str, **where: object) -> pd.DataFrame:
        """The rows of table ``name`` that have in each column of ``where`` that value, or one of a list."""
        found = table(name)
        for column, value in where.items():
            found = found[found[column].isin(value if isinstance(value, list) else [value])]
        if found.empty:
            raise LookupError(f"{name}: no row with {where}")
        self._read.setdefault(id, (what, name, set()))[2].update(int(line) for line in found.index)
        return found

    def value(self, id: str, what: str, name: str, column: str = "value", **where: object) -> float:
        """The one figure that answers to ``where``."""
        found = self.rows(id, what, name, **where)
        if len(found) != 1:
            raise LookupError(f"{name}: {len(found)} rows with {where}, expected one")
        return float(found[column].iloc[0])

    @property
    def sources(self) -> tuple[Source, ...]:
        """One source for each id, with all lines read under it."""
        return tuple(_source(id, what, name, sorted(lines)) for id, (what, name, lines) in self._read.items())


@cache
def units() -> pd.DataFrame:
    """Every county-level unit of China: the census columns and, added, its prefecture.

    Derived columns: ``urban_share``, ``elsewhere_share`` (living away from their registration) and
    ``old_share`` (60 or more) of the population; ``dependency``, persons past working age (men 60, women 55)
    for each one in it (from 20 on).
    """
    import pandas as pd

    census = table("census_2020")
    cities = census[census["level"] == "city"]
    counties = census[census["level"] == "county"]
    zones = census[(census["level"] == "zone") & census["city"].isin(cities["city"])]
    alone = cities[~cities["city"].isin(counties["city"])]
    found = pd.concat([counties, zones, alone]).sort_index()
    return _with_shares(found.rename(columns={"city": "prefecture"}).drop(columns="level"))


def counties_of(prefecture: str, reader: Reader) -> pd.DataFrame:
    """The county-level units of a prefecture, as ``units`` has them, in the census's order."""
    import pandas as pd

    census = units()[units()["prefecture"] == prefecture]
    what = f"2020 census (county tabulation, ISBN 978-7-5037-9772-9), {prefecture}"
    reader.rows("census-counties", what, "census_2020", city=prefecture, county=list(census["county"]))
    if prefecture not in OWN_DIVISIONS:
        return census
    now = reader.rows("divisions", f"{prefecture}, divisions of today", OWN_DIVISIONS[prefecture])
    parents = census.set_index("county")
    counts = ["population", "urban", "hukou_elsewhere", *_AGES]
    rows = []
    for _, unit in now.iterrows():
        together = parents.loc[str(unit["parents_assumed"]).split(), counts].sum()
        scaled = together * (float(unit["population_2020"]) / together["population"])
        rows.append({"county": unit["county_zh"], **scaled.to_dict()})
    found = pd.DataFrame(rows).assign(prefecture=prefecture, province=str(census["province"].iloc[0]))
    return _with_shares(found)


@cache
def english_names(prefecture: str) -> dict[str, str]:
    """Romanised names of a prefecture and its counties, for the few that come with the program."""
    names = table("names_en")
    mine = names[names["prefecture"] == prefecture]
    return dict(zip(mine["name_zh"].astype(str), mine["name_en"].astype(str), strict=True))


_AGES = ["men_20_59", "women_20_54", "men_60plus", "women_55plus", "women_60plus"]


def _with_shares(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.assign(
        urban_share=counts["urban"] / counts["population"],
        elsewhere_share=counts["hukou_elsewhere"] / counts["population"],
        old_share=(counts["men_60plus"] + counts["women_60plus"]) / counts["population"],
        dependency=(counts["men_60plus"] + counts["women_55plus"])
        / (counts["men_20_59"] + counts["women_20_54"]),
    )


def _source(id: str, what: str, name: str, lines: list[int]) -> Source:
    rows = table(name).loc[lines]
    notes = {
        str(note)
        for at in ("source_url", "source_grade", "source", "grade", "basis")
        if at in rows
        for note in rows[at].dropna()
    }
    urls = {note for note in notes if note.startswith("http")}
    grade = "; ".join(sorted(notes - urls))
    return Source(
        id=id, what=what, file=f"{name}.csv", lines=_ranges(lines), grade=grade, url=" ".join(sorted(urls))
    )


def _ranges(lines: list[int]) -> str:
    """``2-4,7`` for 2, 3, 4, 7."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
