"""Split pairs into train, valid and test in exact shares: train_test_split without leakage."""

import hashlib
import random
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import mean

from abrege.core.errors import DataError
from abrege.core.types import Pair

STRATUM_SIZE = 20
"""Linked groups of similar length that are shuffled together."""


def split_exactly(
    pairs: Sequence[Pair],
    *,
    valid: float,
    test: float,
    seed: int,
    clusters: Sequence[int] | None = None,
    stratify: bool = False,
) -> dict[str, list[Pair]]:
    """Split pairs at random into train, valid and test, in shares of the rows.

    clusters  a number for each row; rows of one cluster stay together (see
              `minhash.cluster_near_duplicates`)
    stratify  give each split the same shares of short and long documents

    Rows of one group, and rows with the same document, stay together, so shares are met as nearly
    as these linked groups allow. The split depends on the documents and the seed, not on the order
    of the rows; within a split rows keep their order. A split with share 0 stays empty. Raise
    DataError with the number of linked groups if there are too few for the other splits.
    """
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    splits = [split for split, share in shares.items() if share > 0]
    groups = linked_groups(pairs, clusters)
    if len(groups) < len(splits):
        raise DataError(
            f"{len(pairs)} rows make {len(groups)} groups that must stay together (one group "
            f"column, or one document), too few for {', '.join(splits)}.\n"
            "  Give more data, or give the splits as separate files."
        )
    capacity = {split: shares[split] * len(pairs) for split in splits}
    filled = dict.fromkeys(splits, 0)
    split_by_row: dict[int, str] = {}
    rng = random.Random(seed)
    rng.shuffle(groups)
    if stratify:
        groups = _order_by_length(groups, pairs, rng)
    else:
        groups = sorted(groups, key=len, reverse=True)
    processed = 0
    for number, group in enumerate(groups):
        empty = [split for split in splits if not filled[split]]
        candidates = empty if len(empty) >= len(groups) - number else splits
        processed += len(group)
        if stratify:  # each split has its share of every length so far
            split = max(candidates, key=lambda s: shares[s] * processed - filled[s])
        else:
            split = _emptiest(candidates, capacity, filled, len(group))
        filled[split] += len(group)
        split_by_row.update(dict.fromkeys(group, split))
    return {s: [p for n, p in enumerate(pairs) if split_by_row[n] == s] for s in shares}


def sample_pairs(pairs: Sequence[Pair], rows: int, seed: int) -> list[Pair]:
    """Sample whole linked groups at random, at most `rows` rows; rows keep their order.

    Raise DataError if not even one linked group fits.
    """
    if len(pairs) <= rows:
        return list(pairs)
    groups = linked_groups(pairs)
    random.Random(seed).shuffle(groups)
    sample: set[int] = set()
    for group in groups:
        if len(sample) + len(group) <= rows:
            sample.update(group)
    if not sample:
        raise DataError(
            f"no group fits into {rows} rows: the smallest has {min(map(len, groups))}.\n"
            "  Ask for more rows."
        )
    return [pair for n, pair in enumerate(pairs) if n in sample]


def count_duplicates(pairs: Iterable[Pair]) -> int:
    """Count the rows whose document is in an earlier row of another group, or of no group."""
    first_group: dict[str, str | None] = {}
    count = 0
    for pair in pairs:
        document = text_key(pair.document)
        if document not in first_group:
            first_group[document] = pair.group
        elif pair.group is None or first_group[document] != pair.group:
            count += 1
    return count


def text_key(text: str) -> str:
    """Return a hash that ignores white space, case and Unicode normalization form."""
    folded = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return hashlib.blake2b(folded.encode(), digest_size=16).hexdigest()


def linked_groups(pairs: Sequence[Pair], clusters: Sequence[int] | None = None) -> list[list[int]]:
    """Return the row numbers that must stay together, linked by group, document and cluster.

    clusters  a number for each row; rows of one cluster stay together too

    The order of the linked groups depends on the documents alone.
    """
    parent = list(range(len(pairs)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first_row: dict[tuple[str, str | int], int] = {}
    keys = [text_key(pair.document) for pair in pairs]
    for row, pair in enumerate(pairs):
        for link in _links(pair, keys[row], None if clusters is None else clusters[row]):
            parent[root(row)] = root(first_row.setdefault(link, row))
    groups: dict[int, list[int]] = {}
    for row in range(len(pairs)):
        groups.setdefault(root(row), []).append(row)
    return sorted(groups.values(), key=lambda group: min(keys[row] for row in group))


def _links(pair: Pair, document: str, cluster: int | None) -> Iterator[tuple[str, str | int]]:
    yield "document", document
    if pair.group is not None:
        yield "group", pair.group
    if cluster is not None:
        yield "cluster", cluster


def _order_by_length(
    groups: Sequence[list[int]], pairs: Sequence[Pair], rng: random.Random
) -> list[list[int]]:
    """Order groups by the mean length of their documents, shuffled within each stratum."""
    ordered = sorted(groups, key=lambda group: mean(len(pairs[n].document) for n in group))
    strata = [
        ordered[start : start + STRATUM_SIZE] for start in range(0, len(ordered), STRATUM_SIZE)
    ]
    for stratum in strata:
        rng.shuffle(stratum)
    return list(chain.from_iterable(strata))


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
