"""Sweeps, and analyses of studies, sweeps and shocks from Python; ``scenarios.api`` has them too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scenarios.output import path_if_any

if TYPE_CHECKING:
    import pandas as pd


def sweep(
    study: str | Path,
    out: str | Path,
    *,
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the scenarios of a study that the folder ``out`` does not have yet; then as ``read_sweep``.

    An interrupted call goes on where it stopped.  ``workers`` and ``scheduler``: other processes, by Dask.
    """
    from scenarios.sweeps.sweep import SweepRequest
    from scenarios.sweeps.sweep import sweep as command

    chosen = paths, years, seed, threads, workers, scheduler, fresh
    command(SweepRequest(study, Path(out), *chosen))
    return read_sweep(out)


def read_sweep(folder: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A finished sweep: its scenarios, a row each with a column for every address that varies; and their
    metrics as ``run`` has them, by the scenario's id."""
    from scenarios.sweeps.swept import read_sweep as read

    return read(folder)


def sensitivity(
    study: str | Path,
    *,
    outcome: str = "event:reserve_depletion",
    fund: str | None = None,
    by: int | None = None,
    method: Literal["sobol", "morris"] = "sobol",
    samples: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    out: str | Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A study's uncertainties: indices of each (factor, statistic, value, std_error, n), and the variance of
    single paths by shocks, parameters, readings and their interaction.

    The first table's ``attrs["noise_share"]`` is the part of the variance between scenarios that is chance.
    """
    from scenarios.questions.sensitivity_run import SensitivityRequest, run_sensitivity, split_table

    chosen = method, samples, outcome, fund, by, paths, seed, threads
    done = run_sensitivity(SensitivityRequest(str(study), path_if_any(out), *chosen), lambda *_: None)
    table = done.found.table
    table.attrs.update(noise_share=done.found.noise_share, facts=done.facts)
    return table, split_table(done.split)


def stress(
    scenario: str | Path,
    *,
    event: str = "reserve_depletion",
    fund: str | None = None,
    by: int | None = None,
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """The mildest shocks under which an event happens, a row a fund and year; ``attrs["beta"]`` by fund.

    >>> table = stress("taizhou", fund="resident", years=3, paths=256)
    >>> bool(abs(table["months"].iloc[-1]) < 0.01)
    True
    """
    from scenarios.questions.stress_run import run_stress, stress_table
    from scenarios.runs.run import RunRequest

    chosen = str(scenario), path_if_any(out), paths, years, seed, threads, readings, template, rules
    done = run_stress(RunRequest(*chosen, event=event), fund, by, lambda *_: None)
    table = stress_table(done.found)
    table.attrs["beta"] = {fund: found.beta for fund, found in done.found.items()}
    return table


def discover(
    sweep: str | Path,
    *,
    outcome: str = "event:reserve_depletion",
    fund: str | None = None,
    by: int | None = None,
    statistic: str | None = None,
    above: float | None = None,
    below: float | None = None,
    density: float = 0.8,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """Boxes of what varied in a sweep in which scenarios fail: a row a box and limit."""
    from scenarios.questions.discover_run import DiscoverRequest, run_discover
    from scenarios.questions.discovery import boxes_table

    chosen = outcome, fund, by, statistic, above, below, density, path_if_any(out)
    return boxes_table(run_discover(DiscoverRequest(Path(sweep), *chosen)).boxes)


def export_ema(sweep: str | Path, file: str | Path) -> None:
    """A sweep as an archive for ``ema_workbench.load_results``."""
    from scenarios.questions.ema import export_ema as write
    from scenarios.sweeps.swept import load_swept

    write(load_swept(Path(sweep)), Path(file))
