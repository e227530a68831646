"""The sections of a report, each a piece of HTML; the notebook ``report.ipynb`` shows them in turn."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.explorer.names import address_name
from scenarios.labels import Lang, event_words, label
from scenarios.pictures.draw import pictures
from scenarios.pictures.runs import name_ends
from scenarios.reports import html, inputs, study
from scenarios.reports.html import Html
from scenarios.reports.results import (
    HEADLINE,
    bill_yuan,
    last_of,
    main_figures,
    of_run,
    side_by_side,
    unfunded_yuan,
)
from scenarios.reports.table import ReportTable, chances, share
from scenarios.reports.words import phrase
from scenarios.rulebook.words import word
from scenarios.runs.facts import caveats, describe
from scenarios.runs.stored import MANIFEST, read_manifest, read_stored
from scenarios.sweeps.store import STUDY
from scenarios.sweeps.sweep_words import leaves_out_runoff

if TYPE_CHECKING:
    from scenarios.pictures.runs import Run

SHOWN_ELSEWHERE = frozenset("assumptions sources notes titles county_names".split())
"""Keys of the manifest that other sections hold."""


class RunPage:
    """The results of a run or comparison in one language; InputError for a directory that holds none."""

    def __init__(self, directory: str | Path, lang: Lang = "en") -> None:
        from scenarios.pictures.runs import run_of

        self.folder, self.lang = Path(directory), lang
        self.stored = read_stored(self.folder)
        self.manifest = read_manifest(self.folder / MANIFEST)
        self.runs: list[Run] = [run_of(self.stored.table, facts) for facts in self.stored.facts]
        self.event = self.stored.event or HEADLINE

    @property
    def title(self) -> str:
        """Of the whole page."""
        return " / ".join(dict.fromkeys(run.facts["titles"][self.lang] for run in self.runs))

    def tables(self) -> dict[str, list[ReportTable]]:
        """Every table by the section it stands in."""
        several = len(self.runs) > 1
        compared = several and self.stored.event is None
        written = (self.folder / inputs.DIFFERENCES).is_file()
        return {
            "summary": [main_figures(self.runs, self.event, self.lang)],
            "differences": [
                *([inputs.differences(self.folder, self.lang)] if several and written else []),
                *([side_by_side(self.runs, self.lang)] if compared else []),
            ],
            "rules": inputs.rules(self.folder, self.lang, several),
            "assumptions": inputs.assumptions(self._by_scenario(), self.lang),
            "results": [
                table
                for run, end in zip(self.runs, name_ends(self.runs).values(), strict=True)
                for table in of_run(run, self.event, self.lang, end)
            ],
        }

    def _by_scenario(self) -> dict[str, dict[str, Any]]:
        return {each["scenario"]: each for each in self.manifest.get("scenarios", [self.manifest])}

    def sections(self) -> list[Html]:
        """The page from top to bottom."""
        tables = {key: [html.table(each, self.lang) for each in some] for key, some in self.tables().items()}
        parts = {
            "summary": [*self._said(), *tables["summary"], *self._caveats()],
            "differences": tables["differences"],
            "results": self._results(),
            "rules": tables["rules"],
            "assumptions": tables["assumptions"],
            "reproduce": [
                html.paragraph(phrase("reproduce_how", self.lang)),
                html.data(_without(self.manifest, SHOWN_ELSEWHERE)),
            ],
        }
        return [html.section(key, self.lang, part) for key, part in parts.items()]

    def _said(self) -> list[str]:
        """What was run, on what base, and a sentence a fund that never parts depletion from the bill."""
        constructed = any(run.facts["constructed"] for run in self.runs)
        about = dict.fromkeys(describe({**run.facts, "constructed": False}, self.lang) for run in self.runs)
        return [
            *(html.paragraph(line, "about") for line in about),
            html.paragraph(phrase("constructed" if constructed else "own_figures", self.lang), "notice"),
            *(html.paragraph(self._verdict(run, fund)) for run in self.runs for fund in run.funds),
            html.paragraph(phrase("never_alone" if self.stored.event is None else "no_bill", self.lang)),
        ]

    def _caveats(self) -> list[str]:
        from scenarios.pictures.runs import said

        return [html.bullets(said(self.runs, self.lang, months=True))]

    def _verdict(self, run: Run, fund: str) -> str:
        happened = chances(run.metrics.yearly(fund, f"event:{self.event}", "probability"))
        words = {
            "scenario": run.facts["scenario"],
            "fund": label(fund, self.lang),
            "last": run.last,
            "event": event_words(self.event, self.lang),
            "chance": happened[-1].text.replace(" [", "% [") if happened else "-",
        }
        said = phrase("verdict_chance", self.lang, **words)
        months = [run.metrics.yearly(fund, "months_of_capacity", name) for name in ("p10", "p50")]
        if not all(map(len, months)):
            return said
        low, median = (f"{last_of(each):z.1f}" for each in months)
        base = run.facts["base_claims_yuan"][fund]
        *treasuries, by_policy = bill_yuan(run, fund)
        paid = math.fsum(value for value in treasuries if value > 0)
        said += phrase("verdict", self.lang, **words, median=median, low=low, paid=share(paid / base).text)
        if by_policy > 0:
            said += phrase("verdict_policy", self.lang, borne=share(by_policy / base).text)
        unfunded = unfunded_yuan(run, fund)
        if unfunded > 0:
            said += phrase("verdict_unfunded", self.lang, bill=share(unfunded / base).text)
        return said + phrase("stop", self.lang)

    def _results(self) -> list[str]:
        """Every picture that the directory supports, and behind each the tables of what it shows."""
        from scenarios.pictures.sheet import drawing

        tables = {table.name: html.table(table, self.lang) for table in self.tables()["results"]}
        parts = []
        with drawing():
            for number, each in enumerate(pictures(self.stored, self.lang), 1):
                if each.make:
                    parts.append(html.picture(each.make(), number, self.lang))
                else:
                    parts.append(html.paragraph(phrase("colon", self.lang, a=each.name, b=each.why)))
                parts += [tables.pop(name) for name in each.tables if name in tables]
        return [*parts, *tables.values()]


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value


class StudyPage:
    """The results of a sweep in one language; InputError for a directory that holds none."""

    def __init__(self, directory: str | Path, lang: Lang = "en") -> None:
        self.lang, self.sweep = lang, study.read(Path(directory))

    @property
    def title(self) -> str:
        """Of the whole page."""
        return self.sweep.run.facts["titles"][self.lang]

    def tables(self) -> dict[str, list[ReportTable]]:
        """Every table by the section it stands in."""
        return {
            "summary": [study.outcomes(self.sweep, self.lang)],
            "levers": study.by_value(self.sweep, self.lang),
            "scenarios": study.listed(self.sweep, self.lang),
            "assumptions": inputs.assumptions(self.sweep.swept.study["bases"], self.lang),
        }

    def sections(self) -> list[Html]:
        """The page from top to bottom."""
        tables = {key: [html.table(each, self.lang) for each in some] for key, some in self.tables().items()}
        facts, manifest = self.sweep.run.facts, self.sweep.swept.study
        about = phrase(
            "sweep_about",
            self.lang,
            study=manifest["study"],
            count=len(self.sweep.scenarios),
            paths=facts["paths"],
            seed=facts["seed"],
            first=facts["first_year"],
            last=self.sweep.run.last,
        )
        names = phrase("comma", self.lang).join(address_name(at, self.lang) for at in self.sweep.varied)
        parts = {
            "summary": [
                html.paragraph(about, "about"),
                html.paragraph(
                    phrase("constructed" if facts["constructed"] else "own_figures", self.lang), "notice"
                ),
                html.paragraph(phrase("sweep_varied", self.lang, names=names)),
                html.paragraph(phrase("never_alone", self.lang)),
                *tables["summary"],
                html.bullets([*caveats(facts, self.lang), *self._left_out()]),
            ],
            "pictures": self._pictures(),
            "levers": tables["levers"],
            "scenarios": tables["scenarios"],
            "assumptions": tables["assumptions"],
            "reproduce": [
                html.paragraph(phrase("reproduce_how", self.lang)),
                html.data(_without(manifest, SHOWN_ELSEWHERE)),
            ],
        }
        return [html.section(key, self.lang, part) for key, part in parts.items()]

    def _left_out(self) -> list[str]:
        """That the bill lacks a part, where the study did not keep it."""
        kept = self.sweep.swept.study["outcomes"]["metrics"]
        return [word("sweep:no_runoff", self.lang)] if leaves_out_runoff(kept) else []

    def _pictures(self) -> list[str]:
        """The tornado, where numbers vary and a burden stands beside a depletion."""
        from scenarios.pictures.panels import check_burden
        from scenarios.pictures.sensitivity import tornado_figure
        from scenarios.pictures.sheet import drawing

        moved = study.effects(self.sweep)
        if moved.empty:
            return []
        moved["parameter"] = [address_name(at, self.lang) for at in moved["parameter"]]
        try:
            check_burden(list(moved["metric"]))
        except ValueError:
            return []
        with drawing():
            return [html.picture(tornado_figure(moved, self.sweep.run, self.lang), 1, self.lang)]


def page_of(directory: str | Path, lang: Lang) -> RunPage | StudyPage:
    """The page of whatever a directory holds; InputError where that is nothing."""
    page = StudyPage if (Path(directory) / STUDY).is_file() else RunPage
    return page(directory, lang)
