"""What a sweep keeps: kills at any moment, damage, full disks, two at once, changed studies."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_study import SCENARIOS, STUDY, request, results, write_own_rules, write_study

from scenarios.errors import InputError
from scenarios.explorer.results import read_results
from scenarios.rulebook.rules_file import CITIES, TEMPLATES
from scenarios.sweeps import store
from scenarios.sweeps.sweep import sweep
from scenarios.sweeps.swept import read_sweep

TESTS = Path(__file__).parent
COUNTY_ALONE = (TEMPLATES / "county-alone.toml").read_bytes()
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {root!r}]
from small_study import request
from scenarios.sweeps import store, sweep
store.PART = 5

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{how}
sweep.sweep(request(Path({folder!r}), threads=2), progress)
"""
AFTER_TWO = "progress = lambda done, of: done == 2 and kill()"
PART_NOT_ENTERED = """
progress = lambda done, of: None
write = store.Store._write_study
store.Store._write_study = lambda self: kill() if self.parts else write(self)
"""
PART_STILL_IN_JOURNAL = """
progress = lambda done, of: None
write = store.Store._write_study
store.Store._write_study = lambda self: (write(self), len(self.parts) == 2 and kill())
"""
HALF_WRITTEN = """
progress = lambda done, of: None
def write_part(path, ids, tables):
    path.write_bytes(b"PAR1")
    kill()
store.write_part = write_part
"""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART", 5)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_study(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PART", 5)
        return results(sweep(request(folder)).out)


def killed(folder: Path, how: str) -> None:
    root = str(TESTS.parents[1])
    code = KILLED.format(tests=str(TESTS), root=root, folder=str(folder), how=how)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_killed_again_and_again_it_ends_with_the_same_files(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    write_study(tmp_path)
    done = [0]
    for how in (AFTER_TWO, HALF_WRITTEN, PART_NOT_ENTERED, PART_STILL_IN_JOURNAL):
        killed(tmp_path, how)
        with pytest.raises(InputError, match="not finished"):
            read_sweep(tmp_path / "out")
        done.append(counted(tmp_path))
    assert done[1] == 2 and done == sorted(done) and done[-1] >= 10
    assert sweep(request(tmp_path)).ran == SCENARIOS - done[-1]
    assert results(tmp_path / "out") == undisturbed


def waiting(folder: Path) -> set[int]:
    """Scenarios in the journal."""
    with sqlite3.connect(folder / "out" / store.JOURNAL) as journal:
        found = {number for (number,) in journal.execute("SELECT number FROM rows")}
    journal.close()
    return found


def counted(folder: Path) -> int:
    """Finished scenarios, in the journal or in parts."""
    done = waiting(folder)
    for name in json.loads((folder / "out" / store.STUDY).read_text())["parts_sha256"]:
        first = 5 * int(name[5:10])
        done |= set(range(first, min(first + 5, SCENARIOS)))
    return len(done)


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    write_study(tmp_path)

    def stop(done: int, of: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(request(tmp_path), stop)
    assert waiting(tmp_path) == {5, 6}  # the others have left the journal for their part
    assert sweep(request(tmp_path)).ran == SCENARIOS - 7
    assert results(tmp_path / "out") == undisturbed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"text": STUDY.replace("[1, 3, 6]", "[1, 3, 9]")},
            "levers.policy.employee.reserve_months was [1, 3, 6], is [1, 3, 9]",
        ),
        (
            {"text": STUDY.replace("[1, 2]", "[1, 3]")},
            "uncertainties.volatility_factor was [1, 2], is [1, 3]",
        ),
        ({"paths": 128}, "paths was 64, is 128"),
        ({"seed": 1}, "seed was 2024, is 1"),
        ({"years": 1}, "bases.base.horizon_years was 2, is 1"),
        ({"text": STUDY.replace(', "unfunded"]', "]")}, "outcomes.metrics was"),
    ],
)
def test_another_study_is_never_mixed_in(tmp_path: Path, change: dict, words: str) -> None:
    study = write_study(tmp_path)
    sweep(request(tmp_path))
    before = results(tmp_path / "out")
    study.write_text(change.pop("text", STUDY), "utf-8")
    with pytest.raises(InputError) as error:
        sweep(request(tmp_path, **change))
    assert words in str(error.value) and "--fresh" in str(error.value)
    assert "scenarios_sha256 was" not in str(error.value)
    assert results(tmp_path / "out") == before
    assert sweep(request(tmp_path, fresh=True, **change)).ran > 0


