"""Render pages and tables as Markdown, with every text escaped."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from abrege.evaluation.systems import get_system
from abrege.report.blocks import (
    Block,
    BulletList,
    CodeBlock,
    Figure,
    Fold,
    Page,
    Paragraph,
    SignatureList,
    excerpt,
)
from abrege.report.format import plural
from abrege.report.sentences import flags, meta_lines, rouge_difference, score_of
from abrege.report.table import Cell, Table
from abrege.report.view_model import ExampleGroup, ExampleRow, ExampleSummary

_SPECIAL = re.compile(r"[\\`*_\[\]<>|&~$]")
_LINE_START = re.compile(r"^(?:#+(?= |$)|[+\-](?= |$)|[\-=]+$|\d+[.)](?= |$))")
"""What turns a line that starts with it into a heading, a list or a rule."""


def escape(text: object) -> str:
    """Return any text on one line, without a meaning in Markdown, in a table cell too."""
    line = _SPECIAL.sub(r"\\\g<0>", " ".join(str(text).split()))
    return _LINE_START.sub(lambda m: m[0][:-1] + "\\" + m[0][-1], line)


def code(text: str, *, block: str | None = None) -> str:
    """Return code in a fence longer than any run of backticks in it.

    block  the language of a block of lines; None for a code span in a line
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    if block is not None:
        fence = "`" * max(3, longest + 1)
        return f"{fence}{block}\n{text.rstrip()}\n{fence}"
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return fence + space + " ".join(text.split()) + space + fence


def render_page(page: Page) -> str:
    """Return a page as Markdown; what only HTML can show is left out."""
    tag = f"{page.tag}. " if page.tag else ""
    answer = escape(f"{page.answer} {page.details}")
    parts = [f"# {escape(page.heading)}", f"**{tag}{answer}**"]
    parts.append("\n".join(f"- {name}: {escape(text)}" for name, text in page.facts))
    for section in page.sections:
        if body := _render_blocks(section.blocks):
            parts += [f"## {section.title}", body]
    if page.footer:
        parts.append(f"---\n\n{page.footer}")
    return "\n\n".join(parts) + "\n"


def render_table(table: Table) -> str:
    """Return a table under its caption; the note of a cell follows its text."""
    rules = ["---" if column.alignment == "left" else "---:" for column in table.columns]
    lines = [[escape(column.heading) for column in table.columns], rules]
    lines += [[_cell(cell) for cell in row] for row in table.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join(filter(None, [escape(table.caption), body, *map(escape, table.notes)]))


def _cell(cell: Cell) -> str:
    return escape(f"{cell.text} {cell.note}")


def _render_blocks(blocks: Sequence[Block]) -> str:
    rendered = (_RENDERERS[type(block)](block) for block in blocks if type(block) in _RENDERERS)
    return "\n\n".join(filter(None, rendered))


def _fold(fold: Fold) -> str:
    return _render_blocks(fold.blocks)


def _figure(figure: Figure) -> str:
    return render_table(figure.table) if figure.table else ""


def _paragraph(paragraph: Paragraph) -> str:
    link = f" [{escape(paragraph.link_text)}]({paragraph.link})." if paragraph.link else ""
    return escape(paragraph.text) + link


def _bullet_list(block: BulletList) -> str:
    items = "\n".join(f"- {escape(item)}" for item in block.items)
    return f"### {escape(block.heading)}\n\n{items}"


def _code_block(block: CodeBlock) -> str:
    return code(block.text, block=block.language)


def _signature_list(block: SignatureList) -> str:
    return "\n".join(f"- {escape(label)}: {code(text)}" for label, text in block.items)


def _example_group(group: ExampleGroup) -> str:
    examples = "\n\n".join(_example(example) for example in group.examples)
    return f"### {escape(group.title)}\n\n{escape(group.rule)}\n\n{examples}"


def _example(example: ExampleRow) -> str:
    document = excerpt(example.document)
    more = f" *({plural(document.n_folded, 'more character')})*" if document.n_folded else ""
    about = "; ".join(filter(None, [*meta_lines(example.meta), rouge_difference(example)]))
    lines = [f"> Document: {_text(document.visible)}{more}"]
    lines += [f"> Reference: {_text(reference)}" for reference in example.references]
    lines += [_summary(summary) for summary in example.summaries]
    title = f"#### {code(example.id)}"
    return "\n\n".join(filter(None, [title, escape(about), "\n>\n".join(lines)]))


def _summary(summary: ExampleSummary) -> str:
    remarks = "; ".join([score_of(summary), *flags(summary)])
    label = get_system(summary.system).label
    return f"> {escape(label)} ({escape(remarks)}): {_text(summary.text)}"


def _text(text: str) -> str:
    return escape(text) or "*(empty)*"


_RENDERERS: dict[type, Callable[[Any], str]] = {
    Table: render_table,
    Fold: _fold,
    Figure: _figure,
    Paragraph: _paragraph,
    BulletList: _bullet_list,
    CodeBlock: _code_block,
    SignatureList: _signature_list,
    ExampleGroup: _example_group,
}
