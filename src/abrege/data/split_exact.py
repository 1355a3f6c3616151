"""Split rows into train, valid and test in exact shares: train_test_split without leakage."""

import hashlib
import random
import unicodedata
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import DataError
from abrege.data.minhash import Components, Rows

STRATUM_SIZE = 20
"""Linked groups of similar length that are shuffled together."""
SPLIT_NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class RowTable:
    """What is known of the rows to divide, by the number of the row.

    documents  ranks of the digests of documents; equal documents have equal ranks
    groups     hashes of the groups, 0 where there is none
    lengths    characters of the documents
    positions  hashes of the seed with the group, or else with the document
    """

    documents: NDArray[np.intp]
    groups: NDArray[np.uint64]
    lengths: NDArray[np.uint32]
    positions: NDArray[np.uint64]


@dataclass(frozen=True)
class LinkedGroups:
    """Rows that must stay together: linked by group, document and cluster.

    members  the rows, group after group, ascending in each; the order of the groups depends on
             the documents alone
    starts   where each group begins in `members`
    sizes    how many rows each has
    """

    members: Rows
    starts: Rows
    sizes: Rows

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, group: int) -> Rows:
        """Return the rows of a group."""
        return self.members[self.starts[group] : self.starts[group] + self.sizes[group]]


def split_exactly(
    groups: LinkedGroups,
    *,
    valid: float,
    test: float,
    seed: int,
    lengths: NDArray[np.uint32] | None = None,
) -> dict[str, Rows]:
    """Split rows at random into train, valid and test, in shares of the rows.

    lengths  by the number of the row, to give each split the same shares of short and long
             documents (stratify)

    Groups stay together, so shares are met as nearly as they allow. The split depends on the
    documents and the seed, not on the order of the rows. A split with share 0 stays empty. Raise
    DataError with the number of linked groups if there are too few for the other splits.
    """
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    splits = [split for split, share in shares.items() if share > 0]
    check_groups(groups, splits)
    rng = random.Random(seed)
    order = array("q", range(len(groups)))
    rng.shuffle(order)
    if lengths is None:
        ordered = np.array(order)[np.argsort(-groups.sizes[np.array(order)], kind="stable")]
    else:
        ordered = _order_by_length(np.array(order), groups, lengths, rng)
    sizes = groups.sizes[ordered].tolist()
    chosen = _assign(sizes, shares, stratify=lengths is not None)
    split_of_group = np.empty(len(groups), dtype=np.uint8)
    split_of_group[ordered] = np.frombuffer(chosen, dtype=np.uint8)
    return rows_by_split(groups, np.repeat(split_of_group, groups.sizes))


def check_groups(groups: LinkedGroups, splits: Sequence[str]) -> None:
    """Raise DataError where there are fewer linked groups than splits that need one."""
    if len(groups) < len(splits):
        raise DataError(
            f"{len(groups.members)} rows make {len(groups)} groups that must stay together (one "
            f"group column, or one document), too few for {', '.join(splits)}.\n"
            "  Give more data, or give the splits as separate files."
        )


def rows_by_split(groups: LinkedGroups, numbers: NDArray[np.uint8]) -> dict[str, Rows]:
    """Return the rows of each split, ascending.

    numbers  the position in SPLIT_NAMES of the split of each of the groups' members
    """
    return {
        split: np.sort(groups.members[numbers == number])
        for number, split in enumerate(SPLIT_NAMES)
    }


def sample_rows(table: RowTable, rows: Rows, limit: int | None, seed: int) -> Rows:
    """Sample whole linked groups at random, at most `limit` of the rows, which keep their order.

    Return all without a limit. Raise DataError if not even one linked group fits.
    """
    if limit is None or len(rows) <= limit:
        return rows
    groups = linked_groups(table, rows)
    order = array("q", range(len(groups)))
    random.Random(seed).shuffle(order)
    sizes = groups.sizes.tolist()
    sample: list[int] = []
    count = 0
    for group in order:
        if count + sizes[group] <= limit:
            sample.append(group)
            count += sizes[group]
    if not sample:
        raise DataError(
            f"no group fits into {limit} rows: the smallest has {min(sizes)}.\n  Ask for more rows."
        )
    is_sampled = np.zeros(len(groups), dtype=bool)
    is_sampled[sample] = True
    return np.sort(groups.members[np.repeat(is_sampled, groups.sizes)])


