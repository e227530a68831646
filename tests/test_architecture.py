"""ARCHITECTURE.md names every source file of the rooms exactly once, and no file that is not there; kernels
are read from the end."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("sim", "scenarios", "tests", "notebooks", "benchmarks", "docs")
SUFFIXES = (".py", ".toml", ".md", ".ipynb")
"""Tables of figures and pictures are listed where they lie."""
ROW = re.compile(r"^\| `([^`]+)` \| (.*\S) \|$", re.MULTILINE)


def named() -> list[str]:
    """Files of the tables whose head is ``| file | what it holds |``, in order."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    tables = re.findall(r"^\| file \| what it holds \|\n(?:\|.*\n?)+", text, re.MULTILINE)
    return [file for table in tables for file, _ in ROW.findall(table)]


def sources() -> set[str]:
    """Source files of the rooms: those that git tracks, or without git those that are there."""
    files = tracked()
    if files is None:
        files = [
            path.relative_to(ROOT).as_posix()
            for room in ROOMS
            for path in (ROOT / room).rglob("*")
            if not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
        ]
    return {
        file
        for file in files
        if file.split("/")[0] in ROOMS and file.endswith(SUFFIXES) and (ROOT / file).is_file()
    }


def tracked() -> list[str] | None:
    """What git tracks; None where this is no checkout, or git does not answer."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return None
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    return listed.stdout.decode().split("\0") if listed.returncode == 0 else None


def test_every_source_file_is_named() -> None:
    assert sorted(sources() - set(named())) == []


def test_no_file_is_named_twice() -> None:
    assert [file for file, times in Counter(named()).items() if times > 1] == []


def test_every_file_named_exists_in_a_room() -> None:
    files = named()
    assert len(files) > 50  # the tables were found
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert [file for file in files if file.split("/")[0] not in ROOMS] == []


@pytest.mark.parametrize("path", sorted((ROOT / "sim" / "kernels").glob("*.py")), ids=lambda path: path.name)
def test_kernels_are_read_from_the_end(path: Path) -> None:
    """What calls stands below what it calls, as the package's docstring says."""
    functions = [
        each for each in ast.parse(path.read_text("utf-8")).body if isinstance(each, ast.FunctionDef)
    ]
    names = [each.name for each in functions]
    for at, function in enumerate(functions):
        called = {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
        assert not called & set(names[at + 1 :]), function.name
