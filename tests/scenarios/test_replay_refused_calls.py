"""Figures that are none, and names, readings and paths that cannot be: refused, and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from replay_data_directory import Command, add, check_refused, gone, make, swap, swap_all, text, whole

O, M, A = "opening.csv", "monthly.csv", "annual.csv"  # noqa: E741
FIRST = "employee,A,2022,1,84000.00"
NOT_NUMBERS = (
    *(
        "",
        "abc",
        "nan",
        "NaN",
        "-nan",
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "1 000",
        "1_000",
        "0x10",
        "1e",
        ".",
    ),
    *(
        "１２",
        "一百",
        "¥100",
        "100元",
        "1.2.3",
        "--1",
        "+-1",
        "1/2",
        "=1+1",
        "١٢",
        "−5",
        "∞",
        "1e5.5",
        "%",
        "-",
    ),
)
NEGATIVE = ("-1", "-0.01", "-1e-300", "-1e300")
REFUSED_FIGURES = [
    *((bad, f"expected a number such as 1234.56, found '{bad}'") for bad in NOT_NUMBERS),
    *((bad, f"expected a number that is not negative, found '{bad}'") for bad in NEGATIVE),
]


@pytest.mark.parametrize(("bad", "words"), REFUSED_FIGURES, ids=[repr(bad) for bad, _ in REFUSED_FIGURES])
@pytest.mark.parametrize(
    ("file", "old", "place"),
    [
        (M, f"{FIRST},", "row 2, column contributions"),
        (O, "employee,B,base_claims,600000.0\n", "row 8, column amount"),
    ],
    ids=[M, O],
)
def test_a_figure_that_is_none_is_refused(
    file: str, old: str, place: str, bad: str, words: str, tmp_path: Path, fundsim: Command
) -> None:
    """Empty, words, NaN, infinite or too large, separators, other scripts, negative."""
    data, out = make(tmp_path / "data"), tmp_path / "out"
    last = re.split(",|\n", old)[-2]
    swap(old, old.replace(last, bad))(data / file)
    check_refused(fundsim.replay("taizhou", data, out), out, data / file, place, words)


@pytest.mark.parametrize("figure", ["1,000", "12,34"])
def test_a_separator_of_thousands_is_refused(figure: str, tmp_path: Path, fundsim: Command) -> None:
    """Quoted it is no number; unquoted it is one cell too many."""
    data, out = make(tmp_path / "data"), tmp_path / "out"
    for cell, place, words in (
        (f'"{figure}"', "row 2, column contributions", f"found '{figure}'"),
        (figure, "row 2", "expected 6 cells, found 7"),
    ):
        make(data)
        swap(FIRST, f"employee,A,2022,1,{cell}")(data / M)
        check_refused(fundsim.replay("taizhou", data, out), out, data / M, place, words)


@pytest.mark.parametrize("size", ["1e308", "1.7e308", "9e307"])
def test_figures_too_large_to_add_up_are_refused(size: str, tmp_path: Path, fundsim: Command) -> None:
    """No fund on earth is that large: never nan or inf in the results."""
    data, out = make(tmp_path / "data"), tmp_path / "out"
    head, *rows = text(data / M).splitlines()
    large = [",".join([*row.split(",")[:4], size, size]) for row in rows]
    whole("\n".join([head, *large]))(data / M)
    ended = fundsim.replay("taizhou", data, out)
    check_refused(ended, out, data / M, "row 2, column contributions", f"found '{size}'")


def test_an_enrolment_too_large_to_add_up_is_refused(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    for size in ("1200", "600", "360"):
        swap_all(f",{size},", ",1e308,")(data / A)
    check_refused(
        fundsim.replay("taizhou", data, out), out, data / A, "row 2, column enrolment", "found '1e308'"
    )


def test_minus_nought_is_written_as_nought(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    swap("employee,A,county_balance,240000.0", "employee,A,county_balance,-0")(data / O)
    assert fundsim.replay("taizhou", data, out).status == 0
    assert "-0.0" not in (out / "balances.csv").read_text()


@pytest.mark.parametrize(
    ("city", "more", "start"),
    [
        ("taizho", [], 'did you mean "taizhou"?'),
        ("Taizhou", [], 'did you mean "taizhou"?'),
        ("nowhere.toml", [], "nowhere.toml: "),
        ("", [], ": "),
        (".", [], ".: "),
        ("taizhou", ["--reading", "T5=after"], 'readings.T5: "after" is unknown'),
        ("taizhou", ["--reading", "Z1=twenty"], 'readings.Z1: "Z1" is unknown'),
        ("taizhou", ["--reading", "T5"], "--reading: T5: expected ID=VALUE"),
        ("taizhou", ["--reading", "T5="], "--reading: T5=: expected ID=VALUE"),
        ("taizhou", ["--reading", "=x"], "--reading: =x: expected ID=VALUE"),
        ("taizhou", ["--reading", "T5=after_pool", "--reading", "T5=whole_gap"], "--reading: T5=whole_gap: "),
        ("taizhou", ["--template", "nothing"], "taizhou.toml: template: "),
    ],
)
def test_an_unknown_city_reading_or_template_is_refused(
    city: str, more: list[str], start: str, tmp_path: Path, fundsim: Command
) -> None:
    out = tmp_path / "out"
    ended = fundsim.replay(city, make(tmp_path / "data"), out, more)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("fundsim: ") and start in ended.err and ended.err.count("\n") == 1
    assert not out.exists()


def test_a_data_directory_that_is_none_is_refused(tmp_path: Path, fundsim: Command) -> None:
    out, file = tmp_path / "out", make(tmp_path / "data") / M
    for data, found in ((tmp_path / "nowhere", "none"), (file, "a file")):
        ended = fundsim.replay("taizhou", data, out)
        words = f"expected a directory with opening.csv and monthly.csv, found {found}\n"
        check_refused(ended, out, data, "", words)


def test_an_out_path_that_is_a_file_or_lies_under_one_is_refused(tmp_path: Path, fundsim: Command) -> None:
    """The file stays as it was."""
    data, file = make(tmp_path / "data"), tmp_path / "mine.txt"
    file.write_text("mine")
    for out in (file, file / "below", file / "far" / "below"):
        ended = fundsim.replay("taizhou", data, out)
        assert (ended.status, ended.out) == (2, "")
        assert ended.err == f"fundsim: {out}: --out: expected a directory, and {file} is a file\n"
    assert file.read_text() == "mine"


def test_a_refusal_leaves_earlier_results_alone(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    assert fundsim.replay("taizhou", data, out).status == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    gone(data / M)
    assert fundsim.replay("taizhou", data, out).status == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_line_separator_inside_a_name_does_not_end_its_row(tmp_path: Path, fundsim: Command) -> None:
    """Rows end at line breaks of CSV and nowhere else."""
    for name in ("A\u2028B", "A\x85B", "A\x0bB"):
        data, out = make(tmp_path / "data"), tmp_path / "out"
        for path in data.iterdir():
            swap_all(",A,", f",{name},")(path)
        ended = fundsim.replay("taizhou", data, out)
        assert ended.status == 0, ended.err


def test_a_long_name_is_not_repeated_in_full(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    add(f"employee,{'x' * 5000},opening_deficit,1")(data / O)
    ended = fundsim.replay("taizhou", data, out)
    assert ended.status == 2 and len(ended.err) < 1000


@pytest.mark.parametrize("which", ["city", "data", "out"])
def test_a_path_too_long_for_the_system_is_refused(which: str, tmp_path: Path, fundsim: Command) -> None:
    words = {"city": "taizhou", "data": str(make(tmp_path / "data")), "out": str(tmp_path / "out")}
    words[which] = "x" * 5000
    ended = fundsim("replay", words["city"], words["data"], "--out", words["out"])
    assert ended.status == 2 and ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_optional_file_that_is_a_broken_link_is_refused(tmp_path: Path, fundsim: Command) -> None:
    """It was meant to be there: leaving it out would change the results."""
    data, out = make(tmp_path / "data", "hangzhou"), tmp_path / "out"
    gone(data / A)
    (data / A).symlink_to(tmp_path / "nowhere.csv")
    check_refused(fundsim.replay("hangzhou", data, out), out, data / A, "", "expected a file, found none")


def test_an_out_path_that_is_a_broken_link_is_refused(tmp_path: Path, fundsim: Command) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    out.symlink_to(tmp_path / "nowhere" / "far")
    check_refused(fundsim.replay("taizhou", data, out), out, out, "--out", "expected a directory")


@pytest.mark.parametrize("name", ["balances.csv", "ledger.csv"])
def test_results_are_replaced_all_or_none(name: str, tmp_path: Path, fundsim: Command) -> None:
    """Where a result's name is taken by a directory, the other results are not written either."""
    data, out = make(tmp_path / "data"), tmp_path / "out"
    (out / name).mkdir(parents=True)
    assert fundsim.replay("taizhou", data, out).status == 2
    assert [path.name for path in out.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Annual.csv", 'did you mean "annual.csv"?'),
        ("opening (1).csv", 'did you mean "opening.csv"?'),
        ("2023.CSV", "(opening.csv, monthly.csv, annual.csv, counties.csv)"),
    ],
)
def test_a_table_that_would_not_be_read_is_refused(
    name: str, words: str, tmp_path: Path, fundsim: Command
) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    (data / name).write_text("", "utf-8")
    check_refused(fundsim.replay("taizhou", data, out), out, data / name, "", words)


def test_other_files_and_what_a_replay_wrote_may_lie_there(tmp_path: Path, fundsim: Command) -> None:
    data = make(tmp_path / "data")
    for name in ("notes.txt", "~$annual.csv", ".annual.csv"):
        (data / name).write_text("", "utf-8")
    assert [fundsim.replay("taizhou", data, data).status for _ in range(2)] == [0, 0]
