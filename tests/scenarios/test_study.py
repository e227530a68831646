"""Study files: what varies, in which order, under which ids; extends and addresses."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from small_study import Write

from scenarios.definition.scenario import load_scenario
from scenarios.definition.study import ReadingsWanted, load_study, reading_choices
from scenarios.definition.variation import parse_variation


def test_extends_lays_tables_over_the_other_s(write: Write) -> None:
    path = write(
        """
        extends = "taizhou"
        horizon_years = 5
        funds.employee.growth.claims = 0.05
        shocks.epidemic.probability = 0.1
        counties."椒江区".employee.county_balance_yuan = 5e8
        """
    )
    base, scenario = load_scenario("taizhou"), load_scenario(path)
    assert scenario.name == "study"
    assert scenario.title["en"] == f"study: {base.title['en']}"
    assert scenario.files == (path, base.path)
    case = scenario.case
    assert case.years == 5
    assert case.funds["employee"].growth.claims == 0.05
    assert case.funds["employee"].growth.contributions == base.case.funds["employee"].growth.contributions
    assert case.shocks.epidemic.probability == 0.1
    assert case.shocks.city_volatility == base.case.shocks.city_volatility
    changed = [c.name for c, old in zip(case.counties, base.case.counties, strict=True) if c != old]
    assert changed == ["椒江区"]


def test_extends_goes_through_files_and_finds_rules_from_each_folder(write: Write, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    rules = (Path(load_scenario("taizhou").city.path)).read_text("utf-8")
    write(rules, "below/own.toml")
    write('extends = "linyi"\ncity = "own.toml"\nseed = 7', "below/middle.toml")
    scenario = load_scenario(write('extends = "below/middle.toml"\npaths = 9'))
    assert (scenario.file.seed, scenario.file.paths) == (7, 9)
    assert scenario.city.path == tmp_path / "below" / "own.toml"
    assert [path.name for path in scenario.files] == ["study.toml", "middle.toml", "linyi.toml"]


def test_other_rules_leave_readings_behind(write: Write) -> None:
    write('extends = "taizhou"\nreadings.T5 = "after_pool"', "read.toml")
    assert load_scenario(write('extends = "read.toml"')).city.chosen["T5"] == "after_pool"
    assert "T5" not in load_scenario(write('extends = "read.toml"\nrules = "linyi"')).city.chosen


def test_id_depends_on_content_alone(write: Write) -> None:
    plain = load_scenario("taizhou")
    same = load_scenario(write('extends = "taizhou"\nname = "x"\npaths = 5\nseed = 6'))
    other = load_scenario(write('extends = "taizhou"\nconstants.options.discount_rate = 0.04'))
    assert plain.id == same.id != other.id


def test_rule_parameters_can_be_set(write: Write) -> None:
    path = write(
        """
        extends = "taizhou"
        rule.both.settlement.surplus_to_pool = 0.25
        rule.employee.settlement.waterfall.pool = 0.9
        """
    )
    rules, old = load_scenario(path).case.rules, load_scenario("taizhou").case.rules
    assert {fund.settlement.surplus_to_pool for fund in rules.values()} == {0.25}
    shared = [
        (new.shares, layer.shares)
        for new, layer in zip(
            rules["employee"].settlement.waterfall, old["employee"].settlement.waterfall, strict=True
        )
        if new != layer
    ]
    [(new_shares, old_shares)] = shared
    assert new_shares["pool"] == 0.9
    rest = {name: part for name, part in old_shares.items() if name != "pool"}
    assert {name: new_shares[name] for name in rest} == pytest.approx(
        {name: 0.1 * part / sum(rest.values()) for name, part in rest.items()}
    )
    assert rules["resident"].settlement.waterfall == old["resident"].settlement.waterfall


def test_policies_meet_futures_in_order(write: Write) -> None:
    study = load_study(
        write(
            """
            extends = ["taizhou", "linyi"]
            horizon_years = 5
            [levers]
            policy.employee.reserve_months = [3, 6]
            rules = ["zhejiang", "full-pooling", "county-alone"]
            [uncertainties]
            trend.employee.claims = [0, 0.01]
            """
        )
    )
    points = study.points()
    expected = itertools.product([0, 1], [3, 6], ["zhejiang", "full-pooling", "county-alone"], [0, 0.01])
    assert [(point.base, *point.values.values()) for point in points] == list(expected)
    assert [point.number for point in points] == list(range(24))
    assert len({point.id for point in points}) == 24
    scenario = study.scenario(points[-1])
    assert (scenario.city.id, scenario.city.origin.id, scenario.case.years) == ("linyi", "county-alone", 5)
    claims = sum(c.employee.base_claims_yuan for c in scenario.case.counties if c.employee)
    held = sum(c.employee.county_balance_yuan for c in scenario.case.counties if c.employee)
    assert held == pytest.approx(claims / 2)


def test_ids_do_not_depend_on_the_rest_of_the_study(write: Write) -> None:
    text = 'extends = "taizhou"\nlevers.policy.employee.reserve_months = {}'
    few = load_study(write(text.format("[3, 6]"))).points()
    more = load_study(write(text.format("[9, 6, 3]"))).points()
    assert {point.id for point in few} < {point.id for point in more}


def test_a_number_is_one_value_however_it_is_written(write: Write) -> None:
    study = load_study(write('extends = "taizhou"\nlevers.volatility_factor = [1, 1.0, 1.5]'))
    one, other = study.points()
    assert [dict(point.values) for point in (one, other)] == [
        {"volatility_factor": 1},
        {"volatility_factor": 1.5},
    ]
    assert [one.number, other.number] == [0, 1]
    plain = load_study(write('extends = "taizhou"\nlevers.volatility_factor = [1, 1.5]'))
    assert [point.id for point in plain.points()] == [one.id, other.id]
    text = 'extends = "taizhou"\n[[design.list]]\ntrend.employee.claims = 0\n'
    listed = load_study(write(text + "[[design.list]]\ntrend.employee.claims = -0.0"))
    assert len(listed.points()) == 1


def test_sampled_futures_fill_the_cube_and_repeat(write: Write) -> None:
    text = """
        extends = "taizhou"
        [uncertainties]
        trend.employee.claims = {{ range = [-0.01, 0.03] }}
        volatility_factor = {{ distribution = "lognormal", median = 1, sd = 0.2 }}
        readings.T5 = ["unpaid_part", "after_pool"]
        [design]
        futures = "{}"
        samples = 64
        """
    for kind in ("lhs", "sobol"):
        study = load_study(write(text.format(kind)))
        values = [point.values for point in study.points()]
        assert values == [point.values for point in study.points()]
        claims = np.array([value["trend.employee.claims"] for value in values])
        strata = np.floor((claims + 0.01) / 0.04 * 64).astype(int)
        assert sorted(strata) == list(range(64))
        loud = np.log([value["volatility_factor"] for value in values]) / 0.2
        assert stats.kstest(loud, "norm").pvalue > 0.2
        assert [value["readings.T5"] for value in values].count("after_pool") == 32


def test_readings_singly_and_combined(write: Write) -> None:
    city = load_scenario("taizhou").city
    names = {
        at: [each.name for each in reading.alternative if each.weight != "counterfactual"]
        for at, reading in city.readings.items()
    }
    singly = reading_choices(city, ReadingsWanted(how="singly"))
    assert len(singly) == 1 + sum(map(len, names.values())) == len({str(each) for each in singly})
    combined = reading_choices(city, ReadingsWanted(how="combined"))
    assert len(combined) == np.prod([1 + len(each) for each in names.values()])
    assert combined[0] == singly[0] == {}
    study = load_study(write('extends = "taizhou"\nuncertainties.readings = "singly"'))
    assert len(study.points()) == len(singly)


def test_list_takes_the_place_of_levers(write: Write) -> None:
    study = load_study(
        write(
            """
            extends = "taizhou"
            [[design.list]]
            readings.T5 = "after_pool"
            [[design.list]]
            rules = "zhejiang"
            trend.employee.claims = 0.01
            """
        )
    )
    assert [dict(point.values) for point in study.points()] == [
        {"readings.T5": "after_pool"},
        {"rules": "zhejiang", "trend.employee.claims": 0.01},
    ]


def test_single_run_takes_first_values_and_middles(write: Write) -> None:
    path = write(
        """
        extends = "taizhou"
        levers.policy.employee.reserve_months = [6, 3]
        uncertainties.trend.employee.claims = { range = [0, 0.02] }
        uncertainties.volatility_factor = { range = [0.5, 2], present = 1 }
        """
    )
    file = load_scenario(path).file
    assert file.policy["employee"].reserve_months == 6
    assert file.trend["employee"].claims == pytest.approx(0.01)
    assert file.volatility_factor == 1


@pytest.mark.parametrize(
    ("entry", "law"),
    [
        ({"range": [2, 6]}, stats.uniform(2, 4)),
        ({"distribution": "uniform", "low": 2, "high": 6}, stats.uniform(2, 4)),
        ({"distribution": "normal", "mean": 1, "sd": 2}, stats.norm(1, 2)),
        ({"distribution": "lognormal", "median": 3, "sd": 0.5}, stats.lognorm(0.5, scale=3)),
        ({"distribution": "triangular", "low": 0, "mode": 1, "high": 4}, stats.triang(0.25, 0, 4)),
    ],
)
def test_variations_are_their_laws(entry: object, law: object) -> None:
    u = np.linspace(0.01, 0.99, 25)
    assert parse_variation(Path("x"), "here", entry).quantiles(u) == pytest.approx(law.ppf(u))  # type: ignore[attr-defined]


def test_rules_files_lie_beside_the_file_that_names_them(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = load_scenario("linyi").city.path.read_text("utf-8")
    for folder in ("below", "elsewhere"):
        (tmp_path / folder).mkdir()
    own = write(rules, "below/own.toml")
    monkeypatch.chdir(tmp_path / "elsewhere")
    write(
        """
        extends = "taizhou"
        [levers]
        rules = ["own.toml", "taizhou"]
        [design]
        baseline = { rules = "own.toml" }
        """,
        "below/study.toml",
    )
    for name in ("below/study.toml", "study.toml"):  # the second has levers and baseline from the first
        study = load_study(write('extends = "below/study.toml"') if name == "study.toml" else tmp_path / name)
        scenarios = [study.scenario(point) for point in study.points()]
        assert [scenario.city.origin.id for scenario in scenarios] == ["linyi", "taizhou"]
        assert study.baselines[0].city.files[-1].resolve() == own
        assert load_scenario(study.path).city.origin.id == "linyi"
    listed = write('extends = "taizhou"\n[[design.list]]\nrules = "own.toml"', "below/listed.toml")
    over = load_study(write('extends = "below/listed.toml"', "over.toml"))
    assert over.scenario(over.points()[0]).case == load_scenario(listed, rules=str(own)).case
    constant = write('extends = "taizhou"\nconstants.city = "own.toml"', "below/constant.toml")
    assert load_scenario(constant).city.path == own


def test_a_call_s_rules_file_starts_at_the_current_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(load_scenario("linyi").city.path.read_text("utf-8"), "own.toml")
    monkeypatch.chdir(tmp_path)
    for chosen in ({"rules": "own.toml"}, {"values": {"rules": "own.toml"}}):
        assert load_scenario("taizhou", **chosen).city.origin.id == "linyi"  # type: ignore[arg-type]


def test_an_id_is_of_what_a_rules_file_holds(write: Write, tmp_path: Path) -> None:
    rules = load_scenario("linyi").city.path.read_text("utf-8")
    (tmp_path / "below").mkdir()
    for name in ("own.toml", "below/other.toml"):
        write(rules, name)
    text = 'extends = "taizhou"\nlevers.rules = ["{}", "taizhou"]'
    ids = [
        [p.id for p in load_study(write(text.format(name))).points()]
        for name in ("own.toml", "below/other.toml")
    ]
    assert ids[0] == ids[1]
    write(f"{rules}\n# changed\n", "own.toml")
    changed = [point.id for point in load_study(write(text.format("own.toml"))).points()]
    assert changed[0] != ids[0][0] and changed[1] == ids[0][1]
