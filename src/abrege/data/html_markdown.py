"""Convert Markdown and HTML to plain text with its headings, by a parser for each."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any, TypeAlias

from abrege.core.optional import require

Block: TypeAlias = tuple[str, int | None]
"""The text of a paragraph, with None, or of a heading, with its level."""

HEADING_TAGS = frozenset(["head", *(f"h{level}" for level in range(1, 7))])
LIST_TAGS = frozenset(["ul", "ol", "dl", "list"])
TABLE_TAGS = frozenset(["table"])
PREFORMATTED_TAGS = frozenset(["pre", "code"])
REPEATED_TAGS = ("p", "div", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
LINE_BREAK_TAGS = frozenset(["br", "lb"])
TEXTLESS_TAGS = frozenset(["", "script", "style", "img", "graphic", "svg"])
OTHER_BLOCK_TAGS = (
    "p div pre blockquote quote section article details summary figure center main header footer"
)
BLOCK_TAGS = HEADING_TAGS | LIST_TAGS | TABLE_TAGS | frozenset(OTHER_BLOCK_TAGS.split())
DATE_OPTIONS = {"extensive_search": False, "original_date": True}
"""Only a date that the page declares: else any year in its text would be taken for one."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING_LEVEL = re.compile(r"h([1-6])")


@dataclass(frozen=True, kw_only=True)
class MarkupText:
    """The plain text of a Markdown or HTML file, with its headings, title and metadata.

    A heading of level 1 that opens the text, and is the only one, is its title and not in it: what
    follows is then an introduction, as in the articles of an encyclopedia.
    """

    text: str
    headings: Sequence[tuple[int, int]]
    """(offset in the text, level) of each."""
    title: str | None
    meta: Mapping[str, Any] = field(default_factory=dict)


def convert_markdown(text: str) -> MarkupText:
    """Convert Markdown (CommonMark with tables) to plain text.

    The words of links, lists, tables and code stay; images, comments and link addresses go. The
    title is the one of a YAML front matter, or a first heading of level 1. Raise SetupError
    if markdown-it-py or lxml is missing.
    """
    parse = require("lxml.html", extra="html", purpose="Reading Markdown files")
    front, text = _split_front_matter(text)
    page = _markdown_parser().render(text)
    blocks = list(_blocks(parse.fragment_fromstring(page, create_parent="div")))
    title = front.get("title")
    return _markup_text(blocks, title=_first_heading(blocks) if title is None else str(title))


def extract_html(page: str) -> MarkupText:
    """Extract the main text of a page: no navigation, no advertisements, no reader comments.

    The meta data are the date, address, author and license that the page declares. The title is
    the heading of level 1 that opens the text, else that of the page. Raise SetupError if
    trafilatura or lxml_html_clean is missing.
    """
    trafilatura = require("trafilatura", extra="html", purpose="Reading .html files")
    extraction: Any = trafilatura.bare_extraction(
        page, with_metadata=True, include_comments=False, date_extraction_params=DATE_OPTIONS
    )
    if extraction is None or extraction.body is None:
        return _markup_text([], title=None)
    declared = {
        "date": extraction.date,
        "url": extraction.url,
        "author": extraction.author,
        "licence": extraction.license,
    }
    meta = {key: value for key, value in declared.items() if value}
    blocks = _restore_repeats(list(_blocks(extraction.body)), trafilatura.load_html(page))
    return _markup_text(blocks, title=_first_heading(blocks) or extraction.title or None, meta=meta)


@cache
def _markdown_parser() -> Any:
    markdown_it = require("markdown_it", extra="html", purpose="Reading Markdown files")
    return markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _markup_text(
    blocks: Sequence[Block], *, title: str | None, meta: Mapping[str, Any] | None = None
) -> MarkupText:
    if _first_heading(blocks) and [level for _, level in blocks].count(1) == 1:
        blocks = blocks[1:]
    parts: list[str] = []
    headings: list[tuple[int, int]] = []
    length = 0
    for text, level in blocks:
        if level is not None:
            headings.append((length, level))
        parts.append(text)
        length += len(text) + len("\n\n")
    return MarkupText(text="\n\n".join(parts), headings=headings, title=title, meta=meta or {})


