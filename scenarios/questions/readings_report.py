"""What ``readings`` says and writes: the differences, what decides, who explains what in combination."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.labels import Lang, comma, label
from scenarios.output import new_files, write_json, write_rows
from scenarios.questions.effects import CLAIMS, CLEAR, DEPLETION, MONTHS, OUTCOMES, POINTS, Difference
from scenarios.questions.question_words import say
from scenarios.questions.readings_run import MAX_COMBINATIONS, Combined, ReadingsFound, Single
from scenarios.rulebook.explain import cited
from scenarios.rulebook.words import word
from scenarios.runs.run import manifest_of, run_facts
from scenarios.runs.summary import new_table, note, percent, print_head

if TYPE_CHECKING:
    from rich.console import Console

SINGLE = (
    *("reading", "name", "weight", "clause", "fund", "metric", "default_value", "value"),
    *("difference", "std_error", "n", "decides", "cannot_show"),
)
COMBINED = ("fund", "metric", "value", "difference", "std_error", "n")
"""After a column for each reading."""
SHARES = ("fund", "metric", "effect", "readings", "share", "variance")
FILES = ("readings.csv", "combinations.csv", "shares.csv", "manifest.json")
NAMED = 0.01
"""Interactions are named from this share of the variance on."""


def write_readings(found: ReadingsFound, out: Path) -> list[Path]:
    """``readings.csv``, each reading by itself; in combination ``combinations.csv`` and ``shares.csv``; and
    ``manifest.json``."""
    facts = run_facts(found.scenario, found.paths, found.seed)
    readings = {
        "varied": list(found.varied),
        "chosen_by_the_scenario": list(found.fixed),
        "held_at_their_default": list(found.held),
        "combinations": len(found.combined[0].choices) if found.combined else 0,
        "runs_of_one_fund": found.runs,
        "decides_beyond": {"probability": POINTS, "base_year_claims": CLAIMS, "standard_errors": CLEAR},
        "deciding": {
            fund: list(dict.fromkeys(each.reading for each in deciding(found, fund)))
            for fund in found.defaults
        },
    }
    manifest = {**manifest_of(found.scenario, facts), "readings": readings}
    with new_files(out, FILES) as folder:
        write_rows(folder / FILES[0], SINGLE, map(_cells, single_rows(found)))
        if found.combined:
            columns = (*axes_of(found), *COMBINED)
            write_rows(folder / FILES[1], columns, map(_cells, combination_rows(found)))
            write_rows(folder / FILES[2], SHARES, share_rows(found))
        write_json(folder / FILES[3], {**manifest, "simulation_seconds": round(found.seconds, 3)})
        written = {path.name for path in folder.iterdir()}
    return [out / name for name in FILES if name in written]


def deciding(found: ReadingsFound, fund: str) -> list[Single]:
    """What decides in a fund, one reading once for each alternative that does."""
    return [each for each in found.singles if each.fund == fund and each.decides]


def print_readings(found: ReadingsFound, console: Console, lang: Lang = "en") -> None:
    """Prints the readings, what each changes by itself, the verdict, and shares in combination."""
    facts = run_facts(found.scenario, found.paths, found.seed)
    print_head(facts, console, lang)
    _print_questions(found, console, lang)
    for fund in found.defaults:
        _print_singles(found, fund, console, lang)
    note(console, say("readings:note", lang, claims=percent(CLAIMS), points=f"{100 * POINTS:g}"))
    for sentence in verdicts(found, lang):
        note(console, sentence)
    for combined in found.combined:
        _print_shares(found, combined, console, lang)
    if found.combined:
        note(console, say("readings:shares_note", lang, count=len(found.combined[0].choices)))
    seconds = say("readings:runs", lang, runs=found.runs, seconds=found.seconds)
    note(console, seconds)


def verdicts(found: ReadingsFound, lang: Lang) -> Iterator[str]:
    """Which readings decide in each fund, which cannot show in this scenario, which were not varied."""
    for fund in found.defaults:
        names = dict.fromkeys(each.reading for each in deciding(found, fund))
        key = "decide" if names else "none_decides"
        yield say(f"readings:{key}", lang, fund=label(fund, lang), names=comma(lang).join(names))
    silent: dict[str, dict[str, None]] = {}
    for each in found.singles:
        for reason in each.idle:
            silent.setdefault(reason, {})[each.reading] = None
    for reason, at in silent.items():
        yield say("readings:idle", lang, names=comma(lang).join(at), reason=say(f"idle:{reason}", lang))
    if found.fixed:
        yield say("readings:fixed", lang, names=comma(lang).join(found.fixed))
    if found.held:
        yield say("readings:held", lang, names=comma(lang).join(found.held), most=MAX_COMBINATIONS)


def _print_questions(found: ReadingsFound, console: Console, lang: Lang) -> None:
    table = new_table(word("readings", lang), word("reading", lang))
    for heading in (word("clause", lang), say("readings:question", lang)):
        table.add_column(heading, overflow="fold")
    for at in found.varied:
        reading = found.scenario.city.readings[at]
        table.add_row(at, cited(reading.clause, lang), getattr(reading, lang))
        default = word("colon", lang, a=reading.default, b=getattr(reading, f"default_{lang}"))
        table.add_row("", word("weight:default", lang), default, style="dim")
        for each in reading.alternative:
            if any(single.name == each.name for single in found.singles if single.reading == at):
                text = word("colon", lang, a=each.name, b=getattr(each, lang))
                table.add_row("", word(f"weight:{each.weight}", lang), text, style="dim")
    console.print(table)


def _print_singles(found: ReadingsFound, fund: str, console: Console, lang: Lang) -> None:
    """A row a reading; columns of the bill where anything moves."""
    singles = [each for each in found.singles if each.fund == fund]
    shown = [
        at
        for at, name in enumerate(OUTCOMES)
        if name in OUTCOMES[:4] or any(each.differences[at].clear for each in singles)
    ]
    table = new_table(say("readings:singly", lang, fund=label(fund, lang)), word("reading", lang))
    for at in shown:
        table.add_column(say(f"readings:{OUTCOMES[at]}", lang), justify="right", no_wrap=True)
    table.add_column(say("readings:decides", lang))
    base = found.base_claims_yuan(fund)  # type: ignore[arg-type]
    defaults = found.defaults[fund]  # type: ignore[index]
    table.add_row(word("weight:default", lang), *(_value(defaults[at], base) for at in shown), "")
    for each in singles:
        cells = [_moved(each.differences[at], base) for at in shown]
        key = "yes" if each.decides else "no"
        verdict = "–" if each.same_rules or each.idle else word(key, lang)
        table.add_row(f"{each.reading} {each.name}", *cells, verdict)
    console.print(table)


def _value(figure: Difference, base: float) -> str:
    if math.isnan(figure.value):
        return ""
    if figure.outcome == MONTHS:
        return f"{figure.value:z.1f}"
    return f"{100 * figure.value / (1 if figure.outcome == DEPLETION else base):z.1f}"


def _moved(figure: Difference, base: float) -> str:
    """A difference, in brackets where chance alone may have made it."""
    if figure.n == 0:
        return ""
    if figure.difference == 0 == figure.std_error:
        return "0"
    scale = {DEPLETION: 100, MONTHS: 1}.get(figure.outcome, 100 / base)
    text = f"{scale * figure.difference:+.1f}"
    text = "~0" if text[1:] == "0.0" else text
    return text if figure.clear else f"({text})"


def _print_shares(found: ReadingsFound, combined: Combined, console: Console, lang: Lang) -> None:
    """A row a reading, main and total share of each outcome that moves enough to matter; interactions."""
    base, axes = found.base_claims_yuan(combined.fund), axes_of(found)
    shown = [
        name for at, name in enumerate(OUTCOMES) if name in combined.shares and _matters(combined, at, base)
    ]
    title = say("readings:combined", lang, fund=label(combined.fund, lang), count=len(combined.choices))
    if not shown:
        note(console, say("readings:nothing_moves", lang, fund=label(combined.fund, lang)))
        return
    table = new_table(title, word("reading", lang))
    for name in shown:
        table.add_column(say(f"readings:{name}", lang), justify="right", no_wrap=True)
    for row, at in enumerate(axes):
        cells = [(combined.shares[name].main[row], combined.shares[name].total[row]) for name in shown]
        table.add_row(
            at, *("–" if total < 5e-4 else f"{_share(main)} / {_share(total)}" for main, total in cells)
        )
    spans = [_span(combined, OUTCOMES.index(name), base) for name in shown]
    table.add_row(say("readings:span", lang), *spans)
    console.print(table)
    gap = "" if lang == "zh" else " "
    for name in shown:
        pairs = combined.shares[name].interaction
        named = sorted((at for at in pairs if pairs[at] > NAMED), key=pairs.__getitem__, reverse=True)
        if named:
            text = comma(lang).join(f"{axes[i]} × {axes[j]} {_share(pairs[i, j])}%" for i, j in named)
            what = say(f"readings:{name}", lang).replace("-\n", "-").replace("\n", gap)
            note(console, say("readings:together", lang, outcome=what, pairs=text))


def _matters(combined: Combined, at: int, base: float) -> bool:
    """Whether some combination moves the outcome by what would decide; months move with the bill."""
    moved = [abs(each[at].difference) for each in combined.found if each[at].n]
    least = {DEPLETION: POINTS, MONTHS: 0.1}.get(OUTCOMES[at], CLAIMS * base)
    return max(moved, default=0.0) > least


def _span(combined: Combined, at: int, base: float) -> str:
    figures = sorted((each[at] for each in combined.found), key=lambda each: each.value)
    return f"{_value(figures[0], base)} … {_value(figures[-1], base)}"


def _share(share: float) -> str:
    return f"{100 * share:z.0f}"


def axes_of(found: ReadingsFound) -> list[str]:
    """The readings that are combined."""
    return [at for at in found.varied if at not in found.held]


def single_rows(found: ReadingsFound) -> Iterator[tuple[Any, ...]]:
    """Of ``SINGLE``, an outcome a row."""
    readings = found.scenario.city.readings
    for single in found.singles:
        same = found.defaults[single.fund]
        base = found.base_claims_yuan(single.fund)
        about = single.reading, single.name, single.weight, readings[single.reading].clause, single.fund
        for each, default in zip(single.differences, same, strict=True):
            figures = default.value, each.value, each.difference, each.std_error, each.n
            yield *about, each.outcome, *figures, int(each.decides(base)), "; ".join(single.idle)


def combination_rows(found: ReadingsFound) -> Iterator[tuple[Any, ...]]:
    """Of ``COMBINED``, an outcome of a combination a row."""
    readings, axes = found.scenario.city.readings, axes_of(found)
    for combined in found.combined:
        for choice, figures in zip(combined.choices, combined.found, strict=True):
            names = [choice.get(at, readings[at].default) for at in axes]
            for each in figures:
                cells = each.value, each.difference, each.std_error, each.n
                yield *names, combined.fund, each.outcome, *cells


def share_rows(found: ReadingsFound) -> Iterator[tuple[Any, ...]]:
    """Of ``SHARES``."""
    axes = axes_of(found)
    for combined in found.combined:
        for name, each in combined.shares.items():
            about = combined.fund, name
            for effect, of_each in (("main", each.main), ("total", each.total)):
                for at, share in zip(axes, of_each, strict=True):
                    yield *about, effect, at, share, each.variance
            for (i, j), share in each.interaction.items():
                yield *about, "interaction", f"{axes[i]}*{axes[j]}", share, each.variance


def _cells(row: Iterable[Any]) -> list[Any]:
    """A row as a file has it: empty where a figure is not known."""
    return ["" if cell != cell else cell for cell in row]
