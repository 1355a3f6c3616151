"""Find summaries that were cut off, by how they and the other summaries of the data end."""

import re
from enum import IntEnum
from functools import cache

import numpy as np

from abrege.doctor.duplicates import RowFlag, RowFlags
from abrege.text.tokenize import primary_language

CLOSED_SHARE = 0.9
"""Share of summaries with a full stop from which on a summary without one is unfinished.

DialogSum has 0.997, OrangeSum's abstracts 0.993, SciTLDR 0.77, OrangeSum's titles 0.13.
"""
FEWEST_WORDS = 5
"""A shorter summary is a heading, which has no full stop."""
_CLOSING = re.compile(r"[.!?…:。！？؟۔।»”\"')\]’]$")
_OPEN_SIGN = re.compile(r"[,;(]$")
_DANGLING = {
    "en": "the|a|an|of|and|or|to|with|from|for|at|by|into|onto|upon|their|its|your|my|our|these"
    "|those|are|was|were|has|have|had|as|but|between|against|because|if|than|who|which|would|could"
    "|should|may|might|when|where|during|until|among|without|within|via|towards?",
    "fr": "les?|la|des?|du|une|et|ou|aux?|à|par|dans|pour|avec|en|ce|cette|ces|cet|son|sa|ses|mon"
    "|mes|notre|nos|votre|vos|sur|sous|chez|entre|vers|sans|que|qui|est|ont|ne|se|dont|où|si|mais"
    "|depuis|lors|selon|comme|être|je|on|nous|(?:[dlnscj]|qu)['’]",
}
"""Words that another word must follow, by language.

Of 26,444 summaries and titles of SciTLDR, DialogSum and OrangeSum three end in one; all are cut.
"""


class Ending(IntEnum):
    """How a summary ends."""

    NOT_JUDGED = 0
    CLOSED = 1
    OPEN = 2
    DANGLING = 3


def classify_ending(summary: str, lang: str | None) -> Ending:
    """Return how a summary ends: with a full stop, without, or where a word is missing."""
    text = summary.rstrip()
    dangling = _dangling_pattern(primary_language(lang))
    if _OPEN_SIGN.search(text) or (dangling and dangling.search(text[-20:])):
        return Ending.DANGLING
    if _CLOSING.search(text):
        return Ending.CLOSED
    return Ending.OPEN if len(text.split()) >= FEWEST_WORDS else Ending.NOT_JUDGED


def find_unfinished(endings: bytes | bytearray) -> RowFlags:
    """Find the rows whose summary is unfinished.

    endings  of each row's first reference, as `Ending`
    """
    values = np.frombuffer(endings, dtype=np.uint8)
    closed, opened = (int((values == ending).sum()) for ending in (Ending.CLOSED, Ending.OPEN))
    dangling = RowFlag("ends where a word must follow")
    flags = dict.fromkeys(np.flatnonzero(values == Ending.DANGLING).tolist(), dangling)
    if closed and closed >= CLOSED_SHARE * (closed + opened):
        flag = RowFlag(f"no full stop, which {closed / (closed + opened):.1%} of summaries have")
        flags |= dict.fromkeys(np.flatnonzero(values == Ending.OPEN).tolist(), flag)
    return flags


@cache
def _dangling_pattern(code: str | None) -> re.Pattern[str] | None:
    return re.compile(rf"\s(?:{_DANGLING[code]})$") if code in _DANGLING else None
