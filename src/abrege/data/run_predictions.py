"""A system's summaries in a run folder, which must be those of the run's rows."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.io import read_jsonl
from abrege.core.types import Pair, Prediction


def read(path: Path, pairs: Sequence[Pair]) -> list[Prediction]:
    """Read a system's predictions; DataError unless they are those of the pairs, in order."""
    found = list(read_jsonl(path, Prediction))
    for number, (pair, prediction) in enumerate(zip_longest(pairs, found), start=1):
        if pair is None or prediction is None or pair.id != prediction.id:
            expected = "no more rows" if pair is None else f"id {pair.id!r}"
            there = "the file's end" if prediction is None else f"id {prediction.id!r}"
            raise DataError(
                f"{path}:{number}: expected {expected}, as in split/test.jsonl, found {there}.\n"
                "  Delete this file and its manifest, and run abrege generate again."
            )
    return found
