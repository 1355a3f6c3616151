"""Pairs on disk, and in memory what dividing them needs: some two hundred bytes a row."""

import hashlib
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from abrege.core.io import disk_error, json_line
from abrege.core.types import Pair
from abrege.data.minhash import NearDuplicateIndex, Rows
from abrege.data.split_exact import RowTable, text_digest
from abrege.text.tokenize import word_tokenize

DOCUMENT_SHINGLE_WORDS = 5
SUMMARY_SHINGLE_WORDS = 2
"""A changed word in a sentence of 20 leaves 17 of 21 shingles, a Jaccard index of 0.81; of
shingles of 5 words it leaves 0.52, and no typo would be detected."""
MIN_SUMMARY_WORDS = 5
"""Shorter summaries (a date, the name of a section) are equal by chance."""


class PairStore:
    """Pairs in a temporary file, numbered in the order they are added, split by split.

    folder     where the temporary files are
    splits     the names of the splits, in order
    seed       of the split by hash
    threshold  Jaccard index from which two texts are near-duplicates; None: only equal texts
    """

    def __init__(
        self, folder: Path, splits: Sequence[str], *, seed: int = 0, threshold: float | None
    ) -> None:
        self.splits, self._folder, self._seed = tuple(splits), folder, seed
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError as error:
            raise disk_error(error, folder) from error
        self.documents = TextColumn(threshold, folder)
        self.summaries = TextColumn(threshold, folder, SUMMARY_SHINGLE_WORDS)
        """First references; filled only where there are several splits to compare."""
        self._ends, self._split_numbers = array("Q", [0]), array("B")
        self._groups, self._positions = array("Q"), array("Q")
        self._lengths, self._lang_numbers = array("I"), array("I")
        self._long_summaries = array("B")
        self._langs: dict[str, int] = {}

    def __enter__(self) -> "PairStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.documents.close()
        self.summaries.close()

    def __len__(self) -> int:
        return len(self._lengths)

    def add_split(self, split: str, pairs: Iterable[Pair]) -> None:
        """Add all pairs of a split."""
        number = self.splits.index(split)
        for pair in pairs:
            self._add(pair)
            self._split_numbers.append(number)

    def _add(self, pair: Pair) -> None:
        line = json_line(pair).encode("utf-8") + b"\n"
        try:
            self._file.write(line)
        except OSError as error:
            raise disk_error(error, self._folder) from error
        self._ends.append(self._ends[-1] + len(line))
        digest = self.documents.add(pair.document)
        unit = f"document {digest.hex()}" if pair.group is None else f"group {pair.group}"
        self._positions.append(_hash(f"{self._seed} {unit}"))
        self._groups.append(0 if pair.group is None else _hash(pair.group) or 1)
        self._lengths.append(len(pair.document))
        self._lang_numbers.append(self._langs.setdefault(pair.lang or "?", len(self._langs)))
        if len(self.splits) > 1:
            words = word_tokenize(pair.references[0])
            self._long_summaries.append(len(words) >= MIN_SUMMARY_WORDS)
            self.summaries.add(pair.references[0])

    def table(self) -> RowTable:
        """Return what is known of the rows, after the last one was added."""
        return RowTable(
            documents=self.documents.ranks(),
            groups=np.frombuffer(self._groups, dtype=np.uint64),
            lengths=np.frombuffer(self._lengths, dtype=np.uint32),
            positions=np.frombuffer(self._positions, dtype=np.uint64),
        )

    def rows(self, split: str) -> Rows:
        """Return the numbers of a split's rows."""
        return np.flatnonzero(self.split_numbers == self.splits.index(split))

    @property
    def split_numbers(self) -> NDArray[np.uint8]:
        """Return the position of each row's split in `splits`."""
        return np.frombuffer(self._split_numbers, dtype=np.uint8)

    @property
    def long_summaries(self) -> NDArray[np.bool_]:
        """Return whether each summary is too long to equal another one by chance."""
        return np.frombuffer(self._long_summaries, dtype=np.bool_)

    def langs(self, rows: Rows) -> list[str]:
        """Return the languages of these rows, sorted; "?" stands for none."""
        numbers = {*np.unique(np.frombuffer(self._lang_numbers, dtype=np.uint32)[rows]).tolist()}
        return sorted(lang for lang, number in self._langs.items() if number in numbers)

    def line(self, row: int) -> bytes:
        """Return a pair as the line of JSON that it is written as."""
        start, end = self._ends[row], self._ends[row + 1]
        self._file.seek(start)
        return self._file.read(end - start)

    def lines(self, rows: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the line of each of these rows."""
        for row in rows:
            yield row, self.line(row)

    def pair(self, row: int) -> Pair:
        """Return a pair."""
        return Pair(**json.loads(self.line(row)))


class TextColumn:
    """One text of every row: which are equal, and which are near-duplicates.

    The arguments are those of `NearDuplicateIndex`; without a threshold only equal texts count.
    """

    def __init__(
        self, threshold: float | None, folder: Path, shingle_words: int = DOCUMENT_SHINGLE_WORDS
    ) -> None:
        self._digests = bytearray()
        self._index = None
        if threshold is not None:
            self._index = NearDuplicateIndex(
                threshold=threshold, shingle_words=shingle_words, folder=folder
            )
        self._ranks: NDArray[np.intp] | None = None

    def close(self) -> None:
        """Remove the temporary file."""
        if self._index is not None:
            self._index.close()

    def add(self, text: str) -> bytes:
        """Add the text of the next row; return its digest."""
        digest = text_digest(text)
        self._digests += digest
        if self._index is not None:
            self._index.add(text)
        return digest

    def ranks(self) -> NDArray[np.intp]:
        """Return the rank of each text's digest: equal texts have equal ranks."""
        if self._ranks is None:
            halves = np.frombuffer(self._digests, dtype=">u8").reshape(-1, 2).astype(np.uint64)
            order = np.lexsort((halves[:, 1], halves[:, 0]))
            ordered = halves[order]
            changes = np.ones(len(order), dtype=np.intp)
            changes[:1] = 0
            changes[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
            self._ranks = np.empty(len(order), dtype=np.intp)
            self._ranks[order] = np.cumsum(changes)
        return self._ranks

    def clusters(self, rows: Rows) -> Rows:
        """Return for each of these rows the first row with an equal or nearly equal text.

        Only these rows are compared with one another.
        """
        _, first, inverse = np.unique(self.ranks()[rows], return_index=True, return_inverse=True)
        representatives = rows[first[inverse]]
        if self._index is None:
            return representatives
        return self._index.clusters(np.sort(rows[first]))[representatives]


def longest_of_clusters(clusters: Rows, lengths: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """Return for each row the longest row of its cluster, and how many rows the cluster has.

    Of equally long ones the longest is the first.
    """
    order = np.lexsort((-lengths, clusters))  # stable
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    longest, size_of_row = np.empty_like(order), np.empty_like(order)
    longest[order] = np.repeat(order[starts], sizes)
    size_of_row[order] = np.repeat(sizes, sizes)
    return longest, size_of_row


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
