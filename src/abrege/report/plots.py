"""The plots of the page as inline SVG: scores with intervals, loss curves, lengths."""

import math
from collections.abc import Mapping, Sequence

from abrege.report import format as figures
from abrege.report import sentences as wording
from abrege.report import svg, tables
from abrege.report.view_model import Lengths, Run, Score, Step

WIDTH = 460.0
BINS = 40


def scores(run: Run) -> list[str]:
    """Draw one panel for each ROUGE, all on one scale: a mark per system, whiskers its interval."""
    found = [m for m in figures.ROUGE if any(s.get(m) for s in run.systems.values())]
    given = [s[m] for s in run.systems.values() for m in found if s.get(m)]
    if not given:
        return []
    highest = max(s.value if s.high is None else s.high for s in given if s is not None)
    axis = svg.ticks(0, max(100 * highest, 1), about=6)
    return [_panel(name, run.systems, axis) for name in found]


def _panel(
    name: str, systems: Mapping[str, Mapping[str, Score | None]], axis: Sequence[float]
) -> str:
    shown = [(system, values[name]) for system, values in systems.items() if values.get(name)]
    top, row = 30.0, 25.0
    bottom = top + row * len(shown)
    x = svg.Scale(axis[0], axis[-1], 78, WIDTH - 48)
    parts = [svg.text(figures.metric(name).label, 0, 15, "head")]
    for tick in axis:
        parts.append(svg.line(x(tick), top - 6, x(tick), bottom, "grid"))
        parts.append(svg.text(f"{tick:g}", x(tick), bottom + 16, "small", "middle"))
    for i, (system, score) in enumerate(shown):
        assert score is not None
        parts += _whisker(name, system, score, x, top + row * (i + 0.5) - 3)
    said = ", ".join(
        f"{system} {figures.score(name, s.value)} {figures.interval(name, s)}".strip()
        for system, s in shown
        if s is not None
    )
    return svg.drawing(WIDTH, bottom + 22, f"{figures.metric(name).label}: {said}", parts)


def _whisker(name: str, system: str, score: Score, x: svg.Scale, y: float) -> list[str]:
    kind = colour(system)
    at = x(100 * score.value)
    parts = [svg.text(system, 70, y + 4.5, "label", "end")]
    end = at
    if score.low is not None and score.high is not None:
        low, end = x(100 * score.low), x(100 * score.high)
        parts.append(svg.line(low, y, end, y, f"whisker {kind}"))
        parts += [svg.line(e, y - 4, e, y + 4, f"whisker {kind}") for e in (low, end)]
    parts.append(svg.mark(system, at, y, f"mark {kind}"))
    parts.append(svg.text(figures.score(name, score.value), max(end, at + 5) + 7, y + 4.5, "value"))
    return parts


def colour(kind: str) -> str:
    """Give the style class of a system or set of texts; unknown ones share a neutral one."""
    return kind if kind in {*svg.MARKS, "train", "reference"} else "other"


def loss(steps: Sequence[Step]) -> str | None:
    """Draw the loss of each step, thin, and the validation losses as marks; None without any."""
    train = [(s.step, s.loss) for s in steps if s.loss is not None]
    valid = [(s.step, s.eval_loss) for s in steps if s.eval_loss is not None]
    if not train and not valid:
        return None
    height, left, top, bottom = 270.0, 44.0, 34.0, 226.0
    values = [v for _, v in train + valid]
    y_axis = svg.ticks(min(values), max(values))
    last = max(s for s, _ in train + valid)
    x_axis = [t for t in svg.ticks(0, max(last, 1)) if t == int(t)]
    x = svg.Scale(0, max(last, 1), left, WIDTH - 14)
    y = svg.Scale(y_axis[0], y_axis[-1], bottom, top)
    digits = 0 if all(t == int(t) for t in y_axis) else 1 if y_axis[1] - y_axis[0] >= 0.1 else 2
    parts = [svg.text("nats per summary token", 0, 12, "small")]
    for tick in y_axis:
        parts.append(svg.line(left, y(tick), WIDTH - 14, y(tick), "grid"))
        parts.append(svg.text(figures.number(tick, digits), left - 8, y(tick) + 4, "small", "end"))
    parts += [svg.text(f"{t:g}", x(t), bottom + 18, "small", "middle") for t in x_axis if t <= last]
    parts.append(svg.text("optimiser step", WIDTH - 14, bottom + 36, "small", "end"))
    kept = thinned(train)
    if len(kept) == 1:
        parts.append(svg.mark("dot", x(kept[0][0]), y(kept[0][1]), "mark train", 3))
    elif kept:
        parts.append(svg.path([(x(a), y(b)) for a, b in kept], "curve train"))
    if len(valid) > 1:
        parts.append(svg.path([(x(a), y(b)) for a, b in valid], "curve valid"))
    parts += [svg.mark("tuned", x(a), y(b), "mark tuned", 4) for a, b in valid]
    return svg.drawing(WIDTH, height, _loss_title(train, valid), [*parts, *_loss_key(valid)])


