"""The report of a run: its sections, as one HTML page and as Markdown."""

from abrege.report import html, markdown
from abrege.report.blocks import (
    Block,
    BulletList,
    CodeBlock,
    Figure,
    Fold,
    LabeledText,
    MatchLegend,
    Page,
    PageSection,
    Paragraph,
    RowCard,
    SignatureList,
    make_sections,
)
from abrege.report.comparison_tables import comparisons
from abrege.report.evaluation_tables import (
    breakdown,
    preference,
    reference_free_table,
    reference_scores,
    seed_variance,
    stress,
)
from abrege.report.format import format_confidence
from abrege.report.plots import draw_lengths, draw_losses, draw_scores
from abrege.report.run_tables import costs, lengths, losses, preflight, stage_counts, versions
from abrege.report.sentences import (
    loss_caption,
    scored_rows,
    setup_facts,
    signatures,
    split_verdict,
    verdict_tag,
)
from abrege.report.view_model import RunReport


def render_html(report: RunReport) -> str:
    """Return the report as one HTML page that fetches nothing."""
    return html.render_page(build_page(report))


def render_markdown(report: RunReport) -> str:
    """Return the report as Markdown: the same sentences and tables, without the plots."""
    return markdown.render_page(build_page(report))


def build_page(report: RunReport) -> Page:
    """Return the content of the report, section by section."""
    verdict = report.verdict
    answer, details = split_verdict(verdict) if verdict else ("No verdict was reached.", "")
    return Page(
        title=f"{report.name}: report of abrege",
        heading=report.name,
        question="Does the tuned model summarize better?",
        tone="better" if verdict and verdict.better else "unsure",
        tag=verdict_tag(verdict) if verdict else "",
        answer=answer,
        details=details,
        facts=setup_facts(report),
        sections=make_sections(
            PageSection("scores", "Scores", _scores(report)),
            PageSection("examples", "Examples", _examples(report)),
            PageSection("intervals", "Intervals", _intervals(report)),
            PageSection("comparisons", "Comparisons", [comparisons(report)]),
            PageSection("seeds", "Seed variance", _optional(seed_variance(report))),
            PageSection("quality", "Properties of the summaries", [reference_free_table(report)]),
            PageSection("breakdown", "Breakdown", _breakdowns(report)),
            PageSection(
                "preference", "Preference", [preference(b) for b in report.blind_comparisons]
            ),
            PageSection("stress", "Stress tests", _stress(report)),
            PageSection("training", "Training", _training(report)),
            PageSection("lengths", "Lengths", _lengths(report)),
            PageSection("pairs", "Data checks", _pairs(report)),
            PageSection("dropped", "Dropped and truncated", _dropped(report)),
            PageSection("settings", "Settings", _settings(report)),
            PageSection("costs", "Time and memory", [Fold("each stage", [costs(report.stages)])]),
            PageSection("signatures", "Signatures", _signatures(report)),
        ),
        footer="To repeat this run: `abrege run recipe.yaml` with the recipe above, which is in "
        "the run folder.",
    )


def _optional(block: Block | None) -> list[Block]:
    return [] if block is None else [block]


def _scores(report: RunReport) -> list[Block]:
    return [reference_scores(report)] if report.systems else []


def _intervals(report: RunReport) -> list[Block]:
    caption = (
        f"F1 × 100 of each system on {scored_rows(report)}; the whiskers are "
        f"{format_confidence(report.confidence)} intervals. All panels have the same scale."
    )
    return [Figure(plots=draw_scores(report), caption=caption)] if report.systems else []


def _breakdowns(report: RunReport) -> list[Block]:
    return [Fold(f"by {b.column}", [breakdown(b)]) for b in report.breakdowns]


def _stress(report: RunReport) -> list[Block]:
    if report.stress is None:
        return []
    results = report.stress
    cards = [
        RowCard(
            id=failure.id,
            remark=failure.why,
            texts=[
                LabeledText(label="A correct summary", text=failure.point, lang="en"),
                LabeledText(
                    label="Document", text=failure.document, lang=failure.lang, is_document=True
                ),
                LabeledText(label=results.system, text=failure.text, lang=failure.lang),
            ],
        )
        for failure in results.failures
    ]
    title = f"{len(cards)} of the {results.n_failures} failures of {results.system}"
    return [stress(results), *([Fold(title, cards)] if cards else [])]


def _training(report: RunReport) -> list[Block]:
    plot = draw_losses(report.steps)
    if plot is None:
        return []
    return [Figure(plots=[plot], caption=loss_caption(report), table=losses(report.steps))]


def _lengths(report: RunReport) -> list[Block]:
    plot = draw_lengths(report.lengths)
    if plot is None:
        return []
    caption = "Share of the texts of each length, in words; all sets have the same scale."
    return [Figure(plots=[plot], caption=caption, table=lengths(report.lengths))]


def _examples(report: RunReport) -> list[Block]:
    groups = [group for group in report.example_groups if group.examples]
    return [MatchLegend(), *groups] if groups else []


def _pairs(report: RunReport) -> list[Block]:
    if report.pairs is None:
        return []
    link = "Rows of each check, and what to do"
    return [
        Paragraph(report.pairs.sentence, link, "doctor/doctor.html"),
        Fold("each check", [report.pairs.checks]),
    ]


def _dropped(report: RunReport) -> list[Block]:
    notes = [f"{stage.name}: {note}" for stage in report.stages for note in stage.notes]
    return [
        *_optional(preflight(report)),
        Fold("counts of each stage", _optional(stage_counts(report.stages))),
        Fold("notes of the stages", [BulletList("Notes of the stages", notes)]),
    ]


def _settings(report: RunReport) -> list[Block]:
    recipe = Fold("the resolved recipe, with every default", [CodeBlock(report.recipe, "yaml")])
    return [recipe, *_optional(versions(report.stages))]


def _signatures(report: RunReport) -> list[Block]:
    items = signatures(report)
    advice = "Quote a score with its signature: without it, the number cannot be compared."
    return [Paragraph(advice), Fold("each score", [SignatureList(items)])] if items else []
