"""Divide pairs into train, valid and test so that nothing of the test was seen in training."""

import hashlib
import random
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from statistics import mean

from abrege.core.errors import DataError
from abrege.core.types import Pair

STRATUM = 20
"""Blocks that are near in length and dealt out together."""


def partition(
    pairs: Sequence[Pair],
    *,
    valid: float,
    test: float,
    seed: int,
    alike: Sequence[int] | None = None,
    stratify: bool = False,
) -> dict[str, list[Pair]]:
    """Divide pairs at random into train, valid and test, in shares of the rows.

    alike     a number for each row: rows that share theirs stay together (see `near.clusters`)
    stratify  give each split the same shares of short and long documents

    Rows of one group, and rows with the same document, stay together, so shares are met as nearly
    as these blocks allow. Who goes where depends on the documents and the seed, not on the order
    of the rows; within a split rows keep their order. A split with the share 0 stays empty, and
    DataError says how many blocks there are where they do not suffice for the others.
    """
    shares = {"train": 1 - valid - test, "valid": valid, "test": test}
    wanted = [split for split, share in shares.items() if share > 0]
    chunks = blocks(pairs, alike)
    if len(chunks) < len(wanted):
        raise DataError(
            f"{len(pairs)} rows make {len(chunks)} groups that must stay together (one group "
            f"column, or one document), too few for {', '.join(wanted)}.\n"
            "  Give more data, or give the splits as files of their own."
        )
    room = {split: shares[split] * len(pairs) for split in wanted}
    taken = dict.fromkeys(wanted, 0)
    where: dict[int, str] = {}
    drawn = random.Random(seed)
    drawn.shuffle(chunks)
    chunks = _by_length(chunks, pairs, drawn) if stratify else sorted(chunks, key=len, reverse=True)
    passed = 0
    for number, chunk in enumerate(chunks):
        empty = [split for split in wanted if not taken[split]]
        open_to = empty if len(empty) >= len(chunks) - number else wanted
        passed += len(chunk)
        if stratify:  # each split has its share of every length that is passed
            split = max(open_to, key=lambda s: shares[s] * passed - taken[s])
        else:
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


def blocks(pairs: Sequence[Pair], alike: Sequence[int] | None = None) -> list[list[int]]:
    """Give the places of the rows that must stay together, joined through groups and documents.

    alike  a number for each row: those that share theirs stay together too

    The order of the blocks depends on the documents alone.
    """
    parent = list(range(len(pairs)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[tuple[str, str | int], int] = {}
    keys = [key(pair.document) for pair in pairs]
    for place, pair in enumerate(pairs):
        for tie in _ties(pair, keys[place], None if alike is None else alike[place]):
            parent[root(place)] = root(first.setdefault(tie, place))
    together: dict[int, list[int]] = {}
    for place in range(len(pairs)):
        together.setdefault(root(place), []).append(place)
    return sorted(together.values(), key=lambda chunk: min(keys[place] for place in chunk))


def _ties(pair: Pair, document: str, alike: int | None) -> Iterator[tuple[str, str | int]]:
    yield "document", document
    if pair.group is not None:
        yield "group", pair.group
    if alike is not None:
        yield "alike", alike


def _by_length(
    chunks: Sequence[list[int]], pairs: Sequence[Pair], drawn: random.Random
) -> list[list[int]]:
    """Order blocks by the mean length of their documents, at random among those near in length."""
    ordered = sorted(chunks, key=lambda chunk: mean(len(pairs[n].document) for n in chunk))
    strata = [ordered[start : start + STRATUM] for start in range(0, len(ordered), STRATUM)]
    for stratum in strata:
        drawn.shuffle(stratum)
    return list(chain.from_iterable(strata))


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
