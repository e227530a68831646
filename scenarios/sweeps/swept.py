"""A finished sweep read for analysis: what varied in each scenario, and what one outcome came to.

A sweep's folder holds ``study.json``, ``scenarios.parquet`` (scenario, number, base, and a column for each
address that varied, null where a scenario does not have it) and ``metrics.parquet/part-*.parquet``, the tidy
rows of all scenarios.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError
from scenarios.rulebook.rows import one_of
from sim.differences import nought_if_absent
from sim.model import FUNDS

if TYPE_CHECKING:
    import pandas as pd

CITY = "*"
NOT_VARIED = ("scenario", "number", "base")
DEFAULT = "(default)"
"""In place of null, where an address is as the base has it."""


@dataclass(frozen=True)
class Figure:
    """A figure of the metrics table, of the city."""

    metric: str
    statistic: str
    fund: str
    year: int | None
    """None: of the whole horizon."""


@dataclass(frozen=True)
class Swept:
    """A sweep's folder."""

    folder: Path
    study: Mapping[str, Any]
    """Of study.json."""
    scenarios: pd.DataFrame
    """A row a scenario, in the study's order."""

    def experiments(self) -> pd.DataFrame:
        """A row a scenario, a column for all that differs between scenarios: float64, or text where there
        are words or an address is not in every scenario.

        Whole numbers are float64 too: the EMA Workbench cannot move a box's limit between them.
        """
        import pandas as pd

        columns = {}
        for name in ["base", *(each for each in self.scenarios if each not in NOT_VARIED)]:
            column = self.scenarios[name]
            if column.nunique(dropna=False) < 2:
                continue
            if column.isna().any() or not pd.api.types.is_any_real_numeric_dtype(column):
                words = column.astype(object).map(str).where(column.notna(), DEFAULT)
                columns[name] = words.astype(object)
            else:
                columns[name] = column.astype("float64")
        return pd.DataFrame(columns, index=self.scenarios.index)

    @cached_property
    def span(self) -> tuple[pd.Series[int], pd.Series[int]]:
        """Each scenario's first and last year."""
        first, years = self._of_each("first_year"), self._of_each("horizon_years")
        return first, first + years - 1

    @property
    def years(self) -> list[int]:
        """Those that some scenario simulates and the study keeps."""
        first, last = self.span
        kept = self.study["outcomes"]["years"]
        return [year for year in range(first.min(), last.max() + 1) if kept is None or year in kept]

    @property
    def last(self) -> int:
        """The last of them, or where none is kept the last simulated."""
        return max(self.years, default=int(self.span[1].max()))

    def simulates(self, year: int | None) -> pd.Series[bool]:
        """Whether the year is one of each scenario's; None, the whole horizon, is."""
        first, last = self.span
        return first.notna() if year is None else (first <= year) & (year <= last)

    def bases_with(self, fund: str) -> dict[str, Any]:
        """The bases that have the fund, by name."""
        return {name: base for name, base in self.study["bases"].items() if fund in base["funds"]}

    def _of_each(self, key: str) -> pd.Series[int]:
        """A whole number of each scenario: its own, or its base's."""
        of_base = self.scenarios["base"].map({name: base[key] for name, base in self.study["bases"].items()})
        own = self.scenarios.get(key, of_base)
        return own.fillna(of_base).astype(int)

    def city_rows(self, **equal: object) -> pd.DataFrame:
        """The city's rows of the metrics table that have these values, of a list one of them; InputError as
        ``arrow_table``."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        from scenarios.sweeps.store import METRICS

        wanted = ds.field("county") == CITY
        for name, value in equal.items():
            field = ds.field(name)
            if isinstance(value, list):
                wanted &= field.isin(pa.array(value, pa.string()))
            else:
                wanted &= field.is_null() if value is None else field == value
        return _frame(self.folder / METRICS, wanted)

    def figures(
        self, metrics: Sequence[str], year: int | None, statistics: Sequence[str] = ("mean", "probability")
    ) -> dict[tuple[str, str], pd.Series[float]]:
        """By fund and metric, in the order of the metrics, the figure of each scenario, for those that any
        scenario has.

        A scenario whose rules rule a metric out has nought of it.  One that does not simulate the year, or
        does not have the fund, has no figure: NaN.
        """
        rows = self.city_rows(metric=list(metrics), statistic=list(statistics), year=year)
        there = self.simulates(year)
        found: dict[tuple[str, str], pd.Series[float]] = {}
        for metric, fund in itertools.product(metrics, FUNDS):
            mine = rows[(rows["metric"] == metric) & (rows["fund"] == fund)].set_index("scenario")["value"]
            if len(mine):
                column = mine.reindex(self.scenarios["scenario"]).set_axis(self.scenarios.index)
                ruled_out = column.isna() & there & self.scenarios["base"].isin(self.bases_with(fund))
                found[fund, metric] = column.mask(ruled_out & absent_is_nought(metric), 0.0)
        return found

    def values(self, figure: Figure) -> pd.Series[float]:
        """One of the ``figures``; InputError names the option at fault where no scenario has it, or not every
        one."""
        by_metric = self.figures([figure.metric], figure.year, [figure.statistic])
        found = by_metric.get((figure.fund, figure.metric))
        if found is None:
            raise self._unknown(figure)
        if found.isna().any():
            expected = f"expected a figure of every scenario, found none of {found.isna().sum():,}"
            if not self.simulates(figure.year).all():
                shared = [year for year in self.years if self.simulates(year).all()]
                other = f"take --by {shared[-1]}, the last year of all" if shared else "no year is of all"
                expected += f", for {figure.year} is not of their years: {other}"
            raise InputError(self.folder, figure.metric, expected)
        return found

    def _unknown(self, figure: Figure) -> InputError:
        """What is wrong with a figure that no scenario has: the first of its words that is not known."""
        rows = self.city_rows()
        for option, column in (("--fund", "fund"), ("--outcome", "metric"), ("--statistic", "statistic")):
            known = [str(each) for each in rows[column].unique()]
            if (given := getattr(figure, column)) not in known:
                return InputError(option, "", one_of(given, known))
            rows = rows[rows[column] == given]
        years = sorted(int(year) for year in rows["year"].dropna().unique())
        span = f"expected a year from {years[0]} to {years[-1]}" if years else "expected no year"
        return InputError("--by", "", f"{span}, found {figure.year}")

    def last_year(self, metric: str) -> int | None:
        """The last year that a metric has, None where it is of the whole horizon alone or not there."""
        years = self.city_rows(metric=metric)["year"].dropna()
        return int(years.max()) if len(years) else None


def absent_is_nought(metric: str) -> bool:
    """Whether a scenario without the metric has nought of it, for its rules rule it out."""
    return nought_if_absent(metric) or metric.startswith(("event:", "outlay:"))


def in_words(values: pd.Series[Any], most: int, parts: int, default: str) -> pd.Series[str]:
    """Each scenario's value at an address in words, in the order of values; last, as ``default``, those that
    are as the base has them.  Of more than ``most`` numbers, ranges with as many scenarios in each."""
    import numpy as np
    import pandas as pd

    ordered = values.sort_values(kind="stable")
    own = ordered.dropna()
    words = [value_words(value) for value in own]
    if pd.api.types.is_numeric_dtype(values) and values.nunique(dropna=False) > most:
        edges = own.quantile(np.arange(1, parts) / parts).to_numpy()
        said = [f"{edge:.4g}" for edge in edges]
        inner = [f"{low} … {high}" for low, high in itertools.pairwise(said)]
        ranges = [f"≤ {said[0]}", *inner, f"> {said[-1]}"]
        words = [ranges[i] for i in np.searchsorted(edges, own)]
    return pd.Series(words, own.index, dtype=object).reindex(ordered.index, fill_value=default)


def value_words(value: Any) -> str:
    """A value at an address."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def may_move(address: str, fund: str) -> bool:
    """Whether a fund's figures can hang on an address: on one of the other fund they never do, though means
    over a few scenarios, in which all else varies too, may differ by chance."""
    return all(each == fund or each not in address.split(".") for each in FUNDS)


def load_swept(folder: Path) -> Swept:
    """A sweep's folder; InputError where it is none, or not finished."""
    from scenarios.sweeps.store import JOURNAL, METRICS, SCENARIOS, read_study

    study = read_study(folder)
    missing = [name for name in study["parts_sha256"] if not (folder / METRICS / name).exists()]
    if (folder / JOURNAL).exists() or missing or not study["parts_sha256"]:
        raise InputError(folder, "", "not finished: the command that began it goes on")
    return Swept(folder, study, _frame(folder / SCENARIOS))


def read_sweep(folder: Path | str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A finished sweep's scenarios, a row each, and their metrics, tidy; InputError as ``load_swept``."""
    from scenarios.sweeps.store import METRICS

    swept = load_swept(Path(folder))
    return swept.scenarios, _frame(swept.folder / METRICS)


def _frame(path: Path, wanted: object = None) -> pd.DataFrame:
    table: pd.DataFrame = arrow_table(path, wanted).to_pandas()
    return table


def arrow_table(path: Path, wanted: object = None) -> Any:
    """The wanted rows of a Parquet file or of a folder of such, all without a filter; InputError where it
    cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, filters=wanted, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise InputError(path, "", f"damaged ({error}); remove it and sweep again") from None
