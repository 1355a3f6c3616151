import itertools
import threading
import time

import pytest

from abrege.core.errors import SetupError
from abrege.llm_client.concurrency import GIVE_UP_AFTER, THREAD, Failure, Request, ask_all
from abrege.llm_client.openai_client import Answer, Refused
from abrege.llm_client.retry import Pace, Retrying
from builders.fake_server import HELLO, Say, a_server, serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def some_requests(count):
    return [Request(f"k{n}", [{"role": "user", "content": f"q{n}"}]) for n in range(count)]


def those_left_behind_end():
    """Wait for the threads of questions that nobody waits for: their sockets close with them."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join()


def test_room_is_halved_once_a_jam_and_grows_by_one_after_a_run_of_answers():
    pace = Pace(8)
    began = time.monotonic()
    pace.failed(began, busy=True)
    pace.failed(began, busy=True)
    assert pace.room == 4
    pace.failed(time.monotonic(), busy=False)
    assert pace.room == 4
    for _ in range(4):
        pace.answered()
    assert pace.room == 5
    for _ in range(100):
        pace.answered()
    assert pace.room == 8


def test_many_questions_are_asked_together_but_never_more_than_the_workers():
    with serving([Say(delay=0.05)]) as fake, a_server(fake) as server:
        answers = {r.key: a for r, a in ask_all(server, some_requests(12), workers=3)}
    assert sorted(answers) == sorted(f"k{n}" for n in range(12))
    assert all(isinstance(answer, Answer) for answer in answers.values())
    assert fake.most_under_way == 3


def test_a_busy_server_is_asked_less_at_a_time_until_all_is_answered():
    def script(body):
        return Say(delay=0.02) if fake.under_way <= 2 else Say("busy", status=429)

    with serving(script) as fake, a_server(fake, retrying=Retrying(first_seconds=0.05)) as server:
        answers = [a for _, a in ask_all(server, some_requests(30), workers=8)]
    assert sum(isinstance(answer, Answer) for answer in answers) == 30
    # Without a smaller room, 6 of 8 attempts would be refused time and again.
    assert len(fake.asked) < 60


def test_requests_are_taken_only_as_there_is_room_for_them():
    taken = 0

    def endless():
        nonlocal taken
        for n in itertools.count():
            taken += 1
            yield Request(str(n), HELLO)

    with serving([Say()]) as fake, a_server(fake) as server:
        answers = ask_all(server, endless(), workers=3)
        assert len(list(itertools.islice(answers, 10))) == 10
        answers.close()
        those_left_behind_end()
    assert taken <= 10 + 3


def test_who_stops_waits_for_nobody():
    def script(body):
        return Say(delay=0 if body["messages"][0]["content"] == "q0" else 0.7)

    with serving(script) as fake, a_server(fake) as server:
        answers = ask_all(server, some_requests(9), workers=3)
        assert next(answers)[0].key == "k0"
        began = time.monotonic()
        answers.close()
        assert time.monotonic() - began < 0.3
        those_left_behind_end()
        assert len(fake.asked) <= 4


def test_who_stops_ends_the_waiting_for_another_attempt():
    script = [Say(), Say(status=429, headers={"Retry-After": "0.15"})]
    with serving(script) as fake, a_server(fake) as server:
        answers = ask_all(server, some_requests(4), workers=2)
        next(answers)
        time.sleep(0.05)
        began = time.monotonic()
        answers.close()
        asked = len(fake.asked)
        those_left_behind_end()
        assert time.monotonic() - began < 0.1
        time.sleep(0.2)
        assert len(fake.asked) == asked


def test_a_refused_question_is_a_failure_and_the_others_are_answered():
    def script(body):
        long = body["messages"][0]["content"] == "q2"
        return Say("too long", status=400) if long else Say()

    with serving(script) as fake, a_server(fake) as server:
        answers = {r.key: a for r, a in ask_all(server, some_requests(6), workers=2)}
    failure = answers.pop("k2")
    assert failure == Failure(f"{fake.url} refuses what it is asked (400): too long")
    assert len(answers) == 5
    assert all(isinstance(answer, Answer) for answer in answers.values())


def test_a_server_that_refuses_everything_is_given_up():
    with serving([Say("no seed here", status=400)]) as fake, a_server(fake) as server:
        answers = ask_all(server, some_requests(50), workers=2)
        for _ in range(GIVE_UP_AFTER - 1):
            assert isinstance(next(answers)[1], Failure)
        with pytest.raises(Refused, match="no seed here"):
            next(answers)
    assert len(fake.asked) <= GIVE_UP_AFTER + 2


def test_a_wrong_key_ends_it_all():
    with (
        serving([Say(status=401)]) as fake,
        a_server(fake) as server,
        pytest.raises(SetupError, match="refuses the key"),
    ):
        list(ask_all(server, some_requests(50), workers=2))
    assert len(fake.asked) <= 4


def test_a_mistake_of_ours_is_not_taken_for_a_failure_of_the_server():
    with (
        serving([Say()]) as fake,
        a_server(fake) as server,
        pytest.raises(TypeError),
    ):
        list(ask_all(server, [Request("k", [7])]))


def test_however_many_questions_are_too_long_the_others_are_asked():
    def script(body):
        short = body["messages"][0]["content"] == "q19"
        return Say() if short else Say("maximum context length is 9 tokens", status=400)

    with serving(script) as fake, a_server(fake) as server:
        answers = {r.key: a for r, a in ask_all(server, some_requests(20), workers=2)}
    assert isinstance(answers.pop("k19"), Answer)
    assert all(answer.too_long for answer in answers.values())


def test_none_among_the_requests_waits_for_an_answer_to_go_on():
    known = []

    def requests():
        yield Request("first", HELLO)
        while not known:
            yield None
        yield Request("second", HELLO)

    with serving([Say(delay=0.02)]) as fake, a_server(fake) as server:
        for request, _ in ask_all(server, requests(), workers=3):
            known.append(request.key)
    assert known == ["first", "second"]
