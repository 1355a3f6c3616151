import json
import logging
import socket
from base64 import b64encode

import pytest

from abrege.core.errors import SetupError
from abrege.llm_client.openai_client import (
    ContentFilterError,
    ContextLengthError,
    NoResponseError,
    OpenAIClient,
    RequestRejectedError,
    SamplingParams,
)
from abrege.llm_client.retry import RetryPolicy
from builders.fake_server import HELLO, KEY, Reply, a_client, serving


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_completion_has_its_text_finish_reason_token_counts_and_the_servers_model_name():
    with serving([Reply("deux")]) as fake, a_client(fake) as client:
        completion = client.complete(HELLO)
    assert (completion.text, completion.finish_reason, completion.model) == (
        "deux",
        "stop",
        "judge-1@2026",
    )
    assert (completion.prompt_tokens, completion.completion_tokens) == (100, 7)
    assert completion.seconds > 0


def test_token_counts_that_the_server_does_not_report_are_none_and_not_zero():
    with serving([Reply(usage=False)]) as fake, a_client(fake) as client:
        completion = client.complete(HELLO)
    assert (completion.prompt_tokens, completion.completion_tokens) == (None, None)


def test_only_options_that_are_set_are_sent():
    with serving([Reply()]) as fake:
        with a_client(fake, params=SamplingParams(temperature=0.7, top_p=0.9, seed=3)) as client:
            client.complete(HELLO)
        with a_client(fake, params=SamplingParams(temperature=None, max_tokens=None)) as client:
            client.complete(HELLO)
    common = {"model": "judge-1", "messages": HELLO}
    first, second = (request.body for request in fake.requests)
    assert first == {**common, "temperature": 0.7, "top_p": 0.9, "max_tokens": 1024, "seed": 3}
    assert second == common


def test_a_server_that_requires_max_completion_tokens_gets_it():
    def script(body):
        if "max_tokens" in body:
            return Reply("Unsupported: 'max_tokens'. Use 'max_completion_tokens'.", status=400)
        return Reply()

    with serving(script) as fake, a_client(fake) as client:
        client.complete(HELLO)
        client.complete(HELLO)
    assert [request.body.get("max_completion_tokens") for request in fake.requests] == [
        None,
        1024,
        1024,
    ]


def test_a_model_that_only_streams_is_asked_for_a_stream_which_is_read_whole():
    chunks = [
        {"model": "qwq", "choices": [{"delta": {"content": "One "}}]},
        {"choices": [{"delta": {"content": "two."}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 6}},
    ]
    events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"

    def script(body):
        if body.get("stream"):
            return Reply(raw=events.encode(), headers={"Content-Type": "text/event-stream"})
        return Reply("This model only support stream mode, please enable the stream", status=400)

    with serving(script) as fake, a_client(fake) as client:
        first, second = client.complete(HELLO), client.complete(HELLO)
    assert (first.text, first.completion_tokens, first.model) == ("One two.", 6, "qwq")
    assert second.text == first.text
    assert [request.body.get("stream") for request in fake.requests] == [None, True, True]


def test_a_full_context_that_speaks_of_max_completion_tokens_renames_no_option():
    words = "'max_tokens' or 'max_completion_tokens' is too large: 9. This model's maximum context "
    with (
        serving([Reply(f"{words} length is 8 tokens", status=400)]) as fake,
        a_client(fake) as client,
        pytest.raises(ContextLengthError),
    ):
        client.complete(HELLO)
    assert [request.body["max_tokens"] for request in fake.requests] == [1024]


def test_a_retry_waits_for_retry_after():
    script = [Reply("slow down", status=429, headers={"Retry-After": "0.2"}), Reply("2")]
    with serving(script) as fake, a_client(fake) as client:
        assert client.complete(HELLO).text == "2"
    first, second = fake.requests
    assert second.at - first.at >= 0.2


def test_a_retry_after_that_is_too_long_is_given_up_at_once():
    script = [Reply("tomorrow", status=429, headers={"Retry-After": "86400"})]
    with (
        serving(script) as fake,
        a_client(fake) as client,
        pytest.raises(NoResponseError, match="tomorrow; the server asks to wait 86400 s"),
    ):
        client.complete(HELLO)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_request_succeeds_after_two_retryable_failures(status):
    script = [Reply(status=status), Reply(status=status), Reply("2")]
    with serving(script) as fake, a_client(fake) as client:
        assert client.complete(HELLO).text == "2"
    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejected_request_is_not_retried(status):
    with (
        serving([Reply("the prompt is too long", status=status)]) as fake,
        a_client(fake) as client,
        pytest.raises(
            RequestRejectedError, match=rf"\({status}\): the prompt is too long\n  Remove"
        ),
    ):
        client.complete(HELLO)
    assert len(fake.requests) == 1


def test_a_wrong_key_is_not_retried_and_the_servers_message_is_not_quoted():
    with (
        serving([Reply(f"Incorrect API key: {KEY[:9]}***", status=401)]) as fake,
        a_client(fake) as client,
        pytest.raises(SetupError) as caught,
    ):
        client.complete(HELLO)
    assert str(caught.value) == (
        f"{fake.url} rejects the API key (401).\n"
        "  Set OPENAI_API_KEY to a key of this server that may use this model."
    )
    assert len(fake.requests) == 1


def test_an_unknown_model_is_an_error_that_lists_the_known_ones():
    with serving([Reply("no such model", status=404)]) as fake, a_client(fake) as client:
        client.model = "judge-2"
        with pytest.raises(SetupError) as caught:
            client.complete(HELLO)
    assert str(caught.value) == (
        f"{fake.url} has no model 'judge-2'.\n  It has judge-1: choose one of them."
    )
    assert len(fake.requests) == 1


def test_an_address_without_a_chat_endpoint_is_an_error():
    with (
        serving([Reply()]) as fake,
        a_client(fake, base_url=fake.url.removesuffix("/v1")) as client,
        pytest.raises(SetupError, match=r"does not exist \(404: no such page\)"),
    ):
        client.complete(HELLO)
    assert len(fake.requests) == 1


def test_a_lack_of_credit_is_not_retried():
    error = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    with (
        serving([Reply(status=429, raw=json.dumps(error).encode())]) as fake,
        a_client(fake) as client,
        pytest.raises(SetupError, match="no credit is left"),
    ):
        client.complete(HELLO)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(raw=b'{"choices": [{"mess'), "the response is not JSON"),
        (Reply(raw=b'{"choices": []}'), "the response is no chat completion: "),
        (Reply(raw=b'{"error": {"message": "overloaded"}}'), "overloaded"),
        (
            Reply(raw=b"<html>Hi</html>", headers={"Content-Type": "text/html"}),
            "the response is no chat completion: <html>Hi</html>",
        ),
        (Reply(reset=True), "no connection"),
    ],
)
def test_a_broken_response_is_retried_and_quoted_in_the_last_error(reply, reason):
    with serving([reply, Reply("2")]) as fake, a_client(fake) as client:
        assert client.complete(HELLO).text == "2"
    with (
        serving([reply]) as fake,
        a_client(fake) as client,
        pytest.raises(NoResponseError) as caught,
    ):
        client.complete(HELLO)
    assert f"{fake.url} gave no response after 6 attempts. The last error: " in str(caught.value)
    assert reason in str(caught.value)
    assert len(fake.requests) == 6


