"""Detect which column of a user's data is which: by explicit name, else by well-known names.

The position of a column never counts, and an ambiguous choice is an error that asks the user.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from abrege.core.errors import DataError
from abrege.data.column_roles import TURNS, DocumentColumnRoles, PairColumnRoles, plain_name
from abrege.data.rows import shorten

DOCUMENT = (
    *("document", "text", "article", "dialogue", "dialog", "transcript", "content", "body"),
    *("documents", "texte", "textes", "article complet", "dokument", "artikel", "documento"),
    *("texto", "articulo", "artigo", "testo", "articolo", "tekst", "contenu", "corps"),
)
"""Well-known names, as `plain_name` gives them."""
WEAK_DOCUMENT = ("source",)
"""A document only if no other column is: it often says where a text comes from."""
SUMMARY = (
    *("summary", "summaries", "highlights", "title", "titles", "headline", "headlines", "abstract"),
    *("tldr", "target", "reference", "references"),
    *("resume", "resumes", "titre", "titres", "chapeau", "zusammenfassung", "titel", "resumen"),
    *("abrege", "chapo", "accroche"),
    *("titulo", "resumo", "riassunto", "titolo", "sommario", "samenvatting"),
)
PAIRED = (("prompt", "completion"), ("input", "output"), ("instruction", "output"))
"""Names that mean a document and its summary only together; the first match counts."""
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
"""An explanation at the end of a name: `Summary (human)`."""
MAX_NAME_WORDS = 8
"""A name of a column with so many words is the text of a row."""
NUMBERED = re.compile(r"(summary|reference|target|highlights)[ _-]?\d+")
ID = (
    "id",
    "fname",
    "guid",
    "uid",
    "doc_id",
    "document_id",
    "article_id",
    "dialogue_id",
    "paper_id",
)
GROUP = ("group", "group_id")
LANG = ("lang", "language")
TITLE = ("title", "headline", "titre", "titel", "titulo", "titolo")


class ColumnRoleError(DataError):
    """A role that no column fits, or several do; `guesses` has a column for each such role."""

    def __init__(self, message: str, guesses: Mapping[str, str]) -> None:
        super().__init__(message)
        self.guesses = guesses


def detect_pair_columns(
    columns: Sequence[str], explicit: Mapping[str, Any], *, where: str
) -> PairColumnRoles:
    """Return the role of each of `columns`; names in `explicit` win (see recipe.Columns).

    where  the data, for messages

    Raise DataError with the candidates if a role is ambiguous, and with all columns if no column
    fits it; the message has the line to write in the recipe.
    """
    names = {role: _as_list(value) for role, value in explicit.items()}
    for role, role_names in names.items():
        for name in role_names:
            _check_exists(name, columns, role, where)
    claimed = {n for role, role_names in names.items() if role != "meta" for n in role_names}
    free = [column for column in columns if column not in claimed]

    documents, summaries = _candidates(columns, free)
    if not (names.get("document") or documents or names.get("summary") or summaries):
        raise ColumnRoleError(
            f"{where}: no column has a known name for the document, and none for the summary.\n"
            f"  Columns found: {_shorten_names(columns)}.\n"
            "  Name it in the recipe: data.columns: {document: NAME, summary: NAME}"
            f"{_header_hint(columns)}",
            dict(zip(("document", "summary"), _unnamed(free), strict=False)),
        )
    document = names.get("document") or _require_one(
        documents, "document", columns, where, free=free
    )
    summary = names.get("summary") or _require_one(summaries, "summary", columns, where, free=free)
    optional = {
        role: next(iter(names.get(role) or _at_most_one(free, known, role, where)), None)
        for role, known in (("id", ID), ("group", GROUP), ("lang", LANG))
    }
    used = {*document, *summary, *optional.values()}
    rest = [column for column in columns if column not in used]
    meta = rest if explicit.get("meta") is None else names["meta"]
    return PairColumnRoles(
        document=document[0],
        summary=tuple(summary),
        id=optional["id"],
        group=optional["group"],
        lang=optional["lang"],
        meta=tuple(meta),
    )


def detect_document_columns(
    columns: Sequence[str], explicit: Mapping[str, str | None], *, where: str
) -> DocumentColumnRoles:
    """Return the role of each of `columns`; names in `explicit` win (see recipe.Collect).

    Raise DataError as `detect_pair_columns` does.
    """
    table = "collect.columns"
    names = {role: name for role, name in explicit.items() if name is not None}
    for role, name in names.items():
        _check_exists(name, columns, role, where, table)
    free = [column for column in columns if column not in names.values()]
    strong = [[c] for c in named_columns(free, DOCUMENT)]
    weak = [[c] for c in named_columns(free, WEAK_DOCUMENT)]
    text = names.get("text") or _require_one(strong or weak, "text", columns, where, table)[0]
    optional = {
        role: names.get(role) or next(iter(_at_most_one(free, known, role, where, table)), None)
        for role, known in (("title", TITLE), ("id", ID), ("lang", LANG))
    }
    used = {text, *optional.values()}
    meta = tuple(column for column in columns if column not in used)
    return DocumentColumnRoles(text=text, meta=meta, **optional)


def is_known_name(name: str) -> bool:
    """Return whether a name is well-known for the document or the summary."""
    return bool(named_columns([name], (*DOCUMENT, *SUMMARY)))


def column_names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns of all rows, in order of first occurrence."""
    return list(dict.fromkeys(column for row in rows for column in row))


