"""The lead as a summary: the text before a document's first heading, removed from the document."""

from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text import tokenize

REST_RATIO = 2
"""Without headings, the rest must have this many times the words of the first paragraph."""


@dataclass(frozen=True)
class LeadSplit:
    """A document's introduction, and the document without it."""

    lead: str
    rest: str


def split_lead(
    text: str, headings: Sequence[tuple[int, int]] = (), *, lang: str | None = None
) -> LeadSplit | None:
    """Split the introduction from a text; return None if it has none.

    headings  offset and level of each section's heading

    The introduction is the text before the first heading. Of a text without headings it is the
    first paragraph, if the rest is long enough to be what that paragraph summarizes.
    """
    if headings:
        end = headings[0][0]
    else:
        start = len(text) - len(text.lstrip())
        end = text.find("\n", start)
    if end < 0:
        return None
    parts = LeadSplit(" ".join(text[:end].split()), text[end:].strip())
    if not parts.lead or not parts.rest:
        return None
    if not headings:
        rest_words, lead_words = (tokenize.count_words(t, lang) for t in (parts.rest, parts.lead))
        if rest_words < REST_RATIO * lead_words:
            return None
    return parts
