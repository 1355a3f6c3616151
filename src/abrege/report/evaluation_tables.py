"""The tables of the report about the evaluation: scores, comparisons, preference, stress tests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from abrege.evaluation.systems import get_system
from abrege.metrics.registry import METRICS, get_metric
from abrege.metrics.significance import ALPHA
from abrege.report.bleu_notes import bleu_notes
from abrege.report.evaluation_model import (
    ColumnBreakdown,
    PreferenceCounts,
    PreferenceResult,
    ScoreEstimate,
    SeedSpread,
    StressPassRate,
    StressReport,
    SystemScores,
)
from abrege.report.format import (
    ABSENT,
    format_confidence,
    format_equation,
    format_share,
    format_share_interval,
    plural,
)
from abrege.report.sentences import scored_rows
from abrege.report.table import (
    Cell,
    MetricCell,
    NumberCell,
    Table,
    TextCell,
    number_columns,
    system_cell,
    system_columns,
    text_columns,
)
from abrege.report.view_model import RunReport

_SELF_EXPLANATORY = ("tuned", "base", "base-cut")
"""Systems that the head of the report explains."""


def reference_scores(report: RunReport) -> Table:
    """Return every system by every metric that looks at the references, with intervals."""
    names = _scored(report, (m.name for m in METRICS.values() if m.section == "reference"))
    explained = (get_system(s) for s in report.systems if s not in _SELF_EXPLANATORY)
    caption = (
        f"Scores on {scored_rows(report)}, with {format_confidence(report.confidence)} intervals "
        "in brackets. ROUGE is F1 × 100. Perplexity is that of the references given the documents, "
        "in the model's tokens; it does not look at the summaries."
        + "".join(f" {s.label}: {s.description}." for s in explained if s.description != s.name)
    )
    table = system_table(report.systems, names, n=report.n, caption=caption)
    return replace(table, notes=[*table.notes, *bleu_notes(report.systems)])


def system_table(
    systems: Mapping[str, SystemScores], metrics: Sequence[str], *, n: int, caption: str = ""
) -> Table:
    """Return the scores, one line per system; one scored on fewer rows than n says so.

    metrics  the columns, by name
    """
    rows: list[list[Cell]] = [
        [
            system_cell(system, _fewer_rows(scores, n)),
            *(metric_cell(name, scores.get(name)) for name in metrics),
        ]
        for system, scores in systems.items()
    ]
    labels = (get_metric(name).label for name in metrics)
    columns = [*text_columns("System"), *number_columns(*labels)]
    return Table(caption=caption, columns=columns, rows=rows)


def _fewer_rows(scores: SystemScores, total: int) -> str:
    """Return on how many rows a system was scored, where that is not all of them."""
    signature = next((score.signature for score in scores.values() if score), "")
    n = signature.partition("|n:")[2].partition("|")[0]
    return plural(int(n), "row") if n.isdecimal() and int(n) != total else ""


def reference_free_table(report: RunReport) -> Table:
    """Return the metrics of the summaries themselves, which look at no reference's wording."""
    caption = (
        "Length ratio: words of the summary per word of the reference. Stop rate: summaries that "
        "the model ended by itself. Coverage: share of the summary's words that are in fragments "
        "copied from the document; density: the mean length of the fragment that a word is in "
        "(Grusky et al. 2018). Compression: words of the document per word of the summary. A fact "
        "is a number, date, name or quotation; it is unsupported if the document does not contain "
        "it, which does not always make it false."
    )
    of_summaries = (m.name for m in METRICS.values() if m.section != "reference" and m.in_report)
    rows: list[list[Cell]] = [
        [
            TextCell(METRICS[name].label),
            *(metric_cell(name, scores.get(name)) for scores in report.systems.values()),
        ]
        for name in _scored(report, of_summaries)
    ]
    columns = [*text_columns("Metric"), *system_columns([*report.systems])]
    return Table(caption=caption, columns=columns, rows=rows)


def _scored(report: RunReport, metrics: Iterable[str]) -> list[str]:
    """Return those metrics by which some system has a score."""
    return [m for m in metrics if any(s.get(m) for s in report.systems.values())]


def metric_cell(name: str, score: ScoreEstimate | None) -> MetricCell:
    """Return the cell of a score with its interval."""
    if score is None:
        return MetricCell(metric=name, value=None)
    return MetricCell(metric=name, value=score.value, low=score.low, high=score.high)


