"""What the error of a server means, by its status and its words."""

from enum import Enum, auto

from abrege.llm_client import server_dialects as dialects

RETRYABLE = (408, 409, 425, 429, 498)  # and 5xx; 498: Groq's capacity
RATE_LIMIT, TOO_LARGE, FORBIDDEN_BY_LAW = 429, 413, 451
WRONG_REQUEST, WRONG_ADDRESS = (400, 422), (404, 405)


class ErrorKind(Enum):
    """What has to change before a request can succeed."""

    NO_CREDIT = auto()
    WRONG_KEY = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    TOO_LONG = auto()
    TRANSIENT = auto()
    """Nothing: it may succeed later."""
    FILTERED = auto()
    REJECTED = auto()


def error_kind(status: int, words: str) -> ErrorKind:
    """Return what an error means.

    words  its codes and its message
    """
    filtered = status == FORBIDDEN_BY_LAW or dialects.CONTENT_FILTER.search(words)
    cases = (
        (status == 402 or dialects.NO_CREDIT.search(words), ErrorKind.NO_CREDIT),
        (status == 401 or dialects.WRONG_KEY.search(words), ErrorKind.WRONG_KEY),
        (status == 403 and not filtered, ErrorKind.FORBIDDEN),
        (status in WRONG_ADDRESS, ErrorKind.NOT_FOUND),
        (_is_too_long(status, words), ErrorKind.TOO_LONG),
        (status in RETRYABLE or status >= 500, ErrorKind.TRANSIENT),
        (filtered, ErrorKind.FILTERED),
    )
    return next((kind for applies, kind in cases if applies), ErrorKind.REJECTED)


def _is_too_long(status: int, words: str) -> bool:
    if status == RATE_LIMIT:  # most say when to ask again, few that the request alone is too large
        return dialects.exceeds_rate_limit_alone(words)
    if status == TOO_LARGE or dialects.TOO_LONG.search(words):
        return True
    is_likely = status in WRONG_REQUEST and dialects.LIKELY_TOO_LONG.search(words)
    return bool(is_likely) and not dialects.CONTENT_FILTER.search(words)
