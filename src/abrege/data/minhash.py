"""Deduplicate texts: cluster near-duplicates by MinHash LSH and the Jaccard index of shingles."""

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
"""(shingles,) hashes of a text's word n-grams, unique and ascending."""

_MAX_PERMUTATIONS = 128
_MAX_MISS_RATE = 0.01
"""How often a pair exactly at the threshold may be missed; more similar ones are missed less."""
_FOUR_STANDARD_ERRORS = 4 / 119**0.5  # 119 permutations: the shortest signature `_lsh_index` uses


def cluster_near_duplicates(
    texts: Iterable[str], *, threshold: float, shingle_words: int = 5
) -> list[int]:
    """Return for each text the number of its cluster: the index of the cluster's first text.

    threshold  the Jaccard index of two texts' sets of shingles from which they are
               near-duplicates, up to 1 for equal sets. Case, punctuation and white space are
               ignored, as in `text.word_tokenize`.

    Texts are read once. Candidates come from MinHash LSH and are compared by all their shingles,
    so two texts below the threshold are only joined by a chain of texts between them. A text with
    fewer words than a shingle is one shingle.
    """
    index = _lsh_index(threshold)
    first_with_digest: dict[bytes, int] = {}
    sketches: dict[int, tuple[Any, Shingles]] = {}
    parent: list[int] = []
    for number, text in enumerate(texts):
        shingles = _shingles(text, shingle_words)
        digest = hashlib.blake2b(shingles.tobytes(), digest_size=16).digest()
        duplicate_of = first_with_digest.setdefault(digest, number)
        parent.append(duplicate_of)
        if duplicate_of != number:
            continue
        signature = RMinHash(num_perm=index.get_num_perm(), seed=0)
        signature.update(shingles.view("V8").tolist())
        for candidate in index.query(signature):
            first, second = sorted((_root(parent, number), _root(parent, candidate)))
            if first != second and _is_similar(
                (signature, shingles), sketches[candidate], threshold
            ):
                parent[second] = first
        index.insert(number, signature)
        sketches[number] = signature, shingles
    return [_root(parent, number) for number in range(len(parent))]


def _lsh_index(threshold: float) -> Any:
    """Build the index with the longest bands, so the fewest candidates, that misses few enough.

    A pair of Jaccard index s agrees in a band of r rows with probability s^r, and in none of b
    bands with (1 - s^r)^b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section
    3.4.2).
    """
    rows = max(
        rows
        for rows in range(1, _MAX_PERMUTATIONS + 1)
        if rows == 1 or (1 - threshold**rows) ** (_MAX_PERMUTATIONS // rows) <= _MAX_MISS_RATE
    )
    bands = _MAX_PERMUTATIONS // rows
    return RMinHashLSH(threshold=threshold, num_perm=rows * bands, num_bands=bands)


def _shingles(text: str, size: int) -> Shingles:
    """Hash the n-grams of `size` words; of a text without words, the text itself.

    CRC-32 of each word, then a sum with odd factors modulo 2^64: the same in every process, which
    Python's own hash of a string is not.
    """
    codes = np.array(
        [crc32(word.encode()) for word in word_tokenize(text) or [text]], dtype=np.uint64
    )
    size = min(size, len(codes))
    factors = np.array([pow(0x9E3779B97F4A7C15, n, 1 << 64) for n in range(1, size + 1)], np.uint64)
    return np.unique(sliding_window_view(codes, size) @ factors)


def _is_similar(left: tuple[Any, Shingles], right: tuple[Any, Shingles], threshold: float) -> bool:
    """Return whether the Jaccard index of two texts, (signature, shingles), reaches the threshold.

    It is not computed if the signatures estimate it four standard errors below: many texts that
    share a part are candidates of one another.
    """
    (left_signature, left_shingles), (right_signature, right_shingles) = left, right
    margin = _FOUR_STANDARD_ERRORS * (threshold * (1 - threshold)) ** 0.5
    if left_signature.jaccard(right_signature) < threshold - margin:
        return False
    shared = np.intersect1d(left_shingles, right_shingles, assume_unique=True).size
    return bool(shared / (left_shingles.size + right_shingles.size - shared) >= threshold)


def _root(parent: list[int], number: int) -> int:
    """Return the representative of a number's cluster (union-find with path halving)."""
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number
