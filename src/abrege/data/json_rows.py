"""Read rows of JSON: one object a line, one list of objects, or objects one after another."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.data.json_tables import is_table, split_names, table_rows
from abrege.data.rows import ReadOptions, SourceRow, read_lines, shorten
from abrege.data.split_names import split_of

LIST_KEYS = ("data", "rows", "examples")
"""Keys under which a JSON object may hold its list of rows."""

_DECODER = json.JSONDecoder()


def read_jsonl_rows(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the objects of a JSONL file; those written over several lines as well."""
    problems: dict[str, list[str]] = {}
    is_first = True
    for number, text in read_lines(path, options.encoding):
        if not text.strip():
            continue
        if is_first and text.strip() in ("{", "[", "[{"):  # JSON written for people
            yield from read_json_rows(path, options)
            return
        is_first = False
        location = f"{path}:{number}"
        try:
            value = json.loads(text.rstrip().removesuffix(","))  # an array without its brackets
        except (ValueError, RecursionError) as error:
            message = f"{location}: not JSON: {_json_problem(error)}: {shorten(text)}"
            problems.setdefault("lines that are not JSON", []).append(message)
            continue
        if isinstance(value, dict):
            yield SourceRow(location, f"{path.name}:{number}", value)
        elif _is_list_of_objects(value):
            for item, row in enumerate(value, start=1):
                yield SourceRow(f"{location} item {item}", f"{path.name}:{number}-{item}", row)
        else:
            message = f"{location}: expected an object {{…}}, found {_kind(value)}: {shorten(text)}"
            problems.setdefault("lines that are not objects", []).append(message)
    options.settle(str(path), problems, "Each line of a .jsonl file must be one JSON object.")


def read_json_rows(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the objects of a .json file: a list, alone or under one of LIST_KEYS, or a table."""
    text = "".join(text for _, text in read_lines(path, options.encoding))
    start = _skip_space(text, 0)
    if start == len(text):
        return
    value, end = _decode(path, text, start)
    if _skip_space(text, end) < len(text):  # one object after another
        if "\n" in text[start:end]:
            yield from _concatenated(path, text, start, options)
        else:
            yield from read_jsonl_rows(path, options)
        return
    if names := split_names(value):
        raise DataError(
            f"{path}: this file holds the splits {', '.join(names)}.\n"
            "  Name it as data.source or --data, or save each split as a file of its own."
        )
    if not _has_list(value) and is_table(value):
        for number, row in enumerate(table_rows(value, str(path)), start=1):
            yield SourceRow(f"{path} row {number}", f"{path.name}:{number}", row)
        return
    yield from _items(path, text, _list_offset(path, text, start, value), options)


def _decode(path: Path, text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value that begins at `start`, and where it ends."""
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        if not isinstance(error, json.JSONDecodeError):
            raise DataError(f"{path}: not JSON: {_json_problem(error)}.") from error
        excerpt = shorten(error.doc[max(0, error.pos - 20) : error.pos + 20])
        raise DataError(
            f"{path}:{error.lineno}: not JSON: {error.msg}, column {error.colno}.\n"
            f"  found: {excerpt}\n  Correct the file, or create it again."
        ) from error


def _concatenated(path: Path, text: str, offset: int, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield objects that follow one another, each over several lines, as people read them."""
    problems: dict[str, list[str]] = {}
    line, counted, number = 1, 0, 0
    while offset < len(text):
        line, counted, number = line + text.count("\n", counted, offset), offset, number + 1
        try:
            value, offset = _DECODER.raw_decode(text, offset)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path}:{line}: not JSON: {_json_problem(error)}, in the object that begins here."
            ) from error
        if isinstance(value, dict):
            yield SourceRow(f"{path}:{line}", f"{path.name}:{number}", value)
        else:
            _add_no_object(problems, f"{path}:{line}", value)
        offset = _skip_space(text, offset)
    options.settle(str(path), problems, "Each value must be one JSON object.")


def read_json_splits(path: Path, options: ReadOptions) -> dict[str, list[SourceRow]]:
    """Return the rows of train, valid and test of a .json file that holds such; {} for any other.

    A file that is no JSON is {} too: reading its rows says why.
    """
    if ".json" not in path.suffixes[-2:]:
        return {}
    lines = (text for _, text in read_lines(path, options.encoding))
    first = next((text for text in lines if text.strip()), "")
    if not first.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads("".join([first, *lines]))
    except (ValueError, RecursionError):
        return {}
    splits: dict[str, list[SourceRow]] = {}
    for name in split_names(value):
        part, where, split = value[name], f"{path} {name}", str(split_of(name.lower()))
        if split in splits:
            raise DataError(f"{path}: two of its splits are {split}: {', '.join(value)}.")
        rows = part if isinstance(part, list) else table_rows(part, where)
        splits[split] = [
            SourceRow(f"{where} row {number}", f"{path.name}/{name}:{number}", row)
            for number, row in enumerate(rows, start=1)
            if isinstance(row, dict) or not _refuse(f"{where} row {number}", row)
        ]
    return splits


def _refuse(location: str, value: Any) -> bool:
    raise DataError(f"{location}: expected an object {{…}}, found {_kind(value)}.")


def _items(path: Path, text: str, offset: int, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the objects of the valid JSON list that begins at `offset`, with their lines."""
    problems: dict[str, list[str]] = {}
    line, counted, number = 1, 0, 0
    offset = _skip_space(text, offset + 1)
    while text[offset] != "]":
        line, counted = line + text.count("\n", counted, offset), offset
        number += 1
        value, end = _DECODER.raw_decode(text, offset)
        if isinstance(value, dict):
            yield SourceRow(f"{path}:{line}", f"{path.name}:{number}", _viewed_row(value))
        else:
            _add_no_object(problems, f"{path}:{line}", value)
        offset = _skip_space(text, end)
        offset = _skip_space(text, offset + 1) if text[offset] == "," else offset
    options.settle(str(path), problems, "A .json file must be one list of objects: [{…}, {…}].")


def _viewed_row(value: dict[str, Any]) -> dict[str, Any]:
    """Return the row inside an item of the hub's viewer, and any other object as it is."""
    row = value.get("row")
    return row if isinstance(row, dict) and {"row_idx", "row"} <= {*value} else value


def _only_list(value: Mapping[str, Any]) -> str | None:
    """Return the key of the only list of objects in an object, whatever its name."""
    keys = [key for key, item in value.items() if _is_list_of_objects(item)]
    return keys[0] if len(keys) == 1 else None


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _has_list(value: Any) -> bool:
    """Return whether an object has its rows under one of LIST_KEYS."""
    return isinstance(value, dict) and any(_is_list_of_objects(value.get(k)) for k in LIST_KEYS)


def _add_no_object(problems: dict[str, list[str]], location: str, value: Any) -> None:
    message = f"{location}: expected an object {{…}}, found {_kind(value)}"
    problems.setdefault("items that are not objects", []).append(message)


def _list_offset(path: Path, text: str, offset: int, value: Any) -> int:
    """Return where the list of rows begins: the whole file, or the value of one of LIST_KEYS."""
    if isinstance(value, list):
        return offset
    description = _kind(value)
    if isinstance(value, dict):
        key = next((key for key in LIST_KEYS if isinstance(value.get(key), list)), None)
        key = key or _only_list(value)
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
