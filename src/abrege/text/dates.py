"""Find the dates of a text, in English and in French, with every day they can mean."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from abrege.text.tokenize import primary_language

_MONTHS = {
    "en": (
        "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug|"
        "September Sept Sep|October Oct|November Nov|December Dec"
    ),
    "fr": (
        "janvier janv|février fevrier févr fév|mars|avril avr|mai|juin|juillet juil|août aout|"
        "septembre sept|octobre oct|novembre nov|décembre decembre déc"
    ),
}
_WEEKDAYS = {
    "en": "Monday Mon|Tuesday Tues Tue|Wednesday Wed|Thursday Thurs Thur Thu|Friday Fri|"
    "Saturday Sat|Sunday Sun",
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
}
_DAYS = {
    "en": (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
        "twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
        "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
    ),
    "fr": "premier",
}
_YEAR = r"(?P<year>[12]\d{3})(?!\d)"
_THROUGH = r"(?: ?[-–/] ?| (?:to|and|or|through|till|until|au|et|ou) (?:the |le )?)"
_CUE = re.compile(
    r"\b(?:in|of|since|until|till|by|during|from|to|and|last|next|this|early|late|mid|on|before"
    r"|after|between|every|each|through)[ -]$",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?<![\d-])(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])")
_SLASHED = re.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)(?![/.-]?\d)")


@dataclass(frozen=True)
class DateParts:
    """The parts of a date; None where the text has none. Months and weekdays count from 1."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None


@dataclass(frozen=True)
class Date:
    """A date, text[start:end].

    readings  `12/03/2024` has two in English, and `12 to 15 March` has both days
    sure      False for a bare month that may be another word: may, April, Mars
    """

    readings: tuple[DateParts, ...]
    start: int
    end: int
    sure: bool = True


def find_dates(text: str, lang: str | None = None) -> list[Date]:
    """Return the dates of a text, in order; none in a language other than English and French.

    `12 March 2024`, `March 12th, 2024`, `March 2024`, `in March`, `2024-03-12`, `12/03/2024`,
    `on Friday`; `le 12 mars 2024`, `1er mai`, `vendredi 3`. A bare year is a number.
    """
    code = primary_language(lang)
    if code not in _MONTHS:
        return []
    dates: list[Date] = []
    for date in sorted(_candidates(text, code), key=lambda date: (date.start, -date.end)):
        if not dates or date.start >= dates[-1].end:
            dates.append(date)
    return dates


def supports_date(
    known: Collection[DateParts], stated: DateParts, *, elsewhere: Collection[object]
) -> bool:
    """Return whether one of the known dates has all the parts of the stated date.

    elsewhere  the numbers of the document

    A year or a day that the known date leaves out may be elsewhere: "2024 began well. On
    12 March …", "in March, from the 14th on". A weekday counts only where the stated date has no
    other part: texts seldom repeat it.
    """
    if (stated.year, stated.month, stated.day) == (None, None, None):
        return any(date.weekday == stated.weekday for date in known)
    return any(
        stated.month in (None, date.month)
        and _fits(stated.day, date.day, elsewhere)
        and _fits(stated.year, date.year, elsewhere)
        for date in known
        if date.month or stated.month is None
    )


def _fits(stated: int | None, known: int | None, elsewhere: Collection[object]) -> bool:
    return stated in (None, known) or (known is None and stated in elsewhere)


def _candidates(text: str, code: str) -> Iterator[Date]:
    for match in _ISO.finditer(text):
        yield from _dated([DateParts(int(match[1]), int(match[2]), int(match[3]))], match)
    for match in _SLASHED.finditer(text):
        one, two, year = int(match[1]), int(match[3]), _year(match[4])
        orders = [(two, one)] if code == "fr" else [(two, one), (one, two)]
        yield from _dated([DateParts(year, month, day) for month, day in orders], match)
    for pattern in _patterns(code):
        for match in pattern.finditer(text):
            yield from _dated(_readings(match, code), match)
    for match in _bare_month(code).finditer(text):
        cued = code == "fr" or _CUE.search(text, max(0, match.start() - 10), match.start())
        sure = bool(cued) and match[0].lower() in _full_months(code)
        sure = sure and match[0].islower() == (code == "fr")
        yield from _dated(_readings(match, code), match, sure=sure)


def _dated(
    readings: Iterable[DateParts], match: re.Match[str], *, sure: bool = True
) -> Iterator[Date]:
    real = [r for r in readings if 1 <= (r.month or 1) <= 12 and 1 <= (r.day or 1) <= 31]
    if real:
        end = match.end() - match[0].endswith(".")  # the stop may end the sentence
        yield Date(tuple(real), match.start(), end, sure)


def _readings(match: re.Match[str], code: str) -> Iterator[DateParts]:
    parts = {part: value for part, value in match.groupdict().items() if value}
    names = _names(code)
    days = [parts[day] for day in ("day", "last") if day in parts] or [None]
    for day in days:
        yield DateParts(
            year=int(parts["year"]) if "year" in parts else None,
            month=names[parts["month"].lower()] if "month" in parts else None,
            day=(names.get(day.lower()) or int(day)) if day else None,
            weekday=names[parts["weekday"].lower()] if "weekday" in parts else None,
        )


def _year(digits: str) -> int:
    """Return a year with four digits: two digits up to 49 are of this century."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < 50 else 1900)


@cache
def _names(code: str) -> dict[str, int]:
    """Return the number of each month, weekday and day that has a name."""
    return {
        name.lower(): number
        for table in (_MONTHS[code], _WEEKDAYS[code], _DAYS[code].replace(" ", "|"))
        for number, names in enumerate(table.split("|"), start=1)
        for name in names.split()
    }


@cache
def _patterns(code: str) -> tuple[re.Pattern[str], ...]:
    month = rf"(?P<month>{_alternatives(_MONTHS[code])})(?![^\W\d])\.?"
    weekday = rf"(?:(?P<weekday>{_alternatives(_WEEKDAYS[code])})\b\.?,? (?:the |le )?)?"
    digits = r"[0-3]?\d"
    ending = r"(?:st|nd|rd|th|er)?\b"
    day = rf"(?P<day>{digits}(?={ending})|(?:{_alternatives(_DAYS[code])})\b)(?:st|nd|rd|th|er)?"
    last = rf"(?:{_THROUGH}(?P<last>{digits}){ending})?"
    full = "|".join(days.split()[0] for days in _WEEKDAYS[code].split("|"))
    forms = [
        rf"{weekday}{day}{last},? (?:of )?{month}(?:,? {_YEAR})?",
        rf"{month},? (?:of )?{_YEAR}",
        rf"(?P<weekday>{full})(?: (?P<day>{digits})(?!\w|[:.,]\d| h| \w+s\b))?(?:s\b|\b)",
    ]
    if code == "en":
        forms.append(rf"{weekday}{month} ?(?:the )?{day}{last}(?![:\d]|[.,]\d)(?:,? {_YEAR})?")
    return tuple(re.compile(rf"(?<![\w-]){form}", re.IGNORECASE) for form in forms)


@cache
def _bare_month(code: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?P<month>{_alternatives(_MONTHS[code])})(?!\w)", re.IGNORECASE)


@cache
def _full_months(code: str) -> frozenset[str]:
    return frozenset(names.split()[0].lower() for names in _MONTHS[code].split("|"))


def _alternatives(table: str) -> str:
    return "|".join(sorted(table.replace("|", " ").split(), key=len, reverse=True))
