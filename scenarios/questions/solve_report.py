"""What ``solve`` says and writes: the answer with its interval, what can be reached, who pays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.definition.lever import Lever
from scenarios.labels import Lang, comma, event_label, label
from scenarios.output import new_files, write_json, write_rows
from scenarios.questions.crossing import GRID, Answer
from scenarios.questions.question_words import say
from scenarios.questions.solve import STATISTICS, Solved
from scenarios.runs.facts import RunFacts, wilson
from scenarios.runs.run import manifest_of, run_facts
from scenarios.runs.summary import LINES, hundred_millions, new_table, note, percent, print_head

if TYPE_CHECKING:
    from rich.console import Console

TRIED = ("value", "probability", "wilson_low", "wilson_high", "paths_with_event", "n", "target_kept")
BURDENS = ("value", "metric", "statistic", "yuan", "std_error")
FILES = ("solve.csv", "burden.csv", "manifest.json")


def write_solved(solved: Solved, out: Path) -> list[Path]:
    """``solve.csv``, every value that was tried; ``burden.csv``, who pays; ``manifest.json``."""
    question, found, request = solved.question, solved.solution, solved.question.request
    asked = {
        "lever": question.lever.address,
        "fund": question.lever.fund,
        "event": request.event,
        "by": question.by,
        "target": request.target,
        "range": [question.low, question.high],
        "confidence": request.confidence,
        "present_value": question.lever.present,
        "present_probability": solved.present,
        "turns": found.turns,
        "answers": [answer_of(answer) for answer in solved.answers],
        "runs": solved.runs,
    }
    manifest = {**manifest_of(question.scenario, facts_of(solved)), "solve": asked}
    with new_files(out) as folder:
        write_rows(folder / FILES[0], TRIED, tried_rows(solved))
        write_rows(folder / FILES[1], BURDENS, burden_rows(solved))
        write_json(folder / FILES[2], {**manifest, "simulation_seconds": round(solved.seconds, 3)})
    return [out / name for name in FILES]


def tried_rows(solved: Solved) -> Iterator[tuple[float, ...]]:
    """Every value that was tried."""
    paths, z = solved.solution.paths, _z(solved)
    for each in solved.solution.tried:
        share = each.count / paths
        yield each.value, share, *wilson(share, paths, z), each.count, paths, int(each.kept)


def burden_rows(solved: Solved) -> Iterator[tuple[Any, ...]]:
    """Who pays; the value is empty for the scenario as it is."""
    for burden in solved.burdens:
        for line, by_statistic in burden.yuan.items():
            for statistic, figures in by_statistic.items():
                yield "" if burden.value is None else burden.value, line, statistic, *figures


def answer_of(answer: Answer) -> dict[str, Any]:
    """An answer as plain values; an end is null where the interval goes on beyond the range."""
    low, high = (
        None if beyond else end for end, beyond in zip((answer.low, answer.high), answer.open, strict=True)
    )
    step = None if answer.step is None else list(answer.step)
    return {"value": answer.value, "probability": answer.probability, "interval": [low, high], "step": step}


def facts_of(solved: Solved) -> RunFacts:
    """What must be said beside the figures."""
    question = solved.question
    return run_facts(question.scenario, question.paths, question.seed)


def print_solved(solved: Solved, console: Console, lang: Lang = "en") -> None:
    """Prints what was asked, the answers or what can be reached, and the bill at each value."""
    facts = facts_of(solved)
    print_head(facts, console, lang)
    _print_answers(solved, console, lang)
    for line in findings(solved, lang):
        note(console, line)
    _print_burden(solved, facts, console, lang)
    note(console, say("solve:runs", lang, runs=solved.runs, seconds=solved.seconds))


def findings(solved: Solved, lang: Lang) -> Iterator[str]:
    """What the tables cannot say by themselves."""
    question, solution = solved.question, solved.solution
    target, lever = question.request.target, question.lever
    low, high = wilson(solved.present, solution.paths, _z(solved))
    how = "close" if low <= target <= high else "met" if solved.present < target else "above"
    at = "" if lever.present is None else say("solve:at", lang, value=number(lever.present))
    yield say(f"solve:{how}", lang, at=at, probability=chance(solved.present), target=chance(target))
    if not solved.answers:
        ends = solution.tried[0], solution.tried[-1]
        few, many = (pick(solution.tried, key=lambda each: each.count) for pick in (min, max))
        figures = {
            f"{name}{part}": text
            for name, each in zip(("a", "b", "c", "d"), (*ends, few, many), strict=True)
            for part, text in (("", number(each.value)), ("_p", chance(each.count / solution.paths)))
        }
        yield say("solve:out_of_reach", lang, lever=lever.name, target=chance(target), **figures)
        if kept := [each.value for each in solution.tried if each.kept]:
            values = comma(lang).join(map(number, kept))
            yield say("solve:not_ruled_out", lang, values=values, target=chance(target))
    if len(solved.answers) > 1 or solution.turns:
        yield say("solve:turns", lang, values=GRID)
    for answer in solved.answers:
        if answer.step is not None:
            one, two = map(chance, answer.step)
            yield say("solve:step", lang, value=number(answer.value), one=one, two=two)
    if any(any(answer.open) for answer in solved.answers):
        yield say("solve:open", lang)


def number(value: float) -> str:
    """A lever's value, four digits."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def chance(probability: float) -> str:
    """A probability in per cent, two digits at least."""
    return f"{100 * probability:.3g}%" if probability < 0.0995 else f"{100 * probability:.1f}%"


