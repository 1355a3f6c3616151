"""Details of single rows, collected in the pass that scores them."""

import heapq
from dataclasses import dataclass, field
from math import isnan
from typing import Any, TypeAlias

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import EvaluationRow
from abrege.evaluation.breakdown import DOCUMENT_WORDS, Label
from abrege.metrics.registry import nearest
from abrege.text.tokenize import count_words

RowHeap: TypeAlias = list[tuple[float, int, EvaluationRow]]


@dataclass
class RowCollector:
    """Collects what is requested of each row in addition to its scores."""

    by: str | None = None
    """The column of the breakdown, or DOCUMENT_WORDS."""
    explain: frozenset[str] = frozenset()
    """Ids of rows whose texts are collected."""
    examples: int = 0
    """How many of the best and of the worst rows are collected, by the first metric."""
    lower_is_better: bool = False
    """The direction of the first metric."""
    lengths: bool = False
    """Whether the words of predictions and references are counted."""
    word_counts: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    """Of the predictions, and of the references."""
    columns: set[str] = field(default_factory=set)
    """The columns that some row has."""
    labels: list[Label] = field(default_factory=list)
    """The value of each row in the column `by`."""
    explained: list[EvaluationRow] = field(default_factory=list)
    heaps: tuple[RowHeap, RowHeap] = field(default_factory=lambda: ([], []))
    """The best and the worst rows, as heaps of (± score, − row number, row)."""

    def add(self, row: EvaluationRow, score: float, number: int, lang: str | None) -> None:
        """Collect what is requested of a row.

        score   by the first metric; NaN where it has none
        number  index of the row
        lang    the language for counting words
        """
        if self.lengths:
            self.word_counts[0].append(count_words(row.prediction, lang))
            self.word_counts[1].extend(count_words(r, lang) for r in row.references)
        if self.by is not None:
            self.columns |= {DOCUMENT_WORDS, *_columns(row)}
            self.labels.append(_label(row, self.by, lang))
        if row.id in self.explain:
            self.explained.append(row)
        for sign, heap in zip(self._signs, self.heaps, strict=True):
            if self.examples and not isnan(score):
                heapq.heappush(heap, (sign * score, -number, row))
                if len(heap) > self.examples:
                    heapq.heappop(heap)

    def check(self) -> None:
        """Raise an error for a requested column or row id that no row has."""
        if self.by is not None and self.by not in self.columns:
            hint = nearest(self.by, sorted(self.columns))
            raise RecipeError(f"--by {self.by}: there is no such column; {hint}")
        if missing := self.explain - {row.id for row in self.explained}:
            raise DataError(f"--explain {min(missing)}: there is no row with this id.")

    def best_and_worst(self) -> tuple[list[tuple[float, EvaluationRow]], ...]:
        """Return the best and the worst rows with their scores, the most extreme first."""
        return tuple(
            [(sign * score, row) for score, _, row in sorted(heap, reverse=True)]
            for sign, heap in zip(self._signs, self.heaps, strict=True)
        )

    @property
    def _signs(self) -> tuple[int, int]:
        return (-1, 1) if self.lower_is_better else (1, -1)


def _label(row: EvaluationRow, by: str, lang: str | None) -> Label:
    """Return the value of a row in a column, or the words of its document."""
    if by == DOCUMENT_WORDS:
        if row.document is None:
            raise RecipeError(f"--by {by} needs the documents.\n  Give them with --data.")
        return count_words(row.document, lang)
    value = _columns(row).get(by)
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


def _columns(row: EvaluationRow) -> dict[str, Any]:
    return {"group": row.group, "lang": row.lang, **row.meta}
