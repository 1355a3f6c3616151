"""Why a document is not worth summarising: each filter gives its reason and what was found.

The measures of repetition follow Rae et al. 2021, Scaling Language Models: Methods, Analysis &
Insights from Training Gopher, section A.1.1: lines that come again, and n-grams that come again,
each by the share of the text that they cover.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import repeat
from typing import TypeAlias

from abrege.text.ngrams import ngrams, word_ids
from abrege.text.tokenize import word_tokenize

_LETTERS = re.compile(r"[^\W\d_]+")

Verdict: TypeAlias = tuple[str, str]
"""The reason, in a few words that are counted together, and what was found."""

PASSAGE = 10
"""Words in a row that count as a passage which comes again: the longest n-gram of Gopher's."""


def wrong_length(found: Sequence[str], fewest: int | None, most: int | None) -> Verdict | None:
    """Judge a text by the number of its words; a text without any is never worth summarising."""
    if not found:
        return "no text", "nothing is left of it"
    if fewest is not None and len(found) < fewest:
        return "too short", f"{_words(len(found))}, fewer than {fewest}"
    if most is not None and len(found) > most:
        return "too long", f"{_words(len(found))}, more than {most}"
    return None


def many_symbols(text: str, most: float) -> Verdict | None:
    """Judge a text by the share of signs that are no letter, in those that are no space."""
    signs = "".join(text.split())
    others = [sign for sign in _LETTERS.sub("", signs) if not _is_mark(sign)]
    share = len(others) / max(1, len(signs))
    if share <= most:
        return None
    return "too many symbols", f"{share:.0%} of its signs are no letters, more than {most:.0%}"


def repeats(text: str, found: Sequence[str], most: float) -> Verdict | None:
    """Judge a text by the share of its words that stand in what came before in it.

    found  the words of the text
    """
    shares = {"lines": repeated_lines(text, found), "passages": repeated_passages(found)}
    kind, share = max(shares.items(), key=lambda item: item[1])
    if share <= most:
        return None
    return "repeats itself", f"{share:.0%} of it in {kind} that come again, more than {most:.0%}"


def repeated_lines(text: str, found: Sequence[str]) -> float:
    """Give the share of a text's words that stand in lines which came before.

    found  the words of the text
    """
    seen: set[str] = set()
    again = 0
    for line in text.casefold().splitlines():
        if line in seen:
            again += len(word_tokenize(line))
        seen.add(line)
    return again / len(found) if found else 0.0


def repeated_passages(found: Sequence[str]) -> float:
    """Give the share of words that stand in runs of PASSAGE words which came before."""
    [numbers] = word_ids(found)
    covered = bytearray(len(numbers))
    seen = set()
    for place, run in enumerate(ngrams(numbers, PASSAGE)):
        if run in seen:
            covered[place : place + PASSAGE] = repeat(1, PASSAGE)
        seen.add(run)
    return sum(covered) / len(covered) if covered else 0.0


def _words(count: int) -> str:
    return f"{count} word{'s' * (count != 1)}"


def _is_mark(sign: str) -> bool:
    """Tell whether a sign belongs to the letter before it, as the vowels of Indian scripts do."""
    return not sign.isascii() and unicodedata.category(sign)[0] == "M"
