"""Find summaries that belong to another row: other documents share as many rare words with them."""

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np

from abrege.core.types import Pair
from abrege.text.tokenize import is_unspaced, word_tokenize

DOCUMENTS = 256
"""Documents of other rows that a summary is compared with."""
FEWEST_DOCUMENTS = 64
FEWEST_WORDS = 5
"""Shorter summaries are not judged: dates and names of sections fit any document."""
LIMIT = 1 / 20
"""Share of other documents from which on a summary belongs to another row.

Of swapped summaries with FEWEST_WORDS 94 to 96 % are above it; of unswapped ones 0.4 % (DialogSum),
1 % (OrangeSum's titles), 1.2 % (SciTLDR), 1.7 % (OrangeSum's abstracts, some of which do not fit)
and 7 % (ACLSum: papers of one field).
"""


class MismatchDetector:
    """Compares each summary with its own document and with those of a sample of rows.

    A summary and a document share the words that are in both, each with its inverse document
    frequency in the sample: log((n + 1) / (rows with it + 1/2)). Their sum is divided by the root
    of the document's different words: a long document has many words by chance.
    """

    def __init__(self, documents: Sequence[str], lang: str | None) -> None:
        self._lang = lang
        word_sets = [{*word_tokenize(text, lang)} for text in documents[:DOCUMENTS]]
        counts = Counter(word for words in word_sets for word in words)
        self._numbers = {word: number for number, word in enumerate(counts)}
        self._size = len(word_sets)
        self._weights = np.array(
            [log((self._size + 1) / (rows + 0.5)) for rows in counts.values()], dtype=np.float32
        )
        self._unknown = log(2 * (self._size + 1))
        self._contains = np.zeros((len(counts), self._size), dtype=np.bool_)
        self._roots = np.array([len(words) ** 0.5 or 1 for words in word_sets], dtype=np.float32)
        for column, words in enumerate(word_sets):
            self._contains[[self._numbers[word] for word in words], column] = True

    def find(self, pair: Pair) -> str | None:
        """Return evidence where the first reference belongs to another row, else None."""
        summary = {*word_tokenize(pair.references[0], self._lang)}
        document = {*word_tokenize(pair.document, self._lang)}
        shared = summary & document
        numbers = [self._numbers[word] for word in summary if word in self._numbers]
        own = sum(map(self._weight, shared)) / (len(document) ** 0.5 or 1)
        others = self._weights[numbers] @ self._contains[numbers].astype(np.float32) / self._roots
        share = float((others > own - 1e-6).mean())
        if share < LIMIT:
            return None
        return (
            f"{len(shared)} of its {len(summary)} words are in its document; {share:.0%} of other "
            "documents have as many of the rare ones"
        )

    def can_judge(self, pair: Pair) -> bool:
        """Return whether a summary is long enough, and the sample and the script allow it."""
        return (
            self._size >= FEWEST_DOCUMENTS
            and len({*word_tokenize(pair.references[0], self._lang)}) >= FEWEST_WORDS
            and not is_unspaced(pair.document[:1000])
        )

    def _weight(self, word: str) -> float:
        number = self._numbers.get(word)
        return self._unknown if number is None else float(self._weights[number])
