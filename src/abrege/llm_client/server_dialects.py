"""How servers and models speak, as tables: endings, thoughts, full contexts, refusals, waits.

Each entry was seen in the program named beside it, or is written in its documentation. What a table
does not know is counted and said, never taken for the usual case in silence.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from abrege.core.http_retry import RetryableError

COMPLETE, LENGTH, REFUSED, TOOLS, ERROR = "stop", "length", "content_filter", "tool_calls", "error"
ENDINGS: Mapping[str, Sequence[str]] = {
    COMPLETE: (
        *("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete", "completed"),
        *("finish_reason_stop", "stop_token", "finished", "end"),
    ),
    LENGTH: (
        *("length", "max_tokens", "max_output_tokens", "model_length", "max_length", "token_limit"),
        *("model_context_window_exceeded", "finish_reason_max_tokens", "incomplete", "truncated"),
    ),
    REFUSED: (
        *("content_filter", "content_filtered", "guardrail_intervened", "refusal", "sensitive"),
        *("safety", "recitation", "blocklist", "prohibited_content", "spii", "error_toxic"),
        *("language", "image_safety"),
    ),
    TOOLS: ("tool_calls", "function_call", "tool_use", "tool_call"),
    ERROR: (
        *("error", "abort", "aborted", "cancelled", "canceled", "timeout", "network_error"),
        *("insufficient_system_resource", "failed", "malformed_function_call", "repetition"),
    ),
}
"""Meaning → finish reasons: OpenAI and vLLM, TGI (eos_token), Anthropic (end_turn), Gemini
(MAX_TOKENS, RECITATION …), Mistral (model_length), Cohere (COMPLETE, ERROR_TOXIC), Bedrock, GLM
(sensitive, network_error), DeepSeek (insufficient_system_resource); in any case of letters."""
_MEANING = {word: meaning for meaning, words in ENDINGS.items() for word in words}

THOUGHT_TAGS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "seed:think")
"""Tags around thoughts: DeepSeek R1, Qwen (think), Seed-OSS (seed:think), prompted models."""
_TAG = "|".join(THOUGHT_TAGS)
FINAL_CHANNEL = (
    r"<\|channel\|>final(?:<\|constrain\|>\w+)?<\|message\|>",  # GPT-OSS (harmony)
    r"\bassistant ?final(?=[A-Z\W])",  # harmony of which a server strips the special tokens
    r"<\|begin_of_solution\|>",  # Sky-T1, OpenThinker
    r"<channel\|>",  # Gemma's channel of thoughts ends
    r"\[/THINK\]",  # Magistral
    r"◁/think▷",  # Kimi
    r"<\|END_THINKING\|>(?:\s*<\|START_RESPONSE\|>)?",  # Command A Reasoning
    r"<\|eot_think\|>|<\|/think\|>",
    rf"</(?i:{_TAG})>",
)
"""After the last of these marks the answer begins; what stands before it is thought."""
OPENED = (
    r"^\s*(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)",
    r"^analysis(?=[A-Z])",
    r"<\|begin_of_thought\|>",
    r"<\|channel>thought",
    r"\[THINK\]",
    r"◁think▷",
    r"<\|START_THINKING\|>",
    rf"<(?i:{_TAG})>",
)
"""An opened block of thoughts: where it is not closed, all from there on is thought."""
LEFTOVER = re.compile(
    r"<\|(?:channel|message|constrain|begin_of_\w+|end_of_\w+|START_\w+|END_\w+|/?\w*think)\|?>"
    rf"|<channel\|>|◁/?think▷|\[/?THINK\]|</?(?:{_TAG})>"
    r"|^analysis(?=[A-Z])|assistant ?(?:final|analysis)(?=[A-Z])"
)
"""A mark that no summary has: what still holds one is refused as markup."""
_FINAL = re.compile(rf"(?s)^.*(?:{'|'.join(FINAL_CHANNEL)})")
_OPENED = re.compile(rf"(?sm)(?:{'|'.join(OPENED)}).*\Z")
_CLOSING = re.compile(r"(?:<\|(?:end|return|end_of_solution|END_RESPONSE)\|>|<turn\|>)\s*$")

TOO_LONG = re.compile(
    r"(?i)context[ _](?:length|size|window)|maximum (?:model|input|sequence|prompt) length"
    r"|(?:prompt|input|request|message)s? (?:is|are) too (?:long|large)|too many (?:input )?tokens"
    r"|max_new_tokens` must be <="  # TGI
    r"|token count \(?\d* ?\)?exceeds|maximum number of tokens"  # Gemini
    r"|too large for model|longer than the model|maximum context"  # Mistral, SGLang
    r"|tokens in the prompt cannot exceed|context the overflows"  # Cohere, LM Studio
    r"|exceeds? the (?:available |model'?s? )?(?:context|maximum)"  # llama.cpp
    r"|reduce the length of the (?:messages|prompt|input)"
)
"""How servers say that a prompt exceeds the context window."""
CONTENT_FILTER = re.compile(
    r"(?i)content[ _](?:filter|management|policy)|responsibleai|safety system|blocked by|moderation"
    r"|data_inspection_failed|prohibited content"
)
"""How servers say that they refuse a document: Azure OpenAI, Gemini, OpenRouter, DashScope."""
WAIT = re.compile(r"(?i)(?:try again|retry)(?: in| after)? (?:(\d+)m)?(\d+(?:\.\d+)?) ?(ms|s\b)?")
"""How messages say when to ask again: OpenAI's `2.5s`, `1m3s`, `250ms`."""


