"""What the terminal says after a comparison: what differs between the scenarios, then fund by fund depletion,
months and burden side by side, each with its difference from the first.

Scenarios are lettered, for their names are long.  An interval is never ±0: a probability's is Wilson's; the
difference of two probabilities of the same paths has that of Agresti and Min (2005), which adds half a pair
to each cell of the table of both; where no path differs in an amount, that is said instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from scenarios.labels import Lang, comma, label, span, wrap
from scenarios.rulebook.explain import cited, value_in_words
from scenarios.runs.contrast import Difference, Said
from scenarios.runs.facts import Z95, MetricsIndex, RunFacts, caveats, funds_of, wilson
from scenarios.runs.summary import LINES, new_table, note
from sim.differences import PREFIX, nought_if_absent

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.runs.compare import Comparison
    from sim.metrics import Columns

HUNDRED_MILLION_YUAN = 1e8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHOWN_DIFFERENCES = 16
MONTHS, DEPLETION = "months_of_capacity", "event:reserve_depletion"


class Figure:
    """One figure of the city: where it stands in the table, and how it is said."""

    def __init__(self, words: str, fund: str, metric: str, statistic: str, year: int | None) -> None:
        self.words, self.fund, self.metric, self.statistic, self.year = words, fund, metric, statistic, year

    def found(self, metrics: MetricsIndex, prefix: str = "") -> tuple[float, float, float]:
        """Value, standard error and n of one scenario; NaN where it is not reported."""
        return metrics.figure(self.fund, prefix + self.metric, self.statistic, self.year)

    def value(self, metrics: MetricsIndex) -> str:
        """With its interval; empty where the scenario does not report it."""
        value, error, n = self.found(metrics)
        if math.isnan(value):
            return "0" if nought_if_absent(self.metric) else ""
        if self.statistic == "probability":
            low, high = wilson(value, n)
            return ranged(100 * value, 100 * low, 100 * high, unit="%")
        return self._amount(value, error)

    def difference(self, metrics: MetricsIndex, lang: Lang) -> str:
        """Less the first; empty where one of the two does not report it."""
        value, error, n = self.found(metrics, PREFIX)
        if math.isnan(value):
            return ""
        if self.statistic == "probability":
            low, high = agresti_min(value, error, n)
            return ranged(100 * value, 100 * low, 100 * high, sign="+")
        if value == 0 and error == 0:
            return f"0 ({label('no_path_differs', lang)})"
        return self._amount(value, error, "+")

    def _amount(self, value: float, error: float, sign: str = "") -> str:
        unit = 1.0 if self.metric == MONTHS else HUNDRED_MILLION_YUAN
        middle, half = value / unit, Z95 * error / unit
        return ranged(middle, middle - half, middle + half, sign)


def ranged(middle: float, low: float, high: float, sign: str = "", unit: str = "") -> str:
    """A figure and its interval, to two digits of the interval's half width; without an interval where that
    is 0 or not known.  Nought has no sign."""
    half = (high - low) / 2
    if not half > 0:
        return f"{middle:{sign},.4g}{unit}" if middle else f"0{unit}"
    digits = min(9, max(0, 1 - math.floor(math.log10(half))))
    shown = (f"{x:{sign}z,.{digits}f}" for x in (middle, low, high))
    whole, least, most = (text if text.strip("+0.") else text.lstrip("+") for text in shown)
    return f"{whole if middle else 0}{unit} [{least}, {most}]"


def agresti_min(value: float, std_error: float, n: float) -> tuple[float, float]:
    """Interval of the difference of two shares of the same n paths: of the table of both with half a pair
    more in each cell.  ``std_error`` gives the number of pairs that differ; wider than 0 where none does."""
    net = value * n
    unequal = round((std_error * n) ** 2 + net**2 / n)
    centre = net / (n + 2)
    half = Z95 * math.sqrt(unequal + 1 - net**2 / (n + 2)) / (n + 2)
    return max(-1.0, centre - half), min(1.0, centre + half)


def print_comparison(compared: Comparison, console: Console, lang: Lang = "en") -> None:
    """Prints a comparison's summary."""
    letters = letters_of(compared)
    facts = next(iter(compared.facts.values()))
    last = facts["first_year"] + facts["years"] - 1
    head = label(
        "compared",
        lang,
        count=len(letters),
        years=span(facts["first_year"], last, lang),
        paths=facts["paths"],
        s="s" if facts["paths"] != 1 else "",
        seed=facts["seed"],
    )
    note(console, head)
    for name, letter in letters.items():
        titled = label("titled", lang, name=name, title=compared.facts[name]["titles"][lang])
        note(console, label("said_of", lang, names=letter, text=titled))
    for line in _caveats(compared, letters, lang):
        note(console, line)
    for name in compared.same:
        note(console, label("same", lang, name=letters[name], first="A"))
    console.print(f"\n{label('what_differs', lang)}", style="bold", markup=False, highlight=False)
    for indent, line in said_differences(compared.differences, letters, lang):
        for part in wrap(line, console.width - 2 - indent):
            console.print(" " * indent + part, markup=False, highlight=False)
    metrics = [MetricsIndex(_of(compared.columns, name)) for name in letters]
    for fund in funds_of(facts):
        _side_by_side(metrics, fund, list(letters.values()), facts, console, lang)
    rate = label("rate", lang, rate=f"{facts['discount_rate']:.1%}")
    note(console, label("compare_note", lang, rate=rate))


