"""Copies of this process: what they do is done, what fails in them is seen, and none outlives a kill."""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from scenarios.runs.forked import Forked, at_once, can_fork

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="no fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),  # threads of pytest
    pytest.mark.filterwarnings("ignore:os.fork.* was called:RuntimeWarning"),  # JAX, where it is loaded
]


def note(path: Path) -> None:
    path.write_text(str(os.getpid()))


def test_two_things_at_once_are_done_by_two_processes(tmp_path):
    at_once(*(partial(note, tmp_path / name) for name in "ab"))
    here, copy = (int((tmp_path / name).read_text()) for name in "ab")
    assert here == os.getpid() != copy


def test_what_a_copy_could_not_do_is_done_here(tmp_path):
    def fails_elsewhere(here: int = os.getpid()) -> None:
        assert os.getpid() == here
        note(tmp_path / "b")

    at_once(partial(note, tmp_path / "a"), fails_elsewhere)
    assert (tmp_path / "b").read_text() == str(os.getpid())


@pytest.mark.parametrize("which", [0, 1])
def test_the_error_of_either_is_raised(which, tmp_path):
    works = [partial(note, tmp_path / "a")] * 2
    works[which] = partial(note, tmp_path / "nowhere" / "a")
    with pytest.raises(FileNotFoundError):
        at_once(*works)


@pytest.mark.parametrize(("work", "status"), [(int, 0), (partial(int, "x"), 1)])
def test_a_copy_s_status_says_whether_it_failed(work, status):
    copy = Forked(work)
    copy.stdin.close()
    assert copy.wait() == status


def test_a_copy_reads_what_it_is_given_and_prints_for_nobody(tmp_path, capfd):
    def work() -> None:
        with open(0, "rb") as given:
            (tmp_path / "read").write_bytes(given.read())
        os.write(1, b"said")

    copy = Forked(work)
    with copy.stdin as stream:
        stream.write(b"given")
    assert copy.wait() == 0 and (tmp_path / "read").read_bytes() == b"given"
    assert capfd.readouterr() == ("", "")


def test_a_killed_copy_s_own_copies_end_with_it(tmp_path):
    def late() -> None:
        note(tmp_path / "ready")
        time.sleep(60)

    copy = Forked(partial(at_once, partial(time.sleep, 60), late))
    copy.stdin.close()
    started = time.monotonic()
    while not (tmp_path / "ready").exists() and time.monotonic() - started < 30:
        time.sleep(0.01)
    copy.kill()
    assert (tmp_path / "ready").exists()
    started = time.monotonic()
    assert copy.wait() < 0 and time.monotonic() - started < 30


def test_a_process_with_other_threads_is_not_copied():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert not can_fork()
    finally:
        stop.set()
        other.join()
