"""One outcome of a case, path by path: whether an event has happened by a year, or what a metric came to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels.measure import CITY_HORIZON_METRICS, CITY_YEAR_METRICS
from sim.metrics import reported_events, reports
from sim.model import Case, Fund
from sim.paths import event_years, path_values
from sim.series import Wanted

EVENT = "event:"


@dataclass(frozen=True)
class Outcome:
    """What is looked at, of the city as a whole."""

    metric: str
    """As the metrics table has it: ``event:reserve_depletion``, ``months_of_capacity``."""
    fund: Fund
    year: int | None = None
    """Calendar year, at its end; None: the whole horizon, the last year of a metric by year."""


def outcomes_of(case: Case, fund: Fund) -> list[str]:
    """The metrics that a fund's outcome can be of, events first."""
    rules = case.rules[fund]
    events = [EVENT + name for name in reported_events(rules, case.options.below_months)]
    metrics = dict.fromkeys((*CITY_YEAR_METRICS, *CITY_HORIZON_METRICS))
    return [*events, *(metric for metric in metrics if reports(rules, metric, False))]


def year_index(case: Case, outcome: Outcome) -> int:
    """The year as the engine numbers it, -1 for a figure of the whole horizon; ValueError outside it."""
    if outcome.year is None:
        horizon = outcome.metric in CITY_HORIZON_METRICS
        return -1 if horizon else case.years - 1
    if not 0 <= outcome.year - case.first_year < case.years:
        last = case.first_year + case.years - 1
        raise ValueError(f"expected a year from {case.first_year} to {last}, found {outcome.year}")
    if not outcome.metric.startswith(EVENT) and outcome.metric not in CITY_YEAR_METRICS:
        raise ValueError(f"{outcome.metric} is a figure of the whole horizon: expected no year")
    return outcome.year - case.first_year


def path_outcomes(
    case: Case, outcome: Outcome, *, paths: int, seed: int, threads: int | None = None
) -> NDArray[np.float64]:
    """(paths,) 0 or 1 for an event, yuan or months for a metric.

    An event that the rules do not know never happens.  Path i is path i of every run with the same seed, so
    cases are compared path by path.  ValueError for a year or metric that cannot be, or a path without value.
    """
    f, y = list(case.funds).index(outcome.fund), year_index(case, outcome)
    if outcome.metric.startswith(EVENT):
        events = reported_events(case.rules[outcome.fund], case.options.below_months)
        name = outcome.metric.removeprefix(EVENT)
        if name not in events:
            return np.zeros(paths)
        first = event_years(case, paths=paths, seed=seed, threads=threads).city[:, f, events[name]]
        return np.asarray(((first >= 0) & (first <= y)).astype(np.float64))
    wanted = Wanted(frozenset({outcome.metric}), counties=False)
    if outcome.metric not in (*CITY_YEAR_METRICS, *CITY_HORIZON_METRICS):
        raise ValueError(f"no metric {outcome.metric}")
    series, values = path_values(case, wanted, paths=paths, seed=seed, threads=threads)
    [at] = [i for i, key in enumerate(series.keys) if (key.fund, key.year) == (f, y)]
    if np.isnan(values[at]).any():
        raise ValueError(f"{outcome.metric} has no value in some paths")
    return np.asarray(values[at])
