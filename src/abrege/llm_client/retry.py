"""How long to wait for a server, how often to ask again, and how much at a time."""

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Retrying:
    """How often and how patiently a question is put again: exponential backoff, full jitter.

    Full jitter: each wait is drawn evenly from 0 to its bound, so that many clients do not come
    back together (Brooker 2015, "Exponential Backoff And Jitter", AWS Architecture Blog).
    """

    attempts: int = 6
    first_seconds: float = 1.0
    """Bound of the first wait; each further one is twice as long."""
    longest_seconds: float = 60.0
    """Bound of every wait that we choose."""
    longest_told_seconds: float = 600.0
    """Longest Retry-After obeyed: a server that wants more is given up."""

    def wait_seconds(self, failures: int, rng: random.Random) -> float:
        """Draw the wait after so many failures."""
        return rng.uniform(0, min(self.longest_seconds, self.first_seconds * 2 ** (failures - 1)))


class Pace:
    """How many attempts may be under way: halved when the server is busy, grown by success.

    Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989): one more
    after as many answers in a row as there is room, half when a busy server says so. Refusals
    of attempts that began before the last halving do not count: they are the same jam.
    """

    def __init__(self, most: int) -> None:
        self.most = self.room = most
        self.stopped = False
        self._under_way = 0
        self._answers = 0
        self._halved_at = -math.inf
        self._change = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for room, and take it."""
        with self._change:
            self._change.wait_for(lambda: self.stopped or self._under_way < self.room)
            self._under_way += 1
        try:
            yield
        finally:
            with self._change:
                self._under_way -= 1
                self._change.notify_all()

    def answered(self) -> None:
        """Count an answer."""
        with self._change:
            self._answers += 1
            if self._answers >= self.room:
                self.room, self._answers = min(self.most, self.room + 1), 0

    def failed(self, began: float, *, busy: bool) -> None:
        """Count an attempt that failed, begun at a time of the monotonic clock."""
        with self._change:
            self._answers = 0
            if busy and began > self._halved_at:
                self.room, self._halved_at = max(1, self.room // 2), time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end of it all."""
        with self._change:
            self._change.wait_for(lambda: self.stopped, timeout=seconds)

    def stop(self) -> None:
        """End all waiting; no further attempt is made."""
        with self._change:
            self.stopped = True
            self._change.notify_all()
