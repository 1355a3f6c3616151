"""Split pairs by a hash of group or document; adding pairs does not reassign existing ones."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.split_exact import linked_groups, text_key


@dataclass(frozen=True)
class MergedGroup:
    """Rows whose own hashes name different splits, but that stay together in one."""

    split: str
    """Where they are."""
    alone: Mapping[str, list[str]]
    """Split → the ids of the rows that would be in it by their own hash (key of merged.jsonl)."""


def split_by_hash(
    pairs: Sequence[Pair],
    *,
    valid: float,
    test: float,
    seed: int,
    clusters: Sequence[int] | None = None,
) -> tuple[dict[str, list[Pair]], list[MergedGroup]]:
    """Split pairs into train, valid and test, in about these shares; return what was merged too.

    The hash of the seed with a row's group, or else with its document, decides the split; the
    first row of a linked group decides for all (see `split_exact.linked_groups`). So rows appended
    to the others move none of them, unless they join two linked groups; then the earlier group
    stays. Rows inserted before the others can only move what is returned as MergedGroup.

    Raise DataError if a split with a share stays empty, as happens with few rows.
    """
    shares = {"test": test, "valid": valid, "train": 1 - valid - test}
    groups = linked_groups(pairs, clusters)
    split_by_row: dict[int, str] = {}
    merged: list[MergedGroup] = []
    for group in groups:
        hash_splits = {row: _hash_split(_hash_unit(pairs[row]), shares, seed) for row in group}
        split = hash_splits[min(group)]
        split_by_row.update(dict.fromkeys(group, split))
        if len({*hash_splits.values()}) > 1:
            ids: dict[str, list[str]] = {}
            for row, hash_split in hash_splits.items():
                ids.setdefault(hash_split, []).append(pairs[row].id)
            merged.append(MergedGroup(split, ids))
    splits = {
        split: [pair for row, pair in enumerate(pairs) if split_by_row[row] == split]
        for split in ("train", "valid", "test")
    }
    empty = [split for split, share in shares.items() if share > 0 and not splits[split]]
    if empty:
        raise DataError(
            f"no hash of {len(pairs)} rows (in {len(groups)} groups that stay together) falls into "
            f"{' or '.join(empty)}.\n"
            "  With so few rows, split exactly: split.method: exact"
        )
    return splits, merged


def _hash_unit(pair: Pair) -> str:
    """Return what is hashed for a row; two rows of one unit are always in one split."""
    return f"document {text_key(pair.document)}" if pair.group is None else f"group {pair.group}"


def _hash_split(unit: str, shares: Mapping[str, float], seed: int) -> str:
    """Return the split whose part of the interval from 0 to 1 the hash of a unit falls into."""
    digest = hashlib.blake2b(f"{seed} {unit}".encode(), digest_size=8).digest()
    position = int.from_bytes(digest) / 2**64
    for split, share in shares.items():
        if position < share:
            return split
        position -= share
    return "train"  # rounding
