"""Sample documents from a source that is read once, holding no more than the sample in memory."""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from abrege.core.types import Document
from abrege.text.tokenize import word_tokenize


@dataclass(frozen=True, kw_only=True)
class SamplingPlan:
    """Which documents are taken.

    max_documents  how many; None for all
    at_random      from the whole source; else its first documents
    word_range     minimum and maximum words of a document, None for no bound
    """

    max_documents: int | None = None
    at_random: bool = True
    seed: int = 0
    word_range: tuple[int | None, int | None] = (None, None)

    def rank(self, document_id: str, position: int) -> int:
        """Return the rank of a document, by its id or its position in the source.

        The documents of the smallest ranks are the sample.
        """
        if not self.at_random:
            return position
        text = f"{self.seed}\n{document_id}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())

    def rejection_reason(self, document: Document) -> str | None:
        """Return why a document cannot be sampled at all; None if it can."""
        min_words, max_words = self.word_range
        if not document.text.strip():
            return "empty"
        if min_words is None and max_words is None:
            return None
        words = len(word_tokenize(document.text, document.lang))
        if min_words is not None and words < min_words:
            return "too short"
        return "too long" if max_words is not None and words > max_words else None


@dataclass
class BottomKSample:
    """The documents of the k smallest ranks so far (bottom-k sampling).

    The rank of a document depends on the seed and its id alone, so the sample depends neither on
    the order of the source nor on the number of processes that read it.
    """

    plan: SamplingPlan
    _heap: list[tuple[int, int, Document]] = field(default_factory=list)
    """Tuples (-rank, -position, document): the first to be replaced is on top."""

    def accepts(self, document_id: str, position: int) -> bool:
        """Return whether a document of this id and position would enter the sample now.

        Asked before the document is parsed: most of a large source need not be.
        """
        if self.plan.max_documents is None or len(self._heap) < self.plan.max_documents:
            return True
        return self.plan.rank(document_id, position) < -self._heap[0][0]

    @property
    def full(self) -> bool:
        """Whether no later document can enter the sample: it holds the first ones."""
        return not self.plan.at_random and len(self._heap) == self.plan.max_documents

    def add(self, document: Document, position: int) -> None:
        """Add an accepted document; a full sample loses the document of the largest rank."""
        entry = (-self.plan.rank(document.id, position), -position, document)
        if self.plan.max_documents is None or len(self._heap) < self.plan.max_documents:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def documents(self) -> Iterator[Document]:
        """Yield the sampled documents, in the order of the source."""
        for _, _, document in sorted(self._heap, key=lambda entry: -entry[1]):
            yield document