def count_duplicates(table: RowTable) -> int:
    """Count the rows whose document is in an earlier row of another group, or of no group."""
    order = np.argsort(table.documents, kind="stable")
    documents, groups = table.documents[order], table.groups[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = documents[1:] != documents[:-1]
    first_group = groups[np.flatnonzero(is_first)][np.cumsum(is_first) - 1]
    return int((~is_first & ((groups == 0) | (groups != first_group))).sum())


def text_digest(text: str) -> bytes:
    """Return a hash that ignores white space, case and Unicode normalization form."""
    folded = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return hashlib.blake2b(folded.encode(), digest_size=16).digest()


def text_key(text: str) -> str:
    """Return `text_digest` in hexadecimal digits."""
    return text_digest(text).hex()


def linked_groups(table: RowTable, rows: Rows, clusters: Rows | None = None) -> LinkedGroups:
    """Return which of these rows must stay together.

    clusters  a number for each of `rows`: those of one cluster stay together too
    """
    components = Components(len(rows))
    labels = [table.documents[rows], *([] if clusters is None else [clusters])]
    for values in labels:
        for one, other in _equal_neighbours(values):
            components.join(one, other)
    grouped = np.flatnonzero(table.groups[rows])
    for one, other in _equal_neighbours(table.groups[rows][grouped]):
        components.join(int(grouped[one]), int(grouped[other]))
    own = components.labels()
    rank = np.full(len(rows), len(table.documents), dtype=np.intp)
    np.minimum.at(rank, own, table.documents[rows])
    ranks = rank[own]  # of each row: the lowest rank in its component
    order = np.argsort(ranks, kind="stable")
    is_start = np.ones(len(order), dtype=bool)
    is_start[1:] = ranks[order][1:] != ranks[order][:-1]
    starts = np.flatnonzero(is_start)
    return LinkedGroups(rows[order], starts, np.diff(np.append(starts, len(order))))


def _equal_neighbours(values: NDArray[np.generic]) -> Iterator[tuple[int, int]]:
    """Yield the positions of equal values, each with the next one."""
    order = np.argsort(values, kind="stable")
    equal = np.flatnonzero(values[order][1:] == values[order][:-1])
    yield from zip(order[equal].tolist(), order[equal + 1].tolist(), strict=True)


def _order_by_length(
    order: Rows, groups: LinkedGroups, lengths: NDArray[np.uint32], rng: random.Random
) -> Rows:
    """Order groups by the mean length of their documents, shuffled within each stratum."""
    sums = np.add.reduceat(lengths[groups.members].astype(np.int64), groups.starts)
    means = sums / groups.sizes
    ordered = order[np.argsort(means[order], kind="stable")].tolist()
    for start in range(0, len(ordered), STRATUM_SIZE):
        stratum = ordered[start : start + STRATUM_SIZE]
        rng.shuffle(stratum)
        ordered[start : start + STRATUM_SIZE] = stratum
    return np.array(ordered, dtype=np.intp)


def _assign(sizes: Sequence[int], shares: Mapping[str, float], *, stratify: bool) -> bytearray:
    """Return the number of the split (see SPLIT_NAMES) of each group, in order."""
    splits = [split for split, share in shares.items() if share > 0]
    capacity = {split: shares[split] * sum(sizes) for split in splits}
    filled = dict.fromkeys(splits, 0)
    chosen = bytearray()
    processed = 0
    for number, size in enumerate(sizes):
        empty = [split for split in splits if not filled[split]]
        candidates = empty if len(empty) >= len(sizes) - number else splits
        processed += size
        if stratify:  # each split has its share of every length so far
            split = max(candidates, key=lambda s: shares[s] * processed - filled[s])
        else:
            split = _emptiest(candidates, capacity, filled, size)
        filled[split] += size
        chosen.append(SPLIT_NAMES.index(split))
    return chosen


def _emptiest(
    splits: Sequence[str], capacity: Mapping[str, float], filled: Mapping[str, int], size: int
) -> str:
    """Choose the split for a group: of those it fits into, the one that lacks most of its share.

    By shares and not by rows, so that large and small groups go to each split alike.
    """
    fitting = [split for split in splits if capacity[split] - filled[split] >= size]
    if fitting:
        return max(fitting, key=lambda split: 1 - filled[split] / capacity[split])
    return max(splits, key=lambda split: capacity[split] - filled[split])
