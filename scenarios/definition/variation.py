"""What a study varies at one address: a list of values, a range, or a distribution.

    [3, 6, 9]                                        each of them
    { range = [0.03, 0.07] }                         uniform
    { distribution = "normal", mean = 0, sd = 0.01 } also lognormal, triangular, uniform
    6                                                one value: nothing varies

A range or a distribution may say its ``present`` value, which a single run takes; else it is the median.
Every variation maps a quantile in 0..1 to a value, so that one sample of the unit cube serves them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from scenarios.errors import InputError
from scenarios.rulebook.rows import one_of, refusal
from sim.rules import Instrument

CLOSED = frozenset({"range", "distribution", "values", "how"})
"""Keys that tell a variation from a table of further addresses."""
Positive = Annotated[float, Field(gt=0)]
Floats = NDArray[np.float64]


class Values(Instrument):
    """One of several values, of any kind."""

    values: Annotated[tuple[Any, ...], Field(min_length=1)]
    present: Any = None

    def quantiles(self, u: Floats) -> list[Any]:
        """Each value takes an equal part of the unit interval."""
        n = len(self.values)
        return [self.values[i] for i in np.minimum((np.asarray(u) * n).astype(int), n - 1)]


class Law(Instrument):
    """A distribution over the numbers, by the inverse of its distribution function."""

    def quantiles(self, u: Floats) -> list[Any]:
        """Values at quantiles in 0..1."""
        values: list[float] = self.inverse(np.asarray(u)).tolist()
        return values

    def inverse(self, u: Floats) -> Floats:
        """As ``quantiles``, as an array of the same shape."""
        raise NotImplementedError


class Range(Law):
    """Uniform between two ends."""

    range: tuple[float, float]
    present: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.range[0] < self.range[1]:
            raise ValueError(f"expected [low, high], found {list(self.range)}")
        return self

    def inverse(self, u: Floats) -> Floats:
        """Linear between the ends."""
        low, high = self.range
        return low + (high - low) * u


class Normal(Law):
    """Normal."""

    distribution: Literal["normal"]
    mean: float
    sd: Positive
    present: float | None = None

    def inverse(self, u: Floats) -> Floats:
        """Mean and so many standard deviations."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.sd * ndtri(u))


class Lognormal(Law):
    """Lognormal, by its median and the standard deviation of the logarithm."""

    distribution: Literal["lognormal"]
    median: Positive
    sd: Positive
    present: float | None = None

    def inverse(self, u: Floats) -> Floats:
        """The median times a factor."""
        from scipy.special import ndtri

        return np.asarray(self.median * np.exp(self.sd * ndtri(u)))


class Uniform(Law):
    """Uniform, another way to write a range."""

    distribution: Literal["uniform"]
    low: float
    high: float
    present: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.low < self.high:
            raise ValueError(f"expected low < high, found {self.low}, {self.high}")
        return self

    def inverse(self, u: Floats) -> Floats:
        """Linear between the ends."""
        return self.low + (self.high - self.low) * u


class Triangular(Law):
    """Triangular."""

    distribution: Literal["triangular"]
    low: float
    mode: float
    high: float
    present: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Triangular:
        if not (self.low <= self.mode <= self.high and self.low < self.high):
            raise ValueError(f"expected low <= mode <= high, found {self.low}, {self.mode}, {self.high}")
        return self

    def inverse(self, u: Floats) -> Floats:
        """By SciPy."""
        from scipy.stats import triang

        width = self.high - self.low
        law = triang((self.mode - self.low) / width, loc=self.low, scale=width)
        return np.asarray(law.ppf(u))


Spec = Values | Range | Normal | Lognormal | Uniform | Triangular
DISTRIBUTIONS: dict[str, type[Normal | Lognormal | Uniform | Triangular]] = {
    "normal": Normal,
    "lognormal": Lognormal,
    "uniform": Uniform,
    "triangular": Triangular,
}


class Variation:
    """What stands at one address of a study."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    @property
    def values(self) -> tuple[Any, ...] | None:
        """All values in order, or None where there is a continuum of them."""
        return self.spec.values if isinstance(self.spec, Values) else None

    @property
    def varies(self) -> bool:
        """Whether there is more than one value."""
        return self.values is None or len(self.values) > 1

    @property
    def present(self) -> Any:
        """What a single run takes: as written, else the first value or the median."""
        if self.spec.present is not None:
            return self.spec.present
        return self.values[0] if self.values is not None else self.quantiles(np.array([0.5]))[0]

    def quantiles(self, u: Floats) -> list[Any]:
        """Values at quantiles in 0..1."""
        return self.spec.quantiles(u)


def parse_variation(path: Path, place: str, entry: Any) -> Variation:
    """A variation as written; raises InputError."""
    kind: type[Spec]
    if isinstance(entry, list):
        kind, entry = Values, {"values": entry}
    elif not isinstance(entry, dict) or "how" in entry:
        kind, entry = Values, {"values": [entry]}
    elif "distribution" in entry:
        name = entry["distribution"]
        if name not in [*DISTRIBUTIONS]:  # of a list, which has no hash, the table itself cannot be asked
            raise InputError(path, f"{place}.distribution", one_of(name, DISTRIBUTIONS))
        kind = DISTRIBUTIONS[name]
    else:
        kind = Range if "range" in entry else Values
    try:
        return Variation(kind.model_validate(entry))
    except ValidationError as error:
        raise refusal(path, place, error, kind) from None
