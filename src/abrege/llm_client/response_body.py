"""The body of a server's response: its completion, or the words of its error."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abrege.core.http_retry import RetryableError
from abrege.llm_client import server_dialects as dialects


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The response of a model; a token count is None if the server does not report it."""

    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str
    """The server's own name of the model."""
    seconds: float
    """From request to response, without failed attempts."""
    reasoning: bool = False
    """The server reports reasoning beside the text, as words or as tokens."""
    tool: str = ""
    """The names of the tools that the model calls, if it does."""


def parse_body(content: bytes, charset: str | None = None) -> object:
    """Return the JSON of a body, the completion that its events add up to, or the text itself.

    charset  the one that the server names, for a body that is not UTF-8

    Raise RetryableError for JSON that breaks off, for events that do (see `merge_events`), and for
    a body that no charset decodes.
    """
    text = _decode(content, charset).strip("\ufeff \t\r\n")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith(("{", "[")):
            raise RetryableError("the response is not JSON") from None
    return merge_events(text) or text


def parse_error(content: bytes) -> object:
    """Return the JSON of an error's body, or its text."""
    text = content.decode("utf-8", "replace").strip("\ufeff \t\r\n")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _decode(content: bytes, charset: str | None) -> str:
    for name in ("utf-8", charset):
        try:
            return content.decode(name or "utf-8")
        except (UnicodeDecodeError, LookupError):
            continue
    raise RetryableError("the response is not UTF-8")


def read_completion(body: object, *, model: str, seconds: float) -> Completion | None:
    """Return the completion in a body; None for a body that holds none.

    model  the name of the model if the body has none

    Raise RetryableError for a completion that the server broke off, and for content that is
    neither text nor a list of parts.
    """
    choice = _first_choice(body)
    if choice is None:
        return None
    assert isinstance(body, Mapping)
    message = _message(choice)
    finish_reason = choice.get("finish_reason") or dialects.COMPLETE
    if dialects.ending(finish_reason) == dialects.ERROR:
        words = error_message(choice.get("error")) or finish_reason
        raise RetryableError(f"the server broke off its answer: {words}")
    text, refusal = content_text(message.get("content")), message.get("refusal")
    if refusal and not text.strip():
        text, finish_reason = content_text(refusal), dialects.REFUSED
    usage = _usage(body)
    prompt_tokens, completion_tokens = (token_count(usage.get(f"{n}_tokens")) for n in _COUNTED)
    return Completion(
        text=text,
        finish_reason=dialects.ending(finish_reason),
        prompt_tokens=prompt_tokens or None,  # no prompt has 0 tokens: the server does not count
        completion_tokens=completion_tokens if completion_tokens or not text else None,
        model=str(body.get("model") or model),
        seconds=seconds,
        reasoning=_has_reasoning(message, usage),
        tool=", ".join(_tool_names(message)),
    )


_COUNTED = ("prompt", "completion")


def _first_choice(body: object) -> Mapping[str, Any] | None:
    choices = body.get("choices") if isinstance(body, Mapping) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, Mapping) else None


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the message of a choice; of a text completion, one that has its text."""
    messages = (choice.get(key) for key in ("message", "delta"))
    return next(
        (m for m in messages if m and isinstance(m, Mapping)), {"content": choice.get("text")}
    )


def _usage(body: Mapping[str, Any]) -> Mapping[str, Any]:
    usage = body.get("usage")
    return usage if isinstance(usage, Mapping) else {}


def token_count(value: object) -> int | None:
    """Return a token count that may be written as text or as a float; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return int(number) if 0 <= number < math.inf else None


def _has_reasoning(message: Mapping[str, Any], usage: Mapping[str, Any]) -> bool:
    content, details = message.get("content"), usage.get("completion_tokens_details")
    return (
        any(message.get(key) for key in dialects.REASONING_FIELDS)
        or any(_part_kind(part) in dialects.THOUGHT_PARTS for part in _items(content))
        or (isinstance(details, Mapping) and bool(token_count(details.get("reasoning_tokens"))))
    )


