"""A sweep as the EMA Workbench reads it: experiments and outcomes in one archive.

The format is that of ``ema_workbench.save_results`` (``experiments.csv``, a file an outcome and
``metadata.json`` in a tar archive), written without it.  An outcome of single years is an array of scenarios
and years, one of the whole horizon a number a scenario; its name is an identifier, such as
``resident_event_reserve_depletion_probability``.  Figures are the city's; what a scenario's rules do not
report is ``nan``.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.errors import InputError
from scenarios.output import check_file, new_files
from scenarios.sweeps.swept import Swept

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = ".tar.gz"
VERSION = 0.1
"""Of the format."""


def export_ema(swept: Swept, file: Path) -> int:
    """Writes the archive; the number of outcomes in it.  InputError for a name without ``.tar.gz``."""
    if not file.name.endswith(SUFFIX):
        raise InputError("--ema", "", f"expected a file that ends in {SUFFIX}, found {file.name}")
    check_file(file, "--ema")
    experiments = _experiments(swept)
    described, parts = [], {"experiments.csv": _csv(experiments, header=True)}
    for name, values in _outcomes(swept):
        kind = "ArrayOutcome" if values.shape[1] > 1 else "ScalarOutcome"
        described.append((kind, name, f"{name}.csv"))
        parts[f"{name}.csv"] = _csv(values, header=False)
    types = {
        name: "object" if column.dtype == object else column.dtype.name
        for name, column in experiments.items()
    }
    metadata = {"version": VERSION, "outcomes": described, "experiments": types}
    parts["metadata.json"] = json.dumps(metadata, ensure_ascii=False).encode()
    with new_files(file.parent, option="--ema") as folder:
        _write(folder / file.name, parts)
    return len(described)


def _experiments(swept: Swept) -> pd.DataFrame:
    """What varied, and the three columns that the workbench has of its own."""
    experiments = swept.experiments()
    own = {
        "scenario": swept.scenarios["scenario"].astype(object).tolist(),
        "policy": "None",
        "model": swept.scenarios["base"].astype(object).tolist(),
    }
    return experiments.drop(columns="base", errors="ignore").assign(**own).astype(dict.fromkeys(own, object))


def _outcomes(swept: Swept) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and figures, (scenarios, years) or (scenarios, 1)."""
    rows = swept.city_rows()
    order = swept.scenarios["scenario"]
    for (fund, metric, statistic), mine in rows.groupby(["fund", "metric", "statistic"], sort=False):
        name = re.sub(r"\W", "_", f"{fund}_{metric}_{statistic}")
        horizon = mine["year"].isna()
        if horizon.any():
            yield (
                f"{name}_horizon" if not horizon.all() else name,
                mine[horizon].set_index("scenario")[["value"]].reindex(order),
            )
        if not horizon.all():
            wide = mine[~horizon].pivot(index="scenario", columns="year", values="value")
            yield name, wide.reindex(order).sort_index(axis=1)


def _csv(table: pd.DataFrame, *, header: bool) -> bytes:
    return table.to_csv(header=header, index=False, na_rep="nan", lineterminator="\n").encode()


def _write(path: Path, parts: dict[str, bytes]) -> None:
    """The same bytes for the same parts: no times, no names of users."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", encoding="utf-8") as archive,
    ):
        for name, content in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
