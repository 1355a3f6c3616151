"""The readings of ROUGE: what each takes for a word, for a sentence and for a match."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from abrege.metrics.registry import ROUGE
from abrege.text import porter, sentences
from abrege.text.lcs import lcs_length, union_lcs
from abrege.text.ngrams import count_ngrams, count_overlap, ngrams, word_ids
from abrege.text.tokenize import word_tokenize

Sentences = tuple[tuple[str, ...], ...]
"""A text as the words of each of its sentences."""


class FScore(NamedTuple):
    """How much of the prediction is in the reference, of the reference in it, and both in one."""

    precision: float
    recall: float
    fmeasure: float


Scorer = Callable[[Sentences, Sentences, Sequence[str]], dict[str, FScore]]


@dataclass(frozen=True)
class RougeProfile:
    """One reading of ROUGE: what it takes for words and for sentences, and how it counts."""

    words: Callable[[str, str | None], list[str]]
    sentences: Callable[[str, str | None], list[str]]
    scorer: Scorer
    words_name: str
    sentences_name: Callable[[str | None], str]
    stemmer_name: str | None
    """The stemmer that belongs to the profile; None where the caller may choose Snowball."""
    only_ascii: bool
    """Whether a word ends at every letter outside a to z: right in English alone."""
    metrics: tuple[str, ...] = ROUGE


def count(predicted: Sentences, reference: Sentences, metrics: Sequence[str]) -> dict[str, FScore]:
    """Score as the paper says (Lin 2004, sections 2, 3.1 and 3.2), with F for its harmonic mean."""
    numbered = word_ids(*predicted, *reference)
    ours, theirs = numbered[: len(predicted)], numbered[len(predicted) :]
    a, b = [w for s in ours for w in s], [w for s in theirs for w in s]
    # In one sentence each, the union of longest common subsequences is the only one.
    single = len(ours) == len(theirs) == 1
    found: dict[str, FScore] = {}
    for metric in metrics:
        if metric == "rougeL" or (metric == "rougeLsum" and single):
            known = found.get("rougeL")  # the same where there is one sentence
            found[metric] = known or _ratio(lcs_length(a, b), len(a), len(b))
        elif metric == "rougeLsum":
            found[metric] = _ratio(_union_hits(ours, theirs), len(a), len(b))
        else:
            n = int(metric.removeprefix("rouge"))
            found[metric] = _ratio(count_overlap(a, b, n), count_ngrams(a, n), count_ngrams(b, n))
    return found


def count_distinct(
    predicted: Sentences, reference: Sentences, metrics: Sequence[str]
) -> dict[str, FScore]:
    """Score as the package `rouge` does: sets of n-grams, so what comes twice counts once.

    Its ROUGE-L is one over sentences: the distinct words of the longest common subsequences of
    every sentence with every other. Empty texts, which it refuses, score 0.
    """
    numbered = word_ids(*predicted, *reference)
    ours, theirs = numbered[: len(predicted)], numbered[len(predicted) :]
    a, b = [w for s in ours for w in s], [w for s in theirs for w in s]
    found: dict[str, FScore] = {}
    for metric in metrics:
        if metric == "rougeL":
            shared = {s[at] for s in ours for at in union_lcs(s, theirs)}  # ties as it breaks them
            found[metric] = _ratio(len(shared), len({*a}), len({*b}), epsilon=1e-8)
        else:
            n = int(metric.removeprefix("rouge"))
            in_a, in_b = {*ngrams(a, n)}, {*ngrams(b, n)}
            found[metric] = _ratio(len(in_a & in_b), len(in_a), len(in_b), epsilon=1e-8)
    return found


def _union_hits(ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]]) -> int:
    """Count the reference's words in a union LCS, none more often than the prediction has it."""
    left = Counter(w for sentence in ours for w in sentence)
    hits = 0
    for sentence in theirs:
        for position in union_lcs(sentence, ours):
            word = sentence[position]
            if left[word] > 0:
                left[word] -= 1
                hits += 1
    return hits


def _ratio(hits: int, predicted: int, expected: int, *, epsilon: float = 0.0) -> FScore:
    if not hits:
        return _NOTHING
    precision, recall = hits / predicted, hits / expected
    return FScore(precision, recall, 2 * precision * recall / (precision + recall + epsilon))


def _ascii_words(text: str, _: str | None) -> list[str]:
    return _ASCII_WORD.findall(text.lower())


def _porter_words(text: str, lang: str | None) -> list[str]:
    return [porter.stem(w) if len(w) > 3 else w for w in _ascii_words(text, lang)]


def _written_words(text: str, _: str | None) -> list[str]:
    return text.split() or [""]


def _lines(text: str, _: str | None) -> list[str]:
    return text.split("\n")


def _between_periods(text: str, _: str | None) -> list[str]:
    return [part for part in text.split(".") if part]


_ASCII_WORD = re.compile("[a-z0-9]+")
_NOTHING = FScore(0.0, 0.0, 0.0)

# google's rouge-score 0.1.2, to the last digit
_ROUGE_SCORE = RougeProfile(
    words=_ascii_words,
    sentences=_lines,
    scorer=count,
    words_name="ascii",
    sentences_name=lambda _: "newline",
    stemmer_name="no",
    only_ascii=True,
)
PROFILES: Mapping[str, RougeProfile] = {
    "abrege": RougeProfile(
        words=word_tokenize,
        sentences=sentences.split_sentences,
        scorer=count,
        words_name="unicode",
        sentences_name=sentences.splitter_name,
        stemmer_name=None,
        only_ascii=False,
    ),
    "rouge_score": _ROUGE_SCORE,
    "rouge_score+stemmer": replace(_ROUGE_SCORE, words=_porter_words, stemmer_name="porter-nltk"),
    # the package rouge 1.0.1, to the last digit: words as written, between spaces, in their case
    "pip-rouge": RougeProfile(
        words=_written_words,
        sentences=_between_periods,
        scorer=count_distinct,
        words_name="written",
        sentences_name=lambda _: "period",
        stemmer_name="no",
        only_ascii=False,
        metrics=("rouge1", "rouge2", "rouge3", "rougeL"),
    ),
}
