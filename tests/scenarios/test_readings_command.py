"""``fundsim readings``: its figures are those of two runs, idle readings change nothing, refusals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Refused, fundsim
from drawn import make_case

from scenarios.definition.lever import narrowed
from scenarios.definition.scenario import load_scenario
from scenarios.questions import readings_run
from scenarios.questions.effects import BURDEN, DEPLETION, MONTHS, OUTCOMES, Difference, differences, outcomes
from scenarios.questions.readings_report import verdicts
from scenarios.questions.readings_run import ReadingsRequest, decide
from scenarios.rulebook.city import load_city
from scenarios.rulebook.idle import REASONS, effective, idle_instruments, reasons
from scenarios.runs.run import RunRequest
from sim.metrics import metrics_table
from sim.model import FUNDS, Case, Fund
from sim.paths import path_values
from sim.series import ALL
from sim.simulate import simulate

PATHS, YEARS = 300, 6
CITIES = ("taizhou", "yancheng", "ziyang", "linyi", "hangzhou")


@pytest.fixture(scope="module")
def ziyang(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("readings") / "out"
    with pytest.MonkeyPatch.context() as patch:
        size = ("--paths", str(PATHS), "--years", str(YEARS), "--seed", "3")
        assert fundsim(patch, "readings", "ziyang", *size, "--out", str(out)) == 0
    return out


def value_of(table: pd.DataFrame, fund: str, outcome: str) -> float:
    """An outcome in the metrics table of a run."""
    last = (table.year == 2024 + YEARS) & (table.metric == outcome) & (outcome in (DEPLETION, MONTHS))
    whole = table.year.isna() & (table.metric == f"{outcome}:discounted")
    statistic = "probability" if outcome == DEPLETION else "mean"
    rows = table[
        (last | whole) & (table.fund == fund) & (table.county == "*") & (table.statistic == statistic)
    ]
    return float(rows.value.item())


def test_differences_are_those_of_two_runs(ziyang: Path) -> None:
    written = pd.read_csv(ziyang / "readings.csv")
    assert set(written.reading) == {"Z1", "Z2", "Z5", "Z6", "Z7", "Z8", "Z9"} and len(written) == 10 * 2 * 10
    default = metrics_table(simulate(load_scenario("ziyang", years=YEARS).case, paths=PATHS, seed=3), "x")
    for reading, name in (("Z1", "in_full"), ("Z2", "off_revenue"), ("Z9", "july")):
        case = load_scenario("ziyang", years=YEARS, readings={reading: name}).case
        other = metrics_table(simulate(case, paths=PATHS, seed=3), "x")
        rows = written[(written.reading == reading) & (written.name == name)]
        for row in rows.itertuples():
            if row.metric in (DEPLETION, MONTHS, *BURDEN[:5]):
                one, two = (value_of(table, row.fund, row.metric) for table in (default, other))
                assert row.default_value == pytest.approx(one, rel=1e-12), row
                assert row.value == pytest.approx(two, rel=1e-12), row
                assert row.difference == pytest.approx(two - one, rel=1e-9, abs=1e-3), row


def test_combinations_hold_the_singles_and_give_the_shares(ziyang: Path) -> None:
    every = pd.read_csv(ziyang / "combinations.csv")
    axes = ["Z1", "Z2", "Z5", "Z6", "Z7", "Z8", "Z9"]
    assert len(every) == 384 * 2 * 10 and not every.duplicated([*axes, "fund", "metric"]).any()
    singles = pd.read_csv(ziyang / "readings.csv")
    readings = load_city("ziyang").readings
    for single in singles[singles.metric == MONTHS].itertuples():
        at = (every.fund == single.fund) & (every.metric == MONTHS)
        for axis in axes:
            at &= every[axis] == (single.name if axis == single.reading else readings[axis].default)
        assert every[at].difference.item() == single.difference
    shares = pd.read_csv(ziyang / "shares.csv")
    months = every[(every.fund == "resident") & (every.metric == MONTHS)]
    for axis in axes:  # by pandas, from the file
        main = months.groupby(axis).value.mean().var(ddof=0) / months.value.var(ddof=0)
        row = shares[(shares.fund == "resident") & (shares.metric == MONTHS) & (shares.readings == axis)]
        assert row[row.effect == "main"].share.item() == pytest.approx(main, abs=1e-9)
    manifest = json.loads((ziyang / "manifest.json").read_text("utf-8"))["readings"]
    assert manifest["combinations"] == 384 and manifest["runs_of_one_fund"] < 60
    for row in singles.itertuples():  # the threshold that is stated
        base = json.loads((ziyang / "manifest.json").read_text("utf-8"))["base_claims_yuan"][row.fund]
        beyond = {DEPLETION: 0.01, MONTHS: math.inf}.get(row.metric, 0.1 * base)
        large = abs(row.difference) > beyond and abs(row.difference) > 2 * row.std_error
        assert bool(row.decides) == large


def test_standard_errors_are_those_of_pairs() -> None:
    first = {name: np.zeros(4) for name in OUTCOMES} | {DEPLETION: np.array([1.0, 0.0, 0.0, 0.0])}
    other = dict(first) | {
        DEPLETION: np.array([0.0, 1.0, 1.0, 0.0]),
        MONTHS: np.array([1.0, 2.0, 3.0, np.nan]),
        "unfunded": np.array([1e-7, 0.0, 0.0, 0.0]),
    }
    found = {each.outcome: each for each in differences(first, other)}
    """One path leaves, two come: b = 2, c = 1, sqrt(b + c - (b - c)^2 / n) / n."""
    assert found[DEPLETION].std_error == pytest.approx(math.sqrt(3 - 1 / 4) / 4)
    assert found[DEPLETION].difference == 0.25
    assert (found[MONTHS].difference, found[MONTHS].n) == (2.0, 3)
    assert found[MONTHS].std_error == pytest.approx(1 / math.sqrt(3))
    assert found["unfunded"].difference == found["unfunded"].std_error == 0


def test_what_decides() -> None:
    def difference(outcome: str, moved: float, error: float) -> bool:
        return Difference(outcome, 0.0, moved, error, 100).decides(1000.0)

    assert difference(DEPLETION, -0.011, 0.005) and not difference(DEPLETION, 0.009, 0.0001)
    assert not difference(DEPLETION, 0.05, 0.03)
    assert difference("unfunded", 101, 20) and not difference("unfunded", 99, 1)
    assert not difference(MONTHS, 50, 1)


@pytest.mark.parametrize("city", CITIES)
def test_idle_instruments_change_no_figure_of_any_path(city: str) -> None:
    """Every single reading that is said to be unable to show, and the default itself."""
    scenario = load_scenario(city, years=2)
    for at, reading in scenario.city.readings.items():
        for name in reading.names:
            case = load_scenario(city, years=2, readings={at: name}).case
            for fund in FUNDS:
                rules = {fund: effective(case, fund)}
                if rules[fund] != case.rules[fund] and (name != reading.default or at in ("T3", "Z1", "Y2")):
                    alone = narrowed(case, fund, case.first_year + 1)
                    one, two = (
                        path_values(each, ALL, paths=130, seed=1)[1]
                        for each in (alone, alone.model_copy(update={"rules": rules}))
                    )
                    assert one.tobytes() == two.tobytes(), (at, name, fund)


def test_the_year_of_an_enrolment_that_never_changes_cannot_show() -> None:
    case, other = (
        load_scenario("taizhou", readings={"T4": name}).case for name in ("closed_year", "current_enrolment")
    )
    assert case.rules["resident"] != other.rules["resident"]
    assert effective(case, "resident") == effective(other, "resident")
    assert reasons(case.rules["resident"], other.rules["resident"]) == ["constant_enrolment"]


def test_instruments_that_can_show_are_kept() -> None:
    """The made-up city has deficits and arrears; an assessment is turned on."""
    rules = {fund: load_city("ziyang").rules[fund] for fund in FUNDS}
    case = make_case(rules, attributable_part=0.5, excellent_probability=0.9)
    assert idle_instruments(case, "employee") == ["constant_enrolment"]
    assert effective(case, "employee") == rules["employee"]
    off = make_case(rules)
    assert idle_instruments(off, "employee") == ["all_excellent", "no_assessment", "constant_enrolment"]
    assert effective(off, "employee").arrears == rules["employee"].arrears
    other = load_city("ziyang", readings={"Z8": "own_first"}).rules["employee"]
    assert reasons(rules["employee"], other) == ["no_assessment"]
    assert set(reasons(rules["employee"], load_city("taizhou").rules["employee"])) == set(REASONS)


def test_nothing_is_clear_from_a_single_path() -> None:
    first = dict.fromkeys(OUTCOMES, np.zeros(1))
    for each in differences(first, dict.fromkeys(OUTCOMES, np.ones(1))):
        assert (each.difference, each.n) == (1, 1) and np.isnan(each.std_error), each.outcome
        assert not each.decides(1.0)


def test_outcomes_need_one_fund() -> None:
    case: Case = make_case(years=2)
    with pytest.raises(ValueError, match="one fund"):
        outcomes(case, paths=10, seed=1)


def test_a_scenario_s_own_choice_stays_and_too_many_combinations_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = "yancheng"\nreadings.Y5 = "both"\nhorizon_years = 6', "utf-8")
    monkeypatch.setattr(readings_run, "MAX_COMBINATIONS", 8)
    found = decide(ReadingsRequest(RunRequest(str(path), paths=PATHS)))
    assert found.fixed == ("Y5",) and found.varied == ("Y2", "Y3", "Y4") and found.held == ("Y2",)
    assert [len(each.choices) for each in found.combined] == [6, 6]
    said = " ".join(verdicts(found, "en"))
    assert "not varied: Y5" in said and "combinations: Y2" in said
    assert "Y4对结果" in " ".join(verdicts(found, "zh"))
    fund: Fund = "employee"
    again = replace(found, singles=tuple(replace(each, decides=False) for each in found.singles))
    assert fund in found.defaults and "no reading decides" in " ".join(verdicts(again, "en"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ziyan"], ["ziyan", '"ziyang"']),
        (["ziyang", "--weights", "main,minor"], ["--weights", '"minority"']),
        (["hangzhou", "--weights", "minority"], ["readings", "minority"]),
        (["ziyang", "--paths", "0"], ["--paths"]),
    ],
)
def test_a_mistake_ends_with_one_message_and_nothing_written(
    arguments: list[str], words: list[str], tmp_path: Path, refused: Refused
) -> None:
    message = refused("readings", *arguments, "--out", tmp_path / "out")
    assert all(word in message for word in words), message
    assert not (tmp_path / "out").exists()


def test_one_line_runs_all_combinations_and_singly_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ("readings", "linyi", "--paths", "128", "--years", "2")
    assert fundsim(monkeypatch, *small) == 0
    assert "4 combinations" in capsys.readouterr().out
    assert fundsim(monkeypatch, *small, "--singly") == 0
    assert "combinations" not in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_in_chinese_clauses_and_lists_are_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ("--paths", "20", "--years", "4", "--lang", "zh")
    assert fundsim(monkeypatch, "readings", "taizhou", *small, "--singly") == 0
    shown = capsys.readouterr().out
    assert "第13、14、19条" in shown and "Art." not in shown
    assert fundsim(monkeypatch, "readings", "ziyang", *small) == 0
    together = [line for line in capsys.readouterr().out.splitlines() if "×" in line]
    assert any("%、Z" in line for line in together) and not any(", " in line for line in together)


def test_readings_of_borrowed_rules_and_one_that_is_chosen() -> None:
    run = RunRequest("hangzhou", paths=128, years=3, rules="zhejiang", readings={"T3": "citywide"})
    found = decide(ReadingsRequest(run))
    assert found.fixed == ("T3",) and found.varied == ("T4", "T5", "T6", "T7", "T13", "T14")
    layers = found.scenario.case.rules["employee"].settlement.waterfall
    assert any("all_balances" in layer.shares for layer in layers)
