"""A scenario: a city's rules, its counties' figures, how they grow and what shocks them.

A scenario file is TOML; its tables are the models of ``sim.model``, under the same names:

    name, title_zh, title_en     what it is called
    extends                      a built-in scenario or another file, whose tables this one is laid over
    city                         a built-in city, or a path to a rules file beside this file
    rules                        another city or a template whose rules take the place of the city's own
    template, readings           how those rules are read (a call may choose otherwise)
    rule.employee, .resident, .both   values of rule parameters that the scenario sets by itself
    first_year, horizon_years    2025 and 30: the years 2025 to 2054
    paths, seed                  unless the command line says otherwise
    constructed                  true where the figures are nobody's accounts
    [funds.employee.…]           accounts, growth, profile, plan_growth
    [policy.…] [financing.…]     levers, and what the base year's contributions rest on
    [trend.…] volatility_factor  added to growth, and multiplied with volatilities
    [shocks] [options]           see sim.model
    [[counties]]                 name, name_en, city_level, and a table for each fund
    [office]                     a folder of tables whose figures take the place of these (basecase.office)
    [[assumptions]] [[sources]]  what the figures rest on

and four words name addresses in all this: ``constants`` (a value), ``levers`` and ``uncertainties`` (a value,
or what a study varies), ``outcomes`` (what a study looks at).  Of what varies a scenario takes the first
value, or the middle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.basecase.office import check_risk_fund, with_office
from scenarios.definition.addresses import leaves, put
from scenarios.definition.policy import Financing, FundPolicy, Trend, grown, louder, with_reserves
from scenarios.definition.scenario_file import (
    RULES_KEYS,
    Assumption,
    ScenarioFile,
    Written,
    find_scenario,
    read_file,
    refused,
    validated,
)
from scenarios.definition.variation import CLOSED, Variation, parse_variation
from scenarios.errors import InputError
from scenarios.held import is_there
from scenarios.rulebook.city import City, load_city
from scenarios.rulebook.explain import with_rules
from sim.model import Case

STUDY_ONLY = ("extends", "readings")
"""Addresses that only a study can vary: other bases, and all readings of a city."""
WORDS = ("name", "title_zh", "title_en", "constructed", "assumptions", "sources")
"""What a file says of itself, which no figure depends on."""


@dataclass(frozen=True)
class Base:
    """A scenario's file, read and checked, before anything is varied."""

    path: Path
    files: tuple[Path, ...]
    """The file, those it extends, and the office's tables that were read."""
    file: ScenarioFile
    levers: Mapping[str, Variation]
    """By address; both hold what varies and what has one value."""
    uncertainties: Mapping[str, Variation]
    sections: Mapping[str, Mapping[str, Any]]
    """``outcomes`` and ``design`` as written."""


@dataclass(frozen=True)
class Scenario:
    """A scenario ready to run."""

    file: ScenarioFile
    city: City
    case: Case
    path: Path
    files: tuple[Path, ...]
    """The scenario's file, those it extends, and the office's tables that were read."""

    @property
    def name(self) -> str:
        """As the file has it."""
        return self.file.name

    @cached_property
    def title(self) -> dict[str, str]:
        """By language; names other rules than the city's own."""
        titles = {"zh": self.file.title_zh, "en": self.file.title_en}
        return {
            "zh": with_rules(self.city, titles["zh"] or self.name, "zh"),
            "en": with_rules(self.city, titles["en"] or self.name, "en"),
        }

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """The scenario with every default and choice filled in, and the rules it came to: plain values."""
        rules = {fund: rule.model_dump(mode="json") for fund, rule in self.city.rules.items()}
        return {"scenario": self.file.model_dump(mode="json"), "rules": rules}

    @cached_property
    def id(self) -> str:
        """Twelve hexadecimal digits of what decides its figures; names, paths and seed do not."""
        return content_id(self.case.model_dump(mode="json"))


