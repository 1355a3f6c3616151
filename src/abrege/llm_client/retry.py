"""Retry of requests that failed for a passing reason: exponential backoff with full jitter."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from abrege.core.http_retry import RetryableError
from abrege.llm_client.rate_limit import AdaptiveLimit

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a request is retried, and how long to wait before each retry.

    Full jitter: each wait is drawn evenly from 0 to its bound, so that many clients do not retry
    together (Brooker 2015, "Exponential Backoff And Jitter", AWS Architecture Blog).
    """

    attempts: int = 6
    first_seconds: float = 1.0
    """Bound of the first wait; each further one is twice as long."""
    longest_seconds: float = 60.0
    """Bound of every wait that we choose."""
    longest_retry_after_seconds: float = 600.0
    """Longest Retry-After that is obeyed; after a longer one the request is given up."""

    def backoff_seconds(self, failures: int, rng: random.Random) -> float:
        """Draw the wait after this number of failures."""
        return rng.uniform(0, min(self.longest_seconds, self.first_seconds * 2 ** (failures - 1)))


class RetriesExhaustedError(Exception):
    """Every attempt failed for a passing reason, of which this is the last."""

    def __init__(self, reason: str, *, attempts: int) -> None:
        super().__init__(reason)
        self.attempts = attempts


def call_with_retry(
    attempt: Callable[[], Result],
    policy: RetryPolicy,
    *,
    limit: AdaptiveLimit,
    rng: random.Random,
) -> Result:
    """Return what `attempt` returns, after retries if it raises `RetryableError`.

    Raise RetriesExhaustedError after the last attempt, after a Retry-After that is too long, and
    when the limit is stopped. Any other error passes through at once.
    """
    reason = "no request was sent"
    for number in range(1, policy.attempts + 1):
        began = time.monotonic()
        try:
            with limit.slot():
                if limit.stopped:
                    break
                began = time.monotonic()
                result = attempt()
        except RetryableError as error:
            reason = str(error)
            limit.failed(began, busy=error.busy)
            if error.wait_seconds > policy.longest_retry_after_seconds:
                reason += f"; the server asks to wait {error.wait_seconds:.0f} s"
                break
            if number < policy.attempts:
                limit.sleep(max(policy.backoff_seconds(number, rng), error.wait_seconds))
        else:
            limit.succeeded()
            return result
    raise RetriesExhaustedError(reason, attempts=number)
