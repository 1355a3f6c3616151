"""Numbers written in words, in English and in French."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_ENGLISH = (
    "one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12 "
    "thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 "
    "thirty 30 forty 40 fourty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90 hundred 100 "
    "thousand 1000 million 1000000 billion 1000000000 trillion 1000000000000"
)
_ENGLISH_ORDINALS = (
    "first 1 second 2 third 3 fourth 4 fifth 5 sixth 6 seventh 7 eighth 8 ninth 9 tenth 10 "
    "eleventh 11 twelfth 12 thirteenth 13 fourteenth 14 fifteenth 15 sixteenth 16 seventeenth 17 "
    "eighteenth 18 nineteenth 19 twentieth 20 thirtieth 30 fortieth 40 fiftieth 50 sixtieth 60 "
    "seventieth 70 eightieth 80 ninetieth 90 hundredth 100 thousandth 1000"
)
_FRENCH = (
    "un 1 une 1 deux 2 trois 3 quatre 4 cinq 5 six 6 sept 7 huit 8 neuf 9 dix 10 onze 11 douze 12 "
    "treize 13 quatorze 14 quinze 15 seize 16 vingt 20 vingts 20 trente 30 quarante 40 "
    "cinquante 50 soixante 60 septante 70 huitante 80 octante 80 nonante 90 cent 100 cents 100 "
    "mille 1000 million 1000000 millions 1000000 milliard 1000000000 milliards 1000000000"
)
_FRENCH_ORDINALS = (
    "premier 1 première 1 premiers 1 premières 1 unième 1 second 2 seconde 2 deuxième 2 "
    "troisième 3 quatrième 4 cinquième 5 sixième 6 septième 7 huitième 8 neuvième 9 dixième 10 "
    "onzième 11 douzième 12 treizième 13 quatorzième 14 quinzième 15 seizième 16 vingtième 20 "
    "trentième 30 quarantième 40 cinquantième 50 soixantième 60 centième 100 millième 1000"
)


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return {word: int(value) for word, value in zip(words[::2], words[1::2], strict=True)}


_CARDINALS = {"en": _table(_ENGLISH), "fr": _table(_FRENCH)}
_ORDINALS = {"en": _table(_ENGLISH_ORDINALS), "fr": _table(_FRENCH_ORDINALS)}
_JOIN = re.compile("(?:[ \u00a0\u202f]|-|\u2011){1,2}")
_WORD = re.compile(r"[^\W\d_]+")
NUMERAL_LANGUAGES = frozenset(_CARDINALS)
"""The languages with a table of number words."""


@dataclass(frozen=True)
class Numeral:
    """A number in words, text[start:end]."""

    value: int
    start: int
    end: int
    ordinal: bool


@dataclass
class _PartialNumeral:
    """A number while its words are read: the part above the last scale word, and the one below."""

    start: int
    total: int = 0
    group: int | None = None
    scale: int = 10**15

    def accepts(self, value: int, *, french: bool) -> bool:
        """Return whether another word can belong to the same number."""
        if value >= 1000:
            return value < self.scale
        if self.group is None:
            return True
        if value == 100:
            return 1 < self.group < (10 if french else 100)
        tail = self.group % 100
        if tail == 0:
            return self.group > 0
        return _after_tens(tail, value, french=french)

    def add(self, value: int) -> None:
        """Add one more word."""
        if value >= 1000:
            below = 1 if self.group is None and not self.total else (self.group or 0)
            self.total, self.group, self.scale = self.total + below * value, None, value
        elif value == 100:
            self.group = (self.group or 1) * 100
        elif self.group is not None and self.group % 100 == 4 and value == 20:
            self.group += 76  # quatre-vingts
        else:
            self.group = (self.group or 0) + value

    @property
    def value(self) -> int:
        return self.total + (self.group or 0)


def find_numerals(text: str, code: str | None) -> Iterator[Numeral]:
    """Yield the numbers written in words; none in a language outside NUMERAL_LANGUAGES.

    `twenty-one`, `two hundred and five thousand`, `quatre-vingt-dix-sept`, `soixante et onze`,
    `third`, `vingt et unième`. Words that cannot belong together are separate numbers:
    `one two three`, as in a telephone number.
    """
    if code not in NUMERAL_LANGUAGES:
        return
    cardinals, ordinals, pattern = _CARDINALS[code], _ORDINALS[code], _numeral_words(code)
    partial: _PartialNumeral | None = None
    end = 0
    for match in pattern.finditer(text):
        word = match[0].casefold()
        value = cardinals.get(word) or ordinals[word]
        if partial and not (
            _joined(text[end : match.start()], partial, value, french=code == "fr")
            and partial.accepts(value, french=code == "fr")
        ):
            yield Numeral(partial.value, partial.start, end, ordinal=False)
            partial = None
        partial = partial or _PartialNumeral(match.start())
        partial.add(value)
        end = match.end()
        if word not in cardinals:
            yield Numeral(partial.value, partial.start, end, ordinal=True)
            partial = None
    if partial:
        yield Numeral(partial.value, partial.start, end, ordinal=False)


def _after_tens(tail: int, value: int, *, french: bool) -> bool:
    if french and tail in (60, 80):
        return value < 20
    if french and tail in (10, 70, 90) and value in (7, 8, 9):
        return True
    if french and tail == 4 and value == 20:
        return True
    return tail >= 20 and tail % 10 == 0 and value < 10


def _joined(gap: str, partial: _PartialNumeral, value: int, *, french: bool) -> bool:
    """Return whether the text between two number words lets them be one number."""
    if _JOIN.fullmatch(gap):
        return True
    if french:
        return gap in (" et ", "-et-") and value in (1, 11)
    return gap == " and " and value < 100 and (partial.group or 0) % 100 == 0


@cache
def _numeral_words(code: str) -> re.Pattern[str]:
    known = sorted([*_CARDINALS[code], *_ORDINALS[code]], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", re.IGNORECASE)
