"""The tables of what results rest on, out of the files beside them: rules, differences, assumptions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios.labels import Lang, label
from scenarios.reports.table import EMPTY, Cell, ReportTable, make_table
from scenarios.reports.words import phrase
from scenarios.rulebook.rows import WATERFALL
from scenarios.rulebook.rules_table import COLUMNS as RULE_COLUMNS
from scenarios.rulebook.rules_table import FILE as RULES
from scenarios.runs.contrast import COLUMNS as DIFFERENCE_COLUMNS
from scenarios.tables import read_table

DIFFERENCES = "differences.csv"
FUNDS = ("employee", "resident")
LONGEST = 300
"""Characters of one value that are shown: a list by year or county can be longer than a page."""
SEVERAL = 8
"""Scenarios that are named, and ways to state one thing that are shown: a study may have hundreds."""


def rules(folder: Path, lang: Lang, several: bool) -> list[ReportTable]:
    """The rules in force with clause and status, scenarios that agree in one row; none without the file."""
    texts = [f"{text}_{lang}" for text in ("group", "name", "value", "clause", "status")]
    said: dict[tuple[str, ...], list[str]] = {}
    order: dict[tuple[str, str], None] = {}
    for line in read(folder / RULES, RULE_COLUMNS):
        place = line["fund"], line["key"]
        order.setdefault(place)
        said.setdefault((*place, *(line[text] for text in texts), line["reading"]), []).append(
            line["scenario"]
        )
    every = {name for names in said.values() for name in names}
    places = list(order)
    rows = [
        [_who(names, every, lang) if several else EMPTY, *map(Cell, what)]
        for (fund, key, *what), names in sorted(
            said.items(), key=lambda each: places.index((each[0][0], each[0][1]))
        )
    ]
    keys = ("scenarios", "instrument", "parameter", "value", "clause", "status", "reading")
    return [make_table("rules", lang, keys, rows)] if rows else []


def differences(folder: Path, lang: Lang) -> ReportTable:
    """What differs between compared scenarios, in the words of the rules where they have any; scenarios that
    agree, and funds in which all is the same, in one row."""
    known = {
        (line["scenario"], fund, line["key"]): line
        for line in read(folder / RULES, RULE_COLUMNS)
        for fund in (FUNDS if line["fund"] == "both" else (line["fund"],))
    }
    names: dict[tuple[str, str], str] = {}
    for (_, fund, key), line in known.items():
        names.setdefault((fund, key), _named(line, lang))
    said: dict[tuple[str, str], dict[tuple[str, ...], list[str]]] = {}
    for line in read(folder / DIFFERENCES, DIFFERENCE_COLUMNS):
        rule = known.get((line["scenario"], line["fund"], line["key"]))
        texts = [rule[f"{text}_{lang}"] for text in ("value", "clause", "status")] if rule else []
        what = (*(texts or (_absent(line, lang), line["clause"], "")), line["reading"])
        by_words = said.setdefault((line["fund"], line["key"]), {})
        by_words.setdefault(what, []).append(line["scenario"])
    shared: dict[tuple[str, str], list[str]] = {}
    for (fund, key), by_words in said.items():
        name = names.get((fund, key), key)
        shared.setdefault((name, repr(by_words)), []).append(fund)
    every = {name for by_words in said.values() for some in by_words.values() for name in some}
    rows = []
    for (fund, key), by_words in said.items():
        name = names.get((fund, key), key)
        funds = shared[name, repr(by_words)]
        if fund != funds[0]:
            continue
        whose = label("both_funds", lang) if len(funds) > 1 else label(fund, lang) if fund else ""
        for what, some in by_words.items():
            rows.append([Cell(name), Cell(whose), _who(some, every, lang), *map(Cell, what)])
    keys = ("parameter", "fund", "scenarios", "value", "clause", "status", "reading")
    return make_table("differences", lang, keys, rows)


def assumptions(manifests: Mapping[str, dict[str, Any]], lang: Lang) -> list[ReportTable]:
    """Every statement that the figures rest on, and the sources that the statements name; ``manifests`` by
    scenario or base, which are named beside what only some of them state."""
    rows = [
        [Cell(whose), Cell(each[lang]), *(Cell(", ".join(each[key])) for key in ("about", "sources"))]
        for each, whose in _stated(manifests, "assumptions", lang)
    ]
    keys = ("scenarios", "statement", "about", "source")
    tables = [make_table("assumptions", lang, keys, rows)] if rows else []
    sources = [
        [Cell(text) for text in (whose, each["id"], each["what"], _lines(each), each["grade"], each["url"])]
        for each, whose in _stated(manifests, "sources", lang)
    ]
    headings = ("scenarios", "source", "what", "lines", "grade", "url")
    return tables + ([make_table("sources", lang, headings, sources)] if sources else [])


def _lines(source: dict[str, str]) -> str:
    return f"{source['file']} {source['lines']}"


def _stated(
    manifests: Mapping[str, dict[str, Any]], key: str, lang: Lang
) -> Iterator[tuple[dict[str, Any], str]]:
    """What is stated, each with who states it, empty where all do; of one id that is stated in many ways, the
    first alone."""
    said: dict[str, dict[str, tuple[dict[str, Any], list[str]]]] = {}
    for name, manifest in manifests.items():
        for each in manifest.get(key, ()):
            said.setdefault(each["id"], {}).setdefault(repr(each), (each, []))[1].append(name)
    for ways in said.values():
        shown = list(ways.values())[: len(ways) if len(ways) <= SEVERAL else 1]
        for each, names in shown:
            whose = "" if len(names) == len(manifests) else _listed(names, lang)
            if len(shown) < len(ways):
                others = sum(len(these) for _, these in ways.values()) - len(names)
                whose += phrase("own_way", lang, others=others)
            yield each, whose


def _listed(names: Sequence[str], lang: Lang) -> str:
    """The names; of many the first."""
    listed = phrase("comma", lang).join(names[:SEVERAL])
    return listed + (phrase("and_more", lang, more=len(names) - SEVERAL) if len(names) > SEVERAL else "")


def read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a file that fundsim wrote, none where there is no file; InputError for another's."""
    return [row.cells for row in read_table(path, columns)] if path.is_file() else []


def _who(names: Sequence[str], every: Collection[str], lang: Lang) -> Cell:
    return Cell(phrase("all", lang) if len(names) == len(every) else phrase("comma", lang).join(names))


def _named(line: dict[str, str], lang: Lang) -> str:
    """A rule by its instrument and name; a layer by its number, for each document names its own."""
    name, layer = line[f"name_{lang}"], line["key"].removeprefix(f"{WATERFALL}.")
    if layer != line["key"]:
        name = label("layer", lang, n=layer)
    return phrase("colon", lang, a=line[f"group_{lang}"], b=name)


def _absent(line: dict[str, str], lang: Lang) -> str:
    """The value of an input; of a rule without words, that the document has none."""
    if line["kind"] == "rule":
        return label("not_in_document" if line["value"] else "no_layer", lang)
    value = line["value"] or label("not_there", lang)
    return value if len(value) <= LONGEST else value[:LONGEST] + " …"
