"""Intervals and paired tests by a seeded bootstrap that resamples groups of rows.

Rows of one group (a paper, a dialogue) are not independent, so groups are drawn, with
replacement, and every row of a drawn group comes along. The value is always the plain mean over
rows; the bootstrap only says how far to trust it. Equal seeds draw equal groups.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abrege.errors import DataError

Floats = NDArray[np.float64]

_BLOCK = 1 << 20  # draws held in memory at once


@dataclass(frozen=True)
class Interval:
    """A mean over rows and the percentile interval around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """A mean difference a − b over rows, its interval, its p, and the rows each side won."""

    difference: float
    low: float | None
    high: float | None
    p: float | None
    """None, as the interval is, where there was nothing to resample."""
    wins: int
    ties: int
    losses: int


def mean_interval(
    values: Sequence[float],
    groups: Sequence[Hashable],
    *,
    samples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Give the mean of a metric over rows, and its interval when groups are drawn anew."""
    rows = _rows(values, groups)
    means = _resampled_means(rows, groups, samples=samples, seed=seed)
    return Interval(float(rows.mean()), *_percentiles(means, confidence))


def paired(
    a: Sequence[float],
    b: Sequence[float],
    groups: Sequence[Hashable],
    *,
    samples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Paired:
    """Compare two systems on the same rows: how sure is the mean of a − b.

    p is two-sided, from the paired bootstrap with the distribution shifted to the null
    hypothesis (Efron and Tibshirani 1993, ch. 16), and never 0 (Davison and Hinkley 1997):

        p = (1 + #{|d*ₖ − d| ≥ |d|}) / (1 + samples)

    where d is the mean difference and d*ₖ that of resample k. sacrebleu's paired bootstrap
    centres |d*| instead, which comes to a one-sided p: about half of ours for a clear difference.
    """
    if len(a) != len(b):
        raise DataError(f"cannot pair {len(a)} values with {len(b)}: score the same rows.")
    rows = _rows(a, groups) - _rows(b, groups)
    means = _resampled_means(rows, groups, samples=samples, seed=seed)
    difference = float(rows.mean())
    rounding = 64 * np.finfo(float).eps * np.abs(rows).max()  # of sums, parts what is equal
    beyond = np.abs(means - difference) >= abs(difference) - rounding
    p = float((1 + np.count_nonzero(beyond)) / (1 + samples))
    low, high = _percentiles(means, confidence)
    return Paired(difference, low, high, p, *_wins_ties_losses(rows))


def untested(a: Sequence[float], b: Sequence[float]) -> Paired:
    """Compare two systems without interval or p, where all rows are of one group."""
    rows = _rows(a, a) - _rows(b, a)
    return Paired(float(rows.mean()), None, None, None, *_wins_ties_losses(rows))


def _wins_ties_losses(rows: Floats) -> tuple[int, int, int]:
    return int((rows > 0).sum()), int((rows == 0).sum()), int((rows < 0).sum())


def _rows(values: Sequence[float], groups: Sequence[Hashable]) -> Floats:
    if not len(values):
        raise DataError("there are no rows to take a mean of.")
    if len(values) != len(groups):
        raise DataError(f"{len(values)} values but {len(groups)} groups: give one group a row.")
    return np.asarray(values, dtype=np.float64)


def _resampled_means(
    rows: Floats, groups: Sequence[Hashable], *, samples: int, seed: int
) -> Floats:
    """Give the mean over rows of each resample of the groups.

    rows     (rows,)
    returns  (samples,)

    A resample re-sums: a group is known by the sum and the count of its rows.
    """
    index: dict[Hashable, int] = {}
    group_of_row = [index.setdefault(g, len(index)) for g in groups]
    if len(index) < 2:
        raise DataError(
            "cannot resample one group: an interval needs rows of at least 2 groups.\n"
            "  Give a group column with more than one value, or none."
        )
    sums = np.bincount(group_of_row, weights=rows)  # (groups,)
    counts = np.bincount(group_of_row)  # (groups,)
    generator = np.random.default_rng(seed)
    means: list[Floats] = []
    left = samples
    while left:
        block = min(left, max(1, _BLOCK // len(index)))
        drawn = generator.integers(len(index), size=(block, len(index)))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
        left -= block
    return np.concatenate(means)


def _percentiles(means: Floats, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
