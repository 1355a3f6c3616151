"""Who does a thing, by the order of names and words in a sentence.

It knows no grammar. It looks, in this order, for `by Anna` after the thing, for `asks Anna to`
before it, for the first person of its clause, for the first person of the nearest clause before it
in the sentence, and for the first person of the sentence before. So `Anna's friend Bob brings the
cake` gives the cake to Anna, and `Anna and Bob will bring the cake and the chairs, respectively`
gives both to Bob.
"""

import re
from collections.abc import Sequence

from abrege.stress import lexicon as wording
from abrege.stress.mentions import sentence
from abrege.stress.normalize import Span, places, plain

_TITLE = r"(?:(?:m|mr|mrs|ms|dr|mme|mlle)\.? )?"


def doers(text: str, task: Span, people: Sequence[str], lang: str) -> str | None:
    """Give the person who does a thing that is named at a place of a plain text."""
    begin, end = sentence(text, task[0])
    clause = _clause(text, begin, task[0])
    before, after = text[clause : task[0]], text[task[1] : end]
    alone = not _first(text, clause, task[0], people, lang)
    for person in people:
        who = rf"{_TITLE}{re.escape(plain(person, lang))}"
        if (
            re.search(wording.FALLS_TO[lang].format(who=who), after)
            or re.search(wording.ASKS[lang].format(who=who), before)
            or (alone and re.search(wording.AT_ONCE[lang].format(who=who), after))
        ):
            return person
    return _nearest(text, clause, task[0], people, lang)


def _nearest(text: str, clause: int, place: int, people: Sequence[str], lang: str) -> str | None:
    """Give the first person of the clause that starts at `clause`, or of the nearest before it."""
    begin, _ = sentence(text, place)
    while True:
        if found := _first(text, clause, place, people, lang):
            return found
        if clause > begin:
            clause = _clause(text, begin, clause - 1)
        elif begin > 0:  # `She will also …`
            begin, _ = sentence(text, max(0, begin - 2))
            clause = begin
        else:
            return None


def _first(text: str, start: int, end: int, people: Sequence[str], lang: str) -> str | None:
    found = [
        (place, person)
        for person in people
        for place, _ in places(person, "word", text, lang)
        if start <= place < end and not wording.NOT_THEM.search(text, start, place)
    ]
    return min(found)[1] if found else None


def _clause(text: str, start: int, place: int) -> int:
    """Give where the clause that a place belongs to starts."""
    starts = [match.end() for match in wording.CLAUSE.finditer(text, start, place)]
    return starts[-1] if starts else start
