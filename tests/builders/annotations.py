"""Responses of a teacher and decisions of reviewers."""

from abrege.annotation.decisions import Decision, hash_summary
from abrege.llm_client.response_cache import CachedResponse


def a_response(
    text="fine",
    *,
    finish_reason="stop",
    prompt_tokens=1,
    completion_tokens=1,
    reasoning=False,
    tool="",
    **about,
):
    """Return a cached response; `about` holds what its key cannot say."""
    return CachedResponse(
        key="k",
        about=about,
        text=text,
        finish_reason=finish_reason,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        model="m",
        seconds=0.0,
        reasoning=reasoning,
        tool=tool,
    )


def a_decision(decision, *, of="written", **changes):
    """Return Ann's decision on the summary `of` of row r1."""
    values = {"id": "r1", "reviewer": "ann", "when": "2026-01-01T00:00:00+00:00"}
    return Decision(decision=decision, of=hash_summary(of), **{**values, **changes})
