"""Find what stands in two given splits: equal or nearly equal documents, and summaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from abrege.core.types import Pair
from abrege.data import minhash as near
from abrege.data.split_exact import key
from abrege.text import tokenize as words

SUMMARY_SHINGLE = 2
"""Words: a changed word in a sentence of 20 leaves 17 of 21 pairs, a Jaccard index of 0.81; of
shingles of 5 words it leaves 0.52, and no slip of the pen would be found."""


SHORTEST_SUMMARY = 5
"""Words: shorter ones (a date, a section's name) are the same by chance."""


@dataclass(frozen=True)
class Leak:
    """A document or a summary that stands in two or more splits."""

    what: Literal["document", "summary"]
    equal: bool
    """Whether the same text stands in two splits, but for case and white space; else nearly."""
    text: str
    """Its beginning."""
    ids: Mapping[str, list[str]]
    """Split → the ids of its rows there."""


def leaks(splits: Mapping[str, Sequence[Pair]], *, threshold: float | None) -> list[Leak]:
    """Find the documents, then the summaries of other rows, that stand in more than one split.

    threshold  how alike two texts are that count as one (see `near.clusters`); None: equal only

    Of several references, rows are compared by the first, where it is not too short to tell.
    """
    rows = [(split, pair) for split, pairs in splits.items() for pair in pairs]
    found = list(_across(rows, "document", threshold))
    known = {(split, id_) for leak in found for split, ids in leak.ids.items() for id_ in ids}
    rest = [
        (split, pair)
        for split, pair in rows
        if (split, pair.id) not in known
        and words.count_words(pair.references[0]) >= SHORTEST_SUMMARY
    ]
    return [*found, *_across(rest, "summary", threshold)]


def leaked(found: Iterable[Leak], splits: Sequence[str]) -> dict[str, set[str]]:
    """Give the ids of each split's rows that stand in an earlier split too.

    splits  their names, in order
    """
    rows: dict[str, set[str]] = {split: set() for split in splits}
    for leak in found:
        for split in sorted(leak.ids, key=splits.index)[1:]:
            rows[split].update(leak.ids[split])
    return rows


def alike(texts: Sequence[str], *, threshold: float | None, shingle_words: int = 5) -> list[int]:
    """Give each text a number, the same for texts that count as one."""
    first: dict[str, int] = {}
    of = [first.setdefault(key(text), len(first)) for text in texts]
    if threshold is None:
        return of
    once = dict(zip(reversed(of), reversed(texts), strict=True))  # each number's first text
    clusters = near.clusters(
        (once[n] for n in range(len(once))), threshold=threshold, shingle_words=shingle_words
    )
    return [clusters[n] for n in of]


def _across(
    rows: Sequence[tuple[str, Pair]], what: Literal["document", "summary"], threshold: float | None
) -> Iterator[Leak]:
    texts = [pair.document if what == "document" else pair.references[0] for _, pair in rows]
    size = 5 if what == "document" else SUMMARY_SHINGLE
    places: dict[int, list[int]] = {}
    for place, number in enumerate(alike(texts, threshold=threshold, shingle_words=size)):
        places.setdefault(number, []).append(place)
    for same in places.values():
        ids: dict[str, list[str]] = {}
        equal: dict[str, set[str]] = {}
        for place in same:
            split, pair = rows[place]
            ids.setdefault(split, []).append(pair.id)
            equal.setdefault(key(texts[place]), set()).add(split)
        if len(ids) > 1:
            twice = any(len(found) > 1 for found in equal.values())
            yield Leak(what, twice, texts[same[0]][:80], ids)
