"""ROUGE-1, -2, -L and -Lsum (Lin 2004), in a profile that says which words and sentences count."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import abrege
from abrege.errors import DataError, RecipeError
from abrege.text import porter, sentences, stems
from abrege.text.lcs import lcs_length, union_lcs
from abrege.text.ngrams import how_many, ids, overlap
from abrege.text.words import UNSPACED, is_unspaced, primary, words

METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")

ReferencesRule = Literal["max", "mean"]
Sentences = tuple[tuple[str, ...], ...]
"""A text as the words of each of its sentences."""


@dataclass(frozen=True)
class Score:
    """How much of the prediction is in the reference, of the reference in it, and both in one."""

    precision: float
    recall: float
    fmeasure: float


@dataclass(frozen=True)
class Profile:
    """One reading of ROUGE: what it takes for words and for sentences."""

    words: Callable[[str, str | None], list[str]]
    sentences: Callable[[str, str | None], list[str]]
    words_name: str
    sentences_name: Callable[[str | None], str]
    stemmer_name: str | None
    """The stemmer that belongs to the profile; None where the caller may choose Snowball."""
    only_ascii: bool
    """Whether a word ends at every letter outside a to z: right in English alone."""


def _ascii_words(text: str, _: str | None) -> list[str]:
    return re.findall("[a-z0-9]+", text.lower())


def _porter_words(text: str, lang: str | None) -> list[str]:
    return [porter.stem(w) if len(w) > 3 else w for w in _ascii_words(text, lang)]


def _lines(text: str, _: str | None) -> list[str]:
    return text.split("\n")


# google's rouge-score 0.1.2, to the last digit
_ROUGE_SCORE = Profile(
    words=_ascii_words,
    sentences=_lines,
    words_name="ascii",
    sentences_name=lambda _: "newline",
    stemmer_name="no",
    only_ascii=True,
)
PROFILES: Mapping[str, Profile] = {
    "abrege": Profile(
        words=words,
        sentences=sentences.sentences,
        words_name="unicode",
        sentences_name=sentences.name,
        stemmer_name=None,
        only_ascii=False,
    ),
    "rouge_score": _ROUGE_SCORE,
    "rouge_score+stemmer": replace(_ROUGE_SCORE, words=_porter_words, stemmer_name="porter-nltk"),
}


def score(
    prediction: str,
    references: Sequence[str],
    *,
    profile: str = "abrege",
    lang: str | None = None,
    stemmer: bool = False,
    references_rule: ReferencesRule = "max",
) -> dict[str, Score]:
    """Score a prediction against its references: METRICS → Score.

    Of several references, `max` takes for each metric the one with the best F (the first of
    equals), `mean` the plain mean. A prediction without words scores 0 and counts; no reference
    at all is DataError, as is a text in a script without spaces under profile abrege.
    """
    if not references:
        raise DataError("rouge: there is no reference to score against.\n  Give at least one.")
    check(profile, lang=lang, stemmer=stemmer)
    if lang is None and not PROFILES[profile].only_ascii:
        for text in filter(is_unspaced, references):
            raise _no_spaces(f"the reference {text[:40]!r}")
    predicted = _read(prediction, profile, lang, stemmer)
    each = [_score_one(predicted, _read(r, profile, lang, stemmer)) for r in references]
    if len(each) == 1:
        return each[0]
    combine = _best if references_rule == "max" else _mean
    return {metric: combine([scores[metric] for scores in each]) for metric in METRICS}


def check(profile: str, *, lang: str | None, stemmer: bool) -> None:
    """Refuse a profile that cannot be right in a language, or a stemmer it does not have."""
    if profile not in PROFILES:
        raise RecipeError(f"rouge: no profile {profile!r}.\n  Known: {', '.join(PROFILES)}.")
    if stemmer and PROFILES[profile].stemmer_name:
        raise RecipeError(
            f"rouge: stemmer has no effect with profile {profile}.\n"
            "  Choose profile rouge_score+stemmer, or profile abrege with stemmer."
        )
    if stemmer:
        stems.name(lang)
    if not PROFILES[profile].only_ascii and (code := primary(lang)) in UNSPACED:
        raise _no_spaces(UNSPACED[code])


def signature(
    metric: str,
    *,
    profile: str,
    lang: str | None,
    stemmer: bool,
    references_rule: ReferencesRule,
) -> str:
    """Say what a score of `metric` was made with; the caller adds n and the bootstrap."""
    made = PROFILES[profile]
    stem = made.stemmer_name or (stems.name(lang) if stemmer else "no")
    parts = [
        metric,
        f"abrege-{abrege.__version__}",
        f"profile:{profile}",
        f"words:{made.words_name}",
        f"lang:{lang or 'und'}",
        f"stem:{stem}",
        *([f"sentences:{made.sentences_name(lang)}"] if metric == "rougeLsum" else []),
        f"refs:{references_rule}",
    ]
    return "|".join(parts)


@lru_cache(maxsize=4096)  # the references come again with every system
def _read(text: str, profile: str, lang: str | None, stemmer: bool) -> Sentences:  # noqa: FBT001
    cut = (PROFILES[profile].words(s, lang) for s in PROFILES[profile].sentences(text, lang))
    read = ((stems.stems(s, lang) if stemmer else s) for s in cut)
    return tuple(tuple(s) for s in read if s)


def _no_spaces(what: str) -> DataError:
    return DataError(
        f"rouge: {what} is written without spaces between words, and abrege cannot find the "
        "words in it.\n  A score would mean nothing: there is no ROUGE for it here yet."
    )


def _score_one(predicted: Sentences, reference: Sentences) -> dict[str, Score]:
    numbered = ids(*predicted, *reference)
    ours, theirs = numbered[: len(predicted)], numbered[len(predicted) :]
    a, b = [w for s in ours for w in s], [w for s in theirs for w in s]
    common = lcs_length(a, b)
    # In one sentence each, the union of longest common subsequences is the only one.
    single = len(ours) == len(theirs) == 1
    return {
        "rouge1": _ratio(overlap(a, b, 1), how_many(a, 1), how_many(b, 1)),
        "rouge2": _ratio(overlap(a, b, 2), how_many(a, 2), how_many(b, 2)),
        "rougeL": _ratio(common, len(a), len(b)),
        "rougeLsum": _ratio(common if single else _union_hits(ours, theirs), len(a), len(b)),
    }


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


def _ratio(hits: int, predicted: int, expected: int) -> Score:
    precision, recall = hits / max(predicted, 1), hits / max(expected, 1)
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both > 0 else 0.0)


def _best(scores: Sequence[Score]) -> Score:
    return max(scores, key=lambda s: s.fmeasure)


def _mean(scores: Sequence[Score]) -> Score:
    n = len(scores)
    return Score(
        sum(s.precision for s in scores) / n,
        sum(s.recall for s in scores) / n,
        sum(s.fmeasure for s in scores) / n,
    )
