"""A sweep's jobs in other processes, on this machine or on many, by Dask.

A worker holds the study and works as a thread of the sweep's own process would; only a scenario's number goes
out and its rows come back.  A worker that dies costs its scenarios in hand: Dask gives them to another.
Workers with another program than the client's are refused, for their figures might differ.
"""

from __future__ import annotations

import pickle
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, cast

from scenarios.definition.study import Point
from scenarios.errors import InputError
from scenarios.runs.program import program

if TYPE_CHECKING:
    from scenarios.sweeps.sweep import Job, Task

PATIENCE_SECONDS = 5
"""How long a scheduler has to answer, and then to have a worker."""
AHEAD = 3
"""Jobs handed out for each thread of the workers."""
DIED = "perhaps for want of memory"
AGAIN = "nothing that was finished is lost, and the same command goes on"
_own = threading.local()


class Workers:
    """A connection to Dask workers."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        self.threads = 0
        self._task: Any = None
        self._gone = "the scheduler is gone" if address else "the workers are gone"

    def make_ready(self, task: Task, points: Sequence[Point]) -> None:
        """Wait for a worker, check all programs, hand out the study, and have the kernels compiled."""
        gone = f"a worker died as the kernels were made ready, {DIED}"
        with _connected(self.address, f"a worker or {self._gone}" if self.address else gone):
            self._make_ready(task, points)

    def _make_ready(self, task: Task, points: Sequence[Point]) -> None:
        from distributed import TimeoutError as TooLate

        try:
            self.client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TooLate:
            what = "a scheduler with workers" if self.address else "workers that live"
            expected = f"expected {what}, found none in {PATIENCE_SECONDS} seconds"
            raise InputError(_option(self.address), self.address, expected) from None
        self.threads = sum(self.client.nthreads().values())
        try:
            answers = self.client.run(program)
        except ModuleNotFoundError as error:
            raise InputError(
                "--scheduler", self.address, f"a worker has no {error.name}: install fundsim there"
            ) from None
        mine = program()
        for worker, theirs in sorted(answers.items()):
            _check_program(worker, theirs, mine)
        # a result, which the scheduler can have made again, and not data that a dead worker takes with it
        work = _packed(task)
        self._task = self.client.submit(_carried, work, pure=False)
        self.client.run(_ready, work, points[0])

    def run(self, points: Sequence[Point]) -> Iterator[Job]:
        """The jobs as they are done, in any order."""
        with _connected(self.address, self._gone):
            yield from self._run(points)

    def _run(self, points: Sequence[Point]) -> Iterator[Job]:
        from distributed import as_completed

        left = iter(points)

        def submit(point: Point) -> Any:
            return self.client.submit(_job, self._task, point, pure=False)

        begun = [submit(point) for point in islice(left, AHEAD * self.threads)]
        waiting: Any = as_completed(begun)  # type: ignore[no-untyped-call]
        for future in waiting:
            yield future.result()
            future.release()
            if (point := next(left, None)) is not None:
                waiting.add(submit(point))


@contextmanager
def _connected(address: str, gone: str) -> Iterator[None]:
    """What Dask says of a scheduler that is gone, or of workers that die, in one message."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    option = _option(address)
    try:
        yield
    except KilledWorker as error:
        died = f"{error.allowed_failures + 1} workers died of one scenario, {DIED}"
        raise InputError(option, address, f"{died}; {AGAIN}") from None
    except (CancelledError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's own, met by a worker; of a connection Dask tells without a number
        raise InputError(option, address, f"{gone}; {AGAIN}") from None


def _option(address: str) -> str:
    return "--scheduler" if address else "--workers"


@contextmanager
def cluster(workers: int | None, scheduler: str | None) -> Iterator[Workers]:
    """A cluster of processes of this machine, or the one of a scheduler; InputError where there is none."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        option = "--workers" if scheduler is None else "--scheduler"
        expected = "needs Dask, which is not installed: pip install '.[cluster]' in fundsim's checkout"
        raise InputError(option, "", expected) from None
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised, and told once
    if scheduler is None:
        with _processes(workers) as local, Client(local) as client:  # type: ignore[no-untyped-call]
            yield Workers(client, "")
        return
    try:
        client = Client(scheduler, timeout=PATIENCE_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        expected = f"expected a Dask scheduler such as tcp://10.0.0.1:8786 ({error!s:.80})"
        raise InputError("--scheduler", scheduler, expected) from None
    try:
        yield Workers(client, scheduler)
    finally:
        with suppress(Exception):
            client.close()  # type: ignore[no-untyped-call]


@contextmanager
def _processes(workers: int | None) -> Iterator[Any]:
    """Worker processes of this machine; InputError where they cannot be started."""
    import logging

    from distributed import LocalCluster

    with ExitStack() as started:
        try:
            with _deaf_to_interrupts():  # one that comes meanwhile is heard when there is something to end
                local = LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
                started.enter_context(local)
        except (RuntimeError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise InputError("--workers", "", f"a worker could not be started, {DIED}; {AGAIN}") from None
        yield local


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes started within, and those that they start, never hear of Ctrl-C.

    A terminal sends it to all of them, and this process is the one that ends the others.
    """
    resource_tracker.ensure_running()  # the first who needs it would hear again: it unblocks what it blocks
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _check_program(worker: str, theirs: dict[str, str], mine: dict[str, str]) -> None:
    """InputError where a worker computes with another program."""
    other = [
        f"{at} {theirs.get(at)} ({is_here} here)" for at, is_here in mine.items() if theirs.get(at) != is_here
    ]
    if other:
        raise InputError("--scheduler", "", f"worker {worker} has {', '.join(other)}")


def _packed(task: Task) -> bytes:
    """What a worker needs to know, as seen from any folder: program, study and what its files hold."""
    study = task.study
    bases = tuple(replace(base, path=base.path.absolute()) for base in study.bases)
    return pickle.dumps((program(), replace(task, study=replace(study, bases=bases))))


def _unpacked(work: bytes) -> Task:
    """On a worker: the study, where the program is the client's."""
    mine, task = pickle.loads(work)
    _check_program(socket.gethostname(), program(), mine)  # it may have joined since all were asked
    return cast("Task", task)


def _carried(work: bytes) -> bytes:
    return work


def _ready(work: bytes, point: Point) -> None:
    from scenarios.sweeps.sweep import make_ready

    make_ready(_unpacked(work), point)


def _job(work: bytes, point: Point) -> Job:
    """On a worker: the scenario at a point, at the desk of the worker's thread."""
    import numpy as np

    from scenarios.sweeps.sweep import run_point
    from sim.desk import Desk

    if getattr(_own, "work", None) != work:
        task = _unpacked(work)
        _own.work, _own.task, _own.desk = work, task, Desk(task.wanted)
    done = run_point(_own.desk, _own.task, point, np.zeros(1, np.uint8))
    assert done is not None
    return done
