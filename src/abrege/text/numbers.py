"""Find the numbers of a text, in digits and in words, with every value they can have."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from abrege.text.numerals import NUMERAL_LANGUAGES, find_numerals
from abrege.text.tokenize import primary_language

_SPACE = "[ \u00a0\u2009\u202f]"
_DIGITS = re.compile(rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?![\d,.]*\d)|\d+(?:[.,]\d+)*")
_GROUPED = re.compile(rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d+)?(?!\d)")
_SCALES = {
    "en": {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "bn": 9, "k": 3, "m": 6},
    "fr": {"mille": 3, "millier": 3, "million": 6, "milliard": 9, "md": 9, "k": 3, "m": 6},
}
_SCALE = re.compile(
    rf"(?:{_SPACE}|-)?(thousand|million|billion|trillion|mill(?:e|iers?)|milliard|bn|mds?)s?(?!\w)"
    rf"|{_SPACE}?([km]|mds?)(?=[€$])|([km])(?!\w)",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"{_SPACE}?(?:-|–|to|and|or|à|et|ou){_SPACE}?(?=\d)")
_UNITS = {
    "%": r"%|per ?cent\b|percentage|pour ?-?cents?\b|pct\b",
    "$": r"\$(?!\d)|(?:\w+ )?dollars?\b|USD\b",
    "€": r"€(?!\d)|euros?\b|EUR\b",
    "£": r"£(?!\d)|pounds?\b|livres? sterling\b|GBP\b",
}
_AFTER = re.compile(
    rf"{_SPACE}?(?:d['’]|de )?(?:"
    + "|".join(f"(?P<u{n}>{unit})" for n, unit in enumerate(_UNITS.values()))
    + ")"
)
_BEFORE = re.compile(rf"([$€£]){_SPACE}?$")
_ORDINAL = {
    "en": re.compile(r"(?:st|nd|rd|th)(?!\w)"),
    "fr": re.compile(r"(?:ers?|res?|ères?|es?|ièmes?|èmes?|eme|nde?)(?!\w)"),
}
_DECADE = re.compile(r"['’]?s(?!\w)")
_DECADE_BEFORE = re.compile(r"(?:['’]|années )$")

_IMPLIED = {
    "en": (
        "both 2 couple 2 pair 2 pairs 2 twice 2 double 2 doubled 2 twin 2 twins 2 half 0.5 half 50 "
        "half 30 half 2 thrice 3 triple 3 tripled 3 trio 3 quarter 0.25 quarter 25 quarter 15 "
        "quarter 4 quarters 75 dozen 12 dozens 12 decade 10 decades 10 century 100 fortnight 14 "
        "fortnight 2 noon 12 midday 12 midnight 12 midnight 0 once 1 single 1 zero 0 week 7"
    ),
    "fr": (
        "duo 2 couple 2 paire 2 double 2 doublé 2 doubler 2 jumeaux 2 jumelles 2 demi 0.5 demi 30 "
        "demie 0.5 demie 30 moitié 0.5 moitié 50 moitié 2 tiers 3 tiers 33 trio 3 triple 3 "
        "triplé 3 tripler 3 quart 0.25 quart 25 quart 15 quart 4 quarts 75 quatuor 4 quinquennat 5 "
        "septennat 7 huitaine 8 dizaine 10 dizaines 10 décennie 10 décennies 10 douzaine 12 "
        "quinzaine 15 vingtaine 20 trentaine 30 quarantaine 40 cinquantaine 50 soixantaine 60 "
        "centaine 100 centaines 100 siècle 100 centenaire 100 millier 1000 milliers 1000 midi 12 "
        "minuit 0 minuit 12 minuit 24 seul 1 seule 1 unique 1 zéro 0 trimestre 3 semestre 6 "
        "semaine 7"
    ),
}

_HEAD = re.compile(r"[\w#-]*$")
_PREFIXES = frozenset(
    {"avant", "early", "late", "mid", "post", "pre", "pré", "sub", "top", "under"}
)


@dataclass(frozen=True)
class Number:
    """A number, text[start:end].

    values   all readings: `1.000` is one, or a thousand
    unit     "%", "$", "€", "£", or None
    in_word  True for digits that are part of a word: Covid-19, TF1
    spelled  True for a number in words
    """

    values: frozenset[Decimal]
    start: int
    end: int
    unit: str | None = None
    in_word: bool = False
    spelled: bool = False
    ordinal: bool = False


def find_numbers(text: str, lang: str | None = None) -> list[Number]:
    """Return the numbers of a text, in order.

    In digits for every language: `3.5`, `3,5`, `1 000`, `1,000`, `1.000`, with the scale and the
    unit around them (`$2.5 million`). In words for English and French. A comma before three
    digits separates thousands in English; any other comma or point there has both readings.
    """
    code = primary_language(lang)
    written = [_in_digits(text, match, code) for match in _matches(text)]
    covered = {n for number in written for n in range(number.start, number.end)}
    spelled = [
        _in_words(text, numeral.value, numeral.start, numeral.end, ordinal=numeral.ordinal)
        for numeral in find_numerals(text, code)
        if numeral.start not in covered and not _is_percent(text, numeral.start, code)
    ]
    return sorted([*written, *spelled], key=lambda number: number.start)


def implied_numbers(words: Collection[str], lang: str | None) -> Iterator[Decimal]:
    """Yield the numbers that other words imply: both, dozen, half, quinzaine, décennie."""
    table = _IMPLIED.get(primary_language(lang) or "", "").split()
    for word, value in zip(table[::2], table[1::2], strict=True):
        if word in words:
            yield Decimal(value)


def _matches(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while match := _DIGITS.search(text, position):
        match = _GROUPED.match(text, match.start()) or match
        yield match
        position = match.end()


def _is_percent(text: str, start: int, code: str | None) -> bool:
    return code == "fr" and text[max(0, start - 5) : start].casefold() in ("pour ", "pour-")


def _in_words(text: str, value: int, start: int, end: int, *, ordinal: bool) -> Number:
    unit, start, end = _unit(text, start, end)
    return Number(frozenset({Decimal(value)}), start, end, unit, spelled=True, ordinal=ordinal)


def _in_digits(text: str, match: re.Match[str], code: str | None) -> Number:
    start, end = match.span()
    values = _readings(match[0], code)
    ordinal = tail_is_s = False
    if (sign := _ORDINAL.get(code or "")) and (tail := sign.match(text, end)):
        end, ordinal = tail.end(), True
    elif code == "en" and (tail := _DECADE.match(text, end)):
        end, tail_is_s = tail.end(), True
    if _DECADE_BEFORE.search(text, max(0, start - 8), start) or tail_is_s:
        values |= {1900 + v for v in values if 10 <= v < 100}
    power, sure, end = _scale(text, end, code)
    scaled = frozenset(v.scaleb(power) for v in values)
    values = scaled if sure else scaled | values
    in_word = _in_word(text, start, end)
    unit, start, end = _unit(text, start, end)
    return Number(values, start, end, unit, in_word=in_word, ordinal=ordinal)


def _readings(digits: str, code: str | None) -> frozenset[Decimal]:
    plain = re.sub(_SPACE, "", digits)
    signs = [sign for sign in plain if sign in ".,"]
    if not signs:
        return frozenset({Decimal(plain)})
    *groups, tail = re.split("[.,]", plain)
    grouped = all(len(part) == 3 for part in [*groups[1:], tail]) and len(groups[0]) < 4
    if len(set(signs)) == 2 or (len(signs) == 1 and plain != digits):
        return frozenset({Decimal("".join(groups) + "." + tail)})
    if len(signs) > 1:
        return frozenset(
            {Decimal("".join([*groups, tail]))} if grouped else map(Decimal, [*groups, tail])
        )
    values = {Decimal(f"{groups[0]}.{tail}")}
    if grouped and groups[0].strip("0"):
        thousands = Decimal(groups[0] + tail)
        values = {thousands} if code == "en" and signs == [","] else values | {thousands}
    return frozenset(values)


def _scale(text: str, end: int, code: str | None) -> tuple[int, bool, int]:
    """Return the power of ten after a number, whether it is certain, and where its word ends."""
    if code not in NUMERAL_LANGUAGES:
        return 0, True, end
    after = end
    if (between := _RANGE.match(text, end)) and (other := _DIGITS.match(text, between.end())):
        after = other.end()  # 2 to 3 million: both may be millions
    match = _SCALE.match(text, after)
    if not match:
        return 0, True, end
    word = (match[1] or match[2] or match[3]).casefold()
    power = _SCALES[code].get(word.removesuffix("s"), 0)
    if after != end or not power:
        return power, False, end
    return power, not match[3], match.end()  # 10m may be metres


def _unit(text: str, start: int, end: int) -> tuple[str | None, int, int]:
    """Return the unit of a number, and where the two start and end."""
    if match := _AFTER.match(text, end):
        return list(_UNITS)[int((match.lastgroup or "u0")[1:])], start, match.end()
    if match := _BEFORE.search(text, max(0, start - 2), start):
        return match[1], match.start(), end
    return None, start, end


def _in_word(text: str, start: int, end: int) -> bool:
    """Return whether digits belong to a word (TF1, Covid-19, 3D; not mid-90s, 8h30)."""
    before = _HEAD.search(text, max(0, start - 30), start)
    head = before[0] if before else ""
    if re.search(r"\dh$", head):
        return False
    if head.endswith("-"):
        return bool(re.search(r"[^\W\d]-$", head)) and head[:-1].casefold() not in _PREFIXES
    return bool(head) or text[end : end + 1].isupper()
