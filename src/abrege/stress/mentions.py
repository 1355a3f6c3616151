"""Which of the values a summary names it also states, and which it takes back.

`The meeting is on Monday` states Monday; `moved from Monday to Wednesday` names Monday and states
Wednesday. It is told by order and by a few words (`wording`), not by understanding.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from abrege.stress import lexicon as wording
from abrege.stress.normalize import Span

_REACH = 4  # words between a denial and what it denies
_REACH_BACK = 6  # `the car park behind the town hall will not`
_FORMERLY_REACH = 7


@dataclass(frozen=True)
class Mention:
    """A place in a plain text where a value is named."""

    start: int
    end: int
    value: str


def stated(text: str, mentions: Sequence[Mention], lang: str) -> list[Mention]:
    """Leave out the mentions that a plain text takes back.

    Taken back is a value that
    - is denied: `not on Monday`, `the heater was not the cause`, `the picnic is cancelled`;
    - is marked as past: `instead of Monday`, `first planned for Monday`;
    - is followed by another with a word of change between the two or around them: `Monday, but
      then Wednesday`, `moved from Monday to Wednesday`, `Monday; it will be Wednesday instead`.
    """
    ordered = sorted(mentions, key=lambda mention: mention.start)
    gone = {*denied(text, ordered, lang), *_formerly(text, ordered, lang)}
    gone |= {*_joined(text, ordered, gone)}
    left = [mention for mention in ordered if not _within(mention, gone, text)]
    return [
        mention
        for place, mention in enumerate(left)
        if not any(
            later.value != mention.value and _supersedes(text, mention, later, lang)
            for later in left[place + 1 :]
        )
    ]


def sentence(text: str, place: int) -> Span:
    """Give where the sentence around a place of a plain text starts and ends."""
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end


def denied(text: str, mentions: Sequence[Mention], lang: str) -> set[Mention]:
    """Give the mentions, out of those given in order, that a plain text denies or calls off."""
    gone = {*_denied(text, mentions, lang)}
    return gone | {*_joined(text, mentions, gone)}


def _denied(text: str, mentions: Sequence[Mention], lang: str) -> Iterator[Mention]:
    for match in wording.NOT[lang].finditer(text):
        reach = 1 if match[0] == "no" else _REACH
        found = _after(text, mentions, match.end(), reach)
        if not found:
            found = _before(text, mentions, match.start(), _REACH_BACK)
        if found:
            yield found
    for match in wording.OFF[lang].finditer(text):
        passive = wording.PASSIVE[lang].search(text[max(0, match.start() - 20) : match.start()])
        ahead = None if passive else _after(text, mentions, match.end(), _REACH)
        behind = [m for m in mentions if m.end <= match.start()]
        if ahead or behind:
            yield ahead or behind[-1]


def _formerly(text: str, mentions: Sequence[Mention], lang: str) -> Iterator[Mention]:
    for match in wording.FORMERLY[lang].finditer(text):
        found = _after(text, mentions, match.end(), _FORMERLY_REACH)
        if not found and wording.ADVERBS[lang].fullmatch(match[0]):
            found = _before(text, mentions, match.start(), 1)
        if found:
            yield found
    if len({mention.value for mention in mentions}) > 1:
        for match in wording.TAKEN[lang].finditer(text):
            if found := _before(text, mentions, match.start(), 2):
                yield found


def _joined(text: str, mentions: Sequence[Mention], gone: Collection[Mention]) -> Iterator[Mention]:
    """Yield what is joined to a value that is taken back: `not Monday or Tuesday`.

    With `then` only where a third value follows: of `first Monday, then Tuesday` Tuesday stands.
    """
    for place, (one, other) in enumerate(pairwise(mentions)):
        link = wording.JOINS.fullmatch(text, one.end, other.start)
        if not link or (one in gone) == (other in gone):
            continue
        _, end = sentence(text, one.start)
        if not link["then"] or any(later.start < end for later in mentions[place + 2 :]):
            yield other if one in gone else one


def _within(mention: Mention, gone: Collection[Mention], text: str) -> bool:
    """Tell whether a mention is taken back, alone or with one of the same value before it."""
    return mention in gone or any(
        other.value == mention.value and _near(text[other.end : mention.start], _REACH)
        for other in gone
        if other.end <= mention.start
    )


def _after(text: str, mentions: Sequence[Mention], place: int, reach: int) -> Mention | None:
    found = next((m for m in mentions if m.start >= place), None)
    return found if found and _near(text[place : found.start], reach) else None


def _before(text: str, mentions: Sequence[Mention], place: int, reach: int) -> Mention | None:
    found = next((m for m in reversed(mentions) if m.end <= place), None)
    if not found:
        return None
    gap = text[found.end : place]
    # `Monday, no, Wednesday` and `the heater, which was not on`
    return found if _near(gap.removeprefix(","), reach) else None


def _near(gap: str, reach: int) -> bool:
    return not wording.BOUNDARY.search(gap) and len(re.findall(r"\w+", gap)) <= reach


def _supersedes(text: str, former: Mention, later: Mention, lang: str) -> bool:
    """Tell whether a later value is said to take the place of a former one."""
    between = text[former.end : later.start]
    if wording.CHANGE[lang].search(between) or wording.ARROW.search(between):
        return True
    if wording.INSTEAD[lang].match(text, later.end):
        return True
    start, end = sentence(text, former.start)
    if later.start > end or not wording.CHANGE[lang].search(text[start : former.start]):
        return False
    return bool(wording.TO[lang].search(between))
