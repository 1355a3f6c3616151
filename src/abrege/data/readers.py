"""Read a file of records: JSONL, JSON, CSV, TSV or Parquet; the text ones also as .gz.

Knows nothing of documents and summaries: a row is a mapping of columns.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.data.csv import read_table
from abrege.data.rows import Row, lines, refuse, shorten

LIST_KEYS = ("data", "rows", "examples")
"""Where a JSON object keeps its list of records."""


def read(path: Path) -> list[Row]:
    """Read all rows of a file, by its extension.

    DataError says what is wrong and on which line or row: no such file, an unknown extension, an
    empty file, text that is not UTF-8, JSON or CSV that is broken, a Parquet file cut short.
    """
    return list(stream(path))


def stream(path: Path) -> Iterator[Row]:
    """Yield the rows of a file as they are read; see `read`. JSON alone is read whole."""
    path = existing(path)
    rows = READERS[extension(path)](path)
    first = next(rows, None)
    if first is None:
        holds = "holds no rows" if path.stat().st_size else "is empty"
        raise DataError(f"{path}: this file {holds}.\n  Give a file with at least one row.")
    yield first
    yield from rows


def existing(path: Path) -> Path:
    """Give the path, `~` made out; DataError where there is no such file."""
    path = path.expanduser()
    if path.is_dir():
        raise DataError(f"{path}: this is a folder where a file was expected.")
    if not path.exists():
        raise DataError(f"{path}: there is no such file.\n  Looked in {path.absolute().parent}.")
    return path


def extension(path: Path) -> str:
    """Give the extension by which `read` knows the file; DataError where it is none of them."""
    found = next((end for end in READERS if path.name.lower().endswith(end)), None)
    if found is None:
        raise DataError(
            f"{path}: what kind of file is this? Its name ends in {path.suffix or 'nothing'!r}.\n"
            f"  Known: {', '.join(READERS)}."
        )
    return found


def _read_jsonl(path: Path) -> Iterator[Row]:
    problems: dict[str, list[str]] = {}
    for number, text in lines(path):
        if not text.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            found = f"{where}: not JSON: {error.msg}, column {error.colno}: {shorten(text)}"
            problems.setdefault("lines that are not JSON", []).append(found)
            continue
        if isinstance(value, dict):
            yield Row(where, f"{path.name}:{number}", value)
        else:
            found = f"{where}: {_kind(value)} where an object {{…}} was expected: {shorten(text)}"
            problems.setdefault("lines that are not objects", []).append(found)
    refuse(str(path), problems, "In a .jsonl file each line is one whole JSON object.")


def _read_json(path: Path) -> Iterator[Row]:
    text = "".join(text for _, text in lines(path))
    at = _skip(text, 0)
    if at == len(text):
        return
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        found = shorten(error.doc[max(0, error.pos - 20) : error.pos + 20])
        raise DataError(
            f"{path}:{error.lineno}: not JSON: {error.msg}, column {error.colno}.\n"
            f"  found: {found}\n  Mend the file, or make it again."
        ) from error
    if _skip(text, end) < len(text):  # one object a line, under the name .json
        yield from _read_jsonl(path)
        return
    yield from _items(path, text, _list_offset(path, text, at, value))


def _items(path: Path, text: str, at: int) -> Iterator[Row]:
    """Yield the objects of the valid JSON list that begins at `at`, with their lines."""
    problems: dict[str, list[str]] = {}
    line, counted, number = 1, 0, 0
    at = _skip(text, at + 1)
    while text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        number += 1
        value, end = _DECODER.raw_decode(text, at)
        if isinstance(value, dict):
            yield Row(f"{path}:{line}", f"{path.name}:{number}", value)
        else:
            found = f"{path}:{line}: {_kind(value)} where an object {{…}} was expected"
            problems.setdefault("items that are not objects", []).append(found)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    refuse(str(path), problems, "A .json file holds one list of objects: [{…}, {…}].")


def _list_offset(path: Path, text: str, at: int, value: Any) -> int:
    """Find where the list of records begins: the whole file, or under one of LIST_KEYS."""
    if isinstance(value, list):
        return at
    found = _kind(value)
    if isinstance(value, dict):
        key = next((key for key in LIST_KEYS if isinstance(value.get(key), list)), None)
        if key is not None:
            return _offsets(text, at)[key]
        found += f" with the keys {shorten(', '.join(value))}" if value else " without keys"
    raise DataError(
        f"{path}: {found} where a list of objects was expected.\n"
        f"  Write [{{…}}, {{…}}], or put the list under the key {', '.join(LIST_KEYS)}."
    )


def _offsets(text: str, at: int) -> Mapping[str, int]:
    """Give where the value of each key of the valid JSON object at `at` begins."""
    found: dict[str, int] = {}
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        found[key] = _skip(text, _skip(text, at) + 1)  # past the colon
        at = _skip(text, _DECODER.raw_decode(text, found[key])[1])
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _kind(value: object) -> str:
    if value is None:
        return "a null"
    kinds = {dict: "a JSON object", list: "a list", str: "a text", bool: "a true or false"}
    return kinds.get(type(value), "a number")


def _read_parquet(path: Path) -> Iterator[Row]:
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
                    yield Row(f"{path} row {number}", f"{path.name}:{number}", values)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: this is not a whole Parquet file; it broke off after row {number}.\n"
            f"  found: {shorten(error, 100)}\n  Fetch or make the file again."
        ) from error


_DECODER = json.JSONDecoder()

READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _read_jsonl,
    ".jsonl.gz": _read_jsonl,
    ".json": _read_json,
    ".json.gz": _read_json,
    ".csv": read_table,
    ".csv.gz": read_table,
    ".tsv": read_table,
    ".tsv.gz": read_table,
    ".parquet": _read_parquet,
}
