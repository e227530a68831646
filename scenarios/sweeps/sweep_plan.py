"""What a sweep will take, measured on a few of its scenarios before it begins."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.sweeps.sweep import SweepRequest, make_ready, prepared, run_point, values_of

MEASURED = 5
"""Scenarios that are tried, from the first to the last of the study."""


@dataclass(frozen=True)
class Plan:
    """A sweep before it runs."""

    study: str
    scenarios: int
    paths: int
    years: int
    values: Mapping[str, int]
    """Address -> number of values."""
    threads: int
    seconds: float
    """An estimate, for all threads."""
    bytes: int
    """An estimate of what the files will take."""
    free_bytes: int


def measured(request: SweepRequest) -> Plan:
    """Run some scenarios on one thread; writes nothing.  InputError as for the sweep."""
    import numpy as np

    from scenarios.sweeps.rows_bytes import from_bytes, part_bytes
    from sim.desk import Desk
    from sim.threads import usable_cores

    task, points = prepared(request)
    threads = request.workers or request.threads or usable_cores()
    some = [points[i] for i in np.unique(np.linspace(0, len(points) - 1, MEASURED).astype(int))]
    make_ready(task, points[0])
    desk, stop, size = Desk(task.wanted), np.zeros(1, np.uint8), 0
    started = time.perf_counter()
    for point in some:
        job = run_point(desk, task, point, stop)
        assert job is not None
        size += part_bytes([point.id], [from_bytes(job.rows)])
    seconds = (time.perf_counter() - started) / len(some) * len(points) / min(threads, len(points))
    above = next(path for path in (request.out, *request.out.absolute().parents) if path.exists())
    of_bases = {"base": len(task.study.bases)} if len(task.study.bases) > 1 else {}
    return Plan(
        study=task.study.name,
        scenarios=len(points),
        paths=task.paths,
        years=task.study.bases[0].file.horizon_years,
        values=of_bases | {at: len(values) for at, values in values_of(points).items()},
        threads=threads,
        seconds=seconds,
        bytes=size // len(some) * len(points),
        free_bytes=shutil.disk_usage(above).free,
    )
