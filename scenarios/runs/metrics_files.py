"""The metrics table as CSV and Parquet, byte for byte what pandas would write, without it.

pyarrow is given columns as buffers, for it imports pandas whenever it is handed a NumPy array or a list.
A note in the file tells pandas, by its published convention, the types that ``metrics_table`` has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.output import csv_cell
from scenarios.runs.program import version
from sim.metrics import WORDS, Columns


def write_metrics(folder: Path, columns: Columns) -> None:
    """``metrics.csv``, empty cells for NaN, and ``metrics.parquet``, nulls for them: a row a figure."""
    write_csv(folder / "metrics.csv", columns)
    write_parquet(folder / "metrics.parquet", columns)


def write_csv(path: Path, columns: Columns) -> None:
    """By columns, which takes less time than by rows: few words differ."""
    texts = []
    for name, column in columns.items():
        cells = column.tolist()
        if name in (*WORDS, "n"):
            known = {cell: csv_cell(cell) for cell in set(cells)}
            texts.append([known[cell] for cell in cells])
        elif name == "year":
            known = {year: f"{year:.0f}" for year in set(cells) if year == year}
            texts.append([known.get(year, "") for year in cells])
        else:
            texts.append(["" if text == "nan" else text for text in map(repr, cells)])
    rows = map(",".join, zip(*texts, strict=True))
    path.write_text("\n".join([",".join(columns), *rows, ""]), encoding="utf-8", newline="")


def write_parquet(path: Path, columns: Columns) -> None:
    """Words as text, years and n as whole numbers, NaN as null."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    kinds = {"year": pa.int32(), "n": pa.int64()}

    def array(name: str, column: NDArray[Any]) -> Any:
        if name in WORDS:
            words = column.tolist()
            size = {word: len(word.encode()) for word in set(words)}
            ends = np.zeros(len(words) + 1, np.int64)
            np.cumsum(np.fromiter(map(size.__getitem__, words), np.int64, len(words)), out=ends[1:])
            buffers = None, pa.py_buffer(ends), pa.py_buffer("".join(words).encode())
            return pa.Array.from_buffers(pa.large_string(), len(words), buffers)
        kind, known = kinds.get(name, pa.float64()), column == column
        valid = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
        numbers = np.where(known, column, 0).astype(str(kind).replace("double", "float64"))
        return pa.Array.from_buffers(kind, len(column), [valid, pa.py_buffer(numbers)])

    table = pa.Table.from_arrays([array(*each) for each in columns.items()], list(columns))
    write_table(table.replace_schema_metadata({"pandas": pandas_note(columns)}), path)


def pandas_note(columns: Iterable[str]) -> str:
    """The types of the columns as ``read_parquet`` takes them from a file's metadata, in JSON."""
    import pyarrow as pa

    kinds = dict.fromkeys(WORDS, ("object", "str")) | {"year": ("int32", "Int32"), "n": ("int64", "int64")}
    described = []
    for name in columns:
        kind, pandas_kind = kinds.get(name, ("float64", "float64"))
        names = {"name": name, "field_name": name}
        described.append({**names, "pandas_type": kind, "numpy_type": pandas_kind, "metadata": None})
    note = {
        "index_columns": [],
        "column_indexes": [],
        "columns": described,
        "attributes": {},
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": version("pandas"),
    }
    return json.dumps(note)