def content_id(plain: Any) -> str:
    """Twelve hexadecimal digits of plain values: the same values, the same id, on any machine.

    A date of TOML, which no scenario takes, has one too: it is refused where the scenario is built.
    """
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def load_scenario(
    name_or_path: str | Path,
    *,
    years: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Scenario:
    """A built-in scenario by name, or the user's own file by path.

    ``years``, ``readings``, ``template``, ``rules`` and ``values``, by address, take precedence over the
    file's; other rules than the file's leave its readings and its template behind.  A rules file's path
    starts at the current folder here, at the scenario's own folder in a file.  Raises ``InputError``.
    """
    chosen: dict[str, Any] = {"rules": rules, "template": template, "horizon_years": years}
    given = {key: value for key, value in chosen.items() if value is not None} | dict(values or {})
    given |= {key: _from_here(given[key]) for key in RULES_KEYS if key in given}
    return build(present(load_base(name_or_path)), {**_readings(readings or {}), **given})


def load_base(name_or_path: str | Path, extends: str | Mapping[str, Any] | None = None) -> Base:
    """A scenario's file with its constants; ``extends``, a name or a scenario's plain values, takes the place
    of what it extends.  InputError."""
    path = find_scenario(name_or_path)
    written = read_file(path, extends=extends)
    file, tables = _with_own_figures(path, validated(path, dict(written.table)))
    constants = dict(leaves(written.sections.get("constants", {})))
    varied = {section: _variations(written, section) for section in ("levers", "uncertainties")}
    twice = sorted(set(varied["levers"]) & set(varied["uncertainties"]))
    if twice:
        raise InputError(path, f"uncertainties.{twice[0]}", "expected once, found among the levers too")
    file = changed(path, file, constants, "constants")
    files = (*written.files, *tables)
    return Base(path, files, file, varied["levers"], varied["uncertainties"], written.sections)


def present(base: Base) -> Base:
    """The base with the present values of all that a study varies: what a single run takes.  InputError."""
    file = base.file
    for section, variations in (("levers", base.levers), ("uncertainties", base.uncertainties)):
        values = {at: each.present for at, each in variations.items() if at not in STUDY_ONLY}
        file = changed(base.path, file, values, section)
    return replace(base, file=file)


def changed(path: Path, file: ScenarioFile, values: Mapping[str, Any], section: str = "") -> ScenarioFile:
    """The file with values at dotted addresses; an error names the ``section`` they are written in.

    Other rules than the file's leave its readings and its template behind.
    """
    moved = [key for key in ("city", "rules") if key in values and values[key] != getattr(file, key)]
    if moved:
        file = file.model_copy(update={"readings": {}, "template": None, "rule": {}})
    if not values:
        return file
    touched = {address.partition(".")[0] for address in values}
    if "office" in touched:  # its tables are read with the file
        raise InputError(path, f"{section}.office".lstrip("."), "expected as a table of the file, [office]")
    table = {name: getattr(file, name) for name in ScenarioFile.model_fields}
    table |= file.model_dump(mode="json", include=touched)
    try:
        for address, value in values.items():
            put(table, address, value, path)
        return validated(path, table)
    except InputError as error:
        ours = leads_to(error.place, values)
        place = f"{section}.{error.place}" if section and ours else error.place
        raise InputError(path, place, error.expected) from None


def check_varies(path: Path, section: str, address: str) -> None:
    """InputError for an address that no figure hangs on, or that all scenarios of a study share."""
    if address in ("paths", "seed"):
        raise InputError(path, f"{section}.{address}", "expected at the top: all scenarios have the same")
    if address.partition(".")[0] in WORDS:
        raise InputError(path, f"{section}.{address}", "expected an address that figures depend on")


def build(base: Base, values: Mapping[str, Any]) -> Scenario:
    """The scenario at a point of a study: its base with values at dotted addresses.  Raises InputError."""
    path, file = base.path, changed(base.path, base.file, values)
    own = _rules_file(path, "city", file.city)
    other = file.rules and _rules_file(path, "rules", file.rules)
    template = file.template and _rules_file(path, "template", file.template)
    try:
        city = load_city(own, file.readings, template, other, file.rule)  # type: ignore[arg-type]
    except InputError as error:
        at = _chosen(error, file)
        if at is None or at in values:
            raise
        raise InputError(path, at, error.expected) from None
    for fund, its in file.funds.items():
        if fund in city.rules:
            check_risk_fund(base.files, fund, city.rules[fund], its.accounts)
    return Scenario(file, city, _case(path, file, city, values), path, base.files)


def _chosen(error: InputError, file: ScenarioFile) -> str | None:
    """The scenario's own key that is at fault where its rules are refused; None: what a rules file holds."""
    if error.place.startswith("rule.") or error.place in ("template", *_readings(file.readings)):
        return error.place
    named = (key for key in RULES_KEYS if getattr(file, key) == error.file)
    return None if error.place else next(named, None)


def leads_to(place: str, addresses: Iterable[str]) -> bool:
    """Whether the place of an error leads to one of the addresses, or one of them to it."""
    return any(f"{place}.".startswith(f"{at}.") or f"{at}.".startswith(f"{place}.") for at in addresses)


def _with_own_figures(path: Path, file: ScenarioFile) -> tuple[ScenarioFile, tuple[Path, ...]]:
    """The scenario with the office's figures in place, which it says among its assumptions; their tables."""
    if file.office is None:
        return file, ()
    years = range(file.first_year, file.first_year + file.horizon_years)
    own = with_office(path, file.office, file.counties, file.funds, years)
    said = Assumption(
        id="office",
        zh=f"有{len(own.keys)}项数字为单位自填，取代了下列假设所涉的相应数字。",
        en=f"{len(own.keys)} figures are the office's own, in place of those the statements below are about.",
        about=tuple(own.keys),
    )
    assumptions = (said, *file.assumptions) if own.keys else file.assumptions
    figures = {"counties": own.counties, "funds": own.funds, "office": None, "assumptions": assumptions}
    return file.model_copy(update=figures), own.files


def _variations(written: Written, section: str) -> dict[str, Variation]:
    entries = list(leaves(written.sections.get(section, {}), CLOSED))
    for address, _ in entries:
        check_varies(written.path, section, address)
    return {
        address: parse_variation(written.path, f"{section}.{address}", entry) for address, entry in entries
    }


def _case(path: Path, file: ScenarioFile, city: City, values: Mapping[str, Any]) -> Case:
    counties, funds = file.counties, dict(file.funds)
    for fund in file.funds:
        policy, financing = file.policy.get(fund, FundPolicy()), file.financing.get(fund, Financing())
        trend, span = file.trend.get(fund, Trend()), (file.first_year, min(file.horizon_years, 200))
        with _blaming(path, f"trend.{fund}"):
            grown(funds[fund], FundPolicy(), financing, trend, *span)
        with _blaming(path, f"policy.{fund}"):
            funds[fund] = grown(funds[fund], policy, financing, trend, *span)
        if policy.reserve_months is not None and all(getattr(each, fund) for each in counties):
            counties, funds[fund] = with_reserves(counties, funds, fund, policy.reserve_months)
    with _blaming(path, "volatility_factor"):
        shocks = louder(file.shocks, file.volatility_factor)
    try:
        return Case(
            first_year=file.first_year,
            years=file.horizon_years,
            rules=dict(city.rules),
            funds=funds,
            counties=counties,
            shocks=shocks,
            options=file.options,
        )
    except ValidationError as error:
        problem = refused(path, Case, error)
        given = problem.place == "years"
        place = ("--years" if "horizon_years" in values else "horizon_years") if given else problem.place
        raise InputError(path, place, problem.expected) from None


@contextmanager
def _blaming(path: Path, place: str) -> Iterator[None]:
    """What cannot be is refused as the fault of that place."""
    try:
        yield
    except ValueError as error:
        raise InputError(path, place, str(error)) from None


def _readings(readings: Mapping[str, str]) -> dict[str, str]:
    return {f"readings.{at}": name for at, name in readings.items()}


def _from_here(name: Any) -> Any:
    """The path of a rules file from the root, for a scenario's own start at its folder; all else as it is."""
    return str(Path(name).absolute()) if isinstance(name, str) and name.endswith(".toml") else name


def _rules_file(path: Path, key: str, name: str) -> str:
    """A built-in name as it is, a path from the scenario's own folder."""
    if not name.endswith(".toml") or Path(name).is_absolute():
        return name
    beside = path.parent / name
    if not is_there(beside):
        raise InputError(path, key, f"expected a built-in city or a rules file, found no file {beside}")
    return str(beside)
