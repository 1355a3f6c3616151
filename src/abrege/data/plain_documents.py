"""Read documents without summaries, to be summarized: one text, or the rows of a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair
from abrege.data.column_roles import plain_name
from abrege.data.columns import DOCUMENT, column_names, detect_pair_columns
from abrege.data.pairs import pairs_from_rows
from abrege.data.readers import READERS, existing_file, read_rows
from abrege.data.rows import STRICT, SourceRow, read_lines


def read_document(path: Path) -> Pair:
    """Read a file of UTF-8 text as one document; raise DataError if it has no text."""
    document = "".join(line for _, line in read_lines(existing_file(path))).strip()
    if not document:
        raise DataError(f"{path}: there is no text in it to summarize.")
    return Pair(id=path.name, document=document, references=[])


def read_document_rows(
    path: Path, *, column: str | None = None, jsonl: bool = False, on_event: OnEvent = silent
) -> list[Pair]:
    """Read the rows of a file by its extension, or as JSONL, as documents without references.

    column  which one holds the document; by default the one with a well-known name

    Raise DataError for invalid rows, and if the column is missing or ambiguous.
    """
    rows = _read_jsonl(path) if jsonl else read_rows(path)
    columns = column_names(row.values for row in rows)
    document = _document_column(columns, column, where=str(path))
    # A pair needs a summary: the document fills that role, and is removed again.
    roles = detect_pair_columns(
        columns, {"document": document, "summary": document}, where=str(path)
    )
    pairs = pairs_from_rows(rows, roles, lang=None, where=str(path))
    on_event(Note(f"{path}: {len(pairs)} row{'s' * (len(pairs) != 1)}, document ← {document}"))
    return [replace(pair, references=[]) for pair in pairs]


def _read_jsonl(path: Path) -> Sequence[SourceRow]:
    rows = list(READERS[".jsonl"](existing_file(path), STRICT))
    if not rows:
        raise DataError(f"{path}: there are no rows in it to summarize.")
    return rows


def _document_column(columns: Sequence[str], explicit: str | None, *, where: str) -> str:
    names = ", ".join(columns)
    if explicit is not None:
        if explicit not in columns:
            raise DataError(f"{where}: there is no column {explicit!r}.\n  Columns found: {names}.")
        return explicit
    known = [column for column in columns if plain_name(column) in DOCUMENT]
    if len(known) == 1:
        return known[0]
    problem = "no column has a known name for the document"
    if known:
        problem = f"the document could be {' or '.join(known)}"
    raise DataError(
        f"{where}: {problem}.\n  Columns found: {names}.\n  Name the column: --column NAME"
    )
