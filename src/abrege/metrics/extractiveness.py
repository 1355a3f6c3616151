"""How much of a summary is taken from its document word for word.

Words are those of `text.words`; languages without spaces between words are for the caller to
refuse.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text.ngrams import count_ngrams, ngrams, word_ids
from abrege.text.tokenize import word_tokenize

NOVEL = (1, 2, 3, 4)
"""The lengths of n-grams that papers tell the novelty of."""


@dataclass(frozen=True)
class Fragments:
    """The parts of a summary that stand in its document, with the figures made of them."""

    lengths: tuple[int, ...]
    """Words of each fragment, in the order of the summary."""
    summary_words: int

    @property
    def coverage(self) -> float | None:
        """Give the share of the summary's words that are in a fragment; None without words."""
        return sum(self.lengths) / self.summary_words if self.summary_words else None

    @property
    def density(self) -> float | None:
        """Give the mean length of the fragment that a word of the summary is in.

        A word in none adds 0. A summary that is one run of its document has its own length; one
        without words has None.
        """
        squares = sum(length**2 for length in self.lengths)
        return squares / self.summary_words if self.summary_words else None


def fragments(document: str, summary: str, *, lang: str | None = None) -> Fragments:
    """Find the extractive fragments of a summary (Grusky, Naaman and Artzi 2018, section 4).

    The greedy procedure F(A, S) there, with the result of the authors' own program: a single
    word is a fragment, and a phrase that stands twice in the summary counts twice.
    """
    source, target = word_ids(word_tokenize(document, lang), word_tokenize(summary, lang))
    places: dict[int, list[int]] = defaultdict(list)
    for place, word in enumerate(source):
        places[word].append(place)
    lengths, start = [], 0
    while start < len(target):
        length = _longest(source, target, start, places.get(target[start], ()))
        if length:
            lengths.append(length)
        start += length or 1
    return Fragments(tuple(lengths), len(target))


def novel_ngrams(
    document: str, summary: str, *, sizes: Sequence[int] = NOVEL, lang: str | None = None
) -> dict[int, float | None]:
    """Give the share of the summary's n-grams that its document lacks, for each n of `sizes`.

    Each counts as often as it stands in the summary. None where the summary has fewer words
    than n: it is then neither new nor copied.
    """
    source, target = word_ids(word_tokenize(document, lang), word_tokenize(summary, lang))
    found: dict[int, float | None] = {}
    for n in sizes:
        known, total = set(ngrams(source, n)), count_ngrams(target, n)
        new = sum(gram not in known for gram in ngrams(target, n))
        found[n] = new / total if total else None
    return found


def _longest(
    source: Sequence[int], target: Sequence[int], start: int, places: Sequence[int]
) -> int:
    """Give the length of the longest run of `source`, from one of `places`, at `start`.

    As published, the search goes on after the end of a match and not after its first word, so
    that a longer one which begins inside it is missed.
    """
    longest = behind = 0
    for place in places:
        if place < behind:
            continue
        length, most = 1, min(len(target) - start, len(source) - place)
        while length < most and target[start + length] == source[place + length]:
            length += 1
        longest, behind = max(longest, length), place + length
    return longest
