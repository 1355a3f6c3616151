"""Rows into pairs: texts are checked, and every row that cannot be a pair is named."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.columns import Roles
from abrege.data.rows import Row, refuse, shorten

SPEAKERS = {"user": "document", "human": "document", "assistant": "summary", "gpt": "summary"}
"""Who says what in a list of turns."""


@dataclass(frozen=True)
class Unusable:
    """A row that cannot be a pair."""

    id: str
    """Made from file and row number."""
    where: str
    kind: str
    """What is wrong: `summary (title) is empty`."""
    found: str


class BadValueError(ValueError):
    """A value that cannot stand where it stands: of what kind, and what was found."""

    def __init__(self, kind: str, found: str = "") -> None:
        super().__init__(kind, found)
        self.kind, self.found = kind, found


def to_pairs(rows: Iterable[Row], roles: Roles, *, lang: str | None, where: str) -> list[Pair]:
    """Turn each row into a pair, its texts stripped of white space at both ends.

    A list of texts is joined by spaces for a document and gives several references for a summary.
    Ids are kept, or made from file and row number. DataError names the rows whose document or
    summary is missing, empty or no text, and ids that come twice.
    """
    problems: dict[str, list[str]] = {}
    pairs: list[Pair] = []
    seen: dict[str, str] = {}
    for row in rows:
        try:
            pair = _pair(row, roles, lang)
            if pair.id in seen:
                raise BadValueError(
                    f"id ({roles.id}) stands twice", f"{pair.id!r}, also {seen[pair.id]}"
                )
        except BadValueError as bad:
            found = f": {bad.found}" if bad.found else ""
            problems.setdefault(bad.kind, []).append(f"{row.where}: {bad.kind}{found}")
            continue
        seen[pair.id] = row.where
        pairs.append(pair)
    refuse(where, problems, _remedy(problems, roles))
    _not_all_numbers(pairs, roles, where)
    return pairs


def each_pair(rows: Iterable[Row], roles: Roles, *, lang: str | None) -> Iterator[Pair | Unusable]:
    """Turn each row into a pair, or say why it is none, without a look at the other rows."""
    for row in rows:
        try:
            yield _pair(row, roles, lang)
        except BadValueError as bad:
            yield Unusable(row.name, row.where, bad.kind, bad.found)


def _remedy(problems: Mapping[str, Sequence[str]], roles: Roles) -> str:
    if any("stands twice" in kind for kind in problems):
        return (
            "Give each row an id of its own; where rows belong together under one id, write "
            f"data.columns.group: {roles.id}"
        )
    return "Mend these rows or take them out."


def _pair(row: Row, roles: Roles, lang: str | None) -> Pair:
    document = _field(row, roles.document, "document")
    references = _references(row, roles.summary)
    return Pair(
        id=name_of(row, roles.id, "id", required=True) or row.name,
        document=" ".join(document),
        references=references,
        group=name_of(row, roles.group, "group"),
        lang=name_of(row, roles.lang, "lang") or lang,
        meta=meta_of(row, roles.meta),
    )


def _references(row: Row, columns: Sequence[str]) -> list[str]:
    """Give all references of a row; of several columns some may be empty, but not all."""
    if len(columns) == 1:
        return _field(row, columns[0], "summary")
    filled = [c for c in columns if row.values.get(c) not in (None, "", [])]
    if not filled:
        raise BadValueError(f"summary ({', '.join(columns)}) is empty in all these columns")
    return [text for column in filled for text in _field(row, column, "summary")]


def _field(row: Row, column: str, part: str) -> list[str]:
    what = f"{part} ({column})"
    if column not in row.values:
        raise BadValueError(
            f"{what} is missing", f"the row has {shorten(', '.join(row.values)) or 'none'}"
        )
    value = row.values[column]
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        value = _last_turn(value, part, what)
    items = value if isinstance(value, list) else [value]
    if not items:
        raise BadValueError(f"{what} is empty", "a list without items")
    if part == "document" and isinstance(value, list):  # SciTLDR has a blank sentence or two
        items = [item for item in items if not isinstance(item, str) or item.strip()] or items[:1]
    return [_text(item, what) for item in items]


def _last_turn(turns: Sequence[Mapping[str, Any]], part: str, what: str) -> Any:
    """Give what the user (for a document) or the assistant (for a summary) said last."""
    for turn in reversed(turns):
        speaker = turn.get("role", turn.get("from"))
        if SPEAKERS.get(str(speaker)) == part:
            return turn.get("content", turn.get("value"))
    wanted = " or ".join(name for name, said in SPEAKERS.items() if said == part)
    raise BadValueError(f"{what} has no turn by {wanted}")


def _text(value: Any, what: str) -> str:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            raise BadValueError(f"{what} is empty", "only white space" if value else "")
        if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
            raise BadValueError(f"{what} holds half a character (a lone \\uD800 to \\uDFFF)")
        return text
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise BadValueError(f"{what} is null")
    if isinstance(value, bool | int | float):
        raise BadValueError(f"{what} is a number where text should be", str(value))
    raise BadValueError(f"{what} is no text but a {type(value).__name__}", shorten(value, 40))


def name_of(row: Row, column: str | None, part: str, *, required: bool = False) -> str | None:
    """Read a short name, such as an id: a text, or a whole number, which becomes text."""
    if column is None:
        return None
    value = row.values.get(column)
    if isinstance(value, float) and value.is_integer():  # pandas makes floats of ids with gaps
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        if required:
            raise BadValueError(f"{part} ({column}) is empty")
        return None
    if not isinstance(value, str):
        raise BadValueError(
            f"{part} ({column}) is neither text nor a whole number", shorten(value, 40)
        )
    return value.strip()


def meta_of(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    """Keep further columns as JSON values; an object in a column `meta` is taken apart."""
    kept: dict[str, Any] = {}
    for column in columns:
        value = row.values.get(column)
        if column == "meta" and isinstance(value, Mapping):
            kept = {**{str(k): _plain(v) for k, v in value.items()}, **kept}
        elif value is not None:
            kept[column] = _plain(value)
    return kept


def _plain(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):  # a date, bytes, not-a-number
        return str(value)
    return value


def _not_all_numbers(pairs: Sequence[Pair], roles: Roles, where: str) -> None:
    """Refuse a column of figures: a CSV file does not say that its texts are numbers."""
    columns = {
        f"document ({roles.document})": [pair.document for pair in pairs],
        f"summary ({', '.join(roles.summary)})": [r for pair in pairs for r in pair.references],
    }
    for what, texts in columns.items():
        if all(_is_number(text) for text in texts):
            raise DataError(
                f"{where}: {what} is a number in every row, where text should be.\n"
                f"  found: {shorten(', '.join(texts[:5]))}\n"
                "  Name the right column under data.columns."
            )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
