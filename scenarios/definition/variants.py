"""Scenarios as ``compare`` names them: ``taizhou``, ``my.toml``, ``taizhou@T5=after_pool,rules=linyi``.

What stands behind the ``@`` are readings by their id, ``rules`` and ``template``, as the options of the same
names, and any address of the scenario file with its value: ``taizhou@policy.employee.reserve_months=6``.  The
options themselves hold for every scenario.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.definition.addresses import unquoted
from scenarios.definition.scenario_file import ScenarioFile, builtin_scenarios
from scenarios.errors import InputError
from scenarios.rulebook.rows import one_of

WORDS = ("rules", "template")
PLAIN_ADDRESSES = ("volatility_factor",)
"""Addresses without a dot, which would be taken for readings."""
FULL_WIDTH_COMMA = re.compile(r"，[^，=]*=")
EXPECTED = (
    "expected READING=VALUE, rules=NAME, template=NAME or ADDRESS=VALUE behind the @, with commas between"
)


@dataclass(frozen=True)
class Variant:
    """A scenario, and what is to be different about it."""

    text: str
    """As it was named."""
    base: str
    """A built-in scenario, or a path."""
    readings: dict[str, str] = field(default_factory=dict)
    rules: str | None = None
    template: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """By address of the scenario file."""

    @property
    def settings(self) -> str:
        """What stands behind the base, the ``@`` included."""
        return self.text.removeprefix(self.base)


def parse_variant(
    text: str,
    readings: dict[str, str] | None = None,
    rules: str | None = None,
    template: str | None = None,
) -> Variant:
    """A scenario as named, with what the options say for all of them; InputError for what cannot be read and
    for a setting given twice."""
    base = _base(text)
    if FULL_WIDTH_COMMA.search(text.removeprefix(base)):
        raise InputError(text, "，", "expected ',' between what is different, found '，'")
    options = {**(readings or {}), **{w: v for w, v in zip(WORDS, (rules, template), strict=True) if v}}
    chosen: dict[str, str] = {}
    values: dict[str, Any] = {}
    if base != text:
        for part in text.removeprefix(f"{base}@").split(","):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not (equals and name and value):
                raise InputError(text, part, EXPECTED)
            name = unquoted(name)
            if name in chosen or name in values:
                other = chosen.get(name, values.get(name))
                raise InputError(text, name, f"expected one value, found {other} and {value}")
            if "." in name or name in PLAIN_ADDRESSES:
                values[name] = _plain(value)
                continue
            if name in options:
                option = f"--{name}" if name in WORDS else "--reading"
                raise InputError(text, name, f"expected one value, found {value} here and {option} for all")
            if name not in WORDS and (meant := one_of(name, WORDS)).endswith("?"):
                raise InputError(text, name, meant)
            if name not in WORDS and name in ScenarioFile.model_fields:
                raise InputError(text, name, f"a key of the scenario file, cannot be varied here, {EXPECTED}")
            chosen[name] = value
    whole = options | chosen
    named = {word: whole.pop(word, None) for word in WORDS}
    return Variant(text, base, whole, named["rules"], named["template"], values)


def _plain(text: str) -> Any:
    """A value as TOML has it, or the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _base(text: str) -> str:
    """What stands before the ``@``; a file may have one in its path."""
    bases = [text, *(text[:at] for at, char in enumerate(text) if char == "@")]
    for base in bases:
        if base in builtin_scenarios() or Path(base).is_file():
            return base
    files = (base for base in bases if base.endswith(".toml"))
    return next(files, text.partition("@")[0])


def told_apart(variants: Sequence[Variant], names: Sequence[str]) -> list[str]:
    """Names of the scenarios, each its file's and its settings; of files with one name, the path too.

    InputError where one scenario is named twice.
    """
    whole = [name + variant.settings for name, variant in zip(names, variants, strict=True)]
    found = list(_with_paths(variants, whole))
    for at, name in enumerate(found):
        if name in found[:at]:
            raise InputError(variants[at].text, "", "expected a scenario once, found it twice")
    return found


def _with_paths(variants: Sequence[Variant], names: list[str]) -> Iterator[str]:
    for variant, name in zip(variants, names, strict=True):
        own_file = variant.base not in builtin_scenarios()
        yield f"{name} ({variant.base})" if own_file and names.count(name) > 1 else name
