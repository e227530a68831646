"""A sweep read back: scenarios that differ in their years or funds, and groups by value."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from replay_data_directory import Command
from small_study import request, write_study

from scenarios import api
from scenarios.sweeps.sweep import sweep
from scenarios.sweeps.sweep_words import moved_by
from scenarios.sweeps.swept import in_words, load_swept
from scenarios.toml_text import to_toml

HORIZONS = """\
extends = "base.toml"
levers.horizon_years = [1, 2]
levers.volatility_factor = [1, 2]
"""


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "2026 is outside the years of 2 of the 4 scenarios"), ("zh", "4个情景中有2个不模拟2026年")],
)
def test_a_scenario_that_ends_before_has_no_figure(
    tmp_path: Path, fundsim: Command, lang: str, said: str
) -> None:
    study, out = write_study(tmp_path, HORIZONS), tmp_path / "out"
    done = fundsim("sweep", study, "--out", out, "--lang", lang)
    assert done.status == 0 and said in done.out
    swept = load_swept(out)
    figures = swept.figures(["event:reserve_depletion", "outlay:county_treasury"], swept.last)
    assert len(figures) == 4
    for column in figures.values():
        assert column.isna().tolist() == [True, True, False, False]
    whole = swept.figures(["outlay:county_treasury"], None)
    assert all(column.notna().all() for column in whole.values())
    refused = fundsim("discover", out, "--fund", "resident", "--above", "0.5")
    assert refused.status == 2 and "none of 2" in refused.err and "--by 2025" in refused.err


def test_the_terminal_is_of_the_last_year_that_is_kept(tmp_path: Path, fundsim: Command) -> None:
    study = write_study(tmp_path, HORIZONS + "outcomes.years = [2025]\n")
    said = fundsim("sweep", study, "--out", tmp_path / "out").out
    assert "depleted by 2025: " in said and "do not simulate" not in said


def test_a_year_and_a_threshold_that_some_scenario_has_can_be_asked_for(tmp_path: Path) -> None:
    outcomes = 'outcomes = { years = [2027], metrics = ["event:below_5_months"] }\n'
    study = write_study(tmp_path, 'extends = ["base.toml", "long.toml"]\n' + outcomes)
    own = 'extends = "base.toml"\nhorizon_years = 3\noptions.below_months = [5]\n'
    (tmp_path / "long.toml").write_text(own, "utf-8")
    swept = load_swept(sweep(request(tmp_path, study=study)).out)
    figures = swept.figures(["event:below_5_months"], 2027)
    assert [column.notna().tolist() for column in figures.values()] == [[False, True]] * 2


def test_a_base_without_a_fund_has_no_figure_of_it(tmp_path: Path) -> None:
    path = write_study(tmp_path, 'extends = ["base.toml", "one.toml"]')
    one = tomllib.loads((tmp_path / "base.toml").read_text("utf-8")) | {"name": "one"}
    for of_fund in (one["funds"], *one["counties"]):
        del of_fund["employee"]
    (tmp_path / "one.toml").write_text(to_toml(one), "utf-8")
    swept = load_swept(sweep(request(tmp_path, study=path)).out)
    for (fund, _), column in swept.figures(["event:unfunded", "outlay:county_treasury"], 2026).items():
        assert column.isna().tolist() == [False, fund == "employee"]
    by_fund = [api.tables(swept.folder)[f"listed_{fund}"].iloc[:, 3:] for fund in ("employee", "resident")]
    assert [(table == "").all(axis=1).tolist() for table in by_fund] == [[False, True], [False, False]]


def test_scenarios_as_their_base_has_them_are_a_group_of_their_own() -> None:
    growth = [*np.linspace(0.0, 0.02, 14), np.nan, np.nan]
    scenarios = pd.DataFrame({"scenario": range(16), "trend.employee.claims": growth})
    column = pd.Series([*np.zeros(7), *np.ones(7), 5.0, 5.0])
    [(_, means)] = moved_by(scenarios, column, "employee", "zh")
    assert means == [("≤ 0.01", 0.0), ("> 0.01", 1.0), ("（默认）", 5.0)]
    words = scenarios["trend.employee.claims"].iloc[:3].mask(scenarios.index[:3] == 0)
    assert in_words(words, 6, 2, "-").tolist() == ["0.00153846", "0.00307692", "-"]
