"""Events that a stage reports while it works; only the command line draws them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Note:
    """One line worth reading: a choice that was made, a count, a warning."""

    text: str


@dataclass(frozen=True)
class Progress:
    """The progress of a task: its first event opens its bar, and done == total closes it."""

    task: str
    done: int
    total: int
    unit: str = "rows"
    figures: dict[str, str] = field(default_factory=dict)
    """Live figures to show with the bar, such as loss and tokens/s, already formatted."""


Event: TypeAlias = Note | Progress
OnEvent: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Ignore an event: the default of every `on_event`."""
