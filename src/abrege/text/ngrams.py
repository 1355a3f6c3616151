"""n-grams of words, where words are integers."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def word_ids(*texts: Iterable[str]) -> list[list[int]]:
    """Replace the words of several texts by integers, equal words by the same one in all texts."""
    vocabulary: dict[str, int] = {}
    return [[vocabulary.setdefault(word, len(vocabulary)) for word in text] for text in texts]


def count_overlap(a: Sequence[int], b: Sequence[int], n: int) -> int:
    """Count the n-grams that two texts share, each as often as it is in both."""
    remaining = Counter(ngrams(b, n))
    shared = 0
    for gram in ngrams(a, n):  # one pass, since most are not shared
        if count := remaining.get(gram):
            remaining[gram] = count - 1
            shared += 1
    return shared


def count_ngrams(words: Sequence[int], n: int) -> int:
    """Count the n-grams of a text."""
    return max(0, len(words) - n + 1)


def ngrams(words: Sequence[int], n: int) -> Iterable[Hashable]:
    """Return the n-grams of a text, in order; a 1-gram is the word itself."""
    return words if n == 1 else zip(*(words[k:] for k in range(n)), strict=False)
