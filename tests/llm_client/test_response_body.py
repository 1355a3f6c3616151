"""What is read of a body: parts, events, tools, token counts, and the words of errors."""

import contextlib
import copy
import json

import pytest

from abrege.core.http_retry import RetryableError
from abrege.llm_client.response_body import (
    content_text,
    error_message,
    merge_events,
    parse_body,
    read_completion,
    status_in,
)

THOUGHT, ANSWER = "Let me think about it.", "The library of Marl opens on Sundays."


def completion_of(body):
    text = body if isinstance(body, str) else json.dumps(body)
    return read_completion(parse_body(text.encode()), model="m", seconds=1.0)


def a_body(content=ANSWER, *, usage=None, **message):
    return {"choices": [{"message": {"content": content, **message}}], "usage": usage}


def test_parts_of_content_are_joined_without_the_thoughts():
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
        {"type": "text", "text": "One "},
        {"type": "output_text", "text": "two."},
    ]
    assert content_text(parts) == "One two."
    assert content_text(None) == ""
    assert content_text("half \ud83d, whole \U0001f600") == "half \ufffd, whole \U0001f600"
    assert content_text({"type": "text", "text": "One."}) == "One."
    assert content_text([None, "One."]) == "One."
    with pytest.raises(RetryableError, match="content is a int"):
        content_text(7)


def test_a_part_that_is_neither_text_nor_thought_is_refused():
    parts = [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]
    assert content_text(parts) == ANSWER
    with pytest.raises(RetryableError, match="a part of type image_url"):
        content_text([{"type": "image_url", "image_url": {}}])


def test_the_words_of_a_provider_behind_a_gateway_are_read():
    raw = '{"message": "prompt is too long: 9 tokens > 8 maximum"}'
    body = {"message": "Provider returned error", "metadata": {"raw": raw}}
    assert error_message(body).endswith("prompt is too long: 9 tokens > 8 maximum")
    assert error_message({"detail": {"error": "full"}}) == "full"
    assert error_message("plain words") == "plain words"


