"""Which words, bigrams and longest common subsequence a summary shares with a reference."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text.lcs import union_lcs
from abrege.text.ngrams import ngrams, word_ids
from abrege.text.stems import stem_words
from abrege.text.tokenize import word_spans


@dataclass(frozen=True)
class AlignedWord:
    """A word of a text, text[start:end], and which metrics count it as shared."""

    start: int
    end: int
    unigram: bool
    """Counts for ROUGE-1."""
    bigram: bool
    """Is part of a bigram that counts for ROUGE-2."""
    in_lcs: bool
    """Is part of the longest common subsequence, which ROUGE-L counts."""


def align(
    prediction: str, reference: str, *, lang: str | None = None, stemmer: bool = False
) -> tuple[list[AlignedWord], list[AlignedWord]]:
    """Return the words of both texts with what they share, as ROUGE in profile abrege counts it.

    A word that is more frequent in one text is marked as often as in the other, from the left, so
    the numbers of marked words are those that the scores are computed from.
    """
    spans = [word_spans(text, lang) for text in (prediction, reference)]
    words = [[word for word, _, _ in text_spans] for text_spans in spans]
    if stemmer:
        words = [stem_words(text_words, lang) for text_words in words]
    predicted, expected = word_ids(*words)
    expected_lcs = {*union_lcs(expected, [predicted])}
    predicted_lcs = _leftmost(predicted, [expected[n] for n in sorted(expected_lcs)])
    return (
        _aligned(spans[0], predicted, expected, predicted_lcs),
        _aligned(spans[1], expected, predicted, expected_lcs),
    )


def align_to_best(
    prediction: str,
    references: Sequence[str],
    *,
    lang: str | None = None,
    stemmer: bool = False,
) -> list[AlignedWord]:
    """Return the words of a prediction, aligned to the reference with the largest LCS share."""
    alignments = [align(prediction, ref, lang=lang, stemmer=stemmer) for ref in references]
    return max(alignments, key=_lcs_share)[0]


def _lcs_share(alignment: tuple[list[AlignedWord], list[AlignedWord]]) -> float:
    predicted, expected = alignment
    return sum(word.in_lcs for word in predicted) / (len(predicted) + len(expected) or 1)


def _aligned(
    spans: Sequence[tuple[str, int, int]],
    own: Sequence[int],
    other: Sequence[int],
    lcs: set[int],
) -> list[AlignedWord]:
    unigrams = _shared(own, other, 1)
    bigram_starts = _shared(own, other, 2)
    bigrams = bigram_starts | {n + 1 for n in bigram_starts}
    return [
        AlignedWord(start, end, n in unigrams, n in bigrams, n in lcs)
        for n, (_, start, end) in enumerate(spans)
    ]


def _shared(own: Sequence[int], other: Sequence[int], n: int) -> set[int]:
    """Return where the n-grams start that the other text has too, each as often as in both."""
    remaining = Counter(ngrams(other, n))
    starts = set()
    for position, gram in enumerate(ngrams(own, n)):
        if remaining[gram] > 0:
            remaining[gram] -= 1
            starts.add(position)
    return starts


def _leftmost(words: Sequence[int], subsequence: Sequence[int]) -> set[int]:
    """Return the positions of a subsequence, each word as far to the left as possible."""
    positions, expected = set(), iter(subsequence)
    next_word = next(expected, None)
    for position, word in enumerate(words):
        if word == next_word:
            positions.add(position)
            next_word = next(expected, None)
    return positions
