"""What a document supports: its words, numbers, dates and names, read generously."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from abrege.text import dates as text_dates
from abrege.text import names as text_names
from abrege.text.fuzzy_names import is_same_name
from abrege.text.names import fold_words
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
_NEAR = Decimal("0.1")
_LOWER = re.compile(r"(?<![^\W\d_])[a-zß-ÿœ]\w*")
_CAPITALS = re.compile(r"(?<!\w)[A-ZÀ-Þ][A-ZÀ-Þ.&]+(?=s?(?!\w))")
_SPACED = re.compile(r"(?<=\d)([.,]) (?=\d)")
_CLOCK = re.compile(r" ?(?:[:h](\d\d)|h\b|heures|a\.?m\b|p\.?m\b|o'clock)", re.IGNORECASE)
_DOTTED = re.compile(r"(\d\d?)[.](\d\d)")


@dataclass(frozen=True)
class Evidence:
    """A document, ready to be asked whether it supports something."""

    document: str
    lang: str | None

    def has_quote(self, pieces: Sequence[str]) -> bool:
        """Tell whether pieces of a quotation stand in the document, one after the other.

        An article at its start may differ, and a quoted word its ending.
        """
        place = 0
        said = [fold_words(piece) for piece in pieces]
        if len(said) == 1 and len(said[0]) == 1 and len(said[0][0]) > 6:
            return f" {said[0][0][:-3]}" in self._text
        for piece in said:
            if len(piece) > 1 and piece[0] in _ARTICLES:
                piece = piece[1:]
            place = self._text.find(f" {' '.join(piece)} ", place)
            if place < 0:
                return False
        return True

    def has_date(self, date: text_dates.Date) -> bool:
        """Tell whether a date of the document says what one reading of this date says."""
        return any(
            text_dates.supports_date(self._dates, reading, elsewhere=self._values)
            for reading in date.readings
        )

    def has_number(self, number: Number, summary: str) -> bool:
        """Tell whether a number of the document has the same value, or rounds to it.

        A unit must not contradict: $3 is not supported by 3 €, but is by a bare 3. Nor is
        the sum or the difference of two amounts with the unit of this one an invention. After a
        word such as `about`, a tenth more or less will do. Hours may be counted to 12 or to 24.
        """
        known = [v for v, units in self._values.items() if _agree(number.unit, units)]
        priced = [v for v, units in self._values.items() if number.unit and number.unit in units]
        near = _APPROXIMATE.search(summary, max(0, number.start - 30), number.start)
        values = set(number.values)
        if hour := _CLOCK.match(summary, number.end):
            values |= {value + hours for value in values for hours in (-12, 12)}
            values |= {value * 100 + int(hour[1] or 0) for value in values}  # 1700
        clock = _DOTTED.fullmatch(summary, number.start, number.end)
        if clock and {Decimal(clock[1]), Decimal(clock[2])} <= self._values.keys():
            return True  # 3.30 may be half past three
        if self._vocabulary & _HALVES:  # an hour and a half
            values |= {v - Decimal("0.5") for v in values if v % 1 == Decimal("0.5") and v > 1}
        return any(
            value == other or _rounds_to(other, value) or (near and _is_near(other, value))
            for value in values
            for other in known
        ) or any(a + b in values or a - b in values for a in priced for b in priced)

    def counts_otherwise(self, number: Number, summary: str) -> bool:
        """Tell whether the document has another number of what a number of the summary counts."""
        match = _COUNTED.match(summary, number.end)
        said = fold_words(match[0])[-2:] if match else []
        return any(is_same_name(word, other) for word in said for other in self._counted)

    def has_name(self, name: text_names.Name, summary: str) -> bool:
        """Tell whether the document names someone or something by these words.

        In the order of the checks: the words themselves; an acronym and what it is short for; a
        word that is nearly the same; one name of the document that has all the words, an initial
        standing for a word; several that have nothing but these words.
        """
        said = name.words
        joined = "".join(said)
        if f" {' '.join(said)} " in self._text or (len(joined) > 4 and joined in self._squeezed):
            return True
        written = summary[name.start : name.end]
        if self._shortened(said, written) or self._is_spelled_out(
            _CLAUSE_END.split(summary[name.start : name.start + 80])[0]
        ):
            return True
        if len(said) == 1:
            return any(is_same_name(joined, word) for word in self._vocabulary)
        if any(
            all(is_same_name(word, other) for word, other in zip(said, window, strict=True))
            for window in zip(*(self._words[n:] for n in range(len(said))), strict=False)
        ):
            return True
        own = [word for word in said if word not in text_names.LINKS] or list(said)
        return any(_follow(own, run) for run in self._names) or self._in_whole_names(own)

    @cached_property
    def common(self) -> frozenset[str]:
        """The words that stand in lower case in the document, folded."""
        return frozenset(fold_words(" ".join(_LOWER.findall(self.document))))

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
        return tuple({*text_names.capitalized_runs(self.document, self.lang)})

    @cached_property
    def _initials(self) -> tuple[str, str]:
        full = [word for word in self._words if word not in text_names.LINKS]
        return "".join(w[0] for w in self._words), "".join(w[0] for w in full)

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        return frozenset("".join(fold_words(a)) for a in _CAPITALS.findall(self.document))

    @cached_property
    def _counted(self) -> frozenset[str]:
        """The words that stand after numbers."""
        found = (
            _COUNTED.match(self.document, n.end) for n in find_numbers(self.document, self.lang)
        )
        return frozenset(word for match in found if match for word in fold_words(match[0])[:2])

    @cached_property
    def _dates(self) -> tuple[text_dates.DateParts, ...]:
        return tuple(r for d in text_dates.find_dates(self.document, self.lang) for r in d.readings)

    @cached_property
    def _values(self) -> Mapping[Decimal, Collection[str | None]]:
        values: dict[Decimal, set[str | None]] = defaultdict(set)
        spaced = _SPACED.sub(r"\1", self.document)  # 1, 000
        found = find_numbers(self.document, self.lang)
        for number in [*found, *find_numbers(spaced, self.lang)]:
            for value in number.values:
                values[value].add(number.unit)
        for one, two in pairwise(found):
            if one.spelled and two.spelled and two.start - one.end == 1:  # nineteen eighty-two
                values[100 * min(one.values) + min(two.values)].add(None)
        for value in implied_numbers(self._vocabulary, self.lang):
            values[value].add(None)
        return values

    def _shortened(self, said: Sequence[str], written: str) -> bool:
        """Tell whether the words are an acronym of words of the document, or the reverse."""
        letters = written.replace(".", "").removesuffix("s")
        if len(said) == 1 and letters.isupper():
            short = "".join(fold_words(letters))
            if short in self._acronyms or any(short in run for run in self._initials):
                return True
        full = [word for word in said if word not in text_names.LINKS]
        return len(full) > 1 and bool(
            self._acronyms & {"".join(w[0] for w in said), "".join(w[0] for w in full)}
        )

    def _is_spelled_out(self, text: str) -> bool:
        """Tell whether words that follow one another are an acronym of the document in full."""
        full = [word for word in fold_words(text) if word not in text_names.LINKS]
        return any("".join(w[0] for w in full[:n]) in self._acronyms for n in (2, 3, 4))

    def _in_whole_names(self, words: Sequence[str]) -> bool:
        found: set[str] = set()
        for run in self._names:
            if all(any(_same(word, part) for word in words) for part in run):
                found.update(word for word in words for part in run if _same(word, part))
        return found >= set(words)


def _agree(unit: str | None, units: Collection[str | None]) -> bool:
    return unit is None or None in units or unit in units


def _is_near(known: Decimal, value: Decimal) -> bool:
    return abs(known - value) <= _NEAR * value


def _rounds_to(known: Decimal, value: Decimal) -> bool:
    """Tell whether a long number rounds to a shorter one of two digits or more: not a year."""
    if known == known.to_integral_value() and known < 10_000:
        return False
    digits = len(value.normalize().as_tuple().digits)
    return digits > 1 and Decimal(f"{known:.{digits - 1}e}") == value


def _same(word: str, part: str) -> bool:
    """Tell whether two words can be the same, one of them perhaps an initial."""
    return is_same_name(word, part) or (1 in (len(word), len(part)) and word[0] == part[0])


def _follow(words: Sequence[str], run: Sequence[str]) -> bool:
    """Tell whether the words stand in a name in their order, others between them or not."""
    parts: Iterator[str] = iter(run)
    return all(any(_same(word, part) for part in parts) for word in words)
