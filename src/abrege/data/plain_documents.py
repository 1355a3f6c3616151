"""Documents without summaries, to be summarised: one text, or the rows of a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair
from abrege.data.columns import DOCUMENT, columns_of, recognise
from abrege.data.pairs import to_pairs
from abrege.data.readers import READERS, existing, read
from abrege.data.rows import Row, lines


def text(path: Path) -> Pair:
    """Read a file of UTF-8 text as one document."""
    document = "".join(line for _, line in lines(existing(path))).strip()
    if not document:
        raise DataError(f"{path}: there is no text in it to summarise.")
    return Pair(id=path.name, document=document, references=[])


def rows(
    path: Path, *, column: str | None = None, jsonl: bool = False, on_event: OnEvent = silent
) -> list[Pair]:
    """Read the rows of a file by its extension, or as JSONL, as documents without references.

    column  which one holds the document; one with a usual name where left out
    """
    found = _as_jsonl(path) if jsonl else read(path)
    columns = columns_of(row.values for row in found)
    document = _document(columns, column, where=str(path))
    # A pair needs a summary: the document stands in for it, and is taken out again.
    roles = recognise(columns, {"document": document, "summary": document}, where=str(path))
    pairs = to_pairs(found, roles, lang=None, where=str(path))
    on_event(Note(f"{path}: {len(pairs)} row{'s' * (len(pairs) != 1)}, document ← {document}"))
    return [replace(pair, references=[]) for pair in pairs]


def _as_jsonl(path: Path) -> Sequence[Row]:
    found = list(READERS[".jsonl"](existing(path)))
    if not found:
        raise DataError(f"{path}: there are no rows in it to summarise.")
    return found


def _document(columns: Sequence[str], given: str | None, *, where: str) -> str:
    names = ", ".join(columns)
    if given is not None:
        if given not in columns:
            raise DataError(f"{where}: there is no column {given!r}.\n  Columns found: {names}.")
        return given
    usual = [column for column in columns if column.strip().casefold() in DOCUMENT]
    if len(usual) == 1:
        return usual[0]
    found = f"the document could be {' or '.join(usual)}" if usual else "which one is the document?"
    raise DataError(
        f"{where}: {found}.\n  Columns found: {names}.\n  Say which one it is: --column NAME"
    )
