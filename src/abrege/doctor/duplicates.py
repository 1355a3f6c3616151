"""Find which of many rows repeat one another, by hashes: 25 bytes per row."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from abrege.core.types import Pair
from abrege.data.minhash import Rows
from abrege.data.pair_store import MIN_SUMMARY_WORDS
from abrege.data.split_exact import text_key

BOILERPLATE = 3
"""Different documents with the same summary from which on it is boilerplate."""


RowMask = NDArray[np.bool_]
"""(rows,) whether a row counts."""


@dataclass(frozen=True, slots=True)
class RowFlag:
    """Why a check flags a row.

    earlier_row  the number of the row that it repeats, if it repeats one row
    """

    reason: str
    earlier_row: int | None = None


RowFlags: TypeAlias = dict[int, RowFlag]
"""The number of each flagged row, and why it is flagged."""


@dataclass
class RowHashes:
    """The hashes of all rows, by the number of the row.

    Two of a million texts that differ have the same 64 bits with a probability of 3 in 100
    million.
    """

    documents: "array[int]" = field(default_factory=lambda: array("Q"))
    summaries: "array[int]" = field(default_factory=lambda: array("Q"))
    """Of the first reference."""
    groups: "array[int]" = field(default_factory=lambda: array("Q"))
    """0 for rows without a group."""
    long_summaries: "array[int]" = field(default_factory=lambda: array("B"))
    """Whether the summary is too long to equal another one by chance."""

    def add(self, pair: Pair, *, summary_words: int) -> None:
        """Add the next row."""
        summary = pair.references[0]
        self.documents.append(_hash(text_key(pair.document)))
        self.summaries.append(_hash(text_key(summary)))
        self.groups.append(0 if pair.group is None else _hash(pair.group))
        self.long_summaries.append(summary_words >= MIN_SUMMARY_WORDS)

    def find_duplicates(self, mask: RowMask | None = None) -> dict[str, RowFlags]:
        """Find rows that repeat an earlier one (`duplicate`) or its document (`several`).

        mask  the rows to compare with one another (default: all)

        Rows of one group may share their document: that is what a group is for.
        """
        flags: dict[str, RowFlags] = {"duplicate": {}, "several": {}}
        for rows in equal_rows(self.documents, mask):
            first: dict[int, int] = {}
            for row in rows.tolist():
                earlier = first.setdefault(self.summaries[row], row)
                same_group = self.groups[row] and self.groups[row] == self.groups[rows[0]]
                if earlier != row:
                    flags["duplicate"][row] = RowFlag("document and summary of", earlier)
                elif row != rows[0] and not same_group:
                    flags["several"][row] = RowFlag("document of", int(rows[0]))
        return flags

    def find_boilerplate(self) -> RowFlags:
        """Find rows whose summary at least BOILERPLATE different documents have."""
        flags: RowFlags = {}
        for rows in equal_rows(self.summaries):
            documents = len({self.documents[row] for row in rows.tolist()})
            if documents >= BOILERPLATE:
                flags |= dict.fromkeys(rows.tolist(), RowFlag(f"{documents} documents have it"))
        return flags

    def find_near_duplicates(self, clusters: Rows, mask: RowMask | None = None) -> RowFlags:
        """Find rows whose document nearly equals that of an earlier row, and equals none.

        clusters  a number for each row: rows with the same number have nearly the same document
        mask      the rows to compare with one another (default: all)
        """
        flags: RowFlags = {}
        for rows in equal_rows(clusters, mask):
            known: set[int] = set()
            for row in rows.tolist():
                if known and self.documents[row] not in known:
                    flags[row] = RowFlag("nearly the document of", int(rows[0]))
                known.add(self.documents[row])
        return flags

    def find_leaks(
        self,
        splits: Sequence[int],
        documents: Rows,
        summaries: Rows,
        mask: RowMask | None = None,
    ) -> RowFlags:
        """Find rows whose document or summary an earlier split has.

        splits     the number of each row's split, in the order of the splits
        documents  the clusters of nearly equal documents
        summaries  the clusters of nearly equal summaries; short ones do not count, as in split
        mask       the rows to compare with one another (default: all)
        """
        flags: RowFlags = {}
        for reason, numbers in (
            ("document of", self.documents),
            ("nearly the document of", documents),
            ("summary of", self.summaries),
            ("nearly the summary of", summaries),
        ):
            for equal in equal_rows(numbers, mask):
                rows = [
                    row
                    for row in equal.tolist()
                    if "document" in reason or self.long_summaries[row]
                ]
                first = min(rows, key=lambda row: (splits[row], row), default=-1)
                for row in rows:
                    if splits[row] > splits[first]:
                        flags.setdefault(row, RowFlag(reason, first))
        return flags


def equal_rows(numbers: Sequence[int] | Rows, mask: RowMask | None = None) -> Iterator[Rows]:
    """Yield the positions of each number that occurs twice or more, in order.

    mask  which positions count (default: all)
    """
    values = np.asarray(numbers)
    order = np.argsort(values, kind="stable")
    order = order if mask is None else order[mask[order]]
    edges = np.flatnonzero(np.diff(values[order])) + 1
    starts = np.concatenate([[0], edges])
    sizes = np.diff(np.concatenate([starts, [len(order)]]))
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        yield order[start : start + size]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1
