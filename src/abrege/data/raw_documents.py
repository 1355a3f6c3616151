"""Read documents from a folder of texts, a file of rows or a dataset on the hub."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.types import Document
from abrege.data import hub, readers
from abrege.data.chat_turns import InvalidValueError
from abrege.data.column_roles import DocumentColumnRoles
from abrege.data.columns import column_names, detect_document_columns
from abrege.data.document_files import TEXT_SUFFIXES, is_text_file, parse_file, utf8_name
from abrege.data.load import local_path
from abrege.data.pairs import read_label, read_meta
from abrege.data.rows import SourceRow, shorten
from abrege.data.sampling import BottomKSample, SamplingPlan

_RowReader: TypeAlias = tuple[str, list[str], Callable[[], Iterator[SourceRow]]]
"""The source of rows, for messages; their columns; and a function that reads them."""
UNREADABLE = "unreadable"
MAX_SHOWN_FILES = 5
"""How many skipped files a note names for each reason."""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which no UTF-8 file can contain."""


@dataclass(frozen=True)
class UnparsedDocument:
    """The id of a document, and a function that returns it, or why it gives none."""

    id: str
    parse: Callable[[], Document | str]


def read_documents(
    source: str,
    *,
    columns: Mapping[str, str | None],
    lang: str | None,
    plan: SamplingPlan,
    counts: Counter[str],
    on_event: OnEvent = silent,
) -> Iterator[Document]:
    """Yield a sample of the documents of a folder, a file or a dataset on the hub.

    source   folder of .txt, .md and .html with its subfolders, one such file, a file of rows
             (see readers), a folder that `save_to_disk` wrote, a name on the hub
    columns  which column is which, see recipe.Collect; the mapping is reported before it is used
    lang     language of documents that have none of their own
    counts   filled: read = kept + each reason for which a document was skipped

    Raise DataError, RecipeError or SetupError with what cannot be read, where, and why.
    """
    path = local_path(source)
    if (
        path is not None
        and (path.is_dir() or is_text_file(path))
        and not hub.is_saved_dataset(path)
    ):
        documents = _from_files(path, columns, lang=lang, on_event=on_event)
    else:
        documents = _from_rows(source, path, columns, lang=lang, on_event=on_event)
    yield from _sample(documents, plan, counts)


def _sample(
    documents: Iterable[UnparsedDocument], plan: SamplingPlan, counts: Counter[str]
) -> Iterator[Document]:
    """Parse and yield the sampled documents; if all are taken, each one as it is read."""
    sample, ids = BottomKSample(plan), set[str]()
    for position, unparsed in enumerate(documents):
        counts["read"] += 1
        if not sample.accepts(unparsed.id, position):
            continue
        document = unparsed.parse()
        reason = document if isinstance(document, str) else plan.rejection_reason(document)
        if reason is not None or isinstance(document, str):
            counts[str(reason)] += 1
        elif plan.max_documents is None:
            yield _count_unique(document, ids, counts)
        else:
            sample.add(document, position)
        if sample.full:
            break
    for document in sample.documents():
        yield _count_unique(document, ids, counts)
    skipped = counts["read"] - sum(n for reason, n in counts.items() if reason != "read")
    counts.update({"not drawn": skipped} if skipped else {})


def _count_unique(document: Document, ids: set[str], counts: Counter[str]) -> Document:
    """Count a document of the sample and return it; raise DataError if its id is repeated."""
    if document.id in ids:
        raise DataError(
            f"{document.source}: two documents have the id {document.id!r}.\n"
            "  Give each document a unique id, or name another column as collect.columns.id."
        )
    ids.add(document.id)
    counts["kept"] += 1
    return document


