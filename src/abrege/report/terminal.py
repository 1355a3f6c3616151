"""Render tables and examples for a terminal."""

import os
import sys
from collections.abc import Iterator, Sequence

from abrege.core.types import EvaluationRow
from abrege.metrics.alignment import AlignedWord, align
from abrege.metrics.faithfulness import unsupported_facts
from abrege.report.table import Cell, Table, TextCell

MAX_MATCHING = 4_000_000
"""Words of a summary times words of its reference: matching more than this takes minutes."""
_BOLD, _UNDERLINE, _PLAIN = "\x1b[1m", "\x1b[4m", "\x1b[0m"


def render_table(table: Table) -> str:
    """Return a table as lines: caption, aligned columns and notes; a cell's note follows it.

    The minus sign is that of ASCII, so that numbers can be copied into other programs.
    """
    cells = [[column.heading for column in table.columns]]
    cells += [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [table.caption, ""] if table.caption else []
    for row in cells:
        padded = (
            text.ljust(width) if column.alignment == "left" else text.rjust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    if table.notes:
        lines += ["", *table.notes]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    text = f"{cell.text} {cell.note}".rstrip()
    return text if isinstance(cell, TextCell) else text.replace("−", "-")


def render_example(title: str, row: EvaluationRow) -> str:
    """Return the prediction of a row and its references under a title."""
    references = (f"  reference: {reference}" for reference in row.references)
    return "\n".join([f"{title}: {row.id}", f"  {row.prediction}", *references])


def render_matches(row: EvaluationRow, *, lang: str | None, stemmer: bool) -> str:
    """Return a prediction with the words it shares with each reference, and unsupported facts.

    Words are set off as `match_legend` says.
    """
    text = "\n\n".join(
        _render_match(row, reference, lang=lang, stemmer=stemmer) for reference in row.references
    )
    if row.document is not None:
        facts = unsupported_facts(row.document, row.prediction, lang=lang)
        names = ", ".join(f"{fact.text} ({fact.kind})" for fact in facts)
        text += f"\n  not in the document: {names or 'no fact'}"
    return text


def match_legend() -> str:
    """Return the line that explains how shared words are set off."""
    match, order = _signs()
    return f"{match[0]}shared word{match[1]}, {order[0]}shared and in order{order[1]}"


def _render_match(row: EvaluationRow, reference: str, *, lang: str | None, stemmer: bool) -> str:
    if len(row.prediction.split()) * len(reference.split()) > MAX_MATCHING:
        return f"{row.id}: too long to be explained word by word"
    in_prediction, in_reference = align(row.prediction, reference, lang=lang, stemmer=stemmer)
    shared = sum(mark.unigram for mark in in_prediction)
    ordered = sum(mark.in_lcs for mark in in_prediction)
    return "\n".join(
        [
            f"{row.id}: {shared} words shared of {len(in_prediction)} and {len(in_reference)}, "
            f"{ordered} in the same order",
            f"  {highlight_matches(row.prediction, in_prediction)}",
            f"  reference: {highlight_matches(reference, in_reference)}",
        ]
    )


def highlight_matches(text: str, marks: Sequence[AlignedWord]) -> str:
    """Return a text with its shared words set off, and those in the same order more so."""
    return "".join(_pieces(text, marks))


def _pieces(text: str, marks: Sequence[AlignedWord]) -> Iterator[str]:
    match, order = _signs()
    end = 0
    for mark in marks:
        yield text[end : mark.start]
        word, end = text[mark.start : mark.end], mark.end
        before, after = order if mark.in_lcs else match if mark.unigram else ("", "")
        yield f"{before}{word}{after}"
    yield text[end:]


def _signs() -> tuple[tuple[str, str], tuple[str, str]]:
    """Return what is before and after a shared word, and one in order; asterisks in a pipe."""
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return (_BOLD, _PLAIN), (_BOLD + _UNDERLINE, _PLAIN)
    return ("*", "*"), ("**", "**")