def test_a_slow_response_runs_into_the_timeout():
    with serving([Reply(delay=0.6)]) as fake:
        once = RetryPolicy(attempts=1)
        with (
            a_client(fake, timeout_seconds=0.1, retry_policy=once) as client,
            pytest.raises(NoResponseError, match=r"no response within 0\.1 s"),
        ):
            client.complete(HELLO)


def test_a_port_where_nothing_listens_is_an_error_after_the_retries():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    twice = RetryPolicy(attempts=2, first_seconds=0.001)
    with (
        OpenAIClient("m", base_url=url, retry_policy=twice) as client,
        pytest.raises(NoResponseError, match=r"after 2 attempts.*no connection.*refused"),
    ):
        client.complete(HELLO)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500])
def test_the_key_is_in_no_message_log_or_repr(status, caplog):
    caplog.set_level(logging.DEBUG)
    with (
        serving([Reply(f"you sent {KEY}", status=status)]) as fake,
        a_client(fake) as client,
        pytest.raises(SetupError) as caught,
    ):
        client.complete(HELLO)
    assert {request.key for request in fake.requests} == {KEY}
    assert KEY not in str(caught.value) + repr(caught.value) + repr(client) + caplog.text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_password_in_the_address_is_not_shown():
    with OpenAIClient("m", base_url="http://me:secret@localhost:1/v1/") as client:
        assert repr(client) == "OpenAIClient('m', base_url='http://localhost:1/v1')"


@pytest.mark.parametrize(
    ("password", "sent"), [("se/cret", "se/cret"), ("se@cret", "se@cret"), ("se%2Fcret", "se/cret")]
)
def test_a_password_with_any_letter_is_sent_to_the_server_and_not_shown(password, sent):
    with serving([Reply()]) as fake:
        url = fake.url.replace("http://", f"http://me:{password}@")
        with OpenAIClient("m", base_url=url) as client:
            client.complete(HELLO)
            assert client.address == fake.url
    login = b64encode(f"me:{sent}".encode()).decode()
    assert fake.requests[0].key == f"Basic {login}"


def test_keys_in_the_query_of_an_address_are_sent_and_quoted_in_no_message():
    with serving([Reply("who is 0123456789?", status=400)]) as fake:
        url = f"{fake.url}?api-key=0123456789&version=2#api_key=abc"
        with OpenAIClient("m", base_url=url) as client:
            assert client.address == fake.url
            with pytest.raises(RequestRejectedError, match=r"who is \(key\)\?"):
                client.complete(HELLO)
    assert fake.requests[0].query == "api-key=0123456789&version=2"


def test_an_address_may_name_the_endpoint_itself():
    with (
        serving([Reply("2")]) as fake,
        a_client(fake, base_url=f"{fake.url}/chat/completions/") as client,
    ):
        assert client.complete(HELLO).text == "2"
        assert client.address == fake.url


