"""The verdict on one output: passed, wrong, or the needed fact left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from abrege.stress.cases import Case
from abrege.stress.rules import Fault, Output
from abrege.text.tokenize import word_tokenize

_COPY = 0.8  # of the document's words: what is longer is no summary
_SHORT = 60  # words; a short text may well be repeated


@dataclass(frozen=True)
class Judged:
    """The outcome, and why it is no pass, in a phrase that a person understands."""

    outcome: Literal["passed", "wrong", "omitted"]
    why: str | None = None


def judge(case: Case, summary: str) -> Judged:
    """Judge the output of a summariser on a case.

    `wrong` where something false or forbidden is said, even if the right thing stands beside it;
    `omitted` where only the needed fact is missing. An output without a word is `omitted`, but on
    an empty text it is right. More than 0.8 of the words of a text of over 60 words is `wrong`,
    whatever it says: that is no summary.
    """
    faults = list(_faults(case, summary))
    first = next((fault for fault in faults if fault.outcome == "wrong"), next(iter(faults), None))
    return Judged(first.outcome, first.why) if first else Judged("passed")


def _faults(case: Case, summary: str) -> Iterator[Fault]:
    found = len(word_tokenize(summary, case.lang))
    there = len(word_tokenize(case.document, case.lang))
    if not found and case.kind != "empty":
        yield Fault("omitted", "is empty")
    elif there > _SHORT and found > _COPY * there:
        yield Fault("wrong", f"is nearly as long as the text: {found} of {there} words")
    else:
        output = Output(case.document, summary, case.lang)
        for rule in case.rules:
            yield from rule.faults(output)
