"""Tokenize text into words: one rule for every language, with few exceptions in tables."""

import re
import unicodedata
from functools import cache, lru_cache

UNSPACED_LANGUAGES = {"th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Burmese"}
"""Languages written without spaces between words, which would need a dictionary."""

_UNSPACED_SCRIPT = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_HAN_OR_KANA = re.compile(
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
# Apostrophes become one character; characters that are invisible inside a word (soft hyphen,
# joiners, variation selectors) are removed; the underscore, which \w matches, is no letter.
_NORMALIZED = str.maketrans(
    dict.fromkeys("\u2019\u2018\u02bc\uff07", "'")
    | dict.fromkeys("\u00ad\u200c\u200d\u2060\ufeff", "")
    | {chr(c): "" for c in range(0xFE00, 0xFE10)}
    | {"_": " "}
)
_LETTER_WITH_MARKS = re.compile(
    r"(?s).[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]*"
)
_TURKIC = str.maketrans({"İ": "i", "I": "ı"})
_JOINS = {"be": "'", "br": "'", "uk": "'", "ca": "·"}
"""A character that is a letter inside words of a language: п'ять, c'hoar, col·legi."""
_WITH_APOSTROPHE = {"fr": ["aujourd'hui", "presqu'îles?", "prud'hom\\w+", "quelqu'une?"]}
"""Words that are not split at their apostrophe, as regular expressions."""
_TURKIC_LANGUAGES = ("tr", "az")
_ASCII_WORDS = "".join(chr(c).lower() if chr(c).isalnum() else " " for c in range(128))
"""For each ASCII character what it is in words: this is quicker than the regular expression."""


def primary_language(lang: str | None) -> str | None:
    """Return the language of a code such as fr-CA or zh_Hans, without script and region."""
    return re.split("[-_]", lang.strip().lower())[0] if lang else None


def word_tokenize(text: str, lang: str | None = None) -> list[str]:
    """Tokenize a text into words, for counting and comparing.

    A word is a run of letters, digits and their marks, in NFC and casefolded. Everything else
    ends a word, the apostrophe too: `l'été` is l, été; `John's` is john, s; `don't` is don, t;
    `3.5` is 3, 5. On ASCII text this equals the tokenizer of rouge-score. Each Chinese character
    and kana is a word. Exceptions by language: aujourd'hui and three more (fr), п'ять (uk, be),
    c'hoar (br), col·legi (ca), and the two i of Turkish and Azeri.

    In UNSPACED_LANGUAGES a "word" is a whole phrase; a caller that compares words must refuse
    them.
    """
    code = primary_language(lang)
    if text.isascii() and not (
        code in _JOINS or code in _WITH_APOSTROPHE or code in _TURKIC_LANGUAGES
    ):
        return text.translate(_ASCII_WORDS).split()
    return _word_pattern(code).findall(_normalize(text, code))


def word_spans(text: str, lang: str | None = None) -> list[tuple[str, int, int]]:
    """Return the words of a text with their positions: (word, start, end).

    Each letter is normalized by itself, with the marks that follow it, so that every letter of a
    word has a position in the text. Return [] where this gives other words than `word_tokenize`
    (Hangul in parts, for example): no position is better than a wrong one.
    """
    code = primary_language(lang)
    letters: list[str] = []
    positions: list[int] = []
    for letter in _LETTER_WITH_MARKS.finditer(text):
        normalized = _normalize(letter.group(), code)
        letters.append(normalized)
        positions += [letter.start()] * len(normalized)
    positions.append(len(text))
    spans = []
    for word in _word_pattern(code).finditer("".join(letters)):
        last = positions[word.end() - 1]
        end = next((p for p in positions[word.end() :] if p > last), len(text))
        spans.append((word.group(), positions[word.start()], end))
    return spans if [word for word, _, _ in spans] == word_tokenize(text, lang) else []


@lru_cache(maxsize=16384)
def count_words(text: str, lang: str | None = None) -> int:
    """Count the words of a text."""
    return len(word_tokenize(text, lang))


def is_unspaced(text: str) -> bool:
    """Return whether most of a text is in a script without spaces between words."""
    return 2 * len(_UNSPACED_SCRIPT.findall(text)) > len("".join(text.split()))


def _normalize(text: str, code: str | None) -> str:
    """Return a text in one case and one Unicode form, with one character for each apostrophe."""
    if code in _TURKIC_LANGUAGES:
        text = unicodedata.normalize("NFC", text).translate(_TURKIC)
    text = unicodedata.normalize("NFC", text.casefold())
    text = text.translate(_NORMALIZED)
    return text if text.isascii() else _HAN_OR_KANA.sub(r" \g<0> ", text)


@cache
def _word_pattern(code: str | None) -> re.Pattern[str]:
    letter = f"[\\w{_combining_marks()}]"
    run = f"\\w{letter}*"
    if join := _JOINS.get(code or ""):
        run += f"(?:{join}{run})*"
    exceptions = "".join(f"{word}(?!{letter})|" for word in _WITH_APOSTROPHE.get(code or "", []))
    return re.compile(exceptions + run)


@cache
def _combining_marks() -> str:
    r"""Return the combining marks as ranges of a character class: Python's \w leaves them out."""
    last = 0x1F000  # the only marks above are variation selectors
    points = [c for c in range(last) if unicodedata.category(chr(c))[0] == "M"]
    ranges: list[list[int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges)