def _tool_names(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the tools that a message calls."""
    for call in [*_items(message.get("tool_calls")), message]:
        for key in ("function", "custom", "function_call"):
            function = call.get(key) if isinstance(call, Mapping) else None
            name = function.get("name") if isinstance(function, Mapping) else None
            if name:
                yield str(name)


def content_text(content: object) -> str:
    """Return the text of a message: parts are joined, thoughts left out.

    Half a surrogate pair, which no file can hold, is U+FFFD. Raise RetryableError for content that
    is neither text nor a list of parts.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(content, Mapping):  # one part without its list
        content = [content]
    if not isinstance(content, list):
        raise RetryableError(f"the message's content is a {type(content).__name__}")
    return content_text("".join(_part_text(part) for part in content if part is not None))


def _part_kind(part: object) -> str:
    return str(part.get("type", "text")) if isinstance(part, Mapping) else type(part).__name__


def _part_text(part: object) -> str:
    """Return the text of one part; nothing of a thought. Raise RetryableError for any other."""
    if isinstance(part, str):
        return part
    kind = _part_kind(part)
    if kind in dialects.THOUGHT_PARTS:
        return ""
    text = part.get("text") if isinstance(part, Mapping) and kind in dialects.TEXT_PARTS else None
    text = text.get("value") if isinstance(text, Mapping) else text  # Assistants' text parts
    if not isinstance(text, str):
        raise RetryableError(f"the message's content has a part of type {kind}")
    return text


def error_message(body: Any) -> str:
    """Return the words of an error: its message, or that of the provider behind a gateway."""
    if isinstance(body, list) and body:
        return error_message(body[0])  # Gemini's errors come in a list, FastAPI's in several
    if not isinstance(body, Mapping):
        return "" if body is None else str(body)
    metadata = body.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else ""
    inner = next((body[key] for key in dialects.ERROR_FIELDS if body.get(key)), "")
    message = error_message(inner) if isinstance(inner, Mapping | list) else str(inner)
    if isinstance(where := body.get("loc"), list):  # pydantic: which field is wrong
        message = f"{'.'.join(map(str, where))}: {message}"
    numbers = [f"{key} {body[key]}" for key in dialects.CONTEXT_FIELDS if body.get(key)]
    message = " ".join([message or json.dumps(dict(body)), *numbers])
    return f"{message} {_raw_message(raw)}" if raw else message


def error_code(body: object) -> str:
    """Return the codes and kinds of an error and of those inside it, as words."""
    if isinstance(body, list) and body:
        return error_code(body[0])
    if not isinstance(body, Mapping):
        return ""
    own = [body[key] for key in ("code", "type", "status", "reason") if body.get(key)]
    inner = (error_code(body.get(key)) for key in ("error", "innererror", "detail"))
    return " ".join([*map(str, own), *filter(None, inner)])


def status_in(body: object) -> int | None:
    """Return the status that an error in a body names, if it names one."""
    numbers = re.findall(r"(?<!\d)[45]\d\d(?!\d)", error_code(body))
    return int(numbers[0]) if numbers else None


def _raw_message(raw: object) -> str:
    """Return the message in OpenRouter's error.metadata.raw, which is JSON or text."""
    try:
        return error_message(json.loads(raw)) if isinstance(raw, str) else error_message(raw)
    except ValueError:
        return str(raw)


def merge_events(body: str) -> dict[str, Any] | None:
    """Return the body that a stream of events adds up to; None for any other text.

    Of a stream that reports an error, it is the error. Raise RetryableError for a stream that ends
    without an ending.
    """
    chunks = _chunks(body)
    if error := next((chunk["error"] for chunk in chunks if chunk.get("error")), None):
        return {"error": error}
    choices = [
        choice
        for chunk in chunks
        for choice in _items(chunk.get("choices"))
        if isinstance(choice, Mapping) and not choice.get("index")
    ]
    if not choices:
        return None
    reason = next((c["finish_reason"] for c in choices[::-1] if c.get("finish_reason")), None)
    if reason is None and "[DONE]" not in body:
        raise RetryableError("the stream ended before the answer did")
    usages = [usage for chunk in chunks for usage in _usages_of_chunk(chunk) if usage]
    return {
        "choices": [{"message": _merge_messages(choices), "finish_reason": reason}],
        "usage": usages[-1] if usages else None,
        "model": next((chunk["model"] for chunk in chunks if chunk.get("model")), None),
    }


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _usages_of_chunk(chunk: Mapping[str, Any]) -> Iterator[object]:
    """Yield the token counts of a chunk: its own, and where Groq and Moonshot put them."""
    yield chunk.get("usage")
    for holder in (chunk.get("x_groq"), *_items(chunk.get("choices"))):
        yield holder.get("usage") if isinstance(holder, Mapping) else None


def _chunks(body: str) -> Sequence[Mapping[str, Any]]:
    """Return the JSON objects of the data lines; none if one of them is not JSON."""
    chunks = []
    for line in body.splitlines():
        if line.startswith("data:") and line[5:].strip() not in ("", "[DONE]"):
            try:
                chunks.append(json.loads(line[5:]))
            except (ValueError, RecursionError):
                return ()
    return [chunk for chunk in chunks if isinstance(chunk, Mapping)]


def _merge_messages(choices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the message of all deltas: texts joined, tool calls listed."""
    deltas = [_message(choice) for choice in choices]
    merged: dict[str, Any] = {
        key: "".join(content_text(delta.get(key)) for delta in deltas)
        for key in ("content", "refusal")
    }
    for key in dialects.REASONING_FIELDS:
        merged[key] = any(delta.get(key) for delta in deltas)
    merged["tool_calls"] = [call for delta in deltas for call in _items(delta.get("tool_calls"))]
    return merged
