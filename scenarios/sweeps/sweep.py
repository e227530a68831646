"""``fundsim sweep``: every scenario of a study, each once, and what is kept of it.

One scenario is one job of one thread, and as many run side by side as there are threads; with ``workers`` or
a ``scheduler`` the same jobs run in other processes (``cluster``).  Figures depend on a scenario, the number
of its paths and the seed, on nothing else, so who computes what in which order does not show in any file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.definition.study import Point, Study, load_study, naming
from scenarios.errors import InputError
from scenarios.held import Inputs, holding
from scenarios.output import check_folder, new_files, write_json
from scenarios.runs.run import MAX_PATHS, MAX_SEED, Progress, within
from scenarios.sweeps.study_files import copies, manifest, scenario_table

if TYPE_CHECKING:
    from scenarios.sweeps.cluster import Workers
    from scenarios.sweeps.store import Store
    from sim.desk import Desk
    from sim.model import Case
    from sim.series import Wanted
    from sim.threads import Stop

CHECKED_VALUES = 20
"""Of one address are tried before anything runs; of more the first and the last."""


@dataclass(frozen=True)
class SweepRequest:
    """What a user asked for; ``None`` leaves it to the study."""

    study: str | Path
    out: Path
    paths: int | None = None
    years: int | None = None
    seed: int | None = None
    threads: int | None = None
    workers: int | None = None
    """Processes of this machine."""
    scheduler: str | None = None
    """Address of a Dask scheduler."""
    fresh: bool = False
    """Start over, whatever the folder holds."""


@dataclass(frozen=True)
class Task:
    """What every job of a sweep needs to know."""

    study: Study
    paths: int
    seed: int
    inputs: Inputs = field(default_factory=dict)
    """What its files hold: a file that changes meanwhile changes no figure."""

    @property
    def wanted(self) -> Wanted:
        """The study's outcomes, as the engine has them."""
        from sim.series import Wanted

        outcomes = self.study.outcomes
        years = None if outcomes.years is None else frozenset(outcomes.years)
        return Wanted(frozenset(outcomes.metrics), outcomes.counties, years)


class Job(NamedTuple):
    """What one scenario came to."""

    number: int
    rows: bytes
    kernel_seconds: float
    """Processor time inside the simulation."""


@dataclass(frozen=True)
class SweepOutput:
    """A finished sweep."""

    study: Study
    points: list[Point]
    out: Path
    ran: int
    """Scenarios that were simulated now; the others were there."""
    seconds: float
    kernel_busy: float
    """Part of the time that its threads or workers were inside the simulation; NaN where nothing ran."""
    files: tuple[Path, ...]


def sweep(request: SweepRequest, progress: Progress = lambda done, of: None) -> SweepOutput:
    """Run all scenarios of a study that are not in the folder yet.  Raises InputError.

    ``progress`` is called with scenarios done and scenarios in all, and 0 while kernels are made ready.
    """
    from scenarios.sweeps.store import SCENARIOS, SPEED, STUDY, Store

    task, points = prepared(request)
    ids = [point.id for point in points]
    with holding(task.inputs):
        study, table = manifest(task, points), scenario_table(task.study, points)
        rules = copies(task.study, points)
    with _elsewhere(request) as workers:
        store = Store(request.out, study, ids, request.fresh)
        try:
            store.begin(table, rules)
            left = [point for point in points if point.number not in store.done]
            spent = Spent(0.0, 0.0, 1)
            if left:
                progress(0, len(points))
                jobs, threads = _jobs(request, task, left, workers)
                spent = _keep(jobs, threads, store, progress, len(points))
            store.finish()
        finally:
            store.close()
    busy = spent.kernel_seconds / (spent.seconds * spent.threads) if left else float("nan")
    if left:
        _write_speed(request.out, spent, len(left))
    names = [STUDY, SCENARIOS, SPEED, *(f"metrics.parquet/{path.name}" for path in parts_of(request.out))]
    files = tuple(path for name in names if (path := request.out / name).exists())
    return SweepOutput(task.study, points, request.out, len(left), spent.seconds, busy, files)


def prepared(request: SweepRequest) -> tuple[Task, list[Point]]:
    """The study read and its scenarios drawn; InputError for whatever can be told beforehand."""
    with holding({}) as inputs:
        study = load_study(request.study, request.years)
    first = study.bases[0].file
    paths = within("--paths", first.paths if request.paths is None else request.paths, 1, MAX_PATHS)
    seed = within("--seed", first.seed if request.seed is None else request.seed, 0, MAX_SEED)
    for option in ("threads", "workers"):
        given = getattr(request, option)
        if given is not None:
            within(f"--{option}", given, 1, 1024)
    ways = [way for way in ("threads", "workers", "scheduler") if getattr(request, way) is not None]
    if len(ways) > 1:
        raise InputError(f"--{ways[1]}", "", f"expected one of --{ways[0]} and --{ways[1]}")
    check_folder(request.out, kind="sweep")
    with holding(inputs):
        points = study.points()
        _check_outcomes(study, _try_values(study, points))
    return Task(study, paths, seed, inputs), points


def run_point(desk: Desk, task: Task, point: Point, stop: Stop) -> Job | None:
    """One job: the scenario built, simulated, and its rows as bytes; None where ``stop`` came."""
    from scenarios.sweeps.rows_bytes import to_bytes

    before = desk.kernel_seconds
    with holding(task.inputs):
        case = _case(task.study, point)
    chosen = {"paths": task.paths, "seed": task.seed}
    if task.study.baselines:
        baseline = task.study.baselines[point.base].case
        table = desk.paired_table(baseline, case, **chosen, stop=stop)
    else:
        table = desk.table(case, **chosen, stop=stop)
    if table is None:
        return None
    rows = to_bytes(table)
    return Job(point.number, rows, desk.kernel_seconds - before)


