"""Marks that decoders and data sets leave in summaries: special tokens, thoughts, sentence ends."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from abrege.core.types import EvaluationRow
from abrege.metrics.format_checks import CONTROL

_LATEX = "abla|atural|earrow|eg|eq|e|exists|i|leq|less|mid|newline|oindent|otin|ot|u"
"""Commands of LaTeX after the n of a backslash: these are no line ends."""
_SENTENCE_ENDS = rf"<q>|<n>|<S_SEP>|<sep>|\[SEP\]|\\n(?!(?:{_LATEX})\b)"
SENTENCE_ENDS = re.compile(_SENTENCE_ENDS)
"""Marks between the sentences of a summary, of BertSum, Pegasus and others; an escaped newline."""
MARKS = re.compile(rf"{CONTROL.pattern}|</?thinking>|{_SENTENCE_ENDS}")
SHOWN_MARKS = 3


def find_marks(row: EvaluationRow) -> Iterator[str]:
    """Yield each different mark of a prediction, and each sentence end of its references."""
    yield from dict.fromkeys(MARKS.findall(row.prediction))
    ends = dict.fromkeys(end for text in row.references for end in SENTENCE_ENDS.findall(text))
    yield from (f"{end} in references" for end in ends)


def end_lines(row: EvaluationRow, separator: str | None) -> EvaluationRow:
    """Return a row whose summaries have the end of a line in the place of each separator."""
    if separator is None:
        return row
    return replace(
        row,
        prediction=row.prediction.replace(separator, "\n"),
        references=[reference.replace(separator, "\n") for reference in row.references],
    )


def describe_marks(marks: Mapping[str, int]) -> str:
    """Return what to say about marks, mark → rows that have it."""
    counts = Counter(marks).most_common(SHOWN_MARKS)
    listed = ", ".join(f"{mark} in {rows} row{'s' * (rows > 1)}" for mark, rows in counts)
    remedy = "remove them before scoring"
    end = next((mark.split()[0] for mark in marks if SENTENCE_ENDS.match(mark)), None)
    if end is not None:
        remedy += f", or name the one that ends a sentence: --sentence-separator '{end}'"
    return f"marks are scored as words ({listed}); {remedy}"
