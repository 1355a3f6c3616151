"""Rows sorted into parts by a column: by its values, its quarters or its years."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import RecipeError

DOCUMENT_WORDS = "document_words"
"""Stands for the length of the document where a column is asked for."""
MOST = 20  # different values that are shown as they are
_DATE = re.compile(r"(\d{4})(-\d\d){0,2}([ T].*)?")

Label = str | float | None
Parts = dict[str, NDArray[np.int64]]
"""Name of a part → the places of its rows."""


def parts(labels: Sequence[Label], *, name: str) -> Parts:
    """Sort rows by what stands in a column; rows without a value come last, under "none".

    Few different values stand as they are, the most frequent first; many numbers are cut at
    their quartiles, many dates (2024-03-12) at their years. RecipeError for many other texts.
    """
    there = [label for label in labels if label is not None]
    if not there:
        raise RecipeError(f"{name}: no row has a value there.")
    if len({*there}) <= MOST:
        return _in_order(_as_they_are(labels), labels)
    if all(isinstance(label, int | float) for label in there):
        return _in_order(_quarters(labels, np.array(there, dtype=np.float64)), labels)
    if all(isinstance(label, str) and _DATE.fullmatch(label) for label in there):
        years = [None if label is None else float(str(label)[:4]) for label in labels]
        return _in_order(_as_they_are(years), years)
    raise RecipeError(
        f"{name}: {len({*there})} different texts.\n"
        f"  Give a column of at most {MOST} values, of numbers or of dates (2024-03-12)."
    )


def _as_they_are(labels: Sequence[Label]) -> list[str | None]:
    return [None if label is None else _written(label) for label in labels]


def _quarters(labels: Sequence[Label], values: NDArray[np.float64]) -> list[str | None]:
    edges = np.unique(np.quantile(values, [0.25, 0.5, 0.75], method="lower")).tolist()
    names = [f"up to {_written(edges[0])}"]
    names += [f"over {_written(a)}, up to {_written(b)}" for a, b in pairwise(edges)]
    names.append(f"over {_written(edges[-1])}")
    return [
        None if label is None else names[int(np.searchsorted(edges, label))] for label in labels
    ]


def _in_order(named: Sequence[str | None], labels: Sequence[Label]) -> Parts:
    """Give the parts by their numbers where they have any, else the most frequent first."""
    numbers = {n: x for n, x in zip(named, labels, strict=True) if isinstance(x, int | float)}
    times = Counter(named)
    parts_named = {part for part in named if part is not None}
    order = sorted(parts_named, key=lambda part: (numbers.get(part, 0), -times[part], part))
    found = {part: np.flatnonzero([n == part for n in named]) for part in order}
    missing = np.flatnonzero([n is None for n in named])
    return {**found, "none": missing} if len(missing) else found


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"
