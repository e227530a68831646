"""``fundsim draw``: every picture that a run's or comparison's directory supports, into another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scenarios.labels import Lang
from scenarios.output import check_folder, names_in, new_files
from scenarios.pictures.captions import caption
from scenarios.runs.stored import Stored, read_stored

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from scenarios.pictures.runs import Run
    from scenarios.runs.facts import RunFacts

PAYERS, LINES = 4, 7
"""Scenarios on a sheet of who pays, and of lines."""


class Picture(NamedTuple):
    """A file's name without suffix, and how it is drawn, or why it cannot be."""

    name: str
    make: Callable[[], Figure] | None
    why: str = ""
    tables: tuple[str, ...] = ()
    """Names of a report's tables that hold its figures."""


def draw(directory: Path, out: Path, lang: Lang, kind: str) -> tuple[list[Path], list[str]]:
    """Draws into ``out``, all files or none; the files, and a sentence for each picture left out.

    InputError for a directory that holds no results, before anything is drawn.
    """
    check_folder(out)
    stored = read_stored(directory)

    from scenarios.pictures.sheet import drawing, save

    left_out = []
    with new_files(out) as folder, drawing():
        for picture in pictures(stored, lang):
            if picture.make is None:
                left_out.append(caption("not_drawn", lang, name=picture.name, why=picture.why))
            else:
                save(picture.make(), folder / f"{picture.name}.{kind}")
        return list(names_in(folder, out)), left_out


def pictures(stored: Stored, lang: Lang) -> Iterator[Picture]:
    """The pictures of a directory's scenarios together, then of each; some only with a reason why not."""
    from scenarios.pictures.comparison import comparison_figure
    from scenarios.pictures.depletion import HEADLINE, depletion_figure
    from scenarios.pictures.payers import payers_figure
    from scenarios.pictures.runs import name_ends, run_of

    runs = [run_of(stored.table, facts) for facts in stored.facts]
    ends = name_ends(runs)
    for n, some in enumerate(_sheets(runs, LINES)):
        yield Picture(_name("depletion", n), partial(depletion_figure, some, lang, stored.event or HEADLINE))
    if stored.event is not None:
        yield Picture("months_of_capacity, payers, …", None, caption("only_probabilities", lang))
        return
    for n, some in enumerate(_sheets(runs, PAYERS)):
        held = tuple(f"who_pays_{fund}{ends[run.facts['scenario']]}" for run in some for fund in run.funds)
        yield Picture(_name("payers", n), partial(payers_figure, some, lang), tables=held)
    if len(runs) > 1:
        yield Picture("comparison", partial(comparison_figure, runs, lang))
    for run, facts in zip(runs, stored.facts, strict=True):
        end = ends[facts["scenario"]]
        if end:
            facts = {**facts, "titles": _named(facts)}
            run = run._replace(facts=facts)
        for picture in _of_one(stored, run, facts, lang):
            tables = tuple(name + end for name in picture.tables)
            yield picture._replace(name=picture.name + end, tables=tables)


def _named(facts: RunFacts) -> dict[Lang, str]:
    """Titles that tell apart scenarios of one title, such as two readings of one city."""
    return {lang: f"{title} [{facts['scenario']}]" for lang, title in facts["titles"].items()}


def _of_one(stored: Stored, run: Run, facts: RunFacts, lang: Lang) -> Iterator[Picture]:
    """The pictures of one scenario."""
    from scenarios.pictures.counties import (
        counties_figure,
        county_sheets,
        has_counties,
        has_transfers,
        transfers_figure,
    )
    from scenarios.pictures.depletion import depletion_year_figure
    from scenarios.pictures.plot import fan_figure

    own = stored.table[stored.table["scenario"] == facts["scenario"]]
    years = tuple(f"by_year_{fund}" for fund in run.funds)
    yield Picture("months_of_capacity", partial(fan_figure, own, facts, lang), tables=years)
    for fund in run.funds:
        if not has_counties(run, fund):
            yield Picture(f"counties_{fund}", None, caption("no_counties", lang), (f"counties_{fund}",))
            continue
        sheets = len(county_sheets(run, fund))
        for n in range(sheets):
            tables = (f"counties_{fund}",) if n == sheets - 1 else ()
            make = partial(counties_figure, run, fund, lang, n)
            yield Picture(_name(f"counties_{fund}", n), make, tables=tables)
    yield Picture("depletion_year", partial(depletion_year_figure, run, lang))
    transfers = partial(transfers_figure, run, lang) if has_transfers(run) else None
    yield Picture("transfers", transfers, caption("no_transfers", lang))


def _sheets(runs: Sequence[Run], size: int) -> Iterator[Sequence[Run]]:
    """The runs by sheets of at most ``size``, the first on each."""
    first, *others = runs
    yield from ([first, *others[i : i + size - 1]] for i in range(0, max(len(others), 1), size - 1))


def _name(name: str, sheet: int) -> str:
    return name if sheet == 0 else f"{name}_{sheet + 1}"