def test_scenarios_that_are_others_for_no_setting_s_sake_are_not_mixed_in(tmp_path: Path) -> None:
    before = {"paths": 64, "scenarios_sha256": "a", "scenarios": 3}
    store.check_same(tmp_path, before, dict(before))
    with pytest.raises(InputError, match=r"scenarios_sha256 is another\. Take another --out, or --fresh"):
        store.check_same(tmp_path, before, before | {"scenarios_sha256": "b"})


@pytest.mark.parametrize("spoil", [False, True])
def test_starting_over_removes_what_the_sweep_made_and_no_file_of_the_user_s(
    tmp_path: Path, spoil: bool
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.toml").write_bytes((CITIES / "linyi.toml").read_bytes())
    (rules / "other.toml").write_bytes((CITIES / "hangzhou.toml").read_bytes())
    text = STUDY.replace('"full-pooling"', '"rules/mine.toml"')
    write_study(tmp_path, text)
    sweep(request(tmp_path, out=tmp_path))
    [copy] = rules.glob("????????????.toml")
    (tmp_path / "speed.json").write_text("old", "utf-8")
    if spoil:
        (tmp_path / "study.json").write_text("{", "utf-8")
    write_study(tmp_path, text.replace("rules/mine", f"rules/{copy.stem}"))  # an input that is a copy
    with pytest.raises(ZeroDivisionError):
        sweep(request(tmp_path, out=tmp_path, fresh=True), lambda done, of: 1 // done)
    assert not (tmp_path / "speed.json").exists()
    assert {path.name for path in rules.iterdir()} == {"mine.toml", "other.toml", copy.name}
    write_study(tmp_path)
    assert sweep(request(tmp_path, out=tmp_path, fresh=True)).ran == SCENARIOS
    assert {path.name for path in rules.iterdir()} == {"mine.toml", "other.toml"}


def test_what_waits_in_the_journal_is_not_mixed_in(tmp_path: Path) -> None:
    write_study(tmp_path)
    with pytest.raises(ZeroDivisionError):
        sweep(request(tmp_path), lambda done, of: 1 // (3 - done))
    (tmp_path / "out" / store.STUDY).unlink()
    with pytest.raises(InputError, match=r"study\.json: is missing"):
        sweep(request(tmp_path, seed=1))
    assert sweep(request(tmp_path, seed=1, fresh=True)).ran == SCENARIOS


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(COUNTY_ALONE)])
def test_a_sweep_computes_with_what_it_hashed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    own = write_own_rules(tmp_path)
    alone = results(sweep(request(tmp_path, out=tmp_path / "alone")).out)
    sweep(request(tmp_path, threads=2), lambda done, of: change(own) if done == 0 else None)
    assert results(tmp_path / "out") == alone
    own.write_bytes(COUNTY_ALONE)
    with pytest.raises(InputError, match=r"inputs_sha256\.own\.toml was"):
        sweep(request(tmp_path))


def test_another_program_or_input_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path)
    sweep(request(tmp_path))
    base = tmp_path / "base.toml"
    base.write_text(base.read_text("utf-8") + "\n# a comment\n", "utf-8")
    with pytest.raises(InputError, match=r"inputs_sha256\.base\.toml was"):
        sweep(request(tmp_path))
    write_study(tmp_path)
    from scenarios.sweeps import study_files

    other = {**study_files.program(), "fundsim": "0.0.9"}
    monkeypatch.setattr(study_files, "program", lambda: other)
    with pytest.raises(InputError, match=r'program\.fundsim was ".*", is "0\.0\.9"'):
        sweep(request(tmp_path))


