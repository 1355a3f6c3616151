"""What servers do that passes, and how long they ask to be left alone."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Passing(Exception):  # noqa: N818 - caught where it is asked again, never shown
    """An attempt failed, and another one may not."""

    def __init__(self, reason: str, *, wait_seconds: float = 0.0, busy: bool = False) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds
        self.busy = busy


def retry_after(value: str | None, *, now: datetime) -> float:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110, 10.2.3); 0 where unreadable."""
    try:
        seconds = float(value or 0)
    except ValueError:
        try:
            at = parsedate_to_datetime(str(value))
        except ValueError:
            return 0.0
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
