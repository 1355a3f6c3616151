"""How much of a document a model has room for: read off what its server says and does."""

import re

from abrege.llm_client.response_cache import Told

TOO_LONG = "too long"
"""How the refusal of a question with too many tokens is marked on disk."""
SHORTER = 0.7
"""What is kept of a document that is too long where nobody says by how much."""
_SPARE = 0.95  # of what would fit: characters are no tokens
_CLIPPED = 0.9  # of the tokens allowed: an answer cut well below them had no room for more

_LIMIT = re.compile(
    r"(?i)maximum context length (?:is|of) (\d+)|context (?:size|window)(?: of)? \(?(\d+)"
    r"|> (\d+) maximum"
)
_ASKED = re.compile(
    r"(?i)\((\d+) in the messages|has (\d+) input tokens|request \((\d+) tokens"
    r"|too long: (\d+) tokens|requested tokens \((\d+)\)"
)
"""As OpenAI and vLLM, newer vLLM, llama.cpp, Anthropic and llama-cpp-python count a prompt."""


def share_that_fits(
    answer: Told, max_new_tokens: int | None, *, around: float = 0.0
) -> float | None:
    """Say what share of the document shown can be shown; None where all of it fits.

    around  the part of the prompt that is not the document, and stays

    It does not fit where the server refused it, and where it began to answer and stopped far below
    the tokens that it was allowed, as llama.cpp does when the context is full.
    """
    asked, limit = answer.prompt_tokens, None
    if answer.finish_reason == TOO_LONG:
        said = answer.about.get("said", "")
        asked, limit = _number(_ASKED, said), _number(_LIMIT, said)
    elif _clipped(answer, max_new_tokens):
        limit = (answer.prompt_tokens or 0) + (answer.completion_tokens or 0)
    else:
        return None
    room = (limit or 0) - (max_new_tokens or 0)
    if not asked or room <= 0:
        return SHORTER
    return _SPARE * max(0.0, min(1.0, room / asked) - around) / (1 - around)


def is_capped(answer: Told, before: Told | None) -> bool:
    """Tell a server that ends all its answers early from one whose context was full.

    before  its answer to a longer prompt: where room was short it was the shorter one
    """
    if before is None or "length" not in (answer.finish_reason, before.finish_reason):
        return False
    return answer.completion_tokens == before.completion_tokens


def _clipped(answer: Told, max_new_tokens: int | None) -> bool:
    if answer.finish_reason != "length" or answer.completion_tokens is None:
        return False
    return answer.completion_tokens < _CLIPPED * (max_new_tokens or 0)


def _number(pattern: re.Pattern[str], said: str) -> int | None:
    found = pattern.search(said)
    return int(next(group for group in found.groups() if group)) if found else None
