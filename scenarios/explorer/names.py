"""Addresses and values of a study in words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from scenarios.definition.policy import FundPolicy, Trend
from scenarios.errors import InputError
from scenarios.labels import Lang, label
from scenarios.rulebook.words import word
from sim.model import FUNDS

if TYPE_CHECKING:
    from scenarios.rulebook.rows import Reading

LEVERS = {"policy": FundPolicy.model_fields, "trend": Trend.model_fields}
"""Sections of a scenario with levers a fund, and those levers."""


def address_name(address: str, lang: Lang) -> str:
    """What is chosen at an address; the address itself where there is no shorter word."""
    if address in ("scenario", "number", "base", "rules", "volatility_factor"):
        return word(f"explore:{address}", lang)
    section, *rest = address.removesuffix(".value").split(".")
    if len(rest) == 2 and rest[0] in FUNDS and rest[1] in LEVERS.get(section, ()):
        return word("colon", lang, a=label(rest[0], lang), b=word(f"explore:{section}:{rest[1]}", lang))
    reading = _reading(address)
    if reading is not None:
        return word("colon", lang, a=address.removeprefix("readings."), b=getattr(reading, lang))
    return address


def value_name(address: str, value: Any, lang: Lang) -> str:
    """What a value at an address is called."""
    if value is None:
        return word("explore:unchanged", lang)
    if address in ("base", "rules"):
        return _rules_name(str(value), lang)
    reading = _reading(address)
    if reading is not None:
        for other in reading.alternative:
            if other.name == value:
                return str(getattr(other, lang))
        if reading.default == value:
            return reading.default_zh if lang == "zh" else reading.default_en
    if address == "number":
        return str(value + 1)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@cache
def _rules_name(name: str, lang: Lang) -> str:
    """A built-in city's or template's name; others as they are written."""
    from scenarios.rulebook.rules_file import find_rules, read_rules

    try:
        return str(getattr(read_rules(find_rules(name)).header, lang))
    except InputError:
        return name


@cache
def _reading(address: str) -> Reading | None:
    """The question that an address ``readings.ID`` answers, of the built-in city that has it."""
    from scenarios.rulebook.rules_file import builtin_cities, find_rules, read_rules

    if address.startswith("readings."):
        for city in builtin_cities():
            known = read_rules(find_rules(city)).readings
            if address.removeprefix("readings.") in known:
                return known[address.removeprefix("readings.")]
    return None
