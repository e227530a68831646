"""How far a command is, without a terminal: when a line comes, and the time left that it gives."""

from __future__ import annotations

import itertools

from scenarios.commands.terminal import MAKING_READY, QUIET_SECONDS, ProgressLines


def lines(pace_seconds: float, of: int) -> list[tuple[float, str]]:
    """What is said, and when, of scenarios that take so many seconds each."""
    progress = ProgressLines("scenarios")
    said = [(n * pace_seconds, progress.after(n, of, n * pace_seconds)) for n in range(of + 1)]
    return [(when, line) for when, line in said if line is not None]


def test_a_quick_command_says_each_tenth() -> None:
    said = [line.partition(",")[0] for _, line in lines(0.01, 200)]
    assert said == [MAKING_READY.partition(",")[0], *(f"{n} of 200 scenarios" for n in range(20, 201, 20))]


def test_a_slow_command_is_never_quiet_for_long() -> None:
    said = lines(1.0, 1000)
    times = [when for when, _ in said]
    assert max(after - before for before, after in itertools.pairwise(times)) <= QUIET_SECONDS + 1
    assert said[-1] == (1000.0, "1,000 of 1,000 scenarios")


def test_time_left_follows_from_the_pace_so_far() -> None:
    assert (16.0, "16 of 1,000 scenarios, 16 min left") in lines(1.0, 1000)
    assert (901.0, "901 of 1,000 scenarios, 1.6 min left") not in lines(1.0, 1000)  # 900 has just been said
    assert (900.0, "900 of 1,000 scenarios, 1.7 min left") in lines(1.0, 1000)


def test_what_an_interrupted_sweep_had_done_is_not_its_pace() -> None:
    progress = ProgressLines("scenarios")
    progress.after(0, 1000, 0.0)
    progress.after(501, 1000, 10.0)
    assert progress.after(511, 1000, 30.0) == "511 of 1,000 scenarios, 16 min left"
