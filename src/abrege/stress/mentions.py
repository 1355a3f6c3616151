"""Which of the values that a summary mentions it also asserts, and which it takes back.

`The meeting is on Monday` asserts Monday; `moved from Monday to Wednesday` mentions Monday and
asserts Wednesday. The decision rests on order and on the words of `lexicon`, not on understanding.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from abrege.stress import lexicon
from abrege.stress.normalize import Span, ValueType, find_value

_REACH = 4  # words between a denial and what it denies
_REACH_BACK = 6  # `the car park behind the town hall will not`
_FORMERLY_REACH = 7


@dataclass(frozen=True)
class Mention:
    """The span of a normalized text that mentions a value."""

    start: int
    end: int
    value: str


def find_mentions(
    values: Iterable[str], value_type: ValueType, text: str, lang: str
) -> list[Mention]:
    """Return the mentions of some values in a normalized text, value by value."""
    return [
        Mention(start, end, value)
        for value in values
        for start, end in find_value(value, value_type, text, lang)
    ]


def asserted_mentions(text: str, mentions: Sequence[Mention], lang: str) -> list[Mention]:
    """Return the mentions that a normalized text does not take back, in order.

    Taken back is a value that
    - is denied: `not on Monday`, `the heater was not the cause`, `the picnic is cancelled`;
    - is marked as past: `instead of Monday`, `first planned for Monday`;
    - is followed by another with a word of change between the two or around them: `Monday, but
      then Wednesday`, `moved from Monday to Wednesday`, `Monday; it will be Wednesday instead`.
    """
    ordered = sorted(mentions, key=lambda mention: mention.start)
    retracted = {*denied_mentions(text, ordered, lang), *_former(text, ordered, lang)}
    retracted |= {*_coordinated(text, ordered, retracted)}
    remaining = [mention for mention in ordered if not _is_retracted(mention, retracted, text)]
    return [
        mention
        for position, mention in enumerate(remaining)
        if not any(
            later.value != mention.value and _supersedes(text, mention, later, lang)
            for later in remaining[position + 1 :]
        )
    ]


def sentence_span(text: str, position: int) -> Span:
    """Return where the sentence around a position of a normalized text starts and ends."""
    end = text.find("\n", position)
    return text.rfind("\n", 0, position) + 1, len(text) if end < 0 else end


def denied_mentions(text: str, mentions: Sequence[Mention], lang: str) -> set[Mention]:
    """Return the mentions (in order of their start) that a text denies or calls off."""
    denied = {*_denied(text, mentions, lang)}
    return denied | {*_coordinated(text, mentions, denied)}


def _denied(text: str, mentions: Sequence[Mention], lang: str) -> Iterator[Mention]:
    for match in lexicon.NOT[lang].finditer(text):
        reach = 1 if match[0] == "no" else _REACH
        mention = _next_mention(text, mentions, match.end(), reach) or _previous_mention(
            text, mentions, match.start(), _REACH_BACK
        )
        if mention:
            yield mention
    for match in lexicon.OFF[lang].finditer(text):
        passive = lexicon.PASSIVE[lang].search(text[max(0, match.start() - 20) : match.start()])
        ahead = None if passive else _next_mention(text, mentions, match.end(), _REACH)
        behind = [m for m in mentions if m.end <= match.start()]
        if ahead or behind:
            yield ahead or behind[-1]


def _former(text: str, mentions: Sequence[Mention], lang: str) -> Iterator[Mention]:
    for match in lexicon.FORMERLY[lang].finditer(text):
        mention = _next_mention(text, mentions, match.end(), _FORMERLY_REACH)
        if not mention and lexicon.ADVERBS[lang].fullmatch(match[0]):
            mention = _previous_mention(text, mentions, match.start(), 1)
        if mention:
            yield mention
    if len({mention.value for mention in mentions}) > 1:
        for match in lexicon.TAKEN[lang].finditer(text):
            if mention := _previous_mention(text, mentions, match.start(), 2):
                yield mention


def _coordinated(
    text: str, mentions: Sequence[Mention], retracted: Collection[Mention]
) -> Iterator[Mention]:
    """Yield what is joined to a value that is taken back: `not Monday or Tuesday`.

    With `then` only where a third value follows: of `first Monday, then Tuesday` Tuesday stands.
    """
    for position, (one, other) in enumerate(pairwise(mentions)):
        link = lexicon.JOINS.fullmatch(text, one.end, other.start)
        if not link or (one in retracted) == (other in retracted):
            continue
        _, end = sentence_span(text, one.start)
        if not link["then"] or any(later.start < end for later in mentions[position + 2 :]):
            yield other if one in retracted else one


def _is_retracted(mention: Mention, retracted: Collection[Mention], text: str) -> bool:
    """Return whether a mention, or one of the same value shortly before it, is taken back."""
    return mention in retracted or any(
        other.value == mention.value and _is_near(text[other.end : mention.start], _REACH)
        for other in retracted
        if other.end <= mention.start
    )


def _next_mention(
    text: str, mentions: Sequence[Mention], position: int, reach: int
) -> Mention | None:
    mention = next((m for m in mentions if m.start >= position), None)
    return mention if mention and _is_near(text[position : mention.start], reach) else None


def _previous_mention(
    text: str, mentions: Sequence[Mention], position: int, reach: int
) -> Mention | None:
    mention = next((m for m in reversed(mentions) if m.end <= position), None)
    if not mention:
        return None
    gap = text[mention.end : position]
    # `Monday, no, Wednesday` and `the heater, which was not on`
    return mention if _is_near(gap.removeprefix(","), reach) else None


def _is_near(gap: str, reach: int) -> bool:
    return not lexicon.BOUNDARY.search(gap) and len(re.findall(r"\w+", gap)) <= reach


def _supersedes(text: str, former: Mention, later: Mention, lang: str) -> bool:
    """Return whether a later value is said to replace a former one."""
    between = text[former.end : later.start]
    if lexicon.CHANGE[lang].search(between) or lexicon.ARROW.search(between):
        return True
    if lexicon.INSTEAD[lang].match(text, later.end):
        return True
    start, end = sentence_span(text, former.start)
    if later.start > end or not lexicon.CHANGE[lang].search(text[start : former.start]):
        return False
    return bool(lexicon.TO[lang].search(between))
