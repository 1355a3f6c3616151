"""The roles of columns, once they are known, and how they are described to a person."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.data.instructions import Instruction

_TLDR = re.compile(r"\btl[;:,./\s_-]*dr\b")
TURNS = ("messages", "conversations")


@dataclass(frozen=True)
class PairColumnRoles:
    """Which column of pairs has which role; the others go to meta."""

    document: str
    summary: tuple[str, ...]
    id: str | None
    group: str | None
    lang: str | None
    meta: tuple[str, ...]
    instruction: Instruction | None = None
    """What is left out of the documents of chat data."""

    def describe(self) -> str:
        """Return the mapping as one line, for a person to check before it is used."""
        document, summary = self.document, " + ".join(self.summary)
        if plain_name(self.document) in TURNS:
            document += " (last user turn; earlier ones left out, system in meta)"
        if plain_name(self.summary[0]) in TURNS:
            summary += " (last assistant turn)"
        parts = [f"document ← {document}", f"summary ← {summary}"]
        parts.append(f"id ← {self.id}" if self.id else "id ← file and row number")
        parts += [f"{n} ← {v}" for n, v in (("group", self.group), ("lang", self.lang)) if v]
        return ", ".join(parts) + _describe_meta(self.meta)


@dataclass(frozen=True)
class DocumentColumnRoles:
    """Which column of documents without summaries has which role; the others go to meta."""

    text: str
    title: str | None
    id: str | None
    lang: str | None
    meta: tuple[str, ...]

    def describe(self) -> str:
        """Return the mapping as one line, for a person to check before it is used."""
        parts = [f"text ← {self.text}"] + ([f"title ← {self.title}"] if self.title else [])
        parts.append(f"id ← {self.id}" if self.id else "id ← file and row number")
        parts += [f"lang ← {self.lang}"] if self.lang else []
        return ", ".join(parts) + _describe_meta(self.meta)


def plain_name(column: str) -> str:
    """Return a column's name in lower case, without accents and outer space: résumé is resume.

    A colon at its end is left out, and tl;dr is tldr however it is written.
    """
    letters = unicodedata.normalize("NFKD", column.strip().casefold())
    name = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _TLDR.sub("tldr", name.rstrip(": "))


def _describe_meta(columns: Sequence[str]) -> str:
    return f"; kept in meta: {', '.join(columns)}" if columns else ""
