"""Split the bytes of a MediaWiki dump into pages, without parsing their XML.

Page tags cannot occur in a text, where `<` is escaped.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent
from abrege.data.rows import shorten

PAGE_START, PAGE_END, DUMP_END = b"<page>", b"</page>", b"</mediawiki>"
MAX_HEAD_BYTES = 1024 * 1024
"""Bytes before the first page; those of Wikipedia are 5,000."""
MAX_PAGE_BYTES = 256 * 1024 * 1024
"""A text has 2 MB at most, a page with all its revisions any number."""

_TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_ID = re.compile(rb"<id>(\d+)</id>")


@dataclass(frozen=True)
class DumpPage:
    """The XML of a page of the dump."""

    xml: bytes
    byte: int
    """Where it begins in the XML of the dump."""

    @cached_property
    def head(self) -> bytes:
        """The XML before the first revision."""
        return self.xml[: self.xml.find(b"<revision")]

    @property
    def id(self) -> str:
        """The number of the page in its wiki; empty if it has none."""
        match = _ID.search(self.head)
        return match[1].decode() if match else ""

    @property
    def title(self) -> str:
        """The title of the page; empty if it has none."""
        match = _TITLE.search(self.head)
        return unescape(match[1].decode(errors="replace")) if match else ""


def split_pages(
    path: Path, chunks: Iterator[bytes], counts: Counter[str], on_event: OnEvent
) -> tuple[bytes, Iterator[DumpPage]]:
    """Return the XML before the first page, and an iterator over the pages.

    Raise DataError if this is not the XML of a dump. If the dump is truncated, a Note has the
    byte after the last complete page, and a started page is counted as `cut short`.
    """
    head = b""
    while PAGE_START not in head and len(head) < MAX_HEAD_BYTES:
        chunk = next(chunks, b"")
        if not chunk:
            break
        head += chunk
    start = head.find(PAGE_START)
    if start < 0 or b"<mediawiki" not in head[:start]:
        raise _not_a_dump(path, head)
    pages = _pages(path, head[start:], start, chunks=chunks, counts=counts, on_event=on_event)
    return head[:start], pages


def _pages(
    path: Path,
    buffer: bytes,
    byte: int,
    *,
    chunks: Iterator[bytes],
    counts: Counter[str],
    on_event: OnEvent,
) -> Iterator[DumpPage]:
    """Yield the pages, and report a truncated dump.

    buffer  bytes that were already read
    byte    where they begin in the XML
    """
    complete = 0
    while True:
        done = 0
        while (start := buffer.find(PAGE_START, done)) >= 0 and (
            end := buffer.find(PAGE_END, start)
        ) >= 0:
            done = end + len(PAGE_END)
            complete += 1
            yield DumpPage(buffer[start:done], byte + start)
        buffer, byte = buffer[done:], byte + done
        chunk = next(chunks, None)
        if chunk is None:
            break
        buffer += chunk
        if len(buffer) > MAX_PAGE_BYTES:
            raise DataError(
                f"{path}: the page at byte {byte} of the XML is longer than "
                f"{MAX_PAGE_BYTES >> 20} MB.\n"
                "  Use the dump without earlier revisions: pages-articles."
            )
    if DUMP_END in buffer:
        return
    partial = PAGE_START in buffer
    on_event(
        Note(
            f"{path}: truncated: its end is missing after byte {byte} of the XML; {complete} "
            f"complete pages were read{', and one partial page was skipped' if partial else ''}. "
            "Download the dump again for the rest."
        )
    )
    if partial:
        counts["read"] += 1
        counts["cut short"] += 1


def _not_a_dump(path: Path, head: bytes) -> DataError:
    """Describe a file that is not a dump, by its first bytes."""
    start = head.lstrip()[:200].lower()
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start:
        return DataError(
            f"{path}: not UTF-8: it looks like UTF-16.\n"
            "  Decompress it if necessary, and convert it: iconv -f UTF-16 -t UTF-8."
        )
    excerpt = shorten(head[:200].decode(errors="replace"))
    if start.startswith((b"<!doctype html", b"<html")):
        return DataError(
            f"{path}: expected a dump, found an HTML page: {excerpt}\n"
            "  A server sends such a page if it does not have the file. Download the dump again."
        )
    if head and b"<mediawiki" not in head:
        return DataError(
            f"{path}: not a MediaWiki dump: it begins with {excerpt}\n"
            "  Use a file named …-pages-articles.xml.bz2, or an export of Special:Export."
        )
    if DUMP_END in head:
        return DataError(f"{path}: this dump has no pages.\n  Export at least one page.")
    return DataError(f"{path}: this dump is truncated before its first page.\n  Download it again.")
