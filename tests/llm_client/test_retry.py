import random
from datetime import UTC, datetime

import pytest

from abrege.core.http_retry import retry_after
from abrege.llm_client.retry import RetryPolicy


class Highest(random.Random):
    def uniform(self, a, b):
        return b


def test_backoff_doubles_up_to_its_bound_and_is_drawn_from_zero():
    policy = RetryPolicy(first_seconds=1, longest_seconds=10)
    waits = [policy.backoff_seconds(n, Highest()) for n in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]
    samples = [policy.backoff_seconds(3, random.Random(n)) for n in range(200)]
    assert min(samples) < 0.4 < 3.6 < max(samples) <= 4


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0.2", 0.2),
        ("30", 30),
        ("-3", 0),
        ("inf", 0),
        ("soon", 0),
        (None, 0),
        # The example of RFC 9110, 10.2.3, seen 30 s before and one second after.
        ("Fri, 31 Dec 1999 23:59:59 GMT", 30),
        ("Fri, 31 Dec 1999 23:59:28 GMT", 0),
        ("Fri, 31 Dec 1999 23:59:59 -0000", 30),
    ],
)
def test_retry_after_is_parsed_as_seconds_and_as_a_date(value, seconds):
    now = datetime(1999, 12, 31, 23, 59, 29, tzinfo=UTC)
    assert retry_after(value, now=now) == seconds
