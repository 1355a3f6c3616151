"""Figures and rows shown on a terminal, and what a summary shares with its reference."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abrege.core.types import Candidate
    from abrege.evaluation.score_files import RowCollector
    from abrege.evaluation.score_table import ScoringRequest
    from abrege.metrics.alignment import AlignedWord

LONGEST = 4_000_000
"""Words of a summary times words of its reference: more take minutes to explain."""
BOLD, UNDERLINED, PLAIN = "\x1b[1m", "\x1b[4m", "\x1b[0m"


def rows(kept: "RowCollector", asked: "ScoringRequest", *, lang: str | None) -> Iterator[str]:
    """Give the lines that show what was kept."""
    from abrege.metrics.registry import METRICS

    title = METRICS[asked.metrics[0]].in_sentence
    for name, end in zip(("best", "worst"), kept.best_and_worst(), strict=True):
        for value, row in end:
            yield f"\n{name}, {title} {figure(asked.metrics[0], value)}: {row.id}"
            yield f"  {row.prediction}"
            yield from (f"  reference: {reference}" for reference in row.references)
    for row in kept.explained:
        yield from _explained(row, lang=lang, stemmer=asked.reading.stemmer)
    if kept.explained:
        bold, underlined = _signs()
        yield f"\n{bold[0]}shared word{bold[1]}, {underlined[0]}and in order{underlined[1]}"
    yield ""


def figure(metric: str, value: float | None, *, sign: bool = False) -> str:
    """Write a value: shares as per cent, ratios and counts as they are."""
    if value is None:
        return "–"
    from abrege.metrics.registry import get_metric

    return get_metric(metric).format(value, signed=sign, with_unit=False)


def columns(rows: list[list[str]]) -> list[str]:
    """Set cells out in columns, the first to the left and figures to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _explained(row: "Candidate", *, lang: str | None, stemmer: bool) -> Iterator[str]:
    from abrege.metrics.alignment import align
    from abrege.metrics.faithfulness import unsupported_facts

    for reference in row.references:
        if len(row.prediction.split()) * len(reference.split()) > LONGEST:
            yield f"\n{row.id}: too long to be explained word by word"
            continue
        ours, theirs = align(row.prediction, reference, lang=lang, stemmer=stemmer)
        counts = [(sum(getattr(m, kind) for m in ours)) for kind in ("word", "in_order")]
        yield (
            f"\n{row.id}: {counts[0]} words shared of {len(ours)} and {len(theirs)}, "
            f"{counts[1]} in the same order"
        )
        yield f"  {marked(row.prediction, ours)}"
        yield f"  reference: {marked(reference, theirs)}"
    if row.document is not None:
        missing = unsupported_facts(row.document, row.prediction, lang=lang)
        said = ", ".join(f"{fact.text} ({fact.kind})" for fact in missing) or "nothing found"
        yield f"  not in the document: {said}"


def marked(text: str, marks: "Sequence[AlignedWord]") -> str:
    """Write a text with its shared words marked, and those that stand in order twice."""
    bold, underlined = _signs()
    pieces, at = [], 0
    for mark in marks:
        pieces.append(text[at : mark.start])
        word, at = text[mark.start : mark.end], mark.end
        if mark.in_order:
            word = f"{underlined[0]}{word}{underlined[1]}"
        elif mark.word:
            word = f"{bold[0]}{word}{bold[1]}"
        pieces.append(word)
    return "".join([*pieces, text[at:]])


def _signs() -> tuple[tuple[str, str], tuple[str, str]]:
    """Give what stands before and after a shared word, and one in order: signs off a terminal."""
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return (BOLD, PLAIN), (BOLD + UNDERLINED, PLAIN)
    return ("*", "*"), ("**", "**")
