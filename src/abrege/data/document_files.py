"""Documents from files of text, Markdown and HTML: one file is one document."""

import os
import re
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.types import Document
from abrege.data import html_markdown
from abrege.data.boilerplate import is_consent_page
from abrege.data.rows import read_lines

TEXT_SUFFIXES = (".txt", ".md", ".markdown", ".html", ".htm")
CONSENT_PAGE = "boilerplate: a page that asks for consent to cookies"
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
CP1252_NAMES = ("iso-8859-1", "latin1", "us-ascii", "ascii")
"""Encodings that mean windows-1252 in a page, by the HTML standard."""
PRESCAN_BYTES = 1024
"""Start of a page in which the HTML standard looks for its encoding."""


def is_text_file(path: Path) -> bool:
    """Return whether a file has the suffix of a document."""
    return path.name.lower().endswith(TEXT_SUFFIXES)


def utf8_name(name: str) -> str:
    """Return a file's name as text; its bytes that are not UTF-8 become escapes in hex."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def parse_file(path: Path, name: str, *, lang: str | None) -> Document | str:
    """Return the document of a file, or why it gives none.

    name  in the folder of the source, by which the document is known

    Raise DataError for text in an unknown encoding.
    """
    if not is_text_file(path):
        return "other kind of file"
    if not path.is_file():
        return "pipe, device or broken link"
    if not path.stat().st_size:
        return "empty"
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return Document(
            id=utf8_name(name), text=_read_text(path), lang=lang, source=utf8_name(str(path))
        )
    if suffix in (".html", ".htm"):
        parsed, reason = html_markdown.extract_html(_decode_html(path)), "no main text found"
    else:
        parsed, reason = html_markdown.convert_markdown(_read_text(path)), "empty"
    if not parsed.text:
        return reason
    if is_consent_page(parsed.text):
        return CONSENT_PAGE
    return Document(
        id=utf8_name(name),
        text=parsed.text,
        title=parsed.title,
        lang=lang,
        source=utf8_name(str(path)),
        headings=parsed.headings,
        meta=parsed.meta,
    )


def _read_text(path: Path) -> str:
    return "".join(line for _, line in read_lines(path)).replace("\r\n", "\n").strip()


def _decode_html(path: Path) -> str:
    """Decode a page: as UTF-8 if it is valid, else by the encoding that it declares."""
    page = path.read_bytes()
    declared = _CHARSET.search(page, 0, PRESCAN_BYTES)
    if page.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        name = declared[1].decode().lower() if declared else "utf-8"
        encodings = ["utf-8-sig", "cp1252" if name in CP1252_NAMES else name]
    for encoding in encodings:
        try:
            return page.decode(encoding)
        except UnicodeDecodeError as error:
            decode_error = error
        except LookupError:
            raise DataError(
                f"{path}: this page declares the encoding {encoding}, which does not exist.\n"
                "  Save it as UTF-8."
            ) from None
    raise DataError(
        f"{path}: not {decode_error.encoding}: byte {decode_error.start + 1} of the file is "
        f"0x{page[decode_error.start]:02X}.\n  Save the page as UTF-8."
    ) from decode_error
