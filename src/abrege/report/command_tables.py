"""The tables of `abrege score`, `abrege compare` and `abrege annotate --sweep`."""

from collections.abc import Mapping, Sequence
from typing import Any

from abrege.evaluation.systems import HUMAN
from abrege.metrics.length import LengthDistribution, share_within
from abrege.metrics.registry import get_metric
from abrege.report.format import format_words
from abrege.report.table import (
    Cell,
    MetricCell,
    NumberCell,
    Table,
    TextCell,
    number_columns,
    system_columns,
    text_columns,
)

Scores = Mapping[str, Mapping[str, Any]]
"""Metric → score, as `ScoreTable.scores` returns it."""


def score_table(caption: str, scores: Scores, baselines: Mapping[str, Scores]) -> Table:
    """Return the scores of one system and the baselines, one line per metric."""
    signatures = [score["signature"] for score in scores.values()]
    level = signatures[0].rpartition(",")[2].replace("%", " %")
    rows: list[list[Cell]] = []
    for metric, score in scores.items():
        parts = (score.get(part) for part in ("precision", "recall"))
        others = (of_baseline.get(metric, {}).get("value") for of_baseline in baselines.values())
        rows.append(
            [
                TextCell(get_metric(metric).label),
                _score_cell(metric, score),
                *(MetricCell(metric=metric, value=value) for value in (*parts, *others)),
            ]
        )
    return Table(
        caption=caption,
        columns=[
            *text_columns("Metric"),
            *number_columns(f"Score, {level} interval", "Precision", "Recall"),
            *system_columns([*baselines]),
        ],
        rows=rows,
        notes=[*_bleu_note(scores), *signatures, *_human_note(baselines)],
    )


def _score_cell(metric: str, score: Mapping[str, Any]) -> MetricCell:
    return MetricCell(metric=metric, value=score["value"], low=score["low"], high=score["high"])


def _bleu_note(scores: Scores) -> list[str]:
    if "bleu" not in scores:
        return []
    bleu = scores["bleu"]
    precisions = "/".join(f"{100 * bleu[f'precision{n}']:.1f}" for n in range(1, 5))
    return [f"BLEU: precisions {precisions}, brevity penalty {bleu['brevity_penalty']:.3f}"]


def _human_note(baselines: Mapping[str, Scores]) -> list[str]:
    if HUMAN not in baselines:
        return []
    signature = next(iter(baselines[HUMAN].values()))["signature"]
    n = signature.partition("|n:")[2].split("|")[0]
    return [f"Human: a reference against the other references of its row (one less), on {n} rows"]


def length_table(
    distributions: Mapping[str, LengthDistribution], predictions: Sequence[int]
) -> Table:
    """Return how long texts are; `train summaries` are what the predictions should resemble.

    predictions  words of each prediction
    """
    train = distributions["train summaries"]
    share = share_within(predictions, train)
    return Table(
        columns=[
            *text_columns("Words of"),
            *number_columns("n", "Mean", "5 %", "25 %", "Median", "75 %", "95 %", "Longest"),
        ],
        rows=[
            [
                TextCell(name),
                NumberCell(d.n),
                NumberCell(d.mean, 1),
                *(
                    TextCell(format_words(value))
                    for value in (d.p5, d.p25, d.median, d.p75, d.p95, d.longest)
                ),
            ]
            for name, d in distributions.items()
        ],
        notes=[
            f"{100 * share:.1f} % of the predictions have {train.p5:g} to {train.p95:g} words, "
            "like nine in ten of the train summaries"
        ],
    )


def part_table(column: str, parts: Mapping[str, tuple[int, Scores]]) -> Table:
    """Return the scores of the parts of the rows, by the values of a column."""
    metrics = list(next(iter(parts.values()))[1])
    return Table(
        columns=[
            *text_columns(column),
            *number_columns("Rows", *(get_metric(metric).label for metric in metrics)),
        ],
        rows=[
            [
                TextCell(part),
                NumberCell(n),
                *(_score_cell(metric, scores[metric]) for metric in metrics),
            ]
            for part, (n, scores) in parts.items()
        ],
    )


def sweep_table(points: Sequence[Mapping[str, Any]]) -> Table:
    """Return a line for each decoding of a sweep, with a column for each reason of rejection."""
    reasons = list(dict.fromkeys(reason for point in points for reason in point["refused"]))
    silent = ["no answer"] if any(point["no answer"] for point in points) else []
    metrics = {
        "words": "words",
        "unsupported facts": "unsupported_facts",
        "copied run": "density",
        "repeated": "repeated",
    }
    labels = [get_metric(metric).label for metric in metrics.values()]
    return Table(
        columns=number_columns(
            *("Temperature", "top-p", "Rows", "Passed", *reasons, *silent, *labels, "Tokens")
        ),
        rows=[
            [
                TextCell(f"{point['temperature']:g}"),
                TextCell(f"{point['top_p']:g}"),
                NumberCell(point["rows"]),
                NumberCell(point["passed"]),
                *(NumberCell(point["refused"].get(reason, 0)) for reason in reasons),
                *(NumberCell(point[key]) for key in silent),
                *(MetricCell(metric=m, value=point[key]) for key, m in metrics.items()),
                NumberCell(point["tokens"]),
            ]
            for point in points
        ],
        notes=[
            "Words: mean of a summary. Unsupported facts: share of its numbers, dates, names and",
            "quotations that the document does not contain. Density: mean length of the copied",
            "fragment that a word is in. Repeated trigrams: share of those that occurred before.",
        ],
    )
