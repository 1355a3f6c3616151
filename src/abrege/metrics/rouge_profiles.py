"""The profiles of ROUGE: how each splits words and sentences, and how it counts matches."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from abrege.metrics.registry import ROUGE
from abrege.text import sentences
from abrege.text.lcs import lcs_length, union_lcs
from abrege.text.ngrams import count_ngrams, count_overlap, ngrams, word_ids
from abrege.text.stems import PORTER, porter_stem
from abrege.text.tokenize import word_tokenize

Sentences = tuple[tuple[str, ...], ...]
"""A text as the words of each of its sentences."""


class FScore(NamedTuple):
    """Precision (of the prediction), recall (of the reference) and their harmonic mean."""

    precision: float
    recall: float
    fmeasure: float


ZERO = FScore(0.0, 0.0, 0.0)

Scorer = Callable[[Sentences, Sentences, Sequence[str]], dict[str, FScore]]


@dataclass(frozen=True)
class RougeProfile:
    """How one implementation of ROUGE tokenizes and counts."""

    words: Callable[[str, str | None], list[str]]
    sentences: Callable[[str, str | None], list[str]]
    scorer: Scorer
    words_name: str
    sentences_name: Callable[[str | None], str]
    stemmer_name: str | None
    """The stemmer of the profile; None where the caller may choose Snowball."""
    only_ascii: bool
    """Whether a word ends at every letter outside a to z, which is right in English only."""
    metrics: tuple[str, ...] = ROUGE


def count_matches(
    predicted: Sentences, reference: Sentences, metrics: Sequence[str]
) -> dict[str, FScore]:
    """Score as in the paper (Lin 2004, sections 2, 3.1 and 3.2), with F as the harmonic mean."""
    ours, theirs = _sentence_ids(predicted, reference)
    a, b = _flat(ours), _flat(theirs)
    # Of one sentence each, the union of longest common subsequences is the only one.
    single = len(ours) == len(theirs) == 1
    scores: dict[str, FScore] = {}
    for metric in metrics:
        if metric == "rougeL" or (metric == "rougeLsum" and single):
            same = scores.get("rougeL")
            scores[metric] = same or _f_score(lcs_length(a, b), len(a), len(b))
        elif metric == "rougeLsum":
            scores[metric] = _f_score(_union_hits(ours, theirs), len(a), len(b))
        else:
            n = int(metric.removeprefix("rouge"))
            hits = count_overlap(a, b, n)
            scores[metric] = _f_score(hits, count_ngrams(a, n), count_ngrams(b, n))
    return scores


def count_distinct(
    predicted: Sentences, reference: Sentences, metrics: Sequence[str]
) -> dict[str, FScore]:
    """Score as the package `rouge` does: on sets of n-grams, so a repeated one counts once.

    Its ROUGE-L is one over sentences: the distinct words of the longest common subsequences of
    every sentence with every other. Empty texts, for which it raises an error, score 0.
    """
    ours, theirs = _sentence_ids(predicted, reference)
    a, b = _flat(ours), _flat(theirs)
    scores: dict[str, FScore] = {}
    for metric in metrics:
        if metric == "rougeL":
            shared = {s[n] for s in ours for n in union_lcs(s, theirs)}  # ties as it breaks them
            scores[metric] = _f_score(len(shared), len({*a}), len({*b}), epsilon=1e-8)
        else:
            n = int(metric.removeprefix("rouge"))
            in_a, in_b = {*ngrams(a, n)}, {*ngrams(b, n)}
            scores[metric] = _f_score(len(in_a & in_b), len(in_a), len(in_b), epsilon=1e-8)
    return scores


def _sentence_ids(
    predicted: Sentences, reference: Sentences
) -> tuple[list[list[int]], list[list[int]]]:
    ids = word_ids(*predicted, *reference)
    return ids[: len(predicted)], ids[len(predicted) :]


def _flat(sentences: Sequence[Sequence[int]]) -> list[int]:
    return [word for sentence in sentences for word in sentence]


def _union_hits(ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]]) -> int:
    """Count the reference's words in a union LCS, none more often than the prediction has it."""
    remaining = Counter(word for sentence in ours for word in sentence)
    hits = 0
    for sentence in theirs:
        for position in union_lcs(sentence, ours):
            word = sentence[position]
            if remaining[word] > 0:
                remaining[word] -= 1
                hits += 1
    return hits


def _f_score(hits: int, predicted: int, expected: int, *, epsilon: float = 0.0) -> FScore:
    if not hits:
        return ZERO
    precision, recall = hits / predicted, hits / expected
    return FScore(precision, recall, 2 * precision * recall / (precision + recall + epsilon))


def _ascii_words(text: str, _: str | None) -> list[str]:
    return _ASCII_WORD.findall(text.lower())


def _porter_words(text: str, lang: str | None) -> list[str]:
    return [porter_stem(w) if len(w) > 3 else w for w in _ascii_words(text, lang)]


def _whitespace_words(text: str, _: str | None) -> list[str]:
    return text.split() or [""]


def _lines(text: str, _: str | None) -> list[str]:
    return text.split("\n")


def _between_periods(text: str, _: str | None) -> list[str]:
    return [part for part in text.split(".") if part]


_ASCII_WORD = re.compile("[a-z0-9]+")

# Google's rouge-score 0.1.2, to the last digit
_ROUGE_SCORE = RougeProfile(
    words=_ascii_words,
    sentences=_lines,
    scorer=count_matches,
    words_name="ascii",
    sentences_name=lambda _: "newline",
    stemmer_name="no",
    only_ascii=True,
)
PROFILES: Mapping[str, RougeProfile] = {
    "abrege": RougeProfile(
        words=word_tokenize,
        sentences=sentences.split_sentences,
        scorer=count_matches,
        words_name="unicode",
        sentences_name=sentences.splitter_name,
        stemmer_name=None,
        only_ascii=False,
    ),
    "rouge_score": _ROUGE_SCORE,
    "rouge_score+stemmer": replace(_ROUGE_SCORE, words=_porter_words, stemmer_name=PORTER),
    # the package rouge 1.0.1, to the last digit: case-sensitive words between spaces
    "pip-rouge": RougeProfile(
        words=_whitespace_words,
        sentences=_between_periods,
        scorer=count_distinct,
        words_name="written",
        sentences_name=lambda _: "period",
        stemmer_name="no",
        only_ascii=False,
        metrics=("rouge1", "rouge2", "rouge3", "rougeL"),
    ),
}
