"""``fundsim solve`` as a user meets it: its figures are those of ``run``, its refusals name the place."""

from __future__ import annotations

import doctest
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import Refused, fundsim

from scenarios import question_api
from scenarios.definition.lever import find_lever
from scenarios.definition.scenario import load_base, load_scenario, present
from scenarios.errors import InputError
from scenarios.questions.solve import Solved, SolveRequest, solve
from scenarios.questions.solve_report import findings
from scenarios.runs.run import RunRequest
from sim.metrics import metrics_table
from sim.simulate import simulate

PATHS, BY = 400, 2032
LEVER = "policy.resident.premium_yuan"


def run(text: str, folder: Path) -> pd.DataFrame:
    """The metrics of a scenario over Taizhou, both funds, to the year asked about, on the same paths."""
    (folder / "x.toml").write_text(f'extends = "taizhou"\nhorizon_years = {BY - 2024}\n{text}', "utf-8")
    return metrics_table(simulate(load_scenario(folder / "x.toml").case, paths=PATHS, seed=7), "x")


def probability(table: pd.DataFrame, fund: str) -> float:
    rows = table[(table.fund == fund) & (table.metric == "event:reserve_depletion") & (table.year == BY)]
    return float(rows.value.item())


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Solved, Path]:
    out = tmp_path_factory.mktemp("solve") / "out"
    with pytest.MonkeyPatch.context() as patch:
        arguments = ("--lever", "premium", "--target", "0.1", "--fund", "resident", "--by", str(BY))
        more = ("--paths", str(PATHS), "--seed", "7", "--out", str(out))
        assert fundsim(patch, "solve", "taizhou", *arguments, *more) == 0
    run = RunRequest("taizhou", paths=PATHS, seed=7, threads=1)
    return solve(SolveRequest(run, "premium", 0.1, fund="resident", by=BY)), out


def test_a_run_of_the_answer_has_the_probability_and_the_bill(
    solved: tuple[Solved, Path], tmp_path: Path
) -> None:
    [answer] = solved[0].answers
    assert answer.probability == 0.1 and answer.low < answer.value < answer.high
    for text, burden, chance in (
        ("", solved[0].burdens[0], solved[0].present),
        (f"{LEVER} = {answer.value!r}", solved[0].burdens[1], 0.1),
    ):
        table = run(text, tmp_path)
        assert probability(table, "resident") == chance
        paid = table[(table.fund == "resident") & (table.county == "*") & table.year.isna()]
        for line in ("outlay:county_treasury", "outlay:runoff"):
            rows = paid[paid.metric == f"{line}:discounted"].set_index("statistic")
            for statistic in ("mean", "tvar95"):
                found = burden.yuan[line][statistic]
                assert found == tuple(rows.loc[statistic, ["value", "std_error"]]), (line, statistic)
                assert found[0] > 0


def test_files_hold_all_that_was_tried(solved: tuple[Solved, Path]) -> None:
    found, out = solved
    tried = pd.read_csv(out / "solve.csv")
    assert tried.value.tolist() == [each.value for each in found.solution.tried]
    assert (tried.probability == tried.paths_with_event / PATHS).all()
    inside = (tried.wilson_low <= 0.1) & (tried.wilson_high >= 0.1)
    assert (inside == tried.target_kept.astype(bool)).all()
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    [answer] = manifest["solve"]["answers"]
    assert answer["value"] == found.answers[0].value and manifest["solve"]["present_value"] == 400
    assert manifest["years"] == BY - 2024 and "library/taizhou.toml" in manifest["inputs_sha256"]
    burden = pd.read_csv(out / "burden.csv")
    assert burden.value.isna().sum() == len(burden) / 2
    assert found.runs == len(tried) + 3


def test_levers_stand_where_the_figures_say() -> None:
    base = present(load_base("taizhou"))
    claims = held = 0.0
    for county in load_scenario("taizhou").case.counties:
        assert county.resident is not None
        claims, held = claims + county.resident.base_claims_yuan, held + county.resident.county_balance_yuan
    now = {name: find_lever(base, name, "resident").present for name in ("premium", "subsidy", "pool_share")}
    assert now == {"premium": 400, "subsidy": 736.86, "pool_share": 0.5}
    assert find_lever(base, "reserve_months", "resident").present == pytest.approx(12 * held / claims)
    assert find_lever(base, "surplus_share", "employee").address == "rule.employee.settlement.surplus_to_pool"
    trend = find_lever(base, "trend.employee.claims", None)
    assert (trend.fund, trend.address, trend.present) == ("employee", "trend.employee.claims", 0.0)
    assert find_lever(base, "options.discount_rate", "employee").present == 0.03
    county = find_lever(base, "counties.椒江区.employee.county_balance_yuan", None)
    assert county.present == base.file.counties[0].employee.county_balance_yuan  # type: ignore[union-attr]
    assert find_lever(base, "volatility_factor", "resident").range(None) == (1 / 1.5, 1.5)


def test_a_lever_keeps_the_year_in_which_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "later.toml"
    path.write_text(f'extends = "taizhou"\n{LEVER} = {{ value = 500, from_year = 2030 }}', "utf-8")
    lever = find_lever(present(load_base(path)), "premium", "resident")
    assert (lever.address, lever.present) == (f"{LEVER}.value", 500)


def test_a_target_out_of_reach_says_what_can_be_reached() -> None:
    run = RunRequest("taizhou", paths=PATHS)
    found = solve(SolveRequest(run, "reserve_months", 0.6, fund="employee", by=BY, range=(1.0, 2.0)))
    assert found.answers == () and len(found.burdens) == 1 and len(found.solution.tried) == 9
    for lang, words in (
        ("en", ("Out of reach", "60.0%", "met already")),
        ("zh", ("无法达到", "60.0%", "已经达到")),
    ):
        said = " ".join(findings(found, lang))  # type: ignore[arg-type]
        assert all(each in said for each in words)


