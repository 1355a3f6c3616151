"""How servers and models speak, as tables: endings, thoughts, full contexts, refusals, waits.

The entries are from knowledge of these programs and from a fake server that answers as they do; no
version was looked up. A finish reason that the table does not know is counted and said.
"""

import re
from collections.abc import Mapping, Sequence

COMPLETE, LENGTH, REFUSED, TOOLS, ERROR = "stop", "length", "content_filter", "tool_calls", "error"
ENDINGS: Mapping[str, Sequence[str]] = {
    COMPLETE: (
        *("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete", "completed"),
        *("finish_reason_stop", "stop_token", "finished", "end"),
        *("stop_criteria_met", "matched_stop", "finish", "done", "eot", "eom", "stopped_eos"),
        "stopped_word",
    ),
    LENGTH: (
        *("length", "max_tokens", "max_output_tokens", "model_length", "max_length", "token_limit"),
        *("model_context_window_exceeded", "finish_reason_max_tokens", "incomplete", "truncated"),
        *("max_new_tokens", "max_tokens_reached", "length_limit", "limit", "num_predict"),
        *("context_length", "context_window_exceeded", "stopped_limit", "model_max_length"),
        "exceeded_max_tokens",
    ),
    REFUSED: (
        *("content_filter", "content_filtered", "guardrail_intervened", "refusal", "sensitive"),
        *("safety", "recitation", "blocklist", "prohibited_content", "spii", "error_toxic"),
        *("language", "image_safety", "image_prohibited_content", "moderation", "blocked"),
        *("filtered", "censored", "risk_control", "high_risk"),
    ),
    TOOLS: ("tool_calls", "function_call", "tool_use", "tool_call"),
    ERROR: (
        *("error", "abort", "aborted", "cancelled", "canceled", "timeout", "network_error"),
        *("server_error", "engine_error", "internal_error", "disconnected", "overloaded"),
        "preempted",
        *("user_cancel", "error_limit", "load", "unload", "malformed_response"),
        *("function_call_filter", "unexpected_tool_call", "not_finished"),
        *("insufficient_system_resource", "failed", "malformed_function_call", "repetition"),
    ),
}
"""Meaning → finish reasons: OpenAI and vLLM, TGI (eos_token), Anthropic (end_turn), Gemini
(MAX_TOKENS, RECITATION …), Mistral (model_length), Cohere (COMPLETE, ERROR_TOXIC), Bedrock, GLM
(sensitive, network_error), DeepSeek (insufficient_system_resource); in any case of letters."""
_MEANING = {word: meaning for meaning, words in ENDINGS.items() for word in words}
_STEMS: Sequence[tuple[str, str]] = (
    (REFUSED, r"filter|safety|moderat|sensitive|policy|prohibit|illegal|model_armor"),
    (ERROR, r"error|fail|timed?_?out|cancel|abort|disconnect|interrupt|terminat|expired|deadline"),
    (TOOLS, r"tool|function"),
    (LENGTH, r"max_|length|limit|truncat|exceed|out_of_tokens|too_long|pause_turn"),
    (COMPLETE, r"stop|eos|end_?of_?|sequence_end|\Anormal\Z|\Anone\Z|\Anull\Z|complet"),
)
"""What a finish reason means that is in no table, by a part of it, in this order."""

