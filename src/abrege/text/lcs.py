"""Longest common subsequences of words given as integers, bit-parallel."""

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import LCSseq


def lcs_length(a: Sequence[int], b: Sequence[int]) -> int:
    """Give the length of the longest common subsequence."""
    return int(LCSseq.similarity(a, b))


def union_lcs(reference: Sequence[int], candidates: Iterable[Sequence[int]]) -> list[int]:
    """Give the positions in `reference` that lie in its LCS with any candidate, in order.

    A longest common subsequence is rarely the only one; ties are broken as rouge-score 0.1.2
    does, so that ROUGE-Lsum is the same to the last digit.
    """
    return sorted(set().union(*(_lcs_positions(reference, c) for c in candidates)))


def _lcs_positions(reference: Sequence[int], candidate: Sequence[int]) -> set[int]:
    """Give the positions in `reference` of one longest common subsequence.

    Row i of the table of lengths is kept as bits (Hyyrö 2004): bit j is 0 where the length
    grows from column j to j + 1, so the length in a cell is a count of zeros. The way back goes
    as rouge-score's: diagonally at a match, else left only if left is longer than up. Left is
    longer than up exactly when this cell is longer than the one above it. Words that the candidate
    lacks need no row: theirs repeats the one above, and the way back would only pass it upwards.
    """
    matches: dict[int, int] = {}
    for column, word in enumerate(candidate):
        matches[word] = matches.get(word, 0) | 1 << column
    kept = [place for place, word in enumerate(reference) if word in matches]
    everywhere = (1 << len(candidate)) - 1
    rows = [everywhere]
    for place in kept:
        row = rows[-1]
        hit = row & matches[reference[place]]
        rows.append(((row + hit) | (row - hit)) & everywhere)

    positions = set()
    i, j = len(kept), len(candidate)
    while i and j:
        if reference[kept[i - 1]] == candidate[j - 1]:
            positions.add(kept[i - 1])
            i, j = i - 1, j - 1
            continue
        left_of = (1 << j) - 1
        if (rows[i] & left_of).bit_count() < (rows[i - 1] & left_of).bit_count():
            j -= 1
        else:
            i -= 1
    return positions
