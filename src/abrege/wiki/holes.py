"""Find the templates that were left out inside a sentence, which has a hole there.

A template without a rule leaves a mark in the text: its number in base 8, of control characters,
which no page contains and which are neither letters nor digits. Once a line is complete, each mark
is either inside a sentence or not, as notes and navigation between sentences are not.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from abrege.core.types import Document

COMMONEST = 10
"""How many names a report of holes lists."""

MARK_END = "\x01"
_DIGITS = dict(zip("01234567", "\x0e\x0f\x10\x11\x12\x13\x14\x15", strict=True))
_TO_MARK = str.maketrans(_DIGITS)
_FROM_MARK = str.maketrans({digit: number for number, digit in _DIGITS.items()})
_MARK = re.compile(f"([\x0e-\x15]+){MARK_END}")
_MARK_CHARACTERS = re.compile(r"[\x01\x0e-\x15]")
_OPENINGS = " *#:;'\"“„«»‘([{（「『"
_STOPS = ".!?。！？…؟।"
_CLOSINGS = " \u00a0'\"”“»’)]}）」』"


@dataclass(frozen=True)
class Hole:
    """A template that was left out inside a sentence.

    offset  of its line in the text
    shown   whether its first argument is shown in its place
    """

    name: str
    offset: int
    shown: bool = False


def mark(number: int) -> str:
    """Return the mark of the template of this number."""
    return f"{number:o}".translate(_TO_MARK) + MARK_END


def remove_marks(text: str) -> str:
    """Return a text without marks and without parts of them."""
    return _MARK_CHARACTERS.sub("", text)


def fill_holes(line: str, replacement: Callable[[int], str]) -> tuple[str, list[int]]:
    """Return a line without marks, and the numbers of those that were inside a sentence.

    replacement  returns what is shown in place of a template inside a sentence
    """
    inside = []

    def fill(match: re.Match[str]) -> str:
        before, after = line[: match.start()], line[match.end() :]
        if not is_inside_sentence(remove_marks(before), remove_marks(after)):
            return ""
        number = int(match[1].translate(_FROM_MARK), 8)
        inside.append(number)
        return replacement(number)

    return remove_marks(_MARK.sub(fill, line)), inside


def is_inside_sentence(before: str, after: str) -> bool:
    """Return whether a sentence is missing something between these parts of a line."""
    opened = re.search(r"\w", before) is not None
    ended = before.rstrip(_CLOSINGS)[-1:] in _STOPS
    following = after.lstrip("'")[:1]
    if not after.strip():  # at the end of a line
        return opened and not ended
    if following.isalnum():
        return not (after.startswith("'") and not opened)
    if following in ",，、،;:)）":
        return opened or following not in ")）"
    if following in _STOPS:
        return opened and not ended
    words = after.lstrip(_OPENINGS)[:1]
    return (opened and not ended) or (words.islower() and not after.startswith("'"))


def count_names(holes: Sequence[Hole]) -> dict[str, int]:
    """Return how often each template was left out, the commonest first."""
    return dict(_commonest(Counter(hole.name for hole in holes)))


@dataclass
class HoleReport:
    """Counts the holes of documents, by the metadata that `PageText` gave them."""

    documents: int = 0
    with_hole: int = 0
    introductions: int = 0
    names: Counter[str] = field(default_factory=Counter)
    guessed: Counter[str] = field(default_factory=Counter)

    def count(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield the documents, counting their holes."""
        for document in documents:
            self.documents += 1
            self.with_hole += "holes" in document.meta
            self.introductions += "introduction_holes" in document.meta
            self.names.update(document.meta.get("holes", {}))
            self.guessed.update(document.meta.get("guessed", {}))
            yield document

    def manifest(self) -> dict[str, Any]:
        """Return the counts for a manifest; empty if there is no hole and no guess."""
        if not self.names and not self.guessed:
            return {}
        counts = {
            "documents_with_hole": self.with_hole,
            "share_of_documents": round(self.with_hole / self.documents, 4),
            "introductions_with_hole": self.introductions,
            "share_of_introductions": round(self.introductions / self.documents, 4),
            "commonest": dict(_commonest(self.names)[:COMMONEST]),
        }
        guesses = {"first_argument_shown": dict(_commonest(self.guessed)[:COMMONEST])}
        return {"templates": counts | (guesses if self.guessed else {})}

    def describe(self) -> list[str]:
        """Return the counts in sentences, for the user."""
        sentences = []
        if self.names:
            sentences.append(
                f"templates left out inside sentences: {self.names.total()} in {self.with_hole} of "
                f"{self.documents} documents ({self.with_hole / self.documents:.1%}), in the "
                f"introduction of {self.introductions}; commonest: {_list(self.names)}"
            )
        if self.guessed:
            sentences.append(
                f"unknown templates of which the first argument is shown: {_list(self.guessed)}"
            )
        return sentences


def _list(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in _commonest(names)[:COMMONEST])


def _commonest(names: Counter[str]) -> list[tuple[str, int]]:
    """Return names and counts, the commonest first, equal ones by name."""
    return sorted(names.items(), key=lambda item: (-item[1], item[0]))
