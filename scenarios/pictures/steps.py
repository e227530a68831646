"""A city's rules for one fund as the steps of a year, in words and bars: what the diagram shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from scenarios.labels import Lang, comma
from scenarios.pictures.captions import caption
from scenarios.rulebook.city import City
from scenarios.rulebook.explain import cited, rule_line
from scenarios.rulebook.rows import WATERFALL, Row
from scenarios.rulebook.words import word
from sim.model import Fund

START = ("opening_transfer", "opening_deficit", "arrears")
DECEMBER = ("risk_fund", "policy_adjustment")
FLOWS = ("contributions", "claims")


class Said(NamedTuple):
    """A sentence, and where it is from: clause, reading, and status where it is not plainly stated."""

    text: str
    source: str
    status: str = ""


@dataclass(frozen=True)
class Bar:
    """Who takes how much of a surplus, or of the gap that reaches a layer."""

    said: Said
    parts: tuple[tuple[str, float], ...]
    """Source or account of the vocabulary, share."""
    below: tuple[str, ...] = ()
    """A limit, and what follows where the pool is short."""


@dataclass(frozen=True)
class Step:
    """One step of the year: its heading, then lines, then the surplus and the layers of a deficit."""

    heading: Said
    lines: tuple[Said, ...] = ()
    surplus: Bar | None = None
    layers: tuple[Bar, ...] = ()
    end: Said | None = None
    """What becomes of what the last layer leaves."""


def steps_of(city: City, fund: Fund, lang: Lang) -> list[Step]:
    """The steps in the order of the year; those about which the rules say nothing are left out."""

    def step(key: str, *instruments: str, first: tuple[Said, ...] = ()) -> Step:
        rows = [row for key, row in city.by_fund[fund].items() if key.partition(".")[0] in instruments]
        lines = (_said(city, row, lang) for row in rows)
        return Step(Said(caption(key, lang), ""), (*first, *lines))

    flows = dict.fromkeys(city.clause(fund, f"flows.{name}") for name in FLOWS)
    sources = comma(lang).join(cited(each, lang) for each in flows)
    result = Said(caption("the_year_is", lang), sources)
    closing = [_settlement(city, fund, lang), step("each_december", *DECEMBER)]
    if city.rules[fund].settlement.month:
        closing.reverse()
    steps = [
        step("at_start", *START),
        step("each_january", "top_up"),
        step("the_year", "recoveries_to", first=(result,)),
        *closing,
        step("left_open", "delegated"),
    ]
    return [each for each in steps if each.lines or each.layers]


def same_for_both(city: City) -> bool:
    """Whether one diagram serves both funds: the same rows with the same sources."""
    return all(row.fund == "both" for row in city.rows if not row.key.startswith(("flows.", "cash.")))


def _said(city: City, row: Row, lang: Lang, text: str | None = None) -> Said:
    """A row's name and value, or ``text``, with its source."""
    line = rule_line(city, row, lang)
    nothing = word("no_value", lang)
    if text is None:
        text = line.name if line.value == nothing else word("colon", lang, a=line.name, b=line.value)
    source = [each for each in (line.clause, line.reading) if each not in ("", nothing)]
    if row.status in ("delegated", "assumption"):
        source.append(line.status)
    return Said(text, comma(lang).join(source), row.status)


def _settlement(city: City, fund: Fund, lang: Lang) -> Step:
    rows = city.by_fund[fund]
    month, surplus = rows.get("settlement.month"), rows.get("settlement.surplus_to_pool")
    when = rule_line(city, month, lang).value if month else word("same_december", lang)
    heading, kept = caption("settled_in", lang, when=when), caption("surplus", lang)
    layers = [row for key, row in rows.items() if key.startswith(WATERFALL)]
    before = [row for key, row in rows.items() if key.startswith(("assessment", "settlement.alone"))]
    share = city.rules[fund].settlement.surplus_to_pool
    parts = (("pool", share), ("county_balance", 1 - share))
    return Step(
        heading=_said(city, month, lang, heading) if month else Said(heading, ""),
        lines=tuple(_said(city, row, lang) for row in before),
        surplus=Bar(
            _said(city, surplus, lang, kept) if surplus else Said(kept, ""),
            tuple(part for part in parts if part[1] > 0),
        ),
        layers=tuple(_layer(city, n, row, lang) for n, row in enumerate(layers, 1)),
        end=_end(city, fund, lang) if layers else None,
    )


def _layer(city: City, n: int, row: Row, lang: Lang) -> Bar:
    parts = tuple((source, float(share)) for source, share in row.value.items() if share > 0)
    below = []
    if row.up_to is not None:
        below.append(caption("limited", lang, share=f"{100 * row.up_to:.4g}%"))
    if row.when_pool_short is not None:
        below.append(caption("pool_short", lang, rule=word(row.when_pool_short, lang)))
    return Bar(_said(city, row, lang, f"{n}. {rule_line(city, row, lang).name}"), parts, tuple(below))


def _end(city: City, fund: Fund, lang: Lang) -> Said:
    """What the last layer leaves: nothing where treasuries alone bear it, for they pay in full."""
    rules = city.rules[fund]
    last = {source for source, share in rules.settlement.waterfall[-1].shares.items() if share > 0}
    if last <= {"county_treasury", "city_treasury"}:
        return Said(caption("nothing_left", lang), "")
    key = "rest_delegated" if rules.unfunded_is == "shared_by_later_rule" else "rest_unfunded"
    row = city.by_fund[fund].get("unfunded_is")
    return _said(city, row, lang, caption(key, lang)) if row else Said(caption(key, lang), "")
