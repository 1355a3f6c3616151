"""Draw documents from a source that is read once, without holding more than are drawn."""

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from abrege.core.types import Document
from abrege.text.tokenize import word_tokenize


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Which documents are taken.

    articles   how many; None for all
    at_random  of the whole source, else its first
    words      fewest and most words of a document, each None for no bound
    """

    articles: int | None = None
    at_random: bool = True
    seed: int = 0
    words: tuple[int | None, int | None] = (None, None)

    def rank(self, id_: str, place: int) -> int:
        """Give the rank of a document by its id and place in the source: the smallest are drawn."""
        if not self.at_random:
            return place
        text = f"{self.seed}\n{id_}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())

    def unfit(self, document: Document) -> str | None:
        """Say why a document is not to be drawn at all; None where it may be."""
        fewest, most = self.words
        if not document.text.strip():
            return "empty"
        if fewest is None and most is None:
            return None
        words = len(word_tokenize(document.text, document.lang))
        if fewest is not None and words < fewest:
            return "too short"
        return "too long" if most is not None and words > most else None


@dataclass
class Drawn:
    """The documents drawn so far: those whose ranks are the smallest (bottom-k sampling).

    A document's rank follows from the seed and its id alone, so who is drawn does not depend on
    the order of the source, nor on how many processes read it.
    """

    draw: Draw
    _kept: list[tuple[int, int, Document]] = field(default_factory=list)
    """A heap of (- rank, - place, document): the first to go is on top."""

    def wants(self, id_: str, place: int) -> bool:
        """Say whether a document of this id and place in the source would be kept now.

        Asked before the document is parsed: most of a large source need not be.
        """
        if self.draw.articles is None or len(self._kept) < self.draw.articles:
            return True
        return self.draw.rank(id_, place) < -self._kept[0][0]

    @property
    def full(self) -> bool:
        """Say whether no later document can be kept: the first ones are all there."""
        return not self.draw.at_random and len(self._kept) == self.draw.articles

    def add(self, document: Document, place: int) -> None:
        """Keep a document that is wanted, and drop the one it takes the place of."""
        held = (-self.draw.rank(document.id, place), -place, document)
        if self.draw.articles is None or len(self._kept) < self.draw.articles:
            heapq.heappush(self._kept, held)
        else:
            heapq.heappushpop(self._kept, held)

    def documents(self) -> Iterator[Document]:
        """Yield the documents drawn, in the order of the source."""
        for _, _, document in sorted(self._kept, key=lambda held: -held[1]):
            yield document
