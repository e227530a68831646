"""What is timed in one process: the workload on one core, threads, the cities, scaling."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import SECONDS, Entry, Say, from_straight_line, interleaved, record, records
from benchmarks.parity import check_parity, check_tallies
from benchmarks.peers import FUNDSIM, Peer, find_peers
from benchmarks.peers.fundsim_peer import whole_case
from benchmarks.workload import Workload
from scenarios.definition.scenario import load_scenario
from scenarios.runs.bench import CITIES
from sim.kernels.lanes import LANES
from sim.model import Case
from sim.simulate import BLOCKS_PER_CHUNK, simulate
from sim.threads import usable_cores

W = Workload()
WHOLE = "fundsim, whole model"
SEED = 1
SCALED_PATHS = 4096
"""Of the runs over counties and years."""


@dataclass(frozen=True)
class Settings:
    """How long to measure."""

    rounds: int = 9
    seconds: float = SECONDS
    """Of one run."""
    small: bool = False
    """Tiny sizes, to see that everything runs."""


def w_entry(peer: Peer, threads: int, name: str | None = None) -> Entry:
    """A peer on W; sizes give every thread whole chunks."""
    module = peer.load()
    step = threads * (module.chunk(W) if hasattr(module, "chunk") else LANES)
    return Entry(
        name or peer.name,
        lambda paths: module.run(W, paths, SEED, threads),
        W.months_per_path,
        step,
    )


def case_entry(name: str, case: Case, threads: int, size: int | None = None) -> Entry:
    """A whole run; sizes give every thread whole chunks."""
    work = case.years * 12 * len(case.counties) * len(case.funds)
    run = partial(_simulate, case, threads)
    return Entry(name, run, work, LANES * BLOCKS_PER_CHUNK * threads if size is None else LANES, size)


def _simulate(case: Case, threads: int, paths: int) -> object:
    return simulate(case, paths=paths, seed=SEED, threads=threads)


def workload(settings: Settings, say: Say) -> dict[str, Any]:
    """Every peer on W, and the whole model on W's sizes: one core, one thread each."""
    peers, missing = find_peers()
    say("parity")
    agreement = check_parity(peers)
    check_tallies(peers)
    entries = [w_entry(peer, 1) for peer in peers]
    entries.insert(1, case_entry(WHOLE, whole_case(W), 1))
    speeds = interleaved(entries, settings.rounds, settings.seconds, say, time.process_time)
    return {
        "records": records("workload", speeds, FUNDSIM.name),
        "missing": missing,
        "parity_months_of_claims": agreement,
    }


def threads(settings: Settings, say: Say) -> dict[str, Any]:
    """One thread beside all, where paths are shared among threads; in longer runs, as those are for which
    threads matter."""
    cores, out = usable_cores(), []
    peers = [peer for peer in find_peers()[0] if peer.threaded]
    makers: list[tuple[str, Callable[[int], Entry]]] = [(peer.name, partial(w_entry, peer)) for peer in peers]
    makers.append((WHOLE, partial(case_entry, WHOLE, whole_case(W))))
    for name, make in makers:
        alone = make(1)
        pair = [Entry(f"{name}, 1 thread", alone.run, alone.work, alone.step)]
        if cores > 1:
            every = make(cores)
            pair.append(Entry(f"{name}, {cores} threads", every.run, every.work, every.step))
        speeds = interleaved(pair, settings.rounds, 4 * settings.seconds, say)
        out += records("threads", speeds, pair[-1].name)[:1]
    return {"records": out}


def cities(settings: Settings, say: Say) -> dict[str, Any]:
    """The five cities' base cases, every rule, event and metric: one thread."""
    entries = [case_entry(name, load_scenario(name).case, 1) for name in CITIES]
    speeds = interleaved(entries, settings.rounds, settings.seconds, say, time.process_time)
    return {"records": records("cities", speeds, None)}


def scaling(settings: Settings, say: Say) -> dict[str, Any]:
    """Speed of the whole model over paths, counties and years, each beside a middle size; the other two stay
    as they are.  And how far the cost lies from a straight line, with a fixed part and so much for each."""
    out, lines = [], []
    paths, years = [1_000, 3_000, 10_000, 30_000, 100_000], [1, 3, 10, 30, 100]
    counties = [1, 3, 10, 30, 100, 300, 1_000]
    middle = 2
    if settings.small:
        paths, counties, years = [512, 1024, 2048], [1, 2, 3, 4], [1, 2, 3]
    by_paths = [(f"{n:,} paths", W, n) for n in paths]
    by_counties = [
        (f"{c:,} {'county' if c == 1 else 'counties'}", Workload(c, 10), SCALED_PATHS) for c in counties
    ]
    by_years = [(f"{y} {'year' if y == 1 else 'years'}", Workload(10, y), SCALED_PATHS) for y in years]
    for over, numbers, sizes in (
        ("paths", paths, by_paths),
        ("counties", counties, by_counties),
        ("years", years, by_years),
    ):
        entries = [case_entry(name, whole_case(w), 1, paths) for name, w, paths in sizes]
        rounds = max(1, settings.rounds // 2)
        speeds = interleaved(entries, rounds, settings.seconds, say, time.process_time)
        out += records(f"scaling in {over}", speeds, entries[middle].name)
        costs = [np.divide(numbers, turn) for turn in zip(*speeds.values(), strict=True)]
        off = [100 * from_straight_line(numbers, cost) for cost in costs]
        lines.append(record("straight lines", f"cost over {over}", "%", off))
    return {"records": out + lines}
