"""What can be wrong with a pair of a document and its summary, and how often that is usual.

The shares from which on a check says look, and bad, come from real data (docs/log.md): a check is
fine at what DialogSum, OrangeSum's titles and SciTLDR show, but for flaws known of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal, TypeAlias

from abrege.core.types import Pair
from abrege.metrics import faithfulness
from abrege.metrics import format_checks as form
from abrege.text import language
from abrege.text.tokenize import is_unspaced, word_tokenize

Verdict: TypeAlias = Literal["fine", "look", "bad"]


@dataclass(frozen=True)
class Check:
    """A thing to look for in all rows: what it is called, and the shares that are unusual."""

    title: str
    meaning: str
    look: float
    """A larger share is worth a look."""
    bad: float
    """A larger share is bad."""
    remedy: str

    def verdict(self, share: float) -> Verdict:
        """Judge the share of rows that have it."""
        return "bad" if share > self.bad else "look" if share > self.look else "fine"


DROP = "drop these rows"
CHECKS = {
    "unusable": Check("no pair at all", "a document or a summary is missing, empty or no text",
        0, 0.01, "mend these rows, or take them out"),
    "short": Check("nearly empty summary", "fewer than 3 words", 0.01, 0.05, DROP),
    "boilerplate": Check("boilerplate summary",
        "the same summary stands beside 3 or more different documents", 0.01, 0.05, DROP),
    "wrapped": Check("summary with a wrapping",
        "a preamble (Here is a summary:), quotation marks around it, Markdown or HTML",
        0.01, 0.05, "strip it, or drop these rows"),
    "longer": Check("summary longer than its document", "as many words, or more",
        0.002, 0.02, "are the two columns exchanged? Else drop these rows"),
    "compression": Check("extreme compression",
        "the document has less than 1.5 or more than 150 words for each of the summary",
        0.01, 0.05, "drop these rows, or part long documents"),
    "copied": Check("summary copied", "it stands in its document, word for word",
        0.05, 0.2, "a rule can do this: drop these rows, or compare with lead"),
    "lead": Check("summary is the lead",
        "4 in 5 of its pairs of words stand in the document's first words, twice its length",
        0.05, 0.2, "a rule can do this: drop these rows, or compare with lead"),
    "unsupported": Check("unsupported number or name",
        "a number, date, name or quotation of the summary does not stand in its document",
        0.2, 0.5, "a model learns to invent what is asked of it so: drop these rows"),
    "language": Check("other language",
        "document or summary is not in the row's language, or that of most rows", 0.01, 0.05,
        "drop these rows, or name each row's language in a column"),
    "duplicate": Check("row repeated", "an earlier row has the same document and summary",
        0.01, 0.05, "keep one of them"),
    "several": Check("several summaries of a document",
        "an earlier row of no common group has the same document and another summary",
        0.01, 1, "give these rows one group, or one row with several references"),
    "near": Check("document nearly repeated", "an earlier row has nearly the same document",
        0.02, 0.1, "keep one of each; abrege split keeps them in one split"),
    "leaks": Check("test seen in training",
        "the document or the summary of a valid or test row stands in an earlier split",
        0, 0.01, "take them out of one split, or let abrege split divide all rows"),
    "cut": Check("document cut", "it does not fit into max_tokens beside request and summary",
        0.05, 0.25, "raise tune.max_length, or part long documents"),
}  # fmt: skip
"""In the order they are told."""
SAMPLED = ("unsupported", "language", "cut")
"""Checks that take milliseconds a row: where rows are many, of a sample."""
BY_ROW = ("short", "wrapped", "longer", "compression", "copied", "lead")
"""Checks of a row by itself that take no longer than reading it."""
FEWEST_WORDS = 3
COMPRESSION = (1.5, 150.0)
LEAD = 0.8


@dataclass(frozen=True)
class Finding:
    """What a check says of a row: what it found, or None where the row is fine."""

    check: str
    found: str | None


@dataclass(frozen=True)
class Look:
    """What a quick look at a pair gives: how many words there are, and what checks found."""

    document_words: int
    summary_words: int
    """Of the first summary."""
    findings: Sequence[Finding]


@dataclass(frozen=True)
class _Texts:
    """A document and one of its summaries, cut into words."""

    document: Sequence[str]
    summary: Sequence[str]
    written: str
    """The summary as it stands."""


def look_at(pair: Pair, *, lang: str | None) -> Look:
    """Give what each of BY_ROW finds in a pair; of several summaries, the first that has it.

    Checks that count words say nothing of a script without spaces between words.
    """
    document = word_tokenize(pair.document, lang)
    texts = [_Texts(document, word_tokenize(summary, lang), summary) for summary in pair.references]
    unspaced = is_unspaced(pair.document[:1000])
    findings = [
        Finding(check, next((said for text in texts if (said := found(text))), None))
        for check, found in _WAYS.items()
        if check == "wrapped" or not unspaced
    ]
    return Look(len(document), len(texts[0].summary), findings)


def look_closely(pair: Pair, *, lang: str | None) -> Iterator[Finding]:
    """Yield what the slow checks find in a pair: facts that are unsupported, and its language.

    lang  of most rows; a row that names its own is held against that

    Nothing is said of the language of texts too short to tell it.
    """
    own = pair.lang or lang
    missing = [
        f"{fact.text} ({fact.kind})"
        for summary in pair.references
        for fact in faithfulness.unsupported_facts(pair.document, summary, lang=own)
    ]
    yield Finding("unsupported", ", ".join(dict.fromkeys(missing)) or None)
    texts = {"document": [pair.document], "summary": pair.references}
    told = {
        f"{what} looks like {language.detect([text])}": form.is_in_language(text, own)
        for what, found in texts.items()
        for text in found
    }
    if {*told.values()} - {None}:
        wrong = [said for said, right in told.items() if right is False]
        yield Finding("language", ", ".join(wrong) or None)


def interval(flagged: int, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share seen in a sample (Wilson 1927)."""
    z = 1.959964
    share, spread = flagged / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / spread
    half = z / spread * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _short(texts: _Texts) -> str | None:
    count = len(texts.summary)
    return f"{count} word{'' if count == 1 else 's'}" if count < FEWEST_WORDS else None


