import json
import logging
import random
import socket
import time
from datetime import UTC, datetime

import pytest

from abrege.core.errors import SetupError
from abrege.core.http_retry import retry_after
from abrege.llm_client.openai_client import Asking, Refused, Server, TooLong, Unanswered
from abrege.llm_client.retry import Retrying
from builders.fake_server import HELLO, KEY, Say, a_server, serving


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_an_answer_has_its_text_its_end_its_tokens_and_the_models_own_name():
    with serving([Say("deux")]) as fake, a_server(fake) as server:
        answer = server.ask(HELLO)
    assert (answer.text, answer.finish_reason, answer.model) == ("deux", "stop", "judge-1@2026")
    assert (answer.prompt_tokens, answer.completion_tokens) == (100, 7)
    assert 0 < answer.seconds < 5


def test_tokens_that_the_server_does_not_tell_are_none_and_not_nought():
    with serving([Say(usage=False)]) as fake, a_server(fake) as server:
        answer = server.ask(HELLO)
    assert (answer.prompt_tokens, answer.completion_tokens) == (None, None)


def test_only_options_that_are_set_are_sent():
    with serving([Say()]) as fake:
        with a_server(fake, asking=Asking(temperature=0.7, top_p=0.9, seed=3)) as server:
            server.ask(HELLO)
        with a_server(fake, asking=Asking(temperature=None, max_tokens=None)) as server:
            server.ask(HELLO)
    common = {"model": "judge-1", "messages": HELLO}
    first, second = (asked.body for asked in fake.asked)
    assert first == {**common, "temperature": 0.7, "top_p": 0.9, "max_tokens": 1024, "seed": 3}
    assert second == common


def test_a_server_that_wants_the_limit_under_its_new_name_gets_it():
    def script(body):
        if "max_tokens" in body:
            return Say("Unsupported: 'max_tokens'. Use 'max_completion_tokens'.", status=400)
        return Say()

    with serving(script) as fake, a_server(fake) as server:
        server.ask(HELLO)
        server.ask(HELLO)
    assert [asked.body.get("max_completion_tokens") for asked in fake.asked] == [None, 1024, 1024]


def test_retry_after_is_waited_for():
    script = [Say("slow down", status=429, headers={"Retry-After": "0.2"}), Say("2")]
    with serving(script) as fake, a_server(fake) as server:
        assert server.ask(HELLO).text == "2"
    first, second = fake.asked
    assert 0.2 <= second.at - first.at < 1


def test_a_server_that_wants_too_long_a_wait_is_given_up_at_once():
    script = [Say("tomorrow", status=429, headers={"Retry-After": "86400"})]
    with (
        serving(script) as fake,
        a_server(fake) as server,
        pytest.raises(Unanswered, match="tomorrow; it wants 86400 s to pass"),
    ):
        server.ask(HELLO)
    assert len(fake.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_passing_failure_twice_and_then_an_answer_is_an_answer(status):
    script = [Say(status=status), Say(status=status), Say("2")]
    with serving(script) as fake, a_server(fake) as server:
        assert server.ask(HELLO).text == "2"
    assert len(fake.asked) == 3


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_question_that_is_refused_is_not_asked_again(status):
    with (
        serving([Say("the prompt is too long", status=status)]) as fake,
        a_server(fake) as server,
        pytest.raises(Refused, match=rf"\({status}\): the prompt is too long\n  Leave out"),
    ):
        server.ask(HELLO)
    assert len(fake.asked) == 1


def test_a_wrong_key_is_one_message_at_once_and_not_in_the_servers_words():
    with (
        serving([Say(f"Incorrect API key: {KEY[:9]}***", status=401)]) as fake,
        a_server(fake) as server,
        pytest.raises(SetupError) as caught,
    ):
        server.ask(HELLO)
    assert str(caught.value) == (
        f"{fake.url} refuses the key (401).\n"
        "  Set OPENAI_API_KEY to a key of this server that may use this model."
    )
    assert len(fake.asked) == 1


def test_a_model_that_is_not_there_is_told_with_those_that_are():
    with serving([Say("no such model", status=404)]) as fake, a_server(fake) as server:
        server.model = "judge-2"
        with pytest.raises(SetupError) as caught:
            server.ask(HELLO)
    assert str(caught.value) == (
        f"{fake.url} has no model 'judge-2'.\n  It has judge-1: name one of them."
    )
    assert len(fake.asked) == 1


def test_an_address_where_nothing_is_is_told():
    with (
        serving([Say()]) as fake,
        a_server(fake, base_url=fake.url.removesuffix("/v1")) as server,
        pytest.raises(SetupError, match=r"is not there \(404: no such page\)"),
    ):
        server.ask(HELLO)
    assert len(fake.asked) == 1


def test_a_lack_of_credit_is_not_waited_for():
    error = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    with (
        serving([Say(status=429, raw=json.dumps(error).encode())]) as fake,
        a_server(fake) as server,
        pytest.raises(SetupError, match="no credit is left"),
    ):
        server.ask(HELLO)
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say(raw=b'{"choices": [{"mess'), "what it sent is not JSON"),
        (Say(raw=b'{"choices": []}'), "what it sent is no answer: "),
        (Say(raw=b'{"error": {"message": "overloaded"}}'), "overloaded"),
        (
            Say(raw=b"<html>Hi</html>", headers={"Content-Type": "text/html"}),
            "what it sent is no answer: <html>Hi</html>",
        ),
        (Say(cut=True), "no connection"),
    ],
)
def test_what_is_no_answer_is_asked_for_again_and_told_at_the_end(say, reason):
    with serving([say, Say("2")]) as fake, a_server(fake) as server:
        assert server.ask(HELLO).text == "2"
    with (
        serving([say]) as fake,
        a_server(fake) as server,
        pytest.raises(Unanswered) as caught,
    ):
        server.ask(HELLO)
    assert f"{fake.url} gave no answer, asked 6 times. The last time: " in str(caught.value)
    assert reason in str(caught.value)
    assert len(fake.asked) == 6


