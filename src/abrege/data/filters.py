"""Filters of documents: each returns why a document is rejected, with the measured value.

The measures of repetition follow Rae et al. 2021, Scaling Language Models: Methods, Analysis &
Insights from Training Gopher, section A.1.1: repeated lines and repeated n-grams, each by the
fraction of the text that they cover.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import repeat
from typing import TypeAlias

from abrege.text.ngrams import ngrams, word_ids
from abrege.text.tokenize import word_tokenize

_LETTERS = re.compile(r"[^\W\d_]+")

Rejection: TypeAlias = tuple[str, str]
"""The reason, by which rejections are counted, and the measured value."""

NGRAM_WORDS = 10
"""Words of an n-gram that counts as repeated: the longest of Gopher's."""


def check_length(
    tokens: Sequence[str], min_words: int | None, max_words: int | None
) -> Rejection | None:
    """Reject a text by its number of words; a text without words is always rejected.

    tokens  the words of the text
    """
    if not tokens:
        return "no text", "no words are left"
    if min_words is not None and len(tokens) < min_words:
        return "too short", f"{_word_count(len(tokens))}, fewer than {min_words}"
    if max_words is not None and len(tokens) > max_words:
        return "too long", f"{_word_count(len(tokens))}, more than {max_words}"
    return None


def check_symbols(text: str, max_fraction: float) -> Rejection | None:
    """Reject a text by the fraction of its characters, without spaces, that are not letters."""
    characters = "".join(text.split())
    symbols = [c for c in _LETTERS.sub("", characters) if not _is_combining_mark(c)]
    fraction = len(symbols) / max(1, len(characters))
    if fraction <= max_fraction:
        return None
    details = f"{fraction:.0%} of its characters are not letters, more than {max_fraction:.0%}"
    return "too many symbols", details


def check_repetition(text: str, tokens: Sequence[str], max_fraction: float) -> Rejection | None:
    """Reject a text by the fraction of its words that repeat an earlier line or n-gram.

    tokens  the words of the text
    """
    fractions = {
        "lines": repeated_line_fraction(text, tokens),
        "passages": repeated_ngram_fraction(tokens),
    }
    kind, fraction = max(fractions.items(), key=lambda item: item[1])
    if fraction <= max_fraction:
        return None
    details = f"{fraction:.0%} of its words are in repeated {kind}, more than {max_fraction:.0%}"
    return "repeats itself", details


def repeated_line_fraction(text: str, tokens: Sequence[str]) -> float:
    """Return the fraction of a text's words that are in lines equal to an earlier line.

    tokens  the words of the text
    """
    seen: set[str] = set()
    repeated_words = 0
    for line in text.casefold().splitlines():
        if line in seen:
            repeated_words += len(word_tokenize(line))
        seen.add(line)
    return repeated_words / len(tokens) if tokens else 0.0


def repeated_ngram_fraction(tokens: Sequence[str]) -> float:
    """Return the fraction of words covered by n-grams of NGRAM_WORDS that occurred before."""
    [numbers] = word_ids(tokens)
    covered = bytearray(len(numbers))
    seen = set()
    for start, ngram in enumerate(ngrams(numbers, NGRAM_WORDS)):
        if ngram in seen:
            covered[start : start + NGRAM_WORDS] = repeat(1, NGRAM_WORDS)
        seen.add(ngram)
    return sum(covered) / len(covered) if covered else 0.0


def _word_count(count: int) -> str:
    return f"{count} word{'s' * (count != 1)}"


def _is_combining_mark(character: str) -> bool:
    """Return whether a character belongs to the letter before it, as vowel signs of Hindi do."""
    return not character.isascii() and unicodedata.category(character)[0] == "M"
