"""Documents from a folder of texts, a file of rows or a name on the hub."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.types import Document
from abrege.data import html_markdown as markup
from abrege.data import hub, readers
from abrege.data.columns import DocumentRoles, columns_of, recognise_documents
from abrege.data.load import local
from abrege.data.pairs import BadValueError, meta_of, name_of
from abrege.data.rows import Row, lines, shorten
from abrege.data.sampling import Draw, Drawn

_Table: TypeAlias = tuple[str, list[str], Callable[[], Iterator[Row]]]
"""Where rows stand, their columns, and how to read them."""
TEXT = (".txt", ".md", ".markdown", ".html", ".htm")
OTHER_KIND = "other kind of file"
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which no file can hold."""
WESTERN = ("iso-8859-1", "latin1", "us-ascii", "ascii")
"""Names under which pages hold windows-1252, as the HTML standard has it."""
PRESCAN = 1024
"""Bytes of a page in which the HTML standard looks for its encoding."""


@dataclass(frozen=True)
class Found:
    """A document that could be read: its name, and how to read it, or why it gives none."""

    id: str
    parse: Callable[[], Document | str]


def read(
    source: str,
    *,
    columns: Mapping[str, str | None],
    lang: str | None,
    draw: Draw,
    counts: Counter[str],
    on_event: OnEvent = silent,
) -> Iterator[Document]:
    """Yield the documents drawn from a folder, a file or a dataset on the hub.

    source   folder of .txt, .md and .html with all that is in it, one such file, a file of rows
             (see readers), a folder that `save_to_disk` wrote, a name on the hub
    columns  which column is what, see recipe.Collect; the mapping is told before it is used
    lang     language of documents that do not say theirs
    counts   filled: read = kept + each reason for which a document was left out

    DataError, RecipeError and SetupError say what cannot be read, where, and why.
    """
    path = local(source)
    if path is not None and (path.is_dir() or _is_text(path)) and not hub.is_saved_folder(path):
        found = _files(path, columns, lang=lang, on_event=on_event)
    else:
        found = _rows(source, path, columns, lang=lang, on_event=on_event)
    yield from _drawn(found, draw, counts)


def _drawn(found: Iterable[Found], draw: Draw, counts: Counter[str]) -> Iterator[Document]:
    """Read what is wanted and yield what is drawn, as it comes where all are taken."""
    chosen, seen = Drawn(draw), set[str]()
    for place, each in enumerate(found):
        counts["read"] += 1
        if not chosen.wants(each.id, place):
            continue
        document = each.parse()
        reason = document if isinstance(document, str) else draw.unfit(document)
        if reason is not None or isinstance(document, str):
            counts[str(reason)] += 1
        elif draw.articles is None:
            yield _once(document, seen, counts)
        else:
            chosen.add(document, place)
        if chosen.full:
            break
    for document in chosen.documents():
        yield _once(document, seen, counts)
    left = counts["read"] - sum(n for reason, n in counts.items() if reason != "read")
    counts.update({"not drawn": left} if left else {})


def _once(document: Document, seen: set[str], counts: Counter[str]) -> Document:
    """Count a document that is kept; DataError where another of its id was."""
    if document.id in seen:
        raise DataError(
            f"{document.source}: two documents have the id {document.id!r}.\n"
            "  Give each an id of its own, or name another column as collect.columns.id."
        )
    seen.add(document.id)
    counts["kept"] += 1
    return document


def _is_text(path: Path) -> bool:
    return path.name.lower().endswith(TEXT)


def _files(
    path: Path, columns: Mapping[str, str | None], *, lang: str | None, on_event: OnEvent
) -> Iterator[Found]:
    """Yield the files in a folder and below it, in the order of their names, hidden ones not."""
    given = [key for key, value in columns.items() if value is not None]
    if given:
        raise RecipeError(
            f"collect.columns.{given[0]} has no effect on {path}, which holds no columns.\n"
            "  Take collect.columns out of the recipe."
        )
    root = path if path.is_dir() else path.parent
    inside = path.rglob("*") if path.is_dir() else [path]
    names = sorted(file.relative_to(root).as_posix() for file in inside if file.is_file())
    names = [name for name in names if not any(p.startswith(".") for p in name.split("/"))]
    if not any(name.lower().endswith(TEXT) for name in names):
        raise DataError(
            f"{path}: there is no {', '.join(TEXT)} in this folder.\n"
            f"  Found: {shorten(', '.join(names), 100) or 'nothing'}.\n"
            "  Name a file of rows itself as collect.source, not its folder."
        )
    for done, name in enumerate(names, start=1):
        yield Found(name, partial(_file, root / name, name, lang=lang))
        on_event(Progress("collect", done, len(names), "files"))


