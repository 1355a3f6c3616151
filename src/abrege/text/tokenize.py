"""What a word is: one rule for every language, with its few exceptions in tables."""

import re
import unicodedata
from functools import cache, lru_cache

UNSPACED_LANGUAGES = {"th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Burmese"}
"""Languages written without spaces between words, which need a dictionary we do not have."""

_UNSPACED_SCRIPT = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_HAN_OR_KANA = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# Apostrophes are one sign; what is invisible inside a word (soft hyphen, joiners, variation
# selectors) goes; the underscore, which \w would take, is no letter.
_SIGNS = str.maketrans(
    dict.fromkeys("\u2019\u2018\u02bc\uff07", "'")
    | dict.fromkeys("\u00ad\u200c\u200d\u2060\ufeff", "")
    | {chr(c): "" for c in range(0xFE00, 0xFE10)}
    | {"_": " "}
)
_LETTER = re.compile(r"(?s).[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]*")
_TURKIC = str.maketrans({"İ": "i", "I": "ı"})
_JOINS = {"be": "'", "br": "'", "uk": "'", "ca": "·"}
"""A sign that stands inside words of a language as a letter does: п'ять, c'hoar, col·legi."""
_WHOLE = {"fr": ["aujourd'hui", "presqu'îles?", "prud'hom\\w+", "quelqu'une?"]}
"""Words that keep their apostrophe."""


def primary_language(lang: str | None) -> str | None:
    """Give the language alone of a code such as fr-CA or zh_Hans."""
    return re.split("[-_]", lang.strip().lower())[0] if lang else None


def word_tokenize(text: str, lang: str | None = None) -> list[str]:
    """Cut a text into words, for counting and comparing.

    A word is a run of letters, digits and their marks, in NFC and casefolded. Everything else
    ends a word, the apostrophe too: `l'été` is l, été; `John's` is john, s; `don't` is don, t;
    `3.5` is 3, 5. On ASCII text that is what the rouge-score library does. Chinese characters
    and kana are words one by one. Exceptions by language: aujourd'hui and three more (fr),
    п'ять (uk, be), c'hoar (br), col·legi (ca), and the two i of Turkish and Azeri.

    Languages in UNSPACED come out as whole phrases; a caller who compares words refuses them.
    """
    code = primary_language(lang)
    return _pattern(code).findall(_alike(text, code))


def word_spans(text: str, lang: str | None = None) -> list[tuple[str, int, int]]:
    """Give the words of a text with their places in it: (word, start, end).

    Letters are made alike one by one, each with the marks that follow it, so that every letter
    of a word is known by the place it came from. Where that gives other words than `words` does
    (Hangul in parts, say), nothing is given: a mark in the wrong place would be worse.
    """
    code = primary_language(lang)
    letters: list[str] = []
    places: list[int] = []
    for letter in _LETTER.finditer(text):
        alike = _alike(letter.group(), code)
        letters.append(alike)
        places += [letter.start()] * len(alike)
    places.append(len(text))
    found = []
    for word in _pattern(code).finditer("".join(letters)):
        last = places[word.end() - 1]
        end = next((p for p in places[word.end() :] if p > last), len(text))
        found.append((word.group(), places[word.start()], end))
    return found if [word for word, _, _ in found] == word_tokenize(text, lang) else []


@lru_cache(maxsize=16384)
def count_words(text: str, lang: str | None = None) -> int:
    """Count the words of a text."""
    return len(word_tokenize(text, lang))


def is_unspaced(text: str) -> bool:
    """Tell whether most of a text is in a script that puts no spaces between words."""
    return 2 * len(_UNSPACED_SCRIPT.findall(text)) > len("".join(text.split()))


def _alike(text: str, code: str | None) -> str:
    """Write a text in one case, form and set of signs."""
    if code in ("tr", "az"):
        text = unicodedata.normalize("NFC", text).translate(_TURKIC)
    text = unicodedata.normalize("NFC", text.casefold())
    text = text.translate(_SIGNS)
    return text if text.isascii() else _HAN_OR_KANA.sub(r" \g<0> ", text)


@cache
def _pattern(code: str | None) -> re.Pattern[str]:
    letter = f"[\\w{_marks()}]"
    run = f"\\w{letter}*"
    if join := _JOINS.get(code or ""):
        run += f"(?:{join}{run})*"
    whole = "".join(f"{word}(?!{letter})|" for word in _WHOLE.get(code or "", []))
    return re.compile(whole + run)


@cache
def _marks() -> str:
    r"""Give the combining marks as ranges of a character class: Python's \w leaves them out."""
    last = 0x1F000  # the only marks above are variation selectors
    points = [c for c in range(last) if unicodedata.category(chr(c))[0] == "M"]
    ranges: list[list[int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges)
