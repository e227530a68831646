"""A finished sweep read for analysis: what varied in each scenario, and what one outcome came to.

A sweep's folder holds ``study.json``, ``scenarios.parquet`` (scenario, number, base, and a column for each
address that varied, null where a scenario does not have it) and ``metrics.parquet/part-*.parquet``, the tidy
rows of all scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    def city_rows(self, **equal: object) -> pd.DataFrame:
        """The city's rows of the metrics table that have these values; InputError as ``_frame``."""
        import pyarrow.dataset as ds

        from scenarios.sweeps.store import METRICS

        wanted = ds.field("county") == CITY
        for name, value in equal.items():
            field = ds.field(name)
            wanted &= field.is_null() if value is None else field == value
        return _frame(self.folder / METRICS, wanted)

    def values(self, figure: Figure) -> pd.Series[float]:
        """The figure of each scenario in order; an event that a scenario's rules do not know has 0.

        InputError names the option at fault where no scenario has it, or not every one.
        """
        wanted = {"fund": figure.fund, "metric": figure.metric, "statistic": figure.statistic}
        rows = self.city_rows(**wanted, year=figure.year)
        if not len(rows):
            raise self._unknown(figure)
        found = rows.set_index("scenario")["value"].reindex(self.scenarios["scenario"])
        if figure.metric.startswith("event:"):
            found = found.fillna(0.0)
        if found.isna().any():
            expected = f"expected a figure of every scenario, found none of {found.isna().sum():,}"
            raise InputError(self.folder, figure.metric, expected)
        return found.reset_index(drop=True)

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
