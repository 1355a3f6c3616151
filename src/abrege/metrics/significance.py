"""Intervals and paired tests that resample groups of rows.

Rows of one group (a paper, a dialogue) are not independent, so groups are drawn, with
replacement, and every row of a drawn group comes along. Rows give statistics, and a score is made
of their sums: the sum of values and the count for a mean, counts of n-grams for BLEU. A resample
therefore re-sums, and nothing is scored twice. The value is always that of the rows as they are;
resamples only say how far to trust it. Equal seeds draw equal groups.

Above NORMAL_ABOVE rows the interval is that of the normal distribution, with the standard error
of the jackknife over groups (Efron and Tibshirani 1993, ch. 11).
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abrege.core.errors import DataError

Floats = NDArray[np.float64]
Score = Callable[[Floats], Floats]
"""Sums of statistics, (…, statistics), to the scores they make, (…)."""

NORMAL_ABOVE = 100_000  # rows
ALPHA = 0.05
POWER = 0.8
_BLOCK = 1 << 20  # draws held in memory at once


@dataclass(frozen=True)
class Interval:
    """A score and the interval around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """A difference of scores a − b, its interval, its p, and the rows each side won."""

    difference: float
    low: float | None
    high: float | None
    p: float | None
    """None, as the interval is, where there was nothing to resample."""
    wins: int
    ties: int
    losses: int
    detectable: float | None = None
    """The smallest true difference that so many rows show, at ALPHA two-sided, with POWER."""


@dataclass(frozen=True)
class Resampling:
    """How a score is resampled: so many times, for an interval of that confidence, by a seed."""

    samples: int = 2000
    confidence: float = 0.95
    seed: int = 0

    def signature(self, rows: int) -> str:
        """Say how an interval over so many rows was made."""
        confidence = f"{100 * self.confidence:g}%"
        if rows > NORMAL_ABOVE:
            return f"normal:jackknife,{confidence}"
        return f"bootstrap:{self.samples},seed:{self.seed},{confidence}"


def mean_interval(values: ArrayLike, groups: Sequence[Hashable], **resampling: Any) -> Interval:
    """Give the mean of a metric over rows, and its interval; see `interval`."""
    return score_interval(_with_counts(values), groups, mean, **resampling)


def score_interval(
    statistics: ArrayLike, groups: Sequence[Hashable], score: Score, **resampling: Any
) -> Interval:
    """Give the score of the summed statistics and its interval when groups are drawn anew.

    statistics  (rows, statistics)
    resampling  the fields of Resampling
    """
    how = Resampling(**resampling)
    rows = _checked(statistics, groups)
    value, spread = _spread(rows, groups, score, how)
    return Interval(value, *_bounds(value, spread, how.confidence))


def paired_mean_test(
    a: ArrayLike, b: ArrayLike, groups: Sequence[Hashable], **resampling: Any
) -> PairedTest:
    """Compare two systems on the same rows: how sure is the mean of a − b; see `paired_scores`."""
    difference = _difference(a, b)
    return _test(difference, _with_counts(difference), groups, mean, Resampling(**resampling))


def paired_test(
    a: ArrayLike,
    b: ArrayLike,
    groups: Sequence[Hashable],
    score: Score,
    *,
    rows: tuple[ArrayLike, ArrayLike],
    **resampling: Any,
) -> PairedTest:
    """Compare the scores of two systems' summed statistics, (rows, statistics) each.

    rows  the score of each row by itself, of a and of b, for wins and losses

    p is two-sided, from the paired bootstrap with the distribution shifted to the null
    hypothesis (Efron and Tibshirani 1993, ch. 16), and never 0 (Davison and Hinkley 1997):

        p = (1 + #{|d*ₖ − d| ≥ |d|}) / (1 + samples)

    where d is the difference and d*ₖ that of resample k. sacrebleu's paired bootstrap
    centres |d*| instead, which comes to a one-sided p: about half of ours for a clear difference.
    """
    ours, theirs = (np.asarray(x, dtype=np.float64) for x in (a, b))
    if ours.shape != theirs.shape:
        raise DataError(f"cannot pair {len(ours)} rows with {len(theirs)}: score the same rows.")
    width = ours.shape[1]
    both = np.concatenate((ours, theirs), 1)
    return _test(
        _difference(*rows),
        both,
        groups,
        lambda sums: score(sums[..., :width]) - score(sums[..., width:]),
        Resampling(**resampling),
    )


def untested_difference(a: ArrayLike, b: ArrayLike) -> PairedTest:
    """Compare two systems without interval or p, where all rows are of one group."""
    rows = _difference(a, b)
    return PairedTest(float(rows.mean()), None, None, None, *_wins_ties_losses(rows))


