"""The Python interface: its examples run, and it gives what the commands write."""

from __future__ import annotations

import doctest
import inspect
import os
from pathlib import Path

import pandas as pd
import pytest
from replay_data_directory import make

from scenarios import api, study_api
from scenarios.commands.app import COMMANDS
from scenarios.errors import InputError

DOCS = Path(__file__).parents[2] / "docs"


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(api).failed == 0
    assert doctest.testmod(study_api).failed == 0


@pytest.mark.parametrize("page", ["python.md", "python.zh.md"])
def test_examples_on_the_pages(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(DOCS / page), module_relative=False)
    assert tried > 5
    assert failed == 0


def test_run_gives_the_table_that_it_writes(tmp_path: Path) -> None:
    given = dict(paths=128, years=2, seed=3, readings={"T5": "after_pool"})
    shown = api.run("taizhou", **given)  # type: ignore[arg-type]
    written = api.run("taizhou", **given, out=tmp_path)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(shown, written)
    stored = pd.read_parquet(tmp_path / "metrics.parquet")
    pd.testing.assert_frame_equal(shown, stored, check_dtype=False)
    assert shown.attrs["facts"]["seed"] == 3
    assert {path.name for path in tmp_path.iterdir()} >= {"manifest.json", "metrics.csv"}


def test_a_comparison_with_a_scenario_of_any_name_is_drawn(tmp_path: Path) -> None:
    own = tmp_path / "scenario.toml"  # which is called so where it says no name
    own.write_text('extends = "taizhou"\nvolatility_factor = 2', "utf-8")
    compared = api.compare(["taizhou", str(own)], paths=64, years=2)
    assert api.draw(compared.metrics, "months_of_capacity_scenario").name == "months_of_capacity_scenario"


@pytest.mark.parametrize(
    "name", ["run", "compare", "warn", "solve", "readings", "stress", "sweep", "sensitivity", "explain"]
)
def test_each_takes_what_its_command_takes(name: str) -> None:
    """But the language of what is printed, and what only a terminal needs."""
    [command] = [each for each in COMMANDS if each.__name__ == name]
    own = {"reading": "readings", **({"scenario": "scenarios"} if name == "compare" else {})}
    taken = {own.get(each, each) for each in inspect.signature(command).parameters}
    shown_only = {"context", "lang", "plan", "diagram"}
    if name == "run":
        shown_only.add("event")  # of importance sampling: no metrics
    assert set(inspect.signature(getattr(api, name)).parameters) >= taken - shown_only


def test_stress_under_other_rules() -> None:
    given = dict(fund="resident", years=3, paths=128)
    own = api.stress("hangzhou", **given)  # type: ignore[arg-type]
    borrowed = api.stress("hangzhou", **given, rules="county-alone", threads=1)  # type: ignore[arg-type]
    assert own.attrs["beta"] != borrowed.attrs["beta"]


def test_nothing_is_written_where_nothing_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as in a folder that is read only
    assert len(api.run("linyi", paths=128, years=1))
    assert len(api.warn("linyi", paths=128, years=1))
    with pytest.raises(InputError, match="cannot"):
        api.run("linyi", paths=128, years=1, out=tmp_path / "out")


def test_mistakes_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='did you mean "taizhou"'):
        api.run("taizhu")
    with pytest.raises(InputError, match="--paths"):
        api.run("taizhou", paths=0)
    with pytest.raises(InputError, match="--sampling: importance: expected one of plain"):
        api.run("taizhou", paths=128, sampling="importance")


def test_replay_s_ledger_sums_to_its_balances(tmp_path: Path) -> None:
    """What enters and leaves the pool over all months is what it holds at the end less the opening."""
    figures = make(tmp_path / "figures")
    opening = pd.read_csv(figures / "opening.csv").query("account == 'pool'").set_index("fund")["amount"]
    settled = api.replay("taizhou", figures)
    ledger, balances = settled.ledger, settled.balances
    assert len(ledger) and (ledger["amount"] > 0).all()
    for name, rows in ledger.groupby("fund"):
        entered = rows.query("destination == 'pool'")["amount"].sum()
        left = rows.query("source == 'pool'")["amount"].sum()
        held = balances.query("fund == @name and account == 'pool'")["balance"].iloc[-1]
        assert held == pytest.approx(opening[name] + entered - left, abs=1e-6)
