"""The record types of the files between stages: frozen dataclasses, one JSON object a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text to be summarized, from any source."""

    id: str
    text: str
    title: str | None = None
    lang: str | None = None
    source: str | None = None
    """The file, dump or wiki that it was read from."""
    headings: Sequence[tuple[int, int]] = ()
    """The offset in the text at which each section begins, and its level (1 to 6), in order.

    The offset is that of the heading, a line of its own, which clean may remove.
    """
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DroppedDocument:
    """A document that clean dropped, and the reason."""

    reason: str
    """The filter in one or two words: `too short`, `near duplicate`."""
    details: str
    """The measured value: `312 words, fewer than 500`."""
    document: Document


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A document and its reference summaries."""

    id: str
    document: str
    references: list[str]
    group: str | None = None
    """Rows of one group (a paper, a dialogue) stay in one split and are resampled together."""
    lang: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A system's summary of the document of the pair with the same id."""

    id: str
    prediction: str
    finish_reason: Literal["stop", "length"] | None
    """Why generation ended; None where the summary was extracted or truncated by a rule."""
    prompt_tokens: int
    new_tokens: int
    document_tokens_cut: int


@dataclass(frozen=True, kw_only=True)
class EvaluationRow:
    """A summary with the references that it is scored against."""

    id: str
    prediction: str
    references: list[str]
    group: str | None = None
    """Rows of one group are resampled together."""
    lang: str | None = None
    document: str | None = None
    finish_reason: str | None = None
    new_tokens: int | None = None
    """The number of generated tokens; None where no model generated them, or unknown."""
    meta: Mapping[str, Any] = field(default_factory=dict)
