"""Confidence intervals and paired tests by a bootstrap over groups of rows.

Rows of one group (a paper, a dialogue) are not independent. The bootstrap therefore draws groups,
with replacement, and every row of a drawn group. Rows give statistics, and a score is computed
from their sums: the sum of values and the count for a mean, counts of n-grams for BLEU. A
resample sums the statistics again, and no text is scored twice. The value is always that of the
original rows; the resamples only give its uncertainty. The same seed draws the same groups.

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
from abrege.metrics.exact_tests import exact_share_interval, sign_test

Floats = NDArray[np.float64]
ScoreFunction = Callable[[Floats], Floats]
"""From sums of statistics, (…, statistics), to scores, (…)."""

NORMAL_ABOVE = 100_000  # rows
ALPHA = 0.05
POWER = 0.8
MIN_GROUPS = 10
"""Independent rows below which no verdict is given."""
MAX_SIGN_ROWS = 1000
_BLOCK = 1 << 20  # draws in memory at once


@dataclass(frozen=True)
class Interval:
    """A score and its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """A difference of scores a − b, its interval and p-value, and the rows that each system won."""

    difference: float
    low: float | None
    high: float | None
    p: float | None
    """None, like the interval, where all rows are of one group."""
    wins: int
    ties: int
    losses: int
    detectable: float | None = None
    """The minimum detectable effect with this number of rows, at ALPHA two-sided, with POWER;
    None where no resample differs from another, as where all rows tie."""
    sign_p: float | None = None
    """The two-sided p-value of the sign test over wins and losses, which holds for any number."""
    groups: int = 0
    """Independent rows: the groups of rows that are resampled together."""


@dataclass(frozen=True)
class Resampling:
    """The settings of the bootstrap."""

    samples: int = 2000
    confidence: float = 0.95
    seed: int = 0

    def signature(self, rows: int) -> str:
        """Return how an interval over so many rows is computed."""
        confidence = f"{100 * self.confidence:g}%"
        if rows > NORMAL_ABOVE:
            return f"normal:jackknife,{confidence}"
        return f"bootstrap:{self.samples},seed:{self.seed},{confidence}"


def mean_interval(values: ArrayLike, groups: Sequence[Hashable], **resampling: Any) -> Interval:
    """Compute the mean of a metric over rows, and its interval; see `score_interval`."""
    return score_interval(_with_counts(values), groups, mean, **resampling)


def score_interval(
    statistics: ArrayLike, groups: Sequence[Hashable], score: ScoreFunction, **resampling: Any
) -> Interval:
    """Compute the score of the summed statistics, and its interval over resampled groups.

    statistics  (rows, statistics)
    resampling  the fields of Resampling

    Raise DataError where there are no rows, or fewer than two groups.
    """
    settings = Resampling(**resampling)
    rows = _checked(statistics, groups)
    value, spread = _spread(rows, groups, score, settings)
    bounds = _bounds(value, spread, settings.confidence)
    is_share = score is mean and bool(np.isin(rows[:, 0], (0, 1)).all() and (rows[:, 1] == 1).all())
    independent = len({*groups})  # in groups that all agree, one row stands for each
    if is_share and len(rows) <= NORMAL_ABOVE and (independent == len(rows) or not spread.error):
        hits = round(value * independent)
        bounds = exact_share_interval(hits, independent, settings.confidence)
    return Interval(value, *bounds)


def paired_mean_test(
    a: ArrayLike, b: ArrayLike, groups: Sequence[Hashable], **resampling: Any
) -> PairedTest:
    """Test the mean of a − b of two systems on the same rows; see `paired_test`."""
    difference = _difference(a, b)
    return _test(difference, _with_counts(difference), groups, mean, Resampling(**resampling))


def paired_test(
    a: ArrayLike,
    b: ArrayLike,
    groups: Sequence[Hashable],
    score: ScoreFunction,
    *,
    rows: tuple[ArrayLike, ArrayLike],
    **resampling: Any,
) -> PairedTest:
    """Test the difference of the scores of two systems on the same rows.

    a, b  (rows, statistics) each
    rows  the scores of single rows, of a and of b, for wins and losses

    p is two-sided, from the paired bootstrap with the distribution shifted to the null
    hypothesis (Efron and Tibshirani 1993, ch. 16), and never 0 (Davison and Hinkley 1997):

        p = (1 + #{|d*ₖ − d| ≥ |d|}) / (1 + samples)

    where d is the difference and d*ₖ that of resample k. sacrebleu's paired bootstrap
    centres |d*| instead, which amounts to a one-sided p: about half of ours for a clear
    difference. Raise DataError where the systems have different numbers of rows.
    """
    ours, theirs = (np.asarray(x, dtype=np.float64) for x in (a, b))
    if ours.shape != theirs.shape:
        raise DataError(f"cannot pair {len(ours)} rows with {len(theirs)}: score the same rows.")
    width = ours.shape[1]
    statistics = np.concatenate((ours, theirs), 1)
    return _test(
        _difference(*rows),
        statistics,
        groups,
        lambda sums: score(sums[..., :width]) - score(sums[..., width:]),
        Resampling(**resampling),
    )


