"""The table model: what a table shows, for HTML, Markdown and the terminal alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from abrege.evaluation.systems import get_system
from abrege.report.format import (
    ABSENT,
    format_count,
    format_interval,
    format_metric,
    format_number,
)

Tone = Literal["", "better", "worse", "unsure"]


@dataclass(frozen=True)
class TextCell:
    """Words, or a value that is already written out, such as a p-value or a duration."""

    text: str
    note: str = ""
    """Qualifies the text, such as a number of rows; smaller in HTML, behind the text elsewhere."""
    tone: Tone = ""
    system: str = ""
    """The system that is named, if any: HTML emphasizes the row of the tuned model."""


@dataclass(frozen=True)
class NumberCell:
    """A number that is not the value of a metric; None is shown as a dash.

    digits  None writes a count, with separated thousands
    """

    value: float | None
    digits: int | None = None
    note: str = ""
    tone: Tone = ""
    system: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Write the number."""
        if self.value is None:
            return ABSENT
        if self.digits is None:
            return format_count(self.value)
        return format_number(self.value, self.digits)


@dataclass(frozen=True, kw_only=True)
class MetricCell:
    """The value of a metric, with its interval if it has one; None is shown as a dash.

    value, low, high  as stored; the registry of metrics has their scale, digits and unit
    difference        write a sign, as for the difference of two systems
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    difference: bool = False
    tone: Tone = ""
    system: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Write the value."""
        return format_metric(self.metric, self.value, signed=self.difference)

    @property
    def note(self) -> str:
        """Write the interval."""
        if self.value is None:
            return ""
        return format_interval(self.metric, self.low, self.high, signed=self.difference)


Cell: TypeAlias = TextCell | NumberCell | MetricCell


@dataclass(frozen=True)
class Column:
    """A column: text is aligned to the left, numbers to the right."""

    heading: str
    kind: Literal["text", "number"] = "number"

    @property
    def alignment(self) -> Literal["left", "right"]:
        """Return the side that cells and heading are aligned to."""
        return "left" if self.kind == "text" else "right"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells under headings; the first cell of a row names it.

    caption      says what the table shows; may be empty
    notes        lines below the table, such as signatures
    has_total    the last row sums up the others
    group_first  equal first cells in successive rows belong together: HTML shows the first only
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    notes: Sequence[str] = ()
    has_total: bool = False
    group_first: bool = False

    def __post_init__(self) -> None:
        """Require a cell in each row for each column."""
        for row in self.rows:
            assert len(row) == len(self.columns), (self.caption, row)

    def row_classes(self) -> list[list[str]]:
        """Return how each row is set off from the others: as tuned, same or total."""
        classes: list[list[str]] = []
        above = None
        for number, row in enumerate(self.rows, start=1):
            names = ["tuned"] if row[0].system == "tuned" else []
            names += ["same"] if self.group_first and row[0].text == above else []
            names += ["total"] if self.has_total and number == len(self.rows) else []
            above = row[0].text
            classes.append(names)
        return classes


def text_columns(*headings: str) -> list[Column]:
    """Return columns of text."""
    return [Column(heading, "text") for heading in headings]


def number_columns(*headings: str) -> list[Column]:
    """Return columns of numbers."""
    return [Column(heading) for heading in headings]


def system_cell(name: str, note: str = "") -> TextCell:
    """Return the cell that names a system by its label."""
    return TextCell(get_system(name).label, note, system=name)


def system_columns(names: Sequence[str]) -> list[Column]:
    """Return a column of numbers for each system, under its label."""
    return number_columns(*(get_system(name).label for name in names))
