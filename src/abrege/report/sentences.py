"""The sentences of the report, for HTML and Markdown alike."""

from collections.abc import Mapping
from typing import Any

from abrege.evaluation.systems import get_system
from abrege.evaluation.verdict import TuningVerdict
from abrege.metrics.registry import get_metric
from abrege.report.format import (
    ABSENT,
    format_count,
    format_metric,
    format_share,
    plural,
)
from abrege.report.view_model import ExampleRow, ExampleSummary, RunReport, StudyFigures

MAX_POINTS = 600
"""More steps than this are thinned on the loss curve."""


def setup_facts(report: RunReport) -> list[tuple[str, str]]:
    """Return in a few lines what was done: model, data, method, and the merged model if any."""
    setup = report.setup
    model = setup.model
    if setup.parameters and setup.trainable is not None:
        part = format_share(setup.trainable, setup.parameters)
        model += (
            f": {format_count(setup.parameters)} weights, "
            f"{format_count(setup.trainable)} of them ({part}) trained"
        )
    hardware = " on ".join(x for x in (setup.dtype, setup.device) if x)
    method = "; ".join(x for x in (setup.method, hardware, setup.decoding) if x)
    facts = [("Model", model), ("Data", _data(report)), ("Method", method or ABSENT)]
    if setup.merged:
        facts.append(
            ("Merged", f"the tuned model with its adapter merged into the weights: {setup.merged}")
        )
    if setup.study:
        facts.append(("Study", _study(setup.study)))
    return facts


def _study(study: StudyFigures) -> str:
    """Return what the study publishes: its weights, as it counts them, and its scores."""
    trained = ""
    if study.trainable_parameters:
        trained = f": {format_count(study.trainable_parameters)} weights trained"
        if study.all_parameters:
            share = 100 * study.trainable_parameters / study.all_parameters
            trained += f" of {format_count(study.all_parameters)} ({share:.2f} %)"
    scores = "; ".join(
        f"{get_metric(name).label} {format_metric(name, before)} to {format_metric(name, after)}"
        for name, (before, after) in study.scores.items()
    )
    on_own_rows = f". Before and after tuning, on rows of its own: {scores}" if scores else ""
    return f"{study.model}{trained}{on_own_rows}"


def _data(report: RunReport) -> str:
    sizes = []
    for split in report.setup.splits:
        groups = f" in {plural(split.groups, 'group')}" if split.groups else ""
        sizes.append(f"{plural(split.rows, f'{split.name} row')}{groups}")
    lang = f" ({report.setup.lang})" if report.setup.lang else ""
    return f"{report.setup.source}{lang}: {', '.join(sizes)}"


def scored_rows(report: RunReport) -> str:
    """Return on how many test rows, in how many groups, the scores are computed."""
    rows = plural(report.n, "test row")
    if not report.groups or report.groups == report.n:  # each row is its own group
        return rows
    return f"{rows} in {plural(report.groups, 'group')}"


def signatures(report: RunReport) -> list[tuple[str, str]]:
    """Return each different signature once, after the names of the numbers it belongs to."""
    labels: dict[str, dict[str, None]] = {}
    for scores in report.systems.values():
        for name, score in scores.items():
            if score is not None and score.signature:
                labels.setdefault(score.signature, {})[get_metric(name).label] = None
    for c in report.comparisons:
        if c.signature:
            label = f"{get_metric(c.metric).label}, differences"
            labels.setdefault(c.signature, {})[label] = None
    if report.stress:
        labels[report.stress.signature] = {"Stress tests": None}
    return [(" and ".join(names), signature) for signature, names in labels.items()]


def split_verdict(verdict: TuningVerdict) -> tuple[str, str]:
    """Split the verdict into its first sentence, which answers, and those that qualify it."""
    first, stop, rest = verdict.sentence.partition(". ")
    return first + stop.strip(), rest


def verdict_tag(verdict: TuningVerdict) -> str:
    """Return the verdict in two or three words, so that color is not the only sign of it."""
    return "✓ Better" if verdict.better else "≈ Not shown to be better"


def loss_caption(report: RunReport) -> str:
    """Return the caption of the loss curves."""
    caption = "Loss in nats per summary token. Thin line: the rows of each step."
    if any(point.eval_loss is not None for point in report.steps):
        caption += " Markers: the whole valid split."
    points = sum(point.loss is not None for point in report.steps)
    every = -(-points // MAX_POINTS)
    thinned = f" Of {points:,} steps, one in {every} is drawn." if every > 1 else ""
    return caption + thinned


def meta_lines(meta: Mapping[str, Any]) -> list[str]:
    """Return `name: value` for each column of a row that has a value; of nested ones, the parts."""
    lines = []
    for name, value in meta.items():
        if isinstance(value, Mapping):
            parts = ", ".join(f"{key} {part}" for key, part in value.items() if part is not None)
            lines.append(f"{name}: {parts}")
        elif value is not None:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{name}: {text}")
    return lines


def rouge_difference(example: ExampleRow) -> str:
    """Return by how much the second system beats the first on a row, in ROUGE-L."""
    if example.difference is None or len(example.summaries) < 2:
        return ""
    baseline, system = (
        get_system(summary.system).label
        for summary in (example.summaries[0], example.summaries[-1])
    )
    difference = format_metric("rougeL", example.difference, signed=True)
    return f"{get_metric('rougeL').label}, {system} − {baseline}: {difference}"


def score_of(summary: ExampleSummary) -> str:
    """Return the ROUGE-L of one summary, with its label."""
    return f"{get_metric('rougeL').label} {format_metric('rougeL', summary.rouge_l)}"


def flags(summary: ExampleSummary) -> list[str]:
    """Return what a reader should know about how a summary was generated."""
    notes = ["hit the length limit"] if summary.hit_limit else []
    if summary.document_tokens_cut:
        notes.append(f"document truncated by {plural(summary.document_tokens_cut, 'token')}")
    if summary.unsupported:
        notes.append(f"not in the document: {', '.join(summary.unsupported)}")
    return notes
