"""Normalize a text, and find values in it however they are written: 3 pm, 15:00, three o'clock."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from abrege.text.numbers import find_numbers
from abrege.text.numerals import find_numerals
from abrege.text.sentences import split_sentences

ValueType = Literal["day", "hour", "number", "word"]
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
_DAY_PART = rf"(?: ?(?P<late>{_LATE})| ?(?P<early>{_EARLY}))\b"
_QUARTERS = {
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
        rf"(?:a )?(?P<quarters>half past|half|quarter past"
        rf"|quarter to) (?P<hour>\d{{1,2}})\b(?:{_DAY_PART})?",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})(?:[:.h ](?P<minute>[0-5]\d))?"
        rf"(?: o'clock)?{_DAY_PART}",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})(?:[:h](?P<minute>[0-5]\d)|h| o'clock| hours)(?!\w)",
        rf"(?:{_AT})(?P<hour>\d{{1,2}})"
        r"(?:[. ](?P<minute>[0-5]\d))?(?=\.?$|[,;)!?\n]| (?:on|in|instead|sharp|not|and|to|but)\b)",
        r"\b(?P<named>noon|midday|midnight)\b",
    ),
    "fr": (
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}}) ?(?:h|heures?)(?!\w)"
        r"(?: ?(?P<minute>[0-5]\d)(?!\w)| (?P<quarters>et demie?|et quart|moins le quart))?"
        rf"(?:{_DAY_PART})?",
        rf"{_NOT_IN_NUMBER}(?P<hour>\d{{1,2}})[:h](?P<minute>[0-5]\d)(?!\w)",
        r"\b(?P<named>midi|minuit)\b(?: (?P<quarters>et demie?|et quart))?",
    ),
}
_NAMED = {"noon": 12, "midday": 12, "midi": 12, "midnight": 0, "minuit": 0}
_ARTICLE = re.compile(r"^(?:(?:the|an?|la|le|les|une?|des|du) |l')")
_LETTERS = str.maketrans({"’": "'", "‘": "'", "‑": "-", "œ": "oe", "æ": "ae", "ß": "ss"})


@lru_cache(maxsize=4096)
def normalize(text: str, lang: str) -> str:
    """Return a text in a form to search: a sentence a line, no capitals, no accents.

    Number words become digits, n't becomes not, p.m. becomes pm: `It isn't at half past two.`
    becomes `it is not at half past 2.`
    """
    return "\n".join(
        _normalize_sentence(sentence, lang) for sentence in split_sentences(text, lang)
    )


def find_value(value: str, value_type: ValueType, text: str, lang: str) -> list[Span]:
    """Return the spans of a normalized text where a value occurs.

    value  as a person writes it; a word may have other forms after `|`, and `*` stands for any
           ending: `library|reading room`, `cancel*`
    """
    if value_type == "word":
        return [match.span() for match in _word_pattern(value, lang).finditer(text)]
    wanted = _interpretations_of(value, value_type, lang)
    return [
        span
        for span, interpretations in _interpretations(value_type, text, lang)
        if interpretations & wanted
    ]


def new_values(document: str, value_type: ValueType, text: str, lang: str) -> list[str]:
    """Return the days, hours or numbers of a text that its document lacks; both normalized."""
    if value_type == "word":
        return []
    known: set[object] = set()
    for _, interpretations in _interpretations(value_type, document, lang):
        known |= interpretations
    return [
        text[start:end]
        for (start, end), interpretations in _interpretations(value_type, text, lang)
        if not interpretations & known
    ]


def display_form(value: str) -> str:
    """Return the first form of a value, as it is shown to people: `insur*` as insur…."""
    return value.partition("|")[0].replace("*", "…")


def _normalize_sentence(text: str, lang: str) -> str:
    text = unicodedata.normalize("NFD", text.casefold().translate(_LETTERS))
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = " ".join(text.split())
    text = re.sub(r"n't\b", " not", text).replace("cannot", "can not")
    text = re.sub(r"\b([ap])\. ?m\b\.?", r"\1m", text)
    parts, end = [], 0
    for numeral in find_numerals(text, lang):
        if (
            numeral.ordinal
            or numeral.value >= 1_000_000
            or re.search(r"\d ?$", text[: numeral.start])
        ):
            continue
        parts += [text[end : numeral.start], str(numeral.value)]
        end = numeral.end
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=4096)
def _interpretations_of(value: str, value_type: ValueType, lang: str) -> frozenset[object]:
    meanings: set[object] = set()
    for _, interpretations in _interpretations(value_type, _normalize_sentence(value, lang), lang):
        meanings |= interpretations
    assert meanings, f"{value!r} is not of the type {value_type}"
    return frozenset(meanings)


@lru_cache(maxsize=4096)
def _word_pattern(value: str, lang: str) -> re.Pattern[str]:
    forms = []
    for form in value.split("|"):
        bare = _ARTICLE.sub("", _normalize_sentence(form, lang))
        parts = [re.escape(part).replace(r"\*", r"\w*") for part in re.split(r"[ \-]", bare)]
        forms.append("[ -]".join(parts) + ("" if bare.endswith("*") else "(?:e?s)?"))
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


@lru_cache(maxsize=4096)
def _interpretations(
    value_type: ValueType, text: str, lang: str
) -> list[tuple[Span, frozenset[object]]]:
    if value_type == "day":
        return list(_days(text, lang))
    hours = list(_hours(text, lang))
    if value_type == "hour":
        return hours
    # A bare `3` may be an hour or a number; `3 pm` is an hour only.
    hours_only = [span for span, _ in hours if not _BARE.fullmatch(text[span[0] : span[1]])]
    return [
        ((number.start, number.end), frozenset[object](number.values))
        for number in find_numbers(text, lang)
        if not any(a < number.end and number.start < b for a, b in hours_only)
    ]


def _days(text: str, lang: str) -> Iterator[tuple[Span, frozenset[object]]]:
    for day, form in enumerate(_DAYS[lang].split(",")):
        for match in re.finditer(rf"(?<!\w)(?:{form})(?!\w)", text):
            yield match.span(), frozenset({day})


def _hours(text: str, lang: str) -> Iterator[tuple[Span, frozenset[object]]]:
    """Yield the hours of a text in minutes after midnight; `at 3` has two interpretations."""
    matched: list[Span] = []
    for form in _HOURS[lang]:
        for match in re.finditer(form, text):
            start, end = match.span()
            minutes = _minutes(match.groupdict())
            if minutes and not any(a < end and start < b for a, b in matched):
                matched.append((start, end))
                yield (start, end), frozenset(minutes)


def _minutes(groups: dict[str, str | None]) -> set[int]:
    """Return the minutes after midnight that the groups of an hour's match may mean."""
    named = groups.get("named")
    hour = _NAMED[named] if named else int(groups["hour"] or 0)
    if hour > 24:
        return set()
    minute = int(groups.get("minute") or 0) + _QUARTERS.get(groups.get("quarters") or "", 0)
    if groups.get("late") or groups.get("early"):
        halves = {hour % 12 + (12 if groups.get("late") else 0)}
    else:
        # 3:00 in English may be the afternoon; 08:00 and 15:00 are what they say.
        ambiguous = 0 < hour <= 12 and not named
        halves = {hour, (hour + 12) % 24} if ambiguous else {hour}
    return {(half * 60 + minute) % (24 * 60) for half in halves}
