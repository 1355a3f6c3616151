"""Read a file of rows: JSONL, JSON, CSV, TSV or Parquet; the text formats also as .gz.

Documents and summaries are unknown here: a row is a mapping of columns.
"""

import json
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.optional import require
from abrege.data.csv import read_csv
from abrege.data.rows import SourceRow, raise_problems, read_lines, shorten

STDIN = Path("/dev/stdin")
LIST_KEYS = ("data", "rows", "examples")
"""Keys under which a JSON object may hold its list of rows."""


def read_rows(path: Path) -> list[SourceRow]:
    """Read all rows of a file, by its extension.

    Raise DataError with the line or row for a missing file, an unknown extension, an empty file,
    an encoding other than UTF-8, invalid JSON or CSV, or a truncated Parquet file.
    """
    return list(stream_rows(path))


def stream_rows(path: Path) -> Iterator[SourceRow]:
    """Yield the rows of a file while it is read (streaming); see `read_rows`.

    Only JSON is loaded into memory as a whole.
    """
    path = existing_file(path)
    rows = READERS[file_format(path)](path)
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
    except OSError as error:  # a name of over 255 bytes, a loop of links, no permission
        raise DataError(f"{path}: this file cannot be read: {error.strerror}.") from error
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


def _read_jsonl(path: Path) -> Iterator[SourceRow]:
    problems: dict[str, list[str]] = {}
    for number, text in read_lines(path):
        if not text.strip():
            continue
        location = f"{path}:{number}"
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"{location}: not JSON: {_json_problem(error)}: {shorten(text)}"
            problems.setdefault("lines that are not JSON", []).append(message)
            continue
        if isinstance(value, dict):
            yield SourceRow(location, f"{path.name}:{number}", value)
        else:
            message = f"{location}: expected an object {{…}}, found {_kind(value)}: {shorten(text)}"
            problems.setdefault("lines that are not objects", []).append(message)
    raise_problems(str(path), problems, "Each line of a .jsonl file must be one JSON object.")


def _read_json(path: Path) -> Iterator[SourceRow]:
    text = "".join(text for _, text in read_lines(path))
    start = _skip_space(text, 0)
    if start == len(text):
        return
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        if not isinstance(error, json.JSONDecodeError):
            raise DataError(f"{path}: not JSON: {_json_problem(error)}.") from error
        excerpt = shorten(error.doc[max(0, error.pos - 20) : error.pos + 20])
        raise DataError(
            f"{path}:{error.lineno}: not JSON: {error.msg}, column {error.colno}.\n"
            f"  found: {excerpt}\n  Correct the file, or create it again."
        ) from error
    if _skip_space(text, end) < len(text):  # JSONL under the name .json
        yield from _read_jsonl(path)
        return
    yield from _items(path, text, _list_offset(path, text, start, value))


def _items(path: Path, text: str, offset: int) -> Iterator[SourceRow]:
    """Yield the objects of the valid JSON list that begins at `offset`, with their lines."""
    problems: dict[str, list[str]] = {}
    line, counted, number = 1, 0, 0
    offset = _skip_space(text, offset + 1)
    while text[offset] != "]":
        line, counted = line + text.count("\n", counted, offset), offset
        number += 1
        value, end = _DECODER.raw_decode(text, offset)
        if isinstance(value, dict):
            yield SourceRow(f"{path}:{line}", f"{path.name}:{number}", value)
        else:
            message = f"{path}:{line}: expected an object {{…}}, found {_kind(value)}"
            problems.setdefault("items that are not objects", []).append(message)
        offset = _skip_space(text, end)
        offset = _skip_space(text, offset + 1) if text[offset] == "," else offset
    raise_problems(str(path), problems, "A .json file must be one list of objects: [{…}, {…}].")


def _list_offset(path: Path, text: str, offset: int, value: Any) -> int:
    """Return where the list of rows begins: the whole file, or the value of one of LIST_KEYS."""
    if isinstance(value, list):
        return offset
    description = _kind(value)
    if isinstance(value, dict):
        key = next((key for key in LIST_KEYS if isinstance(value.get(key), list)), None)
        if key is not None:
            return _value_offsets(text, offset)[key]
        keys = f"the keys {shorten(', '.join(value))}" if value else "no keys"
        description += f" with {keys}"
    raise DataError(
        f"{path}: expected a list of objects, found {description}.\n"
        f"  Write [{{…}}, {{…}}], or put the list under the key {', '.join(LIST_KEYS)}."
    )


def _value_offsets(text: str, offset: int) -> Mapping[str, int]:
    """Return where the value of each key begins in the valid JSON object at `offset`."""
    offsets: dict[str, int] = {}
    offset = _skip_space(text, offset + 1)
    while text[offset] != "}":
        key, offset = _DECODER.raw_decode(text, offset)
        offsets[key] = _skip_space(text, _skip_space(text, offset) + 1)  # past the colon
        offset = _skip_space(text, _DECODER.raw_decode(text, offsets[key])[1])
        offset = _skip_space(text, offset + 1) if text[offset] == "," else offset
    return offsets


def _json_problem(error: Exception) -> str:
    """Return what is wrong with a text that json cannot read, for a message."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, column {error.colno}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"a number has more than {sys.get_int_max_str_digits():,} digits"


def _skip_space(text: str, offset: int) -> int:
    while offset < len(text) and text[offset] in " \t\r\n":
        offset += 1
    return offset


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {dict: "a JSON object", list: "a list", str: "a string", bool: "a boolean"}
    return kinds.get(type(value), "a number")


def _read_parquet(path: Path) -> Iterator[SourceRow]:
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


_DECODER = json.JSONDecoder()

READERS: Mapping[str, Callable[[Path], Iterator[SourceRow]]] = {
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl,
    ".json": _read_json,
    ".json.gz": _read_json,
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".tsv": read_csv,
    ".tsv.gz": read_csv,
    ".parquet": _read_parquet,
}
