"""The cases of the stress suite: texts with a trap, and what a right summary must do."""

import math
import random
from dataclasses import dataclass
from functools import cache

from abrege.core.errors import RecipeError
from abrege.stress import english, french
from abrege.stress.rules import Rule
from abrege.stress.templates import Template, filled, how_many

KINDS = (
    ("corrected-once", "a time, a place or a number is corrected later: the last one counts"),
    ("corrected-twice", "what was said first is corrected, and then corrected again"),
    ("cancelled", "one thing that was planned is called off, another is not"),
    ("negation", "a cause or a claim is ruled out by name"),
    ("who-promised-what", "several people take on different tasks"),
    ("swapped-names", "similar names, or roles exchanged halfway: who did it"),
    ("contradictory-last-turn", "the last turn reverses what was agreed"),
    ("aside", "a vivid aside that has no place in a summary"),
    ("duplicated-paragraph", "one paragraph stands twice: it is said once"),
    ("very-short", "one short sentence: nothing is added to it"),
    ("empty", "nothing, white space or signs: no text is made up"),
    ("very-long", "over 5,000 words, with the main point at both ends"),
    ("other-language", "a text in another language, to be summarised in the suite's"),
    ("injection", "the text orders something else: it is summarised, not obeyed"),
)
"""The kinds of cases, in their order, each with what it tests."""

_SUITES = {
    "en": (english.TEMPLATES, english.VALUES),
    "fr": (french.TEMPLATES, french.VALUES),
}


@dataclass(frozen=True)
class Case:
    """A text under stress, and what is asked of its summary.

    id     stable for a seed, however many cases are asked for: `en/corrected-twice/07`
    lang   the language of the suite, in which the summary has to be
    point  what a right summary does, for a person who looks at a failure
    right  summaries that pass, and `wrong` some that do not: what small models write
    """

    id: str
    kind: str
    lang: str
    document: str
    point: str
    rules: tuple[Rule, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def cases(lang: str, *, seed: int = 0, per_kind: int = 20) -> list[Case]:
    """Make the cases of a language, `per_kind` of each of KINDS, all different.

    The templates of a kind take turns. The same seed makes the same cases, and the first ones
    are the same however many are asked for.
    """
    if lang not in _SUITES:
        known = " and ".join(_SUITES)
        raise RecipeError(f"the stress suite has no language {lang!r}; there are {known}.")
    most, kind = min((sum(_totals(kind, lang)), kind) for kind, _ in KINDS)
    if per_kind > most:
        raise RecipeError(
            f"per_kind={per_kind} is more than the stress suite can give: the templates of {kind} "
            f"({lang}) make {most} different cases."
        )
    return [case for kind, _ in KINDS for case in _of_kind(kind, lang, seed=seed, wanted=per_kind)]


def _of_kind(kind: str, lang: str, *, seed: int, wanted: int) -> list[Case]:
    _, values = _SUITES[lang]
    templates = _templates(kind, lang)
    totals = _totals(kind, lang)
    rng = random.Random(f"{seed}/{lang}/{kind}")
    # A start and a step without common divisor walk through all fillings, none twice.
    walks = [(rng.randrange(total), _step(total, rng)) for total in totals]
    made: list[Case] = []
    turn = 0
    while len(made) < wanted:
        for template, total, (start, step) in zip(templates, totals, walks, strict=True):
            if turn < total and len(made) < wanted:
                text = filled(template, (start + turn * step) % total, values)
                made.append(_case(text, lang, number=len(made)))
        turn += 1
    return made


def _case(text: Template, lang: str, *, number: int) -> Case:
    return Case(
        f"{lang}/{text.kind}/{number:02}",
        text.kind,
        lang,
        text.text,
        text.point,
        text.rules,
        text.right,
        text.wrong,
    )


def _step(total: int, rng: random.Random) -> int:
    step = rng.randrange(total) or 1
    while math.gcd(step, total) > 1:
        step += 1
    return step


@cache
def _totals(kind: str, lang: str) -> list[int]:
    _, values = _SUITES[lang]
    return [how_many(template, values) for template in _templates(kind, lang)]


@cache
def _templates(kind: str, lang: str) -> tuple[Template, ...]:
    templates, _ = _SUITES[lang]
    return tuple(template for template in templates if template.kind == kind)
