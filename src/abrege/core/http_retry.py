"""Transient HTTP failures, and parsing of the Retry-After header."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class RetryableError(Exception):
    """A transient failure: the request may be retried."""

    def __init__(self, reason: str, *, wait_seconds: float = 0.0, busy: bool = False) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds
        self.busy = busy


def retry_after(value: str | None, *, now: datetime) -> float:
    """Return the seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3), else 0."""
    try:
        seconds = float(value or 0)
    except ValueError:
        try:
            at = parsedate_to_datetime(str(value))
        except ValueError:
            return 0.0
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
