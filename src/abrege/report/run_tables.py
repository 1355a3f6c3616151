"""The tables of the report about the run: training, lengths, what was dropped, time, versions."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from abrege.metrics.registry import get_metric
from abrege.report.format import (
    ABSENT,
    finite,
    format_bytes,
    format_count,
    format_seconds,
    format_share,
    format_words,
)
from abrege.report.table import (
    Cell,
    Column,
    NumberCell,
    Table,
    TextCell,
    number_columns,
    text_columns,
)
from abrege.report.view_model import LengthSample, LossPoint, RunReport, StageSummary

FINISH_REASONS = {"stop": "ended", "length": "hit the length limit"}
"""What the finish reasons of predictions mean."""


def losses(points: Sequence[LossPoint]) -> Table:
    """Return the train loss of the first and the last step, and the result of each validation."""
    train = [point for point in points if point.loss is not None]
    ends = dict.fromkeys([*train[:1], *train[-1:]])
    lines = [("train", point, point.loss) for point in ends]
    lines += [("valid", point, point.eval_loss) for point in points if point.eval_loss is not None]
    rows: list[list[Cell]] = [
        [TextCell(split), NumberCell(point.step), NumberCell(loss, 3)]
        for split, point, loss in lines
    ]
    caption = "Loss at the first and the last step, and at each validation."
    columns = [*text_columns("Split"), *number_columns("Step", "Nats per token")]
    if any(point.eval_rouge_l is not None for point in points):
        rouge = get_metric("rougeL")
        caption += f" {rouge.label} is that of the summaries in tune/samples.jsonl."
        columns += number_columns(rouge.label)
        for row, (_, point, _) in zip(rows, lines, strict=True):
            value = point.eval_rouge_l  # already in per cent
            row.append(TextCell("") if value is None else NumberCell(value, rouge.digits))
    return Table(caption=caption, columns=columns, rows=rows, group_first=True)


def lengths(samples: Sequence[LengthSample]) -> Table:
    """Return the number of words of the texts of each set."""
    rows: list[list[Cell]] = []
    for sample in samples:
        low, median, high = quartiles(sample.words)
        rows.append(
            [
                TextCell(sample.name),
                NumberCell(len(sample.words)),
                TextCell(format_words(median)),
                TextCell(f"{format_words(low)} to {format_words(high)}"),
                NumberCell(max(sample.words)),
            ]
        )
    return Table(
        caption="Length of the texts, in words.",
        columns=[
            *text_columns("Texts"),
            *number_columns("n", "Median", "Middle half", "Longest"),
        ],
        rows=rows,
    )


def quartiles(words: Sequence[int]) -> tuple[float, float, float]:
    """Compute the lower quartile, the median and the upper quartile."""
    if len(words) == 1:
        return (words[0], words[0], words[0])
    low, median, high = statistics.quantiles(words, n=4, method="inclusive")
    return (low, median, high)


def preflight(report: RunReport) -> Table | None:
    """Return what the model did not see of the train rows; None where it was not counted."""
    counts = report.preflight
    lines = [
        ("summary tokens kept", "summary_tokens_kept", "summary_tokens"),
        ("rows without a summary token", "rows_without_target", "rows"),
        ("documents truncated", "documents_cut", "rows"),
        ("document tokens truncated", "document_tokens_cut", "document_tokens"),
    ]
    rows: list[list[Cell]] = []
    for label, part, total in lines:
        if part in counts:
            pair = (counts.get(part, 0), counts.get(total, 0))
            rows.append([TextCell(label), *map(NumberCell, pair), TextCell(format_share(*pair))])
    if not rows:
        return None
    return Table(
        caption="The train split before training: what was kept, and what was truncated to fit.",
        columns=[*text_columns("What"), *number_columns("Count", "Of", "Share")],
        rows=rows,
    )


def stage_counts(stages: Sequence[StageSummary]) -> Table | None:
    """Return everything the stages counted, a line each; None where they counted nothing."""
    rows = []
    for stage in stages:
        parts = [f"{name}\u00a0{_write(value)}" for name, value in flatten_counts(stage.counts)]
        if parts:
            rows.append([TextCell(stage.name), TextCell(" · ".join(parts))])
    if not rows:
        return None
    return Table(
        caption="The counts of each stage: rows kept, dropped or truncated, with the reason.",
        columns=text_columns("Stage", "Counts"),
        rows=rows,
    )


def flatten_counts(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested counts under readable names, such as `dropped: too long`."""
    for key, value in tree.items():
        label = FINISH_REASONS.get(str(key), str(key))
        name = above + label.replace("/", ": ").replace("_", " ")
        if isinstance(value, Mapping):
            yield from flatten_counts(value, f"{name}: ")
        else:
            yield name, value


def _write(value: Any) -> str:
    number = finite(value)
    return str(value) if number is None else format_count(value)


def costs(stages: Sequence[StageSummary]) -> Table:
    """Return the time and peak memory of each stage, and of all of them."""
    rows = [
        [
            TextCell(stage.name),
            TextCell(format_seconds(stage.seconds)),
            TextCell(format_bytes(stage.peak_memory_bytes)),
            TextCell(", ".join(x for x in (stage.dtype, stage.device) if x) or ABSENT),
            TextCell(stage.finished or ABSENT),
        ]
        for stage in stages
    ]
    seconds = [stage.seconds for stage in stages if stage.seconds is not None]
    peaks = [s.peak_memory_bytes for s in stages if s.peak_memory_bytes is not None]
    total = TextCell(format_seconds(sum(seconds)) if seconds else ABSENT)
    peak = TextCell(format_bytes(max(peaks)), "the highest") if peaks else TextCell(ABSENT)
    rows.append([TextCell("all stages"), total, peak, TextCell(""), TextCell("")])
    return Table(
        caption="Time and peak memory of each stage (GB = 10⁹ bytes), without this report.",
        columns=[
            *text_columns("Stage"),
            *number_columns("Time", "Peak memory"),
            *text_columns("Data type, device", "Finished"),
        ],
        rows=rows,
        has_total=True,
    )


def versions(stages: Sequence[StageSummary]) -> Table | None:
    """Return the libraries that the numbers depend on; where stages differ, with their names."""
    used: dict[str, dict[str, list[str]]] = {}
    for stage in stages:
        for library, version in stage.versions.items():
            used.setdefault(library, {}).setdefault(str(version), []).append(stage.name)
    rows = []
    for library in sorted(used, key=str.lower):
        by_version = used[library]
        texts = [
            version if len(by_version) == 1 else f"{version} ({', '.join(names)})"
            for version, names in by_version.items()
        ]
        rows.append([TextCell(library), TextCell(", ".join(texts))])
    if not rows:
        return None
    return Table(
        caption="Versions of the libraries that the numbers depend on.",
        columns=[Column("Library", "text"), Column("Version", "text")],
        rows=rows,
    )
