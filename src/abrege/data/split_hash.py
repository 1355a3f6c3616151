"""Divide pairs by a hash of what they are, so that pairs added later move none that are there."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.split_exact import blocks, key


@dataclass(frozen=True)
class Merged:
    """Rows that would go to different splits, each by its own hash, and stay in one together."""

    split: str
    """Where they are."""
    alone: Mapping[str, list[str]]
    """Split → the ids of the rows that would be there by themselves."""


def partition_by_hash(
    pairs: Sequence[Pair],
    *,
    valid: float,
    test: float,
    seed: int,
    alike: Sequence[int] | None = None,
) -> tuple[dict[str, list[Pair]], list[Merged]]:
    """Divide pairs into train, valid and test, in about these shares; give what merged too.

    A hash of its group's name, or else of its document, and of the seed says where a row goes; the
    first row of a block says it for all (see `partition.blocks`). So rows added behind the others
    move none of them, but where they join two blocks into one; then the earlier block stays. Rows
    added before the others can only move what is given as merged.

    DataError where a split that was asked for stays empty, as happens with few rows.
    """
    shares = {"test": test, "valid": valid, "train": 1 - valid - test}
    chunks = blocks(pairs, alike)
    where: dict[int, str] = {}
    merged: list[Merged] = []
    for chunk in chunks:
        alone = {place: _split(_unit(pairs[place]), shares, seed) for place in chunk}
        split = alone[min(chunk)]
        where.update(dict.fromkeys(chunk, split))
        if len({*alone.values()}) > 1:
            ids: dict[str, list[str]] = {}
            for place, other in alone.items():
                ids.setdefault(other, []).append(pairs[place].id)
            merged.append(Merged(split, ids))
    splits = {
        split: [pair for place, pair in enumerate(pairs) if where[place] == split]
        for split in ("train", "valid", "test")
    }
    empty = [split for split, share in shares.items() if share > 0 and not splits[split]]
    if empty:
        raise DataError(
            f"by their hashes, none of {len(pairs)} rows (in {len(chunks)} blocks that stay "
            f"together) goes to {' and '.join(empty)}.\n"
            "  With so few, divide exactly: split.method: exact"
        )
    return splits, merged


def _unit(pair: Pair) -> str:
    """Say what a row is known by; two rows of one unit never part."""
    return f"document {key(pair.document)}" if pair.group is None else f"group {pair.group}"


def _split(unit: str, shares: Mapping[str, float], seed: int) -> str:
    """Find the split on whose part of the line from 0 to 1 the hash of a unit falls."""
    found = hashlib.blake2b(f"{seed} {unit}".encode(), digest_size=8).digest()
    at = int.from_bytes(found) / 2**64
    for split, share in shares.items():
        if at < share:
            return split
        at -= share
    return "train"  # what rounding left over
