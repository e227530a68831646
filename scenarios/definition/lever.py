"""A numeric lever of a scenario: short names, its present value, and the range in which one looks.

Any numeric address of a scenario is a lever (``scenarios.definition.addresses``).  Some have short names,
which stand for the address in the fund that is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scenarios.definition.addresses import get, unquoted
from scenarios.definition.scenario import Base, Scenario, build, load_base, present
from scenarios.errors import InputError
from scenarios.rulebook.rows import WATERFALL, one_of
from sim.model import FUNDS, Case, Fund
from sim.rules import FundRules

SHORT = {
    "reserve_months": "policy.{fund}.reserve_months",
    "contribution_rate": "policy.{fund}.contribution_rate",
    "premium": "policy.{fund}.premium_yuan",
    "subsidy": "policy.{fund}.subsidy_yuan",
    "contributions": "policy.{fund}.contributions",
    "claims": "policy.{fund}.claims",
    "surplus_share": "rule.{fund}.settlement.surplus_to_pool",
    "pool_share": "rule.{fund}.settlement.waterfall.pool",
    "top_up_months": "rule.{fund}.top_up.months",
}
"""Short names and the addresses that they stand for."""
KINDS = ("contributions", "claims")
NO_LEVERS = ("first_year", "horizon_years", "paths", "seed")
"""Numbers of a scenario file that are no policy."""
SHARES = ("rate", "share", "surplus_to_pool", "part", "probability")
"""Ends of the names of what cannot exceed 1."""
LEAST_MONTHS = 24.0
"""The range of a number of months reaches so far, or to twice the present value."""


@dataclass(frozen=True)
class Lever:
    """What is turned, of which fund one looks, and where it stands."""

    name: str
    """As the user wrote it, without quotes."""
    address: str
    fund: Fund
    present: float | None
    """None where the scenario has no such number yet."""

    def range(self, given: tuple[float, float] | None) -> tuple[float, float]:
        """The range as given, or a usual one: shares 0 to 1, months 0 to 24 or twice the present value,
        anything else two thirds to three halves of the present value.  InputError where there is none."""
        if given is not None:
            if not given[0] < given[1]:
                raise InputError("--range", "", f"expected LOW below HIGH, found {given[0]:g} {given[1]:g}")
            return given
        if self.address.endswith("settlement.surplus_to_pool") or f".{WATERFALL}." in self.address:
            return 0.0, 1.0
        if self.address.endswith("months"):
            return 0.0, max(LEAST_MONTHS, 2 * (self.present or 0.0))
        if self.present is None or self.present <= 0:
            raise InputError("--range", "", f"expected LOW HIGH, for {self.name} has no usual range")
        low, high = self.present / 1.5, self.present * 1.5
        return low, min(1.0, high) if self.address.endswith(SHARES) else high


def find_lever(base: Base, name: str, fund: str | None) -> Lever:
    """The lever by a short name or an address, in the fund that is asked about.  InputError."""
    name, plain = unquoted(name), base.file.model_dump(mode="json")
    numbers = [key for key, value in plain.items() if _is_number(value) and key not in NO_LEVERS]
    if name not in (*SHORT, *numbers) and "." not in name:
        raise InputError("--lever", "", one_of(name, [*SHORT, *numbers]))
    scenario = build(base, {})
    chosen = _fund(scenario, name, fund)
    address = SHORT.get(name, name).replace("{fund}", chosen)
    if isinstance(get(plain, address), dict) and _is_number(get(plain, f"{address}.value")):
        address += ".value"  # the year in which it starts, and its phase-in, stay as they are
    now = _present(scenario, plain, address, chosen)
    if now is None:  # nothing there yet, or no such address
        try:
            build(base, {address: 1.0})
        except InputError as error:
            raise InputError("--lever", name, error.expected) from None
    return Lever(name, address, chosen, now)


def base_of(scenario: Scenario) -> Base:
    """What a scenario was built from, with all that a call chose for it, to be changed further."""
    return replace(present(load_base(scenario.path)), file=scenario.file)


def narrowed(case: Case, fund: Fund, last_year: int) -> Case:
    """One fund alone and no year after the last: the same figures up to it, in less time."""
    years = last_year - case.first_year + 1
    return case.model_copy(update={"funds": {fund: case.funds[fund]}, "years": years})


def reserve_months(case: Case, fund: Fund) -> float | None:
    """Opening reserves of the city and its counties in months of the fund's base-year claims."""
    figures, accounts = [getattr(county, fund) for county in case.counties], case.funds[fund].accounts
    held = sum(each.county_balance_yuan for each in figures) + sum(yuan for _, yuan in accounts)
    claims = sum(each.base_claims_yuan for each in figures)
    return 12 * held / claims if claims > 0 else None


def _fund(scenario: Scenario, name: str, given: str | None) -> Fund:
    """The fund as given, or the only one that the lever or the scenario has."""
    own: list[Fund] = [fund for fund in FUNDS if fund in name.split(".")]
    known = own if len(own) == 1 else list(scenario.case.funds)
    if given is None and len(known) == 1:
        return known[0]
    for fund in known:
        if fund == given:
            return fund
    if given is None:
        raise InputError("--fund", "", f"expected {' or '.join(known)}: whose event is meant")
    raise InputError("--fund", "", one_of(given, known))


def _present(scenario: Scenario, plain: Mapping[str, Any], address: str, fund: Fund) -> float | None:
    """Where the lever stands now, as the scenario says or as its figures come to."""
    section, _, rest = address.partition(".")
    found = get(plain, address)
    if section == "rule":
        found = _rule(scenario.case.rules[fund], rest.partition(".")[2])
    elif section == "trend":
        found = found or 0.0
    elif section == "policy" and found is None:
        key = rest.partition(".")[2]
        if key == "reserve_months":
            return reserve_months(scenario.case, fund)
        found = 1.0 if key in KINDS else get(plain, f"financing.{fund}.{key}")
    return float(found) if _is_number(found) else None


def _rule(rules: FundRules, key: str) -> Any:
    """A rule parameter's value; of a source under the waterfall, its share of the first layer it shares."""
    if not key.startswith(f"{WATERFALL}."):
        return get(rules.model_dump(mode="json"), key)
    source = key.removeprefix(f"{WATERFALL}.")
    shares = [
        share for layer in rules.settlement.waterfall for at, share in layer.shares.items() if at == source
    ]
    return next((share for share in shares if 0 < share < 1), None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
