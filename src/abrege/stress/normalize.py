"""Where a value stands in a text, however it is written: 3 pm, 15:00, three o'clock."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from abrege.text.numbers import find_numbers
from abrege.text.numerals import find_numerals
from abrege.text.sentences import split_sentences

Sort = Literal["day", "hour", "number", "word"]
Span = tuple[int, int]

_DAYS = {
    "en": (
        r"mon(?:days?|\.)|mon\b,tue(?:s|sdays?)?,wed(?:s|nesdays?)?,thu(?:r|rs|rsdays?)?"
        r",fri(?:days?)?,sat(?:urdays?|\.),sun(?:days?|\.)"
    ),
    "fr": (
        r"lun(?:dis?|\.),mar(?:dis?|\.),mer(?:credis?|\.),jeu(?:dis?|\.),ven(?:dredis?|\.)"
        r",sam(?:edis?|\.),dim(?:anches?|\.)"
    ),
}
_LATE = "pm|in the afternoon|in the evening|this evening|at night|de l'apres-midi|du soir"
_EARLY = "am|in the morning|du matin"
_PART = rf"(?: ?(?P<late>{_LATE})| ?(?P<early>{_EARLY}))\b"
_MINUTES = {
    "half past": 30,
    "half": 30,
    "quarter past": 15,
    "quarter to": -15,
    "et demie": 30,
    "et demi": 30,
    "et quart": 15,
    "moins le quart": -15,
}
_NOT_IN_NUMBER = r"(?<![\d.,:])"
_PREPOSITIONS = "at by until till to before after from not for of than"
_AT = "|".join(rf"(?<=\b{word} )" for word in _PREPOSITIONS.split())
_BARE = re.compile(r"\d[\d. ]*")
_HOURS = {
    "en": (
        rf"(?:a )?(?P<said>half past|half|quarter past"
        rf"|quarter to) (?P<hour>\d{{1,2}})\b(?:{_PART})?",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})(?:[:.h ](?P<minute>[0-5]\d))?(?: o'clock)?{_PART}",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})(?:[:h](?P<minute>[0-5]\d)|h| o'clock| hours)(?!\w)",
        rf"(?:{_AT})(?P<hour>\d{{1,2}})"
        r"(?:[. ](?P<minute>[0-5]\d))?(?=\.?$|[,;)!?\n]| (?:on|in|instead|sharp|not|and|to|but)\b)",
        r"\b(?P<named>noon|midday|midnight)\b",
    ),
    "fr": (
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}}) ?(?:h|heures?)(?!\w)"
        r"(?: ?(?P<minute>[0-5]\d)(?!\w)| (?P<said>et demie?|et quart|moins le quart))?"
        rf"(?:{_PART})?",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})[:h](?P<minute>[0-5]\d)(?!\w)",
        r"\b(?P<named>midi|minuit)\b(?: (?P<said>et demie?|et quart))?",
    ),
}
_NAMED = {"noon": 12, "midday": 12, "midi": 12, "midnight": 0, "minuit": 0}
_ARTICLE = re.compile(r"^(?:(?:the|an?|la|le|les|une?|des|du) |l')")
_SIGNS = str.maketrans({"’": "'", "‘": "'", "‑": "-", "œ": "oe", "æ": "ae", "ß": "ss"})


@lru_cache(maxsize=4096)
def plain(text: str, lang: str) -> str:
    """Write a text so that it can be searched: a sentence a line, no capitals, no accents.

    Numbers in words become figures, n't becomes not, p.m. becomes pm: `It isn't at half past
    two.` is `it is not at half past 2.`
    """
    return "\n".join(_plain(sentence, lang) for sentence in split_sentences(text, lang))


def places(value: str, sort: Sort, text: str, lang: str) -> list[Span]:
    """Find where a value stands in a plain text.

    value  as a person writes it; a word may give other forms after `|`, and `*` stands for any
           ending: `library|reading room`, `cancel*`
    """
    if sort == "word":
        return [match.span() for match in _word(value, lang).finditer(text)]
    return [
        span for span, readings in _readings(sort, text, lang) if readings & _of(value, sort, lang)
    ]


def others(known: str, sort: Sort, text: str, lang: str) -> list[str]:
    """List the days, hours or numbers of a plain text that another plain text does not have."""
    if sort == "word":
        return []
    there: set[object] = set()
    for _, readings in _readings(sort, known, lang):
        there |= readings
    found = _readings(sort, text, lang)
    return [text[start:end] for (start, end), readings in found if not readings & there]


def shown(value: str) -> str:
    """Give the first form of a value, as it is shown to people: `insur*` as insur…."""
    return value.partition("|")[0].replace("*", "…")


def _plain(text: str, lang: str) -> str:
    text = unicodedata.normalize("NFD", text.casefold().translate(_SIGNS))
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = " ".join(text.split())
    text = re.sub(r"n't\b", " not", text).replace("cannot", "can not")
    text = re.sub(r"\b([ap])\. ?m\b\.?", r"\1m", text)
    written, end = [], 0
    for numeral in find_numerals(text, lang):
        if (
            numeral.ordinal
            or numeral.value >= 1_000_000
            or re.search(r"\d ?$", text[: numeral.start])
        ):
            continue
        written += [text[end : numeral.start], str(numeral.value)]
        end = numeral.end
    return "".join([*written, text[end:]])


@lru_cache(maxsize=4096)
def _of(value: str, sort: Sort, lang: str) -> frozenset[object]:
    found: set[object] = set()
    for _, readings in _readings(sort, _plain(value, lang), lang):
        found |= readings
    assert found, f"{value!r} is no {sort}"
    return frozenset(found)


@lru_cache(maxsize=4096)
def _word(value: str, lang: str) -> re.Pattern[str]:
    forms = []
    for form in value.split("|"):
        bare = _ARTICLE.sub("", _plain(form, lang))
        parts = [re.escape(part).replace(r"\*", r"\w*") for part in re.split(r"[ \-]", bare)]
        forms.append("[ -]".join(parts) + ("" if bare.endswith("*") else "(?:e?s)?"))
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


@lru_cache(maxsize=4096)
def _readings(sort: Sort, text: str, lang: str) -> list[tuple[Span, frozenset[object]]]:
    if sort == "day":
        return list(_days(text, lang))
    hours = list(_hours(text, lang))
    if sort == "hour":
        return hours
    sure = [span for span, _ in hours if not _BARE.fullmatch(text[span[0] : span[1]])]
    return [
        ((number.start, number.end), frozenset[object](number.values))
        for number in find_numbers(text, lang)
        if not any(a < number.end and number.start < b for a, b in sure)
    ]


def _days(text: str, lang: str) -> Iterator[tuple[Span, frozenset[object]]]:
    for day, form in enumerate(_DAYS[lang].split(",")):
        for match in re.finditer(rf"(?<!\w)(?:{form})(?!\w)", text):
            yield match.span(), frozenset({day})


def _hours(text: str, lang: str) -> Iterator[tuple[Span, frozenset[object]]]:
    """Yield the hours of a plain text in minutes after midnight; `at 3` has two readings."""
    taken: list[Span] = []
    for form in _HOURS[lang]:
        for match in re.finditer(form, text):
            start, end = match.span()
            readings = _minutes(match.groupdict())
            if readings and not any(a < end and start < b for a, b in taken):
                taken.append((start, end))
                yield (start, end), frozenset(readings)


def _minutes(said: dict[str, str | None]) -> set[int]:
    named = said.get("named")
    hour = _NAMED[named] if named else int(said["hour"] or 0)
    if hour > 24:
        return set()
    minute = int(said.get("minute") or 0) + _MINUTES.get(said.get("said") or "", 0)
    if said.get("late") or said.get("early"):
        halves = {hour % 12 + (12 if said.get("late") else 0)}
    else:
        # 3:00 in English may be the afternoon; 08:00 and 15:00 are what they say.
        open_ = 0 < hour <= 12 and not named
        halves = {hour, (hour + 12) % 24} if open_ else {hour}
    return {(half * 60 + minute) % (24 * 60) for half in halves}
