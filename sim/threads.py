"""Threads that share a run's chunks, each with memory of its own; what they make comes back in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Own = TypeVar("Own")
Job = TypeVar("Job")
Made = TypeVar("Made")
Stop = NDArray[np.uint8]
"""(1,): not 0 once the run is to end; kernels look at it between blocks."""


def usable_cores() -> int:
    """Processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    owned: Sequence[Own], jobs: Iterable[Job], do: Callable[[Own, Job, Stop], Made]
) -> Generator[Made]:
    """``do`` of every job in the order of the jobs, by one thread for each of ``owned``.

    Jobs are asked for as threads come free, two to a thread ahead.  Closing the generator stops the threads
    within a block.
    """
    stop = np.zeros(1, np.uint8)
    idle: SimpleQueue[Own] = SimpleQueue()
    for mine in owned:
        idle.put(mine)

    def run(job: Job) -> Made:
        mine = idle.get()
        try:
            return do(mine, job, stop)
        finally:
            idle.put(mine)  # also where it failed: those that still wait for their turn would wait for ever

    waiting: deque[Future[Made]] = deque()
    left = iter(jobs)
    pool = ThreadPoolExecutor(len(owned))
    try:
        while True:
            while len(waiting) < 2 * len(owned) and (job := next(left, None)) is not None:
                waiting.append(pool.submit(run, job))
            if not waiting:
                break
            yield waiting.popleft().result()
    finally:
        stop[0] = 1  # of no effect on a finished run; an interrupted one does not wait for its workers
        pool.shutdown(wait=False, cancel_futures=True)