def _from_files(
    path: Path, columns: Mapping[str, str | None], *, lang: str | None, on_event: OnEvent
) -> Iterator[UnparsedDocument]:
    """Yield the files of a folder and its subfolders, sorted by name, without hidden ones."""
    named = [key for key, value in columns.items() if value is not None]
    if named:
        raise RecipeError(
            f"collect.columns.{named[0]} has no effect on {path}, which has no columns.\n"
            "  Remove collect.columns from the recipe."
        )
    root = path if path.is_dir() else path.parent
    files = path.rglob("*") if path.is_dir() else [path]
    present = [file for file in files if not file.is_dir()]
    names = sorted(file.relative_to(root).as_posix() for file in present)
    names = [name for name in names if not any(p.startswith(".") for p in name.split("/"))]
    if not any(name.lower().endswith(TEXT_SUFFIXES) for name in names):
        raise DataError(
            f"{path}: there is no {', '.join(TEXT_SUFFIXES)} in this folder.\n"
            f"  Found: {shorten(', '.join(names), 100) or 'nothing'}.\n"
            "  To read a file of rows, name the file as collect.source, not its folder."
        )
    skipped = defaultdict[str, list[str]](list)
    for done, name in enumerate(names, start=1):
        parse = partial(parse_file, root / name, name, lang=lang)
        if path.is_dir():
            parse = partial(_parse_or_skip, parse, name, skipped)
        yield UnparsedDocument(utf8_name(name), parse)
        on_event(Progress("collect", done, len(names), "files"))
    for reason, skipped_names in sorted(skipped.items()):
        listed = utf8_name(_shown_names(skipped_names))
        on_event(Note(f"{path}: {reason} {len(skipped_names)}: {listed}"))


def _parse_or_skip(
    parse: Callable[[], Document | str], name: str, skipped: Mapping[str, list[str]]
) -> Document | str:
    """Return the document of a file of a folder, or why it gives none, with its name in `skipped`.

    A file that cannot be read is skipped: one page of thousands must not end the collection.
    """
    try:
        document = parse()
    except (DataError, OSError) as error:
        problem = str(error).split("\n")[0].removesuffix(".")
        skipped[UNREADABLE].append(problem if name in problem else f"{name} ({problem})")
        return UNREADABLE
    if isinstance(document, str):
        skipped[document].append(name)
    return document


def _shown_names(names: Sequence[str]) -> str:
    more = len(names) - MAX_SHOWN_FILES
    return "; ".join(names[:MAX_SHOWN_FILES]) + (f" and {more} more" if more > 0 else "")


def _from_rows(
    source: str,
    path: Path | None,
    columns: Mapping[str, str | None],
    *,
    lang: str | None,
    on_event: OnEvent,
) -> Iterator[UnparsedDocument]:
    """Yield the rows of a file or of a dataset, after detecting and reporting its columns."""
    if path is not None and not path.is_dir():
        names = column_names(row.values for row in readers.stream_rows(path))
        row_readers: list[_RowReader] = [(str(path), names, partial(readers.stream_rows, path))]
    else:
        splits = (
            hub.open_saved_dataset(path)
            if path
            else hub.open_hub_dataset(source, on_event=on_event)
        )
        row_readers = [
            (f"{source} ({split.split})", list(split.data.column_names), split.rows)
            for split in splits
        ]
    for where, names, read_rows in row_readers:
        roles = detect_document_columns(names, columns, where=where)
        on_event(Note(f"{where}: {roles.describe()}"))
        for row in read_rows():
            parse = partial(_parse_row, row, roles, lang=lang, source=source)
            yield UnparsedDocument(_row_id(row, roles), parse)


def _row_id(row: SourceRow, columns: DocumentColumnRoles) -> str:
    try:
        return read_label(row, columns.id, "id", required=True) or row.default_id
    except InvalidValueError as error:
        raise DataError(
            f"{row.location}: {error.problem}.\n  Give each row a unique id."
        ) from error


def _parse_row(
    row: SourceRow, columns: DocumentColumnRoles, *, lang: str | None, source: str
) -> Document | str:
    """Convert a row to a document; return `empty` if it has no text."""
    text = row.values.get(columns.text)
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = "\n\n".join(text)
    if text is None or text == "":
        return "empty"
    if not isinstance(text, str):
        raise DataError(
            f"{row.location}: {columns.text} is not text: {shorten(repr(text))}\n"
            "  Name the right column as collect.columns.text, or correct the row."
        )
    if broken := _SURROGATE.search(text):
        raise DataError(
            f"{row.location}: {columns.text} contains an unpaired surrogate, half a character "
            f"(U+{ord(broken[0]):04X}).\n  Correct the row."
        )
    try:
        return Document(
            id=_row_id(row, columns),
            text=text.replace("\r\n", "\n").strip(),
            title=read_label(row, columns.title, "title"),
            lang=read_label(row, columns.lang, "lang") or lang,
            source=source,
            meta=read_meta(row, columns.meta),
        )
    except InvalidValueError as error:
        raise DataError(
            f"{row.location}: {error.problem}: {error.value}\n  Correct the row."
        ) from error
