"""What the stages hand to one another on disk: frozen records, one JSON object a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text to be summarised, from wherever it was collected."""

    id: str
    text: str
    title: str | None = None
    lang: str | None = None
    source: str | None = None
    """Where it comes from: a file, a dump, a wiki."""
    headings: Sequence[tuple[int, int]] = ()
    """Where in the text a section begins, and its level (1 to 6), in order.

    At the line of its heading, which is a line of its own; clean may leave that line out.
    """
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A document that was left out, and why."""

    reason: str
    """The filter, in one or two words: `too short`, `near duplicate`."""
    details: str
    """What was found: `312 words, fewer than 500`."""
    document: Document


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A document and the summaries people wrote of it."""

    id: str
    document: str
    references: list[str]
    group: str | None = None
    """Rows of one group (a paper, a dialogue) stay in one split and are resampled together."""
    lang: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A summary a system gave for the pair of the same id."""

    id: str
    prediction: str
    finish_reason: Literal["stop", "length"] | None
    """Why its model ended; None where no model did: a rule wrote it, or cut it."""
    prompt_tokens: int
    new_tokens: int
    document_tokens_cut: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A summary beside the references that it is scored against."""

    id: str
    prediction: str
    references: list[str]
    group: str | None = None
    """Rows of one group are resampled together."""
    lang: str | None = None
    document: str | None = None
    finish_reason: str | None = None
    new_tokens: int | None = None
    """How many tokens its model wrote; None where no model did, or unknown."""
    meta: Mapping[str, Any] = field(default_factory=dict)