def _first_heading(blocks: Sequence[Block]) -> str | None:
    return blocks[0][0] if blocks and blocks[0][1] == 1 else None


def _split_front_matter(text: str) -> tuple[Mapping[str, Any], str]:
    """Return the YAML front matter and the text after it; what is not a YAML mapping is text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        front = YAML(typ="safe", pure=True).load(match[1])
    except (YAMLError, ValueError):
        return {}, text
    return (front, text[match.end() :]) if isinstance(front, Mapping) else ({}, text)


def _blocks(element: Any) -> Iterator[Block]:
    """Yield the paragraphs and headings of an element of HTML, or of trafilatura's own XML."""
    parent_tag = _tag(element)
    run = _normalize_lines(element.text, parent_tag)
    for child in element:
        tag = _tag(child)
        if tag in BLOCK_TAGS or (tag == "code" and parent_tag in ("body", "div")):
            yield from _paragraph(run)
            run = ""
            yield from _block(child, tag)
        else:
            run += _inner_text(child)
        run += _normalize_lines(child.tail, parent_tag)
    yield from _paragraph(run)


def _block(element: Any, tag: str) -> Iterator[Block]:
    if tag in HEADING_TAGS:
        level = _HEADING_LEVEL.search(element.get("rend", tag))
        text = " ".join(_inner_text(element).split())
        if text:
            yield text, int(level[1]) if level else 2
    elif tag in LIST_TAGS:
        yield from _paragraph("\n".join(text for item in element for text, _ in _blocks(item)))
    elif tag in TABLE_TAGS:
        yield from _table(element)
    else:
        yield from _blocks(element)


def _table(table: Any) -> Iterator[Block]:
    """Yield a table as one paragraph with a line per row, or a layout table as its paragraphs.

    A table is layout if a cell of it has several paragraphs or a heading.
    """
    rows = [[list(_blocks(cell)) for cell in row] for row in table.iter("tr", "row")]
    cells = [cell for row in rows for cell in row]
    if any(len(cell) > 1 or any(level for _, level in cell) for cell in cells):
        yield from (block for cell in cells for block in cell)
        return
    lines = (" ".join(" ".join(text.split()) for cell in row for text, _ in cell) for row in rows)
    yield from _paragraph("\n".join(lines))


def _restore_repeats(blocks: Sequence[Block], tree: Any) -> list[Block]:
    """Return the blocks of a page with those that equal the one before them.

    tree  the page; trafilatura keeps only the first of equal blocks that follow one another
    """
    runs = defaultdict[str, list[int]](list)
    previous = ""
    for block in () if tree is None else tree.iter(*REPEATED_TAGS):
        if next(block.iterdescendants(*REPEATED_TAGS), None) is not None:
            continue
        text = " ".join(block.text_content().split())
        before = block.getprevious()
        if text and text == previous and before is not None and before.tag == block.tag:
            runs[text][-1] += 1
        else:
            runs[text].append(1)
        previous = text
    restored: list[Block] = []
    for key, group in groupby(blocks, key=lambda block: (" ".join(block[0].split()), block[1])):
        same = list(group)
        lengths = runs.get(key[0])
        missing = lengths.pop(0) - len(same) if lengths else 0
        restored += same + same[:1] * missing
    return restored


def _paragraph(run: str) -> Iterator[Block]:
    """Yield inline text as a paragraph with normalized spaces; nothing if it is empty."""
    lines = [" ".join(line.split()) for line in run.split("\n")]
    text = "\n".join(line for line in lines if line)
    if text:
        yield text, None


def _inner_text(element: Any) -> str:
    """Return the text inside an element; a line break is a newline."""
    tag = _tag(element)
    if tag in LINE_BREAK_TAGS:
        return "\n"
    if tag in TEXTLESS_TAGS:
        return ""
    children = (_inner_text(child) + _normalize_lines(child.tail, tag) for child in element)
    return _normalize_lines(element.text, tag) + "".join(children)


def _normalize_lines(text: str | None, tag: str) -> str:
    """Return a text as one line; only in preformatted text do line ends have a meaning."""
    return (text or "") if tag in PREFORMATTED_TAGS else (text or "").replace("\n", " ")


def _tag(element: Any) -> str:
    """Return an element's tag; that of a comment is empty."""
    return element.tag if isinstance(element.tag, str) else ""
