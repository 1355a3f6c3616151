"""Rows with the same document: one row with several references, or rows of one group."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal

from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair
from abrege.data.split_exact import text_key

MERGED_ROWS = "merged_rows"
"""The key of meta that lists the rows whose references a row has taken over."""
QuestionKey = tuple[str, str | None, str | None, str]


def join_documents(
    splits: Mapping[str, Sequence[Pair]],
    mode: Literal["references", "group", "separate"],
    *,
    meta_keys: Sequence[str] = (),
    on_event: OnEvent = silent,
) -> tuple[dict[str, list[Pair]], dict[str, int]]:
    """Merge or group the rows of one document in each split; count the rows merged away too.

    mode       as in recipe.Data
    meta_keys  the keys of meta that the prompt shows

    Training uses the first reference of a row, so train rows are not merged but grouped.
    """
    if mode == "separate":
        return {split: list(pairs) for split, pairs in splits.items()}, {}
    joined: dict[str, list[Pair]] = {}
    for split, pairs in splits.items():
        merge = mode == "references" and split != "train"
        rows = merge_references(pairs, meta_keys) if merge else pairs
        joined[split] = group_documents(rows)
        for note in _describe_joined(pairs, rows, joined[split]):
            on_event(Note(f"{split}: {note} (data.same_document: {mode})"))
    merged = {split: len(pairs) - len(joined[split]) for split, pairs in splits.items()}
    return joined, {split: rows for split, rows in merged.items() if rows}


def join_answered_rows(
    pairs: Sequence[Pair], answers: Mapping[str, Sequence[Any]], *, on_event: OnEvent = silent
) -> tuple[Sequence[Pair], Mapping[str, Sequence[int]]]:
    """Merge the pairs of one document where every system has one answer to it, else group them.

    answers  system → its answers, one for each pair or one for each document

    Return the pairs, and system → the numbers of the answers to them. Pairs that have groups stay
    as they are: nothing says that a model was asked the same in them.
    """
    questions = rows_by_question(pairs)
    unchanged = {system: range(len(own)) for system, own in answers.items()}
    sizes = {len(own) for own in answers.values()}
    if len(questions) == len(pairs) or any(pair.group is not None for pair in pairs):
        return pairs, unchanged
    if not sizes <= {len(questions), len(pairs)}:
        return pairs, unchanged  # an error that the caller knows best
    chosen = {system: _one_answer_each(own, questions) for system, own in answers.items()}
    unlike = [system for system, numbers in chosen.items() if numbers is None]
    counts = f"{len(pairs)} rows have {len(questions)} documents"
    if unlike:
        result = f"in {unlike[0]} their predictions differ, so rows of one document are one group"
        on_event(Note(f"{counts}: {result}"))
        return group_documents(pairs), unchanged
    on_event(Note(f"{counts}: each is one row with several references"))
    return group_documents(merge_references(pairs)), {s: n or () for s, n in chosen.items()}


def question_key(pair: Pair, meta_keys: Sequence[str] = ()) -> QuestionKey:
    """Return what a model is asked in this row: rows that agree in it answer one question.

    meta_keys  the keys of meta that the prompt shows

    The documents must be equal to the letter: else the model may answer differently.
    """
    values = json.dumps([pair.meta.get(key) for key in meta_keys], sort_keys=True)
    return blake2b(pair.document.encode()).hexdigest(), pair.group, pair.lang, values


def rows_by_question(pairs: Iterable[Pair], meta_keys: Sequence[str] = ()) -> list[list[int]]:
    """Return the numbers of the rows of each question, in order of the first one."""
    rows: dict[QuestionKey, list[int]] = {}
    for number, pair in enumerate(pairs):
        rows.setdefault(question_key(pair, meta_keys), []).append(number)
    return list(rows.values())


def merge_rows(pairs: Sequence[Pair]) -> Pair:
    """Return the first pair with the references of all, each once.

    The ids of the others, and what they have in meta that the first one has not, are listed in
    meta.merged_rows.
    """
    first, *others = pairs
    if not others:
        return first
    references = dict.fromkeys(reference for pair in pairs for reference in pair.references)
    merged = [{"id": pair.id, **_different_meta(first, pair)} for pair in others]
    return replace(first, references=[*references], meta={**first.meta, MERGED_ROWS: merged})


def merge_references(pairs: Sequence[Pair], meta_keys: Sequence[str] = ()) -> list[Pair]:
    """Make one row with several references of the rows of each question; see `merge_rows`."""
    return [merge_rows([pairs[n] for n in rows]) for rows in rows_by_question(pairs, meta_keys)]


def group_documents(pairs: Sequence[Pair]) -> list[Pair]:
    """Put rows with the same document into one group, unless the data gives them groups.

    Case and white space of documents are ignored, as in `text_key`.
    """
    by_document: dict[str, list[Pair]] = {}
    keys = [text_key(pair.document) for pair in pairs]
    for key, pair in zip(keys, pairs, strict=True):
        by_document.setdefault(key, []).append(pair)
    return [
        replace(p, group=row_group(p, by_document[k])) for k, p in zip(keys, pairs, strict=True)
    ]


def row_group(pair: Pair, same: Sequence[Pair]) -> str | None:
    """Return the group of a row among all rows with its document."""
    if pair.group is not None or len(same) == 1:
        return pair.group
    given = next((other.group for other in same if other.group is not None), None)
    return f"document of {same[0].id}" if given is None else given


def _one_answer_each(
    answers: Sequence[Any], questions: Sequence[Sequence[int]]
) -> list[int] | None:
    """Return which answer is that of each question; None where a question has different ones.

    answers    one for each question, or one for each row
    questions  the numbers of its rows, for each question
    """
    if len(answers) == len(questions):
        return [*range(len(questions))]
    if len(answers) != sum(map(len, questions)):
        return None
    if any(answers[n] != answers[same[0]] for same in questions for n in same):
        return None
    return [same[0] for same in questions]


def _describe_joined(
    pairs: Sequence[Pair], merged: Sequence[Pair], grouped: Sequence[Pair]
) -> Iterator[str]:
    """Yield what became of rows with the same document, as clauses: merged, then grouped ones."""
    if len(merged) < len(pairs):
        several = sum(MERGED_ROWS in row.meta for row in merged)
        repeated = sum(len(p.references) for p in pairs) - sum(len(m.references) for m in merged)
        columns = dict.fromkeys(
            column
            for row in merged
            for other in row.meta.get(MERGED_ROWS, ())
            for column in other.get("meta", {})
        )
        text = (
            f"{len(pairs)} rows have {len(merged)} documents; {len(pairs) - len(merged)} rows "
            f"became further references of {several} rows, listed in meta.{MERGED_ROWS}"
        )
        text += f"; {repeated} equal references count once" if repeated else ""
        if columns:
            text += (
                f"; the rows differ in {', '.join(columns)}, of which the first row's is kept: a "
                f"prompt with {{meta.{next(iter(columns))}}} keeps them apart"
            )
        yield text
    count = sum(row.group != own.group for row, own in zip(merged, grouped, strict=True))
    if count:
        yield f"{count} rows have the document of another row and are in one group with it"


def _different_meta(first: Pair, pair: Pair) -> dict[str, Any]:
    keys = dict.fromkeys([*first.meta, *pair.meta])
    different = {
        key: pair.meta.get(key) for key in keys if pair.meta.get(key) != first.meta.get(key)
    }
    return {"meta": different} if different else {}
