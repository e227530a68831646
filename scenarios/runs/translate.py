"""Portable code of the kernels, made and kept with the program: ``python -m scenarios.runs.translate``.

For where the program is installed, and after a change of the kernels.  Whoever then starts it for the first
time waits a quarter of the time, on whatever processor, also where nothing can be kept for the next start.
"""

from __future__ import annotations

import sys

import numpy as np

from scenarios.definition.scenario import load_scenario
from sim.compiler import cache
from sim.desk import Desk
from sim.model import Case
from sim.paired import simulate_paired
from sim.rare import rare_event
from sim.replay import History, replay


def translate() -> None:
    """Use every kernel that Python calls."""
    cache.translations_are_kept = True
    case = load_scenario("taizhou").case.model_copy(update={"years": 1})
    Desk().table(case, paths=1, seed=0, stop=np.zeros(1, np.uint8))
    simulate_paired([case, case], paths=1, seed=0)
    rare_event(case, "reserve_depletion", paths=1, seed=0)
    replay([case.rules[fund] for fund in case.funds], year_of_nothing(case), lambda fund, row: "")


def year_of_nothing(case: Case) -> History:
    """What may be replayed under any rules."""
    funds, counties = tuple(case.funds), len(case.counties)
    yearly = np.zeros((len(funds), 1, counties))
    monthly = np.zeros((len(funds), 1, 12, counties))
    return History(
        funds=funds,
        counties=tuple(county.name for county in case.counties),
        city_level=(False,) * counties,
        first_year=case.first_year,
        opening=np.zeros((len(funds), counties, 6)),
        city_opening=np.zeros((len(funds), 3)),
        contributions=monthly,
        claims=monthly,
        enrolment=yearly + 1.0,
        revenue_budget=yearly,
        expenditure_budget=yearly,
        attributable_deficit=yearly,
        excellent=yearly > 0.0,
        recoveries=yearly,
    )


if __name__ == "__main__":
    try:
        translate()
    except OSError as error:
        sys.exit(f"{error.filename}: portable code of the kernels cannot be kept here: {error.strerror}")
