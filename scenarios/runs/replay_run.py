"""``fundsim replay``: a data directory and a city's rules → balances.csv, ledger.csv, adjustment.csv."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scenarios.labels import LANGUAGES
from scenarios.output import check_folder, new_files, write_rows
from scenarios.rulebook.city import City, load_city
from scenarios.rulebook.words import said_of_funds, word
from scenarios.runs.replay_data import COUNTY_ACCOUNTS, read_history
from scenarios.tables import OF_ANOTHER_UNIT
from sim.replay import Adjustment, Balance, History, Replayed, Transfer, replay

NO_CLAUSE = "assumption"
ONCE = {
    "opening transfer": "统筹前结余上划",
    "pool returned": "统筹基金发还",
    "opening deficit": "统筹前基金缺口",
    "municipal reserve": "市级风险调剂金",
    "arrears": "欠费",
}
"""Steps of the year in which pooling starts, and of schedules that begin then; in Chinese."""


def replay_city(city: City, data: Path, *, apply_adjustment: bool = False) -> tuple[Replayed, History]:
    """Replay a data directory under a city's rules; also what the directory holds."""
    history = read_history(data, city.rules)
    cited: dict[tuple[str, str], str] = {}

    def cite(fund: str, row: str) -> str:
        if (fund, row) not in cited:
            cited[fund, row] = city.clause(fund, row) or NO_CLAUSE  # type: ignore[arg-type]
        return cited[fund, row]

    rules = [city.rules[fund] for fund in history.funds]
    return replay(rules, history, cite, apply_adjustment=apply_adjustment), history


def replay_command(
    name: str,
    data: Path,
    out: Path,
    *,
    apply_adjustment: bool,
    readings: Mapping[str, str],
    template: str | None,
    rules: str | None = None,
) -> tuple[City, Replayed, History]:
    """Everything ``fundsim replay`` does but talk; writes nothing unless all of it succeeded."""
    city = load_city(name, readings=readings, template=template, rules=rules)
    check_folder(out)
    replayed, history = replay_city(city, data, apply_adjustment=apply_adjustment)
    with new_files(out, stale=["adjustment.csv"]) as folder:
        write_rows(folder / "balances.csv", Balance._fields, replayed.balances)
        write_rows(folder / "ledger.csv", Transfer._fields, replayed.ledger)
        if any(city.rules[fund].policy_adjustment.trigger != "never" for fund in history.funds):
            write_rows(folder / "adjustment.csv", Adjustment._fields, replayed.adjustments)
    return city, replayed, history


def of_other_years(city: City, replayed: Replayed) -> list[str]:
    """What must be said where data begin in another year than the rules, and money moved by clauses
    of their first year, and where data go on after the rules."""
    begin, end = city.origin.in_force_from, city.origin.in_force_to
    first, last = replayed.balances[0].year, replayed.balances[-1].year
    once = [step for step in ONCE if step in {transfer.step for transfer in replayed.ledger}]
    said = []
    if begin is not None and begin.year != first and once:
        steps, in_chinese = ", ".join(once), "、".join(ONCE[step] for step in once)
        said += [
            f"The rules are in force from {begin.year}; {first} was taken for their first year ({steps}).",
            f"规则自{begin.year}年起施行；本次回放以{first}年为首年（含首年事项：{in_chinese}）。",
        ]
    if end is not None and (end.year, end.month) < (last, 12):
        said += [
            f"The rules are in force until {end}: what is later is an extrapolation.",
            f"规则有效期至{end.year}年{end.month}月{end.day}日，此后属于外推。",
        ]
    return said


def other_units(history: History) -> list[str]:
    """What must be said where counties' accounts seem to be in another unit than their months."""
    said = []
    for f, fund in enumerate(history.funds):
        claims = history.claims[f, 0].sum()
        for account in ("county_balance", "base_contributions", "base_claims"):
            held = history.opening[f, :, COUNTY_ACCOUNTS.index(account)].sum()
            if min(held, claims) > 0 and not 1 / OF_ANOTHER_UNIT < held / claims < OF_ANOTHER_UNIT:
                what = {"account": account, "fund": fund, "ratio": f"{held / claims:.2g}"}
                said += [word("other_units", lang, **what) for lang in LANGUAGES]
    return said


def idle_pools(city: City, replayed: Replayed) -> list[str]:
    """What must be said where the city began with a pool or a reserve that the rules never draw."""
    begun = replayed.balances[0].year, 2, "pool"  # with the municipal reserve in it
    pools = (each for each in replayed.balances if (each.year, each.month, each.account) == begun)
    held = {each.fund for each in pools if each.balance > 0}
    idle = [fund for fund, rules in city.rules.items() if fund in held and not rules.draws_pool]
    return [*said_of_funds("idle_pool", idle, "en"), *said_of_funds("idle_pool", idle, "zh")]
