"""The page of `abrege doctor`, in the style of the report, and the same as Markdown."""

from dataclasses import replace

from abrege.doctor.results import CheckResult, Diagnosis
from abrege.doctor.tables import (
    check_table,
    clean_table,
    conclusion,
    kind_table,
    length_table,
    remedy_table,
    scan_facts,
    truncation_table,
)
from abrege.report import html, markdown
from abrege.report.blocks import Block, Fold, LabeledText, Page, PageSection, RowCard, make_sections


def render_html(diagnosis: Diagnosis) -> str:
    """Return the whole page: no network, no script, every text escaped."""
    return html.render_page(build_page(diagnosis))


def render_markdown(diagnosis: Diagnosis) -> str:
    """Return the same sentences and tables as Markdown, without the rows."""
    page = build_page(diagnosis)
    sections = [section for section in page.sections if section.id != "rows"]
    return markdown.render_page(replace(page, sections=sections, footer=""))


def build_page(diagnosis: Diagnosis) -> Page:
    """Return the content of the page, section by section."""
    is_fine = all(check.verdict == "fine" for check in diagnosis.checks)
    truncation: list[Block] = []
    if diagnosis.tokens:
        truncation.append(truncation_table(diagnosis.tokens))
    clean: list[Block] = [clean_table(diagnosis.clean)] if diagnosis.clean else []
    kinds: list[Block] = []
    if any(check.kinds for check in diagnosis.checks):
        kinds.append(kind_table(diagnosis))
    return Page(
        title=f"{diagnosis.source}: abrege doctor",
        heading=diagnosis.source,
        question="Can a model learn from these pairs?",
        tone="better" if is_fine else "unsure",
        answer=conclusion(diagnosis),
        facts=scan_facts(diagnosis),
        sections=make_sections(
            PageSection("checks", "Checks", [check_table(diagnosis)]),
            PageSection("remedies", "What to do", [remedy_table(diagnosis)]),
            PageSection("clean", "Clean rows", clean),
            PageSection("kinds", "Debris by kind", kinds),
            PageSection("lengths", "Lengths", [length_table(diagnosis)]),
            PageSection("truncation", "Truncation", truncation),
            PageSection("rows", "Rows", [_flagged_rows(c) for c in diagnosis.checks if _is_bad(c)]),
        ),
        footer="Written by `abrege doctor`. The rows of each check are in files next to this page.",
    )


def _is_bad(check: CheckResult) -> bool:
    return check.verdict != "fine" and bool(check.first)


def _flagged_rows(check: CheckResult) -> Fold:
    """Return the first rows that a check flags, folded."""
    cards = [
        RowCard(
            id=row.id,
            remark=row.finding,
            texts=[
                *(LabeledText(label="Summary", text=text) for text in row.summaries),
                LabeledText(label="Document", text=row.document),
            ],
        )
        for row in check.first
    ]
    return Fold(f"{check.title}: the first {len(check.first)} of {check.flagged}", cards)
