"""``fundsim new``: a folder with everything to run any place of China, and to put its own figures in.

    scenario.toml     a constructed base case, read together with office/
    rules.toml        the rules in use, to be edited
    office/*.csv      tables for the office's own figures, empty
    README.md, .zh    which figures go where

``prefecture_scenario`` is the same scenario without files, for studies over many places.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote
from string import Template as Text
from typing import Any, NamedTuple

from scenarios.basecase.calibration import BASE_YEAR
from scenarios.basecase.construct import COMMENTS, construct
from scenarios.basecase.office import TABLES, write_empty
from scenarios.basecase.places import Place, find_place, places
from scenarios.basecase.published import DATA, english_names
from scenarios.definition.scenario_file import ScenarioFile
from scenarios.errors import InputError
from scenarios.labels import Lang
from scenarios.output import check_folder, new_files
from scenarios.rulebook.rows import Header, Template
from scenarios.rulebook.rules_file import CITIES, builtin_cities, find_rules, read_rules
from scenarios.rulebook.words import word
from scenarios.toml_text import to_toml

NO_DOCUMENT = "county-alone"
"""The rules of a place whose document does not come with the program: of the regimes at hand the one that
rests on national law alone (社会保险法, Art. 65) and so puts no other city's clause into its mouth."""
SCENARIO, RULES, OFFICE = "scenario.toml", "rules.toml", "office"
READMES: dict[Lang, str] = {"en": "README.md", "zh": "README.zh.md"}
_OFFICE_COMMENT = (
    "A figure in a table of this folder takes the place of the one here; an empty cell does not."
)


@dataclass(frozen=True)
class NewPlace:
    """What was written, and for whom."""

    place: Place
    counties: int
    rules: str
    chosen: bool
    """The rules were asked for, not the default."""
    folder: Path


def prefecture_scenario(name: str, rules: str | None = None) -> dict[str, Any]:
    """The constructed base case of a place, by name or census code, as plain values of a ``ScenarioFile``.

    ``rules``: a built-in city or a template, else ``default_rules``; its name is the place's full name.
    Deterministic, no files; InputError for a name or rules that are not known.
    """
    place = find_place(name)
    chosen = default_rules(place) if rules is None else rules
    _lender(chosen)
    return construct(place.name, chosen)


def default_rules(place: Place) -> str:
    """The place's own rules where they come with the program, else ``NO_DOCUMENT``."""
    return _own_rules().get(place.name, NO_DOCUMENT)


def new(name: str, out: Path, rules: str | None = None) -> NewPlace:
    """Write the folder ``out``, which may hold none of these files yet; InputError for what cannot be."""
    place = find_place(name)
    chosen = default_rules(place) if rules is None else rules
    scenario = prefecture_scenario(name, chosen)
    scenario |= {"city": RULES, "office": {"folder": OFFICE}}
    file = ScenarioFile.model_validate(scenario)
    said = _sentences(place, chosen, rules is not None)
    comments = COMMENTS | {"": f"{COMMENTS['']}\n{said['en']}\n{said['zh']}", "office": _OFFICE_COMMENT}
    texts = {SCENARIO: to_toml(scenario, comments), RULES: rules_text(place, chosen)}
    for language, readme in READMES.items():
        template = Text((DATA / f"new_{readme.lower()}").read_text("utf-8"))
        texts[readme] = template.substitute(
            title=scenario[f"title_{language}"], rules=said[language], base_year=file.first_year - 1
        )
    check_folder(out)
    for written in (*texts, *(f"{OFFICE}/{table}" for table in TABLES)):
        if (out / written).exists():
            raise InputError(out / written, "--out", "expected a new folder, and this file is there already")
    years = max(len(rates) for fund in scenario["funds"].values() for rates in fund["growth"].values())
    with new_files(out) as folder, new_files(out / OFFICE) as tables:
        for written, text in texts.items():
            (folder / written).write_text(text, encoding="utf-8")
        write_empty(tables, file.counties, file.first_year, years)
    return NewPlace(place, len(file.counties), chosen, rules is not None, out)


def rules_text(place: Place, rules: str) -> str:
    """The rules file of a place: its own as it is, or another's rows under the place's name.

    Rows copied from another file go on citing that file's clauses (``clauses_of``).
    """
    lender = _lender(rules)
    if _own_rules().get(place.name) == rules:
        return find_rules(rules).read_text("utf-8")
    rows_of = lender.rules_of if isinstance(lender, Template) and lender.rules_of else rules
    text = find_rules(rows_of).read_text("utf-8")
    start = re.search(r"^\[(both|employee|resident)\]$", text, re.MULTILINE)
    assert start is not None
    english = english_names(place.name).get(place.name, place.name)
    document = lender.document.model_dump() if lender.document else {"zh": lender.zh, "en": lender.en}
    id = re.sub("[^a-z]", "", english.lower()) or f"census_{place.code}"
    # The rules are compared as if in force from the first simulated year.
    head = [
        "# " + word("new:copied", "en", place=place.name, rules=rules),
        "# " + word("new:copied", "zh", place=place.name, rules=rules),
        "",
        "[city]",
        f"id = {json.dumps(id)}",
        f"zh = {_toml_text(place.name)}",
        f"en = {_toml_text(english)}",
        f"in_force_from = {BASE_YEAR + 1}-01-01",
        f"clauses_of = {_toml_text(rules)}",
        "",
        "[city.document]",
        *(f"{key} = {_toml_text(value)}" for key, value in document.items() if value),
        "",
        "",
    ]
    return "\n".join(head) + text[start.start() :]


class Listed(NamedTuple):
    """A place of the list, and the rules it has by default."""

    code: str
    name: str
    province: str
    units: int
    population: int
    rules: str


def every_place() -> Iterator[Listed]:
    """All places in the order of the census."""
    for at in places().values():
        yield Listed(at.code, at.name, at.province, at.units, at.population, default_rules(at))


def new_words(done: NewPlace, lang: Lang) -> list[str]:
    """What the terminal says of a new folder."""
    place, folder = done.place, str(done.folder)
    made = word(
        "new:made",
        lang,
        **{"place": place.name, "code": place.code, "province": place.province},
        **{"n": done.counties, "folder": folder},
    )
    lines = [made, _sentences(place, done.rules, done.chosen)[lang]]
    return [*lines, word("new:fill", lang, folder=folder), word("new:run", lang, folder=quote(folder))]


def _sentences(place: Place, rules: str, chosen: bool) -> dict[Lang, str]:
    """Whose rules the place has, and why."""
    why = "own" if _own_rules().get(place.name) == rules else "chosen" if chosen else "default"
    lender = _lender(rules)
    return {
        "en": word(f"new:{why}", "en", rules=rules, name=lender.en),
        "zh": word(f"new:{why}", "zh", rules=rules, name=lender.zh),
    }


@cache
def _lender(rules: str) -> Header | Template:
    """The header of built-in rules; InputError for rules that are not, or that only change others."""
    path = find_rules(rules)
    if path.stem != rules:
        raise InputError(
            "--rules", rules, "expected the name of a city or a template that comes with the program"
        )
    header = read_rules(path).header
    if isinstance(header, Template) and header.replaces:
        raise InputError(
            "--rules", rules, "it only changes other rules, expected a city or a template with rules"
        )
    return header


@cache
def _own_rules() -> dict[str, str]:
    """Place -> the built-in city that it is."""
    cities = {name: tomllib.loads((CITIES / f"{name}.toml").read_text("utf-8")) for name in builtin_cities()}
    return {f"{text['city']['zh']}市": name for name, text in cities.items()}


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
