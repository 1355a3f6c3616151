"""Preference between two systems: win share, its exact interval, and the exact sign test."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from abrege.core.errors import DataError

Outcome: TypeAlias = Literal["win", "loss", "tie"]


@dataclass(frozen=True)
class PreferenceShare:
    """How often one system was preferred, the interval of that share, and its sign test."""

    wins: int
    ties: int
    losses: int
    share: float | None
    """Wins over wins and losses; it, the interval and p are None where there are only ties."""
    low: float | None
    high: float | None
    p: float | None


def preference_share(
    outcomes: Sequence[Outcome],
    *,
    groups: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
) -> PreferenceShare:
    """Compute the share of wins with its exact interval and the exact two-sided sign test.

    groups  the group of each row (a paper, a dialogue)

    The sign test and the interval need independent rows, and three questions about one paper are
    not three papers: with `groups`, each group counts once, by the majority of its rows that are
    not ties. Wins, ties and losses are then counts of groups. Ties say nothing about the
    direction and are left out of share, interval (Clopper and Pearson 1934) and test (Dixon and
    Mood 1946). Raise DataError without outcomes, or if the groups do not match them.
    """
    if not outcomes:
        raise DataError("preference: there are no decisions to count.\n  Pass at least one.")
    if not 0 < confidence < 1:
        raise DataError(f"preference: confidence {confidence:g} is not between 0 and 1.")
    if groups is not None:
        outcomes = _majority_by_group(outcomes, groups)
    counts = Counter(outcomes)
    wins, ties, losses = counts["win"], counts["tie"], counts["loss"]
    n = wins + losses
    if not n:
        return PreferenceShare(wins, ties, losses, None, None, None, None)
    low, high = clopper_pearson(wins, n, confidence=confidence)
    return PreferenceShare(wins, ties, losses, wins / n, low, high, _sign_test(wins, losses))


def majority_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the most frequent outcome; a tie where two are equally frequent."""
    (first, times), *others = Counter(outcomes).most_common()
    return "tie" if others and others[0][1] == times else first


def clopper_pearson(k: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the exact interval of a share of k in n (Clopper and Pearson 1934).

    Its ends are the shares at which k or more of n, and k or fewer, are just no longer too rare.
    """
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else _share_with_tail(k, n, tail)
    high = 1.0 if k == n else 1 - _share_with_tail(n - k, n, tail)  # the same for the other side
    return low, high


def _majority_by_group(outcomes: Sequence[Outcome], groups: Sequence[Hashable]) -> list[Outcome]:
    if len(groups) != len(outcomes):
        raise DataError(f"preference: {len(outcomes)} decisions have {len(groups)} groups.")
    by_group: dict[Hashable, list[Outcome]] = {}
    for group, outcome in zip(groups, outcomes, strict=True):
        by_group.setdefault(group, []).append(outcome)
    margins = [rows.count("win") - rows.count("loss") for rows in by_group.values()]
    return ["win" if margin > 0 else "loss" if margin < 0 else "tie" for margin in margins]


def _sign_test(wins: int, losses: int) -> float:
    """Compute how often a fair coin falls at least as unevenly; in whole numbers, exact."""
    n = wins + losses
    tail, combinations = 0, 1
    for k in range(min(wins, losses) + 1):
        tail += combinations
        combinations = combinations * (n - k) // (k + 1)
    return min(1.0, tail / (1 << (n - 1)))


def _share_with_tail(k: int, n: int, probability: float) -> float:
    """Return the share at which k or more of n has this probability, by bisection to 2⁻⁶⁰."""
    # Logarithms, for the counts themselves outgrow a float.
    log_combinations = [
        (i, math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1))
        for i in range(k, n + 1)
    ]
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        log_yes, log_no = math.log(share), math.log1p(-share)
        tail = math.fsum(
            math.exp(log_count + i * log_yes + (n - i) * log_no)
            for i, log_count in log_combinations
        )
        low, high = (share, high) if tail < probability else (low, share)
    return (low + high) / 2
