"""n-grams of words given as integers."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence


def word_ids(*texts: Iterable[str]) -> list[list[int]]:
    """Give the words of several texts as numbers, the same word the same number in all."""
    table: dict[str, int] = {}
    return [[table.setdefault(word, len(table)) for word in text] for text in texts]


def count_overlap(a: Sequence[int], b: Sequence[int], n: int) -> int:
    """Count the n-grams that two texts share, each as often as it stands in both."""
    in_b = Counter(ngrams(b, n))
    shared = 0
    for gram in ngrams(a, n):  # one pass, since most are not shared
        if left := in_b.get(gram):
            in_b[gram] = left - 1
            shared += 1
    return shared


def count_ngrams(words: Sequence[int], n: int) -> int:
    """Count the n-grams of a text."""
    return max(0, len(words) - n + 1)


def ngrams(words: Sequence[int], n: int) -> Iterable[Hashable]:
    """Give the n-grams of a text, in order; words are their own 1-grams."""
    return words if n == 1 else zip(*(words[k:] for k in range(n)), strict=False)