def letters_of(compared: Comparison) -> dict[str, str]:
    """A letter for each scenario, a number behind the alphabet."""
    names = list(compared.scenarios)
    return {name: LETTERS[i] if i < len(LETTERS) else f"{i + 1}" for i, name in enumerate(names)}


def _of(columns: Columns, name: str) -> Columns:
    mine = columns["scenario"] == name
    return {key: column[mine] for key, column in columns.items()}


def _caveats(compared: Comparison, letters: Mapping[str, str], lang: Lang) -> list[str]:
    """What must be said of each scenario; once, and of whom, where not of all."""
    said: dict[str, list[str]] = {}
    for name, facts in compared.facts.items():
        constructed = [label("constructed", lang).strip()] if facts["constructed"] else []
        for line in [*constructed, *caveats(facts, lang)]:
            said.setdefault(line, []).append(letters[name])
    lines = [
        line if len(of) == len(letters) else label("said_of", lang, names=comma(lang).join(of), text=line)
        for line, of in said.items()
    ]
    return [*lines, label("depletion_meaning", lang)]


def said_differences(
    differences: tuple[Difference, ...], letters: Mapping[str, str], lang: Lang
) -> Iterator[tuple[int, str]]:
    """Each rule or input that differs, of which fund, then what the scenarios have, by which clause: lines
    and how far they are indented."""
    if not differences:
        yield 0, label("nothing_differs", lang)
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in differences:
        said: dict[str, list[str]] = {}
        for name, what in each.said.items():
            said.setdefault(_words(each, what, lang), []).append(letters[name])
        lines = (label("said_of", lang, names=comma(lang).join(of), text=words) for words, of in said.items())
        merged.setdefault((each.label(lang), tuple(lines)), []).append(each.fund)
    for rule, said_by in list(merged)[:SHOWN_DIFFERENCES]:
        funds = [label(fund, lang) for fund in merged[rule, said_by] if fund]
        whose = label("both_funds", lang) if len(funds) > 1 else "".join(funds)
        yield 0, label("said_of", lang, names=whose, text=rule) if whose else rule
        for line in said_by:
            yield 4, line
    if len(merged) > SHOWN_DIFFERENCES:
        yield 0, label("more_differences", lang, n=len(merged) - SHOWN_DIFFERENCES)


def _words(difference: Difference, said: Said, lang: Lang) -> str:
    """What one scenario has, with the clause and the reading that it rests on."""
    if said.row is None:
        if difference.kind == "input":
            return said.value or label("not_there", lang)
        return label("not_in_document" if said.value else "no_layer", lang)
    chosen = said.row.chosen and f"{said.row.reading}={said.row.chosen}"
    behind = ("；" if lang == "zh" else "; ").join(
        part for part in (cited(said.clause, lang), chosen) if part
    )
    return label("titled", lang, name=value_in_words(said.row, lang), title=behind)


def figures(fund: str, facts: RunFacts, metrics: list[MetricsIndex], lang: Lang) -> list[Figure]:
    """Depletion and months after ten years and at the end, and the burden's lines that are not nought."""
    last = facts["first_year"] + facts["years"] - 1
    years = [facts["first_year"] + 9, last] if facts["years"] > 10 else [last]
    shown = [
        Figure(label(f"compare:{metric}", lang, year=year), fund, metric, statistic, year)
        for metric, statistic in ((DEPLETION, "probability"), (MONTHS, "mean"))
        for year in years
    ]
    for line in LINES:
        words = label("compare:outlay", lang, line=label(line, lang), year=last)
        shown.append(Figure(words, fund, f"{line}:discounted", "mean", None))
    shown.append(Figure(label("compare:unfunded", lang, year=last), fund, "unfunded", "mean", last))
    always = len(years) * 2 + 2
    return [
        figure
        for i, figure in enumerate(shown)
        if i < always or any(figure.found(each)[0] > 0 for each in metrics)
    ]


def _side_by_side(
    metrics: list[MetricsIndex], fund: str, letters: list[str], facts: RunFacts, console: Console, lang: Lang
) -> None:
    table = new_table(label("side_by_side", lang, fund=label(fund, lang)), label("figure", lang))
    table.add_column("")
    table.add_column(label("value_95", lang), justify="right", no_wrap=True)
    table.add_column(label("less_first", lang, first="A"), justify="right", no_wrap=True)
    for figure in figures(fund, facts, metrics, lang):
        table.add_section()
        for i, (letter, each) in enumerate(zip(letters, metrics, strict=True)):
            less = figure.difference(each, lang) if i else ""
            table.add_row("" if i else figure.words, letter, figure.value(each), less)
    console.print(table)
