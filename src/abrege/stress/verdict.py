"""The verdict on one summary: passed, wrong, or a needed fact omitted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from abrege.stress.cases import StressCase
from abrege.stress.rules import CheckedSummary, RuleViolation
from abrege.text.tokenize import count_words

_MAX_SHARE = 0.8  # of the document's words: what is longer is no summary
_SHORT_DOCUMENT = 60  # words; a short text may well be repeated

Outcome = Literal["passed", "wrong", "omitted"]


@dataclass(frozen=True)
class CaseVerdict:
    """The outcome of a case, and the reason why it did not pass, in a phrase for people."""

    outcome: Outcome
    reason: str | None = None


def judge(case: StressCase, summary: str) -> CaseVerdict:
    """Return the verdict on a summary of a case.

    `wrong` where something false or forbidden is said, even beside the right thing; `omitted`
    where only the needed fact is missing. An output without a word is `omitted`, but it is right
    for an empty text. More than 0.8 of the words of a text of over 60 words is `wrong`, whatever
    it says: that is no summary.
    """
    violations = list(_violations(case, summary))
    wrong = [violation for violation in violations if violation.outcome == "wrong"]
    for violation in (*wrong, *violations):
        return CaseVerdict(violation.outcome, violation.reason)
    return CaseVerdict("passed")


def _violations(case: StressCase, summary: str) -> Iterator[RuleViolation]:
    summary_words = count_words(summary, case.lang)
    document_words = count_words(case.document, case.lang)
    if not summary_words and case.kind != "empty":
        yield RuleViolation("omitted", "is empty")
    elif document_words > _SHORT_DOCUMENT and summary_words > _MAX_SHARE * document_words:
        yield RuleViolation(
            "wrong", f"is nearly as long as the text: {summary_words} of {document_words} words"
        )
    else:
        output = CheckedSummary(case.document, summary, case.lang)
        for rule in case.rules:
            yield from rule.violations(output)
