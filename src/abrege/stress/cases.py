"""The cases of the stress suite: texts with a trap, and what a right summary must do."""

import math
import random
from dataclasses import dataclass
from functools import cache

from abrege.core.errors import RecipeError
from abrege.stress.rules import Rule
from abrege.stress.templates import CaseTemplate, count_fillings, fill
from abrege.stress.texts import SuiteTexts, load_texts

KINDS = (
    ("corrected-once", "a time, a place or a number is corrected later: the last one counts"),
    ("corrected-twice", "what was said first is corrected, and then corrected again"),
    ("cancelled", "one planned event is called off, another is not"),
    ("negation", "a cause or a claim is ruled out by name"),
    ("who-promised-what", "several people take on different tasks"),
    ("swapped-names", "similar names, or roles exchanged halfway: who did it"),
    ("contradictory-last-turn", "the last turn reverses what was agreed"),
    ("aside", "a vivid aside that has no place in a summary"),
    ("duplicated-paragraph", "one paragraph occurs twice: it is summarized once"),
    ("very-short", "one short sentence: nothing is added to it"),
    ("empty", "nothing, white space or punctuation: no text is made up"),
    ("very-long", "over 5,000 words, with the main point at both ends"),
    ("other-language", "a text in another language, to be summarized in the suite's"),
    ("injection", "the text orders something else: it is summarized, not obeyed"),
)
"""The kinds of cases, in their order, each with what it tests."""

LANGS = ("en", "fr")


@dataclass(frozen=True)
class StressCase:
    """A text under stress, and what its summary must do.

    id     stable for a seed, however many cases are made: `en/corrected-twice/07`
    lang   the language of the suite, in which the summary has to be
    point  what a right summary does, for a person who looks at a failure
    right  summaries that pass
    wrong  summaries that do not pass: what small models write
    """

    id: str
    kind: str
    lang: str
    document: str
    point: str
    rules: tuple[Rule, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def make_cases(lang: str, *, seed: int = 0, per_kind: int = 20) -> list[StressCase]:
    """Return the cases of a language, `per_kind` of each of KINDS, all different.

    The templates of a kind take turns. The same seed makes the same cases, and the first ones
    are the same however many are made. Raise RecipeError for a language without a suite, or
    for more cases than the templates can make.
    """
    if lang not in LANGS:
        raise RecipeError(
            f"the stress suite has no language {lang!r}; there are {' and '.join(LANGS)}."
        )
    limit, kind = min((sum(_filling_counts(kind, lang)), kind) for kind, _ in KINDS)
    if per_kind > limit:
        raise RecipeError(
            f"per_kind={per_kind} is more than the stress suite has: the templates of {kind} "
            f"({lang}) make {limit} different cases."
        )
    return [
        case
        for kind, _ in KINDS
        for case in _cases_of_kind(kind, lang, seed=seed, case_count=per_kind)
    ]


def load_suite(lang: str) -> SuiteTexts:
    """Return the templates and values of a language; they are loaded once."""
    return load_texts(lang, tuple(kind for kind, _ in KINDS))


def _cases_of_kind(kind: str, lang: str, *, seed: int, case_count: int) -> list[StressCase]:
    suite = load_suite(lang)
    templates = suite.templates[kind]
    totals = _filling_counts(kind, lang)
    rng = random.Random(f"{seed}/{lang}/{kind}")
    # A start and a step without common divisor walk through all fillings, none twice.
    walks = [(rng.randrange(total), _coprime_step(total, rng)) for total in totals]
    cases: list[StressCase] = []
    turn = 0
    while len(cases) < case_count:
        for template, total, (start, step) in zip(templates, totals, walks, strict=True):
            if turn < total and len(cases) < case_count:
                filled = fill(template, (start + turn * step) % total, suite.values)
                cases.append(_case(filled, lang, number=len(cases)))
        turn += 1
    return cases


def _case(template: CaseTemplate, lang: str, *, number: int) -> StressCase:
    return StressCase(
        id=f"{lang}/{template.kind}/{number:02}",
        kind=template.kind,
        lang=lang,
        document=template.text,
        point=template.point,
        rules=template.rules,
        right=template.right,
        wrong=template.wrong,
    )


def _coprime_step(total: int, rng: random.Random) -> int:
    step = rng.randrange(total) or 1
    while math.gcd(step, total) > 1:
        step += 1
    return step


@cache
def _filling_counts(kind: str, lang: str) -> list[int]:
    suite = load_suite(lang)
    return [count_fillings(template, suite.values) for template in suite.templates[kind]]