def untested_difference(a: ArrayLike, b: ArrayLike) -> PairedTest:
    """Return the mean difference of two systems whose rows are all of one group: no test."""
    differences = _difference(a, b)
    return PairedTest(float(differences.mean()), None, None, None, *_wins_ties_losses(differences))


def mean(sums: Floats) -> Floats:
    """Compute the mean of values from the sums of (value, 1)."""
    means: Floats = sums[..., 0] / sums[..., 1]
    return means


def holm_correction(p: Sequence[float]) -> list[float]:
    """Correct p-values for their number, and return them in the same order (Holm 1979).

    The k-th smallest of m is multiplied by m − k + 1, and none becomes less than a smaller one.
    """
    corrected = [0.0] * len(p)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, p[index] * (len(p) - rank)))
        corrected[index] = highest
    return corrected


@dataclass(frozen=True)
class _Spread:
    """The uncertainty of a score: resampled scores, or the standard error only."""

    error: float
    resampled: Floats | None = None


def _test(
    differences: Floats,
    statistics: Floats,
    groups: Sequence[Hashable],
    score: ScoreFunction,
    settings: Resampling,
) -> PairedTest:
    value, spread = _spread(_checked(statistics, groups), groups, score, settings)
    rounding = 64 * np.finfo(float).eps * max(np.nanmax(np.abs(differences)), abs(value))
    if spread.resampled is None:
        p = _normal_p(value, spread.error)
    else:
        limit = abs(value) - rounding  # equal is not nearer
        nearer = np.abs(spread.resampled - value) < limit
        p = float((1 + settings.samples - np.count_nonzero(nearer)) / (1 + settings.samples))
    normal = NormalDist()
    detectable = (normal.inv_cdf(1 - ALPHA / 2) + normal.inv_cdf(POWER)) * spread.error
    bounds = _bounds(value, spread, settings.confidence)
    wins, ties, losses = _wins_ties_losses(differences)
    few = wins + losses <= MAX_SIGN_ROWS
    return PairedTest(
        *(value, *bounds, p, wins, ties, losses),
        detectable if spread.error > rounding else None,
        sign_test(wins, losses) if few else None,
        len({*groups}),
    )


def _spread(
    statistics: Floats, groups: Sequence[Hashable], score: ScoreFunction, settings: Resampling
) -> tuple[float, _Spread]:
    value = float(score(statistics.sum(0)))
    sums = _group_sums(statistics, groups)
    if len(statistics) > NORMAL_ABOVE:
        left_out = score(sums.sum(0) - sums)  # (groups,)
        return value, _Spread(float(left_out.std() * math.sqrt(len(sums) - 1)))
    resampled = np.concatenate([score(drawn) for drawn in _resampled(sums, settings)])
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


def _resampled(sums: Floats, settings: Resampling) -> Iterator[Floats]:
    """Yield the sums of resamples of the groups, a block of resamples at a time.

    sums    (groups, statistics)
    yields  (resamples, statistics)
    """
    generator = np.random.default_rng(settings.seed)
    groups = len(sums)
    size = max(1, _BLOCK // groups)
    for start in range(0, settings.samples, size):
        block = min(size, settings.samples - start)
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


def _wins_ties_losses(differences: Floats) -> tuple[int, int, int]:
    return (
        int((differences > 0).sum()),
        int((differences == 0).sum()),
        int((differences < 0).sum()),
    )


def _with_counts(values: ArrayLike) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    return np.stack((column, np.ones_like(column)), 1)


def _difference(a: ArrayLike, b: ArrayLike) -> Floats:
    ours, theirs = (np.asarray(x, dtype=np.float64) for x in (a, b))
    if len(ours) != len(theirs):
        raise DataError(f"cannot pair {len(ours)} values with {len(theirs)}: score the same rows.")
    differences: Floats = ours - theirs
    return differences


def _checked(statistics: ArrayLike, groups: Sequence[Hashable]) -> Floats:
    rows = np.asarray(statistics, dtype=np.float64)
    if not len(rows):
        raise DataError("there are no rows to take a mean of.")
    if len(rows) != len(groups):
        raise DataError(f"{len(rows)} values but {len(groups)} groups: give one group per row.")
    return rows
