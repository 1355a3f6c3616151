"""Divide pairs into train, valid and test so that nothing of the test was seen in training."""

import hashlib
import random
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from abrege.errors import DataError
from abrege.records import Pair


@dataclass(frozen=True)
class Leak:
    """A document that stands in two or more splits."""

    document: str
    """Its beginning."""
    ids: Mapping[str, list[str]]
    """Split → the ids of its rows there."""


def partition(
    pairs: Sequence[Pair], *, valid: float, test: float, seed: int
) -> dict[str, list[Pair]]:
    """Divide pairs at random into train, valid and test, in shares of the rows.

    Rows of one group, and rows with the same document, stay together, so shares are met as nearly
    as these blocks allow. Who goes where depends on the documents and the seed, not on the order
    of the rows; within a split rows keep their order. A split with the share 0 stays empty, and
    DataError says how many blocks there are where they do not suffice for the others.
    """
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    wanted = [split for split, share in shares.items() if share > 0]
    chunks = blocks(pairs)
    if len(chunks) < len(wanted):
        raise DataError(
            f"{len(pairs)} rows make {len(chunks)} groups that must stay together (one group "
            f"column, or one document), too few for {', '.join(wanted)}.\n"
            "  Give more data, or give the splits as files of their own."
        )
    room = {split: shares[split] * len(pairs) for split in wanted}
    taken = dict.fromkeys(wanted, 0)
    where: dict[int, str] = {}
    random.Random(seed).shuffle(chunks)
    chunks.sort(key=len, reverse=True)  # stable: blocks of one size stay shuffled
    for number, chunk in enumerate(chunks):
        empty = [split for split in wanted if not taken[split]]
        open_to = empty if len(empty) >= len(chunks) - number else wanted
        split = _neediest(open_to, room, taken, len(chunk))
        taken[split] += len(chunk)
        where.update(dict.fromkeys(chunk, split))
    return {s: [p for n, p in enumerate(pairs) if where[n] == s] for s in shares}


def draw(pairs: Sequence[Pair], rows: int, seed: int) -> list[Pair]:
    """Draw whole blocks at random until there is no room for another in `rows`; order is kept.

    DataError where not even one block fits.
    """
    if len(pairs) <= rows:
        return list(pairs)
    chunks = blocks(pairs)
    random.Random(seed).shuffle(chunks)
    kept: set[int] = set()
    for chunk in chunks:
        if len(kept) + len(chunk) <= rows:
            kept.update(chunk)
    if not kept:
        raise DataError(
            f"no group fits into {rows} rows: the smallest has {min(map(len, chunks))}.\n"
            "  Ask for more rows."
        )
    return [pair for n, pair in enumerate(pairs) if n in kept]


def leaks(splits: Mapping[str, Sequence[Pair]]) -> list[Leak]:
    """Find the documents that stand in more than one of the given splits."""
    seen: dict[str, dict[str, list[Pair]]] = {}
    for split, pairs in splits.items():
        for pair in pairs:
            seen.setdefault(key(pair.document), {}).setdefault(split, []).append(pair)
    return [
        Leak(
            document=next(iter(found.values()))[0].document[:80],
            ids={split: [pair.id for pair in same] for split, same in found.items()},
        )
        for found in seen.values()
        if len(found) > 1
    ]


def duplicates(pairs: Iterable[Pair]) -> int:
    """Count the rows whose document stood in an earlier row that is not of the same group."""
    first: dict[str, str | None] = {}
    count = 0
    for pair in pairs:
        known = key(pair.document)
        if known not in first:
            first[known] = pair.group
        elif pair.group is None or first[known] != pair.group:
            count += 1
    return count


def key(document: str) -> str:
    """Give the same short key for documents alike but for white space, case and Unicode form."""
    folded = " ".join(unicodedata.normalize("NFC", document).casefold().split())
    return hashlib.blake2b(folded.encode(), digest_size=16).hexdigest()


def blocks(pairs: Sequence[Pair]) -> list[list[int]]:
    """Give the places of the rows that must stay together, joined through groups and documents.

    The order of the blocks depends on the documents alone.
    """
    parent = list(range(len(pairs)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[tuple[str, str], int] = {}
    keys = [key(pair.document) for pair in pairs]
    for place, pair in enumerate(pairs):
        for tie in _ties(pair, keys[place]):
            parent[root(place)] = root(first.setdefault(tie, place))
    together: dict[int, list[int]] = {}
    for place in range(len(pairs)):
        together.setdefault(root(place), []).append(place)
    return sorted(together.values(), key=lambda chunk: min(keys[place] for place in chunk))


def _ties(pair: Pair, document: str) -> Iterator[tuple[str, str]]:
    yield "document", document
    if pair.group is not None:
        yield "group", pair.group


def _neediest(
    splits: Sequence[str], room: Mapping[str, float], taken: Mapping[str, int], size: int
) -> str:
    """Choose where a block goes: where it fits, the split that lacks most of its share.

    In shares and not in rows, so that large and small blocks go to each split alike.
    """
    fits = [split for split in splits if room[split] - taken[split] >= size]
    if fits:
        return max(fits, key=lambda split: 1 - taken[split] / room[split])
    return max(splits, key=lambda split: room[split] - taken[split])