def parts_of(out: Path) -> list[Path]:
    """The Parquet files of the metrics, in order."""
    return sorted((out / "metrics.parquet").glob("part-*.parquet"))


class Spent(NamedTuple):
    """What a sweep took."""

    seconds: float
    kernel_seconds: float
    threads: int
    processor_seconds: float = 0.0
    """Of this process, in the simulation and beside it."""


def _elsewhere(request: SweepRequest) -> AbstractContextManager[Workers | None]:
    """The workers that a request asks for, or none."""
    if request.workers is None and request.scheduler is None:
        return nullcontext()
    from scenarios.sweeps.cluster import cluster

    return cluster(request.workers, request.scheduler)


def _jobs(
    request: SweepRequest, task: Task, left: Sequence[Point], workers: Workers | None
) -> tuple[Iterator[Job], int]:
    """What is left, as it is done, and by how many threads, whose kernels are ready."""
    if workers is not None:
        workers.make_ready(task, left)
        return workers.run(left), workers.threads
    from sim.threads import usable_cores

    threads = min(request.threads or usable_cores(), len(left))
    make_ready(task, left[0])
    return _in_threads(task, left, threads), threads


def _keep(jobs: Iterator[Job], threads: int, store: Store, progress: Progress, of: int) -> Spent:
    kernel, started, used = 0.0, time.perf_counter(), time.process_time()
    for job in jobs:
        store.keep(job.number, job.rows)
        kernel += job.kernel_seconds
        progress(len(store.done), of)
    return Spent(time.perf_counter() - started, kernel, threads, time.process_time() - used)


def _in_threads(task: Task, points: Sequence[Point], threads: int) -> Iterator[Job]:
    """The jobs in the order of the points, by threads of this process."""
    from sim.desk import Desk
    from sim.threads import in_order

    desks = [Desk(task.wanted) for _ in range(threads)]

    def do(desk: Desk, point: Point, stop: Stop) -> Job | None:
        return run_point(desk, task, point, stop)

    with closing(in_order(desks, points, do)) as jobs:
        for job in jobs:
            assert job is not None
            yield job


def make_ready(task: Task, point: Point) -> None:
    """Compile the kernels, or load them, by a scenario of one path."""
    import numpy as np

    from sim.desk import Desk

    run_point(Desk(task.wanted), replace(task, paths=1, seed=0), point, np.zeros(1, np.uint8))


def _case(study: Study, point: Point) -> Case:
    """The case at a point; InputError names the values that cannot be."""
    from sim.paired import mismatch

    with naming(study.path, f"scenario {point.id}", point.values):
        case = study.scenario(point).case
        if study.baselines and (problem := mismatch(study.baselines[point.base].case, case)):
            expected = f"cannot be compared with its baseline: {problem}"
            raise InputError(study.path, "design.baseline", expected)
        return case


def _check_outcomes(study: Study, cases: Sequence[Case]) -> None:
    """Some scenario must have what is asked for: bases and values may have other horizons and thresholds."""
    from scenarios.rulebook.rows import one_of
    from sim.metrics import all_metrics

    known = sorted({metric for case in cases for metric in all_metrics(case.options.below_months)})
    for metric in study.outcomes.metrics:
        if metric not in known:
            raise InputError(study.path, "outcomes.metrics", one_of(metric, known))
    first = min(case.first_year for case in cases)
    last = max(case.first_year + case.years - 1 for case in cases)
    for year in study.outcomes.years or ():
        if not first <= year <= last:
            expected = f"expected years from {first} to {last}, found {year}"
            raise InputError(study.path, "outcomes.years", expected)


def _try_values(study: Study, points: Sequence[Point]) -> list[Case]:
    """A scenario for every value of every address, or for its ends: what cannot be is told at once."""
    tried: set[int] = set()
    for chosen in values_of(points).values():
        ordered = sorted(chosen.items(), key=_by_value)
        some = ordered if len(ordered) <= CHECKED_VALUES else [ordered[0], ordered[-1]]
        tried |= {n for _, n in some}
    tried |= {next(p.number for p in points if p.base == b) for b in {p.base for p in points}}
    return [_case(study, points[number]) for number in sorted(tried)]


def values_of(points: Sequence[Point]) -> dict[str, dict[Any, int]]:
    """Address -> its values, as text where they are tables, each with the first scenario that has it."""
    found: dict[str, dict[Any, int]] = {}
    for point in points:
        for at, value in point.values.items():
            plain = value if isinstance(value, (int, float, str, bool)) else str(value)
            found.setdefault(at, {}).setdefault(plain, point.number)
    return found


def _by_value(item: tuple[Any, int]) -> tuple[bool, float, int]:
    value, number = item
    of_numbers = isinstance(value, (int, float))
    return (not of_numbers, float(value) if of_numbers else 0.0, number)


def _write_speed(out: Path, spent: Spent, scenarios: int) -> None:
    """What it took, apart from study.json, which is the same for every sweep of a study."""
    from scenarios.sweeps.store import SPEED

    speed: Mapping[str, Any] = {
        "scenarios": scenarios,
        "seconds": round(spent.seconds, 3),
        "threads": spent.threads,
        "kernel_seconds": round(spent.kernel_seconds, 3),
        "processor_seconds": round(spent.processor_seconds, 3),
        "kernel_busy": round(spent.kernel_seconds / (spent.seconds * spent.threads), 3),
        "scenarios_per_second": round(scenarios / spent.seconds, 2),
    }
    with new_files(out) as folder:
        write_json(folder / SPEED, speed)