def test_a_slow_answer_hits_the_time_out():
    with serving([Say(delay=0.6)]) as fake:
        once = Retrying(attempts=1)
        with a_server(fake, timeout_seconds=0.1, retrying=once) as server:
            began = time.monotonic()
            with pytest.raises(Unanswered, match=r"nothing came within 0\.1 s"):
                server.ask(HELLO)
    assert time.monotonic() - began < 0.5


def test_a_port_where_nobody_listens_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    twice = Retrying(attempts=2, first_seconds=0.001)
    with (
        Server("m", base_url=url, retrying=twice) as server,
        pytest.raises(Unanswered, match=r"asked 2 times.*no connection.*refused"),
    ):
        server.ask(HELLO)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500])
def test_the_key_is_in_no_message_log_or_repr(status, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        serving([Say(f"you sent {KEY}", status=status)]) as fake,
        a_server(fake) as server,
        pytest.raises(SetupError) as caught,
    ):
        server.ask(HELLO)
    assert {asked.key for asked in fake.asked} == {KEY}
    assert KEY not in str(caught.value) + repr(caught.value) + repr(server) + caplog.text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_password_in_the_address_is_not_shown():
    with Server("m", base_url="http://me:secret@localhost:1/v1/") as server:
        assert repr(server) == "Server('m', base_url='http://localhost:1/v1')"


def test_address_and_key_are_those_of_the_environment_where_not_given(monkeypatch):
    with serving([Say()]) as fake:
        monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
        with Server("judge-1") as server:
            server.ask(HELLO)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        with Server("judge-1") as server:
            server.ask(HELLO)
    assert [asked.key for asked in fake.asked] == ["none", KEY]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "No server is named.\n  Give --base-url or set OPENAI_BASE_URL"),
        ({"base_url": "localhost:11434/v1"}, "not one of the web.\n  Write it whole"),
        ({"base_url": "http://h/v1", "api_key": "a\u2026b"}, "a sign that no key has"),
        ({"base_url": "http://h/v1", "api_key": "a\nb"}, "a sign that no key has"),
    ],
)
def test_what_cannot_be_a_server_is_said_before_anything_is_asked(given, message):
    with pytest.raises(SetupError) as caught:
        Server("m", **given)
    assert message in str(caught.value)


class Highest(random.Random):
    def uniform(self, a, b):
        return b


def test_waits_double_up_to_their_bound_and_are_drawn_from_nought():
    retrying = Retrying(first_seconds=1, longest_seconds=10)
    waits = [retrying.wait_seconds(n, Highest()) for n in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]
    drawn = [retrying.wait_seconds(3, random.Random(n)) for n in range(200)]
    assert min(drawn) < 0.4 < 3.6 < max(drawn) <= 4


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
def test_retry_after_is_read_in_seconds_and_as_a_date(value, seconds):
    now = datetime(1999, 12, 31, 23, 59, 29, tzinfo=UTC)
    assert retry_after(value, now=now) == seconds


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000."),
        (400, "The decoder prompt (length 9) is longer than the maximum model length of 8."),
        (400, "the request exceeds the available context size (4096 tokens), try increasing it"),
        (413, "no"),
    ],
)
def test_a_question_that_is_too_long_is_told_from_others_that_are_refused(status, said):
    with serving([Say(said, status=status)]) as fake, a_server(fake) as server:
        with pytest.raises(TooLong):
            server.ask(HELLO)
        fake.script = [Say("unknown option: seed", status=400)]
        with pytest.raises(Refused) as caught:
            server.ask(HELLO)
        assert not isinstance(caught.value, TooLong)


def test_a_question_may_be_asked_in_a_way_of_its_own():
    with serving([Say()]) as fake, a_server(fake) as server:
        server.ask(HELLO, asking=Asking(temperature=0.7, seed=9))
    assert (fake.asked[0].body["temperature"], fake.asked[0].body["seed"]) == (0.7, 9)
