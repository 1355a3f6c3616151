"""The blocks that a page consists of, for HTML and Markdown alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

from abrege.report.format import plural
from abrege.report.table import Table, Tone
from abrege.report.view_model import ExampleGroup, ExampleSummary

EXCERPT = 400
"""Characters of a document that are always visible."""
MAX_FOLDED = 20_000
"""Characters of its rest that the page holds."""


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two, with a link behind it if there is more to read."""

    text: str
    link_text: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One or several plots with a caption, and a table beside them; Markdown shows the table."""

    plots: Sequence[Markup]
    caption: str
    table: Table | None = None


@dataclass(frozen=True)
class Fold:
    """Blocks that HTML hides behind a title; Markdown shows them."""

    title: str
    blocks: Sequence["Block"]


@dataclass(frozen=True)
class BulletList:
    """Lines under a heading."""

    heading: str
    items: Sequence[str]


@dataclass(frozen=True)
class CodeBlock:
    """Lines of code or of a recipe."""

    text: str
    language: str


@dataclass(frozen=True)
class SignatureList:
    """What each signature belongs to, and the signature."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class LabeledText:
    """A text of the data under a label; a long document is folded."""

    label: str
    text: str
    lang: str | None = None
    is_document: bool = False


@dataclass(frozen=True, kw_only=True)
class RowCard:
    """One row of the data with a remark and its texts; in HTML only."""

    id: str
    remark: str
    texts: Sequence[LabeledText]


@dataclass(frozen=True)
class MatchLegend:
    """The explanation of the marks in example summaries; in HTML only."""


@dataclass(frozen=True)
class FactList:
    """Names with a text each; in HTML only."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class MarkedSpan:
    """A piece of a text; `mark` says how it is set off, and `title` appears above it on hover."""

    text: str
    mark: str = ""
    title: str = ""


@dataclass(frozen=True)
class MarkedText:
    """A text in pieces under a label, such as the tokens of a prompt; in HTML only."""

    label: str
    spans: Sequence[MarkedSpan]
    is_tokens: bool = False


Block: TypeAlias = (
    Table
    | Paragraph
    | Figure
    | Fold
    | BulletList
    | CodeBlock
    | SignatureList
    | RowCard
    | MatchLegend
    | ExampleGroup
    | FactList
    | MarkedText
)


@dataclass(frozen=True)
class PageSection:
    """Blocks under a heading; `id` is its anchor."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page, without the text of its renderer.

    question  what the page answers
    tone      of the answer
    tag       the answer in two words
    answer    the first sentence of the answer; `details` are the others
    facts     what the answer rests on: name and text
    footer    may hold `code` in backticks
    """

    title: str
    heading: str
    question: str
    tone: Tone
    answer: str
    tag: str = ""
    details: str = ""
    facts: Sequence[tuple[str, str]]
    sections: Sequence[PageSection]
    footer: str = ""


def make_sections(*sections: PageSection) -> list[PageSection]:
    """Return the sections without empty blocks, and without those that have no other."""
    filled = (
        PageSection(s.id, s.title, [b for b in s.blocks if not _is_empty(b)]) for s in sections
    )
    return [section for section in filled if section.blocks]


def _is_empty(block: Block) -> bool:
    if isinstance(block, Table):
        return not block.rows
    if isinstance(block, Figure):
        return not block.plots
    if isinstance(block, Fold):
        return all(_is_empty(inner) for inner in block.blocks)
    if isinstance(block, BulletList | SignatureList | FactList):
        return not block.items
    return isinstance(block, ExampleGroup) and not block.examples


@dataclass(frozen=True)
class Excerpt:
    """A document in two parts: what is visible, and what is folded; `note` is of the rest."""

    visible: str
    folded: str = ""
    n_folded: int = 0
    note: str = ""


def excerpt(document: str) -> Excerpt:
    """Split a document after its first 400 characters or so, between two words."""
    if len(document) <= EXCERPT + 80:  # a rest of a few words is not worth a click
        return Excerpt(document)
    end = document.rfind(" ", EXCERPT - 80, EXCERPT) + 1 or EXCERPT  # a script without spaces
    rest = document[end:]
    omitted = len(rest) - MAX_FOLDED
    note = f"{omitted:,} more characters are in split/test.jsonl." if omitted > 0 else ""
    return Excerpt(document[:end].rstrip() + " …", rest[:MAX_FOLDED], len(rest), note)


def folded_title(parts: Excerpt) -> str:
    """Return the title of the folded part of a document."""
    return f"the rest of the document ({plural(parts.n_folded, 'character')})"


def match_pieces(summary: ExampleSummary) -> Iterator[tuple[str, str]]:
    """Yield the text of a summary in pieces: not matched (""), "match", and "order"."""
    end = 0
    for match in summary.matches:
        yield summary.text[end : match.start], ""
        yield summary.text[match.start : match.end], "order" if match.in_order else "match"
        end = match.end
    yield summary.text[end:], ""
