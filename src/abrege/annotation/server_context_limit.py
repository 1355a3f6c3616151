"""Truncation of documents to a context window that only the server knows."""

from abrege.annotation.thinking_budget import is_spent_on_thinking
from abrege.llm_client import server_dialects as dialects
from abrege.llm_client.response_cache import CachedResponse

TOO_LONG = "too long"
"""The finish reason in the cache of a prompt that the server rejected as too long."""
DEFAULT_SHARE = 0.7
"""The share of a document to show if nothing tells by how much it is too long."""
_MARGIN = 0.95  # of what would fit, since characters are not tokens
_CLIPPED = 0.9  # of the allowed tokens: a completion well below them ran out of context


def fitting_document_fraction(
    response: CachedResponse, max_new_tokens: int | None, *, fixed_share: float = 0.0
) -> float | None:
    """Return the share of the shown document that fits; None if all of it fits.

    fixed_share  the share of the prompt that is not the document and is not truncated

    The document does not fit if the server rejected it, or if the completion was truncated far
    below the allowed tokens, as llama.cpp does when its context is full. One that was truncated
    while the model was thinking needs more tokens, not a shorter document.
    """
    prompt_tokens, limit = response.prompt_tokens, None
    if response.finish_reason == TOO_LONG:
        prompt_tokens, limit = _rejected_size(response.about.get("said", ""), max_new_tokens or 0)
    elif _is_clipped(response, max_new_tokens):
        limit = (response.prompt_tokens or 0) + (response.completion_tokens or 0)
    else:
        return None
    available = (limit or 0) - (max_new_tokens or 0)
    if not prompt_tokens or available <= 0:
        return DEFAULT_SHARE
    share = max(0.0, min(1.0, available / prompt_tokens) - fixed_share)
    return _MARGIN * share / (1 - fixed_share)


def _rejected_size(message: str, max_new_tokens: int) -> tuple[int | None, int | None]:
    """Return the tokens of a rejected prompt and of the context, as far as a server names them."""
    words = message.partition("): ")[2] or message  # after the address and the status
    limit = dialects.find_number(dialects.CONTEXT_LIMIT, words)
    prompt_tokens = dialects.find_number(dialects.PROMPT_TOKENS, words)
    total = dialects.find_number(dialects.TOTAL_TOKENS, words)
    if prompt_tokens is None and total is not None:
        prompt_tokens = total - max_new_tokens
    if not (limit and prompt_tokens):
        limit, prompt_tokens = dialects.limit_and_length(words, other_than=max_new_tokens)
    return prompt_tokens, limit


def has_fixed_limit(response: CachedResponse, previous: CachedResponse | None) -> bool:
    """Return whether a server truncates all completions at its own limit.

    previous  its response to a longer prompt: with a full context, that one would be shorter
    """
    if previous is None or "length" not in (response.finish_reason, previous.finish_reason):
        return False
    return response.completion_tokens == previous.completion_tokens


def _is_clipped(response: CachedResponse, max_new_tokens: int | None) -> bool:
    if response.finish_reason != "length" or response.completion_tokens is None:
        return False
    if is_spent_on_thinking(response, max_new_tokens):
        return False
    return response.completion_tokens < _CLIPPED * (max_new_tokens or 0)
