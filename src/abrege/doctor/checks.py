"""The checks of (document, summary) pairs, and the shares of flagged rows that are usual.

The shares from which a check says look, and bad, come from real data (docs/log.md): a check is
fine at what DialogSum, OrangeSum's titles and SciTLDR show, except for known flaws of theirs.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal, TypeAlias

from abrege.core.types import Pair
from abrege.data.debris import find_debris
from abrege.metrics import faithfulness, format_checks
from abrege.text import language
from abrege.text.tokenize import is_unspaced, word_tokenize

CheckVerdict: TypeAlias = Literal["fine", "look", "bad"]


@dataclass(frozen=True)
class Check:
    """A flaw to look for in every row, and the shares of flagged rows that are unusual.

    look  a larger share deserves a look
    bad   a larger share is bad
    """

    title: str
    meaning: str
    look: float
    bad: float
    remedy: str

    def verdict(self, share: float) -> CheckVerdict:
        """Judge the share of flagged rows."""
        return "bad" if share > self.bad else "look" if share > self.look else "fine"


_OTHER_CHECKS = ("html", "control")
"""Kinds of markup that are debris and control words, in documents too."""
_DROP = "drop these rows"
CHECKS = {
    "unusable": Check("not a pair", "a document or a summary is missing, empty or not a text",
        0, 0.01, "repair these rows, or remove them"),
    "short": Check("nearly empty summary", "fewer than 3 words", 0.01, 0.05, _DROP),
    "boilerplate": Check("boilerplate summary",
        "3 or more different documents have the same summary", 0.01, 0.05, _DROP),
    "wrapped": Check("wrapped summary",
        "a preamble (Here is a summary:), quotation marks around it, or Markdown",
        0.01, 0.05, "strip it, or drop these rows"),
    "debris": Check("debris of a conversion",
        "mojibake, HTML, entities, placeholders of data sets in document or summary",
        0.01, 0.05, "mend the conversion, or drop these rows"),
    "page": Check("words of the page",
        "datelines, captions, links to more, rights in document or summary",
        0.05, 0.25, "strip them; abrege clean removes some from documents"),
    "control": Check("control words",
        "special tokens of a model as words, such as <|im_end|>, in document or summary",
        0, 0.01, _DROP),
    "unfinished": Check("unfinished summary",
        "it ends in a comma or a word that needs another, or without the full stop that 9 in 10 "
        "summaries have", 0.01, 0.05, _DROP),
    "mismatch": Check("summary of another row",
        "1 in 20 documents of other rows has as many of its rare words as its own",
        0.05, 0.1, "check that the rows of both columns belong together, then drop these rows"),
    "longer": Check("summary longer than its document", "at least as many words",
        0.002, 0.02, "check that the two columns are not swapped, then drop these rows"),
    "compression": Check("extreme compression",
        "the document has less than 1.5 or more than 150 words per word of the summary",
        0.01, 0.05, "drop these rows, or split long documents"),
    "copied": Check("copied summary", "the document contains the summary word for word",
        0.05, 0.2, "a rule can do this: drop these rows, or compare with lead"),
    "lead": Check("lead summary",
        "4 in 5 of its word bigrams are in the beginning of the document, twice as long",
        0.05, 0.2, "a rule can do this: drop these rows, or compare with lead"),
    "unsupported": Check("unsupported number or name",
        "the document does not contain a number, date, name or quotation of the summary",
        0.2, 0.5, "such rows teach a model to invent facts: drop them"),
    "language": Check("other language",
        "document or summary is not in the language of the row, or of most rows", 0.01, 0.05,
        "drop these rows, or give the language of each row in a column"),
    "duplicate": Check("duplicate row", "an earlier row has the same document and summary",
        0.01, 0.05, "keep one of them"),
    "several": Check("several summaries of a document",
        "an earlier row outside its group has the same document with another summary",
        0.01, 1, "give these rows one group, or make one row with several references"),
    "near": Check("near-duplicate document", "an earlier row has nearly the same document",
        0.02, 0.1, "keep one of each; abrege split keeps them in one split"),
    "leaks": Check("leaked into training",
        "an earlier split has the document or the summary of a valid or test row",
        0, 0.01, "remove them from one split, or let abrege split divide all rows"),
    "cut": Check("truncated document",
        "it does not fit into max_length together with prompt and summary",
        0.05, 0.25, "raise tune.max_length, or split long documents"),
}  # fmt: skip
"""The checks in the order of the tables."""
SAMPLED = ("unsupported", "language", "cut")
"""Checks that take milliseconds per row: of many rows, they look at a sample."""
BY_ROW = (
    *("short", "wrapped", "longer", "compression", "copied", "lead"),
    *("debris", "page", "control"),
)
"""Checks of a single row that take no longer than reading it."""
FEWEST_WORDS = 3
COMPRESSION = (1.5, 150.0)
LEAD = 0.8


@dataclass(frozen=True)
class CheckFinding:
    """What a check found in a row: the evidence, or None where the row is fine.

    kinds  each kind of flaw, with an example, where the check has several
    """

    check: str
    evidence: str | None
    kinds: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class QuickChecks:
    """The word counts of a pair, and what the quick checks found in it.

    summary_words  of the first reference
    """

    document_words: int
    summary_words: int
    findings: Sequence[CheckFinding]


@dataclass(frozen=True)
class _TokenizedPair:
    """The words of a document and of one of its summaries, and the summary as it is written."""

    document: Sequence[str]
    summary: Sequence[str]
    summary_text: str


def run_quick_checks(pair: Pair, *, lang: str | None) -> QuickChecks:
    """Run the checks in BY_ROW on a pair; of several summaries, the first flagged one counts.

    Checks that count words skip scripts without spaces between words.
    """
    document = word_tokenize(pair.document, lang)
    texts = [_TokenizedPair(document, word_tokenize(text, lang), text) for text in pair.references]
    unspaced = is_unspaced(pair.document[:1000])
    findings = [
        CheckFinding(check, next(filter(None, map(find, texts)), None))
        for check, find in _QUICK_CHECKS.items()
        if check == "wrapped" or not unspaced
    ]
    findings += _find_residue(pair)
    return QuickChecks(len(document), len(texts[0].summary), findings)


def run_slow_checks(
    pair: Pair, *, lang: str | None, checks: Collection[str] = ("unsupported", "language")
) -> Iterator[CheckFinding]:
    """Yield what the slow checks find in a pair: unsupported facts, and another language.

    lang    of most rows; the language of the row itself takes precedence
    checks  the ones to run

    The language of texts that are too short to detect it is not judged.
    """
    row_lang = pair.lang or lang
    if "unsupported" in checks:
        facts = [
            f"{fact.text} ({fact.kind})"
            for summary in pair.references
            for fact in faithfulness.unsupported_facts(pair.document, summary, lang=row_lang)
        ]
        yield CheckFinding("unsupported", ", ".join(dict.fromkeys(facts)) or None)
    if "language" in checks:
        yield from _find_language(pair, row_lang)


def _find_language(pair: Pair, lang: str | None) -> Iterator[CheckFinding]:
    texts = {"document": [pair.document], "summary": pair.references}
    is_expected = {
        f"{part} looks like {language.detect([text])}": format_checks.is_in_language(text, lang)
        for part, of_part in texts.items()
        for text in of_part
    }
    if {*is_expected.values()} - {None}:
        others = [evidence for evidence, right in is_expected.items() if right is False]
        yield CheckFinding("language", ", ".join(others) or None)


def _find_residue(pair: Pair) -> Iterator[CheckFinding]:
    """Yield what conversions, pages and models left behind in the document and the summaries."""
    kinds: dict[str, dict[str, str]] = {"debris": {}, "page": {}, "control": {}}
    parts: dict[str, dict[str, None]] = {check: {} for check in kinds}
    for part, texts in (("document", [pair.document]), ("summary", pair.references)):
        for text in texts:
            for debris in find_debris(text):
                check = "debris" if debris.kind.group == "damage" else "page"
                kinds[check].setdefault(debris.kind.name, debris.text)
                parts[check][part] = None
            if ("<" in text or "[" in text) and (word := format_checks.CONTROL.search(text)):
                kinds["control"].setdefault(word.group(), text[max(0, word.start() - 20) :][:60])
                parts["control"][part] = None
    for check, examples in kinds.items():
        evidence = ", ".join(f"{kind}: {example}" for kind, example in examples.items())
        where = " and ".join(parts[check])
        yield CheckFinding(
            check, f"{evidence} ({where})" if evidence else None, [*examples.items()]
        )


def wilson_interval(flagged: int, n: int) -> tuple[float, float]:
    """Compute the 95 % interval of a share observed in a sample (Wilson 1927)."""
    z = 1.959964
    share, spread = flagged / n, 1 + z * z / n
    center = (share + z * z / (2 * n)) / spread
    half = z / spread * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, center - half), min(1.0, center + half)


def _find_short(texts: _TokenizedPair) -> str | None:
    count = len(texts.summary)
    return f"{count} word{'' if count == 1 else 's'}" if count < FEWEST_WORDS else None


def _find_wrapping(texts: _TokenizedPair) -> str | None:
    preamble = format_checks.find_preamble(texts.summary_text)
    signs = format_checks.find_markup(texts.summary_text)
    own = [sign for sign in signs if sign not in _OTHER_CHECKS]
    return ", ".join([*([preamble] if preamble else []), *own]) or None


def _find_longer(texts: _TokenizedPair) -> str | None:
    document, summary = len(texts.document), len(texts.summary)
    return f"{summary} words of {document}" if summary >= document else None


def _find_compression(texts: _TokenizedPair) -> str | None:
    document, summary = len(texts.document), len(texts.summary)
    if not summary or summary >= document or COMPRESSION[0] <= document / summary <= COMPRESSION[1]:
        return None
    return f"{document / summary:.1f} ({document} words to {summary})"


def _find_copy(texts: _TokenizedPair) -> str | None:
    document, summary = texts.document, texts.summary
    if len(summary) < FEWEST_WORDS or f" {' '.join(summary)} " not in f" {' '.join(document)} ":
        return None
    return f"{len(summary)} words in a row"


def _find_lead(texts: _TokenizedPair) -> str | None:
    document, summary = texts.document, texts.summary
    if len(summary) < FEWEST_WORDS:
        return None
    bigrams, lead = {*pairwise(summary)}, {*pairwise(document[: 2 * len(summary)])}
    share = len(bigrams & lead) / len(bigrams)
    return f"{share:.0%} of its word bigrams" if share >= LEAD else None


_QUICK_CHECKS: dict[str, Callable[[_TokenizedPair], str | None]] = {
    "short": _find_short,
    "wrapped": _find_wrapping,
    "longer": _find_longer,
    "compression": _find_compression,
    "copied": _find_copy,
    "lead": _find_lead,
}
