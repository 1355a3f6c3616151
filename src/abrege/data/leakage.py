"""Detect leakage between splits: equal or near-duplicate documents, and summaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from abrege.core.types import Pair
from abrege.data.minhash import cluster_near_duplicates
from abrege.data.split_exact import text_key
from abrege.text.tokenize import count_words

DOCUMENT_SHINGLE_WORDS = 5
SUMMARY_SHINGLE_WORDS = 2
"""A changed word in a sentence of 20 leaves 17 of 21 shingles, a Jaccard index of 0.81; of
shingles of 5 words it leaves 0.52, and no typo would be detected."""
MIN_SUMMARY_WORDS = 5
"""Shorter summaries (a date, the name of a section) are equal by chance."""


@dataclass(frozen=True)
class Leak:
    """A document or a summary that is in two or more splits."""

    what: Literal["document", "summary"]
    equal: bool
    """Whether two splits have an equal text (but for case and white space); else similar ones."""
    text: str
    """Its beginning."""
    ids: Mapping[str, list[str]]
    """Split → the ids of its rows with this text."""


def find_leaks(splits: Mapping[str, Sequence[Pair]], *, threshold: float | None) -> list[Leak]:
    """Return the documents, then the summaries of other rows, that are in more than one split.

    threshold  Jaccard index from which two texts are near-duplicates (see
               `minhash.cluster_near_duplicates`); None: only equal texts

    Of several references, the first one of a row counts, unless it is too short.
    """
    rows = [(split, pair) for split, pairs in splits.items() for pair in pairs]
    leaks = list(_leaks(rows, "document", threshold))
    leaked = {(split, id_) for leak in leaks for split, ids in leak.ids.items() for id_ in ids}
    rest = [
        (split, pair)
        for split, pair in rows
        if (split, pair.id) not in leaked and count_words(pair.references[0]) >= MIN_SUMMARY_WORDS
    ]
    return [*leaks, *_leaks(rest, "summary", threshold)]


def leaked_ids(leaks: Iterable[Leak], splits: Sequence[str]) -> dict[str, set[str]]:
    """Return the ids of each split's rows that are in an earlier split too.

    splits  their names, in order
    """
    ids: dict[str, set[str]] = {split: set() for split in splits}
    for leak in leaks:
        for split in sorted(leak.ids, key=splits.index)[1:]:
            ids[split].update(leak.ids[split])
    return ids


def duplicate_clusters(
    texts: Sequence[str],
    *,
    threshold: float | None,
    shingle_words: int = DOCUMENT_SHINGLE_WORDS,
) -> list[int]:
    """Return a cluster number for each text, the same for duplicates and near-duplicates.

    threshold  as in `find_leaks`
    """
    first: dict[str, int] = {}
    numbers = [first.setdefault(text_key(text), len(first)) for text in texts]
    if threshold is None:
        return numbers
    unique = dict(zip(reversed(numbers), reversed(texts), strict=True))  # each number's first text
    clusters = cluster_near_duplicates(
        (unique[n] for n in range(len(unique))), threshold=threshold, shingle_words=shingle_words
    )
    return [clusters[n] for n in numbers]


def _leaks(
    rows: Sequence[tuple[str, Pair]], what: Literal["document", "summary"], threshold: float | None
) -> Iterator[Leak]:
    texts = [pair.document if what == "document" else pair.references[0] for _, pair in rows]
    size = DOCUMENT_SHINGLE_WORDS if what == "document" else SUMMARY_SHINGLE_WORDS
    clusters: dict[int, list[int]] = {}
    numbers = duplicate_clusters(texts, threshold=threshold, shingle_words=size)
    for index, number in enumerate(numbers):
        clusters.setdefault(number, []).append(index)
    for cluster in clusters.values():
        ids: dict[str, list[str]] = {}
        splits_by_key: dict[str, set[str]] = {}
        for index in cluster:
            split, pair = rows[index]
            ids.setdefault(split, []).append(pair.id)
            splits_by_key.setdefault(text_key(texts[index]), set()).add(split)
        if len(ids) > 1:
            equal = any(len(splits) > 1 for splits in splits_by_key.values())
            yield Leak(what, equal, texts[cluster[0]][:80], ids)
