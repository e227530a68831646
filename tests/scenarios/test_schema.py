"""The editors' schema: made from the models, passes what the program reads, finds what it refuses."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from scenarios.definition.scenario_file import LIBRARY, builtin_scenarios
from scenarios.definition.schema import FILE, as_text

EXTENDING = """
extends = ["taizhou", "linyi"]
constants.shocks.response = [0.2, 0.2]
funds.employee.growth.claims = 0.05
counties."椒江区".employee.county_balance_yuan = 5e8
policy.employee.contribution_rate = { value = 0.09, from_year = 2027, phase_in_years = 3 }
rule.both.settlement.surplus_to_pool = 0.3
levers.policy.resident.premium_yuan = [400, 450]
uncertainties.volatility_factor = { range = [0.5, 1.5] }
design = { futures = "sobol", samples = 64 }
outcomes.metrics = ["months_of_capacity"]
"""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_file_is_what_the_models_say() -> None:
    anew = "python -m scenarios.definition.schema > scenarios/scenario.schema.json"
    assert FILE.read_text("utf-8") == as_text(), f"write it anew: {anew}"


@pytest.mark.parametrize("name", builtin_scenarios())
def test_built_in_scenarios_pass(validator: Draft202012Validator, name: str) -> None:
    validator.validate(_plain(tomllib.loads((LIBRARY / f"{name}.toml").read_text("utf-8"))))


def test_studies_pass(validator: Draft202012Validator) -> None:
    validator.validate(_plain(tomllib.loads(EXTENDING)))
    for path in (LIBRARY.parent / "studies").glob("*.toml"):
        validator.validate(_plain(tomllib.loads(Path(path).read_text("utf-8"))))


@pytest.mark.parametrize(
    "mistake",
    [
        "horizon_year = 5",
        "options.discount_rate = 3",
        "policy.employee.reserve_month = 3",
        'design.futures = "sobl"',
        "funds.employe.growth.claims = 0.05",
        "counties.x.employee.base_claims_yuan = -1",
    ],
)
def test_mistakes_are_found(validator: Draft202012Validator, mistake: str) -> None:
    assert list(validator.iter_errors(_plain(tomllib.loads(mistake))))


@pytest.mark.parametrize("section", ["rule", "readings", "constants", "levers", "uncertainties"])
def test_what_it_does_not_know_is_said(validator: Draft202012Validator, section: str) -> None:
    unknown = {"both": {"top_upp": {"months": 1}}} if section == "rule" else {"T99": "x"}
    validator.validate({section: unknown})
    for page in ("scenarios.md", "scenarios.zh.md"):
        text = (LIBRARY.parents[1] / "docs" / page).read_text("utf-8")
        assert f"`{section}`" in text[text.index("scenario.schema.json`") :]


def _plain(table: object) -> object:
    return json.loads(json.dumps(table, default=str))
