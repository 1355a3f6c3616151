"""Read predictions: a run's own file, or any tool's file with its references, row by row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl
from abrege.core.types import EvaluationRow, Pair, Prediction
from abrege.data.load import load_pairs
from abrege.data.prediction_columns import (
    PREDICTION_ROLES,
    answer_text,
    detect_prediction_columns,
    read_texts,
    replace_surrogates,
)
from abrege.data.readers import READERS, check_convertible, existing_file, open_rows
from abrege.data.rows import STRICT, ReadOptions, SourceRow, read_lines
from abrege.data.same_document import join_answered_rows

PAIR_ROLES = {"reference": "summary", "document": "document", "group": "group"}
"""Role in --columns → its name in `load_pairs`, for roles that --data has."""
LINE_COLUMN = "line"
"""The only column of a file of plain lines."""


@dataclass(frozen=True)
class PredictionFile:
    """A file of predictions or references: its rows, and which of its columns has which role."""

    path: Path
    rows: Iterator[SourceRow]
    columns: Mapping[str, Sequence[str]]

    def describe(self) -> str:
        """Return the column mapping as one line."""
        mapping = [f"{role} ← {' + '.join(names)}" for role, names in self.columns.items()]
        return f"{self.path}: {', '.join(mapping)}"


def read_run_predictions(path: Path, pairs: Sequence[Pair]) -> list[Prediction]:
    """Read a system's predictions in a run folder.

    Raise DataError unless their ids are those of the pairs, in the same order.
    """
    predictions = list(read_jsonl(path, Prediction))
    for number, (pair, prediction) in enumerate(zip_longest(pairs, predictions), start=1):
        if pair is None or prediction is None or pair.id != prediction.id:
            expected = "no more rows" if pair is None else f"id {pair.id!r}"
            actual = "the end of the file" if prediction is None else f"id {prediction.id!r}"
            raise DataError(
                f"{path}:{number}: expected {expected}, as in split/test.jsonl, found {actual}.\n"
                "  Delete this file and its manifest, and run abrege generate again."
            )
    return predictions


def read_systems(
    paths: Sequence[Path],
    *,
    references: Sequence[Path] = (),
    data: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: ReadOptions = STRICT,
    on_event: OnEvent = silent,
) -> dict[str, Iterator[EvaluationRow]]:
    """Open files of predictions; return path → each prediction with its references.

    paths       plain lines, or rows by the extension; may have the references too
    references  files aligned with each path row by row; several files are several references
    data        pairs as `load_pairs` reads them, instead of references
    columns     role (see PREDICTION_ROLES) → column, for names that are not well-known; with
                 `data`, those of PAIR_ROLES are columns of the pairs
    options     the encoding and the sheet of all files

    Rows are matched by position, and their ids must agree if both sides have them. Rows of `data`
    with the same document are one row with several references where each system has one
    prediction for it, else one group. Raise DataError for different numbers of rows and for a
    missing text.
    """
    explicit = dict(columns or {})
    _check_options(explicit, references, data)
    separate = bool(references or data)
    elsewhere = PAIR_ROLES if data else ("reference",) if references else ()
    own_columns = {role: name for role, name in explicit.items() if role not in elsewhere}
    required = ("prediction",) if separate else ("prediction", "reference")
    files = {str(path): _open(path, required, own_columns, options) for path in paths}
    for file in files.values():
        on_event(Note(file.describe()))
    if data:
        pairs, has_ids = _load_pairs(data, explicit, options, on_event)
        rows = {name: [*file.rows] for name, file in files.items()}
        answers = {
            name: [answer_text(row.values.get(files[name].columns["prediction"][0])) for row in own]
            for name, own in rows.items()
        }
        pairs, numbers = join_answered_rows(pairs, answers, on_event=on_event)
        chosen = {name: [own[n] for n in numbers[name]] for name, own in rows.items()}
        return {
            name: _match_pairs(replace(file, rows=iter(chosen[name])), pairs, data, has_ids=has_ids)
            for name, file in files.items()
        }
    reference_columns = {k: v for k, v in explicit.items() if k == "reference"}
    systems = {}
    for name, file in files.items():
        others = [_open(path, ("reference",), reference_columns, options) for path in references]
        for other in others:
            on_event(Note(other.describe()))
        systems[name] = _match_rows([file, *others])
    return systems


def _check_options(
    explicit: Mapping[str, str], references: Sequence[Path], data: str | None
) -> None:
    if references and data:
        raise RecipeError("give --references or --data, not both")
    known = [*PREDICTION_ROLES, *(["document"] if data else [])]
    unknown = [role for role in explicit if role not in known]
    if unknown:
        raise RecipeError(
            f"--columns: there is no role {unknown[0]!r}.\n  Known: {', '.join(known)}."
        )


def _open(
    path: Path, required: Sequence[str], explicit: Mapping[str, str], options: ReadOptions
) -> PredictionFile:
    path = existing_file(path)
    suffix = next((end for end in READERS if path.name.lower().endswith(end)), None)
    if suffix is None:
        check_convertible(path)
    rows = open_rows(path, options) if suffix else _line_rows(path, options.encoding)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{path}: this file has no rows.\n  Give a file with at least one row.")
    rows = chain([first], rows)
    if suffix is None:
        if len(required) > 1:
            raise DataError(
                f"{path}: a file of plain lines has no references.\n"
                "  Give them with --references FILE or --data FILE."
            )
        return PredictionFile(path, rows, {required[0]: [LINE_COLUMN]})
    columns = detect_prediction_columns(list(first.values), required, explicit, where=str(path))
    return PredictionFile(path, rows, columns)


def _line_rows(path: Path, encoding: str) -> Iterator[SourceRow]:
    for number, text in read_lines(path, encoding):
        yield SourceRow(f"{path}:{number}", str(number), {LINE_COLUMN: text.rstrip("\r\n")})


def _match_rows(files: Sequence[PredictionFile]) -> Iterator[EvaluationRow]:
    iterators = [iter(file.rows) for file in files]
    for count, rows in enumerate(zip_longest(*iterators)):
        if any(row is None for row in rows):
            raise _unequal_rows(files, rows, iterators, count)
        head, *others = rows
        references = [
            text
            for file, row in zip(files, rows, strict=True)
            for column in _filled(row, file.columns.get("reference", []))
            for text in read_texts(row, column, "reference")
        ]
        candidate = _candidate(head, files[0].columns, references)
        for file, row in zip(files[1:], others, strict=True):
            _check_same_id(
                candidate.id, head, _label(row, file.columns, "id"), row.location, files[0]
            )
            group = candidate.group or _label(row, file.columns, "group")
            candidate = replace(candidate, group=group)
        yield candidate


def _filled(row: SourceRow, columns: Sequence[str]) -> Sequence[str]:
    """Return the columns that have a reference; of several some may be empty, but not all."""
    return [c for c in columns if row.values.get(c) not in (None, "")] or columns[:1]


def _match_pairs(
    file: PredictionFile, pairs: Sequence[Pair], data: str, *, has_ids: bool
) -> Iterator[EvaluationRow]:
    for count, (row, pair) in enumerate(zip_longest(file.rows, pairs)):
        if row is None or pair is None:
            total = count + 1 + sum(1 for _ in file.rows) if pair is None else count
            raise _row_count_error(file.path, total, data, len(pairs))
        candidate = _candidate(row, file.columns, pair.references)
        # Ids made of file and row number are compared only with such ids of the same file.
        if has_ids or candidate.id.rpartition(":")[0] == pair.id.rpartition(":")[0]:
            _check_same_id(candidate.id, row, pair.id, f"{data} row {count + 1}", file)
        yield replace(
            candidate,
            id=pair.id,
            group=candidate.group or pair.group,
            lang=candidate.lang or pair.lang,
            document=pair.document,
            meta={**pair.meta, **candidate.meta},
        )


def _load_pairs(
    data: str, explicit: Mapping[str, str], options: ReadOptions, on_event: OnEvent
) -> tuple[Sequence[Pair], bool]:
    """Return the pairs to score, of split test where there are several, and if they have ids."""
    columns = {PAIR_ROLES[role]: name for role, name in explicit.items() if role in PAIR_ROLES}
    try:
        loaded = load_pairs(data, columns=columns, lang=None, options=options, on_event=on_event)
    except DataError as error:
        if "data.columns" not in str(error):
            raise
        option = "  Here: --columns reference=NAME document=NAME"
        raise DataError(f"{error}\n{option}") from error
    splits = loaded.splits
    if len(splits) > 1 and "test" not in splits:
        raise DataError(f"{data}: no split test to choose among its splits: {', '.join(splits)}.")
    split = "test" if len(splits) > 1 else next(iter(splits))
    return splits[split], split not in loaded.made_ids


def _candidate(
    row: SourceRow, columns: Mapping[str, Sequence[str]], references: list[str]
) -> EvaluationRow:
    [prediction] = read_texts(row, columns["prediction"][0], "prediction")
    used = {name for names in columns.values() for name in names}
    return EvaluationRow(
        id=_label(row, columns, "id") or row.default_id,
        prediction=prediction,
        references=references,
        group=_label(row, columns, "group"),
        lang=_label(row, columns, "lang"),
        finish_reason=_label(row, columns, "finish_reason"),
        new_tokens=_token_count(row, columns),
        meta={c: v for c, v in row.values.items() if c not in used},
    )


def _label(row: SourceRow, columns: Mapping[str, Sequence[str]], role: str) -> str | None:
    value: Any = row.values.get(columns[role][0]) if role in columns else None
    return None if value is None or value == "" else replace_surrogates(str(value))


def _token_count(row: SourceRow, columns: Mapping[str, Sequence[str]]) -> int | None:
    """Return how many tokens a model generated; None for 0, which a rule without a model has."""
    text = _label(row, columns, "new_tokens")
    return int(text) if text and text.isdecimal() and int(text) else None


def _check_same_id(
    own_id: str, row: SourceRow, other_id: str | None, where: str, file: PredictionFile
) -> None:
    if other_id is not None and "id" in file.columns and own_id != other_id:
        raise DataError(
            f"{row.location}: the id is {own_id!r}, but {where} has {other_id!r}.\n"
            "  Rows are matched by position: put both sides in the same order."
        )


def _unequal_rows(
    files: Sequence[PredictionFile],
    rows: Sequence[SourceRow | None],
    iterators: Sequence[Iterator[SourceRow]],
    count: int,
) -> DataError:
    totals = [
        count + (row is not None) + sum(1 for _ in iterator)
        for row, iterator in zip(rows, iterators, strict=True)
    ]
    other = next(n for n, total in enumerate(totals) if total != totals[0])
    return _row_count_error(files[0].path, totals[0], str(files[other].path), totals[other])


def _row_count_error(path: Path, predictions: int, other: str, references: int) -> DataError:
    return DataError(
        f"{path} has {predictions} rows, but {other} has {references}.\n"
        "  Each prediction needs its own reference: nothing is scored."
    )