def _wrapped(texts: _Texts) -> str | None:
    found = [*form.find_markup(texts.written)]
    opening = form.find_preamble(texts.written)
    return ", ".join([*([opening] if opening else []), *found]) or None


def _longer(texts: _Texts) -> str | None:
    document, summary = len(texts.document), len(texts.summary)
    return f"{summary} words of {document}" if summary >= document else None


def _compression(texts: _Texts) -> str | None:
    document, summary = len(texts.document), len(texts.summary)
    if not summary or summary >= document or COMPRESSION[0] <= document / summary <= COMPRESSION[1]:
        return None
    return f"{document / summary:.1f} ({document} words to {summary})"


def _copied(texts: _Texts) -> str | None:
    document, summary = texts.document, texts.summary
    if len(summary) < FEWEST_WORDS or f" {' '.join(summary)} " not in f" {' '.join(document)} ":
        return None
    return f"{len(summary)} words in a row"


def _lead(texts: _Texts) -> str | None:
    document, summary = texts.document, texts.summary
    if len(summary) < FEWEST_WORDS:
        return None
    own, lead = _twos(summary), _twos(document[: 2 * len(summary)])
    share = len(own & lead) / len(own)
    return f"{share:.0%} of its pairs of words" if share >= LEAD else None


def _twos(found: Sequence[str]) -> set[tuple[str, str]]:
    return {*pairwise(found)}


_WAYS: dict[str, Callable[[_Texts], str | None]] = {
    "short": _short,
    "wrapped": _wrapped,
    "longer": _longer,
    "compression": _compression,
    "copied": _copied,
    "lead": _lead,
}
