"""Instruments that cannot show in a scenario, for what they work on is not there.

Where nobody is assessed, or no county owes anything from before pooling, it does not matter what a document
says of it, nor which year's enrolment it means where that never changes: rules that differ in nothing else
come to the same figures, path by path.
"""

from __future__ import annotations

from sim.model import Case, Fund
from sim.rules import Arrears, Assessment, FundRules, OpeningDeficit, TopUp

REASONS = ("no_opening_deficits", "no_arrears", "all_excellent", "no_assessment", "constant_enrolment")


def effective(case: Case, fund: Fund) -> FundRules:
    """The fund's rules, with instruments that cannot show as if the document had none."""
    rules, idle = case.rules[fund], idle_instruments(case, fund)
    changes: dict[str, object] = {}
    if "no_opening_deficits" in idle:
        changes["opening_deficit"] = OpeningDeficit()
    if "no_arrears" in idle:
        changes["arrears"] = Arrears()
    kept = rules.assessment
    if "no_assessment" in idle:
        rise = {name: getattr(kept, name) for name in ("not_excellent_rise", "not_excellent_rise_is")}
        kept = Assessment(**rise)
    if "all_excellent" in idle:
        kept = kept.model_copy(update={"not_excellent_rise": 0.0, "not_excellent_rise_is": "points"})
    if "constant_enrolment" in idle:
        changes["top_up"] = rules.top_up.model_copy(update={"enrolment_of": TopUp().enrolment_of})
    return rules.model_copy(update={**changes, "assessment": kept})


def idle_instruments(case: Case, fund: Fund) -> list[str]:
    """Why instruments cannot show, as words of ``REASONS``."""
    figures = [getattr(county, fund) for county in case.counties]
    owed = sum(each.arrears_government_yuan + each.arrears_insured_yuan for each in figures)
    found = (
        sum(each.opening_deficit_yuan for each in figures) == 0,
        owed == 0,
        case.options.excellent_probability == 1,
        case.options.attributable_part == 0,
        True,  # a case has one enrolment for all years
    )
    return [reason for reason, holds in zip(REASONS, found, strict=True) if holds]


def reasons(one: FundRules, other: FundRules) -> list[str]:
    """Of two rules that are the same but for idle instruments: why their differences cannot show."""
    found = []
    if one.opening_deficit != other.opening_deficit:
        found.append("no_opening_deficits")
    if one.arrears != other.arrears:
        found.append("no_arrears")
    rise = ("not_excellent_rise", "not_excellent_rise_is")
    if any(getattr(one.assessment, name) != getattr(other.assessment, name) for name in rise):
        found.append("all_excellent")
    rest = [each.assessment.model_copy(update=dict.fromkeys(rise)) for each in (one, other)]
    if rest[0] != rest[1]:
        found.append("no_assessment")
    return [*found, "constant_enrolment"] if one.top_up != other.top_up else found
