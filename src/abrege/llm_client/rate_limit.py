"""An adaptive limit on concurrent requests: halved by a rate limit (429, 503), grown by success."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class AdaptiveLimit:
    """How many requests may be in flight at once.

    Additive increase, multiplicative decrease, as in TCP (Chiu and Jain 1989): one more after as
    many successes in a row as the limit, half when a busy server says so. Failures of requests
    that began before the last halving do not count again: they belong to the same congestion.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = self.current = maximum
        self.stopped = False
        self._in_flight = 0
        self._successes = 0
        self._halved_at = -math.inf
        self._changed = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until a request may be sent, and count it while the block lasts."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self._in_flight < self.current)
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def succeeded(self) -> None:
        """Count a success."""
        with self._changed:
            self._successes += 1
            if self._successes >= self.current:
                self.current, self._successes = min(self.maximum, self.current + 1), 0

    def failed(self, began: float, *, busy: bool) -> None:
        """Count a failed request, which began at `began` of the monotonic clock."""
        with self._changed:
            self._successes = 0
            if busy and began > self._halved_at:
                self.current, self._halved_at = max(1, self.current // 2), time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep, but wake up at once when the limit is stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped, timeout=seconds)

    def stop(self) -> None:
        """End all waiting; no further request is sent."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()
