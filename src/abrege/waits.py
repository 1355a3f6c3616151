"""How long a server asks to be left alone."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


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
