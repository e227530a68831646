"""``solve`` and ``readings`` from Python; ``scenarios.api`` hands them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.labels import Lang
from scenarios.output import path_if_any
from scenarios.pictures.picture import Picture

if TYPE_CHECKING:
    import pandas as pd


DRAWN = ("event:reserve_depletion", "outlay:county_treasury", "outlay:city_treasury", "unfunded")
"""Of the outcomes, those on the picture of readings."""


class Answered(NamedTuple):
    """The values of a lever at which an event has a wanted probability."""

    answers: pd.DataFrame
    """value, probability, low, high: a row an answer; an end is NaN where the interval leaves the range."""
    tried: pd.DataFrame
    """Every value that was run: its probability, and whether the target is inside its interval."""
    burden: pd.DataFrame
    """value (NaN: the scenario as it is), metric, statistic, yuan, std_error: who pays."""
    findings: list[str]
    """What is to be said beside them."""


class Decided(NamedTuple):
    """What each reading changes."""

    singles: pd.DataFrame
    """Each reading by itself: an outcome a row, less the default's, and whether it decides."""
    combinations: pd.DataFrame
    """Every combination, a column a reading; empty unless asked for."""
    shares: pd.DataFrame
    """Of the variance over all combinations: main, total, interaction; empty unless asked for."""
    findings: list[str]
    """The verdict in words."""

    def draw(self, lang: Lang = "en") -> Picture:
        """What each reading by itself changes, with 95 % intervals; those that cannot show are left out."""
        from scenarios.pictures.runs import run_of
        from scenarios.pictures.sensitivity import readings_figure
        from scenarios.pictures.sheet import drawing, settle
        from sim.metrics import COLUMNS

        shown = self.singles[(self.singles["cannot_show"] == "") & self.singles["metric"].isin(DRAWN)]
        moves = shown.groupby("metric")["difference"].transform(lambda each: (each != 0).any())
        shown = shown[moves | shown["metric"].isin(DRAWN[:2])]
        frame = shown.drop(columns="value").rename(columns={"name": "value"})
        nothing: Any = {name: np.empty(0, object) for name in COLUMNS}
        with drawing():
            figure = readings_figure(frame, run_of(nothing, self.singles.attrs["facts"]), lang)
            settle(figure)
        return Picture("readings", figure)


def solve(
    scenario: str | Path,
    lever: str,
    target: float,
    *,
    event: str = "reserve_depletion",
    fund: str | None = None,
    by: int | None = None,
    between: tuple[float, float] | None = None,
    paths: int | None = None,
    seed: int | None = None,
    confidence: float = 0.95,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    lang: Lang = "en",
    out: str | Path | None = None,
) -> Answered:
    """The values of a lever, by a short name or an address, at which an event has a probability.

    >>> found = solve("taizhou", "premium", 0.1, fund="resident", by=2032, paths=256)
    >>> found.answers["probability"].round(2).tolist()
    [0.1]
    """
    import pandas as pd

    from scenarios.questions import solve_report as report
    from scenarios.questions.solve import SolveRequest
    from scenarios.questions.solve import solve as find
    from scenarios.runs.run import RunRequest

    chosen = str(scenario), path_if_any(out), paths, None, seed, threads, readings, template, rules
    solved = find(SolveRequest(RunRequest(*chosen), lever, target, event, fund, by, between, confidence))
    if out is not None:
        report.write_solved(solved, Path(out))
    rows = [
        (each["value"], each["probability"], *each["interval"])
        for each in map(report.answer_of, solved.answers)
    ]
    answers = pd.DataFrame(rows, columns=["value", "probability", "low", "high"], dtype="float64")
    tried = pd.DataFrame(report.tried_rows(solved), columns=report.TRIED)
    burden = pd.DataFrame(report.burden_rows(solved), columns=report.BURDENS)
    burden["value"] = pd.to_numeric(burden["value"])
    answers.attrs["facts"] = report.facts_of(solved)
    return Answered(answers, tried, burden, list(report.findings(solved, lang)))


def readings(
    scenario: str | Path,
    *,
    combined: bool = True,
    weights: Sequence[str] = ("main", "minority"),
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    lang: Lang = "en",
    out: str | Path | None = None,
) -> Decided:
    """Which readings of a city's document decide, by themselves and in combination.

    >>> found = readings("hangzhou", paths=128, years=5)
    >>> sorted(set(found.singles["reading"] + " " + found.singles["name"]))
    ['H1 retained']
    """
    import pandas as pd

    from scenarios.questions import readings_report as report
    from scenarios.questions import readings_run as command
    from scenarios.runs.run import RunRequest, run_facts

    chosen = str(scenario), path_if_any(out), paths, years, seed, threads, readings, template, rules
    wanted = command.parse_weights(",".join(weights))
    found = command.decide(command.ReadingsRequest(RunRequest(*chosen), wanted, combined))
    if out is not None:
        report.write_readings(found, Path(out))
    columns = (*report.axes_of(found), *report.COMBINED)
    singles = pd.DataFrame(report.single_rows(found), columns=report.SINGLE)
    every = pd.DataFrame(report.combination_rows(found), columns=columns)
    shares = pd.DataFrame(report.share_rows(found), columns=report.SHARES)
    singles.attrs["facts"] = run_facts(found.scenario, found.paths, found.seed)
    return Decided(singles, every, shares, list(report.verdicts(found, lang)))
