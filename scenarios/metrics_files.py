"""The metrics table as CSV and Parquet, byte for byte what pandas would write, without it.

pyarrow makes the Parquet file of the CSV file, for it imports pandas whenever it is handed a NumPy array.
A note in the file tells pandas, by its published convention, the types that ``metrics_table`` has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from scenarios.output import write_rows
from sim.metrics import WORDS, Columns


def write_metrics(folder: Path, columns: Columns) -> None:
    """``metrics.csv``, empty cells for NaN, and ``metrics.parquet``, nulls for them: a row a figure."""
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ReadOptions, read_csv
    from pyarrow.parquet import write_table

    cells = {
        name: ["" if cell != cell else cell for cell in column.tolist()] for name, column in columns.items()
    }
    cells["year"] = [year if year == "" else int(year) for year in cells["year"]]
    path = folder / "metrics.csv"
    write_rows(path, list(cells), zip(*cells.values(), strict=True))
    kinds = {name: pa.large_string() if name in WORDS else pa.float64() for name in columns}
    kinds |= {"year": pa.int32(), "n": pa.int64()}
    whole = ReadOptions(block_size=max(path.stat().st_size, 1))
    table = read_csv(path, whole, convert_options=ConvertOptions(column_types=kinds))
    write_table(table.replace_schema_metadata({"pandas": pandas_note(columns)}), folder / "metrics.parquet")


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
