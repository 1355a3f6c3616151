"""The plots of the report as inline SVG: scores with intervals, loss curves, lengths."""

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from abrege.evaluation.systems import TUNED, get_system
from abrege.metrics.registry import DEFAULT_ROUGE, get_metric
from abrege.report import svg
from abrege.report.evaluation_model import (
    ScoreEstimate,
    SystemScores,
)
from abrege.report.format import (
    format_count,
    format_interval,
    format_metric,
    format_number,
    format_words,
)
from abrege.report.run_tables import quartiles
from abrege.report.sentences import MAX_POINTS
from abrege.report.view_model import (
    LengthSample,
    LossPoint,
    RunReport,
)

WIDTH = 460.0
LABEL_WIDTH = 108.0
BINS = 40


def draw_scores(report: RunReport) -> list[Markup]:
    """Return a panel for each ROUGE, all on one scale: a marker a system, whiskers its interval."""
    metrics = [m for m in DEFAULT_ROUGE if any(s.get(m) for s in report.systems.values())]
    scores = [s[m] for s in report.systems.values() for m in metrics if s.get(m)]
    if not scores:
        return []
    highest = max(s.value if s.high is None else s.high for s in scores if s is not None)
    axis = svg.ticks(0, max(100 * highest, 1), about=6)
    return [_draw_panel(metric, report.systems, axis) for metric in metrics]


def _draw_panel(metric: str, systems: Mapping[str, SystemScores], axis: Sequence[float]) -> Markup:
    scores = {
        system: score for system, by_metric in systems.items() if (score := by_metric.get(metric))
    }
    top, row = 30.0, 25.0
    bottom = top + row * len(scores)
    x = svg.Scale(axis[0], axis[-1], LABEL_WIDTH, WIDTH - 48)
    parts = [svg.text(get_metric(metric).label, 0, 15, "head")]
    for tick in axis:
        parts.append(svg.line(x(tick), top - 6, x(tick), bottom, "grid"))
        parts.append(svg.text(f"{tick:g}", x(tick), bottom + 16, "small", "middle"))
    for i, (system, score) in enumerate(scores.items()):
        parts += _draw_whisker(metric, system, score, x, top + row * (i + 0.5) - 3)
    values = ", ".join(
        f"{get_system(system).label} {format_metric(metric, s.value)} "
        f"{format_interval(metric, s.low, s.high)}".strip()
        for system, s in scores.items()
    )
    title = f"{get_metric(metric).label}: {values}"
    return svg.drawing(WIDTH, bottom + 22, title, parts)


def _draw_whisker(
    metric: str, system: str, score: ScoreEstimate, x: svg.Scale, y: float
) -> list[str]:
    color = svg.color_class(system)
    center = x(100 * score.value)
    parts = [svg.text(get_system(system).label, LABEL_WIDTH - 8, y + 4.5, "label", "end")]
    end = center
    if score.low is not None and score.high is not None:
        low, end = x(100 * score.low), x(100 * score.high)
        parts.append(svg.line(low, y, end, y, f"whisker {color}"))
        parts += [svg.line(e, y - 4, e, y + 4, f"whisker {color}") for e in (low, end)]
    parts.append(svg.marker(system, center, y, f"mark {color}"))
    value = format_metric(metric, score.value)
    parts.append(svg.text(value, max(end, center + 5) + 7, y + 4.5, "value"))
    return parts


Curve = Sequence[tuple[int, float]]
"""(step, loss) of each point."""


def draw_losses(points: Sequence[LossPoint]) -> Markup | None:
    """Return the loss of each step as a thin line, the validation losses as markers."""
    train = [(p.step, p.loss) for p in points if p.loss is not None]
    valid = [(p.step, p.eval_loss) for p in points if p.eval_loss is not None]
    if not train and not valid:
        return None
    height, left, top, bottom = 270.0, 44.0, 34.0, 226.0
    losses = [loss for _, loss in train + valid]
    last = max(step for step, _ in train + valid)
    y_axis = svg.ticks(min(losses), max(losses))
    x = svg.Scale(0, max(last, 1), left, WIDTH - 14)
    y = svg.Scale(y_axis[0], y_axis[-1], bottom, top)
    parts = _draw_loss_axes(x, y, y_axis, last)
    thin = thinned(train)
    if len(thin) == 1:
        parts.append(svg.shape("circle", x(thin[0][0]), y(thin[0][1]), "mark c-train", 3))
    elif thin:
        parts.append(svg.path([(x(a), y(b)) for a, b in thin], "curve c-train"))
    if len(valid) > 1:
        parts.append(svg.path([(x(a), y(b)) for a, b in valid], "curve valid"))
    parts += [svg.marker(TUNED, x(a), y(b), "mark c-tuned", 4) for a, b in valid]
    return svg.drawing(WIDTH, height, _loss_title(train, valid), [*parts, *_draw_loss_key(valid)])