def _file(path: Path, name: str, *, lang: str | None) -> Document | str:
    if not _is_text(path):
        return OTHER_KIND
    if not path.stat().st_size:
        return "empty"
    kind = path.suffix.lower()
    if kind == ".txt":
        return Document(id=name, text=_plain(path), lang=lang, source=str(path))
    if kind in (".html", ".htm"):
        found, nothing = markup.from_html(_page(path)), "no main text found"
    else:
        found, nothing = markup.from_markdown(_plain(path)), "empty"
    if not found.text:
        return nothing
    return Document(
        id=name,
        text=found.text,
        title=found.title,
        lang=lang,
        source=str(path),
        headings=found.headings,
        meta=found.meta,
    )


def _plain(path: Path) -> str:
    return "".join(line for _, line in lines(path)).replace("\r\n", "\n").strip()


def _page(path: Path) -> str:
    """Decode a page: as UTF-8 where it is, else as it says itself."""
    page = path.read_bytes()
    declared = _CHARSET.search(page, 0, PRESCAN)
    if page.startswith((b"\xff\xfe", b"\xfe\xff")):
        names = ["utf-16"]
    else:
        name = declared[1].decode().lower() if declared else "utf-8"
        names = ["utf-8-sig", "cp1252" if name in WESTERN else name]
    for name in names:
        try:
            return page.decode(name)
        except UnicodeDecodeError as error:
            wrong = error
        except LookupError:
            raise DataError(
                f"{path}: this page says that its encoding is {name}, which is none.\n"
                "  Save it as UTF-8."
            ) from None
    raise DataError(
        f"{path}: not {wrong.encoding}: byte {wrong.start + 1} of the file is "
        f"0x{page[wrong.start]:02X}.\n  Save the page as UTF-8."
    ) from wrong


def _rows(
    source: str,
    path: Path | None,
    columns: Mapping[str, str | None],
    *,
    lang: str | None,
    on_event: OnEvent,
) -> Iterator[Found]:
    """Yield the rows of a file or of a dataset, its columns recognised and told."""
    if path is not None and not path.is_dir():
        names = columns_of(row.values for row in readers.stream(path))
        tables: list[_Table] = [(str(path), names, partial(readers.stream, path))]
    else:
        opened = hub.open_folder(path) if path else hub.open_hub(source, on_event=on_event)
        tables = [(f"{source} ({t.split})", list(t.data.column_names), t.rows) for t in opened]
    for where, names, rows in tables:
        roles = recognise_documents(names, columns, where=where)
        on_event(Note(f"{where}: {roles.describe()}"))
        for row in rows():
            yield Found(_id(row, roles), partial(_document, row, roles, lang=lang, source=source))


def _id(row: Row, roles: DocumentRoles) -> str:
    try:
        return name_of(row, roles.id, "id", required=True) or row.name
    except BadValueError as bad:
        raise DataError(f"{row.where}: {bad.kind}.\n  Give each row an id of its own.") from bad


def _document(row: Row, roles: DocumentRoles, *, lang: str | None, source: str) -> Document | str:
    """Turn a row into a document: `empty` where it has no text."""
    text = row.values.get(roles.text)
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = "\n\n".join(text)
    if text is None or text == "":
        return "empty"
    if not isinstance(text, str) or _HALF.search(text):
        raise DataError(
            f"{row.where}: {roles.text} is no text: {shorten(repr(text))}\n"
            "  Name the right column as collect.columns.text, or mend the row."
        )
    try:
        return Document(
            id=_id(row, roles),
            text=text.replace("\r\n", "\n").strip(),
            title=name_of(row, roles.title, "title"),
            lang=name_of(row, roles.lang, "lang") or lang,
            source=source,
            meta=meta_of(row, roles.meta),
        )
    except BadValueError as bad:
        raise DataError(f"{row.where}: {bad.kind}: {bad.found}\n  Mend the row.") from bad
