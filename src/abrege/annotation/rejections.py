"""Which answers of a teacher are rejected, and why: what the server says, then the checks."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from abrege.annotation.postprocess import is_refusal, mentions_itself
from abrege.annotation.prompt_truncation import PROMPT_CUT
from abrege.annotation.server_context_limit import TOO_LONG
from abrege.annotation.thinking_budget import is_spent_on_thinking, is_thoughts_alone
from abrege.core.types import Document
from abrege.llm_client import server_dialects as dialects
from abrege.llm_client.response_cache import CachedResponse
from abrege.llm_client.thought_marks import LEFTOVER, NO_SUMMARY, remove_thoughts
from abrege.prompts.teacher_prompts import Rejection

MAX_QUOTED = 200  # characters of an answer or of a server's words
NO_ROOM = "no room"
CUT_BY_SERVER = "prompt cut by the server"
TRUNCATED = "cut"
REFUSAL = "refusal"
EMPTY = "empty"
TOOL_CALL = "tool call"
SPENT = (
    "the tokens were spent on thinking; raise annotate.max_new_tokens or see annotate.extra_body"
)
"""What is said of a truncated answer that has no summary yet."""
THOUGHTS = "the answer holds nothing but thoughts"
REDO = "redo"
"""The reason for a summary that a reviewer wants rewritten: it passed the checks and uses up no
attempt, unless the teacher writes the same summary again."""
Check: TypeAlias = Callable[[Document, str], Rejection | None]
"""Returns a rejection of a summary of a document, whose language is filled in."""


def find_rejection(
    document: Document,
    response: CachedResponse,
    summary: str,
    *,
    checks: Sequence[Check],
    max_new_tokens: int | None,
) -> Rejection | None:
    """Return the first rejection of a response; the cheap checks come first."""
    finish = dialects.ending(response.finish_reason)
    answer = remove_thoughts(response.text)
    leftover = LEFTOVER.search(answer) or NO_SUMMARY.search(summary)
    reasons = (
        (response.finish_reason == TOO_LONG, NO_ROOM),
        (response.finish_reason == PROMPT_CUT, CUT_BY_SERVER),
        (finish == dialects.LENGTH, TRUNCATED),
        (is_refusal(summary) or finish == dialects.REFUSED, REFUSAL),
        (not summary and (finish == dialects.TOOLS or response.tool), TOOL_CALL),
        (not summary, EMPTY),
        (mentions_itself(summary), "preamble"),
    )
    reason = next((reason for applies, reason in reasons if applies), None)
    if reason:
        said = response.about.get("said", "")[:MAX_QUOTED]
        words = {
            NO_ROOM: said,
            CUT_BY_SERVER: f"{response.prompt_tokens} tokens were read",
            REFUSAL: response.text[:MAX_QUOTED] or said,
            TOOL_CALL: response.tool,
            EMPTY: THOUGHTS if is_thoughts_alone(response) else "",
            TRUNCATED: SPENT if is_spent_on_thinking(response, max_new_tokens) else "",
        }
        return Rejection(reason, words.get(reason, ""))
    if leftover:
        return Rejection("markup", leftover[0])
    return next((rejection for check in checks if (rejection := check(document, summary))), None)


def is_final(rejection: Rejection | None, response: CachedResponse) -> bool:
    """Return whether the server would treat any further request for the document alike.

    The prompt is too long or truncated, or a filter refuses what it says (a filtered answer, which
    another one may not be, has no words of the server).
    """
    if rejection is None:
        return False
    refused = rejection.reason == REFUSAL and "said" in response.about
    return refused or rejection.reason in (NO_ROOM, CUT_BY_SERVER)