def thinned(points: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """Keep every k-th point and the last, so that a long run stays a small drawing."""
    every = -(-len(points) // wording.MOST_POINTS)
    return points if every <= 1 else [*points[::every], points[-1]]


def _loss_key(valid: Sequence[tuple[int, float]]) -> list[str]:
    key = [svg.line(WIDTH - 176, 8, WIDTH - 152, 8, "curve train")]
    key.append(svg.text("train", WIDTH - 146, 12, "small"))
    if valid:
        key.append(svg.line(WIDTH - 100, 8, WIDTH - 76, 8, "curve valid"))
        key.append(svg.mark("tuned", WIDTH - 88, 8, "mark tuned", 4))
        key.append(svg.text("validation", WIDTH - 70, 12, "small"))
    return key


def _loss_title(train: Sequence[tuple[int, float]], valid: Sequence[tuple[int, float]]) -> str:
    said = []
    for name, points in (("train", train), ("validation", valid)):
        if points:
            first, last = points[0], points[-1]
            said.append(
                f"{name} loss from {figures.number(first[1], 2)} at step {first[0]} "
                f"to {figures.number(last[1], 2)} at step {last[0]}"
            )
    return "; ".join(said).capitalize()


def lengths(sets: Sequence[Lengths]) -> str | None:
    """Draw how long the texts of each set are: bars on one scale, a tick at the median."""
    if not sets:
        return None
    most = reach(sets)
    axis = svg.ticks(0, most)
    width = axis[-1] / BINS
    binned = [bins(s.words, width) for s in sets]
    tallest = max(max(b) for b in binned)
    row, top, bar = 62.0, 12.0, 34.0
    x = svg.Scale(0, axis[-1], 122, WIDTH - 20)
    bottom = top + row * len(sets)
    parts = [svg.line(x(t), top - 4, x(t), bottom, "grid") for t in axis]
    beyond = any(max(s.words) > axis[-1] for s in sets)
    for tick in axis:
        more = "+" if beyond and tick == axis[-1] else ""
        parts.append(svg.text(f"{tick:g}{more}", x(tick), bottom + 16, "small", "middle"))
    parts.append(svg.text("words", WIDTH - 20, bottom + 34, "small", "end"))
    for i, (given, shares) in enumerate(zip(sets, binned, strict=True)):
        floor = top + row * (i + 1) - 8
        parts += _bars(shares, width, x, svg.Scale(0, tallest, 0, bar), floor, colour(given.kind))
        parts += _median(given, x, floor)
    said = "; ".join(
        f"{s.name}, n = {len(s.words)}, median {figures.words(tables.quartiles(s.words)[1])}"
        for s in sets
    )
    return svg.drawing(WIDTH, bottom + 40, f"Lengths in words: {said}", parts)


def reach(sets: Sequence[Lengths]) -> int:
    """Give the length that 99 % of the texts of every set stay within: the end of the axis."""
    return max(1, *(sorted(s.words)[math.ceil(0.99 * (len(s.words) - 1))] for s in sets))


def bins(words: Sequence[int], width: float) -> list[float]:
    """Give the share of the texts in each bin; the last one holds all that are longer."""
    filled = [0] * BINS
    for length in words:
        filled[min(int(length / width), BINS - 1)] += 1
    return [n / len(words) for n in filled]


def _bars(
    shares: Sequence[float], width: float, x: svg.Scale, y: svg.Scale, floor: float, kind: str
) -> list[str]:
    bars = [svg.line(x.start, floor, x.end, floor, "axis")]
    for i, share in enumerate(shares):
        if share:
            left, right = x(i * width), x((i + 1) * width)
            tall = y(share)
            bars.append(
                svg.element(
                    "rect",
                    x=left + 0.4,
                    y=floor - tall,
                    width=right - left - 0.8,
                    height=tall,
                    class_=f"bar {kind}",
                )
            )
    return bars


def _median(given: Lengths, x: svg.Scale, floor: float) -> list[str]:
    median = tables.quartiles(given.words)[1]
    at = x(median)
    return [
        svg.text(given.name, 112, floor - 15, "label", "end"),
        svg.text(f"n = {figures.count(len(given.words))}", 112, floor, "small", "end"),
        svg.line(at, floor - 46, at, floor + 4, "median"),
        svg.text(figures.words(median), at + 4, floor - 38, "small"),
    ]
