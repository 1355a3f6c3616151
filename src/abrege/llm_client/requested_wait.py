"""How long a server asks to wait before a retry: in its headers, else in its words."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from abrege.core.http_retry import retry_after
from abrege.llm_client import server_dialects as dialects

_UNITS = {"ms": 0.001, "milli": 0.001, "mi": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "s": 1.0}
_TIME = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*(ms|milli|mi|[dhms])?(?:[a-z]*)")
_DURATION = re.compile(r"(?i)\s*(?:\d+(?:\.\d+)?\s*(?:ms|[dhms])\s*)+")
EPOCH_SECONDS, EPOCH_MILLISECONDS = 1e9, 1e12
"""From these numbers on, a header counts from 1970 (since 2001)."""


def requested_wait(message: str, headers: Mapping[str, str], *, now: datetime) -> float:
    """Return the seconds that a server asks to wait; 0 if it does not say so.

    now  with its time zone

    retry-after-ms and Retry-After come first, then the words of the message, then the headers of
    rate limits of which nothing remains.
    """
    waits = (
        _seconds(headers.get("retry-after-ms"), now=now) / 1000,
        retry_after(headers.get("retry-after"), now=now),
        _seconds(headers.get("retry-after"), now=now),
        wait_in_words(message),
        max(
            _seconds(headers.get(reset), now=now)
            for reset, remaining in dialects.RESET_HEADERS
            if headers.get(remaining, "0").strip() in ("0", "0.0")
        ),
    )
    return next((wait for wait in waits if wait > 0), 0.0)


def wait_in_words(message: str) -> float:
    """Return the seconds that the words of a message ask to wait, else 0."""
    match = dialects.WAIT.search(message)
    return 0.0 if match is None else _duration(match[1] or match[2])


def _seconds(value: str | None, *, now: datetime) -> float:
    """Return the seconds until a header's time: a number, a duration or a date; 0 for others."""
    if value is None:
        return 0.0
    try:
        number = float(value)
    except ValueError:
        return _duration(value) if _DURATION.fullmatch(value) else _until(value, now)
    if not math.isfinite(number):
        return 0.0
    if number >= EPOCH_SECONDS:
        number = number / (1000 if number >= EPOCH_MILLISECONDS else 1) - now.timestamp()
    return max(0.0, number)


def _until(value: str, now: datetime) -> float:
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _duration(words: str) -> float:
    return sum(float(number) * _UNITS[unit.lower() or "s"] for number, unit in _TIME.findall(words))
