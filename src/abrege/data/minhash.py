"""Which texts are the same but for little: clusters by the Jaccard index of their word shingles."""

import hashlib
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashLSH

from abrege.text.tokenize import word_tokenize

Shingles = NDArray[np.uint64]
"""The hashes of a text's runs of words, each once, in ascending order."""

_SIGNATURE = 128
_MISSED = 0.01
"""How often a pair exactly at the threshold may go unseen; more alike, it goes less often."""
_ERRORS = 4 / 119**0.5  # of a signature of 119 places, the shortest that `_index` asks for


def clusters(texts: Iterable[str], *, threshold: float, shingle_words: int = 5) -> list[int]:
    """Give each text the number of its cluster: the place of the cluster's first text.

    threshold  the Jaccard index of two texts' sets of shingles from which on they are one, up
               to 1 for equal sets. Case, signs and white space do not count, as in `text.words`.

    Texts are read once. Candidates come from MinHash LSH and are then compared by all their
    shingles, so two texts below the threshold are never joined by themselves, only by a chain of
    texts between them. A text with fewer words than a shingle is compared whole.
    """
    index = _index(threshold)
    seen: dict[bytes, int] = {}
    kept: dict[int, tuple[Any, Shingles]] = {}
    parent: list[int] = []
    for place, text in enumerate(texts):
        own = _shingles(text, shingle_words)
        same = seen.setdefault(hashlib.blake2b(own.tobytes(), digest_size=16).digest(), place)
        parent.append(same)
        if same != place:
            continue
        signature = RMinHash(num_perm=index.get_num_perm(), seed=0)
        signature.update(own.view("V8").tolist())
        for other in index.query(signature):
            mine, theirs = sorted((_root(parent, place), _root(parent, other)))
            if mine != theirs and _alike((signature, own), kept[other], threshold):
                parent[theirs] = mine
        index.insert(place, signature)
        kept[place] = signature, own
    return [_root(parent, place) for place in range(len(parent))]


def _index(threshold: float) -> Any:
    """Build the index with the longest bands, so the fewest candidates, that miss few enough.

    A pair of index s shares a band of r rows with probability s^r, and none of b bands with
    (1 - s^r)^b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4.2).
    """
    rows = max(
        rows
        for rows in range(1, _SIGNATURE + 1)
        if rows == 1 or (1 - threshold**rows) ** (_SIGNATURE // rows) <= _MISSED
    )
    bands = _SIGNATURE // rows
    return RMinHashLSH(threshold=threshold, num_perm=rows * bands, num_bands=bands)


def _shingles(text: str, size: int) -> Shingles:
    """Hash the runs of `size` words; of a text without a word, the text itself.

    CRC-32 of each word, then a sum with odd factors modulo 2^64: the same in every process, which
    Python's own hash of a string is not.
    """
    codes = np.array(
        [crc32(word.encode()) for word in word_tokenize(text) or [text]], dtype=np.uint64
    )
    size = min(size, len(codes))
    factors = np.array([pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(1, size + 1)], np.uint64)
    return np.unique(sliding_window_view(codes, size) @ factors)


def _alike(one: tuple[Any, Shingles], two: tuple[Any, Shingles], threshold: float) -> bool:
    """Tell whether the Jaccard index of two sets, with their signatures, reaches the threshold.

    Where the signatures put it four standard errors below, it is not worked out: many texts that
    share a part are candidates of one another.
    """
    (estimated, a), (other, b) = one, two
    if estimated.jaccard(other) < threshold - _ERRORS * (threshold * (1 - threshold)) ** 0.5:
        return False
    shared = np.intersect1d(a, b, assume_unique=True).size
    return bool(shared / (a.size + b.size - shared) >= threshold)


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place
