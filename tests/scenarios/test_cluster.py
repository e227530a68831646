"""Sweeps by Dask, on a scheduler and workers in other processes: the same bytes, dead workers or not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_study import SCENARIOS, request, results, write_own_rules, write_study

from scenarios.errors import InputError
from scenarios.runs import program
from scenarios.sweeps import cluster
from scenarios.sweeps.sweep import prepared, sweep

ROOT = Path(__file__).parents[2]
LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")


def start(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    command = [sys.executable, "-m", *arguments]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=nothing, stderr=nothing, env=environment)


@pytest.fixture
def address() -> Iterator[str]:
    """A scheduler and two workers of a thread each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = f"tcp://127.0.0.1:{port}"
    scheduler = start("distributed.cli.dask_scheduler", *LOOPBACK, "--port", str(port))
    arguments = ("distributed.cli.dask_worker", at, "--nthreads", "1", "--no-nanny", *LOOPBACK)
    workers = [start(*arguments) for _ in range(2)]
    try:
        yield at
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow  # three processes that import everything
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dead_worker_costs_time_and_no_result(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 60)
    monkeypatch.chdir(tmp_path)  # the workers are elsewhere
    write_own_rules(Path())
    alone = results(sweep(request(tmp_path, out=tmp_path / "alone")).out)
    killed = []

    def kill_one(done: int, of: int) -> None:
        if done == 3:
            from distributed import get_client

            client = get_client()
            pids = client.run(os.getpid)
            os.kill(next(iter(pids.values())), 9)
            killed.append(time.monotonic())

    done = sweep(request(Path(), scheduler=address), kill_one)
    assert done.ran == SCENARIOS and len(killed) == 1
    assert results(tmp_path / "out") == alone
    known, getpid = program.program(), os.getpid
    monkeypatch.setattr(cluster, "program", lambda: {**known, "numba": str(getpid())})
    with pytest.raises(InputError, match=r"worker .* has numba [0-9]+ \([0-9]+ here\)"):
        sweep(request(tmp_path, out=tmp_path / "other", scheduler=address))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_scheduler_that_dies_is_one_message_and_the_rest_is_kept(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 60)
    write_study(tmp_path)
    alone = results(sweep(request(tmp_path, out=tmp_path / "alone")).out)

    def kill(done: int, of: int) -> None:
        if done == 3:
            from distributed import get_client

            os.kill(get_client().run_on_scheduler(os.getpid), 9)

    with pytest.raises(
        InputError, match=r"--scheduler: tcp.*the scheduler is gone; .*the same command goes on"
    ):
        sweep(request(tmp_path, scheduler=address), kill)
    assert sweep(request(tmp_path)).ran <= SCENARIOS - 3
    assert results(tmp_path / "out") == alone


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_worker_that_dies_before_it_is_ready_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path)
    known, here = program.program(), os.getpid()
    monkeypatch.setattr(cluster, "program", lambda: known if os.getpid() == here else os._exit(1))
    with pytest.raises(
        InputError, match=r"^--workers: a worker died as the kernels were made ready.*goes on$"
    ):
        sweep(request(tmp_path, workers=1))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_do_not_hear_the_terminal_s_ctrl_c(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_study(tmp_path)
    pids: list[int] = []

    def interrupt(done: int, of: int) -> None:
        from distributed import get_client

        if done == 0:
            pids.extend(get_client().run(os.getpid).values())
            for pid in pids:
                os.kill(pid, signal.SIGINT)
            time.sleep(1)
        for pid in pids:
            os.kill(pid, 0)  # still there

    assert sweep(request(tmp_path, workers=2), interrupt).ran == SCENARIOS and len(pids) == 2
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("error", [RuntimeError("Nanny failed to start."), TimeoutError("no answer")])
def test_workers_that_cannot_be_started_are_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    import distributed

    def start(**_: object) -> None:
        raise error

    monkeypatch.setattr(distributed, "LocalCluster", start)
    write_study(tmp_path)
    with pytest.raises(InputError, match=r"^--workers: a worker could not be started.*goes on$"):
        sweep(request(tmp_path, workers=1))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("[city]\n", "utf-8")])
def test_a_worker_computes_with_the_client_s_rules_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    own = write_own_rules(Path())
    task, points = prepared(request(Path()))
    work = cluster._packed(task)
    there = cluster._job(work, points[2]).rows
    change(own)
    monkeypatch.chdir("/")  # a worker is elsewhere
    assert points[2].values["rules"] == "own.toml"
    monkeypatch.setattr(cluster, "_own", threading.local())
    assert cluster._job(work, points[2]).rows == there


def test_no_scheduler_is_said_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 1)
    write_study(tmp_path)
    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(InputError, match="expected a Dask scheduler"):
            sweep(request(tmp_path, scheduler=address))
    assert not (tmp_path / "out").exists()


def test_without_dask_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    write_study(tmp_path)
    with pytest.raises(InputError, match=r"--workers: needs Dask.*pip install '\.\[cluster\]'"):
        sweep(request(tmp_path, workers=2))
    with pytest.raises(InputError, match="one of --workers and --scheduler"):
        sweep(request(tmp_path, workers=2, scheduler="tcp://127.0.0.1:1"))
    with pytest.raises(InputError, match="one of --threads and --workers"):
        sweep(request(tmp_path, threads=2, workers=2))
