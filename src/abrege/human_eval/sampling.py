"""Which summaries people should look at: some at random, and some that look doubtful."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from abrege.core.errors import DataError

UNSUPPORTED, ATTEMPTS, SHORTEST, LONGEST = (
    "unsupported facts",
    "several attempts",
    "shortest",
    "longest",
)
"""Why a summary looks doubtful."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What of a summary may make it look doubtful."""

    id: str
    words: int
    unsupported: int
    """How many numbers, dates, names and quotes its document does not have."""
    attempts: int
    """How often the teacher was asked until its checks let it pass."""


@dataclass(frozen=True)
class Drawn:
    """A row to be looked at, and what made it look doubtful; None where it was drawn at random."""

    id: str
    why: str | None


def sample(traits: Sequence[Traits], rows: int, *, seed: int) -> list[Drawn]:
    """Draw rows: half of them at random, the odd one too, then as many that look doubtful.

    Rates are read off those drawn at random alone: they stand for all rows, the others do not.
    Doubtful are, in turn, the one with the most unsupported facts, the one that took the most
    attempts, the shortest and the longest that is left. The order tells nothing of it. Who is
    drawn at random follows from seed and id alone, so that more rows are these and others.
    """
    if not traits:
        raise DataError("there is no summary to look at.")
    shuffled = sorted(traits, key=lambda t: _rank(f"{seed}\n{t.id}"))
    rows = min(rows, len(shuffled))
    n_random = (rows + 1) // 2
    at_random = [Drawn(t.id, None) for t in shuffled[:n_random]]
    doubtful = _doubtful(shuffled[n_random:], rows - n_random)
    return sorted([*at_random, *doubtful], key=lambda d: _rank(f"order {seed}\n{d.id}"))


def _doubtful(traits: Sequence[Traits], n: int) -> list[Drawn]:
    taken: dict[str, Drawn] = {}
    # Sorted stably: among equals the order stays that of the draw.
    queues = [
        _queue(UNSUPPORTED, (t for t in traits if t.unsupported), lambda t: -t.unsupported),
        _queue(ATTEMPTS, (t for t in traits if t.attempts > 1), lambda t: -t.attempts),
        _queue(SHORTEST, traits, lambda t: t.words),
        _queue(LONGEST, traits, lambda t: -t.words),
    ]
    waiting = [iter(queue) for queue in queues]
    while len(taken) < n:
        for queue in waiting:
            found = next((drawn for drawn in queue if drawn.id not in taken), None)
            if found and len(taken) < n:
                taken[found.id] = found
    return list(taken.values())


def _queue(why: str, traits: Iterable[Traits], rank: Callable[[Traits], int]) -> list[Drawn]:
    return [Drawn(t.id, why) for t in sorted(traits, key=rank)]


def _rank(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
