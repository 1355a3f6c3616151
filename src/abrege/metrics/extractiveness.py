"""How much of a summary is copied from its document word for word.

Words are those of `text.tokenize`. Languages without spaces between words are not supported;
the caller has to refuse them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text.ngrams import count_ngrams, ngrams, word_ids
from abrege.text.tokenize import word_tokenize

NGRAM_SIZES = (1, 2, 3, 4)
"""The sizes of n-grams for which papers report novelty."""


@dataclass(frozen=True)
class Fragments:
    """The extractive fragments of a summary, with the values computed from them."""

    lengths: tuple[int, ...]
    """Words of each fragment, in the order of the summary."""
    summary_words: int

    @property
    def coverage(self) -> float | None:
        """Return the share of the summary's words that are in a fragment; None without words."""
        return sum(self.lengths) / self.summary_words if self.summary_words else None

    @property
    def density(self) -> float | None:
        """Return the mean length of the fragment that a word of the summary is in.

        A word in no fragment adds 0, and a summary that is one fragment has its own length. None
        without words.
        """
        squares = sum(length**2 for length in self.lengths)
        return squares / self.summary_words if self.summary_words else None


def fragments(document: str, summary: str, *, lang: str | None = None) -> Fragments:
    """Find the extractive fragments of a summary (Grusky, Naaman and Artzi 2018, section 4).

    This is their greedy procedure F(A, S), with the result of the authors' own program: a single
    word is a fragment, and a phrase that occurs twice in the summary counts twice.
    """
    source, target = word_ids(word_tokenize(document, lang), word_tokenize(summary, lang))
    positions: dict[int, list[int]] = defaultdict(list)
    for position, word in enumerate(source):
        positions[word].append(position)
    lengths, start = [], 0
    while start < len(target):
        length = _longest_match(source, target, start, positions.get(target[start], ()))
        if length:
            lengths.append(length)
        start += length or 1
    return Fragments(tuple(lengths), len(target))


def novel_ngrams(
    document: str, summary: str, *, sizes: Sequence[int] = NGRAM_SIZES, lang: str | None = None
) -> dict[int, float | None]:
    """Return, for each n of `sizes`, the share of the summary's n-grams that the document lacks.

    Each n-gram counts as often as it occurs in the summary. None where the summary has fewer than
    n words: it is then neither novel nor copied.
    """
    source, target = word_ids(word_tokenize(document, lang), word_tokenize(summary, lang))
    shares: dict[int, float | None] = {}
    for n in sizes:
        source_ngrams, total = set(ngrams(source, n)), count_ngrams(target, n)
        novel = sum(gram not in source_ngrams for gram in ngrams(target, n))
        shares[n] = novel / total if total else None
    return shares


def _longest_match(
    source: Sequence[int], target: Sequence[int], start: int, positions: Sequence[int]
) -> int:
    """Return the length of the longest run of `source` that matches `target` from `start`.

    positions  where the word target[start] is in `source`

    As published, the search continues after the end of a match and not after its first word, so
    it misses a longer match that begins inside a shorter one.
    """
    longest = next_position = 0
    for position in positions:
        if position < next_position:
            continue
        length, limit = 1, min(len(target) - start, len(source) - position)
        while length < limit and target[start + length] == source[position + length]:
            length += 1
        longest, next_position = max(longest, length), position + length
    return longest
