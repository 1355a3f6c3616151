"""A few shapes of SVG and a linear scale: all that our plots are made of."""

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A straight line from values to places on the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a value, held within the drawing."""
        held = min(max(value, self.low), self.high)
        return self.start + (held - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Give round numbers, some 4 to 7, from at or below `low` to at or above `high`."""
    if high <= low:
        low, high = low - 0.5, low + 0.5
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def place(value: float) -> str:
    """Write a coordinate, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """Write an element; `class_` is class, `stroke_width` is stroke-width, content is markup."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>"


def _attribute(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else place(value)


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "start") -> str:
    """Write words on the drawing, in the colour of the page's text."""
    return element("text", html.escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Draw a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: Iterable[tuple[float, float]], class_: str) -> str:
    """Draw a line through points."""
    d = "M" + "L".join(f"{place(x)} {place(y)}" for x, y in points)
    return element("path", d=d, class_=class_)


MARKS = {"tuned": "circle", "base": "square", "base-cut": "diamond", "lead": "triangle"}


def mark(kind: str, x: float, y: float, class_: str, r: float = 5) -> str:
    """Draw a mark whose shape tells the system as its colour does."""
    shape = MARKS.get(kind, "circle")
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=r, class_=class_)
    corners = {
        "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        "triangle": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
    }[shape]
    points = " ".join(f"{place(x + r * dx)},{place(y + r * dy)}" for dx, dy in corners)
    return element("polygon", points=points, class_=class_)


def drawing(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Put parts into a drawing that scales with the page and has a name for a screen reader."""
    return element(
        "svg",
        element("title", html.escape(title)) + "".join(parts),
        viewBox=f"0 0 {place(width)} {place(height)}",
        role="img",
        aria_label=title,
    )
