"""Detection of a teacher that spends its token budget on thinking and writes no summary."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from abrege.core.errors import SetupError
from abrege.llm_client import server_dialects as dialects
from abrege.llm_client.response_cache import CachedResponse
from abrege.llm_client.thought_marks import remove_thoughts

FIRST_ANSWERS = 5
"""The answers by which a teacher is judged: if all of them are without a summary for this reason,
no further request is sent."""
MIN_SPENT = MIN_DOCUMENTS = 3
"""So many of the first answers are noted, even if others hold a summary; to stop, they must be of
as many documents, if there are so many."""
ROOM = 4  # times annotate.max_new_tokens, rounded up to thousands: thoughts are longer than texts


def is_spent_on_thinking(response: CachedResponse, max_new_tokens: int | None) -> bool:
    """Return whether a response ended by length before its summary began.

    It has no text outside of thoughts, and it holds thoughts, or the server reports reasoning or
    as many tokens as were allowed.
    """
    if dialects.ending(response.finish_reason) != dialects.LENGTH:
        return False
    if remove_thoughts(response.text):
        return False
    tokens = response.completion_tokens or 0
    used_up = max_new_tokens is not None and tokens >= max_new_tokens
    return bool(response.text.strip()) or response.reasoning or used_up


def is_thoughts_alone(response: CachedResponse) -> bool:
    """Return whether a response ended by itself and has no text outside of thoughts.

    Then the model never got to its summary, or the server's reasoning parser took it for a thought.
    """
    if dialects.ending(response.finish_reason) != dialects.COMPLETE:
        return False
    if remove_thoughts(response.text):
        return False
    return response.reasoning or bool(response.text.strip())


def thinking_advice(max_new_tokens: int, *, has_server: bool) -> str:
    """Return what to set, as lines to paste."""
    room = -(-ROOM * max_new_tokens // 1000) * 1000
    lines = [f"    --set annotate.max_new_tokens={room}"]
    if has_server:
        lines += [
            f"    --set annotate.extra_body.{switch}  # {servers}"
            for switch, servers in dialects.THINKING_SWITCHES
        ]
        return "  Give it more room, or switch thinking off in the server's way:\n" + "\n".join(
            lines
        )
    return "  Give it more room:\n" + "\n".join(lines)


@dataclass(kw_only=True)
class ThinkingMonitor:
    """Counts the first answers of a teacher that hold thoughts and no summary."""

    model: str
    documents: int
    """To be asked for."""
    max_new_tokens: int
    has_server: bool
    has_pairs: bool = False
    """Earlier runs have summaries: then nothing is stopped, only noted."""
    _counted: dict[int, int] = field(default_factory=dict)
    """Responses that were counted, by the index of their document."""
    _spent: int = 0
    """Responses without a summary, whether they ran out of tokens or ended by themselves."""
    _ended: int = 0
    """Those that ended by themselves."""
    _is_over: bool = False
    """The teacher is judged."""

    def add(self, index: int, responses: Sequence[CachedResponse]) -> str | None:
        """Count the new responses to a document; return a note when it is time for one.

        responses  all of the document, old ones first

        Raise SetupError if all documents of the first answers have no summary for this reason.
        """
        if self._is_over or not responses:
            return None
        new = responses[self._counted.get(index, 0) :]
        self._counted[index] = len(responses)
        thoughts = sum(is_thoughts_alone(one) for one in new)
        self._ended += thoughts
        self._spent += thoughts + sum(is_spent_on_thinking(one, self.max_new_tokens) for one in new)
        answers = sum(self._counted.values())
        enough = max(MIN_SPENT, min(FIRST_ANSWERS, self.documents))
        documents = min(MIN_DOCUMENTS, self.documents)
        self._is_over = answers >= enough and len(self._counted) >= documents
        if self._spent < MIN_SPENT:
            return None
        if self._spent == answers and not self.has_pairs:
            if self._is_over:
                raise SetupError(f"annotate: {self._message()}")
            return None
        self._is_over = True
        return self._message()

    def _message(self) -> str:
        counts = f"{self._spent} of the first {sum(self._counted.values())} answers"
        if self._ended:
            return (
                f"{self.model} answers with thoughts alone: {counts} have no text outside of "
                "them.\n"
                "  If the server has a reasoning parser, it may take the summary for a thought.\n"
                + thinking_advice(self.max_new_tokens, has_server=self.has_server)
            )
        return (
            f"{self.model} spends its tokens on thinking: {counts} ended at "
            f"annotate.max_new_tokens={self.max_new_tokens} without a summary.\n"
            + thinking_advice(self.max_new_tokens, has_server=self.has_server)
        )
