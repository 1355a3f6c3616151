"""Templates of cases, and how they are filled: every filling has a number."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

from abrege.stress.rules import Rule


class Choice(Protocol):
    """What a slot can be filled with, by number."""

    def __len__(self) -> int:
        """Count them."""

    def __getitem__(self, place: int, /) -> Any:
        """Give one."""


Values = Mapping[str, Choice]
_SLOT = re.compile(r"\{(([a-z]+)\d+)")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Template:
    """A text with slots, what a summary of it must do, and summaries that do and do not.

    text   {day1}, {day2}: two different values of the list `day`; {pair1[0]} the first of two.
           A line that begins with white space goes on with the one before.
    wrong  what small models write: the first value given, the other person, the aside
    """

    kind: str
    text: str
    point: str
    rules: tuple[Rule, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def how_many(template: Template, values: Values) -> int:
    """Count the fillings of a template."""
    total = 1
    for name, slots in _slots(template).items():
        for taken in range(len(slots)):
            total *= len(values[name]) - taken
    return total


def filled(template: Template, place: int, values: Values) -> Template:
    """Fill a template: `place` is the number of a filling, from 0 to `how_many` - 1.

    The number is read in digits whose bases are the values left for each slot, so that each
    number gives another text and neighbours differ.
    """
    chosen: dict[str, Any] = {}
    for name, slots in _slots(template).items():
        left = list(range(len(values[name])))
        for slot in slots:
            place, digit = divmod(place, len(left))
            chosen[slot] = values[name][left.pop(digit)]
    text = re.sub(r"\n[ \t]+(?=\S)", " ", textwrap.dedent(template.text).strip())
    return _with(replace(template, text=text), chosen)


def _slots(template: Template) -> dict[str, list[str]]:
    slots: dict[str, list[str]] = {}
    for slot, name in dict.fromkeys(_SLOT.findall(template.text)):
        slots.setdefault(name, []).append(slot)
    return slots


def _with(item: _T, chosen: Mapping[str, Any]) -> _T:
    """Fill the slots in every string of a template, its rules and what they hold."""
    made: Any = item
    if isinstance(item, str):
        made = item.format(**chosen)
    elif isinstance(item, tuple):
        made = tuple(_with(part, chosen) for part in item)
    elif hasattr(item, "__dataclass_fields__"):
        made = type(item)(**{f.name: _with(getattr(item, f.name), chosen) for f in fields(made)})
    return made  # type: ignore[no-any-return]
