"""Summaries of any tool beside their references, read row by row in step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Candidate, Pair
from abrege.data import load as loading
from abrege.data.columns import GROUP, ID, LANG, NUMBERED, SUMMARY
from abrege.data.readers import READERS, existing
from abrege.data.rows import Row, lines, shorten

PREDICTION = (
    *("prediction", "predictions", "predict", "predicted", "pred", "hypothesis", "candidate"),
    *("generated", "generated_text", "generation", "filtered_resps", "response"),
)
REFERENCE = ("references", "reference", "label", "labels", "gold", "gold_summary", *SUMMARY)
ENDED = ("finish_reason", "stop_reason")
TOKENS = ("new_tokens", "completion_tokens", "gen_len")
PARTS = ("prediction", "reference", "id", "group", "lang", "finish_reason", "new_tokens")
IN_DATA = {"reference": "summary", "document": "document", "group": "group"}
"""Part of --columns → what `corpus.loading` calls it, where pairs hold the references."""
LINES = "line"
"""The one column of a file of plain lines."""

_NAMES = (PREDICTION, REFERENCE, ID, GROUP, LANG, ENDED, TOKENS)
_KNOWN = dict(zip(PARTS, _NAMES, strict=True))
_HALVES = "\ud800-\udfff"


@dataclass(frozen=True)
class Source:
    """A file of rows, and which of its columns plays which part."""

    path: Path
    rows: Iterator[Row]
    columns: Mapping[str, Sequence[str]]

    def describe(self) -> str:
        """Give the mapping on one line."""
        parts = [f"{part} ← {' + '.join(names)}" for part, names in self.columns.items()]
        return f"{self.path}: {', '.join(parts)}"


def read(
    predictions: Path,
    *,
    references: Sequence[Path] = (),
    data: str | None = None,
    columns: Mapping[str, str] | None = None,
    on_event: OnEvent = silent,
) -> Iterator[Candidate]:
    """Yield each prediction with its references, as the files are read.

    predictions  plain lines, or rows by the suffix; may hold the references too
    references   files row by row in step with it; several give several references
    data         pairs as `corpus.loading` reads them, instead of references
    columns      part of PARTS → column, where names do not say it; where there is `data`, those of
                 IN_DATA are columns of the pairs

    Rows are matched by their order, and their ids must agree where both sides have them.
    DataError says where the sides have different numbers of rows, and which text is missing.
    """
    given = dict(columns or {})
    _check(given, references, data)
    beside = bool(references or data)
    elsewhere = IN_DATA if data else ("reference",) if references else ()
    wanted = {part: name for part, name in given.items() if part not in elsewhere}
    source = _open(predictions, ("prediction",) if beside else ("prediction", "reference"), wanted)
    on_event(Note(source.describe()))
    if data:
        yield from _against_pairs(source, _pairs(data, given, on_event), data)
        return
    others = [
        _open(path, ("reference",), {k: v for k, v in given.items() if k == "reference"})
        for path in references
    ]
    for other in others:
        on_event(Note(other.describe()))
    yield from _in_step([source, *others])


def _check(given: Mapping[str, str], references: Sequence[Path], data: str | None) -> None:
    if references and data:
        raise RecipeError("give --references or --data, not both")
    known = [*PARTS, *(["document"] if data else [])]
    unknown = [part for part in given if part not in known]
    if unknown:
        raise RecipeError(f"--columns: no part {unknown[0]!r}.\n  Known: {', '.join(known)}.")


def _open(path: Path, needed: Sequence[str], given: Mapping[str, str]) -> Source:
    path = existing(path)
    suffix = next((end for end in READERS if path.name.lower().endswith(end)), None)
    rows = READERS[suffix](path) if suffix else _plain(path)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: this file holds no rows.\n  Give a file with at least one row.")
    rows = chain([first], rows)
    if suffix is None:
        if len(needed) > 1:
            raise DataError(
                f"{path}: lines of text hold no references.\n"
                "  Give them with --references FILE or --data FILE."
            )
        return Source(path, rows, {needed[0]: [LINES]})
    return Source(path, rows, _recognise(path, list(first.values), needed, given))


def _plain(path: Path) -> Iterator[Row]:
    for number, text in lines(path):
        yield Row(f"{path}:{number}", str(number), {LINES: text.rstrip("\r\n")})


def _recognise(
    path: Path, found: Sequence[str], needed: Sequence[str], given: Mapping[str, str]
) -> dict[str, Sequence[str]]:
    """Say which column plays which part; the parts beyond those needed may be missing."""
    columns: dict[str, Sequence[str]] = {}
    for part in (*needed, *(p for p in PARTS if p not in ("prediction", "reference"))):
        if part in given:
            if given[part] not in found:
                raise DataError(
                    f"{path}: there is no column {given[part]!r}, which --columns names.\n"
                    f"  Columns found: {', '.join(found)}."
                )
            columns[part] = [given[part]]
            continue
        free = [c for c in found if c not in given.values()]
        fitting = [c for c in free if c.strip().casefold() in _KNOWN[part]]
        numbered = [c for c in free if NUMBERED.fullmatch(c.strip().casefold())]
        if part == "reference" and numbered:
            columns[part] = numbered
        elif part in needed and len(fitting) != 1:
            could = (
                f"could be {' or '.join(fitting)}" if fitting else "has no column of a known name"
            )
            raise DataError(
                f"{path}: the {part} {could}.\n  Columns found: {', '.join(found)}.\n"
                f"  Say which one it is: --columns {part}=NAME"
                + (", or give --references FILE." if part == "reference" else ".")
            )
        elif fitting:
            columns[part] = fitting[:1]
    return columns


def _in_step(sources: Sequence[Source]) -> Iterator[Candidate]:
    streams = [iter(source.rows) for source in sources]
    for count, rows in enumerate(zip_longest(*streams)):
        if any(row is None for row in rows):
            raise _unequal(sources, rows, streams, count)
        head, *others = rows
        own = [_texts(head, c, "reference") for c in sources[0].columns.get("reference", [])]
        theirs = [
            _texts(row, column, "reference")
            for source, row in zip(sources[1:], others, strict=True)
            for column in source.columns["reference"]
        ]
        found = _candidate(head, sources[0].columns, [t for texts in own + theirs for t in texts])
        for source, row in zip(sources[1:], others, strict=True):
            _same_id(found.id, head, _name(row, source.columns, "id"), row.where, sources[0])
            found = replace(found, group=found.group or _name(row, source.columns, "group"))
        yield found


def _against_pairs(source: Source, pairs: Sequence[Pair], data: str) -> Iterator[Candidate]:
    for count, (row, pair) in enumerate(zip_longest(source.rows, pairs)):
        if row is None or pair is None:
            total = count + 1 + sum(1 for _ in source.rows) if pair is None else count
            raise _counts(source.path, total, data, len(pairs))
        found = _candidate(row, source.columns, pair.references)
        _same_id(found.id, row, pair.id, f"{data} row {count + 1}", source)
        yield replace(
            found,
            id=pair.id,
            group=found.group or pair.group,
            lang=found.lang or pair.lang,
            document=pair.document,
            meta={**pair.meta, **found.meta},
        )


def _pairs(data: str, given: Mapping[str, str], on_event: OnEvent) -> Sequence[Pair]:
    columns = {IN_DATA[part]: name for part, name in given.items() if part in IN_DATA}
    try:
        splits = loading.load(data, columns=columns, lang=None, on_event=on_event).splits
    except DataError as error:
        if "data.columns" not in str(error):
            raise
        here = "  Here: --columns reference=NAME document=NAME"
        raise DataError(f"{error}\n{here}") from error
    if len(splits) > 1 and "test" not in splits:
        raise DataError(f"{data}: which of its splits is it? It has {', '.join(splits)}.")
    return splits["test"] if len(splits) > 1 else next(iter(splits.values()))


def _candidate(row: Row, columns: Mapping[str, Sequence[str]], references: list[str]) -> Candidate:
    [prediction] = _texts(row, columns["prediction"][0], "prediction")
    used = {name for names in columns.values() for name in names}
    return Candidate(
        id=_name(row, columns, "id") or row.name,
        prediction=prediction,
        references=references,
        group=_name(row, columns, "group"),
        lang=_name(row, columns, "lang"),
        finish_reason=_name(row, columns, "finish_reason"),
        new_tokens=_count(row, columns),
        meta={c: v for c, v in row.values.items() if c not in used},
    )


def _texts(row: Row, column: str, part: str) -> list[str]:
    """Read a text, or the texts of a list; a prediction may be empty, a reference may not."""
    value = row.values.get(column)
    items: list[Any] = value if isinstance(value, list) else [value]
    if part == "prediction" and len(items) != 1:
        raise DataError(f"{row.where}: {len(items)} predictions ({column}) where one was expected.")
    if not items:
        raise DataError(f"{row.where}: the {part} ({column}) is a list without items.")
    for item in items:
        if not isinstance(item, str):
            kind = "missing" if item is None else f"a {type(item).__name__} where text should be"
            raise DataError(f"{row.where}: the {part} ({column}) is {kind}: {shorten(item)}")
        if part == "reference" and not item.strip():
            raise DataError(
                f"{row.where}: the reference ({column}) is empty.\n"
                "  Take the row out on both sides, or mend it."
            )
    return [_whole(item) for item in items]


def _whole(text: str) -> str:
    """Replace halves of characters, which no file can hold, by the sign for what is unreadable."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(row: Row, columns: Mapping[str, Sequence[str]], part: str) -> str | None:
    value: Any = row.values.get(columns[part][0]) if part in columns else None
    return None if value is None or value == "" else str(value)