def test_an_address_that_was_written_without_its_secrets_is_asked_for_again():
    with pytest.raises(SetupError) as caught:
        OpenAIClient("m", base_url="http://***@host/v1?key=***")
    assert str(caught.value) == (
        "The server's address was written without its secrets: http://***@host/v1?key=***\n"
        "  Give it in full, with --set annotate.base_url=… or in OPENAI_BASE_URL."
    )


def test_additional_fields_are_in_each_request_and_their_secrets_in_no_message():
    body = {"chat_template_kwargs": {"enable_thinking": False}, "token": "not-to-be-seen"}
    with (
        serving([Reply("bad not-to-be-seen", status=400)]) as fake,
        a_client(fake, extra_body=body) as client,
        pytest.raises(RequestRejectedError, match=r"bad \(key\)"),
    ):
        client.complete(HELLO)
    assert fake.requests[0].body.items() >= body.items()


def test_address_and_key_default_to_the_environment(monkeypatch):
    with serving([Reply()]) as fake:
        monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
        with OpenAIClient("judge-1") as client:
            client.complete(HELLO)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        with OpenAIClient("judge-1") as client:
            client.complete(HELLO)
    assert [request.key for request in fake.requests] == ["none", KEY]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "No server is configured.\n  Give --base-url or set OPENAI_BASE_URL"),
        ({"base_url": "localhost:11434/v1"}, "not an http(s) URL.\n  Write it in full"),
        ({"base_url": "http://h/v1", "api_key": "a\u2026b"}, "a character that no key has"),
        ({"base_url": "http://h/v1", "api_key": "a\nb"}, "a character that no key has"),
    ],
)
def test_an_impossible_address_or_key_is_an_error_before_the_first_request(arguments, message):
    with pytest.raises(SetupError) as caught:
        OpenAIClient("m", **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, you requested 5000."),
        (400, "The decoder prompt (length 9) is longer than the maximum model length of 8."),
        (400, "the request exceeds the available context size (4096 tokens), try increasing it"),
        (413, "no"),
    ],
)
def test_a_prompt_that_is_too_long_is_distinguished_from_other_rejections(status, message):
    with serving([Reply(message, status=status)]) as fake, a_client(fake) as client:
        with pytest.raises(ContextLengthError):
            client.complete(HELLO)
        fake.script = [Reply("unknown option: seed", status=400)]
        with pytest.raises(RequestRejectedError) as caught:
            client.complete(HELLO)
        assert not isinstance(caught.value, ContextLengthError)


@pytest.mark.parametrize(
    "message",
    [
        "Request too large for gpt-5 in organization org-x on tokens per min (TPM): Limit 10000, "
        "Requested 12000. The input or output tokens must be reduced in order to run successfully.",
        "Rate limit reached for m on tokens per day (TPD): Limit 6000, Used 0, Requested 6,100.",
    ],
)
def test_a_rate_limit_that_one_request_exceeds_alone_is_a_prompt_that_is_too_long(message):
    with (
        serving([Reply(message, status=429)]) as fake,
        a_client(fake) as client,
        pytest.raises(ContextLengthError, match="rejects the request"),
    ):
        client.complete(HELLO)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "message",
    [
        "Rate limit reached for m on tokens per min (TPM): Limit 6000, Used 5900, Requested 500. "
        "Please try again in 1ms. Visit https://x/limits to learn about context windows.",
        "Too many tokens, please wait 1 ms before trying again.",
        "You exceeded the token limit of your plan for this minute; input is too long a queue",
    ],
)
def test_any_other_rate_limit_is_waited_for_even_if_it_speaks_of_tokens(message):
    with serving([Reply(message, status=429), Reply("2")]) as fake, a_client(fake) as client:
        assert client.complete(HELLO).text == "2"
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    ("error", "kind", "requests"),
    [
        ({"message": "prompt is too long: 9 tokens > 8", "code": 400}, ContextLengthError, 1),
        ({"message": "flagged by moderation", "code": 403}, ContentFilterError, 1),
        ({"message": "no credits", "code": 402}, SetupError, 1),
        ({"message": "bad seed", "code": 400}, RequestRejectedError, 1),
        ({"message": "overloaded", "code": 502}, NoResponseError, 6),
        ({"message": "overloaded"}, NoResponseError, 6),
    ],
)  # fmt: skip
def test_an_error_with_status_200_means_what_its_code_says(error, kind, requests):
    reply = Reply(raw=json.dumps({"error": error}).encode())
    with serving([reply]) as fake, a_client(fake) as client, pytest.raises(kind):
        client.complete(HELLO)
    assert len(fake.requests) == requests


def test_a_request_may_have_its_own_sampling_parameters():
    with serving([Reply()]) as fake, a_client(fake) as client:
        client.complete(HELLO, params=SamplingParams(temperature=0.7, seed=9))
    assert (fake.requests[0].body["temperature"], fake.requests[0].body["seed"]) == (0.7, 9)
