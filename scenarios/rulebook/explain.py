"""What a city's rules are, row by row: value, clause, status and reading, in English or Chinese.

``explain_table`` gives the rows as text, ``print_explain`` prints them with the readings and what is left
out of the model.  What the document leaves to later rules stands out in colour and by a mark, ``(!)``, so
that it does so in a pipe too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scenarios.labels import Lang, comma
from scenarios.rulebook.city import City
from scenarios.rulebook.rows import ASSUMPTION, SCENARIO, Bilingual, Header, Row, Template
from scenarios.rulebook.words import word

STYLES = {"delegated": "bold red", "assumption": "yellow", "reading": "cyan"}
INDENT = (0, 0, 0, 2)


@dataclass(frozen=True)
class Line:
    """One row of the table, as text in one language."""

    group: str
    """The instrument and the fund."""
    name: str
    value: str
    clause: str
    status: str
    reading: str
    note: str
    style: str
    """Style of the status."""


def explain_table(city: City, lang: Lang) -> list[Line]:
    """Every row of the city, by instrument in the order of the year, and by fund."""
    return [line for _, line in explained(city, lang)]


def explained(city: City, lang: Lang) -> Iterator[tuple[Row, Line]]:
    """As ``explain_table``, each row beside its text."""
    for (instrument, fund), rows in _groups(city):
        for row in rows:
            yield row, rule_line(city, row, lang, group=_group(instrument, fund, lang))


def rule_line(city: City, row: Row, lang: Lang, group: str = "") -> Line:
    """One row as text."""
    return Line(
        group=group,
        name=_in(row, lang),
        value=value_in_words(row, lang),
        clause=_clause(row, lang),
        status=_status(city, row, lang),
        reading=" = ".join(part for part in (row.reading, row.chosen) if part),
        note=row.note_zh if lang == "zh" else row.note_en,
        style=STYLES.get(row.status, ""),
    )


def _clause(row: Row, lang: Lang) -> str:
    """The clause, after the city whose document it is of where that is another."""
    if row.clause == ASSUMPTION:
        return word("no_value", lang)
    return " ".join(part for part in (row.city, cited(row.clause, lang)) if part)


def _status(city: City, row: Row, lang: Lang) -> str:
    """The status; a template's rows on a city's counties are the template's, however firm its source."""
    status = word(f"status:{row.status}", lang)
    if row.template is None or row.template == city.id:
        return status
    return word("colon", lang, a=word("template", lang, name=row.template), b=status)


def print_explain(city: City, lang: Lang, console: Console) -> None:
    """Prints the city's document, rules, readings, what is outside the model, and notes."""
    _print_head(city, lang, console)
    rules = _table(*(word(key, lang) for key in ("parameter", "value", "clause", "status", "reading")))
    lines = explain_table(city, lang)
    for group, members in groupby(lines, key=lambda line: line.group):
        rules.add_section()
        rules.add_row(Text(group, style="bold"))
        for line in members:
            name = Text(line.name)
            if line.note:
                name.append(f"\n{word('note', lang, text=line.note)}", style="dim")
            status = Text(line.status, style=line.style)
            rest = (Text(line.value), Text(line.clause), status, Text(line.reading))
            rules.add_row(Padding(name, INDENT), *rest)
    console.print(rules)
    for key in ("delegated_means", "reading_means"):
        console.print(Text(word(key, lang)))
    if city.readings:
        _print_readings(city, lang, console)
    left_out = (word("colon", lang, a=cited(each.clause, lang), b=_in(each, lang)) for each in city.outside)
    _print_list(word("outside", lang), left_out, console)
    _print_list(word("notes", lang), city_notes(city, lang), console)


def _groups(city: City) -> Iterator[tuple[tuple[str, str], Iterable[Row]]]:
    def instrument(row: Row) -> str:
        return row.key.partition(".")[0]

    for name, rows in groupby(city.rows, key=instrument):
        by_fund = sorted(rows, key=lambda row: row.fund)
        for fund, members in groupby(by_fund, key=lambda row: row.fund):
            yield (name, fund), members


def _group(instrument: str, fund: str, lang: Lang) -> str:
    name = word(f"instrument:{instrument}", lang)
    return name if fund == "both" else word("colon", lang, a=name, b=word(f"fund:{fund}", lang))


