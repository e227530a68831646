"""The notebooks: stored without output, the public interface alone, and every cell runs in turn."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
ALLOWED = {"IPython", "math", "matplotlib", "numpy", "pandas", "pathlib", "scenarios", "scipy", "tempfile"}
FEW_PATHS = 256


def _cells(name: str) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads((FOLDER / name).read_text("utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def _code(name: str) -> list[str]:
    return [cell["source"] for cell in _cells(name) if cell["cell_type"] == "code"]


def test_there_are_some() -> None:
    assert len(NOTEBOOKS) >= 5


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_is_stored(name: str) -> None:
    code = [cell for cell in _cells(name) if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_only_the_public_interface_is_used(name: str) -> None:
    for source in _code(name):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= ALLOWED - {"scenarios"}
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                assert node.module.partition(".")[0] in ALLOWED
                if node.module.startswith("scenarios"):
                    assert (node.module, [alias.name for alias in node.names]) == ("scenarios", ["api"])


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_cell_runs(name: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a notebook would, on fewer paths; a cell's last value is shown, as a reader would see it."""
    monkeypatch.chdir(FOLDER)
    shown: list[object] = []
    space: dict[str, Any] = {"display": lambda *values: shown.extend(values)}
    for source in _code(name):
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), space)
        if "paths" in space:
            space["paths"] = min(space["paths"], FEW_PATHS)
        if "lang" in space:
            space["lang"] = lang
        if last is not None:
            assert isinstance(last, ast.Expr)
            shown.append(eval(compile(ast.Expression(last.value), name, "eval"), space))
    said = [value.data for value in shown if type(value).__name__ == "Markdown"]  # type: ignore[attr-defined]
    assert said, "a notebook says what its numbers come to"
    chinese = sum("一" <= char <= "鿿" for text in said for char in text)
    assert chinese > 20 or lang == "en"
    for value in shown:
        if hasattr(value, "_repr_png_"):
            assert value._repr_png_()[:4] == b"\x89PNG"


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_as_a_notebook_within_two_minutes(name: str) -> None:
    """In a kernel of its own, at full size."""
    from papermill import execute_notebook

    options = {"cwd": str(FOLDER), "progress_bar": False, "kernel_name": "python3", "execution_timeout": 120}
    done = execute_notebook(str(FOLDER / name), None, **options)
    assert done.metadata["papermill"]["duration"] < 120
