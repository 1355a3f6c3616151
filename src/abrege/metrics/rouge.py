"""ROUGE-1, -2, -3, -L and -Lsum (Lin 2004), in a profile that says what counts."""

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
    """Score a prediction against its references: each of `metrics` → Score.

    Of several references, `max` takes for each metric the one with the best F (the first of
    equals), `mean` the plain mean, `best-by-M` for all metrics the one that is best by M. A
    prediction without words scores 0 and counts; no reference at all is DataError, as is a text
    in a script without spaces under profile abrege.
    """
    check_options(
        profile, lang=lang, stemmer=stemmer, metrics=metrics, references_rule=references_rule
    )
    if not references:
        raise DataError("rouge: there is no reference to score against.\n  Give at least one.")
    if lang is None and profile == "abrege":
        for text in filter(is_unspaced, references):
            raise _no_spaces(f"the reference {text[:40]!r}")
    wanted = metrics or profile_metrics(profile)
    scorer = PROFILES[profile].scorer
    predicted = _read(prediction, profile, lang, stemmer)
    if len(references) == 1:
        return scorer(predicted, _read(references[0], profile, lang, stemmer), wanted)
    by = references_rule.removeprefix(_BEST_BY) if references_rule.startswith(_BEST_BY) else None
    computed = wanted if by is None or by in wanted else [*wanted, by]
    each = [scorer(predicted, _read(r, profile, lang, stemmer), computed) for r in references]
    if by is not None:
        best = max(each, key=lambda scores: scores[by].fmeasure)
        return {metric: best[metric] for metric in wanted}
    combine = _best if references_rule == "max" else _mean
    return {metric: combine([scores[metric] for scores in each]) for metric in wanted}


@lru_cache(maxsize=64)  # asked for every row
def _checked(
    profile: str,
    lang: str | None,
    stemmer: bool,  # noqa: FBT001
    metrics: tuple[str, ...],
    rule: str,
) -> None:
    if profile not in PROFILES:
        raise RecipeError(f"rouge: no profile {profile!r}.\n  Known: {', '.join(PROFILES)}.")
    made = PROFILES[profile]
    for metric in (*metrics, *([rule.removeprefix(_BEST_BY)] if _BEST_BY in rule else [])):
        if metric not in made.metrics:
            raise RecipeError(
                f"rouge: profile {profile} has no {metric}.\n  It has {', '.join(made.metrics)}."
            )
    if stemmer and made.stemmer_name:
        raise RecipeError(
            f"rouge: stemmer has no effect with profile {profile}.\n"
            "  Choose profile rouge_score+stemmer, or profile abrege with stemmer."
        )
    if stemmer:
        stems.stemmer_name(lang)
    if profile == "abrege" and (code := primary_language(lang)) in UNSPACED_LANGUAGES:
        raise _no_spaces(UNSPACED_LANGUAGES[code])


def check_options(
    profile: str,
    *,
    lang: str | None,
    stemmer: bool,
    metrics: Sequence[str] | None = None,
    references_rule: ReferencesRule = "max",
) -> None:
    """Refuse a profile that cannot be right in a language, or what it does not have."""
    _checked(profile, lang, stemmer, tuple(metrics or ()), references_rule)


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
    stem = made.stemmer_name or (stems.stemmer_name(lang) if stemmer else "no")
    by_sentence = metric == "rougeLsum" or "rougeLsum" not in made.metrics
    parts = [
        metric,
        f"abrege-{abrege.__version__}",
        f"profile:{profile}",
        f"words:{made.words_name}",
        f"lang:{lang or 'und'}",
        f"stem:{stem}",
        *([f"sentences:{made.sentences_name(lang)}"] if by_sentence else []),
        f"refs:{references_rule}",
    ]
    return "|".join(parts)


@lru_cache(maxsize=4096)  # the references come again with every system
def _read(text: str, profile: str, lang: str | None, stemmer: bool) -> Sentences:  # noqa: FBT001
    cut = (PROFILES[profile].words(s, lang) for s in PROFILES[profile].sentences(text, lang))
    read = ((stems.stem_words(s, lang) if stemmer else s) for s in cut)
    return tuple(tuple(s) for s in read if s)


def _no_spaces(what: str) -> DataError:
    return DataError(
        f"rouge: {what} is written without spaces between words, and abrege cannot find the "
        "words in it.\n  A score would mean nothing: there is no ROUGE for it here yet."
    )


def _best(scores: Sequence[FScore]) -> FScore:
    return max(scores, key=lambda s: s.fmeasure)


def _mean(scores: Sequence[FScore]) -> FScore:
    precision, recall, fmeasure = (
        sum(column) / len(scores) for column in zip(*scores, strict=True)
    )
    return FScore(precision, recall, fmeasure)
