"""Deduplicate texts: cluster near-duplicates by MinHash LSH and the Jaccard index of shingles."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from abrege.data.shingles import ODD_FACTOR, WordFile

Rows = NDArray[np.intp]
"""(rows,) numbers of texts, ascending."""

_MAX_PERMUTATIONS = 128
_MAX_MISS_RATE = 0.01
"""How often a pair exactly at the threshold may be missed; more similar ones are missed less."""
_FOUR_STANDARD_ERRORS = 4 / 119**0.5  # 119 permutations: the shortest signature of `_band_shape`
_BATCH_WORDS = 16384
"""Words after which signatures are computed; texts before that wait in memory."""


def cluster_near_duplicates(
    texts: Iterable[str], *, threshold: float, shingle_words: int = 5, folder: Path | None = None
) -> list[int]:
    """Return for each text the number of its cluster: the index of the cluster's first text.

    The arguments are those of `NearDuplicateIndex`. Texts are read once.
    """
    with NearDuplicateIndex(
        threshold=threshold, shingle_words=shingle_words, folder=folder
    ) as index:
        for text in texts:
            index.add(text)
        clusters: list[int] = index.clusters().tolist()
    return clusters


class NearDuplicateIndex:
    """The MinHash signatures of texts: some 130 bytes of memory a text, and its words on disk.

    threshold      the Jaccard index of two texts' sets of shingles from which they are
                   near-duplicates, up to 1 for equal sets. Case, punctuation and white space are
                   ignored, as in `text.word_tokenize`.
    shingle_words  words of a shingle; a text with fewer words is one shingle
    folder         where the words are written, 4 bytes each (default: the system's folder for
                   temporary files)

    Candidates come from MinHash LSH and are compared by all their shingles, so two texts below
    the threshold are only joined by a chain of texts between them. The signatures hold the lowest
    bits of each minimum: they only propose candidates.
    """

    def __init__(
        self, *, threshold: float, shingle_words: int = 5, folder: Path | None = None
    ) -> None:
        self.threshold = threshold
        self._bands, self._band_rows = _band_shape(threshold)
        self._permutations = self._bands * self._band_rows
        self._dtype = _signature_dtype(self._band_rows)
        self._signatures = bytearray()
        self._words = WordFile(shingle_words, folder)

    def __enter__(self) -> "NearDuplicateIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the file of words."""
        self._words.close()

    def __len__(self) -> int:
        return len(self._words)

    def add(self, text: str) -> None:
        """Add the next text."""
        self._words.add(text)
        if self._words.buffered >= _BATCH_WORDS:
            self._flush()

    def clusters(self, rows: Rows | None = None) -> Rows:
        """Return the number of each text's cluster: the lowest number of a text in it.

        rows  the texts to compare, ascending; the others are clusters of their own (default: all)
        """
        self._flush()
        texts = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.intp)
        components = Components(len(self))
        columns = range(self._permutations)
        distinct = np.ones(len(texts), dtype=bool)
        for run in _equal_runs(self._keys(texts, columns)):
            distinct[run[self._join_equal(texts[run], components)]] = False
        texts = texts[distinct]
        for band in range(self._bands):
            start = band * self._band_rows
            for run in _equal_runs(self._keys(texts, columns[start : start + self._band_rows])):
                self._join_similar(texts[run], band, components)
        return components.labels()

    def _flush(self) -> None:
        shingles = self._words.flush()
        if not shingles:
            return
        tokens = [row.view("V8").tolist() for row in shingles]
        matrix = RMinHash.digest_matrix_from_token_byte_sets(tokens, self._permutations, 0)
        minima = np.array(matrix.to_rows(), dtype=np.uint32)  # (texts, permutations)
        self._signatures += minima.astype(self._dtype).tobytes()

    def _signature_matrix(self) -> NDArray[np.unsignedinteger]:
        flat = np.frombuffer(self._signatures, dtype=self._dtype)
        return flat.reshape(-1, self._permutations)

    def _keys(self, texts: Rows, columns: Sequence[int]) -> NDArray[np.uint64]:
        """Return a hash for each text of its signature in these columns."""
        signatures = self._signature_matrix()
        keys = np.zeros(len(texts), dtype=np.uint64)
        for column in columns:
            keys = keys * ODD_FACTOR + signatures[texts, column]
        return keys

    def _join_equal(self, texts: Rows, components: "Components") -> NDArray[np.bool_]:
        """Join the texts with the shingles of the first one; return which of them have them."""
        first = self._words.shingles(int(texts[0]))
        equal = np.zeros(len(texts), dtype=bool)
        for position, text in enumerate(texts[1:].tolist(), start=1):
            equal[position] = np.array_equal(self._words.shingles(text), first)
            if equal[position]:
                components.join(int(texts[0]), text)
        return equal

    def _join_similar(self, texts: Rows, band: int, components: "Components") -> None:
        """Join near-duplicates among texts that agree in a band.

        A text is compared with the first of each component, and only where that is not similar
        with its others: a large cluster costs one comparison a text.
        """
        roots = np.array([components.root(text) for text in texts.tolist()])
        is_first = np.zeros(len(texts), dtype=bool)
        for position in range(len(texts)) if (roots != roots[0]).any() else ():
            for group in (is_first, ~is_first):
                others = np.flatnonzero(group[:position] & (roots[:position] != roots[position]))
                for other in self._candidates(texts, position, others, band):
                    own, its = int(roots[position]), int(roots[other])
                    if own != its and self._is_similar(int(texts[position]), int(texts[other])):
                        components.join(own, its)
                        roots[(roots == own) | (roots == its)] = min(own, its)
            is_first[position] = not (roots[:position] == roots[position]).any()

    def _candidates(self, texts: Rows, position: int, others: Rows, band: int) -> list[int]:
        """Return the positions that may be similar and agree with `position` in no earlier band.

        Their Jaccard index is not computed if the signatures estimate it four standard errors
        below the threshold: many texts that share a part are candidates of one another.
        """
        if not len(others):
            return []
        margin = _FOUR_STANDARD_ERRORS * (self.threshold * (1 - self.threshold)) ** 0.5
        signatures = self._signature_matrix()
        equal = signatures[texts[others]] == signatures[texts[position]]  # (others, permutations)
        chosen = equal.mean(axis=1) >= self.threshold - margin
        earlier = equal[:, : band * self._band_rows].reshape(len(others), band, self._band_rows)
        chosen &= ~earlier.all(axis=2).any(axis=1)
        positions: list[int] = others[chosen].tolist()
        return positions

    def _is_similar(self, left: int, right: int) -> bool:
        one, other = self._words.shingles(left), self._words.shingles(right)
        together = np.concatenate([one, other])
        together.sort()  # each text has a shingle once
        shared = np.count_nonzero(together[1:] == together[:-1])
        return bool(shared / (one.size + other.size - shared) >= self.threshold)


