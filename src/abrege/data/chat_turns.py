"""The turns of a conversation in a column: document, summary and system message."""

from collections.abc import Mapping, Sequence
from typing import Any

SPEAKERS = {"user": "document", "human": "document", "assistant": "summary", "gpt": "summary"}
"""Speaker of a turn → what the turn is."""


class InvalidValueError(ValueError):
    """A value that cannot be used: what is wrong, and the value."""

    def __init__(self, problem: str, value: str = "") -> None:
        super().__init__(problem, value)
        self.problem, self.value = problem, value


def last_turn(turns: Sequence[Mapping[str, Any]], role: str, label: str) -> Any:
    """Return the last turn of the user (for a document) or the assistant (for a summary)."""
    for turn in reversed(turns):
        speaker = turn.get("role", turn.get("from"))
        if SPEAKERS.get(str(speaker)) == role:
            return turn.get("content", turn.get("value"))
    expected = " or ".join(name for name, content in SPEAKERS.items() if content == role)
    raise InvalidValueError(f"{label} has no message with role {expected}")


def system_text(value: Any) -> dict[str, str]:
    """Return the system message of a conversation, for meta; nothing for any other value."""
    if not isinstance(value, list):
        return {}
    for turn in value:
        if isinstance(turn, Mapping) and turn.get("role", turn.get("from")) == "system":
            text = turn.get("content", turn.get("value"))
            return {"system": text} if isinstance(text, str) and text.strip() else {}
    return {}
