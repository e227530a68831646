"""An outcome as the command line names it: ``--outcome``, ``--fund``, ``--by``; and how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.errors import InputError
from scenarios.labels import Lang, event_label, label
from scenarios.questions.study_words import metric_words, phrase
from scenarios.rulebook.rows import one_of
from sim.differences import PREFIX
from sim.model import Case

if TYPE_CHECKING:
    from sim.outcome import Outcome

EVENT = "event:"
DISCOUNTED = ":discounted"
DEFAULT_OUTCOME = "event:reserve_depletion"


def chosen_outcome(case: Case, metric: str, fund: str | None, year: int | None) -> Outcome:
    """The outcome of a case; InputError names the option at fault."""
    from sim.outcome import Outcome, outcomes_of, year_index

    funds = list(case.funds)
    if fund is None and len(funds) > 1:
        raise InputError("--fund", "", f"expected one of {', '.join(funds)}")
    chosen = funds[0] if fund is None else fund
    if chosen not in funds:
        raise InputError("--fund", "", one_of(chosen, funds))
    if metric not in (known := outcomes_of(case, chosen)):
        raise InputError("--outcome", "", one_of(metric, known))
    outcome = Outcome(metric, chosen, year)
    try:
        year_index(case, outcome)
    except ValueError as error:
        raise InputError("--by", "", str(error)) from None
    return outcome


def outcome_words(metric: str, year: int | None, span: tuple[int, int], lang: Lang) -> str:
    """What is looked at, in words: ``reserves depleted (reserve_depletion) by the end of 2054``.

    ``span``: the first and the last year; without a year a metric of the whole horizon names both.
    """
    first, last = span
    if metric.startswith(PREFIX):
        what = outcome_words(metric.removeprefix(PREFIX), year, span, lang)
        return phrase("difference", lang, what=what)
    if metric.startswith(EVENT):
        return phrase("by", lang, what=event_label(metric.removeprefix(EVENT), lang), year=year or last)
    if year is None and metric.startswith(("outlay:", "adjustment:", "gini")):
        return phrase("over", lang, what=_metric_words(metric, lang), first=first, last=last)
    return phrase("at", lang, what=_metric_words(metric, lang), year=year or last)


def _metric_words(metric: str, lang: Lang) -> str:
    name = metric.removesuffix(DISCOUNTED)
    plain = name.startswith(("outlay:", "adjustment:")) or name == "unfunded"
    words = label(name, lang) if plain else metric_words(name, lang)
    return words + (phrase("discounted", lang) if name != metric else "")