class Components:
    """Union-find over numbered texts; the lowest number of a component stands for it."""

    def __init__(self, count: int) -> None:
        self._parent = array("q", range(count))

    def root(self, number: int) -> int:
        """Return the lowest number of a component."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one component of two."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first

    def labels(self) -> Rows:
        """Return the lowest number of the component of each number."""
        labels = np.array(self._parent, dtype=np.intp)
        for number in np.flatnonzero(labels != np.arange(len(labels))).tolist():
            labels[number] = self.root(number)
        return labels


def _equal_runs(keys: NDArray[np.uint64]) -> Iterator[Rows]:
    """Yield the positions of each key that occurs twice or more, ascending."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
    for position in np.flatnonzero(np.diff(edges) > 1).tolist():
        yield order[edges[position] : edges[position + 1]]


def _band_shape(threshold: float) -> tuple[int, int]:
    """Return how many bands of how many permutations: the longest bands that miss few enough.

    A pair of Jaccard index s agrees in a band of r rows with probability s^r, and in none of b
    bands with (1 - s^r)^b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section
    3.4.2). The longest bands have the fewest candidates.
    """
    rows = max(
        rows
        for rows in range(1, _MAX_PERMUTATIONS + 1)
        if rows == 1 or (1 - threshold**rows) ** (_MAX_PERMUTATIONS // rows) <= _MAX_MISS_RATE
    )
    return _MAX_PERMUTATIONS // rows, rows


def _signature_dtype(band_rows: int) -> type[np.unsignedinteger]:
    """Return how much of each minimum is held, so that unlike texts agree in hardly any band."""
    if band_rows >= 5:
        return np.uint8
    return np.uint16 if band_rows >= 3 else np.uint32
