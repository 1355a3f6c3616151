"""Which person a summary assigns a task to, by the order of names and words in a sentence.

It knows no grammar. It looks, in this order, for `by Anna` after the task, for `asks Anna to`
before it, for the first person of its clause, for the first person of the nearest clause before it
in the sentence, and for the first person of the sentence before. So `Anna's friend Bob brings the
cake` assigns the cake to Anna, and `Anna and Bob will bring the cake and the chairs, respectively`
assigns both to Bob.
"""

import re
from collections.abc import Sequence

from abrege.stress import lexicon
from abrege.stress.mentions import sentence_span
from abrege.stress.normalize import Span, find_value, normalize

_TITLE = r"(?:(?:m|mr|mrs|ms|dr|mme|mlle)\.? )?"


def assigned_person(text: str, task: Span, people: Sequence[str], lang: str) -> str | None:
    """Return the person who does the task mentioned at a span of a normalized text, or None."""
    start, end = sentence_span(text, task[0])
    clause = _clause_start(text, start, task[0])
    before, after = text[clause : task[0]], text[task[1] : end]
    no_person_before = not _first_person(text, clause, task[0], people, lang)
    for person in people:
        who = rf"{_TITLE}{re.escape(normalize(person, lang))}"
        if (
            re.search(lexicon.FALLS_TO[lang].format(who=who), after)
            or re.search(lexicon.ASKS[lang].format(who=who), before)
            or (no_person_before and re.search(lexicon.AT_ONCE[lang].format(who=who), after))
        ):
            return person
    return _nearest_person(text, clause, task[0], people, lang)


def _nearest_person(
    text: str, clause: int, position: int, people: Sequence[str], lang: str
) -> str | None:
    """Return the first person of the clause that starts at `clause`, or of the nearest before."""
    sentence_start, _ = sentence_span(text, position)
    while True:
        if person := _first_person(text, clause, position, people, lang):
            return person
        if clause > sentence_start:
            clause = _clause_start(text, sentence_start, clause - 1)
        elif sentence_start > 0:  # `She will also …`
            sentence_start, _ = sentence_span(text, max(0, sentence_start - 2))
            clause = sentence_start
        else:
            return None


def _first_person(text: str, start: int, end: int, people: Sequence[str], lang: str) -> str | None:
    candidates = [
        (position, person)
        for person in people
        for position, _ in find_value(person, "word", text, lang)
        if start <= position < end and not lexicon.NOT_THEM.search(text, start, position)
    ]
    return min(candidates)[1] if candidates else None


def _clause_start(text: str, start: int, position: int) -> int:
    """Return where the clause that contains a position starts; `start` is its sentence's."""
    starts = [match.end() for match in lexicon.CLAUSE.finditer(text, start, position)]
    return starts[-1] if starts else start
