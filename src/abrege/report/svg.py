"""The shapes and the linear scale that our plots consist of, as SVG."""

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from abrege.evaluation.systems import SYSTEMS, Marker, get_system

TEXT_SETS = ("train", "reference")
"""Sets of texts that have a color of their own beside those of the systems."""


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to coordinates."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the coordinate of a value; one outside the scale is drawn at its end."""
        clamped = min(max(value, self.low), self.high)
        return self.start + (clamped - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers, some 4 to 7, from at or below `low` to at or above `high`."""
    if high <= low:
        low, high = low - 0.5, low + 0.5
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def coordinate(value: float) -> str:
    """Return a coordinate, rounded to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """Return an element; `class_` is class, `stroke_width` is stroke-width, content is markup."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>"


def _attribute(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else coordinate(value)


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "start") -> str:
    """Return words in the color of the page's text."""
    return element("text", html.escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: Iterable[tuple[float, float]], class_: str) -> str:
    """Return a line through points."""
    d = "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    return element("path", d=d, class_=class_)


def color_class(kind: str) -> str:
    """Return the style class of a system or set of texts; `other` for one that has no color."""
    known = get_system(kind).name in SYSTEMS or kind in TEXT_SETS
    return f"c-{kind}" if known else "c-other"


def marker(system: str, x: float, y: float, class_: str, r: float = 5) -> str:
    """Return the marker of a system: its shape distinguishes the system as its color does."""
    return shape(get_system(system).marker, x, y, class_, r)


def shape(name: Marker, x: float, y: float, class_: str, r: float = 5) -> str:
    """Return a shape around a point."""
    if name == "circle":
        return element("circle", cx=x, cy=y, r=r, class_=class_)
    corners = {
        "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
        "triangle": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
    }[name]
    points = " ".join(f"{coordinate(x + r * dx)},{coordinate(y + r * dy)}" for dx, dy in corners)
    return element("polygon", points=points, class_=class_)


def drawing(width: float, height: float, title: str, parts: Sequence[str]) -> Markup:
    """Return a drawing that scales with the page; screen readers read out its title."""
    svg = element(
        "svg",
        element("title", html.escape(title)) + "".join(parts),
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        role="img",
        aria_label=title,
    )
    return Markup(svg)  # noqa: S704 - every text in it is escaped
