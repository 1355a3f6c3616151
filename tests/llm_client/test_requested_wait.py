from datetime import UTC, datetime

import pytest

from abrege.llm_client.requested_wait import requested_wait

NOW = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "headers", "seconds"),
    [
        ("", {"retry-after-ms": "2000"}, 2.0),
        ("Please try again in 2.5s.", {}, 2.5),
        ("try again in 250ms", {}, 0.25),
        ("Please try again in 1m3s", {}, 63.0),
        ("Please retry in 20.5s.", {}, 20.5),
        ("Too Many Requests", {}, 0.0),
    ],
)
def test_the_wait_is_read_from_the_header_or_the_words(message, headers, seconds):
    assert requested_wait(message, headers, now=NOW) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("try again in 250ms", 0.25), ("try again in 1m3s", 63), ("try again in 1m", 60),
        ("retry after 500 milliseconds", 0.5), ("try again in 2 minutes", 120),
        ("try again in 1h2m3s", 3723), ('"retryDelay": "17s"', 17),
        ("try again after 2026-12-01", 0), ("try again later (request 1234)", 0),
    ],
)  # fmt: skip
def test_waits_are_read_in_their_units_and_dates_are_no_seconds(message, seconds):
    assert requested_wait(message, {}, now=NOW) == pytest.approx(seconds)
    assert requested_wait("", {"retry-after-ms": "inf"}, now=NOW) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2s"}, 2),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "2026-12-01T12:00:05Z"}, 5),
        ({"retry-after": "Tue, 01 Dec 2026 12:00:07 GMT"}, 7),
        ({"retry-after": "3", "x-ratelimit-reset-requests": "60s"}, 3),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-remaining-requests": "0"}, 2),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "99",
          "x-ratelimit-reset-tokens": "1.5s", "x-ratelimit-remaining-tokens": "0"}, 1.5),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "99"}, 0),
        ({"x-ratelimit-reset-tokens-minute": "12.5",
          "x-ratelimit-remaining-tokens-minute": "0"}, 12.5),
        ({"x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 4000)}, 4),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 4)}, 4),
        ({"anthropic-ratelimit-tokens-reset": "2026-12-01T12:00:09Z",
          "anthropic-ratelimit-tokens-remaining": "0"}, 9),
        ({"ratelimit-reset": "30"}, 30),
        ({"retry-after": "soon", "ratelimit-reset": "nan"}, 0),
        ({"retry-after": "-1"}, 0),
        ({}, 0),
    ],
)  # fmt: skip
def test_the_wait_is_read_from_the_headers_of_many_servers(headers, seconds):
    assert requested_wait("Too Many Requests", headers, now=NOW) == pytest.approx(seconds)


def test_the_words_come_before_the_headers_of_rate_limits():
    headers = {"x-ratelimit-reset-tokens": "60s", "x-ratelimit-remaining-tokens": "0"}
    assert requested_wait("Please try again in 2.5s.", headers, now=NOW) == 2.5
