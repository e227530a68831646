"""``fundsim run`` as a user meets it: files, reproducibility, mistakes, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from command_line import Refused, fundsim

import scenarios
from scenarios.definition.scenario import load_scenario
from scenarios.errors import InputError
from scenarios.output import new_files, write_json
from scenarios.runs.run import manifest_of, run_facts

FILES = {
    *("metrics.parquet", "metrics.csv", "manifest.json", "assumptions.csv", "rules.csv"),
    *("months_of_capacity.png", "months_of_capacity.svg"),
}


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ziyang, 300 paths, six years."""
    out = tmp_path_factory.mktemp("run") / "nested" / "out"
    with pytest.MonkeyPatch.context() as patch:
        assert fundsim(patch, "run", "ziyang", "--out", str(out), "--paths", "300", "--years", "6") == 0
    return out


def test_writes_its_files_and_no_other(small_run: Path) -> None:
    assert {path.name for path in small_run.iterdir()} == FILES


def test_parquet_and_csv_hold_the_same_rows(small_run: Path) -> None:
    parquet = pd.read_parquet(small_run / "metrics.parquet")
    text = pd.read_csv(small_run / "metrics.csv", dtype={"year": "Int32"})
    pd.testing.assert_frame_equal(parquet, text, check_dtype=False)
    columns = ["scenario", "fund", "county", "year", "metric", "statistic", "value", "std_error", "n"]
    assert list(parquet.columns) == columns


def test_the_manifest_says_what_was_run(small_run: Path) -> None:
    manifest = json.loads((small_run / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["scenario"], manifest["paths"], manifest["years"]) == ("ziyang", 300, 6)
    assert manifest["constructed"] is True
    assert set(manifest["inputs_sha256"]) == {"library/ziyang.toml", "cities/ziyang.toml"}
    assert manifest["resolved"]["scenario"]["counties"]
    assert manifest["packages"]["numba"]


def test_the_manifest_names_files_of_one_name_apart_and_no_place_of_the_machine(tmp_path: Path) -> None:
    for folder, base in (("A", "../../B/c/base.toml"), ("B", "ziyang")):
        (tmp_path / folder / "c").mkdir(parents=True)
        (tmp_path / folder / "c" / "base.toml").write_text(f'extends = "{base}"\n')
    scenario = load_scenario(tmp_path / "A" / "c" / "base.toml")
    named = set(manifest_of(scenario, run_facts(scenario, 1, 1))["inputs_sha256"])
    shared = {"scenarios/library/ziyang.toml", "scenarios/cities/ziyang.toml"}
    assert named == {"A/c/base.toml", "B/c/base.toml"} | shared


@pytest.mark.parametrize(
    "arguments", [("run", "ziyang", "--out", "new"), ("explain", "ziyang", "--diagram", "new.pdf")]
)
def test_a_full_disk_is_one_message_and_leaves_no_file(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "from scenarios import cli; cli.main()"
    )
    size = ("--paths", "64", "--years", "2") if arguments[0] == "run" else ()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, *size],
        **{"cwd": tmp_path, "capture_output": True, "text": True, "check": False},
        env={**os.environ, "PYTHONPATH": str(Path(scenarios.__file__).parents[1])},
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("fundsim: ")
    assert "(File too large)" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_running_again_gives_the_same_values(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("run", "ziyang", "--paths", "300", "--years", "6", "--threads", "2", "--lang", "zh")
    assert fundsim(monkeypatch, *arguments, "--out", str(tmp_path)) == 0
    again = pd.read_parquet(tmp_path / "metrics.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(small_run / "metrics.parquet"), again, check_exact=True)


def test_the_summary_shows_depletion_beside_the_burden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fundsim(monkeypatch, "run", "linyi", "--out", str(tmp_path), "--paths", "256", "--years", "2") == 0
    said = capsys.readouterr()
    for words in ("Constructed base case", "depleted", "treas", "all city"):
        assert words in said.out
    assert "256 of 256 paths" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "taizou", "--out", "O"], ["taizou", "taizhou"]),
        (["run", "taizhou", "--out", "O", "--paths", "0"], ["--paths", "0"]),
        (["run", "taizhou", "--out", "O", "--years", "0"], ["--years"]),
        (["run", "taizhou", "--out", "O", "--seed", "-1"], ["--seed"]),
        (["run", "taizhou", "--out", "O", "--threads", "0"], ["--threads"]),
        (["run", "taizhou", "--out", "O", "--reading", "T5"], ["--reading", "ID=VALUE"]),
        (["run", "taizhou", "--out", "O", "--reading", "T5=half"], ["T5", "after_pool"]),
        (["run", "taizhou", "--out", "O", "--reading", "Z1=in_full"], ["Z1", "taizhou"]),
        (["run", "taizhou", "--out", "O", "--template", "zhejang"], ["template"]),
        (["run", "taizhou", "--out", "FILE"], ["--out", "directory"]),
        (["run", "taizhou", "--out", ""], ["--out", "name"]),
        (["explain", "hangzou"], ["hangzou", "hangzhou"]),
    ],
)
def test_a_mistake_ends_with_one_message_and_nothing_written(
    arguments: list[str], words: list[str], tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "file").write_text("x")
    places = {"O": str(tmp_path / "out"), "FILE": str(tmp_path / "file")}
    message = refused(*(places.get(word, word) for word in arguments))
    assert all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # POSIX alone can limit files
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))  # no file of this process may be larger
    try:
        with (
            pytest.raises(InputError, match="out: --out: could not be written"),
            new_files(tmp_path / "out") as folder,
        ):
            write_json(folder / "small.json", [1])
            write_json(folder / "large.json", list(range(1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_at_once_with_status_130(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "scenarios", "run", "taizhou", "--out", str(out), "--paths", "50000000"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stderr is not None
    assert child.stderr.readline().startswith(b"making the kernels ready")
    time.sleep(0.3)  # into the kernels
    child.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert time.monotonic() - sent < 10  # what is asked for would take an hour
    assert errors.endswith(b"fundsim: interrupted, nothing written\n")
    assert b"Traceback" not in errors
    assert not out.exists()


def test_a_run_of_kept_kernels_does_without_the_compiler(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from scenarios.runs.run import RunRequest, run\n"
        f"run(RunRequest('linyi', Path({str(tmp_path / 'out')!r}), paths=1), lambda *_: None)\n"
        "print({'numba', 'pandas', 'scipy.stats'} & set(sys.modules))"
    )
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)  # the first may have to compile
    ]
    assert said[1] == "set()\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['fundsim', '--help']\n"
        "from scenarios.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numba', 'pandas', 'matplotlib', 'scipy', 'numpy', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
