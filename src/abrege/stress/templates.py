"""Templates of cases, and how their slots are filled: every filling has a number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

from abrege.stress.rules import Rule

T = TypeVar("T")
_SLOT = re.compile(r"\{(([a-z]+)\d+)")


class SlotValues(Protocol):
    """The values that a slot can be filled with, by number."""

    def __len__(self) -> int:
        """Return the number of values."""

    def __getitem__(self, number: int, /) -> Any:
        """Return a value."""


@dataclass(frozen=True)
class CaseTemplate:
    """A text with slots, what a summary of it must do, and summaries that do and do not.

    text   {day1}, {day2}: two different values of the list `day`; {pair1[0]} the first of two
    right  summaries that pass
    wrong  what small models write: the first value mentioned, the other person, the aside
    """

    kind: str
    text: str
    point: str
    rules: tuple[Rule, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def slot_names(text: str) -> dict[str, str]:
    """Return each slot of a text with the name of its values: `day2` → `day`."""
    return dict(_SLOT.findall(text))


def count_fillings(template: CaseTemplate, values: Mapping[str, SlotValues]) -> int:
    """Return the number of different fillings of a template."""
    total = 1
    for name, slots in _slots_by_name(template).items():
        for used in range(len(slots)):
            total *= len(values[name]) - used
    return total


def fill(template: CaseTemplate, number: int, values: Mapping[str, SlotValues]) -> CaseTemplate:
    """Return a template with its slots filled; `number` is from 0 to `count_fillings` - 1.

    The number is read in digits whose bases are the values left for each slot, so that each
    number gives another text and neighbours differ.
    """
    chosen: dict[str, Any] = {}
    for name, slots in _slots_by_name(template).items():
        remaining = list(range(len(values[name])))
        for slot in slots:
            number, digit = divmod(number, len(remaining))
            chosen[slot] = values[name][remaining.pop(digit)]
    return _format(template, chosen)


def _slots_by_name(template: CaseTemplate) -> dict[str, list[str]]:
    slots: dict[str, list[str]] = {}
    for slot, name in slot_names(template.text).items():
        slots.setdefault(name, []).append(slot)
    return slots


def _format(item: T, chosen: Mapping[str, Any]) -> T:
    """Fill the slots in every string of a template, of its rules and of their fields."""
    filled: Any = item
    if isinstance(item, str):
        filled = item.format(**chosen)
    elif isinstance(item, tuple):
        filled = tuple(_format(part, chosen) for part in item)
    elif hasattr(item, "__dataclass_fields__"):
        filled = type(item)(
            **{field.name: _format(getattr(item, field.name), chosen) for field in fields(filled)}
        )
    return filled  # type: ignore[no-any-return]