def _draw_loss_axes(x: svg.Scale, y: svg.Scale, y_axis: Sequence[float], last: int) -> list[str]:
    left, right, bottom = x.start, x.end, y.start
    x_axis = [tick for tick in svg.ticks(0, max(last, 1)) if tick == int(tick)]
    are_whole = all(tick == int(tick) for tick in y_axis)
    digits = 0 if are_whole else 1 if y_axis[1] - y_axis[0] >= 0.1 else 2
    parts = [svg.text("nats per summary token", 0, 12, "small")]
    for tick in y_axis:
        parts.append(svg.line(left, y(tick), right, y(tick), "grid"))
        parts.append(svg.text(format_number(tick, digits), left - 8, y(tick) + 4, "small", "end"))
    parts += [svg.text(f"{t:g}", x(t), bottom + 18, "small", "middle") for t in x_axis if t <= last]
    parts.append(svg.text("optimizer step", right, bottom + 36, "small", "end"))
    return parts


def thinned(points: Curve) -> Curve:
    """Return every k-th point and the last, so that the drawing of a long run stays small."""
    every = -(-len(points) // MAX_POINTS)
    return points if every <= 1 else [*points[::every], points[-1]]


def _draw_loss_key(valid: Curve) -> list[str]:
    key = [svg.line(WIDTH - 176, 8, WIDTH - 152, 8, "curve c-train")]
    key.append(svg.text("train", WIDTH - 146, 12, "small"))
    if valid:
        key.append(svg.line(WIDTH - 100, 8, WIDTH - 76, 8, "curve valid"))
        key.append(svg.marker(TUNED, WIDTH - 88, 8, "mark c-tuned", 4))
        key.append(svg.text("validation", WIDTH - 70, 12, "small"))
    return key


def _loss_title(train: Curve, valid: Curve) -> str:
    parts = []
    for name, points in (("train", train), ("validation", valid)):
        if points:
            first, last = points[0], points[-1]
            parts.append(
                f"{name} loss from {format_number(first[1], 2)} at step {first[0]} "
                f"to {format_number(last[1], 2)} at step {last[0]}"
            )
    return "; ".join(parts).capitalize()


def draw_lengths(samples: Sequence[LengthSample]) -> Markup | None:
    """Return a histogram of the lengths of each set, on one scale, with a line at the median."""
    if not samples:
        return None
    axis = svg.ticks(0, length_limit(samples))
    width = axis[-1] / BINS
    histograms = [histogram(sample.words, width) for sample in samples]
    tallest = max(max(shares) for shares in histograms)
    row, top, bar = 62.0, 12.0, 34.0
    x = svg.Scale(0, axis[-1], 122, WIDTH - 20)
    bottom = top + row * len(samples)
    parts = [svg.line(x(t), top - 4, x(t), bottom, "grid") for t in axis]
    has_longer = any(max(sample.words) > axis[-1] for sample in samples)
    for tick in axis:
        more = "+" if has_longer and tick == axis[-1] else ""
        parts.append(svg.text(f"{tick:g}{more}", x(tick), bottom + 16, "small", "middle"))
    parts.append(svg.text("words", WIDTH - 20, bottom + 34, "small", "end"))
    for i, (sample, shares) in enumerate(zip(samples, histograms, strict=True)):
        floor = top + row * (i + 1) - 8
        y = svg.Scale(0, tallest, 0, bar)
        parts += _draw_bars(shares, width, x, y, floor, svg.color_class(sample.kind))
        parts += _draw_median(sample, x, floor)
    medians = "; ".join(
        f"{s.name}, n = {len(s.words)}, median {format_words(quartiles(s.words)[1])}"
        for s in samples
    )
    return svg.drawing(WIDTH, bottom + 40, f"Lengths in words: {medians}", parts)


def length_limit(samples: Sequence[LengthSample]) -> int:
    """Return the length that 99 % of the texts of every set stay within: the end of the axis."""
    return max(1, *(sorted(s.words)[math.ceil(0.99 * (len(s.words) - 1))] for s in samples))


def histogram(words: Sequence[int], width: float) -> list[float]:
    """Compute the share of the texts in each bin; the last one holds all that are longer."""
    counts = [0] * BINS
    for length in words:
        counts[min(int(length / width), BINS - 1)] += 1
    return [n / len(words) for n in counts]


def _draw_bars(
    shares: Sequence[float], width: float, x: svg.Scale, y: svg.Scale, floor: float, color: str
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
                    class_=f"bar {color}",
                )
            )
    return bars


def _draw_median(sample: LengthSample, x: svg.Scale, floor: float) -> list[str]:
    median = quartiles(sample.words)[1]
    center = x(median)
    return [
        svg.text(sample.name, 112, floor - 15, "label", "end"),
        svg.text(f"n = {format_count(len(sample.words))}", 112, floor, "small", "end"),
        svg.line(center, floor - 46, center, floor + 4, "median"),
        svg.text(format_words(median), center + 4, floor - 38, "small"),
    ]