TEXT_PARTS = ("text", "output_text")
THOUGHT_PARTS = ("thinking", "redacted_thinking", "reasoning", "thought", "reasoning_content")
REASONING_FIELDS = ("reasoning", "reasoning_content", "thinking", "reasoning_details")
"""Fields beside a message's content: Ollama and OpenRouter, DeepSeek and vLLM, others."""
THINKING_SWITCHES: Sequence[tuple[str, str]] = (
    ("reasoning_effort=none", "Ollama, Gemini, Groq, OpenAI"),  # ollama/ollama#14820
    ("chat_template_kwargs.enable_thinking=false", "vLLM, SGLang, llama.cpp: Qwen, GLM"),
    ("chat_template_kwargs.thinking=false", "vLLM, SGLang: DeepSeek, Granite, Kimi"),
    ("thinking.type=disabled", "the services of DeepSeek, GLM, Kimi"),
    ("reasoning.enabled=false", "OpenRouter"),
)
"""Request fields that switch thinking off, and the servers that know them."""
TOO_LONG = re.compile(
    r"(?i)context[ _](?:length|size|window)|maximum (?:model|input|sequence|prompt) length"
    r"|(?:prompt|input|request|message)s? (?:is|are) too (?:long|large)|too many (?:input )?tokens"
    r"|max_new_tokens` must be <="  # TGI
    r"|token count \(?\d* ?\)?exceeds|maximum number of tokens"  # Gemini
    r"|too large for (?:\w+ )?model|longer than the model|maximum context"  # Mistral, SGLang
    r"|tokens in the prompt cannot exceed|context the overflows"  # Cohere, LM Studio
    r"|exceeds? the (?:available |model'?s? )?(?:context|maximum)"  # llama.cpp
    r"|(?:reduce|shorten) the length|length exceeds|exceeds? context|tokens? limit|tokens_limit"
    r"|token limit exceeded|exceeds? limit \d|must have less than \d+ tokens"  # TGI
    r"|range of input length|max[ _]model[ _]len|exceeds? max(?:imum)? length"  # DashScope, vLLM
    r"|body too large|entity too large|input (?:is )?too long|string too long"
    r"|request too large|too large to process|tokens must be reduced"  # OpenAI's and Groq's TPM
    r"|max_tokens must be at least 1, got -|长度超过|超长|超过模型上下文"  # vLLM, DashScope, GLM
    r"|only supports up to \d+|expected maxLength|max_seq_len"  # Vertex, Bedrock, ExLlama, TabbyAPI
)
"""How servers say that a prompt exceeds the context window."""
LIKELY_TOO_LONG = re.compile(
    r"(?i)\b(?:prompts?|inputs?|messages?|tokens?|length|maximum context|context window)\b"
    r"[^.]{0,60}\b(?:exceed(?:s|ed)?|too long|(?:longer|greater|larger) than)\b"
    r"|max tokens of \d+ exceeded"
)
"""The same in the words of Copilot, Volcengine, MLC, LMDeploy, TensorRT-LLM, Snowflake and others,
where the status says that the request is wrong (400, 422)."""
REQUEST_TOO_LARGE = re.compile(r"(?i)request too large|tokens must be reduced|reduce your message")
_RATE_LIMIT = re.compile(r"(?i)\blimit:? ([\d,]+)\b.{0,60}\brequested:? ([\d,]+)")
"""How OpenAI and Groq say that one request exceeds a limit of tokens per minute (429, 413)."""
NO_CREDIT = re.compile(
    r"(?i)insufficient_quota|insufficient[ _](?:balance|credits?|funds)"
    r"|balance is (?:insufficient|too low)|欠费|余额不足|arrearage|in good standing"
    r"|account \S+ is suspended|spending limit|budget has been exceeded"
    r"|exceeded your monthly included credits"
)
"""What retrying cannot mend, whatever the status: OpenAI, DeepSeek, OpenRouter, SiliconFlow, GLM,
Anthropic, DashScope, Fireworks, LiteLLM, Hugging Face."""
STREAM_ONLY = re.compile(
    r"(?i)only supports? (?:the )?stream|stream(?:ing)? (?:mode )?is required|enable the stream"
    r"|stream must be (?:set to )?true"
)
"""How servers say that a model only streams: DashScope's QwQ, some gateways."""
THINKING_REFUSED = re.compile(
    r"(?i)enable_thinking must be (?:set to )?false"
)  # DashScope's Qwen 3
NO_SYSTEM = re.compile(r"(?i)system (?:role|message|prompt|instruction)s?\b|roles must alternate")
WRONG_KEY = re.compile(
    r"(?i)(?:invalid|incorrect|wrong) api[ _-]?key|api[ _-]?key (?:is )?(?:not |in)valid"
)
"""A wrong key with another status than 401: Gemini (400)."""
ERROR_FIELDS = (
    *("message", "detail", "error", "msg", "error_msg", "error_message", "errorMessage"),
    *("status_msg", "base_resp", "errors", "Message"),
)
"""Where the words of an error are: most, FastAPI, TGI, SiliconFlow, Baidu, MiniMax, AWS."""
CONTEXT_FIELDS = ("n_prompt_tokens", "n_ctx")  # llama.cpp
CONTEXT_LIMIT = re.compile(
    r"(?i)context limit: [\d,]+ \+ [\d,]+ > ([\d,]+)"  # Anthropic
    r"|maximum context length(?: is| of|:)? ?(?:only )?([\d,]+)"  # OpenAI, vLLM, SGLang
    r"|([\d,]+) maximum context length"  # Mistral
    r"|maximum context length of \S+ is ([\d,]+)|limit is ([\d,]+)"  # SambaNova, Cerebras
    r"|context (?:size|window|length)(?: of| is)?(?: only)? ?\(?([\d,]+)"  # llama.cpp, LM Studio
    r"|> ([\d,]+) maximum|must be <= ([\d,]+)|cannot exceed ([\d,]+)"  # Anthropic, TGI, Cohere
    r"|tokens allowed \(?([\d,]+)|\blimit:? ([\d,]+)|should be \[1, ?([\d,]+)\]"  # Gemini, TPM
    r"|\bn_ctx ([\d,]+)|must have less than ([\d,]+)"
)
PROMPT_TOKENS = re.compile(
    r"(?i)context limit: ([\d,]+) \+"  # Anthropic
    r"|([\d,]+) in the (?:messages|prompt)|([\d,]+) of text input"  # OpenAI, OpenRouter
    r"|([\d,]+) (?:input tokens|tokens from the input)"  # vLLM, SGLang
    r"|(?:request|input) \(([\d,]+) tokens|too long: ([\d,]+)"  # llama.cpp, SGLang, Anthropic
    r"|requested tokens \(([\d,]+)\)|given: ([\d,]+) `inputs`"  # llama-cpp-python, TGI
    r"|prompt contains ([\d,]+)|token count \(?([\d,]+)|first ([\d,]+) tokens"  # Mistral, Gemini
    r"|resulted in ([\d,]+)|received ([\d,]+)|\bn_prompt_tokens ([\d,]+)"  # DeepInfra, Cohere
)
TOTAL_TOKENS = re.compile(
    r"(?i)current length is ([\d,]+)|will take ([\d,]+) tokens"  # Cerebras, SambaNova
    r"|requested (?:about |a total of )?([\d,]+) tokens|\brequested:? ([\d,]+)"
)
"""How servers count the context, a prompt, and a prompt with the tokens to be generated."""
_LARGE_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]{2,}\d(?![\w-])")
CONTENT_FILTER = re.compile(
    r"(?i)content[ _](?:filter|management|policy)|responsibleai|safety[ _](?:system|filter|check)"
    r"|blocked (?:by|due to)|moderation|data_inspection_failed|prohibited[ _]content"
    r"|content exists risk|inappropriate content|usage (?:policy|policies|guidelines)"
    r"|sensitive (?:content|words?|information)|input[ _]sensitive|敏感|guardrail|high risk"
    r"|jailbreak|unsafe content|(?:prompt|input) was (?:flagged|blocked)|\bflagged\b|不安全"
    r"|content[ _]illegal|illegal[ _]content|unsafe_(?:prompt|input)"  # SiliconFlow
)
"""How servers say that they refuse a document: Azure OpenAI, Gemini, OpenRouter, DashScope."""
WAIT = re.compile(
    r"(?i)(?:again|retry|wait|available|delay)[^\d\n]{0,20}?"
    r"((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)"
    r"(?![a-z])\s*)+)|retry[_ ]after\W{1,3}(\d+(?:\.\d+)?)(?![\d-])"
)
"""How messages say when to ask again: OpenAI's `2.5s`, `1m3s`, `250ms`; Gemini's `retryDelay`."""
RESET_HEADERS: Sequence[tuple[str, str]] = (
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),  # OpenAI, Groq, vLLM gateways
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("x-ratelimit-reset-requests-day", "x-ratelimit-remaining-requests-day"),  # Cerebras
    ("x-ratelimit-reset-tokens-minute", "x-ratelimit-remaining-tokens-minute"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),  # OpenRouter, in milliseconds since 1970
    ("ratelimit-reset", "ratelimit-remaining"),
)
"""When a rate limit is lifted, and the header that says that nothing remains of it."""


