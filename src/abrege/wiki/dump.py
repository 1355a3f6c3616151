"""Read the articles of a MediaWiki dump (pages-articles.xml, .bz2, .gz), parsed on all cores.

The dump is streamed; the XML and the wikitext of a page are parsed by another process, and only if
the page is sampled.
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
from abrege.wiki.compression import decompress
from abrege.wiki.disambiguation import is_disambiguation
from abrege.wiki.dump_pages import DumpPage, split_pages
from abrege.wiki.site import DumpSite, parse_siteinfo
from abrege.wiki.variants import variant_of
from abrege.wiki.wikitext import PageText, UnknownTemplates, wikitext_to_text

BATCH_BYTES = 512 * 1024
"""XML that is handed to a process at once."""
SMALL_FILE_BYTES = 4 * 1024 * 1024
"""Files up to this size are parsed by this process: starting others would take longer."""
MAX_BATCH_PAGES = 1000
"""Pages of a batch; few of them need to be parsed if the sample is small."""
NOT_SAMPLED = "not drawn"
NAMESPACE_VERSION = (0, 6)
"""Version of the export format since which each page has its namespace."""

_REDIRECT = re.compile(r"\s*#\s*\w+\s*:?\s*\[\[")
"""Start of a redirect's text, in any language: old dumps have no other sign of it."""
_NAMESPACE = re.compile(rb"<ns>(-?\d+)</ns>")


@dataclass(frozen=True)
class DamagedPage:
    """A page that cannot be parsed, so the dump is damaged."""

    message: str


ParsedPage: TypeAlias = Document | DamagedPage | str
"""A parsed page; a string is the reason for which it is skipped."""
WikitextConverter: TypeAlias = Callable[[str], PageText]


def read_dump(
    path: Path,
    *,
    plan: SamplingPlan,
    counts: Counter[str],
    on_event: OnEvent = silent,
    processes: int | None = None,
    lang: str | None = None,
    unknown_templates: UnknownTemplates = "leave_out",
) -> Iterator[Document]:
    """Yield a sample of the articles of a dump, in its order.

    lang       language of the documents, for the variant of a wiki that has several (zh-TW)
    counts     filled: read = kept + each reason for which a page was skipped
    processes  how many parse; by default one for each core

    Of a truncated dump the complete pages are read, and a Note has the byte after the last. Raise
    DataError if the file is not a dump, is damaged or is not UTF-8.
    """
    size = path.stat().st_size
    if not size:
        raise DataError(f"{path}: this file is empty.\n  Download the dump again.")

    def on_read(done: int) -> None:  # what was read last is still to be parsed
        on_event(Progress("collect", min(done, size - 1), size, unit="bytes"))

    sample = BottomKSample(plan) if plan.max_documents and plan.at_random else None
    with on_cores(1 if size <= SMALL_FILE_BYTES else processes) as pool:
        blocks = decompress(path, pool=pool, on_read=on_read)
        head, pages = split_pages(path, blocks, counts, on_event)
        site = _parse_siteinfo(path, head)
        convert = partial(
            wikitext_to_text,
            lang=variant_of(site.lang, lang),
            namespaces=site.namespaces,
            unknown_templates=unknown_templates,
        )
        parse = partial(parse_pages, site=site, plan=plan, source=path.name, convert=convert)
        parsed = _parse_in_pool(_batches(pages, site, sample), parse, sample, pool)
        yield from _sample(parsed, plan, sample, counts=counts, path=path)
    on_event(Progress("collect", size, size, unit="bytes"))
    if plan.max_documents and counts["kept"] < plan.max_documents:
        on_event(Note(f"{path}: it has only {counts['kept']} of {plan.max_documents} articles"))


def parse_pages(
    pages: Sequence[DumpPage],
    *,
    site: DumpSite,
    plan: SamplingPlan,
    source: str,
    convert: WikitextConverter,
) -> list[ParsedPage]:
    """Parse each page to a document, a DamagedPage or the reason for which it is skipped."""
    return [_parse_page(page, site, plan, source, convert) for page in pages]


