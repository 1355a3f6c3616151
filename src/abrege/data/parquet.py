"""Read the rows of Parquet and Arrow files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.optional import require
from abrege.data.rows import ReadOptions, SourceRow, shorten


def read_parquet(path: Path, _options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of a Parquet file."""
    require("pyarrow", extra="parquet", purpose="Reading Parquet files")
    import pyarrow.parquet

    if path.stat().st_size:
        yield from _rows(path, "Parquet", lambda: pyarrow.parquet.ParquetFile(path).iter_batches())


def read_arrow(path: Path, _options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of an Arrow file (also Feather), or of an Arrow stream (datasets' cache)."""
    require("pyarrow", extra="parquet", purpose="Reading Arrow files")
    import pyarrow.feather
    import pyarrow.ipc

    def batches() -> Any:
        try:
            return pyarrow.feather.read_table(path).to_batches()
        except pyarrow.ArrowInvalid:
            return pyarrow.ipc.open_stream(path.read_bytes())

    if path.stat().st_size:
        yield from _rows(path, "Arrow", batches)


def _rows(path: Path, kind: str, open_batches: Any) -> Iterator[SourceRow]:
    number = 0
    with _arrow_errors(path, kind, lambda: number):
        for batch in open_batches():
            for values in batch.to_pylist():
                number += 1
                row = {name: _text(value) for name, value in values.items()}
                yield SourceRow(f"{path} row {number}", f"{path.name}:{number}", row)


@contextmanager
def _arrow_errors(path: Path, kind: str, rows: Any) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: not a complete {kind} file; it is truncated after row {rows()}.\n"
            f"  found: {shorten(error, 100)}\n  Download or create the file again."
        ) from error


def _text(value: Any) -> Any:
    """Return a text that is stored as bytes, as some writers do, as text."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value
