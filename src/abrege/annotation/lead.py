"""The lead as summary: what stands before a document's first heading, taken out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text import tokenize as words

REST = 2
"""Without headings the rest must have so many times the words of the first paragraph."""


@dataclass(frozen=True)
class Parted:
    """A document's introduction, and the document without it."""

    lead: str
    rest: str


def part(
    text: str, headings: Sequence[tuple[int, int]] = (), *, lang: str | None = None
) -> Parted | None:
    """Take the introduction out of a text; None where it has none.

    headings  where each section begins, and its level

    It is what stands before the first heading. Of a text without headings it is the first
    paragraph, if what follows is long enough to be what that paragraph sums up.
    """
    if headings:
        at = headings[0][0]
    else:
        begins = len(text) - len(text.lstrip())
        at = text.find("\n", begins)
    if at < 0:
        return None
    found = Parted(" ".join(text[:at].split()), text[at:].strip())
    if not found.lead or not found.rest:
        return None
    if not headings and words.count_words(found.rest, lang) < REST * words.count_words(
        found.lead, lang
    ):
        return None
    return found