def test_a_stream_of_events_that_nobody_asked_for_is_read():
    body = (
        'data: {"choices": [{"delta": {"content": "One "}, "finish_reason": null}]}\n\n'
        'data: {"choices": [{"delta": {"content": "two."}, "finish_reason": "length"}]}\n\n'
        "data: [DONE]\n"
    )
    [choice] = merge_events(body)["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("One two.", "length")
    assert merge_events("<html>log in</html>") is None


def test_a_stream_that_breaks_off_is_asked_again_and_never_half_an_answer():
    half = 'data: {"choices":[{"delta":{"content":"half "}}]}\n\n'
    with pytest.raises(RetryableError):
        merge_events(half)
    broken = merge_events(half + 'data: {"error":{"message":"boom","code":503}}\n\n')
    assert (error_message(broken), status_in(broken)) == ("boom", 503)
    assert read_completion(broken, model="m", seconds=0.0) is None
    assert merge_events('data: {"choices":null}\n\n') is None


@pytest.mark.parametrize(
    ("body", "words", "status"),
    [
        ([{"error": {"code": 429, "message": "slow", "status": "X"}}], "slow", 429),
        ({"detail": [{"loc": ["body", "seed"], "msg": "not permitted"}]},
         "body.seed: not permitted", None),
        ({"base_resp": {"status_code": 1039, "status_msg": "too many"}}, "too many", None),
        ({"error_code": 336, "error_msg": "busy"}, "busy", None),
        ({"error": {"message": "no", "code": "400", "innererror": {"code": "R"}}}, "no", 400),
        ({"error": {"message": "full", "n_prompt_tokens": 9, "n_ctx": 8}},
         "full n_prompt_tokens 9 n_ctx 8", None),
        ({"x": 1}, '{"x": 1}', None),
    ],
)  # fmt: skip
def test_the_words_and_the_status_of_an_error_are_read_wherever_they_are(body, words, status):
    assert (error_message(body), status_in(body)) == (words, status)


def test_a_body_is_decoded_as_utf_8_else_by_its_charset_else_asked_for_again():
    assert parse_body('\ufeff {"a": "é"}\n'.encode()) == {"a": "é"}
    assert parse_body('{"a": "é"}'.encode("latin-1"), "latin-1") == {"a": "é"}
    with pytest.raises(RetryableError, match="not UTF-8"):
        parse_body('{"a": "é"}'.encode("latin-1"))


def test_the_usage_in_a_stream_of_events_is_read():
    chunks = [
        {"model": "m@7", "choices": [{"index": 0, "delta": {"reasoning_content": THOUGHT}}]},
        {"choices": [{"index": 0, "delta": {"content": "One."}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 6}},
    ]
    completion = completion_of("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks))
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 6)
    assert (completion.text, completion.model, completion.reasoning) == ("One.", "m@7", True)


@pytest.mark.parametrize(
    "last",
    [
        {"choices": [], "x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 6}}},
        {"choices": [{"delta": {}, "usage": {"prompt_tokens": 5, "completion_tokens": 6}}]},
    ],
)
def test_the_usage_of_groq_and_moonshot_is_read_in_a_stream(last):
    first = {"choices": [{"delta": {"content": "One."}, "finish_reason": "stop"}]}
    completion = completion_of("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in (first, last)))
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 6)


OTHER_TYPES = (None, 1, "x", "", [], {}, True, [1], {"a": 1}, [[]], [None], {"text": 1})
MESSAGE = {"content": [{"type": "text", "text": "a"}], "tool_calls": [{"function": {"name": "f"}}]}
ERROR = {"message": "m", "code": 500, "metadata": {"raw": "{}"}, "innererror": {"code": "x"}}
BODIES = [
    {
        "model": "m",
        "choices": [{"index": 0, field: MESSAGE, "finish_reason": "stop", "error": None}],
        "usage": {"prompt_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}},
        "error": error,
        "detail": [{"loc": ["a", 1], "msg": "x"}],
    }
    for field, error in (("message", ERROR), ("delta", None))
]


def with_other_types(value):
    """Yield the value with another type in the place of each of its parts."""
    yield from OTHER_TYPES
    keys = range(len(value)) if isinstance(value, list) else value
    for key in keys if isinstance(value, list | dict) else ():
        for other in with_other_types(value[key]):
            changed = copy.copy(value)
            changed[key] = other
            yield changed


@pytest.mark.parametrize("prefix", ["", "data: "])
@pytest.mark.parametrize("body", BODIES)
def test_no_body_ends_in_a_traceback_whatever_the_types_of_its_parts(body, prefix):
    count = 0
    for changed in with_other_types(body):
        count += 1
        error_message(changed)
        status_in(changed)
        with contextlib.suppress(RetryableError):
            completion_of(f"{prefix}{json.dumps(changed)}\n\n")
    assert count > 300


def test_the_tools_that_an_answer_calls_are_named():
    calls = [{"type": "function", "function": {"name": name}} for name in ("look_up", "summarize")]
    assert completion_of(a_body(None, tool_calls=calls)).tool == "look_up, summarize"
    assert completion_of(a_body(None, function_call={"name": "summarize"})).tool == "summarize"
    assert completion_of(a_body()).tool == ""


@pytest.mark.parametrize(
    ("message", "usage"),
    [
        ({"reasoning": THOUGHT}, {}),
        ({"reasoning_content": THOUGHT}, {}),
        ({}, {"completion_tokens_details": {"reasoning_tokens": 7}}),
        ({"content": [{"type": "thinking", "thinking": THOUGHT}]}, {}),
    ],
)
def test_reasoning_is_noticed_wherever_the_server_puts_it(message, usage):
    assert completion_of(a_body(**{"content": "", "usage": usage, **message})).reasoning
    assert not completion_of(a_body(reasoning=None, usage={})).reasoning


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": "12", "completion_tokens": 40.0}, (12, 40)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, (None, None)),
        ({"total_tokens": 52}, (None, None)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None)),
        ([], (None, None)),
    ],
)
def test_token_counts_are_read_as_text_and_floats_and_impossible_ones_are_none(usage, tokens):
    completion = completion_of(a_body(usage=usage))
    assert (completion.prompt_tokens, completion.completion_tokens) == tokens
