"""Shapes of JSON other than a list of objects: the tables of pandas, and splits side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from abrege.core.errors import DataError
from abrege.data.columns import is_known_name
from abrege.data.split_names import split_of


def is_table(value: Any) -> bool:
    """Return whether a value is one of the tables that `table_rows` reads."""
    if isinstance(value, list):
        return _is_list_table(value)
    if not isinstance(value, dict):
        return False
    if _is_split_orient(value):
        return True
    if len(value) < 2:  # one value under one name may be anything
        return False
    if all(isinstance(text, str) for text in value.values()):
        return True
    values = [*value.values()]
    return all(isinstance(v, dict) and v for v in values) or all(
        isinstance(v, list) and not any(isinstance(item, dict | list) for item in v) for v in values
    )


def table_rows(value: Any, where: str) -> list[dict[str, Any]]:
    """Return the rows of a table of pandas, or of objects under their ids.

    {"columns": […], "data": [[…], …]}   orient="split"
    [["text", "summary"], […], …]        lists of which the first has the names
    ["…", …] and {"id": "…", …}          texts alone, under their ids
    {"text": ["…", …], …}                to_dict("list"), and the datasets library
    {"text": {"0": "…", …}, …}           orient="columns"
    {"0": {"text": "…", …}, …}           orient="index"; names of rows are ids

    Raise DataError where its columns do not have the same rows.
    """
    if isinstance(value, list) and isinstance(value[0], str):
        return [{"text": text} for text in value]
    if isinstance(value, list):
        value = {"columns": value[0], "data": value[1:]}
    if _is_split_orient(value):
        return _split_orient(value, where)
    if all(isinstance(text, str) for text in value.values()):
        return [{"id": name, "text": text} for name, text in value.items()]
    if all(isinstance(column, list) for column in value.values()):
        return _lists(value, where)
    labels = list(dict.fromkeys(label for column in value.values() for label in column))
    if _outer_names_are_rows([*value], labels):
        has_ids = not all(name.isdecimal() for name in value) and "id" not in labels
        return [{"id": name, **row} if has_ids else row for name, row in value.items()]
    return [
        {name: column[label] for name, column in value.items() if label in column}
        for label in labels
    ]


def split_names(value: Any) -> list[str]:
    """Return the names of the splits that an object holds side by side; none for other values."""
    if not isinstance(value, dict) or len(value) < 2:
        return []
    is_rows = all(
        is_table(part) or (isinstance(part, list) and part and isinstance(part[0], dict))
        for part in value.values()
    )
    return [*value] if is_rows and all(split_of(name.lower()) for name in value) else []


def _is_list_table(value: list[Any]) -> bool:
    """Return whether a list has texts, or lists of which the first names the columns."""
    if value and all(isinstance(text, str) for text in value):
        return True
    if len(value) < 2 or not all(isinstance(row, list) for row in value):
        return False
    return all(isinstance(n, str) for n in value[0]) and any(is_known_name(n) for n in value[0])


def _is_split_orient(value: Mapping[str, Any]) -> bool:
    data = value.get("data")
    if not (isinstance(value.get("columns"), list) and isinstance(data, list)):
        return False
    return bool(data) and isinstance(data[0], list)


def _split_orient(value: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    columns = [str(name) for name in value["columns"]]
    for number, row in enumerate(value["data"], start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            raise DataError(
                f"{where} row {number}: data should have {len(columns)} values, as columns has.\n"
                '  Write the file with orient="records", lines=True.'
            )
    return [dict(zip(columns, row, strict=True)) for row in value["data"]]


def _lists(value: Mapping[str, Sequence[Any]], where: str) -> list[dict[str, Any]]:
    first, *others = value
    rows = len(value[first])
    for name in others:
        if len(value[name]) != rows:
            count = f"{rows} value{'s' * (rows != 1)}"
            raise DataError(
                f"{where}: {first} has {count}, but {name} has {len(value[name])}.\n"
                "  A row needs a value of each column (null where there is none)."
            )
    return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]


def _outer_names_are_rows(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Return whether a table of tables has rows outside, as orient="index" does.

    Numbers are names of rows, and well-known names of columns are columns; else there are more
    rows than columns, and objects are rows.
    """
    for names, are_rows in ((outer, True), (inner, False)):
        if all(name.isdecimal() for name in names):
            return are_rows
    known = [any(is_known_name(name) for name in names) for names in (outer, inner)]
    if known[0] != known[1]:
        return known[1]
    return len(outer) >= len(inner)
