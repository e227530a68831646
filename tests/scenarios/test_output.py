"""Where results may be written: a folder holds one kind of them."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from command_line import Refused, fundsim
from small_study import write_study

from scenarios import output
from scenarios.errors import InputError
from scenarios.output import KINDS, check_file, check_folder, new_files, replacing
from scenarios.reports.report import check_page
from scenarios.runs.stored import read_stored

SIZE = ("--paths", "128", "--years", "2")
SOLVE = ("--lever", "contribution_rate", "--fund", "employee", "--target", "0.5")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        assert fundsim(patch, "run", "ziyang", "--out", out, *SIZE) == 0
    return out


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize(
    "command",
    [
        ("warn", "ziyang", *SIZE),
        ("solve", "ziyang", *SOLVE),
        ("readings", "ziyang", *SIZE),
        ("stress", "ziyang", *SIZE),
        ("sensitivity", "STUDY", "--fund", "resident"),
        ("discover", "STUDY", "--above", "0.5"),
        ("sweep", "STUDY"),
        ("tables", "FINISHED"),
    ],
)
def test_a_run_s_folder_takes_no_other_results(
    command: tuple[str, ...], finished: Path, study: Path, refused: Refused
) -> None:
    before = contents(finished)
    paths = {"STUDY": study, "FINISHED": finished}
    arguments = (paths.get(each, each) for each in command)
    said = refused(*arguments, "--out", finished)
    assert "--out: expected a directory without other results, found metrics.parquet of fundsim run" in said
    assert contents(finished) == before


@pytest.mark.parametrize("command", [("run", "ziyang"), ("compare", "ziyang", "linyi")])
@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_a_run_is_not_written_beside_other_results(
    command: tuple[str, ...], name: str, kind: str, tmp_path: Path, refused: Refused
) -> None:
    if kind == "run":  # as long as its metrics are not a sweep's folder
        (tmp_path / name).mkdir()
        kind = "sweep"
    else:
        (tmp_path / name).touch()
    said = refused(*command, *SIZE, "--out", tmp_path)
    assert f"found {name} of fundsim {kind}" in said
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_a_kind_s_own_folder_is_taken_again(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    check_folder(tmp_path, kind=kind)
    check_folder(tmp_path)


def test_a_command_may_be_repeated_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for paths in (128, 256):
        line = ("warn", "ziyang", "--paths", paths, "--years", "2", "--out", tmp_path)
        assert fundsim(monkeypatch, *line) == 0
        assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["paths"] == paths


@pytest.mark.parametrize(("key", "value"), [("paths", 256), ("years", 3), ("first_year", 2024)])
def test_a_manifest_of_other_figures_is_refused(key: str, value: int, finished: Path, tmp_path: Path) -> None:
    for name, content in contents(finished).items():
        (tmp_path / name).write_bytes(content)
    read_stored(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, key: value}), "utf-8")
    with pytest.raises(InputError, match="says, found 128 paths in the years 2025 to 2026"):
        read_stored(tmp_path)


@pytest.mark.parametrize("right", [os.W_OK, os.X_OK])
def test_a_folder_without_a_right_is_refused(
    right: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & right)  # root may do all
    with pytest.raises(InputError, match="--out: expected a place that can be written"):
        check_folder(tmp_path)
    with pytest.raises(InputError, match="--out: expected a place that can be written"):
        check_page(tmp_path / "page.html")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_folder_whose_rights_go_while_it_is_written_is_refused(number: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--out: could not be written"), new_files(tmp_path):
        raise PermissionError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_no_file_to_write(tmp_path: Path) -> None:
    check_file(tmp_path / "made" / "b.json", "--json")
    with pytest.raises(InputError, match="--json: expected a file to write, found a directory"):
        check_file(tmp_path, "--json")
    (tmp_path / "b.json").mkdir()
    with pytest.raises(InputError, match=r"b\.json: expected a file to replace"), new_files(tmp_path) as new:
        for name in ("a.csv", "b.json", "c.csv"):
            (new / name).touch()
    assert [file.name for file in tmp_path.iterdir()] == ["b.json"]


def test_an_earlier_run_s_files_go_where_this_one_has_none(tmp_path: Path) -> None:
    for name in ("again.csv", "gone.csv", "mine.csv"):
        (tmp_path / name).write_text("old", "utf-8")
    with new_files(tmp_path, ("again.csv", "gone.csv", "never.csv")) as new:
        (new / "again.csv").write_text("new", "utf-8")
    assert contents(tmp_path) == {"again.csv": b"new", "mine.csv": b"old"}


def test_an_interrupt_as_a_temporary_folder_is_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkdir

    def interrupted(*given: Any, **more: Any) -> None:
        make(*given, **more)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", interrupted)
        with pytest.raises(KeyboardInterrupt), replacing(tmp_path) as place:
            (place / "a").touch()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_files_get_their_names_waits_for_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, handler = os.replace, signal.getsignal(signal.SIGINT)

    def interrupted(*given: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        replace(*given)

    (tmp_path / "old").touch()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        patch.setattr("scenarios.output.finished", [])
        with pytest.raises(KeyboardInterrupt), new_files(tmp_path, stale=["old"]) as place:
            (place / "a").touch()
            (place / "b").touch()
        assert output.finished == [tmp_path]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_threads_write_too(tmp_path: Path) -> None:
    def write() -> None:
        with replacing(tmp_path) as place:
            (place / "a").touch()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
