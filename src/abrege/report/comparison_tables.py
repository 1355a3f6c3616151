"""The tables of paired comparisons: those of a run, and those of `abrege compare`."""

from collections.abc import Mapping, Sequence
from typing import Any

from abrege.evaluation.systems import get_system
from abrege.metrics.registry import get_metric
from abrege.metrics.significance import ALPHA, MIN_GROUPS
from abrege.report.evaluation_model import SystemComparison
from abrege.report.format import (
    ABSENT,
    format_confidence,
    format_equation,
    format_metric,
    format_p,
)
from abrege.report.sentences import scored_rows
from abrege.report.table import Cell, MetricCell, Table, TextCell, number_columns, text_columns
from abrege.report.view_model import RunReport


def is_too_few(groups: int | None) -> bool:
    """Return whether so few independent rows allow no verdict; None is an unknown number."""
    return groups is not None and groups < MIN_GROUPS


def comparison_cell(comparison: SystemComparison) -> TextCell:
    """Return in words what a paired test found."""
    if comparison.p is None:
        return TextCell("not tested", tone="unsure")
    if is_too_few(comparison.groups):
        p = "" if comparison.sign_p is None else f"sign test p {format_p(comparison.sign_p)}"
        return TextCell("too few rows for a verdict", p, tone="unsure")
    deciding = comparison.p if comparison.p_holm is None else comparison.p_holm
    if deciding >= ALPHA or comparison.difference == 0:
        effect = ""
        if comparison.detectable:
            least = format_metric(comparison.metric, comparison.detectable)
            effect = f"minimum detectable: {least}"
        return TextCell("no detectable difference", effect, tone="unsure")
    less_is_better = get_metric(comparison.metric).higher_is_better is False
    if (comparison.difference > 0) != less_is_better:
        return TextCell(f"{get_system(comparison.system).label} is better", tone="better")
    return TextCell(f"{get_system(comparison.baseline).label} is better", tone="worse")


def _p_cell(comparison: SystemComparison) -> TextCell:
    """Return the p-value with Holm's; none where there are too few rows for a test to decide."""
    if is_too_few(comparison.groups):
        return TextCell(ABSENT)
    holm = comparison.p_holm
    return TextCell(format_p(comparison.p), "" if holm is None else format_equation("Holm", holm))


def comparisons(report: RunReport) -> Table:
    """Return every paired difference with its interval, p-value, and wins, ties and losses."""
    rows: list[list[Cell]] = []
    for c in report.comparisons:
        counts = [ABSENT if count is None else str(count) for count in (c.wins, c.ties, c.losses)]
        difference = MetricCell(
            metric=c.metric, value=c.difference, low=c.low, high=c.high, difference=True
        )
        rows.append(
            [
                TextCell(f"{get_system(c.system).label} − {get_system(c.baseline).label}"),
                TextCell(get_metric(c.metric).label),
                difference,
                _p_cell(c),
                TextCell(" / ".join(counts), "" if c.n in (None, report.n) else f"of {c.n} rows"),
                comparison_cell(c),
            ]
        )
    caption = (
        f"Paired differences on the same {scored_rows(report)}, with "
        f"{format_confidence(report.confidence)} intervals in brackets; ROUGE × 100. Each p-value "
        "is that of one test; Holm: the p-value corrected for all tests of this table, which "
        f"decides: at {ALPHA} or more no difference is detectable. Minimum detectable: the "
        "smallest true difference that such a test would detect four times in five."
    )
    columns = [
        *text_columns("Systems", "Metric"),
        *number_columns("Difference", "p", "Wins / ties / losses"),
        *text_columns("Finding"),
    ]
    return Table(caption=caption, columns=columns, rows=rows, group_first=True)


def comparison_table(
    comparisons: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[str, Any]]
) -> Table:
    """Return the paired tests of one system against one baseline, one line per metric.

    scores  system → metric → score
    """
    system, baseline = comparisons[0]["system"], comparisons[0]["baseline"]
    few = [is_too_few(c.get("groups")) for c in comparisons]
    return Table(
        caption=f"{system} against {baseline}",
        columns=[
            *text_columns("Metric"),
            *number_columns("Baseline", "System", "Difference", "p", "Holm"),
            *number_columns("Wins/ties/losses", "Minimum detectable"),
        ],
        rows=[
            [
                TextCell(get_metric(c["metric"]).label),
                *(
                    MetricCell(metric=c["metric"], value=scores[name][c["metric"]]["value"])
                    for name in (baseline, system)
                ),
                MetricCell(
                    metric=c["metric"],
                    value=c["difference"],
                    low=c["low"],
                    high=c["high"],
                    difference=True,
                ),
                *(TextCell(format_p(None if no_p else c.get(key))) for key in ("p", "p_holm")),
                TextCell(f"{c['wins']}/{c['ties']}/{c['losses']}"),
                MetricCell(metric=c["metric"], value=None if no_p else c["detectable"]),
            ]
            for c, no_p in zip(comparisons, few, strict=True)
        ],
        notes=[f"p: none with fewer than {MIN_GROUPS} independent rows."] if any(few) else [],
    )
