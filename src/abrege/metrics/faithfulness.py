"""Faithfulness without a model: what a summary states that its document does not support."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from abrege.metrics.fact_matching import Evidence
from abrege.text.dates import find_dates
from abrege.text.names import Name, find_names, fold_words, is_no_person
from abrege.text.numbers import Number, find_numbers

FactKind = Literal["number", "date", "name", "quote"]
_QUOTE = re.compile(r"\"(?! )([^\"\n]+)(?<! )\"|\" ([^\"\n]+) \"|“([^“”\n]+)”|«([^«»\n]+)»")
_ELLIPSIS = re.compile(r"\w*(?:\[[^\]]*\]|\([^)]*\))\w*|\.\.\.|…")

_VAGUE = frozenset({"cent", "cents", "hundred", "million", "millions", "milliards", "mille"})


@dataclass(frozen=True)
class Fact:
    """A checkable statement of a summary, and whether its document supports it.

    text  as it is written in the summary, summary[start:end]
    """

    kind: FactKind
    text: str
    start: int
    end: int
    supported: bool


def unsupported_facts(document: str, summary: str, *, lang: str | None) -> list[Fact]:
    """Return the numbers, dates, names and quotations that the document does not support.

    The rules aim at few false alarms, not at finding everything; see `extract_facts`.
    """
    return [fact for fact in extract_facts(document, summary, lang=lang) if not fact.supported]


def extract_facts(document: str, summary: str, *, lang: str | None) -> list[Fact]:
    """Return what can be checked in a summary, in order, each fact supported or not.

    English and French: numbers, dates, names and quotations. Other languages, or None: numbers in
    digits and quotations only. Facts do not overlap: a quotation comes before a date, a date
    before a number, a number before a name. Not counted: `one`, `first` and `second` in words;
    counts in words up to five, unless the document counts the same thing; a single word at the
    start of a sentence, unless the verb after it shows that it names someone.

    Unsupported is not false: a writer may add up, or know what the document does not say. And
    supported is not true: a number of the document may be attributed to the wrong thing.
    """
    evidence = Evidence(document, lang)
    facts = [*_quotes(summary, evidence)]
    facts.extend(
        _fact("date", summary, date, supported=evidence.has_date(date))
        for date in list(_not_covered(find_dates(summary, lang), facts))
        if date.sure
    )
    numbers = list(_not_covered(find_numbers(summary, lang), facts))
    facts.extend(_numbers(numbers, summary, evidence))
    covered = [(fact.start, fact.end) for fact in facts]
    for name in find_names(summary, lang, common=evidence.common, covered=covered):
        facts.extend(_name_facts(name, summary, evidence))
    return sorted(facts, key=lambda fact: fact.start)


class _Span(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_S = TypeVar("_S", bound=_Span)


def _not_covered(spans: Sequence[_S], covered: Sequence[_Span]) -> Iterator[_S]:
    """Yield the spans that overlap none of the covered ones."""
    for span in spans:
        if not any(span.start < other.end and other.start < span.end for other in covered):
            yield span


def _fact(kind: FactKind, summary: str, span: _Span, *, supported: bool) -> Fact:
    return Fact(kind, summary[span.start : span.end], span.start, span.end, supported)


def _quotes(summary: str, evidence: Evidence) -> Iterator[Fact]:
    for match in _QUOTE.finditer(summary):
        pieces = [p for p in _ELLIPSIS.split(match[match.lastindex or 0]) if fold_words(p)]
        if pieces:
            start, end = match.span()
            yield Fact("quote", match[0], start, end, evidence.has_quote(pieces))


def _numbers(numbers: Iterable[Number], summary: str, evidence: Evidence) -> Iterator[Fact]:
    for number in numbers:
        if not _is_claim(summary, number):
            continue
        supported = evidence.has_number(number, summary)
        # Up to five, a writer counts what the document only lists: "three men".
        counted = number.spelled and min(number.values) <= 5
        if supported or not counted or evidence.has_other_count(number, summary):
            yield _fact("number", summary, number, supported=supported)


def _is_claim(summary: str, number: Number) -> bool:
    """Return whether a number states something: not an article, a list item, a full hour."""
    if number.in_word:
        return False
    text = summary[number.start : number.end]
    if number.spelled:
        if text.casefold() in _VAGUE:
            return False
        return not (number.values <= {1} or (number.ordinal and number.values <= {2}))
    if text == "00" and summary[: number.start].endswith((":", "h", "h ")):
        return False  # 8:00 is also 8 o'clock
    at_line_start = not summary[: number.start].rpartition("\n")[2].strip()
    return not (at_line_start and re.match(r"[.)]\s", summary[number.end :]))


def _name_facts(name: Name, summary: str, evidence: Evidence) -> Iterator[Fact]:
    """Yield a name as one fact, or as several where the document supports only a part of it."""
    if evidence.has_name(name, summary):
        yield _fact("name", summary, name, supported=True)
        return
    parts = _parts(name, summary, evidence)
    if not parts:
        yield _fact("name", summary, name, supported=False)
    for part in parts:
        if not (part.tokens[0].opens_sentence and len(part.tokens) == 1):
            yield from _name_facts(part, summary, evidence)


def _parts(name: Name, summary: str, evidence: Evidence) -> list[Name]:
    """Split a name in two where the document has one part as a name; return [] where it has none.

    One part of `Transports Élisabeth Borne` or `Bank of England` may be in the document. A part
    is two words, or a particle and a word: half of `John Smith` would accept the halves of two
    people.
    """
    size = len(name.tokens)
    if size > 1 and name.tokens[0].opens_sentence and is_no_person(name.tokens[0]):
        return [name.part(1, size)]
    for n in range(1, size):
        parts = [name.part(0, n), name.part(n, size)]
        for part, length in zip(parts, (n, size - n), strict=True):
            if length > 1 and evidence.has_name(part, summary):
                return parts
    return []