def mean(sums: Floats) -> Floats:
    """Give the mean of values from the sums of (value, 1)."""
    found: Floats = sums[..., 0] / sums[..., 1]
    return found


def holm_correction(p: Sequence[float]) -> list[float]:
    """Correct p-values for their number, in the order given (Holm 1979).

    The k-th smallest of m is multiplied by m − k + 1, and none comes out below a smaller one's.
    """
    found = [0.0] * len(p)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, p[place] * (len(p) - rank)))
        found[place] = highest
    return found


@dataclass(frozen=True)
class _Spread:
    """How a score varies: resampled scores, or a standard error alone."""

    error: float
    resampled: Floats | None = None


def _test(
    rows: Floats, statistics: Floats, groups: Sequence[Hashable], score: Score, how: Resampling
) -> PairedTest:
    value, spread = _spread(_checked(statistics, groups), groups, score, how)
    if spread.resampled is None:
        p = _normal_p(value, spread.error)
    else:
        rounding = 64 * np.finfo(float).eps * max(np.nanmax(np.abs(rows)), abs(value))
        nearer = np.abs(spread.resampled - value) < abs(value) - rounding  # of equals none
        p = float((1 + how.samples - np.count_nonzero(nearer)) / (1 + how.samples))
    normal = NormalDist()
    detectable = (normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(POWER)) * spread.error
    bounds = _bounds(value, spread, how.confidence)
    return PairedTest(value, *bounds, p, *_wins_ties_losses(rows), detectable)


def _spread(
    statistics: Floats, groups: Sequence[Hashable], score: Score, how: Resampling
) -> tuple[float, _Spread]:
    value = float(score(statistics.sum(0)))
    sums = _group_sums(statistics, groups)
    if len(statistics) > NORMAL_ABOVE:
        without = score(sums.sum(0) - sums)  # (groups,)
        return value, _Spread(float(without.std() * math.sqrt(len(sums) - 1)))
    resampled = np.concatenate([score(drawn) for drawn in _resampled(sums, how)])
    return value, _Spread(float(np.nanstd(resampled)), resampled)


def _group_sums(statistics: Floats, groups: Sequence[Hashable]) -> Floats:
    """Sum the statistics of each group's rows: (rows, statistics) to (groups, statistics)."""
    index: dict[Hashable, int] = {}
    group_of_row = [index.setdefault(g, len(index)) for g in groups]
    if len(index) < 2:
        raise DataError(
            "cannot resample one group: an interval needs rows of at least 2 groups.\n"
            "  Give a group column with more than one value, or none."
        )
    return np.stack([np.bincount(group_of_row, weights=column) for column in statistics.T], 1)


def _resampled(sums: Floats, how: Resampling) -> Iterator[Floats]:
    """Yield the sums of resamples of the groups, a block of resamples at a time.

    sums    (groups, statistics)
    yields  (resamples, statistics)
    """
    generator = np.random.default_rng(how.seed)
    groups = len(sums)
    size = max(1, _BLOCK // groups)
    for start in range(0, how.samples, size):
        block = min(size, how.samples - start)
        drawn = generator.integers(groups, size=(block, groups))
        drawn += groups * np.arange(block)[:, None]
        times = np.bincount(drawn.ravel(), minlength=block * groups).reshape(block, groups)
        yield times.astype(np.float64) @ sums


def _bounds(value: float, spread: _Spread, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    if spread.resampled is None:
        half = -NormalDist().inv_cdf(tail) * spread.error
        return value - half, value + half
    low, high = np.nanquantile(spread.resampled, [tail, 1 - tail])
    return float(low), float(high)


def _normal_p(value: float, error: float) -> float:
    if not error:
        return float(value == 0)
    return math.erfc(abs(value) / error / math.sqrt(2))


def _wins_ties_losses(rows: Floats) -> tuple[int, int, int]:
    return int((rows > 0).sum()), int((rows == 0).sum()), int((rows < 0).sum())


def _with_counts(values: ArrayLike) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    return np.stack((column, np.ones_like(column)), 1)


def _difference(a: ArrayLike, b: ArrayLike) -> Floats:
    ours, theirs = (np.asarray(x, dtype=np.float64) for x in (a, b))
    if len(ours) != len(theirs):
        raise DataError(f"cannot pair {len(ours)} values with {len(theirs)}: score the same rows.")
    found: Floats = ours - theirs
    return found


def _checked(statistics: ArrayLike, groups: Sequence[Hashable]) -> Floats:
    rows = np.asarray(statistics, dtype=np.float64)
    if not len(rows):
        raise DataError("there are no rows to take a mean of.")
    if len(rows) != len(groups):
        raise DataError(f"{len(rows)} values but {len(groups)} groups: give one group a row.")
    return rows
