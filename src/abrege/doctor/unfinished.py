"""Find summaries that were cut off, by how they and the other summaries of the data end."""

import re
from enum import IntEnum

import numpy as np

from abrege.doctor.duplicates import RowFlag, RowFlags

CLOSED_SHARE = 0.9
"""Share of summaries with a full stop from which on a summary without one is unfinished.

DialogSum has 0.997, OrangeSum's abstracts 0.993, SciTLDR 0.77, OrangeSum's titles 0.13.
"""
FEWEST_WORDS = 5
"""A shorter summary is a heading, which has no full stop."""
_CLOSING = re.compile(r"[.!?…:。！？؟۔।»”\"')\]’]$")
_DANGLING = re.compile(
    r"(?:[,;(]|\s(?:the|a|of|and|or|to|with|from|for|at|les?|des?|du|une|et|ou|aux?|par|dans|pour"
    r"|avec|[dl]['’]|qu['’]))$"
)
"""A word or sign that another word must follow, in English or French."""


class Ending(IntEnum):
    """How a summary ends."""

    NOT_JUDGED = 0
    CLOSED = 1
    OPEN = 2
    DANGLING = 3


def classify_ending(summary: str) -> Ending:
    """Return how a summary ends: with a full stop, without, or where a word is missing."""
    text = summary.rstrip()
    if _DANGLING.search(text[-20:]):
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
