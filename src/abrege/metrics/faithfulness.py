"""Faithfulness without a model: what a summary states that its document does not support."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from abrege.metrics.fact_matching import Evidence
from abrege.text.dates import find_dates
from abrege.text.names import Name, find_names, fold_words, is_no_person
from abrege.text.numbers import Number, find_numbers

Kind = Literal["number", "date", "name", "quote"]
_QUOTE = re.compile(r"\"(?! )([^\"\n]+)(?<! )\"|\" ([^\"\n]+) \"|“([^“”\n]+)”|«([^«»\n]+)»")
_LEFT_OUT = re.compile(r"\w*(?:\[[^\]]*\]|\([^)]*\))\w*|\.\.\.|…")

_VAGUE = frozenset({"cent", "cents", "hundred", "million", "millions", "milliards", "mille"})


@dataclass(frozen=True)
class Fact:
    """A thing that can be checked in a summary, and whether its document supports it.

    text   as it stands in the summary, from `start` to `end`
    """

    kind: Kind
    text: str
    start: int
    end: int
    supported: bool


@dataclass(frozen=True)
class Unsupported:
    """A thing that stands in a summary, from `start` to `end`, and not in its document."""

    kind: Kind
    text: str
    start: int
    end: int


def unsupported_facts(document: str, summary: str, *, lang: str | None) -> list[Unsupported]:
    """List the numbers, dates, names and quoted strings that the document does not support.

    Built to raise few false alarms, not to find everything: see `facts` for what counts.
    """
    return [
        Unsupported(fact.kind, fact.text, fact.start, fact.end)
        for fact in extract_facts(document, summary, lang=lang)
        if not fact.supported
    ]


def extract_facts(document: str, summary: str, *, lang: str | None) -> list[Fact]:
    """List what can be checked in a summary, in order, each supported by the document or not.

    English and French: numbers, dates, names and quotes. Other languages, or None: numbers in
    figures and quotes only. Each place is one fact, a quote before a date before a number before
    a name. Not counted: `one`, `first` and `second` in words; counts in words up to five, unless
    the document counts the same thing; a single word at the start of a sentence, unless a verb
    after it shows that it names someone.

    Unsupported is not false: a writer may add up or know what the document does not say. And
    supported is not true: a number of the document may be given to the wrong thing.
    """
    evidence = Evidence(document, lang)
    found = [*_quotes(summary, evidence)]
    found.extend(
        _fact("date", summary, date, supported=evidence.has_date(date))
        for date in list(_free(find_dates(summary, lang), found))
        if date.sure
    )
    found.extend(_numbers(list(_free(find_numbers(summary, lang), found)), summary, evidence))
    taken = [(fact.start, fact.end) for fact in found]
    for name in find_names(summary, lang, common=evidence.common, taken=taken):
        found.extend(_weighed(name, summary, evidence))
    return sorted(found, key=lambda fact: fact.start)


class _Placed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_P = TypeVar("_P", bound=_Placed)


def _free(found: Sequence[_P], taken: Sequence[_Placed]) -> Iterator[_P]:
    """Yield what stands in none of the places taken when it is come to."""
    for item in found:
        if not any(item.start < other.end and other.start < item.end for other in taken):
            yield item


def _fact(kind: Kind, summary: str, place: _Placed, *, supported: bool) -> Fact:
    start, end = place.start, place.end
    return Fact(kind, summary[start:end], start, end, supported)


def _quotes(summary: str, evidence: Evidence) -> Iterator[Fact]:
    for match in _QUOTE.finditer(summary):
        pieces = [p for p in _LEFT_OUT.split(match[match.lastindex or 0]) if fold_words(p)]
        if pieces:
            start, end = match.span()
            yield Fact("quote", match[0], start, end, evidence.has_quote(pieces))


def _numbers(free: Iterable[Number], summary: str, evidence: Evidence) -> Iterator[Fact]:
    for number in free:
        if not _is_claim(summary, number):
            continue
        supported = evidence.has_number(number, summary)
        # Up to five, a writer counts what the document only lists: "three men".
        counted = number.spelled and min(number.values) <= 5
        if supported or not counted or evidence.counts_otherwise(number, summary):
            yield _fact("number", summary, number, supported=supported)


def _is_claim(summary: str, number: Number) -> bool:
    """Tell a number that states something from an article, an ordinal in passing, a list's sign."""
    if number.in_word:
        return False
    text = summary[number.start : number.end]
    if number.spelled:
        if text.casefold() in _VAGUE:
            return False
        return not (number.values <= {1} or (number.ordinal and number.values <= {2}))
    if text == "00" and summary[: number.start].endswith((":", "h", "h ")):
        return False  # 8:00 is also 8 o'clock
    opens = not summary[: number.start].rpartition("\n")[2].strip()
    return not (opens and re.match(r"[.)]\s", summary[number.end :]))


def _weighed(name: Name, summary: str, evidence: Evidence) -> Iterator[Fact]:
    """Yield a name as one fact, or as two where only a part of it is known."""
    if evidence.has_name(name, summary):
        yield _fact("name", summary, name, supported=True)
        return
    parts = _parts(name, summary, evidence)
    if not parts:
        yield _fact("name", summary, name, supported=False)
    for part in parts:
        if not (part.tokens[0].opens and len(part.tokens) == 1):
            yield from _weighed(part, summary, evidence)


def _parts(name: Name, summary: str, evidence: Evidence) -> list[Name]:
    """Cut a name in two where one part is a known name by itself; give nothing where none is.

    Of `Transports Élisabeth Borne` or `Bank of England` one part may be known. A part is two
    words or a link and a word: half of `John Smith` would let the halves of two people pass.
    """
    size = len(name.tokens)
    if size > 1 and name.tokens[0].opens and is_no_person(name.tokens[0]):
        return [name.part(1, size)]
    for n in range(1, size):
        parts = [name.part(0, n), name.part(n, size)]
        for part, length in zip(parts, (n, size - n), strict=True):
            if length > 1 and evidence.has_name(part, summary):
                return parts
    return []
