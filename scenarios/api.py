"""fundsim from Python: what the commands do, as functions that give tidy tables.

    from scenarios import api as fundsim

    metrics = fundsim.run("taizhou", paths=1000, years=10)
    rules = fundsim.explain("taizhou")
    compared = fundsim.compare(["taizhou", "taizhou@T5=after_pool"], paths=1000, years=10)
    settled = fundsim.replay("linyi", "my-figures")

Every function takes what its command takes and raises ``scenarios.errors.InputError`` where the command ends
with status 2.  With ``out`` the files that the command writes are written as well.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scenarios.labels import Lang
from scenarios.output import path_if_any
from scenarios.pictures.picture import Picture as Picture
from scenarios.pictures.picture import drawing as drawing
from scenarios.question_api import Answered as Answered
from scenarios.question_api import Decided as Decided
from scenarios.question_api import readings as readings
from scenarios.question_api import solve as solve
from scenarios.study_api import discover as discover
from scenarios.study_api import export_ema as export_ema
from scenarios.study_api import read_sweep as read_sweep
from scenarios.study_api import sensitivity as sensitivity
from scenarios.study_api import stress as stress
from scenarios.study_api import sweep as sweep

if TYPE_CHECKING:
    import pandas as pd

    from sim.sampling import Method

__all__ = [
    *("Answered", "Compared", "Decided", "Picture", "Settled", "calibrate", "cities", "compare"),
    *("discover", "draw", "drawing", "explain", "export_ema", "new", "prefectures", "read_sweep"),
    *("readings", "replay", "report", "run", "scenarios", "sensitivity", "solve", "stress", "sweep"),
    *("tables", "templates", "warn"),
]


class Settled(NamedTuple):
    """What replayed figures came to."""

    balances: pd.DataFrame
    """fund, year, month, county, account, balance in yuan; county ``*``: the city's."""
    ledger: pd.DataFrame
    """fund, year, month, county, step, source, destination, amount in yuan, clause: a row a transfer."""
    adjustments: pd.DataFrame
    """What Yancheng's rules set for the next year; empty for others."""


class Compared(NamedTuple):
    """Scenarios on the same random numbers."""

    metrics: pd.DataFrame
    """The metrics of all, and each one's ``difference:`` from the first; ``attrs["facts"]`` by scenario."""
    differences: pd.DataFrame
    """kind, fund, key, scenario, value, clause, status, reading: what differs between rules and inputs."""


def scenarios() -> list[str]:
    """Names of the built-in scenarios.

    >>> scenarios()
    ['hangzhou', 'linyi', 'taizhou', 'yancheng', 'ziyang']
    """
    from scenarios.definition.scenario_file import builtin_scenarios

    return builtin_scenarios()


def cities() -> list[str]:
    """Names of the built-in cities, whose rules any counties may take."""
    from scenarios.rulebook.rules_file import builtin_cities

    return builtin_cities()


def templates() -> list[str]:
    """Names of the built-in templates.

    >>> "zhejiang" in templates()
    True
    """
    from scenarios.rulebook.rules_file import builtin_templates

    return builtin_templates()


def prefectures() -> pd.DataFrame:
    """Every place that ``new`` can make: code, name, province, units, population, rules by default.

    >>> len(prefectures())
    367
    """
    import pandas as pd

    from scenarios.basecase.new import Listed, every_place

    return pd.DataFrame(every_place(), columns=Listed._fields)


def new(place: str, out: str | Path, *, rules: str | None = None) -> Path:
    """A folder with a constructed base case, rules and empty tables of a place; ``run`` takes it."""
    from scenarios.basecase.new import new as make

    return make(place, Path(out), rules).folder


def calibrate(
    panel: str | Path, *, without: int | Collection[int] = (), out: str | Path | None = None
) -> dict[str, Any]:
    """Shock parameters from a panel of yearly figures: the table ``[shocks]`` of a scenario."""
    from scenarios.basecase.panel_run import calibrate as make

    years = {without} if isinstance(without, int) else without
    return make(Path(panel), path_if_any(out), years).shocks


def warn(
    scenario: str | Path,
    *,
    months: Sequence[float] | None = None,
    within: int | None = None,
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    out: str | Path | None = None,
) -> pd.DataFrame:
    """Thresholds of months as early warnings: shares and years of lead, a row a figure.

    >>> rows = warn("ziyang", months=[3], paths=128, years=3)
    >>> rows.query("statistic == 'warned'")["fund"].tolist()
    ['employee', 'resident']
    """
    import pandas as pd

    from scenarios.runs import warn_run as command
    from scenarios.runs.run import RunRequest

    chosen = str(scenario), path_if_any(out), paths, years, seed, threads, readings, template, rules
    marks = None if months is None else command.checked_months(",".join(map(str, months)), months)
    done = command.warn(RunRequest(*chosen), marks, within, lambda *_: None)
    table = pd.DataFrame(done.rows(), columns=command.COLUMNS)
    table.attrs["facts"] = done.facts
    return table