def ending(finish_reason: object) -> str:
    """Return what a finish reason means: one of the keys of ENDINGS, or the reason itself."""
    word = str(finish_reason or "stop").strip().lower()
    return _MEANING.get(word, word)


def is_known_ending(finish_reason: str) -> bool:
    """Return whether a finish reason is in the table."""
    return ending(finish_reason) in ENDINGS


def content_text(content: object) -> str:
    """Return the text of a message: parts are joined, thoughts left out.

    Raise RetryableError for content that is neither text nor a list of parts.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RetryableError(f"the message's content is a {type(content).__name__}")
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping) and part.get("type", "text") in ("text", "output_text"):
            texts.append(str(part.get("text") or ""))
    return "".join(texts)


def remove_thoughts(text: str) -> str:
    """Return what stands outside of thoughts and channels; nothing where only thoughts stand."""
    text = _FINAL.sub("", text)
    return _CLOSING.sub("", _OPENED.sub("", text))


def wait_seconds(message: str, headers: Mapping[str, str]) -> float:
    """Return the seconds that retry-after-ms or the words of a message ask to wait, else 0."""
    try:
        milliseconds = float(headers.get("retry-after-ms", ""))
    except ValueError:
        milliseconds = 0.0
    if milliseconds > 0:
        return milliseconds / 1000
    match = WAIT.search(message)
    if match is None:
        return 0.0
    seconds = float(match[2]) / (1000 if (match[3] or "").lower() == "ms" else 1)
    return 60 * int(match[1] or 0) + seconds


def error_message(body: Any) -> str:
    """Return the words of an error: its message, or that of the provider behind a gateway."""
    if not isinstance(body, Mapping):
        return "" if body is None else str(body)
    metadata = body.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, Mapping) else ""
    inner = next((body[key] for key in ("message", "detail", "error") if body.get(key)), "")
    message = error_message(inner) if isinstance(inner, Mapping) else str(inner)
    return f"{message} {_raw_message(raw)}".strip() if raw else message or json.dumps(dict(body))


def _raw_message(raw: object) -> str:
    """Return the message in OpenRouter's error.metadata.raw, which is JSON or text."""
    try:
        return error_message(json.loads(raw)) if isinstance(raw, str) else error_message(raw)
    except ValueError:
        return str(raw)


def text_of_events(body: str) -> tuple[str, str] | None:
    """Return text and finish reason of a stream of events; None for any other body."""
    chunks = []
    for line in body.splitlines():
        if line.startswith("data:") and line[5:].strip() not in ("", "[DONE]"):
            try:
                chunks.append(json.loads(line[5:]))
            except ValueError:
                return None
    choices = [
        c for chunk in chunks if isinstance(chunk, Mapping) for c in chunk.get("choices", [])
    ]
    if not choices:
        return None
    text = "".join(content_text((c.get("delta") or {}).get("content")) for c in choices)
    reason = next((c["finish_reason"] for c in choices[::-1] if c.get("finish_reason")), "stop")
    return text, reason
