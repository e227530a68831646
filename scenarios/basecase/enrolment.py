"""How many people each county insures, and in which fund: a model fitted on one published county table.

    insured / population   = scale x exp(a + b x share living away from their registration)
    employee fund / insured = logistic(c + shift + d x urban share)
    retired / active        = retired_scale x (past working age / in working age) ** RETIRED_ELASTICITY

a, b, c, d are least-squares lines on the eight units of Jinhua's table of 2017 and the 2020 census of the
same units; scale, shift and retired_scale are set so that the model, applied to every county of China,
returns the national figures.  The exponential is held inside the range it was fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from scenarios.basecase.published import Reader, units
from sim.model import FUNDS, Fund

RETIRED_ELASTICITY = 0.6
"""By how much the retired for each active insured follow the same ratio of the population (in logarithms)."""
_ACTIVE = "China 2019, employee fund, active and retired insured"
_URBAN_JINHUA = ("婺城区", "金东区")
"""The two districts that the table gives together."""


@dataclass(frozen=True)
class Line:
    """A least-squares line, the range it was fitted on, and how it does on points left out."""

    intercept: float
    slope: float
    low: float
    high: float
    points: int
    left_out_error: float
    """Root mean square error of each point predicted from all others, in y's unit."""

    @classmethod
    def fit(cls, x: NDArray[np.float64], y: NDArray[np.float64]) -> Line:
        """Least squares through n points, (n,) each."""
        design = np.column_stack([np.ones_like(x), x])
        intercept, slope = np.linalg.lstsq(design, y, rcond=None)[0]
        leverage = np.diag(design @ np.linalg.pinv(design))
        left_out = (y - design @ [intercept, slope]) / (1 - leverage)
        error = float(np.sqrt(np.mean(left_out**2)))
        return cls(float(intercept), float(slope), float(x.min()), float(x.max()), len(x), error)

    def at(self, x: pd.Series[float]) -> pd.Series[float]:
        """The line's value at each x."""
        return self.intercept + self.slope * x


@dataclass(frozen=True)
class Enrolment:
    """The fitted model; ``of`` applies it."""

    insured: Line
    """ln(insured of both funds / population) on the share living away from their registration."""
    employee: Line
    """logit(employee fund / insured of both funds) on the urban share."""
    scale: float = 1.0
    shift: float = 0.0
    retired_scale: float = 1.0

    def of(self, counties: pd.DataFrame) -> pd.DataFrame:
        """Insured persons of each county: columns employee, resident, active, retired (of the employees)."""
        away = counties["elsewhere_share"].clip(self.insured.low, self.insured.high)
        total = counties["population"] * np.exp(self.insured.at(away)) * self.scale
        employee = total * expit(self.employee.at(counties["urban_share"]) + self.shift)
        active = employee / (1 + self.retired_scale * counties["dependency"] ** RETIRED_ELASTICITY)
        return pd.DataFrame(
            {
                "employee": employee,
                "resident": total - employee,
                "active": active,
                "retired": employee - active,
            }
        )


def fit_enrolment(reader: Reader) -> Enrolment:
    """Fit the lines on Jinhua's table and set the scales by the national figures."""
    lines = _lines(reader)
    persons = {fund: _insured_in_china(reader, fund) for fund in FUNDS}
    active, retired = (
        reader.value("active-retired-2019", _ACTIVE, "national_annual", item=f"enrol_{group}")
        for group in ("active", "retired")
    )
    china = units()
    everyone = float(Enrolment(*lines).of(china)[list(FUNDS)].sum().sum())
    scale = sum(persons.values()) / everyone

    def employees_missed(shift: float) -> float:
        return float(Enrolment(*lines, scale, shift).of(china)["employee"].sum()) - persons["employee"]

    shift = float(brentq(employees_missed, -5, 5))

    def retired_missed(retired_scale: float) -> float:
        found = Enrolment(*lines, scale, shift, retired_scale).of(china)["retired"].sum()
        return float(found) - persons["employee"] * retired / (active + retired)

    return Enrolment(*lines, scale, shift, float(brentq(retired_missed, 0.01, 10)))


def _lines(reader: Reader) -> tuple[Line, Line]:
    """The two regressions on Jinhua's eight units."""
    table = reader.rows(
        "jinhua-insured", "Jinhua 2017, insured by county", "insured", city="Jinhua (Zhejiang)"
    )
    insured = table.pivot(index="unit", columns="fund", values="persons").drop(index="金华市(合计)")
    reader.rows(
        "jinhua-census",
        "2020 census (county tabulation, ISBN 978-7-5037-9772-9), 金华市",
        "census_2020",
        city="金华市",
        level="county",
    )
    census = units()[units()["prefecture"] == "金华市"]
    unit = census["county"].where(~census["county"].isin(_URBAN_JINHUA), "市区")
    counts = census.groupby(unit)[["population", "urban", "hukou_elsewhere"]].sum().loc[insured.index]
    total = insured["employee"] + insured["resident"]
    away = counts["hukou_elsewhere"] / counts["population"]
    urban = counts["urban"] / counts["population"]
    return (
        Line.fit(away.to_numpy(float), np.log((total / counts["population"]).to_numpy(float))),
        Line.fit(urban.to_numpy(float), logit((insured["employee"] / total).to_numpy(float))),
    )


def _insured_in_china(reader: Reader, fund: Fund) -> float:
    return reader.value(
        "insured-2022", "China 2022, insured of each fund", "insured", "persons", city="China", fund=fund
    )
