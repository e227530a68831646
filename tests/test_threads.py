"""Threads that share jobs: the order of what they make, and how they end."""

from __future__ import annotations

import threading
import time

import pytest

from sim.threads import Stop, in_order


def test_results_come_in_the_order_of_the_jobs_and_memory_is_never_shared() -> None:
    busy = [0, 0]

    def square(mine: int, job: int, stop: Stop) -> int:
        busy[mine] += 1
        assert busy[mine] == 1
        time.sleep(0.002 if job % 3 == 0 else 0)
        busy[mine] -= 1
        return job * job

    assert list(in_order([0, 1], range(40), square)) == [n * n for n in range(40)]


@pytest.mark.parametrize("owned", [1, 2, 3])
def test_jobs_that_fail_leave_no_thread_behind(owned: int) -> None:
    before = set(threading.enumerate())  # of other tests, one of which may end meanwhile

    def fail(mine: int, job: int, stop: Stop) -> None:
        raise ValueError(f"job {job}")

    with pytest.raises(ValueError, match="job 0"):
        list(in_order(range(owned), range(100), fail))
    deadline = time.monotonic() + 5
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left
