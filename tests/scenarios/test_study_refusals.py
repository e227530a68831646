"""Whatever is wrong with a study file is refused with one message: the file, the place, what was expected."""

from __future__ import annotations

import tracemalloc

import pytest
from small_study import Write

from scenarios.definition import study as study_module
from scenarios.definition.scenario import load_scenario
from scenarios.definition.study import load_study
from scenarios.errors import InputError


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("constants.options.discount_rat = 0.04", "constants.options.discount_rat", "discount_rate"),
        ('constants.counties."椒江".employee.county_balance_yuan = 1', "constants.counties", "椒江区"),
        (
            "levers.policy.employee.reserve_month = 3",
            "levers.policy.employee.reserve_month",
            "reserve_months",
        ),
        ("levers.policy.employee.reserve_months = [-1]", "levers.policy.employee.reserve_months", "greater"),
        ('counties."椒江".employee.base_claims_yuan = 1', "counties.椒江", "椒江区"),
        ("uncertainties.volatility_factor = { range = [2, 1] }", "uncertainties.volatility_factor", "low"),
        (
            'uncertainties.volatility_factor = { distribution = "uniform", low = 2, high = 1 }',
            "uncertainties.volatility_factor",
            "low < high",
        ),
        (
            'uncertainties.volatility_factor = { distribution = "triangular", low = 0, mode = 3, high = 2 }',
            "uncertainties.volatility_factor",
            "low <= mode <= high",
        ),
        ('uncertainties.trend = { distribution = "norml" }', "uncertainties.trend.distribution", '"normal"'),
        ("uncertainties.volatility_factor = { range = [1, 2] }", "uncertainties.volatility_factor", "sobol"),
        ('uncertainties.readings = "single"', "uncertainties.readings", "singly"),
        ('design.futures = "sobol"', "design", "samples"),
        (
            'design = { futures = "sobol", samples = 48 }\n'
            "uncertainties.volatility_factor = { range = [1, 2] }",
            "design.samples",
            "32 or 64",
        ),
        ("outcomes.metric = []", "outcomes.metric", "metrics"),
        (
            'uncertainties.trend = { distribution = ["normal"] }',
            "uncertainties.trend.distribution",
            "lognormal",
        ),
        ("[[design.list]]\nfirst_year = 2025-01-01", "first_year", "found datetime.date(2025, 1, 1)"),
        ("rule.employee.top_up.months = 2025-01-01", "rule.employee.top_up.months", "found '2025-01-01'"),
        ("rule.both.settlement.surplus_to_poo = 1", "rule.both.settlement.surplus_to_poo", "surplus_to_pool"),
        ("rule.both.settlement.surplus_to_pool = 2", "rule.both.settlement.surplus_to_pool", "less"),
        ("rule.resident.settlement.waterfall.pol = 0.5", "rule.resident.settlement.waterfall.pol", "pool"),
        ("policy.employee.premium_yuan = 500", "policy.employee", "financing"),
        ("lever.policy.employee.reserve_months = [3]", "lever", 'did you mean "levers"'),
        ("levers.policy.employe.reserve_months = [3]", "levers.policy.employe", 'did you mean "employee"'),
        ('rules = "taizhu"', "rules", 'did you mean "taizhou"'),
        ('readings.T5 = "afterpool"', "readings.T5", 'did you mean "after_pool"'),
        ('readings.T55 = "after_pool"', "readings.T55", 'did you mean "T5"'),
        ('template = "zheijang"', "template", "illustrative-50-50"),
        ("levers.seed = [1, 2]", "levers.seed", "at the top"),
        ("uncertainties.paths = [10, 20]", "uncertainties.paths", "at the top"),
        ("[[design.list]]\nseed = 1", "design.list.seed", "at the top"),
        ('levers.name = ["a", "b"]', "levers.name", "figures depend on"),
        ('levers.office.folder = ["a"]', "levers.office", "[office]"),
        ('constants.office.folder = "a"', "constants.office", "[office]"),
    ],
)
def test_mistakes_are_named(write: Write, text: str, place: str, expected: str) -> None:
    path = write(f'extends = "taizhou"\n{text}')
    with pytest.raises(InputError) as error:
        study = load_study(path)
        study.scenario(study.points()[0])
    assert error.value.file == str(path)
    assert error.value.place.startswith(place)
    assert expected in error.value.expected


def test_a_date_among_the_values_of_a_lever_is_refused(write: Write) -> None:
    study = load_study(write('extends = "taizhou"\nlevers.policy.employee.reserve_months = [3, 2025-01-01]'))
    with pytest.raises(InputError, match=r"policy\.employee\.reserve_months: .*valid number, found .*2025"):
        study.scenario(study.points()[1])


TENS = ", ".join(str(n / 1000) for n in range(10))
MANY = "\n".join(
    f"uncertainties.{at} = [{TENS}]"
    for at in (
        *("trend.employee.claims", "trend.employee.contributions", "trend.resident.claims"),
        *("trend.resident.contributions", "volatility_factor", "options.interest_rate"),
        *("options.discount_rate", "options.plan_ratio"),
    )
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (MANY, "design"),
        (MANY.replace("uncertainties", "levers"), "design"),
        (
            f"levers.volatility_factor = [{TENS}]\n"
            "uncertainties.trend.employee.claims = { range = [0, 1] }\n"
            'design = { futures = "lhs", samples = 200_000 }',
            "design",
        ),
        ('design = { futures = "lhs", samples = 10_000_000_000 }', "design.samples"),
    ],
)
def test_too_many_scenarios_are_refused_before_any_is_made(write: Write, text: str, place: str) -> None:
    path = write(f'extends = "taizhou"\n{text}')
    tracemalloc.start()
    with pytest.raises(InputError, match=r"(1000000|1,000,000 scenarios), found") as error:
        load_study(path).points()
    made = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (error.value.file, error.value.place) == (str(path), place) and made < 2**26


def test_too_many_combined_readings_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "MAX_POINTS", 7)
    path = write('extends = "taizhou"\nuncertainties.readings = "combined"')
    with pytest.raises(InputError, match=r"uncertainties\.readings: expected at most 7 scenarios, found"):
        load_study(path).points()


def test_extends_that_goes_round_is_refused(write: Write) -> None:
    path = write('extends = "other.toml"')
    write('extends = "study.toml"', "other.toml")
    with pytest.raises(InputError, match="extends this"):
        load_scenario(path)


def test_unknown_base_is_refused_with_a_near_spelling(write: Write) -> None:
    with pytest.raises(InputError, match='did you mean "taizhou"'):
        load_scenario(write('extends = "taizhu"'))


def test_a_rules_file_that_is_not_there_is_named(write: Write) -> None:
    study = load_study(write('extends = "taizhou"\nlevers.rules = ["taizhou", "own.toml"]'))
    with pytest.raises(InputError, match=r"study\.toml: rules: .*found no file .*own\.toml"):
        study.scenario(study.points()[1])
