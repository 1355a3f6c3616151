"""Markdown and HTML into plain text whose headings are known, by parsers made for each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

Block: TypeAlias = tuple[str, int | None]
"""A paragraph, or a heading with its level."""

HEADS = frozenset(["head", *(f"h{level}" for level in range(1, 7))])
LISTS = frozenset(["ul", "ol", "dl", "list"])
TABLES = frozenset(["table"])
LINED = frozenset(["pre", "code"])
BREAKS = frozenset(["br", "lb"])
WORDLESS = frozenset(["", "script", "style", "img", "graphic", "svg"])
PLAIN = (
    "p div pre blockquote quote section article details summary figure center main header footer"
)
BLOCKS = HEADS | LISTS | TABLES | frozenset(PLAIN.split())
SAID = {"extensive_search": False, "original_date": True}
"""A date is what a page says of itself: any year in its text would else be taken for one."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEAD = re.compile(r"h([1-6])")


@dataclass(frozen=True, kw_only=True)
class Unmarked:
    """A text without its marks, and what they said.

    A heading of level 1 that opens the text, and is the only one, is its title and not in it: what
    follows is then an introduction, as in an encyclopaedia's articles.
    """

    text: str
    headings: Sequence[tuple[int, int]]
    title: str | None
    meta: Mapping[str, Any] = field(default_factory=dict)


def from_markdown(text: str) -> Unmarked:
    """Take the marks off Markdown (CommonMark with tables).

    The words of links, lists, tables and program text stay; images, comments and the addresses of
    links go. A title is what YAML in front of the text says, or a first heading of level 1.
    """
    import lxml.html

    front, text = _front_matter(text)
    page = _markdown().render(text)
    blocks = list(_blocks(lxml.html.fragment_fromstring(page, create_parent="div")))
    title = front.get("title")
    return _unmarked(blocks, title=_first_heading(blocks) if title is None else str(title))


def from_html(page: str) -> Unmarked:
    """Take the main text out of a page: no navigation, no adverts, no comments of readers.

    What the page says of its title, date, address, author and licence is kept. The title is the
    heading of level 1 that opens the text, where there is one.
    """
    import trafilatura

    found: Any = trafilatura.bare_extraction(
        page, with_metadata=True, include_comments=False, date_extraction_params=SAID
    )
    if found is None or found.body is None:
        return _unmarked([], title=None)
    about = {"date": found.date, "url": found.url, "author": found.author, "licence": found.license}
    meta = {key: value for key, value in about.items() if value}
    blocks = list(_blocks(found.body))
    return _unmarked(blocks, title=_first_heading(blocks) or found.title or None, meta=meta)


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _unmarked(
    blocks: Sequence[Block], *, title: str | None, meta: Mapping[str, Any] | None = None
) -> Unmarked:
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
    return Unmarked(text="\n\n".join(parts), headings=headings, title=title, meta=meta or {})


def _first_heading(blocks: Sequence[Block]) -> str | None:
    return blocks[0][0] if blocks and blocks[0][1] == 1 else None


def _front_matter(text: str) -> tuple[Mapping[str, Any], str]:
    """Part YAML that stands in front of a text from it; what is no table of YAML is text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text
    try:
        front = YAML(typ="safe", pure=True).load(found[1])
    except (YAMLError, ValueError):
        return {}, text
    return (front, text[found.end() :]) if isinstance(front, Mapping) else ({}, text)


def _blocks(element: Any) -> Iterator[Block]:
    """Yield paragraphs and headings of an element of HTML, or of what trafilatura makes of it."""
    inside = _tag(element)
    run = _line(element.text, inside)
    for child in element:
        tag = _tag(child)
        if tag in BLOCKS or (tag == "code" and inside in ("body", "div")):
            yield from _paragraph(run)
            run = ""
            yield from _block(child, tag)
        else:
            run += _words(child)
        run += _line(child.tail, inside)
    yield from _paragraph(run)


def _block(element: Any, tag: str) -> Iterator[Block]:
    if tag in HEADS:
        level = _HEAD.search(element.get("rend", tag))
        text = " ".join(_words(element).split())
        if text:
            yield text, int(level[1]) if level else 2
    elif tag in LISTS:
        yield from _paragraph("\n".join(text for item in element for text, _ in _blocks(item)))
    elif tag in TABLES:
        rows = element.iter("tr", "row")
        lines = (" ".join(" ".join(_words(cell).split()) for cell in row) for row in rows)
        yield from _paragraph("\n".join(lines))
    else:
        yield from _blocks(element)


def _paragraph(run: str) -> Iterator[Block]:
    """Give a run of words as a paragraph, its spaces tidied; nothing where there are none."""
    lines = [" ".join(line.split()) for line in run.split("\n")]
    text = "\n".join(line for line in lines if line)
    if text:
        yield text, None


def _words(element: Any) -> str:
    """Give the words inside an element; a break is a line's end."""
    tag = _tag(element)
    if tag in BREAKS:
        return "\n"
    if tag in WORDLESS:
        return ""
    inside = (_words(child) + _line(child.tail, tag) for child in element)
    return _line(element.text, tag) + "".join(inside)


def _line(text: str | None, tag: str) -> str:
    """Give a text as one line: only of program text the ends of lines mean something."""
    return (text or "") if tag in LINED else (text or "").replace("\n", " ")


def _tag(element: Any) -> str:
    """Name an element's tag; a comment has none."""
    return element.tag if isinstance(element.tag, str) else ""
