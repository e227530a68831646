"""A study's uncertainties as factors of the unit cube, each of which maps a quantile to values at addresses.

Levers stay at their present values.  Every address that varies under ``[uncertainties]`` is a factor; a list,
readings among them, takes an equal part of 0..1 for each of its values.  ``readings = "combined"`` makes a
factor of every reading that is open, ``"singly"`` one factor of the default and each single alternative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.definition.scenario import Base, build, present
from scenarios.definition.study import ReadingsWanted, Study, alternatives, reading_choices
from scenarios.definition.variation import Values, Variation
from scenarios.errors import InputError

Floats = NDArray[np.float64]
READINGS = "readings"
READING = "readings."
NAMED = 3
"""Of too many bases."""
EDGE = 1e-9
"""A quantile of 0 or 1 may lie at infinity."""


@dataclass(frozen=True)
class Factor:
    """One uncertainty."""

    name: str
    """Its address; ``readings`` for all readings one at a time."""
    variation: Variation

    @property
    def is_reading(self) -> bool:
        """Whether it says how the document is read, rather than what a figure is."""
        return f"{self.name}.".startswith(READING)

    def values(self, u: Floats) -> list[dict[str, Any]]:
        """Values by address at quantiles (n,) in 0..1."""
        drawn = self.variation.quantiles(u)
        return drawn if self.name == READINGS else [{self.name: value} for value in drawn]


def factors_of(study: Study) -> tuple[Base, tuple[Factor, ...]]:
    """The base at its present values, and what is uncertain; InputError where there is not one base, or
    nothing to vary."""
    if len(study.bases) > 1:
        names, more = ", ".join(study.base_names[:NAMED]), len(study.bases) - NAMED
        others = f" and {more} more" if more > 0 else ""
        raise InputError(study.path, "extends", f"expected one base scenario, found {names}{others}")
    base = present(study.bases[0])
    varied = [Factor(at, each) for at, each in base.uncertainties.items() if at != READINGS and each.varies]
    if study.readings is not None:
        varied += _readings(base, study.readings)
    if not varied:
        expected = "expected at least one that varies: a range, a distribution, a list or readings"
        raise InputError(study.path, "uncertainties", expected)
    return base, tuple(varied)


def values_at(factors: Sequence[Factor], cube: Floats) -> list[dict[str, Any]]:
    """Values by address at each of the points (n, factors) of the unit cube."""
    inside = np.clip(cube, EDGE, 1 - EDGE)
    columns = [factor.values(inside[:, i]) for i, factor in enumerate(factors)]
    return [{at: value for part in row for at, value in part.items()} for row in zip(*columns, strict=True)]


def _readings(base: Base, wanted: ReadingsWanted) -> list[Factor]:
    city = build(base, {}).city
    if wanted.how == "singly":
        choices = [_addressed(choice) for choice in reading_choices(city, wanted)]
        return [Factor(READINGS, _one_of(choices))] if len(choices) > 1 else []
    names = alternatives(city, wanted.weights)
    return [Factor(READING + at, _one_of([city.readings[at].default, *some])) for at, some in names.items()]


def _addressed(choice: Mapping[str, str]) -> dict[str, str]:
    return {READING + at: name for at, name in choice.items()}


def _one_of(values: Sequence[Any]) -> Variation:
    return Variation(Values(values=tuple(values)))
