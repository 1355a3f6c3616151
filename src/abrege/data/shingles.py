"""Shingles of texts: hashes of word n-grams, computed from a temporary file of the words."""

from array import array
from os import SEEK_END
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from abrege.core.io import disk_error
from abrege.text.tokenize import word_tokenize

Shingles = NDArray[np.uint64]
"""(shingles,) hashes of a text's word n-grams."""
ODD_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_KNOWN_WORDS = 30_000
_READ_SHINGLES = 500_000
"""Shingles that are held for the next comparisons."""


class WordFile:
    """The words of texts as codes of 4 bytes, on disk, from which their shingles are computed.

    A code is the CRC-32 of a word: the same in every process, which Python's own hash of a string
    is not.
    """

    def __init__(self, shingle_words: int, folder: Path | None) -> None:
        self._size = shingle_words
        self._folder = folder or Path(gettempdir())
        try:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise disk_error(error, self._folder) from error
        self._ends = array("Q")
        """For each text, how many codes there are up to its end."""
        self._codes, self._lengths = array("I"), array("I")
        self._known = _WordCodes()
        self._read: dict[int, Shingles] = {}
        self._read_size = 0

    def __len__(self) -> int:
        return len(self._ends)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    @property
    def buffered(self) -> int:
        """Return the number of codes that are not on disk yet."""
        return len(self._codes)

    def add(self, text: str) -> None:
        """Add the next text; one with fewer words than a shingle is filled up with zeros."""
        before = len(self._codes)
        self._codes.extend(map(self._known.__getitem__, word_tokenize(text) or [text]))
        missing = self._size - (len(self._codes) - before)
        if missing > 0:
            self._codes.extend([0] * missing)
        length = len(self._codes) - before
        self._lengths.append(length)
        self._ends.append((self._ends[-1] if self._ends else 0) + length)

    def flush(self) -> list[Shingles]:
        """Write the codes of the texts added since the last time; return their shingles."""
        codes = np.array(self._codes, dtype=np.uint32)
        try:
            self._file.seek(0, SEEK_END)
            self._file.write(codes.tobytes())
            self._file.flush()
        except OSError as error:
            raise disk_error(error, self._folder) from error
        starts = np.cumsum([0, *self._lengths])
        if not len(codes):
            return []
        flat = self._combine(codes)
        edges = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
        shingles = [flat[start : end - self._size + 1] for start, end in edges]
        self._codes, self._lengths = array("I"), array("I")
        return shingles

    def _combine(self, codes: NDArray[np.uint32]) -> Shingles:
        """Hash each run of codes: a sum with odd factors modulo 2^64."""
        wide = codes.astype(np.uint64)
        length = len(codes) - self._size + 1
        sums = np.zeros(length, dtype=np.uint64)
        factor = np.uint64(1)
        for offset in range(self._size):
            factor = np.uint64(int(factor) * int(ODD_FACTOR) % 2**64)
            sums += wide[offset : offset + length] * factor
        return sums

    def shingles(self, text: int) -> Shingles:
        """Return the shingles of a text, unique and ascending."""
        if text not in self._read:
            if self._read_size > _READ_SHINGLES:
                self._read, self._read_size = {}, 0
            self._read[text] = self._read_shingles(text)
            self._read_size += self._read[text].size
        return self._read[text]

    def _read_shingles(self, text: int) -> Shingles:
        start, end = self._ends[text - 1] if text else 0, self._ends[text]
        self._file.seek(4 * start)
        codes = np.frombuffer(self._file.read(4 * (end - start)), dtype=np.uint32)
        return np.unique(self._combine(codes))


class _WordCodes(dict[str, int]):
    """The CRC-32 of words; those of the commonest words are not computed again."""

    def __missing__(self, word: str) -> int:
        code = crc32(word.encode())
        if len(self) < _KNOWN_WORDS:
            self[word] = code
        return code
