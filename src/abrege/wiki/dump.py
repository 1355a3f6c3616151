"""Articles of a MediaWiki dump (pages-articles.xml, .bz2, .gz), streamed and parsed on all cores.

The XML of a page and its wikitext are read only where the page is wanted, by another process.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from mwparserfromhell.parser import ParserError

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.types import Document
from abrege.data.sampling import BottomKSample, SamplingPlan
from abrege.pipeline.executors import Pool, on_cores
from abrege.wiki import compression as compressed
from abrege.wiki import site
from abrege.wiki.disambiguation import disambiguates
from abrege.wiki.dump_pages import Page, split
from abrege.wiki.site import Site
from abrege.wiki.wikitext import text_of

BATCH = 512 * 1024
"""Bytes of XML that are handed to a process at once."""
SMALL = 4 * 1024 * 1024
"""Files up to this size are parsed by this process: starting others would take longer."""
MOST = 1000
"""Pages of a batch, most of which need not be parsed where a few are drawn."""
NOT_DRAWN = "not drawn"
SAYS_NAMESPACE = (0, 6)
"""Version of the format since which each page says its namespace."""

_REDIRECT = re.compile(r"\s*#\s*\w+\s*:?\s*\[\[")
"""How the text of a redirect begins, in any language: in old dumps nothing else tells it."""
_NAMESPACE = re.compile(rb"<ns>(-?\d+)</ns>")


@dataclass(frozen=True)
class Fault:
    """A page that cannot be read, and so a dump that is damaged."""

    message: str


Found: TypeAlias = Document | Fault | str
"""What comes of a page; a text is the reason for which it is left out."""


def read(
    path: Path,
    *,
    plan: SamplingPlan,
    counts: Counter[str],
    on_event: OnEvent = silent,
    processes: int | None = None,
) -> Iterator[Document]:
    """Yield the articles of a dump that are drawn, in its order.

    counts     filled: read = kept + each reason for which a page was left out
    processes  how many parse; one for each core where left out

    Of a dump cut short the whole pages are kept, and a Note names the byte after the last.
    DataError where it is no dump, is damaged or is not UTF-8.
    """
    size = path.stat().st_size
    if not size:
        raise DataError(f"{path}: this file is empty.\n  Fetch the dump again.")

    def on_read(done: int) -> None:  # what was read last is still to be parsed
        on_event(Progress("collect", min(done, size - 1), size, unit="bytes"))

    drawn = BottomKSample(plan) if plan.max_documents and plan.at_random else None
    with on_cores(1 if size <= SMALL else processes) as several:
        head, pages = split(
            path, compressed.read(path, pool=several, on_read=on_read), counts, on_event
        )
        wiki = _site(path, head)
        parse = partial(documents, wiki=wiki, plan=plan, source=path.name)
        found = _found(_batches(pages, wiki, drawn), parse, drawn, several)
        yield from _taken(found, plan, drawn, counts=counts, where=path)
    on_event(Progress("collect", size, size, unit="bytes"))
    if plan.max_documents and counts["kept"] < plan.max_documents:
        kept = counts["kept"]
        on_event(Note(f"{path}: it gave {kept} of the {plan.max_documents} articles asked for"))


def documents(pages: Sequence[Page], *, wiki: Site, plan: SamplingPlan, source: str) -> list[Found]:
    """Read pages whole, each to a document, a fault or the reason for which it is left out."""
    return [_document(page, wiki, plan, source) for page in pages]


def _document(page: Page, wiki: Site, plan: SamplingPlan, source: str) -> Found:
    try:
        element = ET.fromstring(page.xml.decode("utf-8"))  # noqa: S314 - a page declares no entity
    except UnicodeDecodeError as error:
        return Fault(
            f"not UTF-8: byte {page.byte + error.start + 1} of the XML is "
            f"0x{page.xml[error.start]:02X}, in the page {page.title}.\n"
            "  Fetch the dump again, or write it anew as UTF-8 (iconv)."
        )
    except ET.ParseError as error:
        return Fault(
            f"invalid XML in the page {page.title}, which begins at byte {page.byte}: {error}.\n"
            "  Fetch the dump again, or take the page out."
        )
    revisions = element.findall("revision")
    if not revisions or revisions[-1].findtext("model", "wikitext") != "wikitext":
        return "no wikitext"
    revision = revisions[-1]
    wikitext = revision.findtext("text", "")
    if _REDIRECT.match(wikitext):
        return "redirect"
    if disambiguates(wikitext, wiki.lang):
        return "disambiguation"
    try:
        text, headings = text_of(wikitext, lang=wiki.lang, namespaces=wiki.namespaces)
    except ParserError:
        return "unparsable"
    number = revision.findtext("id")
    about = {
        "revision": int(number) if number else None,
        "date": revision.findtext("timestamp"),
        "url": wiki.url(page.title),
        "licence": wiki.licence,
        "site": wiki.name,
    }
    document = Document(
        id=page.id,
        text=text,
        title=page.title,
        lang=wiki.lang,
        source=source,
        headings=headings,
        meta={key: value for key, value in about.items() if value is not None},
    )
    return plan.rejection_reason(document) or document


@dataclass(frozen=True)
class _Batch:
    """Pages in the order of the dump: those to be parsed, and what becomes of the others.

    pages    place in the dump, id and, of those that are not parsed, the reason
    """

    pages: list[tuple[int, str, str | None]] = field(default_factory=list)
    wanted: list[Page] = field(default_factory=list)


def _batches(pages: Iterable[Page], wiki: Site, drawn: BottomKSample | None) -> Iterator[_Batch]:
    batch, size = _Batch(), 0
    for place, page in enumerate(pages):
        reason = _left_out(page, wiki)
        if reason is None and drawn and not drawn.accepts(page.id, place):
            reason = NOT_DRAWN
        batch.pages.append((place, page.id, reason))
        if reason is None:
            batch.wanted.append(page)
            size += len(page.xml)
        if size >= BATCH or len(batch.pages) >= MOST:
            yield batch
            batch, size = _Batch(), 0
    yield batch


def _left_out(page: Page, wiki: Site) -> str | None:
    """Say why a page is no article, by what stands before its text."""
    if not page.id:
        return "no id"
    if b"<redirect" in page.head:
        return "redirect"
    said = _NAMESPACE.search(page.head)
    if said is None and wiki.version >= SAYS_NAMESPACE:
        return "no namespace"
    number = int(said[1]) if said else wiki.number(page.title)
    return "other namespace" if number else None


def _found(
    batches: Iterable[_Batch],
    parse: Callable[[Sequence[Page]], list[Found]],
    drawn: BottomKSample | None,
    several: Pool,
) -> Iterator[tuple[int, Found]]:
    """Yield what comes of each page, and its place.

    Pages were sent to be parsed before what came of earlier ones was known. Of those that are no
    longer wanted nothing is told but that, so the counts do not depend on the number of processes.
    """
    waiting: deque[_Batch] = deque()

    def sent() -> Iterator[Sequence[Page]]:
        for batch in batches:
            waiting.append(batch)
            yield batch.wanted

    for results in several(parse, sent()):
        found = iter(results)
        for place, id_, reason in waiting.popleft().pages:
            if reason is not None:
                yield place, reason
                continue
            made = next(found)
            yield place, NOT_DRAWN if drawn and not drawn.accepts(id_, place) else made


def _taken(
    found: Iterable[tuple[int, Found]],
    plan: SamplingPlan,
    drawn: BottomKSample | None,
    *,
    counts: Counter[str],
    where: Path,
) -> Iterator[Document]:
    """Count what came of the pages, and yield the documents that are taken."""
    added = 0
    for place, document in found:
        counts["read"] += 1
        if isinstance(document, Fault):
            raise DataError(f"{where}: {document.message}")
        if isinstance(document, str):
            counts[document] += 1
        elif drawn:
            drawn.add(document, place)
            added += 1
        else:
            counts["kept"] += 1
            yield document
            if counts["kept"] == plan.max_documents:
                return
    if drawn:
        for document in drawn.documents():
            counts["kept"] += 1
            yield document
        counts[NOT_DRAWN] += added - counts["kept"]


def _site(path: Path, head: bytes) -> Site:
    try:
        return site.of(head)
    except (ET.ParseError, ValueError) as error:
        raise DataError(
            f"{path}: invalid XML before its first page: {error}.\n  Fetch the dump again."
        ) from error
