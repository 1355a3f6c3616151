"""Split rows by a hash of group or document; adding rows does not reassign existing ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import DataError
from abrege.data.minhash import Rows
from abrege.data.split_exact import SPLIT_NAMES, LinkedGroups, check_groups, rows_by_split


@dataclass(frozen=True)
class MergedGroup:
    """Rows whose own hashes name different splits, but that stay together in one."""

    split: str
    """Where they are."""
    alone: Mapping[str, list[str]]
    """Split → the ids of the rows that would be in it by their own hash (key of merged.jsonl)."""


def split_by_hash(
    groups: LinkedGroups,
    positions: NDArray[np.uint64],
    *,
    valid: float,
    test: float,
    row_id: Callable[[int], str] = str,
) -> tuple[dict[str, Rows], list[MergedGroup]]:
    """Split rows into train, valid and test, in about these shares; return what was merged too.

    positions  by the number of the row: the hash of the seed with its group, or else document
    row_id     returns the id of a row

    The first row of a linked group decides for all. So rows appended to the others move none of
    them, unless they join two linked groups; then the earlier group stays. Rows inserted before
    the others can only move what is returned as MergedGroup.

    Raise DataError if a split with a share stays empty, as happens with few rows or few groups.
    """
    shares = {"test": test, "valid": valid, "train": 1 - valid - test}
    check_groups(groups, [split for split in SPLIT_NAMES if shares[split] > 0])
    own = _hash_splits(positions[groups.members], shares)
    first = own[groups.starts]
    numbers = np.repeat(first, groups.sizes)
    merged = []
    for group in np.flatnonzero(np.logical_or.reduceat(own != numbers, groups.starts)).tolist():
        start = int(groups.starts[group])
        alone: dict[str, list[str]] = {}
        for offset, row in enumerate(groups.rows(group).tolist()):
            alone.setdefault(SPLIT_NAMES[own[start + offset]], []).append(row_id(row))
        merged.append(MergedGroup(SPLIT_NAMES[first[group]], alone))
    splits = rows_by_split(groups, numbers)
    empty = [split for split, share in shares.items() if share > 0 and not len(splits[split])]
    if empty:
        raise DataError(
            f"no hash of {len(groups.members)} rows (in {len(groups)} groups that stay together) "
            f"falls into {' or '.join(empty)}.\n"
            "  With so few rows, split exactly: split.method: exact"
        )
    return splits, merged


def _hash_splits(positions: NDArray[np.uint64], shares: Mapping[str, float]) -> NDArray[np.uint8]:
    """Return the split whose part of the interval from 0 to 1 each hash falls into.

    As the position of its name in SPLIT_NAMES.
    """
    remaining = positions.astype(np.float64) / 2**64
    numbers = np.full(len(positions), SPLIT_NAMES.index("train"), dtype=np.uint8)  # rounding
    is_open = np.ones(len(positions), dtype=bool)
    for split, share in shares.items():
        inside = is_open & (remaining < share)
        numbers[inside] = SPLIT_NAMES.index(split)
        is_open &= ~inside
        remaining -= share
    return numbers