def value_in_words(row: Row, lang: Lang) -> str:
    """The value as a reader wants it: shares in per cent, months and years with their unit."""
    value = row.value
    if row.key.startswith(("flows.", "delegated.")):  # no parameter of the rules: as it was written
        return word("no_value", lang) if value is None else str(value)
    match value:
        case bool():
            return word("yes" if value else "no", lang)
        case str():
            return word(value, lang)
        case dict():
            layer = " + ".join(f"{word(source, lang)} {_percent(share)}" for source, share in value.items())
            if row.up_to is not None:
                layer = word("up_to", lang, layer=layer, share=_percent(row.up_to))
            if row.when_pool_short is None:
                return layer
            return word("if_pool_short", lang, layer=layer, rule=word(row.when_pool_short, lang))
        case [] if row.key != "settlement.alone":
            return word("no_schedule", lang)
        case [*names] if row.key == "settlement.alone":
            return comma(lang).join(names) or word("none", lang)
        case [*shares]:
            return word("by_year", lang, shares=comma(lang).join(map(_percent, shares)))
        case _ if row.key == "settlement.month":
            return word("next_year" if value else "same_december", lang, n=value)
        case _ if "months" in row.key:
            return word("one_month" if value == 1 else "n_months", lang, n=f"{value:g}")
        case _ if "years" in row.key:
            return word("n_years", lang, n=f"{value:g}")
    return _percent(value)


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _in(text: Bilingual | Row, lang: Lang) -> str:
    return text.zh if lang == "zh" else text.en


def _date(day: date | None, lang: Lang) -> str:
    if day is None:
        return ""
    return f"{day.year}年{day.month}月{day.day}日" if lang == "zh" else day.isoformat()


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _print_head(city: City, lang: Lang, console: Console) -> None:
    console.print(Text(with_rules(city, named(city.header, lang), lang), style="bold"))
    for line in document_lines(city, lang):
        console.print(Text(line))


def document_lines(city: City, lang: Lang) -> Iterator[str]:
    """The document that the rules in use are from, and when it is in force."""
    origin = city.origin
    if origin.document is not None:
        yield f"{_in(origin.document, lang)} {origin.document.number}".strip()
    if origin.in_force_from is not None:
        start, end = _date(origin.in_force_from, lang), _date(origin.in_force_to, lang)
        yield word("in_force_until" if end else "in_force", lang, start=start, end=end)


def _print_readings(city: City, lang: Lang, console: Console) -> None:
    table = _table(*(word(key, lang) for key in ("readings", "weight", "meaning")))
    for at, reading in city.readings.items():
        question = word("with_clause", lang, text=_in(reading, lang), clause=cited(reading.clause, lang))
        table.add_section()
        table.add_row(Text(at, style="bold"), "", Text(question, style="bold"))
        meaning = reading.default_zh if lang == "zh" else reading.default_en
        options = [(reading.default, "default", meaning)]
        options += [(each.name, each.weight, _in(each, lang)) for each in reading.alternative]
        for name, weight, meaning in options:
            shown = word("in_use", lang, name=name) if name == city.chosen[at] else name
            table.add_row(Padding(Text(shown), INDENT), Text(word(f"weight:{weight}", lang)), Text(meaning))
    console.print()
    console.print(table)


def cited(clause: str, lang: Lang) -> str:
    """A clause as the language cites it: Art. 13, 14 is 第13、14条 in Chinese; numbered sections stay as they
    are.  An assumption, and what a scenario sets by itself, are called that."""
    if clause == ASSUMPTION:
        return word("status:assumption", lang)
    if clause.split(" ")[-1] == SCENARIO:  # another city's id may stand before it
        return clause.removesuffix(SCENARIO) + word("scenario_sets", lang)
    if lang == "en":
        return clause
    return re.sub(r"Art\. (\d+(、\d+)*)", r"第\1条", clause.replace(", ", "、"))


def city_notes(city: City, lang: Lang) -> Iterator[str]:
    """What must be said of a city's rules beside any figure that rests on them."""
    if city.borrowed:
        yield word("not_its_own", lang, city=_in(city.header, lang), rules=borrowed_names(city, lang))
    if city.origin.in_force_to is not None:
        yield word("expires", lang, end=_date(city.origin.in_force_to, lang))
    if city.header.joining and city.origin is city.header:
        names = comma(lang).join(_in(county, lang) for county in city.header.joining)
        yield word("joining", lang, counties=names)
    for origin in dict.fromkeys((city.origin, *city.borrowed)):
        yield from (_in(note, lang) for note in origin.notes)


def with_rules(city: City, title: str, lang: Lang) -> str:
    """A title that names whose rules are in use, where they are not the city's own."""
    if not city.borrowed:
        return title
    return word("under_rules", lang, title=title, rules=borrowed_names(city, lang))


def borrowed_names(city: City, lang: Lang) -> str:
    """Whose rules are in use beside or in place of the city's own, by name."""
    return comma(lang).join(named(each, lang) for each in city.borrowed)


def named(origin: Header | Template, lang: Lang) -> str:
    """A city's name, or a template's, said to be one."""
    name = _in(origin, lang)
    return word("template", lang, name=name) if isinstance(origin, Template) else name


def _print_list(heading: str, items: Iterable[str], console: Console) -> None:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for item in items:
        table.add_row("-", Text(item))
    if table.row_count:
        console.print()
        console.print(Text(heading, style="bold"))
        console.print(table)