def seed_variance(report: RunReport) -> Table | None:
    """Return the results of tuning with other seeds; None where there is one tuning only."""
    if report.seed_variance is None:
        return None
    seeds = [f"Seed {seed}" for seed in report.seed_variance.seeds]
    return Table(
        caption="The same tuning with other seeds: how much of the result is due to chance in "
        "training. SD: standard deviation over the runs; a few runs show its order of magnitude.",
        columns=[*text_columns("Figure", "Metric"), *number_columns(*seeds, "Mean", "SD")],
        rows=[
            *_spreads("Score", report.seed_variance.scores, difference=False),
            *_spreads("Gain over base", report.seed_variance.gains, difference=True),
        ],
        group_first=True,
    )


def _spreads(
    name: str, spreads: Mapping[str, SeedSpread], *, difference: bool
) -> Iterator[list[Cell]]:
    for metric, spread in spreads.items():
        yield [
            TextCell(name),
            TextCell(get_metric(metric).label),
            *(
                MetricCell(metric=metric, value=value, difference=difference)
                for value in (*spread.values, spread.mean)
            ),
            MetricCell(metric=metric, value=spread.sd),
        ]


def breakdown(by_column: ColumnBreakdown) -> Table:
    """Return the scores of the parts of the rows, one line a part."""
    label = get_metric(by_column.metric).label
    systems = list(by_column.parts[0].scores)
    return Table(
        caption=f"{label} by {by_column.column}, with intervals. Differences between parts are not "
        "tested, and intervals of few rows are wide.",
        columns=[
            *text_columns(by_column.column),
            *number_columns("Rows"),
            *system_columns(systems),
        ],
        rows=[
            [
                TextCell(part.name),
                NumberCell(part.n),
                *(metric_cell(by_column.metric, part.scores.get(s)) for s in systems),
            ]
            for part in by_column.parts
        ],
    )


def preference(blind: PreferenceResult) -> Table:
    """Return the choices of people or of a model, one line a reviewer."""
    first, second = (get_system(system).label for system in blind.systems)
    agreement = f" {'. '.join(blind.agreement)}." if blind.agreement else ""
    return Table(
        caption="Which of two summaries is better, judged without knowing the systems. Rows of one "
        f"group count once. Share: {second} among the pairs that are not ties, with its exact "
        f"interval; p-value of the sign test.{agreement}",
        columns=[
            *text_columns("Reviewer"),
            *number_columns(f"{second} better", "Ties", f"{first} better", "Share"),
            *text_columns("Finding"),
        ],
        rows=[_preference_row(blind, counts) for counts in blind.counts],
    )


def _preference_row(blind: PreferenceResult, counts: PreferenceCounts) -> list[Cell]:
    share = ABSENT if counts.share is None else format_share(counts.share, 1)
    interval = ""
    if counts.low is not None and counts.high is not None:
        interval = format_share_interval(counts.low, counts.high)
    return [
        TextCell(counts.reviewer, counts.note),
        *(NumberCell(n) for n in (counts.wins, counts.ties, counts.losses)),
        TextCell(share, interval),
        _preference_finding(blind, counts),
    ]


def _preference_finding(blind: PreferenceResult, counts: PreferenceCounts) -> TextCell:
    if counts.p is None or counts.share is None:
        return TextCell("no preference", tone="unsure")
    p = format_equation("p", counts.p)
    if counts.p >= ALPHA:
        return TextCell("no detectable preference", p, tone="unsure")
    second = counts.share > 0.5
    label = get_system(blind.systems[second]).label
    return TextCell(f"{label} is preferred", p, tone="better" if second else "worse")


def stress(results: StressReport) -> Table:
    """Return the share of the cases of each kind that a system passes."""
    systems = list(results.kinds[0].systems)
    return Table(
        caption="Texts written to mislead a model, with rules that judge its summary: the share "
        "that passes, with its exact interval, and how many are wrong (state something false or "
        "forbidden) or omit the point. Cases of one kind resemble one another, so the intervals "
        "are rather too narrow.",
        columns=[*text_columns("Kind"), *number_columns("Cases"), *system_columns(systems)],
        rows=[
            [
                TextCell(kind.name, kind.about),
                NumberCell(kind.n),
                *(pass_rate_cell(kind.systems[system]) for system in systems),
            ]
            for kind in results.kinds
        ],
        has_total=True,
    )


def pass_rate_cell(rate: StressPassRate) -> TextCell:
    """Return the share of cases that a system passes, with its interval and its failures."""
    interval = format_share_interval(rate.low, rate.high)
    return TextCell(
        f"{100 * rate.share:.0f} %", f"{interval} · {rate.wrong} wrong, {rate.omitted} omitted"
    )
