"""The metrics files against pandas' own, byte for byte, and a command that never imports it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from scenarios.definition.scenario import load_scenario
from scenarios.pictures.plot import DRAWN
from scenarios.runs.metrics_files import write_metrics
from sim.metrics import metrics_columns, metrics_table
from sim.simulate import simulate


def test_the_files_are_those_that_pandas_writes(tmp_path: Path) -> None:
    result = simulate(load_scenario("linyi", years=3).case, paths=128, seed=1)
    name = 'Linyi, "临沂"'  # which CSV must quote
    columns, beyond = metrics_columns(result, name)
    write_metrics(tmp_path, columns)
    table = metrics_table(result, name)
    assert table.attrs.pop("beyond_range") == beyond
    assert table["year"].isna().any() and table["std_error"].isna().any()
    table.to_csv(tmp_path / "pandas.csv", index=False, lineterminator="\n")
    table.to_parquet(tmp_path / "pandas.parquet", index=False)
    for kind in ("csv", "parquet"):
        written = (tmp_path / f"metrics.{kind}").read_bytes()
        assert written == (tmp_path / f"pandas.{kind}").read_bytes()


def test_a_picture_s_columns_are_the_table_s() -> None:
    result = simulate(load_scenario("linyi", years=3).case, paths=128, seed=1)
    (shown, _), (whole, _) = metrics_columns(result, "linyi", DRAWN), metrics_columns(result, "linyi")
    event = np.array([name.startswith(("event", "hazard")) for name in whole["metric"]])
    drawn = np.array([name in DRAWN for name in whole["metric"]]) & (whole["county"] == "*")
    assert 0 < drawn.sum() < len(drawn) / 2
    for name in whole:
        np.testing.assert_array_equal(shown[name], whole[name][event | drawn])


def test_the_command_does_without_pandas(tmp_path: Path) -> None:
    code = (
        "import sys; from scenarios.cli import main\n"
        f"sys.argv = 'fundsim run linyi --years 2 --paths 128 --out'.split() + [{str(tmp_path)!r}]\n"
        "try: main()\n"
        "except SystemExit as stopped: assert not stopped.code\n"
        "sys.exit('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