def named_columns(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the columns of well-known names; where none is, those that are without brackets."""
    exact = [column for column in columns if plain_name(column) in known]
    return exact or [c for c in columns if plain_name(_BRACKETS.sub("", c)) in known]


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _header_hint(columns: Sequence[str]) -> str:
    """Return a hint where names of columns look like the texts of a row."""
    if not any(len(column.split()) >= MAX_NAME_WORDS for column in columns):
        return ""
    return (
        "\n  Or is the first line a row? Then put a line with the names of the columns before it."
    )


def _check_exists(
    name: str, columns: Sequence[str], role: str, where: str, table: str = "data.columns"
) -> None:
    if name in columns:
        return
    matches = difflib.get_close_matches(name, columns, n=1)
    hint = f" Did you mean {matches[0]}?" if matches else ""
    raise DataError(
        f"{where}: {table}.{role} names the column {name!r}, which does not exist.{hint}\n"
        f"  Columns found: {_shorten_names(columns)}."
    )


def _candidates(
    columns: Sequence[str], free: Sequence[str]
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the candidates for document and for summary; numbered columns are one summary."""
    by_name = {plain_name(column): column for column in columns}
    documents = [[c] for c in named_columns(free, DOCUMENT)]
    summaries = [[c] for c in named_columns(free, SUMMARY)]
    numbered = [c for c in free if NUMBERED.fullmatch(plain_name(c))]
    if numbered:
        summaries.append(sorted(numbered, key=lambda c: int(re.findall(r"\d+", c)[-1])))
    pair = next(((a, b) for a, b in PAIRED if a in by_name and b in by_name), None)
    if pair:
        documents += [[by_name[pair[0]]]] if by_name[pair[0]] in free else []
        summaries += [[by_name[pair[1]]]] if by_name[pair[1]] in free else []
    turns = [[c] for c in free if plain_name(c) in TURNS]
    documents, summaries = documents + turns, summaries + turns
    documents = documents or [[c] for c in free if plain_name(c) in WEAK_DOCUMENT]
    return documents, summaries


def _require_one(
    candidates: Sequence[list[str]],
    role: str,
    columns: Sequence[str],
    where: str,
    table: str = "data.columns",
    *,
    free: Sequence[str] = (),
) -> list[str]:
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ColumnRoleError(
            f"{where}: no column has a known name for the {role}.\n"
            f"  Columns found: {_shorten_names(columns)}.\n"
            f"  Name it in the recipe: {table}.{role}: NAME",
            dict(zip([role], _unnamed(free) or free, strict=False)),
        )
    names = ["+".join(names) for names in candidates]
    raise ColumnRoleError(
        f"{where}: the {role} could be {' or '.join(names)}.\n"
        f"  Name it in the recipe: {table}.{role}: {names[0]}",
        {role: candidates[0][0]},
    )


def _unnamed(columns: Sequence[str]) -> list[str]:
    """Return the columns whose names are known for no role."""
    known = {*named_columns(columns, (*DOCUMENT, *SUMMARY, *WEAK_DOCUMENT, *ID, *GROUP, *LANG))}
    return [column for column in columns if column not in known]


def _at_most_one(
    free: Sequence[str], known: Sequence[str], role: str, where: str, table: str = "data.columns"
) -> list[str]:
    matches = named_columns(free, known)
    exact = [c for c in matches if plain_name(c) == known[0]]
    if len(exact or matches) > 1:
        raise DataError(
            f"{where}: the {role} could be {' or '.join(matches)}.\n"
            f"  Name it in the recipe: {table}.{role}: {matches[0]}"
        )
    return exact or matches


def _shorten_names(columns: Sequence[str]) -> str:
    return ", ".join(shorten(column, 40) for column in columns) or "none"
