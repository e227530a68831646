"""Timing in turn, result files, their comparison, and the page made from one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import results
from benchmarks.measure import Entry, from_straight_line, interleaved, record, records, summary
from benchmarks.page import PAGES, fill_in
from benchmarks.results import compare, fault, read_result
from benchmarks.sections import Settings
from scenarios.errors import InputError

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = DOCS / "benchmarks.json"


def result(*speeds: tuple[str, list[float]], unit: str = "Mcfm/s") -> dict[str, Any]:
    """A result of one section."""
    made = [record("workload", name, unit, samples) for name, samples in speeds]
    return {"schema": 1, "machine": {"processor": "x"}, "settings": {"rounds": 3}, "records": made}


def test_entries_run_in_turn_and_the_order_turns_round() -> None:
    order: list[str] = []
    entries = [Entry(name, lambda _, name=name: order.append(name), 1, size=1) for name in "abc"]  # type: ignore[misc]
    interleaved(entries, rounds=3)
    assert "".join(order[3:]) == "abc" + "cba" + "abc"


def test_a_ratio_is_formed_within_each_round() -> None:
    """The machine halves its speed in the second and third round: the ratio does not see it."""
    made = records("workload", {"fast": [100, 50, 50], "slow": [10, 5, 5]}, "fast")
    assert made[1]["ratio"] == {"reference": "fast", "low": 10, "median": 10, "high": 10}
    assert made[0]["ratio"]["median"] == 1


def test_the_distance_from_a_straight_line() -> None:
    """Of three points the middle one is as far above the line as the others, by their own size, are below."""
    assert from_straight_line([1, 10, 100], [3 + 1, 3 + 10, 3 + 100]) == pytest.approx(0, abs=1e-9)
    assert from_straight_line([1, 2, 3], [1, 2 * 1.5, 3]) == pytest.approx(0.2)  # 1.2, 2.4, 3.6 and 1.2 n


def test_a_record_has_four_digits() -> None:
    assert record("x", "a", "s", [1.23456, 2.34567])["samples"] == [1.235, 2.346]
    assert records("x", {"a": [1.23456]}, None)[0]["samples"] == [1.235]


def test_quartiles() -> None:
    assert summary([5, 1, 2, 3, 4]) == {"low": 2, "median": 3, "high": 4}


def test_comparison_calls_a_difference_only_what_exceeds_the_spread() -> None:
    before = result(("a", [10, 10.1, 9.9]), ("b", [10, 20, 30]), ("gone", [1, 1, 1]))
    after = result(("a", [12, 12.1, 11.9]), ("b", [12, 22, 32]), ("new", [1, 1, 1]))
    rows = {row[1]: row[4:] for row in compare(before, after)}
    assert rows == {"a": ("1.20", "faster"), "b": ("1.10", "within spread")}
    assert compare(after, before)[0][4:] == ("0.83", "slower")


def test_fewer_seconds_are_faster_and_fewer_of_anything_else_are_less() -> None:
    for unit, verdict in (("s", "faster"), ("MB", "less"), ("%", "less")):
        rows = compare(result(("a", [4, 4, 4]), unit=unit), result(("a", [2, 2, 2]), unit=unit))
        assert rows[0][4:] == ("0.50", verdict)
        rows = compare(result(("a", [2, 2, 2]), unit=unit), result(("a", [4, 4, 4]), unit=unit))
        assert rows[0][4:] == ("2.00", {"faster": "slower", "less": "more"}[verdict])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda r: r.update(schema=2), "schema"),
        (lambda r: r.update(machine={}), "machine"),
        (lambda r: r["records"][0].pop("unit"), "records[0]"),
        (lambda r: r["records"][1].update(median=0.0), "records[1]"),
        (lambda r: r.update(records=[]), "records[0]"),
    ],
)
def test_a_file_of_another_form_is_refused(change: Any, place: str, tmp_path: Path) -> None:
    made = result(("a", [1, 2, 3]), ("b", [1, 2, 3]))
    assert fault(made) is None
    change(made)
    file = tmp_path / "result.json"
    file.write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(InputError, match="result file") as refused:
        read_result(file)
    assert refused.value.place == place


def test_compare_prints_a_markdown_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, speed in (("before", 1.0), ("after", 2.0)):
        (tmp_path / name).write_text(json.dumps(result(("a", [speed] * 3))), encoding="utf-8")
    command.compare_files(tmp_path / "before", tmp_path / "after")
    assert "| workload | a | 1 | 2 Mcfm/s | 2.00 | faster |" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_hold_the_numbers_of_the_published_result(page: str) -> None:
    text, published = (DOCS / page).read_text(encoding="utf-8"), read_result(PUBLISHED)
    assert fill_in(text, published, PAGES[page]) == text
    other = copy.deepcopy(published)
    other["records"][0]["median"] += 1e6
    assert fill_in(text, other, PAGES[page]) != text


def test_the_published_result_has_every_section() -> None:
    published = read_result(PUBLISHED)
    sections = {entry["section"] for entry in published["records"]}
    assert {"kernels", "workload", "threads", "cities", "cold start", "memory"} <= sections
    names = {entry["name"] for entry in published["records"] if entry["section"] == "workload"}
    assert {"fundsim", "fundsim, whole model", "C++", "NumPy", "naive numba"} <= names
    assert published["machine"]["flags"] and published["machine"]["packages"]["numba"]


def test_a_section_that_fails_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(section: str, *_: object) -> dict[str, Any]:
        if section == "cities":
            raise RuntimeError("no such city\nand a long tale")
        made = [record(section, "one", "s", [1.0, 2.0, 3.0])]
        return {"records": made, "missing": {f"peer of {section}": "not installed"}}

    monkeypatch.setattr(results, "measured", measured)
    out = tmp_path / "benchmarks.json"
    with pytest.raises(SystemExit) as ended:
        command.app(["run", "--out", str(out), *"--only memory --only cities --only scaling".split()])
    assert ended.value.code == 1
    kept = read_result(out)
    assert [entry["section"] for entry in kept["records"]] == ["memory", "scaling"]
    assert kept["missing"] == {
        "peer of memory": "not installed",
        "cities": "failed: no such city",
        "peer of scaling": "not installed",
    }
    assert "and a long tale" in capsys.readouterr().err


def test_a_folder_in_the_place_of_the_result_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "measure_all", lambda *_: pytest.fail("measured"))
    with pytest.raises(InputError, match="expected a file to write, found a directory"):
        command.run(tmp_path)


@pytest.mark.slow  # starts the program cold, once with all to be translated
def test_cold_starts_and_memory_are_measured_from_outside() -> None:
    settings = Settings(small=True)
    (cold, warm, first, changed, shown) = results.measured("cold_start", settings, lambda _: None)["records"]
    assert shown["median"] < warm["median"] < changed["median"]
    assert min(cold["median"], first["median"], changed["median"]) > 0.5
    few, many = results.measured("memory", settings, lambda _: None)["records"]
    assert 50 < few["median"] < 1000 and many["median"] < 1.5 * few["median"]
