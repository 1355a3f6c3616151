"""Why a summary scores as it does: the words, pairs and subsequence it shares with a reference."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text import stems
from abrege.text.lcs import union_lcs
from abrege.text.ngrams import ngrams, word_ids
from abrege.text.tokenize import word_spans


@dataclass(frozen=True)
class AlignedWord:
    """A word of a text, where it stands, and what of it is shared."""

    start: int
    end: int
    word: bool
    """Counts for ROUGE-1."""
    pair: bool
    """Stands in a pair that counts for ROUGE-2."""
    in_order: bool
    """Lies in the longest common subsequence, which ROUGE-L counts."""


def align(
    prediction: str, reference: str, *, lang: str | None = None, stemmer: bool = False
) -> tuple[list[AlignedWord], list[AlignedWord]]:
    """Mark the words of both texts as profile abrege counts them.

    What stands more often in one text than in the other is marked as often as in both, from the
    left; the numbers of marks are therefore those that the scores are made of.
    """
    placed = [word_spans(text, lang) for text in (prediction, reference)]
    read = [[word for word, _, _ in of] for of in placed]
    if stemmer:
        read = [stems.stem_words(of, lang) for of in read]
    ours, theirs = word_ids(*read)
    in_order = {*union_lcs(theirs, [ours])}
    our_order = _same_order(ours, [theirs[n] for n in sorted(in_order)])
    return (
        _marks(placed[0], ours, theirs, our_order),
        _marks(placed[1], theirs, ours, in_order),
    )


def align_to_best(
    prediction: str,
    references: Sequence[str],
    *,
    lang: str | None = None,
    stemmer: bool = False,
) -> list[AlignedWord]:
    """Mark the words of a prediction against the reference with which most stands in order."""
    told = [align(prediction, ref, lang=lang, stemmer=stemmer) for ref in references]
    return max(told, key=_share_in_order)[0]


def _share_in_order(marked: tuple[list[AlignedWord], list[AlignedWord]]) -> float:
    ours, theirs = marked
    return sum(mark.in_order for mark in ours) / (len(ours) + len(theirs) or 1)


def _marks(
    placed: Sequence[tuple[str, int, int]],
    own: Sequence[int],
    other: Sequence[int],
    in_order: set[int],
) -> list[AlignedWord]:
    words = _shared(own, other, 1)
    pairs = _shared(own, other, 2)
    of_pairs = pairs | {n + 1 for n in pairs}
    return [
        AlignedWord(start, end, n in words, n in of_pairs, n in in_order)
        for n, (_, start, end) in enumerate(placed)
    ]


def _shared(own: Sequence[int], other: Sequence[int], n: int) -> set[int]:
    """Give where the n-grams begin that the other text has too, each as often as in both."""
    left = Counter(ngrams(other, n))
    found = set()
    for place, gram in enumerate(ngrams(own, n)):
        if left[gram] > 0:
            left[gram] -= 1
            found.add(place)
    return found


def _same_order(words: Sequence[int], subsequence: Sequence[int]) -> set[int]:
    """Give the places of a subsequence, each word as far to the left as it can stand."""
    found, wanted = set(), iter(subsequence)
    next_word = next(wanted, None)
    for place, word in enumerate(words):
        if word == next_word:
            found.add(place)
            next_word = next(wanted, None)
    return found