def _parse_page(
    page: DumpPage, site: DumpSite, plan: SamplingPlan, source: str, convert: WikitextConverter
) -> ParsedPage:
    try:
        element = ET.fromstring(page.xml.decode("utf-8"))  # noqa: S314 - a page declares no entity
    except UnicodeDecodeError as error:
        return DamagedPage(
            f"not UTF-8: byte {page.byte + error.start + 1} of the XML is "
            f"0x{page.xml[error.start]:02X}, in the page {page.title}.\n"
            "  Download the dump again, or convert it to UTF-8 (iconv)."
        )
    except ET.ParseError as error:
        return DamagedPage(
            f"invalid XML in the page {page.title}, which begins at byte {page.byte}: {error}.\n"
            "  Download the dump again, or remove the page."
        )
    revisions = element.findall("revision")
    if not revisions or revisions[-1].findtext("model", "wikitext") != "wikitext":
        return "no wikitext"
    revision = revisions[-1]
    wikitext = revision.findtext("text", "")
    if _REDIRECT.match(wikitext):
        return "redirect"
    if is_disambiguation(wikitext, site.lang):
        return "disambiguation"
    try:
        converted = convert(wikitext)
    except ParserError:
        return "unparsable"
    revision_id = revision.findtext("id", "")
    meta = {
        "revision": int(revision_id) if revision_id.isdecimal() else None,
        "date": revision.findtext("timestamp"),
        "url": site.url(page.title),
        "licence": site.licence,
        "site": site.name,
        **converted.meta,
    }
    document = Document(
        id=page.id,
        text=converted.text,
        title=page.title,
        lang=site.lang,
        source=source,
        headings=converted.headings,
        meta={key: value for key, value in meta.items() if value is not None},
    )
    return plan.rejection_reason(document) or document


@dataclass(frozen=True)
class _PageBatch:
    """Pages in the order of the dump: the ones to parse, and why the others are skipped.

    pages    position in the dump, id and, of a skipped page, the reason
    to_parse the pages without a reason
    """

    pages: list[tuple[int, str, str | None]] = field(default_factory=list)
    to_parse: list[DumpPage] = field(default_factory=list)


def _batches(
    pages: Iterable[DumpPage], site: DumpSite, sample: BottomKSample | None
) -> Iterator[_PageBatch]:
    batch, size = _PageBatch(), 0
    for position, page in enumerate(pages):
        reason = _skip_reason(page, site)
        if reason is None and sample and not sample.accepts(page.id, position):
            reason = NOT_SAMPLED
        batch.pages.append((position, page.id, reason))
        if reason is None:
            batch.to_parse.append(page)
            size += len(page.xml)
        if size >= BATCH_BYTES or len(batch.pages) >= MAX_BATCH_PAGES:
            yield batch
            batch, size = _PageBatch(), 0
    yield batch


def _skip_reason(page: DumpPage, site: DumpSite) -> str | None:
    """Return why a page is not an article, by the XML before its text."""
    if not page.id:
        return "no id"
    if b"<redirect" in page.head:
        return "redirect"
    match = _NAMESPACE.search(page.head)
    if match is None and site.version >= NAMESPACE_VERSION:
        return "no namespace"
    namespace = int(match[1]) if match else site.namespace_of(page.title)
    return "other namespace" if namespace else None


def _parse_in_pool(
    batches: Iterable[_PageBatch],
    parse: Callable[[Sequence[DumpPage]], list[ParsedPage]],
    sample: BottomKSample | None,
    pool: Pool,
) -> Iterator[tuple[int, ParsedPage]]:
    """Yield the position and the result of each page.

    Pages are sent to the pool before the results of earlier ones are known. Those that the sample
    no longer accepts are only reported as such, so the counts do not depend on the number of
    processes.
    """
    pending: deque[_PageBatch] = deque()

    def send() -> Iterator[Sequence[DumpPage]]:
        for batch in batches:
            pending.append(batch)
            yield batch.to_parse

    for results in pool(parse, send()):
        parsed_pages = iter(results)
        for position, page_id, reason in pending.popleft().pages:
            if reason is not None:
                yield position, reason
                continue
            parsed = next(parsed_pages)
            accepted = sample is None or sample.accepts(page_id, position)
            yield position, parsed if accepted else NOT_SAMPLED


def _sample(
    parsed: Iterable[tuple[int, ParsedPage]],
    plan: SamplingPlan,
    sample: BottomKSample | None,
    *,
    counts: Counter[str],
    path: Path,
) -> Iterator[Document]:
    """Count the pages, and yield the sampled documents."""
    added = 0
    for position, document in parsed:
        counts["read"] += 1
        if isinstance(document, DamagedPage):
            raise DataError(f"{path}: {document.message}")
        if isinstance(document, str):
            counts[document] += 1
        elif sample:
            sample.add(document, position)
            added += 1
        else:
            counts["kept"] += 1
            yield document
            if counts["kept"] == plan.max_documents:
                return
    if sample:
        for document in sample.documents():
            counts["kept"] += 1
            yield document
        counts[NOT_SAMPLED] += added - counts["kept"]


def _parse_siteinfo(path: Path, head: bytes) -> DumpSite:
    try:
        return parse_siteinfo(head)
    except (ET.ParseError, ValueError) as error:
        raise DataError(
            f"{path}: invalid XML before its first page: {error}.\n  Download the dump again."
        ) from error
