"""Say which column of a user's data is what: by explicit name, else by well-known names.

The position of a column never counts, and where two columns could be meant the user is asked.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abrege.core.errors import DataError
from abrege.data.rows import shorten

DOCUMENT = ("document", "text", "article", "dialogue", "dialog", "transcript", "content", "body")
WEAK_DOCUMENT = ("source",)
"""A document only where no other column is: it often says where a text comes from."""
SUMMARY = (
    *("summary", "summaries", "highlights", "title", "headline", "abstract", "tldr"),
    *("target", "reference", "references"),
)
PAIRED = (("prompt", "completion"), ("input", "output"), ("instruction", "output"))
"""Names that mean a document and its summary only where both are there; the first that fits."""
TURNS = ("messages", "conversations")
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
TITLE = ("title", "headline")


@dataclass(frozen=True)
class Roles:
    """Which column plays which part; the rest is kept in meta."""

    document: str
    summary: tuple[str, ...]
    id: str | None
    group: str | None
    lang: str | None
    meta: tuple[str, ...]

    def describe(self) -> str:
        """Give the mapping on one line, for a person to check before it is used."""
        document, summary = self.document, " + ".join(self.summary)
        if self.document.casefold() in TURNS:
            document += " (last user turn)"
        if self.summary[0].casefold() in TURNS:
            summary += " (last assistant turn)"
        parts = [f"document ← {document}", f"summary ← {summary}"]
        parts.append(f"id ← {self.id}" if self.id else "id ← file and row number")
        parts += [f"{n} ← {v}" for n, v in (("group", self.group), ("lang", self.lang)) if v]
        kept = f"; kept in meta: {', '.join(self.meta)}" if self.meta else ""
        return ", ".join(parts) + kept


def recognise(found: Sequence[str], given: Mapping[str, Any], *, where: str) -> Roles:
    """Give the part of each of the columns `found`; names in `given` win (see recipe.Columns).

    DataError names the candidates where two columns could be meant, and the columns found where
    none could, with the line to write in the recipe.
    """
    named = {key: _names(value) for key, value in given.items()}
    for key, names in named.items():
        for name in names:
            _there(name, found, key, where)
    taken = {n for key, names in named.items() if key != "meta" for n in names}
    free = [column for column in found if column not in taken]

    documents, summaries = _candidates(found, free)
    document = named.get("document") or _only(documents, "document", found, where)
    summary = named.get("summary") or _only(summaries, "summary", found, where)
    parts = {
        key: next(iter(named.get(key) or _optional(free, known, key, where)), None)
        for key, known in (("id", ID), ("group", GROUP), ("lang", LANG))
    }
    used = {*document, *summary, *parts.values()}
    rest = [column for column in found if column not in used]
    meta = rest if given.get("meta") is None else named["meta"]
    return Roles(document=document[0], summary=tuple(summary), meta=tuple(meta), **parts)


@dataclass(frozen=True)
class DocumentRoles:
    """Which column of documents without summaries plays which part; the rest is kept in meta."""

    text: str
    title: str | None
    id: str | None
    lang: str | None
    meta: tuple[str, ...]

    def describe(self) -> str:
        """Give the mapping on one line, for a person to check before it is used."""
        parts = [f"text ← {self.text}"] + ([f"title ← {self.title}"] if self.title else [])
        parts.append(f"id ← {self.id}" if self.id else "id ← file and row number")
        parts += [f"lang ← {self.lang}"] if self.lang else []
        kept = f"; kept in meta: {', '.join(self.meta)}" if self.meta else ""
        return ", ".join(parts) + kept


def recognise_documents(
    found: Sequence[str], given: Mapping[str, str | None], *, where: str
) -> DocumentRoles:
    """Give the part of each of the columns `found`; names in `given` win (see recipe.Collect).

    DataError as `recognise` raises it.
    """
    named = {key: name for key, name in given.items() if name is not None}
    for key, name in named.items():
        _there(name, found, key, where, "collect.columns")
    free = [column for column in found if column not in named.values()]
    known = [[c] for c in free if c.strip().casefold() in DOCUMENT]
    weak = [[c] for c in free if c.strip().casefold() in WEAK_DOCUMENT]
    text = named.get("text") or _only(known or weak, "text", found, where, "collect.columns")[0]
    parts = {
        key: named.get(key) or next(iter(_optional(free, k, key, where, "collect.columns")), None)
        for key, k in (("title", TITLE), ("id", ID), ("lang", LANG))
    }
    used = {text, *parts.values()}
    return DocumentRoles(text=text, meta=tuple(c for c in found if c not in used), **parts)


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give the columns of all rows, in the order they are first met."""
    return list(dict.fromkeys(column for row in rows for column in row))


def _names(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _there(
    name: str, found: Sequence[str], key: str, where: str, table: str = "data.columns"
) -> None:
    if name in found:
        return
    near = difflib.get_close_matches(name, found, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise DataError(
        f"{where}: there is no column {name!r}, which {table}.{key} names.{hint}\n"
        f"  Columns found: {_list(found)}."
    )


def _candidates(
    found: Sequence[str], free: Sequence[str]
) -> tuple[list[list[str]], list[list[str]]]:
    """Give what could be the document and what the summary; numbered columns are one summary."""
    by_name = {column.strip().casefold(): column for column in found}
    documents = [[c] for c in free if c.strip().casefold() in DOCUMENT]
    summaries = [[c] for c in free if c.strip().casefold() in SUMMARY]
    numbered = [c for c in free if NUMBERED.fullmatch(c.strip().casefold())]
    if numbered:
        summaries.append(sorted(numbered, key=lambda c: int(re.findall(r"\d+", c)[-1])))
    pair = next(((a, b) for a, b in PAIRED if a in by_name and b in by_name), None)
    if pair:
        documents += [[by_name[pair[0]]]] if by_name[pair[0]] in free else []
        summaries += [[by_name[pair[1]]]] if by_name[pair[1]] in free else []
    turns = [[c] for c in free if c.strip().casefold() in TURNS]
    documents, summaries = documents + turns, summaries + turns
    documents = documents or [[c] for c in free if c.strip().casefold() in WEAK_DOCUMENT]
    return documents, summaries


def _only(
    candidates: Sequence[list[str]],
    key: str,
    found: Sequence[str],
    where: str,
    table: str = "data.columns",
) -> list[str]:
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise DataError(
            f"{where}: no column has a name that is known for a {key}.\n"
            f"  Columns found: {_list(found)}.\n"
            f"  Write in the recipe which one it is: {table}.{key}: NAME"
        )
    names = ["+".join(names) for names in candidates]
    raise DataError(
        f"{where}: the {key} could be {' or '.join(names)}.\n"
        f"  Write in the recipe which one it is: {table}.{key}: {names[0]}"
    )


def _optional(
    free: Sequence[str], known: Sequence[str], key: str, where: str, table: str = "data.columns"
) -> list[str]:
    fitting = [c for c in free if c.strip().casefold() in known]
    plain = [c for c in fitting if c.strip().casefold() == known[0]]
    if len(plain or fitting) > 1:
        raise DataError(
            f"{where}: the {key} could be {' or '.join(fitting)}.\n"
            f"  Write in the recipe which one it is: {table}.{key}: {fitting[0]}"
        )
    return plain or fitting


def _list(columns: Sequence[str]) -> str:
    return ", ".join(shorten(column, 40) for column in columns) or "none"
