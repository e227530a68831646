"""Early warning: how well "months of payment capacity below N at a year's end" foretells depletion.

A warning rule warns once, in the first year whose end finds fewer than N months; a path is depleted in the
first year whose end finds settled reserves of nought or less.  Both are read off the same accounts in
December, so a warning in the year of depletion itself leaves no time: it is a *miss*.

- lead: years from the warning to depletion, 1 or more; only of depletions inside the horizon.
- missed: of the paths depleted, those without a warning in an earlier year.
- false alarm: of the warnings, those without depletion in the same year or the ``within`` years after it.
  Warnings whose years run beyond the horizon are left out, those that depletion follows too: to count these
  alone would flatter the rule.  Without ``within`` the horizon decides, and every warning counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAD_PERCENTILES = (0.05, 0.50, 0.95)
NEVER = -1
Years = NDArray[np.int16]


@dataclass(frozen=True)
class Share:
    """A share of ``of`` paths; NaN of none."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.hits / self.of if self.of else float("nan")

    @property
    def std_error(self) -> float:
        """Of independent paths; NaN below two."""
        return float(np.sqrt(self.value * (1 - self.value) / self.of)) if self.of > 1 else float("nan")


@dataclass(frozen=True)
class Foresight:
    """What one warning rule is worth for one fund."""

    warned: Share
    """Of all paths."""
    depleted: Share
    """Of all paths."""
    missed: Share
    """Of the depleted."""
    false_alarms: Share
    """Of the warnings whose years lie inside the horizon."""
    undecided: int
    """Warnings whose years do not."""
    leads: NDArray[np.int64]
    """(years,): paths warned k + 1 years before depletion."""

    @property
    def early(self) -> int:
        """Depleted paths with a warning in an earlier year."""
        return int(self.leads.sum())

    @property
    def lead_mean_years(self) -> float:
        """Mean lead; NaN without any."""
        return float(self._leads().mean()) if self.early else float("nan")

    @property
    def lead_std_error(self) -> float:
        """Standard error of the mean lead in years; NaN below two leads."""
        return float(self._leads().std(ddof=1) / np.sqrt(self.early)) if self.early > 1 else float("nan")

    def lead_percentile_years(self, share: float) -> float:
        """The least lead that at least ``share`` of the leads do not exceed; NaN without any."""
        if not self.early:
            return float("nan")
        return float(np.quantile(self._leads(), share, method="inverted_cdf"))

    def _leads(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(1, len(self.leads) + 1), self.leads)


def foresight(warning: Years, depletion: Years, years: int, within: int | None = None) -> Foresight:
    """Compare first years (paths,) of a warning and of depletion, as indices from 0, -1 for never.

    ``years``: of the horizon; ``within``: years after a warning in which depletion justifies it, 0 for
    its own year alone.  ValueError for arrays of different shapes, years past the horizon, a
    negative ``within``.
    """
    if warning.shape != depletion.shape or warning.ndim != 1:
        raise ValueError(f"expected two arrays (paths,), found {warning.shape} and {depletion.shape}")
    first, last = warning.astype(np.int64), depletion.astype(np.int64)
    for name, given in (("warning", first), ("depletion", last)):
        if given.size and not (given.min() >= NEVER and given.max() < years):
            raise ValueError(f"{name}: expected years from -1 to {years - 1}")
    if within is not None and within < 0:
        raise ValueError("within: expected 0 years or more")
    warned, depleted = first >= 0, last >= 0
    early = warned & depleted & (first < last)
    until = np.full_like(first, years - 1) if within is None else first + within
    undecided = warned & (until > years - 1)
    justified = depleted & (last >= first) & (last <= until)
    false = warned & ~undecided & ~justified
    return Foresight(
        warned=Share(int(warned.sum()), len(first)),
        depleted=Share(int(depleted.sum()), len(first)),
        missed=Share(int((depleted & ~early).sum()), int(depleted.sum())),
        false_alarms=Share(int(false.sum()), int((warned & ~undecided).sum())),
        undecided=int(undecided.sum()),
        leads=np.bincount((last - first)[early] - 1, minlength=max(years - 1, 0)),
    )