def _z(solved: Solved) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + solved.question.request.confidence) / 2))


def _print_answers(solved: Solved, console: Console, lang: Lang) -> None:
    question, request = solved.question, solved.question.request
    event = event_label(request.event, lang)
    fund = label(question.lever.fund, lang)
    title = say("solve:title", lang, fund=fund, event=event, by=question.by, target=chance(request.target))
    table = new_table(title, _name(question.lever))
    level = f"{100 * request.confidence:g}%"
    for key in ("value", "interval", "chance"):
        table.add_column(say(f"solve:{key}", lang, level=level), justify="right", no_wrap=True)
    now = "" if question.lever.present is None else number(question.lever.present)
    table.add_row(say("solve:now", lang), now, "", _interval(solved, solved.present))
    for n, answer in enumerate(solved.answers, 1):
        ends = zip((answer.low, answer.high), answer.open, "<>", strict=True)
        low, high = ((sign if beyond else "") + number(end) for end, beyond, sign in ends)
        row = _answer_name(solved, n, lang)
        table.add_row(row, number(answer.value), f"{low} – {high}", _interval(solved, answer.probability))
    console.print(table)


def _answer_name(solved: Solved, n: int, lang: Lang) -> str:
    return say("solve:answer", lang, n=f" {n}" if len(solved.answers) > 1 else "")


def _interval(solved: Solved, probability: float) -> str:
    low, high = wilson(probability, solved.solution.paths, _z(solved))
    return f"{chance(probability)} [{chance(low)}–{chance(high)}]"


def _name(lever: Lever) -> str:
    return lever.name if lever.name == lever.address else f"{lever.name}\n{lever.address}"


def _print_burden(solved: Solved, facts: RunFacts, console: Console, lang: Lang) -> None:
    """Mean and tail of every line, at the present value and at each answer."""
    fund, lines = solved.question.lever.fund, solved.burdens[0].yuan
    base = facts["base_claims_yuan"][fund]
    title = say("solve:burden", lang, first=facts["first_year"], last=solved.question.by)
    table = new_table(title, label("burden_row", lang))
    shown = STATISTICS if len(solved.answers) < 2 else STATISTICS[:1]
    names = [
        say("solve:now", lang),
        *(_answer_name(solved, n, lang) for n, _ in enumerate(solved.answers, 1)),
    ]
    for name, statistic in product(names, shown):
        table.add_column(f"{name}\n{label(statistic, lang)}", justify="right", no_wrap=True)
    for line in (*LINES, "unfunded"):
        pairs = product(solved.burdens, shown)
        cells = [each.yuan.get(line, {}).get(name, (0.0, 0.0))[0] for each, name in pairs]
        if line in LINES[:2] or any(cells):
            amounts = (f"{hundred_millions(yuan)} ({percent(yuan / base)})" for yuan in cells)
            table.add_row(label(line, lang), *amounts)
    console.print(table)
    rate = label("rate", lang, rate=f"{facts['discount_rate']:.1%}")
    stock = label("unfunded_end_note", lang, last=solved.question.by) if "unfunded" in lines else ""
    note(console, label("burden_note", lang, rate=rate, unfunded=stock))