def ending(finish_reason: object) -> str:
    """Return what a finish reason means: one of the keys of ENDINGS, or the reason itself."""
    if isinstance(finish_reason, Mapping):  # AI21: {"reason": "endoftext"}
        finish_reason = finish_reason.get("reason") or finish_reason.get("type")
    words = re.split(r"[:(]", str(finish_reason or COMPLETE))[0]  # Gemini: "X: DETAIL"
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", words.rpartition(".")[2].strip())
    word = spaced.lower().removeprefix("finish_reason_")
    by_stem = (meaning for meaning, stems in _STEMS if re.search(stems, word))
    return _MEANING.get(word) or next(by_stem, word)


def exceeds_rate_limit_alone(message: str) -> bool:
    """Return whether a rate limit is exceeded by one request alone, however long one waits."""
    numbers = _RATE_LIMIT.search(message)
    limit, requested = (read_number(number) for number in numbers.groups()) if numbers else (0, 0)
    return requested > limit or REQUEST_TOO_LARGE.search(message) is not None


def find_number(pattern: re.Pattern[str], message: str) -> int | None:
    """Return the number that a pattern of this table finds in a message."""
    match = pattern.search(message)
    return read_number(next(group for group in match.groups() if group)) if match else None


def limit_and_length(message: str, *, other_than: int | None) -> tuple[int | None, int | None]:
    """Return the smaller and the larger number of a message that holds two: limit and length.

    other_than  a number that is neither, such as the tokens to be generated
    """
    found = {read_number(digits) for digits in _LARGE_NUMBER.findall(message)} - {other_than}
    return (min(found), max(found)) if len(found) == 2 else (None, None)


def read_number(digits: str) -> int:
    """Return a number that may have commas between thousands."""
    return int(digits.replace(",", "") or 0)


def is_known_ending(finish_reason: str) -> bool:
    """Return whether a finish reason is in the table."""
    return ending(finish_reason) in ENDINGS
