"""Convert rows to pairs: check every text, and report every row that cannot be a pair."""

import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.chat_turns import InvalidValueError, is_conversation, last_turn, system_text
from abrege.data.column_roles import PairColumnRoles
from abrege.data.rows import STRICT, ReadOptions, SourceRow, raise_problems, shorten


@dataclass(frozen=True)
class InvalidRow:
    """A row that cannot be a pair."""

    id: str
    """Made from file and row number."""
    location: str
    problem: str
    """What is wrong: `summary (title) is empty`."""
    value: str
    """The invalid value, shortened."""


def pairs_from_rows(
    rows: Iterable[SourceRow], columns: PairColumnRoles, *, lang: str | None, where: str
) -> list[Pair]:
    """Convert each row to a pair; texts lose the white space at both ends.

    A list of texts is joined by spaces for a document and is several references for a summary.
    Ids are kept, or made from file and row number. Raise DataError with the rows whose document
    or summary is missing, empty or not text, and with repeated ids.
    """
    rows = [*rows]
    return [*stream_valid_pairs(lambda: rows, columns, lang=lang, where=where)]


def stream_pairs_from_rows(
    rows: Iterable[SourceRow], columns: PairColumnRoles, *, lang: str | None
) -> Iterator[Pair | InvalidRow]:
    """Yield a pair, or an InvalidRow, for each row, without comparing it to the other rows."""
    for row in rows:
        try:
            yield _pair(row, columns, lang)
        except InvalidValueError as error:
            yield InvalidRow(row.default_id, row.location, error.problem, error.value)


def stream_valid_pairs(
    read_rows: Callable[[], Iterable[SourceRow]],
    columns: PairColumnRoles,
    *,
    lang: str | None,
    where: str,
    options: ReadOptions = STRICT,
) -> Iterator[Pair]:
    """Yield a pair for each row, holding 8 bytes a row; raise as `pairs_from_rows` at the end.

    options    with `dropped`, rows that cannot be pairs are left out, and so are later rows of an
               id; the ids are held then
    read_rows  reads the rows from the start; they are read again where ids are repeated
    """
    problems: dict[str, list[str]] = {}
    ids = array("q")
    numbers = _NumericTexts(columns)
    locations: dict[str, str] = {}
    for row in read_rows():
        try:
            pair = _pair(row, columns, lang)
            if options.dropped is not None and columns.id is not None:
                _check_new_id(pair.id, row.location, locations, columns.id)
        except InvalidValueError as error:
            _add_problem(problems, row, error)
            if options.dropped is not None:
                options.dropped_values[row.location] = row.values
            continue
        if columns.id is not None:
            ids.append(hash(pair.id))
        numbers.add(pair)
        yield pair
    if columns.id is not None and options.dropped is None:
        _add_repeated_ids(problems, ids, read_rows, columns)
    options.settle(where, problems, _remedy(problems, columns))
    if numbers.empty and problems:
        raise_problems(f"{where}: no row can be used", problems, _remedy(problems, columns))
    numbers.check(where)


def _check_new_id(id_: str, location: str, locations: dict[str, str], column: str) -> None:
    """Raise InvalidValueError for an id that an earlier row has."""
    if locations.setdefault(id_, location) != location:
        raise InvalidValueError(f"id ({column}) is repeated", f"{id_!r}, also {locations[id_]}")


def _add_problem(problems: dict[str, list[str]], row: SourceRow, error: InvalidValueError) -> None:
    value = f": {error.value}" if error.value else ""
    message = f"{row.location}: {error.problem}{value}"
    problems.setdefault(error.problem, []).append(message)


def _add_repeated_ids(
    problems: dict[str, list[str]],
    hashes: "array[int]",
    read_rows: Callable[[], Iterable[SourceRow]],
    columns: PairColumnRoles,
) -> None:
    """Add the rows whose id an earlier row has; only rows with a repeated hash are held."""
    ordered = np.sort(np.frombuffer(hashes, dtype=np.int64))
    repeated = {*ordered[1:][ordered[1:] == ordered[:-1]].tolist()}
    locations: dict[str, str] = {}
    for row in read_rows() if repeated else ():
        try:
            id_ = _pair(row, columns, None).id
        except InvalidValueError:
            continue  # is a problem already
        if hash(id_) in repeated and id_ in locations:
            error = InvalidValueError(
                f"id ({columns.id}) is repeated", f"{id_!r}, also {locations[id_]}"
            )
            _add_problem(problems, row, error)
        elif hash(id_) in repeated:
            locations[id_] = row.location


def _remedy(problems: Mapping[str, Sequence[str]], columns: PairColumnRoles) -> str:
    if any("is repeated" in problem for problem in problems):
        return (
            "Give each row a unique id; if rows belong together under one id, write "
            f"data.columns.group: {columns.id}"
        )
    return "Correct or remove these rows."


def _pair(row: SourceRow, columns: PairColumnRoles, lang: str | None) -> Pair:
    document = read_document(row, columns)
    if columns.instruction is not None:
        document = columns.instruction.remove(document)
    references = _references(row, columns.summary)
    return Pair(
        id=read_label(row, columns.id, "id", required=True) or row.default_id,
        document=document,
        references=references,
        group=read_label(row, columns.group, "group"),
        lang=read_label(row, columns.lang, "lang") or lang,
        meta=system_text(row.values.get(columns.document)) | read_meta(row, columns.meta),
    )


