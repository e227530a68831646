"""``fundsim calibrate``: a panel of yearly figures → the shock parameters that such a panel can tell.

These are the volatilities of the city's and of a county's own part, and their correlations.  A few years tell
nothing of persistence, heavy tails, months, epidemic years and policy response: they are not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from scenarios.basecase.growth_variance import (
    Components,
    Floats,
    components,
    correlation,
    is_covariance,
    repeats,
    volatility,
)
from scenarios.basecase.panel import Panel, read_panel
from scenarios.definition.addresses import leaves
from scenarios.errors import InputError
from scenarios.labels import LANGUAGES, Lang, comma, label, span
from scenarios.output import check_file, new_files, sha256
from scenarios.rulebook.rows import read_toml
from scenarios.toml_text import to_toml
from sim.model import FUNDS, Shocks

if TYPE_CHECKING:
    from rich.console import Console

DIGITS = 4
WRITTEN = tuple(
    f"shocks.{key}"
    for key in ("city_volatility", "city_correlation", "county_volatility", "county_correlation")
)
STATEMENT = "calibrated"
"""The id of the file's assumption."""
MOST_OF_A_COUNTY = 0.99
"""Between a county's contributions and claims."""
_WORDS: dict[str, tuple[str, str]] = {
    "of": (
        "{file}: {counties} {county}, growth of {years} ({rates} rates)",
        "{file}：{counties}个县（市、区），{years}年增长率（{rates}个）",
    ),
    "common": (
        "City volatility: what is common to all counties. Next year: the correlation of one year's common"
        " growth with the next year's, about {expected} where years are independent.",
        "市级波动率：各县共有的部分。与次年：共有增长与其次年的相关系数，各年独立时约为{expected}。",
    ),
    "correlation": (
        "Correlation of a county's own contributions and claims: {found}.",
        "县级自身收支的相关系数：{found}。",
    ),
    "no_covariance": (
        "The city's correlations, as estimated, cannot hold together: they are the nearest that can.",
        "市级各相关系数的估计值不能同时成立，已取与之最接近的可行值。",
    ),
    "one_county": (
        "All growth of a single county is taken for the city's: its own volatility stands as 0, not"
        " estimated.",
        "只有一个县时，增长全部计为市级的：县级自身波动率记为0，并非估计值。",
    ),
    "one_fund": (
        "{fund}: not in the panel; its volatilities stand as 0, not estimated.",
        "面板数据没有{fund}：其波动率记为0，并非估计值。",
    ),
    "statement": (
        "Volatilities and correlations are estimates from {panel}. SHA-256 of the panel: {hash}.",
        "波动率和相关系数为估计值，依据{panel}。面板文件的SHA-256：{hash}。",
    ),
    "left": (
        "Not written, for a few years do not tell: persistence, heavy tails, months, epidemic years, policy"
        " response.",
        "年份太少不足以判断、因而未写出的参数：持续性、厚尾、月度波动、疫情年份、政策响应。",
    ),
    "use": (
        '→ {file}: with a line extends = "SCENARIO" above [shocks] it is a scenario.',
        '→ {file}：在[shocks]之上加一行extends = "情景"，即成一个情景文件。',
    ),
    "quantity": ("Volatility [95%]", "波动率［95%］"),
    "city": ("City", "市级"),
    "county": ("County's own", "县级自身"),
    "next": ("Next year", "与次年"),
    "contributions": ("{fund}, contributions", "{fund}收入"),
    "claims": ("{fund}, claims", "{fund}支出"),
}
"""Key -> (English, Chinese)."""


@dataclass(frozen=True)
class Calibrated:
    """What a panel came to."""

    file: Path
    panel: Panel
    found: Components
    shocks: dict[str, Any]
    """As written."""

    def document(self) -> dict[str, Any]:
        """What the file holds: the shocks, and the statement that they rest on."""
        hashed = sha256(self.file)
        said = {lang: _word("statement", lang, panel=_title(self, lang), hash=hashed) for lang in LANGUAGES}
        return {"shocks": self.shocks, "assumptions": [{"id": STATEMENT, "about": list(WRITTEN), **said}]}


def calibrate(file: Path, out: Path | None, without: Collection[int] = ()) -> Calibrated:
    """Read the panel, estimate, write ``out`` if any; InputError for what cannot be."""
    if out is not None:
        check_file(out, "--out")
        if out.exists() and not _is_ours(read_toml(out)):
            raise InputError(out, "--out", "expected a new file, or one that calibrate wrote")
    panel = read_panel(file, without)
    found = components(panel.growth)
    shocks = shocks_of(panel, found)
    try:
        Shocks.model_validate(shocks)
    except ValidationError as error:
        said = error.errors()[0]
        expected = f"expected amounts in one unit, found growth that gives {said['loc'][0]} {said['input']}"
        raise InputError(file, "columns contributions, claims", expected) from None
    done = Calibrated(file, panel, found, shocks)
    if out is not None:
        with new_files(out.parent) as folder:
            head = "\n".join(_head(done))
            (folder / out.name).write_text(to_toml(done.document(), {"": head}), encoding="utf-8")
    return done


