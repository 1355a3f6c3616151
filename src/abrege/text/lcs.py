"""Longest common subsequences of words, where words are integers; bit-parallel."""

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import LCSseq


def lcs_length(a: Sequence[int], b: Sequence[int]) -> int:
    """Return the length of the longest common subsequence."""
    return int(LCSseq.similarity(a, b))


def union_lcs(reference: Sequence[int], candidates: Iterable[Sequence[int]]) -> list[int]:
    """Return the positions in `reference` that are in its LCS with any candidate, in order.

    Often several common subsequences are longest; ties are broken as in rouge-score 0.1.2, so
    that ROUGE-Lsum is the same to the last digit.
    """
    return sorted(set().union(*(_lcs_positions(reference, c) for c in candidates)))


def _lcs_positions(reference: Sequence[int], candidate: Sequence[int]) -> set[int]:
    """Return the positions in `reference` of one longest common subsequence.

    Row i of the table of lengths is stored as bits (Hyyrö 2004): bit j is 0 where the length
    grows from column j to j + 1, so the length in a cell is a count of zeros. The backtrace is
    rouge-score's: diagonally at a match, else left only if left is longer than up. Left is longer
    than up exactly when this cell is longer than the one above it. Words that the candidate lacks
    need no row: theirs would repeat the one above, and the backtrace would only pass it upwards.
    """
    columns: dict[int, int] = {}
    for column, word in enumerate(candidate):
        columns[word] = columns.get(word, 0) | 1 << column
    matched = [position for position, word in enumerate(reference) if word in columns]
    all_ones = (1 << len(candidate)) - 1
    rows = [all_ones]
    for position in matched:
        row = rows[-1]
        hits = row & columns[reference[position]]
        rows.append(((row + hits) | (row - hits)) & all_ones)

    positions = set()
    i, j = len(matched), len(candidate)
    while i and j:
        if reference[matched[i - 1]] == candidate[j - 1]:
            positions.add(matched[i - 1])
            i, j = i - 1, j - 1
            continue
        left_of = (1 << j) - 1
        if (rows[i] & left_of).bit_count() < (rows[i - 1] & left_of).bit_count():
            j -= 1
        else:
            i -= 1
    return positions
