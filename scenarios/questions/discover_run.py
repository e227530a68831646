"""``fundsim discover``: the conditions under which scenarios of a sweep fail."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.errors import InputError
from scenarios.labels import Lang, comma, label
from scenarios.output import check_folder, names_in, new_files, sha256, write_json
from scenarios.questions.discovery import Box, Limit, boxes_table, discover
from scenarios.questions.outcomes import DEFAULT_OUTCOME, EVENT, outcome_words
from scenarios.questions.study_words import phrase, statistic_words
from scenarios.runs.summary import new_table, note
from scenarios.sweeps.swept import Figure, load_swept, may_move

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

DENSITY = 0.8


@dataclass(frozen=True)
class DiscoverRequest:
    """What a user asked for."""

    folder: Path
    outcome: str = DEFAULT_OUTCOME
    fund: str | None = None
    year: int | None = None
    statistic: str | None = None
    above: float | None = None
    below: float | None = None
    """One of the two: scenarios whose figure lies beyond it fail."""
    density: float = DENSITY
    out: Path | None = None


@dataclass(frozen=True)
class Discovery:
    """What was found, and the files written."""

    figure: Figure
    year: int | None
    request: DiscoverRequest
    scenarios: int
    failures: int
    boxes: tuple[Box, ...]
    files: tuple[Path, ...]


def run_discover(request: DiscoverRequest) -> Discovery:
    """Read the sweep, look for boxes, write where asked to; InputError for whatever cannot be."""
    if (request.above is None) == (request.below is None):
        raise InputError("--above", "", "expected one of --above and --below")
    if not 0 < request.density <= 1:
        raise InputError("--density", "", f"expected a share above 0, at most 1, found {request.density:g}")
    if request.out is not None:
        check_folder(request.out, kind="discover")
    swept = load_swept(request.folder)
    statistic = request.statistic or ("probability" if EVENT in request.outcome else "mean")
    year = swept.last_year(request.outcome) if request.year is None else request.year
    figure = Figure(request.outcome, statistic, request.fund or _only_fund(swept.city_rows()), year)
    values = swept.values(figure).to_numpy()
    fails = values > request.above if request.above is not None else values < (request.below or 0.0)
    if fails.all() or not fails.any():
        option = "--above" if request.above is not None else "--below"
        which = "every scenario lies" if fails.all() else "no scenario lies"
        span = f"the figures go from {values.min():g} to {values.max():g}"
        raise InputError(option, "", f"expected a value between scenarios; {which} beyond it ({span})")
    experiments = swept.experiments()
    experiments = experiments[[name for name in experiments if may_move(str(name), figure.fund)]]
    if experiments.empty:
        expected = f"expected scenarios that differ in what moves the {figure.fund} fund, found none that do"
        raise InputError(request.folder, "", expected)
    boxes = discover(experiments, fails, request.density)
    files: tuple[Path, ...] = ()
    if request.out is not None:
        manifest = {
            "sweep_sha256": sha256(request.folder / "study.json"),
            "figure": asdict(figure),
            "above": request.above,
            "below": request.below,
            "density": request.density,
            "scenarios": len(fails),
            "failures": int(fails.sum()),
            "version": version("fundsim"),
            "ema_workbench": version("ema_workbench"),
        }
        with new_files(request.out) as folder:
            boxes_table(boxes).to_csv(folder / "boxes.csv", index=False, lineterminator="\n")
            write_json(folder / "manifest.json", manifest)
            files = names_in(folder, request.out)
    return Discovery(figure, year, request, len(fails), int(fails.sum()), boxes, files)


def print_discovery(done: Discovery, console: Console, lang: Lang = "en") -> None:
    """Prints what counts as failure, then each box and what it asks of the uncertainties."""
    figure, request = done.figure, done.request
    span = (done.year or 0, done.year or 0)
    what = outcome_words(figure.metric, done.year, span, lang)
    beyond = "above" if request.above is not None else "below"
    value = request.above if request.above is not None else request.below
    statistic = statistic_words(figure.statistic, lang)
    title = phrase("fails", lang, fund=label(figure.fund, lang), what=what, statistic=statistic)
    console.print(title, style="bold", markup=False, highlight=False)
    counts = {"failures": done.failures, "scenarios": done.scenarios}
    note(console, phrase(beyond, lang, value=f"{value:g}", **counts))
    for number, box in enumerate(done.boxes, 1):
        shares = {"coverage": f"{box.coverage:.0%}", "density": f"{box.density:.0%}"}
        table = new_table(phrase("box", lang, number=number), phrase("factor", lang))
        table.add_column(phrase("condition", lang))
        table.add_column(phrase("p_value", lang), justify="right", no_wrap=True)
        for limit in box.limits:
            table.add_row(limit.name, _condition(limit, lang), f"{limit.p_value:.1g}")
        console.print(table)
        note(console, phrase("box_says", lang, scenarios=box.scenarios, **shares))
    if not done.boxes:
        note(console, phrase("no_box", lang, density=f"{request.density:.0%}"))
    else:
        note(console, phrase("box_note", lang))


def _condition(limit: Limit, lang: Lang) -> str:
    if limit.values:
        return phrase("one_of", lang, values=comma(lang).join(limit.values))
    ends = [f"≥ {limit.low:.4g}"] if limit.low is not None else []
    ends += [f"≤ {limit.high:.4g}"] if limit.high is not None else []
    return phrase("and", lang).join(ends)


def _only_fund(rows: pd.DataFrame) -> str:
    funds = [str(each) for each in rows["fund"].unique()]
    if len(funds) != 1:
        raise InputError("--fund", "", f"expected one of {', '.join(funds)}")
    return funds[0]