def _is_ours(table: dict[str, Any]) -> bool:
    said = table.get("assumptions")
    ids = [line.get("id") for line in said if isinstance(line, dict)] if isinstance(said, list) else []
    return ids == [STATEMENT] and {key for key, _ in leaves(table)} == {*WRITTEN, "assumptions"}


def shocks_of(panel: Panel, found: Components) -> dict[str, Any]:
    """The table [shocks]; a fund that the panel lacks has no volatility."""
    at = [2 * FUNDS.index(fund) + kind for fund in panel.funds for kind in range(2)]
    city, county, correlated = np.zeros(4), np.zeros(4), np.eye(4)
    city[at], county[at] = volatility(found.city), volatility(found.county)
    correlated[np.ix_(at, at)] = correlation(found.city)
    return {
        "city_volatility": city.round(DIGITS).tolist(),
        "city_correlation": correlated.round(DIGITS).tolist(),
        "county_volatility": county.round(DIGITS).tolist(),
        "county_correlation": round(_of_a_county(found.county), DIGITS),
    }


def _of_a_county(covariance: Floats) -> float:
    """Correlation of contributions and claims, the mean of the funds that vary in both."""
    sd = volatility(covariance)
    pairs = [(at, at + 1) for at in range(0, len(sd), 2) if sd[at] * sd[at + 1] > 0]
    found = [covariance[a, b] / (sd[a] * sd[b]) for a, b in pairs]
    return float(np.clip(np.mean(found), -MOST_OF_A_COUNTY, MOST_OF_A_COUNTY)) if found else 0.0


def print_calibrated(done: Calibrated, out: Path, console: Console, lang: Lang) -> None:
    """Volatilities with their intervals, and what they are not."""
    from scenarios.runs.summary import new_table, note

    table = new_table(_title(done, lang), _word("quantity", lang))
    for key in ("city", "county", "next"):
        table.add_column(_word(key, lang), justify="right", no_wrap=True)
    for line in _rows(done, lang):
        table.add_row(*line)
    console.print(table)
    for said in (*_notes(done, lang), _word("use", lang, file=out)):
        note(console, said)


def _word(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][lang == "zh"].format(**values)


def _title(done: Calibrated, lang: Lang) -> str:
    panel, counties = done.panel, len(done.panel.counties)
    years = comma(lang).join(map(str, panel.years))
    if panel.years == tuple(range(panel.years[0], panel.years[-1] + 1)):
        years = span(panel.years[0], panel.years[-1], lang)
    county = "county" if counties == 1 else "counties"
    # A control character, or a byte that was no text, would make the file no TOML.
    file = "".join(c if c.isprintable() else "?" for c in done.file.name)
    rates = len(panel.years)
    return _word("of", lang, file=file, counties=counties, county=county, years=years, rates=rates)


def _rows(done: Calibrated, lang: Lang) -> list[tuple[str, str, str, str]]:
    """A line for each quantity: city and county volatility with intervals, correlation with the next year."""
    found, panel = done.found, done.panel
    names = [
        _word(kind, lang, fund=label(fund, lang))
        for fund in panel.funds
        for kind in ("contributions", "claims")
    ]
    city, county = volatility(found.city), volatility(found.county)
    after = repeats(panel.growth, panel.years)
    return [
        (
            name,
            _interval(city[k], found.city_interval[k]),
            _interval(county[k], found.county_interval[k]) if len(panel.counties) > 1 else "–",
            _two_digits(after[k]) if np.isfinite(after[k]) else "–",
        )
        for k, name in enumerate(names)
    ]


def _two_digits(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # no -0.00


def _interval(value: float, ends: Floats) -> str:
    return f"{value:.1%} [{ends[0]:.1%}–{ends[1]:.1%}]"


def _head(done: Calibrated) -> Iterator[str]:
    """What the table shows, as lines of text in both languages."""
    for lang in LANGUAGES:
        yield _title(done, lang)
        heads = (_word("quantity", lang), *(_word(key, lang) for key in ("city", "county", "next")))
        yield from (f"{name}: {'; '.join(rest)}" for name, *rest in (heads, *_rows(done, lang)))
        yield from _notes(done, lang)


def _notes(done: Calibrated, lang: Lang) -> list[str]:
    panel = done.panel
    first = _word("common", lang, expected=_two_digits(-1 / (len(panel.years) - 1)))
    absent = [_word("one_fund", lang, fund=label(fund, lang)) for fund in FUNDS if fund not in panel.funds]
    changed = [] if is_covariance(done.found.city) else [_word("no_covariance", lang)]
    if len(panel.counties) == 1:
        own = _word("one_county", lang)
    else:
        own = _word("correlation", lang, found=_two_digits(done.shocks["county_correlation"]))
    return [first, *changed, own, *absent, _word("left", lang)]
