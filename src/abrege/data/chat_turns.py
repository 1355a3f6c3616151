"""The turns of a conversation in a column: document, summary and system message."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

SPEAKERS = {
    **dict.fromkeys(("user", "human"), "document"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatgpt"), "summary"),
    **dict.fromkeys(("system", "developer"), "system"),
}
"""Speaker of a turn → what the turn is."""
Turns: TypeAlias = Sequence[Mapping[str, Any]]


class InvalidValueError(ValueError):
    """A value that cannot be used: what is wrong, and the value."""

    def __init__(self, problem: str, value: str = "") -> None:
        super().__init__(problem, value)
        self.problem, self.value = problem, value


def is_conversation(value: Any) -> TypeGuard[Turns]:
    """Return whether a value is a list of turns."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def last_turn(turns: Turns, role: str, label: str, *, answered: bool = False) -> Any:
    """Return the last turn of the user (for a document) or the assistant (for a summary).

    answered  whether the last answer is the summary: the document is the user's turn before it
    """
    index = _last_index(turns, role, answered=answered)
    if index is None:
        expected = " or ".join(name for name, content in SPEAKERS.items() if content == role)
        raise InvalidValueError(f"{label} has no message with role {expected}")
    return _content(turns[index], label)


def system_text(value: Any) -> dict[str, str]:
    """Return the system message of a conversation, for meta; nothing for any other value."""
    if not is_conversation(value):
        return {}
    for turn in value:
        if _role(turn) == "system":
            text = _content(turn, "system")
            return {"system": text} if isinstance(text, str) and text.strip() else {}
    return {}


def count_turns(turns: Turns, *, answered: bool) -> Counter[str]:
    """Return what of a conversation is not document and summary.

    system, earlier, later  1 if there are such turns; earlier and later are left out
    left_out                how many turns are left out
    """
    index = _last_index(turns, "document", answered=answered)
    answer = _last_index(turns, "summary") if answered else index
    if index is None or answer is None:
        return Counter()
    # Turns between question and answer are calls of tools and what these returned.
    earlier = sum(_role(turn) != "system" for turn in turns[:index])
    later = sum(_role(turn) != "system" for turn in turns[answer + 1 :])
    between = max(0, answer - index - 1)
    return Counter(
        system=int(any(_role(turn) == "system" for turn in turns)),
        earlier=int(earlier + between > 0),
        later=int(later > 0),
        left_out=earlier + between + later,
    )


def _role(turn: Mapping[str, Any]) -> str | None:
    return SPEAKERS.get(str(turn.get("role", turn.get("from"))))


def _last_index(turns: Turns, role: str, *, answered: bool = False) -> int | None:
    end = len(turns)
    if answered:
        end = next((n for n in reversed(range(end)) if _role(turns[n]) == "summary"), end)
    return next((n for n in reversed(range(end)) if _role(turns[n]) == role), None)


def _content(turn: Mapping[str, Any], label: str) -> Any:
    """Return what a turn says; text in parts, as of OpenAI's protocol, is joined."""
    content = turn.get("content", turn.get("value"))
    if not is_conversation(content):
        return content
    others = {str(part.get("type")) for part in content if not isinstance(part.get("text"), str)}
    if others:
        raise InvalidValueError(f"{label} has parts that are no text", ", ".join(sorted(others)))
    return "\n".join(part["text"] for part in content)
