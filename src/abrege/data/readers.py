"""Read a file of rows: JSONL, JSON, CSV, TSV or Parquet; the text formats also as .gz.

Documents and summaries are unknown here: a row is a mapping of columns.
"""

import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.optional import require
from abrege.data.csv import read_csv
from abrege.data.json_rows import read_json_rows, read_jsonl_rows
from abrege.data.rows import STRICT, ReadOptions, SourceRow, shorten
from abrege.data.xlsx import read_xlsx

STDIN = Path("/dev/stdin")


def read_rows(path: Path, options: ReadOptions = STRICT) -> list[SourceRow]:
    """Read all rows of a file, by its extension.

    Raise DataError with the line or row for a missing file, an unknown extension, an empty file,
    an encoding other than UTF-8, invalid JSON or CSV, or a truncated Parquet file.
    """
    return list(stream_rows(path, options))


def stream_rows(path: Path, options: ReadOptions = STRICT) -> Iterator[SourceRow]:
    """Yield the rows of a file while it is read (streaming); see `read_rows`.

    Only JSON is loaded into memory as a whole.
    """
    path = existing_file(path)
    rows = READERS[file_format(path)](path, options)
    first = next(rows, None)
    if first is None:
        state = "has no rows" if path.stat().st_size else "is empty"
        raise DataError(f"{path}: this file {state}.\n  Give a file with at least one row.")
    yield first
    yield from rows


def existing_file(path: Path) -> Path:
    """Return the path with `~` expanded; raise DataError if it is not a file that can be read."""
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{path}: there is no such file.\n  Looked in {path.absolute().parent}."
        ) from error
    except (OSError, ValueError) as error:  # over 255 bytes, a loop of links, no permission, NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{str(path)!r}: this file cannot be read: {reason}.") from error
    if stat.S_ISDIR(mode):
        raise DataError(f"{path}: this is a folder, but a file was expected.")
    if (
        not stat.S_ISREG(mode) and path != STDIN
    ):  # a pipe may never end, and is read once, where we read twice
        raise DataError(
            f"{path}: this is a pipe or a device, and no file.\n"
            "  Save what it holds as a file first."
        )
    return path


def file_format(path: Path) -> str:
    """Return the extension that selects the reader of a file; raise DataError for any other."""
    suffix = next((end for end in READERS if path.name.lower().endswith(end)), None)
    if suffix is None:
        raise DataError(
            f"{path}: unknown file format: the name ends in {path.suffix or 'nothing'!r}.\n"
            f"  Known: {', '.join(READERS)}."
        )
    return suffix


def _read_parquet(path: Path, _options: ReadOptions) -> Iterator[SourceRow]:
    require("pyarrow", extra="parquet", purpose="Reading Parquet files")
    import pyarrow
    import pyarrow.parquet

    if not path.stat().st_size:
        return
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for values in batch.to_pylist():
                    number += 1
                    yield SourceRow(f"{path} row {number}", f"{path.name}:{number}", values)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: not a complete Parquet file; it is truncated after row {number}.\n"
            f"  found: {shorten(error, 100)}\n  Download or create the file again."
        ) from error


READERS: Mapping[str, Callable[[Path, ReadOptions], Iterator[SourceRow]]] = {
    ".jsonl": read_jsonl_rows,
    ".jsonl.gz": read_jsonl_rows,
    ".json": read_json_rows,
    ".json.gz": read_json_rows,
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".tsv": read_csv,
    ".tsv.gz": read_csv,
    ".xlsx": read_xlsx,
    ".parquet": _read_parquet,
}
