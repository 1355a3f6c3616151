"""Which rows repeat one another, of many: what is remembered of a row is 25 bytes."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from abrege.core.types import Pair
from abrege.data.leakage import MIN_SUMMARY_WORDS
from abrege.data.split_exact import text_key

BOILERPLATE = 3
"""Different documents; a summary that stands beside so many says nothing of any."""


@dataclass(frozen=True)
class Repeat:
    """What a row repeats, and the number of the row that has it first; None where many have it."""

    what: str
    like: int | None = None


@dataclass
class Seen:
    """What is remembered of the rows passed: hashes of 64 bits, and the number of its split.

    Two of a million texts that differ have one hash with a probability of 3 in 100 million.
    """

    documents: "array[int]" = field(default_factory=lambda: array("Q"))
    summaries: "array[int]" = field(default_factory=lambda: array("Q"))
    """Of the first reference."""
    groups: "array[int]" = field(default_factory=lambda: array("Q"))
    """0 of rows without a group."""
    telling: "array[int]" = field(default_factory=lambda: array("B"))
    """Whether the summary is long enough to be the same as another by no chance."""

    def add(self, pair: Pair, *, summary_words: int) -> None:
        """Remember a row; rows are numbered in the order they are added."""
        summary = pair.references[0]
        self.documents.append(_hash(text_key(pair.document)))
        self.summaries.append(_hash(text_key(summary)))
        self.groups.append(0 if pair.group is None else _hash(pair.group))
        self.telling.append(summary_words >= MIN_SUMMARY_WORDS)

    def repeated(self) -> dict[str, dict[int, Repeat]]:
        """Find rows that repeat an earlier one whole (`duplicate`) or its document (`several`).

        Rows of one group may share their document: that is what a group is for.
        """
        found: dict[str, dict[int, Repeat]] = {"duplicate": {}, "several": {}}
        for run in runs(self.documents):
            first: dict[int, int] = {}
            for row in run.tolist():
                like = first.setdefault(self.summaries[row], row)
                one_group = self.groups[row] and self.groups[row] == self.groups[run[0]]
                if like != row:
                    found["duplicate"][row] = Repeat("document and summary of", like)
                elif row != run[0] and not one_group:
                    found["several"][row] = Repeat("document of", int(run[0]))
        return found

    def boilerplate(self) -> dict[int, Repeat]:
        """Find rows whose summary stands beside BOILERPLATE or more different documents."""
        found: dict[int, Repeat] = {}
        for run in runs(self.summaries):
            documents = len({self.documents[row] for row in run.tolist()})
            if documents >= BOILERPLATE:
                found |= {row: Repeat(f"{documents} documents have it") for row in run.tolist()}
        return found

    def near(self, clusters: Sequence[int]) -> dict[int, Repeat]:
        """Find rows whose document is nearly that of an earlier row, and equal to none.

        clusters  a number for each row: rows that share theirs have nearly the same document
        """
        found: dict[int, Repeat] = {}
        for run in runs(clusters):
            known: set[int] = set()
            for row in run.tolist():
                if known and self.documents[row] not in known:
                    found[row] = Repeat("nearly the document of", int(run[0]))
                known.add(self.documents[row])
        return found

    def leaks(
        self, splits: Sequence[int], documents: Sequence[int], summaries: Sequence[int]
    ) -> dict[int, Repeat]:
        """Find rows whose document or summary stands in an earlier split.

        splits     the number of each row's split, in the order of the splits
        documents  the clusters of nearly equal documents
        summaries  those of summaries; as in `leakage.find_leaks`, short ones do not count
        """
        found: dict[int, Repeat] = {}
        for what, numbers in (
            ("document of", self.documents),
            ("nearly the document of", documents),
            ("summary of", self.summaries),
            ("nearly the summary of", summaries),
        ):
            for run in runs(numbers):
                rows = [r for r in run.tolist() if "document" in what or self.telling[r]]
                first = min(rows, key=lambda row: (splits[row], row), default=-1)
                for row in rows:
                    if splits[row] > splits[first]:
                        found.setdefault(row, Repeat(what, first))
        return found


def runs(numbers: Sequence[int]) -> Iterator[NDArray[np.intp]]:
    """Yield the places of each number that comes twice or more, in order."""
    values = np.asarray(numbers)
    order = np.argsort(values, kind="stable")
    edges = np.flatnonzero(np.diff(values[order])) + 1
    starts = np.concatenate([[0], edges])
    sizes = np.diff(np.concatenate([starts, [len(values)]]))
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        yield order[start : start + size]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1
