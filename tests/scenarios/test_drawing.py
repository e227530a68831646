"""The picture of a second process: the same files; drawn by the command where that fails; none on error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import make_facts, make_metrics

from scenarios.pictures.plot import Do
from scenarios.runs import drawing
from scenarios.runs.drawing import Drawing, Picture
from sim import threads

HERE, DRAW = os.getpid(), Picture.draw
FILES = ("fan.png", "fan.svg")


@pytest.fixture(scope="module")
def columns():
    table = make_metrics(years=3, paths=100)
    words = {
        name: table[name].to_numpy(object) for name in ("scenario", "fund", "county", "metric", "statistic")
    }
    return words | {name: table[name].to_numpy(float) for name in ("year", "value", "std_error", "n")}


FORKS = pytest.param(True, marks=pytest.mark.skipif(sys.platform != "linux", reason="no fork"))
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # threads of pytest


@pytest.fixture(autouse=True, params=[FORKS, False], ids=["forked", "started"])
def _forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Two cores, and a copy of this process, or a new one."""
    monkeypatch.setattr(threads, "usable_cores", lambda: 2)
    monkeypatch.setattr(drawing, "can_fork", lambda: request.param)
    return request.param


def picture(columns, folder: Path) -> Picture:
    folder.mkdir()
    return Picture(columns, folder / "fan", make_facts(years=3, paths=100), "zh")


def files(folder: Path) -> list[bytes]:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    return [(folder / name).read_bytes() for name in FILES]


def draw_elsewhere(picture: Picture, *do: Do) -> None:
    assert os.getpid() != HERE, "drawn by the command"
    DRAW(picture, *do)


def test_it_draws_what_the_command_would(columns, tmp_path, monkeypatch):
    picture(columns, tmp_path / "here").draw()
    monkeypatch.setattr(Picture, "draw", draw_elsewhere)
    with Drawing() as beside:
        assert beside.process is not None
        with beside.of(picture(columns, tmp_path / "there")):
            pass
        assert beside.process.returncode == 0
    assert files(tmp_path / "there") == files(tmp_path / "here")


def without_one(monkeypatch):
    monkeypatch.setattr(threads, "usable_cores", lambda: 1)


def no_more():
    raise BlockingIOError


def that_is_not_to_be_made(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    monkeypatch.setattr(os, "fork", no_more)


def no_matplotlib():
    raise ImportError


def that_has_no_matplotlib(monkeypatch):
    monkeypatch.setattr(drawing, "START", "raise ImportError({path!r})")
    monkeypatch.setattr(drawing, "serve", no_matplotlib)


@pytest.mark.parametrize("process", [without_one, that_is_not_to_be_made, that_has_no_matplotlib])
def test_the_command_draws_without_a_process_to(process, columns, tmp_path, monkeypatch):
    process(monkeypatch)
    with Drawing() as beside:
        assert (beside.process is None) is (process is not that_has_no_matplotlib)
        with beside.of(picture(columns, tmp_path / "here")):
            assert not list((tmp_path / "here").iterdir())
    assert all(files(tmp_path / "here"))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_meanwhile_ends_the_process(error, columns, tmp_path):
    with Drawing() as beside:
        with pytest.raises(error), beside.of(picture(columns, tmp_path / "out")):
            raise error
        assert beside.process is not None and beside.process.returncode not in (0, None)
    assert not list((tmp_path / "out").iterdir())


def test_a_process_with_nothing_to_draw_ends_with_the_context():
    with Drawing() as beside:
        assert beside.process is not None
    assert beside.process.returncode is not None


def test_a_process_left_alone_ends_by_itself():
    with Drawing() as beside:
        assert beside.process is not None and beside.process.stdin is not None
        beside.process.stdin.close()
        assert beside.process.wait() == 0


def test_chinese_on_a_reader_s_own_figure_has_its_glyphs() -> None:
    """A missing glyph warns, and a warning is an error; a process of its own has nobody else's settings."""
    code = (
        "from matplotlib.figure import Figure; from scenarios.api import Picture; figure = Figure();"
        "figure.subplots().set_title('耗尽概率'); print(len(Picture('own', figure)._repr_png_()))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 1000, done.stderr