def read_document(row: SourceRow, columns: PairColumnRoles) -> str:
    """Return the document of a row, with the instruction that a user's message may have.

    Raise InvalidValueError where it is missing, empty or not text.
    """
    answered = columns.document in columns.summary
    return " ".join(_texts(row, columns.document, "document", answered=answered))


def _references(row: SourceRow, columns: Sequence[str]) -> list[str]:
    """Return all references of a row; of several columns some may be empty, but not all."""
    if len(columns) == 1:
        return _texts(row, columns[0], "summary")
    filled = [c for c in columns if row.values.get(c) not in (None, "", [])]
    if not filled:
        raise InvalidValueError(f"summary ({', '.join(columns)}) is empty in all these columns")
    return [text for column in filled for text in _texts(row, column, "summary")]


def _texts(row: SourceRow, column: str, role: str, *, answered: bool = False) -> list[str]:
    """Return the text of a column, or the texts of its list or last turn (see `last_turn`)."""
    label = f"{role} ({column})"
    if column not in row.values:
        columns = shorten(", ".join(row.values)) or "none"
        raise InvalidValueError(f"{label} is missing", f"the row has {columns}")
    value = row.values[column]
    if is_conversation(value):
        value = last_turn(value, role, label, answered=answered)
    items = value if isinstance(value, list) else [value]
    if not items:
        raise InvalidValueError(f"{label} is empty", "a list without items")
    if role == "document" and isinstance(value, list):  # SciTLDR has a blank sentence or two
        items = [item for item in items if not isinstance(item, str) or item.strip()] or items[:1]
    return [_check_text(item, label) for item in items]


def _check_text(value: Any, label: str) -> str:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            raise InvalidValueError(f"{label} is empty", "only white space" if value else "")
        _check_surrogates(text, label)
        return text
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise InvalidValueError(f"{label} is null")
    if isinstance(value, bool | int | float):
        raise InvalidValueError(f"{label} is a number, not text", str(value))
    raise InvalidValueError(f"{label} is a {type(value).__name__}, not text", shorten(value, 40))


def _check_surrogates(text: str, label: str) -> None:
    """Raise InvalidValueError for half a surrogate pair, which no file can hold as UTF-8."""
    if not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidValueError(f"{label} contains an unpaired surrogate (\\uD800-\\uDFFF)")


def read_label(
    row: SourceRow, column: str | None, role: str, *, required: bool = False
) -> str | None:
    """Return a short value, such as an id, as text; a whole number becomes text.

    Raise InvalidValueError for any other type, and for an empty value that is `required`.
    """
    if column is None:
        return None
    value = row.values.get(column)
    if isinstance(value, float) and value.is_integer():  # pandas makes floats of ids with gaps
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        if required:
            raise InvalidValueError(f"{role} ({column}) is empty")
        return None
    if not isinstance(value, str):
        raise InvalidValueError(
            f"{role} ({column}) is neither text nor a whole number", shorten(value, 40)
        )
    _check_surrogates(value, f"{role} ({column})")
    return value.strip()


def read_meta(row: SourceRow, columns: Sequence[str]) -> dict[str, Any]:
    """Return further columns as JSON values; the keys of an object in `meta` become columns.

    Raise InvalidValueError for half a surrogate pair, and for values nested too deeply to write.
    """
    meta: dict[str, Any] = {}
    for column in columns:
        value = row.values.get(column)
        if column == "meta" and isinstance(value, Mapping):
            meta = {**{str(k): _json_value(v) for k, v in value.items()}, **meta}
        elif value is not None:
            meta[column] = _json_value(value)
    try:
        _check_surrogates(json.dumps(meta, ensure_ascii=False), f"meta ({', '.join(columns)})")
    except RecursionError:
        raise InvalidValueError(f"meta ({', '.join(columns)}) is nested too deeply") from None
    return meta


def _json_value(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):  # a date, bytes, not-a-number
        return str(value)
    return value


class _NumericTexts:
    """Whether a column has nothing but numbers so far: a CSV file has text in every column."""

    def __init__(self, columns: PairColumnRoles) -> None:
        names = {"document": columns.document, "summary": ", ".join(columns.summary)}
        self._labels = [f"{role} ({name})" for role, name in names.items()]
        self._numeric = [True, True]
        self._first: tuple[list[str], list[str]] = ([], [])

    def add(self, pair: Pair) -> None:
        for number, texts in enumerate(([pair.document], pair.references)):
            if self._numeric[number]:
                self._numeric[number] = all(_is_number(text) for text in texts)
                self._first[number].extend(texts[: 5 - len(self._first[number])])

    @property
    def empty(self) -> bool:
        return not self._first[0]

    def check(self, where: str) -> None:
        """Raise DataError for a column of numbers."""
        for label, numeric, first in zip(self._labels, self._numeric, self._first, strict=True):
            if numeric:
                raise DataError(
                    f"{where}: {label} is a number in every row, not text.\n"
                    f"  found: {shorten(', '.join(first))}\n"
                    "  Name the right column under data.columns."
                )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
