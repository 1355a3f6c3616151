"""ROUGE-1, -2, -3, -L and -Lsum (Lin 2004), in one of several profiles."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, get_args

import abrege
from abrege.core.errors import DataError, RecipeError
from abrege.metrics.registry import DEFAULT_ROUGE
from abrege.metrics.rouge_profiles import PROFILES, FScore, Sentences
from abrege.text import stems
from abrege.text.tokenize import UNSPACED_LANGUAGES, is_unspaced, primary_language

ReferencesRule = Literal[
    "max", "mean", "best-by-rouge1", "best-by-rouge2", "best-by-rougeL", "best-by-rougeLsum"
]
REFERENCES_RULES: tuple[str, ...] = get_args(ReferencesRule)
_BEST_BY = "best-by-"


def profile_metrics(profile: str) -> tuple[str, ...]:
    """Return those of DEFAULT_ROUGE that a profile has."""
    return tuple(m for m in DEFAULT_ROUGE if m in PROFILES[profile].metrics)


def score(
    prediction: str,
    references: Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    profile: str = "abrege",
    lang: str | None = None,
    stemmer: bool = False,
    references_rule: ReferencesRule = "max",
) -> dict[str, FScore]:
    """Score a prediction against its references and return metric → score, 0 to 1.

    Of several references, `max` takes for each metric the one with the best F (the first of
    equals), `mean` the plain mean, `best-by-M` for all metrics the one that is best by M. A
    prediction without words scores 0.

    Raise DataError where there is no reference, or where a text is in a script without spaces
    (profile abrege); raise RecipeError for an unknown profile or metric.
    """
    check_options(
        profile, lang=lang, stemmer=stemmer, metrics=metrics, references_rule=references_rule
    )
    if not references:
        raise DataError("rouge: there is no reference to score against.\n  Give at least one.")
    if lang is None and profile == "abrege":
        for text in filter(is_unspaced, references):
            raise _unspaced_error(f"the reference {text[:40]!r}")
    wanted = metrics or profile_metrics(profile)
    scorer = PROFILES[profile].scorer
    predicted = _tokenize(prediction, profile, lang, stemmer)
    if len(references) == 1:
        return scorer(predicted, _tokenize(references[0], profile, lang, stemmer), wanted)
    by = references_rule.removeprefix(_BEST_BY) if references_rule.startswith(_BEST_BY) else None
    computed = wanted if by is None or by in wanted else [*wanted, by]
    scores = [scorer(predicted, _tokenize(r, profile, lang, stemmer), computed) for r in references]
    if by is not None:
        best = max(scores, key=lambda by_metric: by_metric[by].fmeasure)
        return {metric: best[metric] for metric in wanted}
    combine = _best if references_rule == "max" else _mean
    return {metric: combine([by_metric[metric] for by_metric in scores]) for metric in wanted}


@lru_cache(maxsize=64)  # called for every row
def _check_options(
    profile: str,
    lang: str | None,
    stemmer: bool,  # noqa: FBT001
    metrics: tuple[str, ...],
    rule: str,
) -> None:
    if profile not in PROFILES:
        raise RecipeError(f"rouge: no profile {profile!r}.\n  Known: {', '.join(PROFILES)}.")
    settings = PROFILES[profile]
    for metric in (*metrics, *([rule.removeprefix(_BEST_BY)] if _BEST_BY in rule else [])):
        if metric not in settings.metrics:
            raise RecipeError(
                f"rouge: profile {profile} has no {metric}.\n"
                f"  It has {', '.join(settings.metrics)}."
            )
    if stemmer and settings.stemmer_name:
        raise RecipeError(
            f"rouge: stemmer has no effect with profile {profile}.\n"
            "  Choose profile rouge_score+stemmer, or profile abrege with stemmer."
        )
    if stemmer:
        stems.stemmer_name(lang)
    if profile == "abrege" and (code := primary_language(lang)) in UNSPACED_LANGUAGES:
        raise _unspaced_error(UNSPACED_LANGUAGES[code])


def check_options(
    profile: str,
    *,
    lang: str | None,
    stemmer: bool,
    metrics: Sequence[str] | None = None,
    references_rule: ReferencesRule = "max",
) -> None:
    """Check options before any text is read.

    Raise RecipeError for a profile, metric or stemmer that does not exist, and DataError for a
    language that is written without spaces between words.
    """
    _check_options(profile, lang, stemmer, tuple(metrics or ()), references_rule)


def signature(
    metric: str,
    *,
    profile: str,
    lang: str | None,
    stemmer: bool,
    references_rule: ReferencesRule,
) -> str:
    """Return the signature of a score; the caller adds n and the resampling."""
    settings = PROFILES[profile]
    stem = settings.stemmer_name or (stems.stemmer_name(lang) if stemmer else "no")
    by_sentence = metric == "rougeLsum" or "rougeLsum" not in settings.metrics
    parts = [
        metric,
        f"abrege-{abrege.__version__}",
        f"profile:{profile}",
        f"words:{settings.words_name}",
        f"lang:{lang or 'und'}",
        f"stem:{stem}",
        *([f"sentences:{settings.sentences_name(lang)}"] if by_sentence else []),
        f"refs:{references_rule}",
    ]
    return "|".join(parts)


@lru_cache(maxsize=4096)  # every system is scored against the same references
def _tokenize(text: str, profile: str, lang: str | None, stemmer: bool) -> Sentences:  # noqa: FBT001
    split_sentences, tokenize = PROFILES[profile].sentences, PROFILES[profile].words
    sentences = (tokenize(sentence, lang) for sentence in split_sentences(text, lang))
    if stemmer:
        sentences = (stems.stem_words(words, lang) for words in sentences)
    return tuple(tuple(words) for words in sentences if words)


def _unspaced_error(what: str) -> DataError:
    return DataError(
        f"rouge: {what} is written without spaces between words.\n"
        "  abrege cannot split it into words, so there is no ROUGE for it. chrF needs no words:\n"
        "  --metrics chrf, or evaluate.metrics in a recipe."
    )


def _best(scores: Sequence[FScore]) -> FScore:
    return max(scores, key=lambda s: s.fmeasure)


def _mean(scores: Sequence[FScore]) -> FScore:
    precision, recall, fmeasure = (
        sum(column) / len(scores) for column in zip(*scores, strict=True)
    )
    return FScore(precision, recall, fmeasure)