def test_a_target_that_the_end_of_the_range_keeps_is_not_ruled_out() -> None:
    """At an end the probability is a little above the target, and its interval holds that."""
    run = RunRequest("taizhou", paths=2000)
    ask = SolveRequest(run, "reserve_months", 0.1, fund="employee", by=BY, range=(1.0, 2.0))
    most = max(each.count for each in solve(ask).solution.tried)
    found = solve(replace(ask, target=(most + 1) / 2000))
    assert found.answers == () and any(each.kept for each in found.solution.tried)
    assert "Not ruled out" in " ".join(findings(found, "en"))
    assert "尚不能排除" in " ".join(findings(found, "zh"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--lever", "premum", "--target", "0.1"], ["--lever", '"premium"']),
        (["--lever", "premium", "--target", "0.1"], ["--fund", "employee or resident"]),
        *(
            (["--lever", name, "--target", "0.1"], ["--lever", "expected one of", "top_up_months, vol"])
            for name in ("first_year", "horizon_years", "paths", "seed")
        ),
        (["--lever", "counties.{x}.y", "--target", "0.1", "--fund", "employee"], ["--lever", "{x}"]),
        (["--lever", "premium", "--target", "0.1", "--fund", "residents"], ["--fund", '"resident"']),
        (["--lever", LEVER, "--target", "0.1", "--fund", "employee"], ["--fund", "resident"]),
        (["--lever", "premium", "--target", "0.1", "--fund", "employee", "--range", "1", "2"], ["financing"]),
        (["--lever", LEVER, "--target", "5"], ["--target", "5"]),
        (["--lever", LEVER, "--target", "1e-320"], ["--target", "from 1e-08 to 0.99999999"]),
        (["--lever", LEVER, "--target", "0.1", "--confidence", "0.9999999999999999"], ["--conf", "0.999999"]),
        (["--lever", LEVER, "--target", "0.1", "--event", "depletion"], ["--event", "reserve_depletion"]),
        (["--lever", LEVER, "--target", "0.1", "--by", "2055"], ["--by", "2054"]),
        (["--lever", LEVER, "--target", "0.1", "--range", "500", "400"], ["--range", "500"]),
        (["--lever", LEVER, "--target", "0.1", "--range", "-5", "400"], ["--lever", "-5"]),
        (["--lever", LEVER, "--target", "0.001", "--paths", "100"], ["--paths", "10,000"]),
        (["--lever", "policy.resident.premum_yuan", "--target", "0.1"], ["premum_yuan", "premium_yuan"]),
        (["--lever", "shocks.response.9", "--target", "0.1", "--fund", "resident"], ["1 to 2"]),
        (["--lever", "trend.employee.claims", "--target", "0.1"], ["--range", "LOW HIGH"]),
        (
            ["--lever", "surplus_share", "--target", "0.1", "--fund", "resident", "--confidence", "1"],
            ["--conf"],
        ),
    ],
)
def test_a_mistake_ends_with_one_message_and_nothing_written(
    more: list[str], words: list[str], tmp_path: Path, refused: Refused
) -> None:
    message = refused("solve", "taizhou", *more, "--out", tmp_path / "out")
    assert all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(question_api) == (0, 4)


def test_a_request_from_python_is_refused_likewise() -> None:
    with pytest.raises(InputError, match="--target"):
        solve(SolveRequest(RunRequest("taizhou"), "premium", 1.0, fund="resident"))


def test_an_interrupt_ends_soon_and_says_so(tmp_path: Path) -> None:
    arguments = ["solve", "taizhou", "--lever", "premium", "--fund", "resident", "--target", "0.1"]
    arguments += ["--paths", "20000000", "--out", str(tmp_path / "out")]
    child = subprocess.Popen(
        [sys.executable, "-m", "scenarios", *arguments], stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    child.stderr.readline()  # the kernels are being made ready
    time.sleep(0.3)  # into the kernels
    child.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130 and time.monotonic() - sent < 10  # of minutes
    assert "interrupted, nothing written" in errors and "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_other_rules_and_readings_hold_for_every_value() -> None:
    """As ``run`` under the same choice: the probability at the present value."""
    chosen: dict[str, Any] = {"rules": "zhejiang", "readings": {"T3": "citywide"}}
    size = {"paths": PATHS, "seed": 2}
    run = RunRequest("hangzhou", **size, **chosen)
    found = solve(SolveRequest(run, "claims", 0.2, "treasury_call", "employee", by=2034))
    case = load_scenario("hangzhou", years=10, **chosen).case
    table = metrics_table(simulate(case, **size), "x")
    rows = table[(table.fund == "employee") & (table.metric == "event:treasury_call")]
    assert found.present == rows[rows.year == 2034].value.item() > 0
    assert found.question.at(found.answers[0].value).rules["employee"] == case.rules["employee"]


@pytest.mark.parametrize("page", ["solve.md", "solve.zh.md"])
def test_the_second_example_of_the_page_has_the_answer_stated(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text("utf-8")
    [example] = [line.split() for line in text.splitlines() if "fundsim solve taizhou --lever rule." in line]
    assert example[-2] == "--out"
    assert fundsim(monkeypatch, *example[1:-1], tmp_path / "out") == 0
    [answer] = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["solve"]["answers"]
    assert all(f"{value:.3f}" in text for value in (answer["value"], *answer["interval"]))
