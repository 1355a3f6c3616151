"""Breakdown of rows by a column: by its values, its quartiles or its years."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import RecipeError

DOCUMENT_WORDS = "document_words"
"""The length of the document, as a column."""
MAX_VALUES = 20
"""Up to this number of distinct values, each value is a part of its own."""
_DATE = re.compile(r"(\d{4})(-\d\d){0,2}([ T].*)?")

Label = str | float | None
Parts = dict[str, NDArray[np.int64]]
"""Name of a part → the indices of its rows."""


def split_by_label(labels: Sequence[Label], *, name: str) -> Parts:
    """Split rows by their labels; rows without a label come last, as "none".

    name  of the column, for error messages

    Few different labels are the parts, the most frequent first; many numbers are split at their
    quartiles, many dates (2024-03-12) by year. Raise RecipeError for many other texts, or where
    no row has a label.
    """
    values = [label for label in labels if label is not None]
    if not values:
        raise RecipeError(f"{name}: no row has a value in this column.")
    distinct = len({*values})
    if distinct <= MAX_VALUES:
        return _in_order(_written_labels(labels), labels)
    if all(isinstance(label, int | float) for label in values):
        return _in_order(_quartiles(labels, np.array(values, dtype=np.float64)), labels)
    if all(isinstance(label, str) and _DATE.fullmatch(label) for label in values):
        years = [None if label is None else float(str(label)[:4]) for label in labels]
        return _in_order(_written_labels(years), years)
    raise RecipeError(
        f"{name}: {distinct} different texts.\n"
        f"  Give a column of at most {MAX_VALUES} values, of numbers or of dates (2024-03-12)."
    )


def _written_labels(labels: Sequence[Label]) -> list[str | None]:
    return [None if label is None else _written(label) for label in labels]


def _quartiles(labels: Sequence[Label], values: NDArray[np.float64]) -> list[str | None]:
    edges = np.unique(np.quantile(values, [0.25, 0.5, 0.75], method="lower")).tolist()
    names = [f"up to {_written(edges[0])}"]
    names += [f"over {_written(a)}, up to {_written(b)}" for a, b in pairwise(edges)]
    names.append(f"over {_written(edges[-1])}")
    return [
        None if label is None else names[int(np.searchsorted(edges, label))] for label in labels
    ]


def _in_order(part_of_row: Sequence[str | None], labels: Sequence[Label]) -> Parts:
    """Return the parts in the order of their numbers, or else by frequency."""
    numbers = {
        part: label
        for part, label in zip(part_of_row, labels, strict=True)
        if isinstance(label, int | float)
    }
    sizes = Counter(part_of_row)
    names = {part for part in part_of_row if part is not None}
    order = sorted(names, key=lambda part: (numbers.get(part, 0), -sizes[part], part))
    parts = {name: np.flatnonzero([part == name for part in part_of_row]) for name in order}
    missing = np.flatnonzero([part is None for part in part_of_row])
    return {**parts, "none": missing} if len(missing) else parts


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"
