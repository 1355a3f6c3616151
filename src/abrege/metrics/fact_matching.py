"""Whether a document supports a quotation, date, number or name, matched generously."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from abrege.text.dates import Date, DateParts, find_dates, supports_date
from abrege.text.fuzzy_names import is_same_name
from abrege.text.names import PARTICLES, Name, capitalized_runs, fold_words
from abrege.text.numbers import Number, find_numbers, implied_numbers

_APPROXIMATE = re.compile(
    r"\b(?:about|almost|approximately|around|at least|at most|close to|less than|more than|nearly"
    r"|over|roughly|some|under|up to|à peine|au moins|au plus|autour de|environ|jusqu'à|moins de"
    r"|plus de|près de|presque|quelque|quasi(?:ment)?)(?: (?:les|the|a|de))? ?[$€£]?$",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"a", "an", "the", "l", "d", "le", "la", "les", "un", "une", "des", "du"})
_CLAUSE_END = re.compile(r"[.,;:!?()]")
_HALVES = frozenset({"half", "demi", "demie", "demis", "demies"})
_COUNTED = re.compile(r"[\s-]*([^\W\d_]{3,})(?: ([^\W\d_]{3,}))?")
_APPROXIMATE_SHARE = Decimal("0.1")
_LOWER_CASE = re.compile(r"(?<![^\W\d_])[a-zß-ÿœ]\w*")
_ACRONYM = re.compile(r"(?<!\w)[A-ZÀ-Þ][A-ZÀ-Þ.&]+(?=s?(?!\w))")
_SPACED_SEPARATOR = re.compile(r"(?<=\d)([.,]) (?=\d)")
_CLOCK = re.compile(r" ?(?:[:h](\d\d)|h\b|heures|a\.?m\b|p\.?m\b|o'clock)", re.IGNORECASE)
_DOTTED_CLOCK = re.compile(r"(\d\d?)[.](\d\d)")


@dataclass(frozen=True)
class Evidence:
    """A document, indexed to check whether it supports what a summary states."""

    document: str
    lang: str | None

    def has_quote(self, pieces: Sequence[str]) -> bool:
        """Return whether the pieces of a quotation are in the document, in this order.

        The article at the start of a piece may be missing, and a single word may end differently.
        """
        start = 0
        folded = [fold_words(piece) for piece in pieces]
        if len(folded) == 1 and len(folded[0]) == 1 and len(folded[0][0]) > 6:
            return f" {folded[0][0][:-3]}" in self._text
        for words in folded:
            if len(words) > 1 and words[0] in _ARTICLES:
                words = words[1:]
            start = self._text.find(f" {' '.join(words)} ", start)
            if start < 0:
                return False
        return True

    def has_date(self, date: Date) -> bool:
        """Return whether a date of the document supports one reading of this date."""
        return any(
            supports_date(self._dates, reading, elsewhere=self._values) for reading in date.readings
        )

    def has_number(self, number: Number, summary: str) -> bool:
        """Return whether a number of the document has the same value, or rounds to it.

        A unit must not contradict: 3 € does not support $3, but a bare 3 does. The sum or the
        difference of two amounts in the unit of this one is supported too. After a word such as
        `about`, a tenth more or less is supported. Hours may count to 12 or to 24.
        """
        if self._has_clock_time(number, summary):
            return True
        known = [v for v, units in self._values.items() if _units_agree(number.unit, units)]
        amounts = [v for v, units in self._values.items() if number.unit and number.unit in units]
        approximate = _APPROXIMATE.search(summary, max(0, number.start - 30), number.start)
        values = self._alternatives(number, summary)
        return any(
            value == other or _rounds_to(other, value) or (approximate and _is_near(other, value))
            for value in values
            for other in known
        ) or any(a + b in values or a - b in values for a in amounts for b in amounts)

    def _has_clock_time(self, number: Number, summary: str) -> bool:
        """Return whether 3.30 may be half past three, with both numbers in the document."""
        clock = _DOTTED_CLOCK.fullmatch(summary, number.start, number.end)
        parts = {Decimal(part) for part in clock.groups()} if clock else set()
        return bool(parts) and parts <= self._values.keys()

    def _alternatives(self, number: Number, summary: str) -> set[Decimal]:
        """Return the values of a number, with those of other ways to write the same."""
        values = set(number.values)
        if hour := _CLOCK.match(summary, number.end):
            values |= {value + hours for value in values for hours in (-12, 12)}
            values |= {value * 100 + int(hour[1] or 0) for value in values}  # 1700
        if self._vocabulary & _HALVES:  # an hour and a half
            values |= {v - Decimal("0.5") for v in values if v % 1 == Decimal("0.5") and v > 1}
        return values

    def has_other_count(self, number: Number, summary: str) -> bool:
        """Return whether the document counts the same thing as a number of the summary does."""
        match = _COUNTED.match(summary, number.end)
        counted = fold_words(match[0])[-2:] if match else []
        return any(is_same_name(word, other) for word in counted for other in self._counted)

    def has_name(self, name: Name, summary: str) -> bool:
        """Return whether the document names someone or something by these words.

        The checks, in this order: the words themselves; an acronym and what it stands for; a word
        that is nearly the same; one name of the document that has all the words, where an initial
        may stand for a word; several names that have no other words.
        """
        words = name.words
        joined = "".join(words)
        if f" {' '.join(words)} " in self._text or (len(joined) > 4 and joined in self._squeezed):
            return True
        written = summary[name.start : name.end]
        if self._has_acronym(words, written) or self._has_acronym_of(
            _CLAUSE_END.split(summary[name.start : name.start + 80])[0]
        ):
            return True
        if len(words) == 1:
            return any(is_same_name(joined, word) for word in self._vocabulary)
        if self._has_similar_words(words):
            return True
        content = _without_particles(words) or list(words)
        return any(_is_subsequence(content, run) for run in self._names) or self._in_whole_names(
            content
        )

    @cached_property
    def common(self) -> frozenset[str]:
        """The words that the document also writes in lower case, folded."""
        return frozenset(fold_words(" ".join(_LOWER_CASE.findall(self.document))))

    @cached_property
    def _words(self) -> list[str]:
        return fold_words(self.document)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(self._words)

    @cached_property
    def _text(self) -> str:
        return f" {' '.join(self._words)} "

    @cached_property
    def _squeezed(self) -> str:
        return "".join(self._words)

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], ...]:
        return tuple({*capitalized_runs(self.document, self.lang)})

    @cached_property
    def _initials(self) -> tuple[str, str]:
        """The first letters of all words, and of those that are no particles."""
        return _initials(self._words), _initials(_without_particles(self._words))

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        return frozenset("".join(fold_words(a)) for a in _ACRONYM.findall(self.document))

    @cached_property
    def _counted(self) -> frozenset[str]:
        """The words that follow numbers."""
        matches = (
            _COUNTED.match(self.document, number.end)
            for number in find_numbers(self.document, self.lang)
        )
        return frozenset(word for match in matches if match for word in fold_words(match[0])[:2])

    @cached_property
    def _dates(self) -> tuple[DateParts, ...]:
        return tuple(r for date in find_dates(self.document, self.lang) for r in date.readings)

    @cached_property
    def _values(self) -> Mapping[Decimal, Collection[str | None]]:
        """The values of the numbers, each with the units that it has in the document."""
        values: dict[Decimal, set[str | None]] = defaultdict(set)
        joined = _SPACED_SEPARATOR.sub(r"\1", self.document)  # 1, 000
        numbers = find_numbers(self.document, self.lang)
        for number in [*numbers, *find_numbers(joined, self.lang)]:
            for value in number.values:
                values[value].add(number.unit)
        for first, second in pairwise(numbers):
            if first.spelled and second.spelled and second.start - first.end == 1:
                # nineteen eighty-two
                values[100 * min(first.values) + min(second.values)].add(None)
        for value in implied_numbers(self._vocabulary, self.lang):
            values[value].add(None)
        return values

    def _has_acronym(self, words: Sequence[str], written: str) -> bool:
        """Return whether a name abbreviates words of the document, or has its acronym there."""
        letters = written.replace(".", "").removesuffix("s")
        if len(words) == 1 and letters.isupper():
            acronym = "".join(fold_words(letters))
            if acronym in self._acronyms or any(acronym in run for run in self._initials):
                return True
        content = _without_particles(words)
        return len(content) > 1 and bool(self._acronyms & {_initials(words), _initials(content)})

    def _has_acronym_of(self, text: str) -> bool:
        """Return whether the first words of a text spell out an acronym of the document."""
        content = _without_particles(fold_words(text))
        return any(_initials(content[:n]) in self._acronyms for n in (2, 3, 4))

    def _has_similar_words(self, words: Sequence[str]) -> bool:
        """Return whether nearly the same words follow one another in the document."""
        windows = zip(*(self._words[n:] for n in range(len(words))), strict=False)
        return any(
            all(is_same_name(word, other) for word, other in zip(words, window, strict=True))
            for window in windows
        )

    def _in_whole_names(self, words: Sequence[str]) -> bool:
        """Return whether names that have no other words have all these words between them."""
        matched: set[str] = set()
        for run in self._names:
            if all(any(_matches(word, part) for word in words) for part in run):
                matched.update(word for word in words for part in run if _matches(word, part))
        return matched >= set(words)


def _without_particles(words: Sequence[str]) -> list[str]:
    return [word for word in words if word not in PARTICLES]


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0] for word in words)


def _units_agree(unit: str | None, units: Collection[str | None]) -> bool:
    return unit is None or None in units or unit in units


def _is_near(known: Decimal, value: Decimal) -> bool:
    return abs(known - value) <= _APPROXIMATE_SHARE * value


def _rounds_to(known: Decimal, value: Decimal) -> bool:
    """Return whether a long number rounds to a shorter one of at least two digits; no years."""
    if known == known.to_integral_value() and known < 10_000:
        return False
    digits = len(value.normalize().as_tuple().digits)
    return digits > 1 and Decimal(f"{known:.{digits - 1}e}") == value


def _matches(word: str, part: str) -> bool:
    """Return whether two words may be the same, where one may be an initial."""
    return is_same_name(word, part) or (1 in (len(word), len(part)) and word[0] == part[0])


def _is_subsequence(words: Sequence[str], run: Sequence[str]) -> bool:
    """Return whether the words are in a name, in this order; others may be in between."""
    parts: Iterator[str] = iter(run)
    return all(any(_matches(word, part) for part in parts) for word in words)