def test_a_missing_part_is_made_again_and_a_damaged_one_named(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    write_study(tmp_path)
    out = sweep(request(tmp_path)).out
    part = out / "metrics.parquet" / "part-00001.parquet"
    part.unlink()
    with pytest.raises(InputError, match="not finished"):
        read_sweep(out)
    assert sweep(request(tmp_path)).ran == 5
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    with pytest.raises(InputError, match=r"part-00001\.parquet: damaged: remove it"):
        sweep(request(tmp_path))
    with pytest.raises(InputError, match="damaged"):
        read_sweep(out)
    part.unlink()
    sweep(request(tmp_path))
    assert results(out) == undisturbed


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + bytes(4080)])
def test_a_damaged_journal_is_named_and_may_go(
    tmp_path: Path, undisturbed: dict[str, bytes], damage: bytes
) -> None:
    write_study(tmp_path)
    with pytest.raises(ZeroDivisionError):
        sweep(request(tmp_path), lambda done, of: 1 // (8 - done))
    journal = tmp_path / "out" / store.JOURNAL
    journal.write_bytes(damage)
    with pytest.raises(InputError, match="damaged") as error:
        sweep(request(tmp_path))
    assert error.value.file == str(journal) and "remove it" in error.value.expected
    journal.unlink()
    assert sweep(request(tmp_path)).ran == SCENARIOS - 5
    assert results(tmp_path / "out") == undisturbed


def test_a_damaged_study_file_is_named(tmp_path: Path) -> None:
    write_study(tmp_path)
    out = sweep(request(tmp_path)).out
    (out / store.STUDY).write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"study\.json: damaged"):
        sweep(request(tmp_path))
    (out / store.STUDY).unlink()
    with pytest.raises(InputError, match=r"study\.json: is missing"):
        sweep(request(tmp_path))


def test_a_folder_of_another_format_is_named_by_all_who_read_it(tmp_path: Path) -> None:
    write_study(tmp_path)
    out = sweep(request(tmp_path)).out
    study = json.loads((out / store.STUDY).read_text("utf-8"))
    study |= {"format": 2, "program": {"fundsim": "9.0"}}
    (out / store.STUDY).write_text(json.dumps(study), "utf-8")
    for reader in (read_sweep, read_results, lambda out: sweep(request(out.parent))):
        with pytest.raises(InputError, match=r"study\.json.*format 1, found") as error:
            reader(out)
        assert str(error.value).count("\n") == 0
    assert sweep(request(tmp_path, fresh=True)).ran == SCENARIOS


def test_a_row_that_is_not_whole_is_computed_again(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    write_study(tmp_path)
    with pytest.raises(ZeroDivisionError):
        sweep(request(tmp_path), lambda done, of: 1 // (3 - done))
    with sqlite3.connect(tmp_path / "out" / store.JOURNAL) as journal:
        journal.execute("UPDATE rows SET rows = x'00' WHERE number = 1")
    journal.close()
    assert sweep(request(tmp_path)).ran == SCENARIOS - 2
    assert results(tmp_path / "out") == undisturbed


def test_a_sweep_without_a_part_is_not_finished(tmp_path: Path) -> None:
    write_study(tmp_path)
    with pytest.raises(ZeroDivisionError):
        sweep(request(tmp_path), lambda done, of: 1 // (3 - done))
    (tmp_path / "out" / store.JOURNAL).unlink()
    with pytest.raises(InputError, match="not finished"):
        read_sweep(tmp_path / "out")


def test_a_full_disk_loses_nothing(
    tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path)
    open_journal = store._open

    def small(path: Path) -> sqlite3.Connection:
        made = sqlite3.connect(path)
        made.execute("PRAGMA page_size=512")
        made.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, crc INTEGER, rows BLOB)")
        made.close()
        journal = open_journal(path)
        journal.execute("PRAGMA max_page_count=40")
        return journal

    with monkeypatch.context() as patch:
        patch.setattr(store, "_open", small)
        with pytest.raises(InputError, match=r"full.*nothing that was finished is lost"):
            sweep(request(tmp_path))
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(store, "write_part", full)
        with pytest.raises(InputError, match=r"No space left.*same command goes on"):
            sweep(request(tmp_path))
    assert sweep(request(tmp_path)).ran < SCENARIOS
    assert results(tmp_path / "out") == undisturbed


def test_two_sweeps_in_one_folder_are_refused(tmp_path: Path) -> None:
    write_study(tmp_path)

    def second(done: int, of: int) -> None:
        if done == 3:
            with pytest.raises(InputError, match="another sweep is writing here"):
                sweep(request(tmp_path))

    assert sweep(request(tmp_path), second).ran == SCENARIOS


def test_a_run_s_folder_is_refused(tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="of fundsim run"):
        sweep(request(tmp_path))
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "metrics.parquet"]
    with pytest.raises(InputError, match="expected a finished sweep"):
        read_sweep(tmp_path / "out")