def _count(row: Row, columns: Mapping[str, Sequence[str]]) -> int | None:
    """Read how many tokens a model wrote; 0 is what a rule writes, which has none."""
    text = _name(row, columns, "new_tokens")
    return int(text) if text and text.isdecimal() and int(text) else None


def _same_id(ours: str, row: Row, theirs: str | None, where: str, source: Source) -> None:
    if theirs is not None and "id" in source.columns and ours != theirs:
        raise DataError(
            f"{row.where}: the id is {ours!r}, but {where} has {theirs!r}.\n"
            "  Rows are matched by their order: put both sides in the same one."
        )


def _unequal(
    sources: Sequence[Source],
    rows: Sequence[Row | None],
    streams: Sequence[Iterator[Row]],
    count: int,
) -> DataError:
    totals = [
        count + (row is not None) + sum(1 for _ in stream)
        for row, stream in zip(rows, streams, strict=True)
    ]
    other = next(n for n, total in enumerate(totals) if total != totals[0])
    return _counts(sources[0].path, totals[0], str(sources[other].path), totals[other])


def _counts(path: Path, predictions: int, other: str, references: int) -> DataError:
    return DataError(
        f"{path} has {predictions} rows, but {other} has {references}.\n"
        "  Each prediction needs its own reference: nothing is scored."
    )
