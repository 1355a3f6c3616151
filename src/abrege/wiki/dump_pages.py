"""Find the pages of a MediaWiki dump in its bytes, without reading their XML.

Their tags cannot stand in a text, where `<` is escaped.
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

OPEN, CLOSE, END = b"<page>", b"</page>", b"</mediawiki>"
LONGEST_HEAD = 1024 * 1024
"""Bytes before the first page; those of Wikipedia are 5,000."""
LONGEST = 256 * 1024 * 1024
"""Bytes of a page; a text has 2 MB at most, a page with all its revisions any number."""

_TITLE = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_ID = re.compile(rb"<id>(\d+)</id>")


@dataclass(frozen=True)
class Page:
    """A page as it stands in the dump."""

    xml: bytes
    byte: int
    """Where it begins in the XML."""

    @cached_property
    def head(self) -> bytes:
        """Give what stands before its revisions."""
        return self.xml[: self.xml.find(b"<revision")]

    @property
    def id(self) -> str:
        """Give the number of the page in its wiki; nothing where it has none."""
        found = _ID.search(self.head)
        return found[1].decode() if found else ""

    @property
    def title(self) -> str:
        """Give the title of the page."""
        found = _TITLE.search(self.head)
        return unescape(found[1].decode(errors="replace")) if found else ""


def split(
    path: Path, chunks: Iterator[bytes], counts: Counter[str], on_event: OnEvent
) -> tuple[bytes, Iterator[Page]]:
    """Give what stands before the first page, and the pages."""
    head = b""
    while OPEN not in head and len(head) < LONGEST_HEAD:
        more = next(chunks, b"")
        if not more:
            break
        head += more
    at = head.find(OPEN)
    if at < 0 or b"<mediawiki" not in head[:at]:
        raise _no_dump(path, head)
    return head[:at], _pages(path, head[at:], at, chunks=chunks, counts=counts, on_event=on_event)


def _pages(
    path: Path,
    held: bytes,
    byte: int,
    *,
    chunks: Iterator[bytes],
    counts: Counter[str],
    on_event: OnEvent,
) -> Iterator[Page]:
    """Yield pages; say so where the dump ends before its end.

    held  what was read already
    byte  where that begins in the XML
    """
    whole = 0
    while True:
        done = 0
        while (at := held.find(OPEN, done)) >= 0 and (end := held.find(CLOSE, at)) >= 0:
            done = end + len(CLOSE)
            whole += 1
            yield Page(held[at:done], byte + at)
        held, byte = held[done:], byte + done
        more = next(chunks, None)
        if more is None:
            break
        held += more
        if len(held) > LONGEST:
            raise DataError(
                f"{path}: the page at byte {byte} of the XML is longer than {LONGEST >> 20} MB.\n"
                "  Take the dump without earlier revisions: pages-articles."
            )
    if END in held:
        return
    half = OPEN in held
    on_event(
        Note(
            f"{path}: cut short: its end is missing after byte {byte} of the XML; the {whole} "
            f"whole pages before it are read{', half a page after it is not' if half else ''}. "
            "Fetch the dump again for the rest."
        )
    )
    if half:
        counts["read"] += 1
        counts["cut short"] += 1


def _no_dump(path: Path, head: bytes) -> DataError:
    """Say what a file is that is no dump, as well as its first bytes tell."""
    begins = head.lstrip()[:200].lower()
    if begins.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in begins:
        return DataError(
            f"{path}: not UTF-8: it looks like UTF-16.\n"
            "  Unpack it where it is compressed, and write it anew: iconv -f UTF-16 -t UTF-8."
        )
    shown = shorten(head[:200].decode(errors="replace"))
    if begins.startswith((b"<!doctype html", b"<html")):
        return DataError(
            f"{path}: an HTML page where a dump was expected: {shown}\n"
            "  A server gives such a page where it has no such file. Fetch the dump again."
        )
    if head and b"<mediawiki" not in head:
        return DataError(
            f"{path}: no MediaWiki dump: it begins with {shown}\n"
            "  Take a file named …-pages-articles.xml.bz2, or an export of Special:Export."
        )
    if END in head:
        return DataError(f"{path}: this dump holds no pages.\n  Export at least one page.")
    return DataError(f"{path}: this dump is cut short before its first page.\n  Fetch it again.")
