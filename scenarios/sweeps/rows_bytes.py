"""A scenario's rows of the metrics table as bytes, and many scenarios' as a Parquet file.

Rows travel between processes and lie in a sweep's journal as an Arrow stream, words as dictionaries.  In the
file they are plain text, as in the ``metrics.parquet`` of a run, and under the same types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.runs.metrics_files import pandas_note
from sim.metrics import COLUMNS, Columns, Layout

if TYPE_CHECKING:
    from sim.desk import Table


def to_bytes(table: Table) -> bytes:
    """An Arrow stream of the table without its name; its differences are a batch of their own."""
    import pyarrow as pa

    figures, differences = table.figures._asdict(), table.differences
    batches = [_batch(_words(table.layout), figures)]
    if differences is not None:
        batches.append(_batch(_as_arrow(differences), differences))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    return bytes(sink.getvalue())


def from_bytes(rows: bytes) -> Any:
    """The Arrow table again."""
    import pyarrow as pa

    with pa.ipc.open_stream(rows) as stream:
        return stream.read_all()


def part_bytes(ids: Sequence[str], tables: Sequence[Any]) -> int:
    """How large that file is."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    write_part(sink, ids, tables)
    return int(sink.getvalue().size)


def write_part(path: Path | Any, ids: Sequence[str], tables: Sequence[Any]) -> None:
    """One Parquet file, or stream, of several scenarios, in their order."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    which = np.repeat(np.arange(len(ids), dtype=np.int32), [len(table) for table in tables])
    named = whole.add_column(0, "scenario", pa.DictionaryArray.from_arrays(which, pa.array(ids)))
    # without Arrow's own schema readers take the dictionaries for the plain text that they are
    with ParquetWriter(path, named.schema, store_schema=False, write_page_checksum=True) as file:
        file.write_table(named)
        file.add_key_value_metadata({"pandas": pandas_note(COLUMNS)})


@lru_cache(maxsize=64)
def _words(layout: Layout) -> list[Any]:
    """The words' columns, made once for all tables of a layout."""
    return _as_arrow(layout.words)


def _batch(words: list[Any], figures: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    numbers = [pa.array(figures[name], from_pandas=True) for name in ("value", "std_error")]
    counted = pa.array(figures["n"].astype(np.int64))
    return pa.record_batch([*words, *numbers, counted], names=COLUMNS[1:])


def _as_arrow(words: Columns) -> list[Any]:
    import pyarrow as pa

    columns = []
    for name in COLUMNS[1:6]:
        column = words[name]
        if name == "year":
            columns.append(pa.array(column, from_pandas=True).cast(pa.int32()))
        else:
            columns.append(pa.array(column.tolist(), pa.string()).dictionary_encode())
    return columns
