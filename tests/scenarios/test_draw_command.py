"""``fundsim draw`` and ``explain --diagram`` as a user meets them: files, mistakes, the same bytes again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import Refused, fundsim
from pictured import facts_of, make_comparison, make_table

from scenarios import cli
from scenarios.pictures.draw import pictures
from scenarios.pictures.sheet import drawing, save
from scenarios.runs.stored import read_stored


def store(folder: Path, table: Any, manifest: Any) -> Path:
    folder.mkdir()
    table.to_parquet(folder / "metrics.parquet")
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One fund, one county, two years."""
    table = make_table(funds=("resident",), years=2, counties=("临海市",), drift=(-0.1,))
    return store(tmp_path / "small", table, {**facts_of(table), "gains": []})


def test_every_picture_of_a_run_is_drawn(small: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    out = tmp_path / "nested" / "out"
    assert fundsim(monkeypatch, "draw", small, "--out", out, "--lang", "zh", "--format", "svg") == 0
    names = {
        *("depletion.svg", "payers.svg", "months_of_capacity.svg"),
        *("depletion_year.svg", "counties_resident.svg", "transfers.svg"),
    }
    assert {path.name for path in out.iterdir()} == names
    assert sorted(capsys.readouterr().out.split()) == sorted(str(out / name) for name in names)


def test_what_a_run_does_not_hold_is_named_not_drawn(
    small: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    table = make_table(funds=("resident",), years=2)
    event = table[table["metric"].str.startswith("event:reserve")]
    rare = store(tmp_path / "rare", event, {**facts_of(table), "event": "reserve_depletion"})
    assert fundsim(monkeypatch, "draw", rare, "--out", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["depletion.png"]
    assert "Not drawn: months_of_capacity" in capsys.readouterr().out


def test_a_comparison_is_drawn_together_and_one_by_one(tmp_path: Path, monkeypatch) -> None:
    from scenarios.pictures import draw

    made = []
    monkeypatch.setattr("scenarios.pictures.sheet.save", lambda figure, path: made.append(path.name))
    _, table, facts = make_comparison()
    several = store(tmp_path / "several", table, {"scenarios": facts})
    draw.draw(several, tmp_path / "out", "en", "pdf")
    together = {"depletion.pdf", "payers.pdf", "comparison.pdf"}
    assert together <= set(made)
    ends = ("as_written", "每县自保", "full_pooling")
    assert {f"months_of_capacity_{end}.pdf" for end in ends} <= set(made)
    assert len(made) == len(set(made)) == 3 + 3 * 5


def test_scenarios_that_files_would_call_the_same_have_pictures_of_their_own(tmp_path: Path) -> None:
    tables = [make_table(name) for name in ("方案 1", "方案+1", "Plan", "plan")]
    several = store(
        tmp_path / "several", pd.concat(tables), {"scenarios": [facts_of(table) for table in tables]}
    )
    names = [picture.name for picture in pictures(read_stored(several), "en")]
    fans = [f"months_of_capacity_{end}" for end in ("方案_1", "方案_1_2", "Plan", "plan_2")]
    assert [name for name in names if name.startswith("months")] == fans
    assert len({name.lower() for name in names}) == len(names)


DRAWN_APART = """
import sys
from pathlib import Path
from scenarios.pictures.draw import pictures
from scenarios.pictures.sheet import drawing, save
from scenarios.runs.stored import read_stored
with drawing():
    payers = next(each for each in pictures(read_stored(Path(sys.argv[1])), "zh") if each.name == "payers")
    for file in sys.argv[2:]:
        save(payers.make(), Path(file))
"""


def test_the_same_bytes_again(small: Path, tmp_path: Path) -> None:
    with drawing():
        payers = next(each for each in pictures(read_stored(small), "en") if each.name == "payers")
        assert payers.make is not None
        for kind in ("png", "pdf", "svg"):
            for name in "ab":
                save(payers.make(), tmp_path / f"{name}.{kind}")
            first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
            assert first == second, kind
            assert b"CreationDate" not in first


@pytest.mark.slow
def test_the_same_bytes_from_another_process(small: Path, tmp_path: Path) -> None:
    """The solver of layouts goes by addresses of objects, which differ from process to process."""
    files = [tmp_path / f"{name}.{kind}" for kind in ("pdf", "svg") for name in "ab"]
    for seed, some in (("1", files[::2]), ("2", files[1::2])):
        environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", DRAWN_APART, str(small), *map(str, some)]
        subprocess.run(command, check=True, env=environment)
    for first, second in zip(files[::2], files[1::2], strict=True):
        assert first.read_bytes() == second.read_bytes(), first.suffix


def test_a_directory_without_results_is_refused(small: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "out"

    def said(folder: Path) -> str:
        return refused("draw", folder, "--out", out)

    assert f"{tmp_path / 'smal'}: expected the directory" in (words := said(tmp_path / "smal"))
    assert 'did you mean "small"?' in words
    assert "found a file" in said(small / "manifest.json")
    manifest = json.loads((small / "manifest.json").read_text("utf-8"))
    for damaged, place in (
        ("{", "manifest.json: line 1: expected JSON"),
        ("[]", "manifest.json: expected a table of keys"),
        (json.dumps({**manifest, "paths": "many"}), "manifest.json: paths: "),
        (json.dumps({key: manifest[key] for key in manifest if key != "seed"}), "seed: is needed"),
        (json.dumps({**manifest, "scenario": "other"}), "expected rows of other"),
        (json.dumps({"scenarios": []}), "scenarios: expected a list"),
    ):
        (small / "manifest.json").write_text(damaged, "utf-8")
        assert place in said(small)
    (small / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    make_table(years=1).drop(columns="n").to_parquet(small / "metrics.parquet")
    assert "metrics.parquet: column n: is needed" in said(small)
    (small / "metrics.parquet").write_text("no table")
    assert "expected a Parquet file" in said(small)
    (small / "metrics.parquet").unlink()
    assert "metrics.parquet: expected a file" in said(small)
    (small / "ledger.csv").write_text("")
    assert "found a replay's" in said(small)
    assert not out.exists()


def test_the_diagram_is_written_in_the_format_of_its_name(tmp_path: Path, monkeypatch, capsys) -> None:
    heads = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for kind, head in heads.items():
        file = tmp_path / "made" / f"rules.{kind}"
        assert fundsim(monkeypatch, "explain", "linyi", "--lang", "zh", "--diagram", file) == 0
        assert file.read_bytes().startswith(head)
        assert str(file) in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        f"rules.{kind}" for kind in sorted(heads)
    ]


def test_a_diagram_of_another_suffix_is_refused(tmp_path: Path, refused: Refused) -> None:
    said = refused("explain", "linyi", "--diagram", tmp_path / "rules.pgn")
    assert "expected a name that ends in .png, .svg or .pdf" in said
    assert 'did you mean "rules.png"?' in said
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    said = refused("explain", "linyi", "--diagram", tmp_path / "file" / "rules.png")
    assert "--diagram: expected a directory" in said
    said = refused("explain", "linyi", "--diagram", "/proc/none/rules.png")
    assert "/proc/none: --diagram: expected a" in said  # one that can be made, or a place that can be written


def test_a_failed_drawing_leaves_nothing(small: Path, tmp_path: Path, monkeypatch) -> None:
    from scenarios.pictures import draw, payers

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(payers, "payers_figure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw.draw(small, tmp_path / "nested" / "out", "en", "png")
    assert not (tmp_path / "nested").exists()