def run(
    scenario: str | Path,
    *,
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    sampling: Method = "plain",
    out: str | Path | None = None,
) -> pd.DataFrame:
    """One Monte Carlo run: the metrics table, a row a figure; ``year`` is empty for the whole horizon.

    ``attrs["facts"]`` is what must be said beside any figure: paths, seed, whether the case is constructed.

    >>> metrics = run("taizhou", paths=128, years=2)
    >>> depleted = metrics.query("metric == 'event:reserve_depletion' and statistic == 'probability'")
    >>> depleted[["fund", "year"]].values.tolist()
    [['employee', 2025], ['employee', 2026], ['resident', 2025], ['resident', 2026]]
    >>> bool(depleted["value"].between(0, 1).all())
    True
    """
    from scenarios.errors import InputError
    from scenarios.runs import run as command
    from sim.metrics import as_frame, metrics_columns
    from sim.sampling import METHODS
    from sim.simulate import simulate

    chosen = str(scenario), path_if_any(out), paths, years, seed, threads, readings, template, rules
    if sampling not in METHODS:  # importance, which gives another table, is the command line's alone
        raise InputError("--sampling", sampling, f"expected one of {', '.join(METHODS)}")
    request = command.RunRequest(*chosen, sampling=sampling)
    if out is not None:
        done = command.run(request, lambda *_: None)
        columns, facts = done.columns, done.facts
    else:
        loaded, number, chosen_seed = command.checked(request)
        result = simulate(loaded.case, paths=number, seed=chosen_seed, threads=threads, sampling=sampling)
        columns, _ = metrics_columns(result, loaded.name)
        facts = command.run_facts(loaded, number, chosen_seed, sampling)
    table = as_frame(columns)
    table.attrs["facts"] = facts
    return table


def compare(
    scenarios: Sequence[str],
    *,
    paths: int | None = None,
    years: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
    out: str | Path | None = None,
) -> Compared:
    """Scenarios on the same random numbers, each paired with the first.

    A scenario is a name or a path, with other rules or values behind an ``@``; the options hold for all.

    >>> compared = compare(["taizhou", "taizhou@T5=after_pool"], paths=128, years=3)
    >>> sorted(set(compared.metrics["scenario"]))
    ['taizhou', 'taizhou@T5=after_pool']
    >>> sorted(set(compared.differences["key"]))
    ['settlement.waterfall.2']
    """
    from scenarios.runs import compare as command
    from scenarios.runs.run import RunRequest

    request = RunRequest("", path_if_any(out), paths, years, seed, threads, readings, template, rules)
    if out is not None:
        compared, _ = command.run_compare(scenarios, request, lambda *_: None)
    else:
        loaded, number, chosen_seed = command.checked_scenarios(scenarios, request)
        compared = command.compare(loaded, paths=number, seed=chosen_seed, threads=threads)
    table = compared.table()
    table.attrs["facts"] = dict(compared.facts)
    return Compared(table, compared.differences_table())


def draw(metrics: pd.DataFrame, picture: str, lang: Lang = "en") -> Picture:
    """A picture of what ``run`` or ``compare`` gave, by the name that ``fundsim draw`` gives its file.

    ValueError for a picture that these figures do not support, with those that they do.

    >>> draw(run("taizhou", paths=128, years=2), "depletion")
    <Picture depletion>
    """
    from scenarios.pictures.draw import pictures
    from scenarios.pictures.sheet import drawing, settle
    from scenarios.runs.stored import Stored

    facts = metrics.attrs["facts"]
    of_one = isinstance(facts.get("scenario"), str)  # of several, one may be called so
    each = [facts] if of_one else list(facts.values())
    made = {found.name: found.make for found in pictures(Stored(metrics, each, None), lang)}
    make = made.get(picture)
    if make is None:
        raise ValueError(f"expected one of {', '.join(name for name in made if made[name])}, found {picture}")
    with drawing():
        figure = make()
        settle(figure)
    return Picture(picture, figure)


def explain(
    city: str,
    *,
    lang: Lang = "en",
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
) -> pd.DataFrame:
    """Every rule parameter: instrument, name, value, clause, status, reading, note, as text.

    >>> rows = explain("ziyang", lang="zh")
    >>> sorted(set(rows["status"])) != []
    True
    """
    import pandas as pd

    from scenarios.rulebook.city import load_city
    from scenarios.rulebook.explain import explain_table

    lines = explain_table(load_city(city, readings, template, rules), lang)
    return pd.DataFrame([vars(line) for line in lines]).drop(columns="style")


def replay(
    city: str,
    data: str | Path,
    *,
    apply_adjustment: bool = False,
    readings: Mapping[str, str] | None = None,
    template: str | None = None,
    rules: str | None = None,
) -> Settled:
    """Given monthly figures under a city's rules: who pays what, by which clause."""
    import pandas as pd

    from scenarios.rulebook.city import load_city
    from scenarios.runs.replay_run import replay_city
    from sim.replay import Adjustment, Balance, Transfer

    place = load_city(city, readings, template, rules)
    replayed, _ = replay_city(place, Path(data), apply_adjustment=apply_adjustment)
    return Settled(
        pd.DataFrame(replayed.balances, columns=Balance._fields),
        pd.DataFrame(replayed.ledger, columns=Transfer._fields),
        pd.DataFrame(replayed.adjustments, columns=Adjustment._fields),
    )


def report(directory: str | Path, out: str | Path, *, lang: Lang = "en") -> Path:
    """One HTML page of what a run, comparison or sweep has written into a directory."""
    from scenarios.reports.report import report as make

    return make(Path(directory), Path(out), lang)


def tables(directory: str | Path, *, lang: Lang = "en") -> dict[str, pd.DataFrame]:
    """The tables of the report of a directory by name, with numbers where a cell has one.

    ``attrs`` hold each table's title and note.
    """
    import pandas as pd

    from scenarios.reports.page import page_of

    frames = {}
    for some in page_of(directory, lang).tables().values():
        for table in some:
            headings, *rows = table.records(lang)
            frames[table.name] = pd.DataFrame(rows, columns=headings)
            frames[table.name].attrs = {"title": table.title, "note": table.note}
    return frames
