import itertools
import threading
import time

import pytest

from abrege.core.errors import SetupError
from abrege.llm_client.concurrency import (
    GIVE_UP_AFTER,
    THREAD,
    FailedRequest,
    Request,
    complete_all,
)
from abrege.llm_client.openai_client import RequestRejectedError
from abrege.llm_client.rate_limit import AdaptiveLimit
from abrege.llm_client.response_body import Completion
from abrege.llm_client.retry import RetryPolicy
from builders.fake_server import HELLO, Reply, a_client, serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    those_left_behind_end()


def some_requests(count):
    return [Request(f"k{n}", [{"role": "user", "content": f"q{n}"}]) for n in range(count)]


def those_left_behind_end():
    """Join the threads of requests that nobody waits for, with which their sockets close."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_the_limit_is_halved_once_per_congestion_and_grows_by_one_after_a_run_of_successes():
    limit = AdaptiveLimit(8)
    began = time.monotonic()
    limit.failed(began, busy=True)
    limit.failed(began, busy=True)
    assert limit.current == 4
    limit.failed(time.monotonic(), busy=False)
    assert limit.current == 4
    for _ in range(4):
        limit.succeeded()
    assert limit.current == 5
    for _ in range(100):
        limit.succeeded()
    assert limit.current == 8


def test_no_more_requests_than_workers_are_in_flight():
    with serving([Reply(delay=0.05)]) as fake, a_client(fake) as client:
        answers = {r.key: a for r, a in complete_all(client, some_requests(12), workers=3)}
    assert sorted(answers) == sorted(f"k{n}" for n in range(12))
    assert all(isinstance(answer, Completion) for answer in answers.values())
    assert fake.most_in_flight == 3


def test_rate_limits_lower_the_concurrency_until_all_requests_succeed():
    def script(body):
        return Reply(delay=0.02) if fake.in_flight <= 2 else Reply("busy", status=429)

    with (
        serving(script) as fake,
        a_client(fake, retry_policy=RetryPolicy(first_seconds=0.05)) as client,
    ):
        answers = [a for _, a in complete_all(client, some_requests(30), workers=8)]
    assert sum(isinstance(answer, Completion) for answer in answers) == 30
    # Without a smaller room, 6 of 8 attempts would be refused time and again.
    assert len(fake.requests) < 60


def test_requests_are_drawn_only_when_they_can_be_sent():
    taken = 0

    def endless():
        nonlocal taken
        for n in itertools.count():
            taken += 1
            yield Request(str(n), HELLO)

    with serving([Reply()]) as fake, a_client(fake) as client:
        answers = complete_all(client, endless(), workers=3)
        assert len(list(itertools.islice(answers, 10))) == 10
        answers.close()
        those_left_behind_end()
    assert taken <= 10 + 3


def test_a_caller_that_stops_does_not_wait_for_requests_in_flight():
    release = threading.Event()

    def script(body):
        if body["messages"][0]["content"] != "q0":
            release.wait(20)
        return Reply()

    with serving(script) as fake, a_client(fake) as client:
        completions = complete_all(client, some_requests(9), workers=3)
        assert next(completions)[0].key == "k0"
        completions.close()
        assert any(thread.name == THREAD for thread in threading.enumerate())
        release.set()
        those_left_behind_end()
        assert len(fake.requests) <= 4


def test_a_caller_that_stops_ends_the_waiting_for_retries():
    script = [Reply(), Reply(status=429, headers={"Retry-After": "300"})]
    with serving(script) as fake, a_client(fake) as client:
        completions = complete_all(client, some_requests(4), workers=2)
        next(completions)
        completions.close()
        those_left_behind_end()
        assert len(fake.requests) <= 3


def test_a_rejected_request_fails_and_the_others_succeed():
    def script(body):
        long = body["messages"][0]["content"] == "q2"
        return Reply("too long", status=400) if long else Reply()

    with serving(script) as fake, a_client(fake) as client:
        answers = {r.key: a for r, a in complete_all(client, some_requests(6), workers=2)}
    failure = answers.pop("k2")
    assert failure == FailedRequest(f"{fake.url} rejects the request (400): too long")
    assert len(answers) == 5
    assert all(isinstance(answer, Completion) for answer in answers.values())


def test_a_server_that_rejects_everything_is_given_up():
    with serving([Reply("no seed here", status=400)]) as fake, a_client(fake) as client:
        answers = complete_all(client, some_requests(50), workers=2)
        for _ in range(GIVE_UP_AFTER - 1):
            assert isinstance(next(answers)[1], FailedRequest)
        with pytest.raises(RequestRejectedError, match="no seed here"):
            next(answers)
    assert len(fake.requests) <= GIVE_UP_AFTER + 2


def test_a_wrong_key_ends_all_requests():
    with (
        serving([Reply(status=401)]) as fake,
        a_client(fake) as client,
        pytest.raises(SetupError, match="rejects the API key"),
    ):
        list(complete_all(client, some_requests(50), workers=2))
    assert len(fake.requests) <= 4


def test_a_bug_is_not_taken_for_a_failure_of_the_server():
    with (
        serving([Reply()]) as fake,
        a_client(fake) as client,
        pytest.raises(TypeError),
    ):
        list(complete_all(client, [Request("k", [7])]))


def test_prompts_that_are_too_long_do_not_count_as_failures_in_a_row():
    def script(body):
        short = body["messages"][0]["content"] == "q19"
        return Reply() if short else Reply("maximum context length is 9 tokens", status=400)

    with serving(script) as fake, a_client(fake) as client:
        answers = {r.key: a for r, a in complete_all(client, some_requests(20), workers=2)}
    assert isinstance(answers.pop("k19"), Completion)
    assert all(answer.too_long for answer in answers.values())


def test_none_among_the_requests_waits_for_the_next_completion():
    completed = []

    def requests():
        yield Request("first", HELLO)
        while not completed:
            yield None
        yield Request("second", HELLO)

    with serving([Reply(delay=0.02)]) as fake, a_client(fake) as client:
        for request, _ in complete_all(client, requests(), workers=3):
            completed.append(request.key)
    assert completed == ["first", "second"]
