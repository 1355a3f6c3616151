"""Exact intervals and tests of counts: the binomial distribution, without a normal in its place."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exact_share_interval(hits: int, rows: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share: hits of independent rows (Clopper and Pearson 1934).

    Its ends are the shares under which so many hits, or so few, have a chance of half the rest of
    `confidence`; of no hit, or of nothing but hits, the interval still has a width.
    """
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve_share(lambda p: 1 - _binomial_cdf(hits - 1, rows, p), tail)
    high = 1.0 if hits == rows else _solve_share(lambda p: -_binomial_cdf(hits, rows, p), -tail)
    return low, high


def _solve_share(rising: Callable[[float], float], target: float) -> float:
    """Return the share at which a rising function has a value, by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2


def _binomial_cdf(hits: int, rows: int, share: float) -> float:
    """Return the chance of at most `hits` of `rows`, each with the chance `share`."""
    if share <= 0 or share >= 1:
        return float(share <= 0 or hits >= rows)
    ks = np.arange(hits + 1)
    logs = _log_factorials(rows)
    terms = logs[rows] - logs[ks] - logs[rows - ks]
    terms += ks * math.log(share) + (rows - ks) * math.log1p(-share)
    return min(1.0, float(np.exp(terms).sum()))


@lru_cache(maxsize=4)
def _log_factorials(largest: int) -> Floats:
    """Return log(k!) for k from 0 to `largest`, (largest + 1,)."""
    logs: Floats = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, largest + 1)))))
    return logs


def sign_test(wins: int, losses: int) -> float:
    """Return the two-sided p-value of the sign test: as uneven a split of fair coins, or more."""
    rows = wins + losses
    extreme = sum(math.comb(rows, k) for k in range(min(wins, losses) + 1))
    return min(1.0, float(2 * extreme / 2**rows))
