"""Global sensitivity of an outcome to a study's uncertainties, and how much of its variance is chance.

SALib draws points of the unit cube and analyses what came of them: Sobol indices (Saltelli 2010) or
elementary effects (Morris 1991).  The outcome of a point is the mean over paths, the same paths at every
point.  Beside it ``variance_split`` divides the variance of single paths (``sim.variance``).

Both ask an ``Evaluate`` for the outcome of points path by path, and know nothing of how it is simulated.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scenarios.questions.factors import Factor, values_at
from scenarios.runs.facts import Z95

if TYPE_CHECKING:
    import pandas as pd

    from sim.variance import Split

Method = Literal["sobol", "morris"]
Floats = NDArray[np.float64]
Job = tuple[Mapping[str, Any], int]
"""Values by address, and the seed of the paths."""
Evaluate = Callable[[Iterable[Job]], Iterator[Floats]]
"""(paths,) outcomes of each job in order."""
SAMPLES: dict[Method, int] = {"sobol": 256, "morris": 32}
LEAST_REPLICATIONS = 128
LEVELS = 4
"""Of Morris' grid: the quantiles 1/8, 3/8, 5/8 and 7/8."""
COLUMNS = ("factor", "statistic", "value", "std_error", "n")


@dataclass(frozen=True)
class Sensitivity:
    """What the outcome's mean over paths owes to each uncertainty."""

    method: Method
    samples: int
    """Base points (sobol) or trajectories (morris)."""
    scenarios: int
    """Points that were evaluated, each once."""
    table: pd.DataFrame
    """Tidy: factor, statistic (first_order, total; mu, mu_star, sigma), value, std_error, n."""
    mean: float
    """Of the outcome over all points."""
    variance: float
    """Of the outcome between points, noise included."""
    noise: float
    """The part of ``variance`` that is chance of the paths."""

    @property
    def noise_share(self) -> float:
        """NaN where the outcome does not vary."""
        return self.noise / self.variance if self.variance > 0 else float("nan")


def sensitivity(
    factors: Sequence[Factor], evaluate: Evaluate, *, method: Method, samples: int, seed: int
) -> Sensitivity:
    """Draw, evaluate, analyse.  ``samples`` is a power of 2 for Sobol indices, at least 2."""
    problem = {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }
    cube = _design(problem, method, samples, seed)
    quantiles = cube if method == "sobol" else (cube * (LEVELS - 1) + 0.5) / LEVELS
    points = values_at(factors, quantiles)
    keys = [repr(sorted(point.items())) for point in points]
    unique = dict(zip(keys, points, strict=True))
    times = Counter(keys)
    means, spread, together = {}, 0.0, np.zeros(())
    outcomes = evaluate((values, seed) for values in unique.values())
    for key, values in zip(unique, outcomes, strict=True):
        means[key] = values.mean()
        spread += times[key] * values.var(ddof=1)
        together = together + times[key] * values
    found = np.array([means[key] for key in keys])
    count, paths = len(points), together.size
    noise = (spread - together.var(ddof=1) / count) / ((count - 1) * paths)
    rows = _analysed(problem, method, cube, found, seed)
    return Sensitivity(
        method, samples, len(unique), _frame(rows, count), found.mean(), found.var(ddof=1), max(noise, 0.0)
    )


def variance_split(factors: Sequence[Factor], evaluate: Evaluate, *, replications: int, seed: int) -> Split:
    """The variance of single paths split into shocks, parameters, readings and their interaction.

    Without readings among the factors, or without parameters, that component is 0.
    """
    from sim.variance import components, split

    rng = np.random.default_rng([seed, replications])
    cube = rng.random((replications, 2, len(factors)))
    seeds = np.random.SeedSequence([seed, replications, 1]).generate_state(replications, np.uint64).tolist()
    of_reading = np.array([factor.is_reading for factor in factors])
    corners = [
        values_at(factors, np.where(of_reading, cube[:, b], cube[:, a]))
        for a, b in itertools.product(range(2), repeat=2)
    ]
    jobs: list[Job] = []
    places = []  # of the four corners of each replication among the jobs; equal corners share one
    for path_seed, *square in zip(seeds, *corners, strict=True):
        mine: dict[str, int] = {}
        for values in square:
            if (key := repr(values)) not in mine:
                mine[key] = len(jobs)
                jobs.append((values, path_seed))
        places.append([mine[repr(values)] for values in square])
    outcomes, found, estimates = evaluate(jobs), {}, []
    for place in places:
        for at in dict.fromkeys(place):
            found[at] = next(outcomes)
        estimates.append(components(np.stack([found[at] for at in place]).reshape(2, 2, -1)))
        found.clear()
    return split(np.array(estimates))


def jobs_of(factors: Sequence[Factor], method: Method, samples: int, replications: int) -> tuple[int, int]:
    """At most how many jobs the two functions have."""
    of_method = samples * (len(factors) + (2 if method == "sobol" else 1))
    both = len({factor.is_reading for factor in factors}) == 2
    return of_method, replications * (4 if both else 2)


def _design(problem: dict[str, Any], method: Method, samples: int, seed: int) -> Floats:
    """(points, factors) in the unit cube."""
    if method == "sobol":
        from SALib.sample import sobol

        return np.asarray(sobol.sample(problem, samples, calc_second_order=False, seed=seed))
    from SALib.sample import morris

    return np.asarray(morris.sample(problem, samples, num_levels=LEVELS, seed=seed))


def _analysed(
    problem: dict[str, Any], method: Method, cube: Floats, found: Floats, seed: int
) -> list[tuple[str, str, float, float]]:
    """Factor, statistic, value, standard error; NaN where the outcome is the same everywhere."""
    names = {"first_order": "S1", "total": "ST"} if method == "sobol" else {"mu_star": "mu_star"}
    plain = () if method == "sobol" else ("mu", "sigma")
    resampling = seed + 1  # SALib takes a seed of 0 for none
    if np.ptp(found) == 0:
        value = float("nan") if method == "sobol" else 0.0
        return [(at, key, value, float("nan")) for at in problem["names"] for key in (*names, *plain)]
    if method == "sobol":
        from SALib.analyze import sobol

        si = sobol.analyze(problem, found, calc_second_order=False, seed=resampling)
    else:
        from SALib.analyze import morris

        si = morris.analyze(problem, cube, found, num_levels=LEVELS, seed=resampling)
    rows = []
    for i, factor in enumerate(problem["names"]):
        for key, name in names.items():
            rows.append((factor, key, float(si[name][i]), float(si[f"{name}_conf"][i]) / Z95))
        rows += [(factor, key, float(si[key][i]), float("nan")) for key in plain]
    return rows


def _frame(rows: list[tuple[str, str, float, float]], n: int) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame.from_records([(*row, n) for row in rows], columns=COLUMNS)
