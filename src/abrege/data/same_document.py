"""Rows with the same document: one row with several references, or rows of one group."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Literal

import numpy as np

from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import json_line
from abrege.core.types import Pair
from abrege.data.minhash import Rows
from abrege.data.pair_store import PairStore
from abrege.data.split_exact import text_key

MERGED_ROWS = "merged_rows"
"""The key of meta that lists the rows whose references a row has taken over."""
QuestionKey = tuple[str, str | None, str | None, str]


@dataclass(frozen=True)
class JoinedRows:
    """The rows of a split after those of one document were merged or grouped.

    rows    those that stay, ascending
    merged  row → itself and the rows whose references it takes over
    groups  row → the group that it gets
    """

    rows: Rows
    merged: Mapping[int, Sequence[int]] = field(default_factory=dict)
    groups: Mapping[int, str | None] = field(default_factory=dict)

    def lines(self, store: PairStore, rows: Rows) -> Iterator[str]:
        """Yield these of the rows as lines of JSON, in order."""
        for row in rows.tolist():
            if row not in self.merged and row not in self.groups:
                yield store.line(row).decode("utf-8")
                continue
            pair = merge_rows([store.pair(other) for other in self.merged.get(row, [row])])
            yield json_line(replace(pair, group=self.groups.get(row, pair.group))) + "\n"


def join_documents(
    store: PairStore,
    splits: Mapping[str, Rows],
    mode: Literal["references", "group", "separate"],
    *,
    meta_keys: Sequence[str] = (),
    on_event: OnEvent = silent,
) -> dict[str, JoinedRows]:
    """Merge or group the rows of one document in each split.

    mode       as in recipe.Data
    meta_keys  the keys of meta that the prompt shows

    Training uses the first reference of a row, so train rows are not merged but grouped.
    """
    joined: dict[str, JoinedRows] = {}
    for split, rows in splits.items():
        if mode == "separate":
            joined[split] = JoinedRows(rows)
            continue
        merge = mode == "references" and split != "train"
        joined[split], clauses = _join_rows(store, rows, merge=merge, meta_keys=meta_keys)
        for clause in clauses:
            on_event(Note(f"{split}: {clause} (data.same_document: {mode})"))
    return joined


def _join_rows(
    store: PairStore, rows: Rows, *, merge: bool, meta_keys: Sequence[str]
) -> tuple[JoinedRows, list[str]]:
    """Merge or group the rows of one split; return clauses about what was done too."""
    documents = store.documents.ranks()[rows]
    order = np.argsort(documents, kind="stable")
    edges = np.flatnonzero(np.diff(documents[order], prepend=-1, append=-1))
    merged: dict[int, list[int]] = {}
    groups: dict[int, str | None] = {}
    gone: list[int] = []
    taken: list[Pair] = []
    references = 0
    for number in np.flatnonzero(np.diff(edges) > 1).tolist():
        same = rows[order[edges[number] : edges[number + 1]]].tolist()
        pairs = [store.pair(row) for row in same]
        questions = rows_by_question(pairs, meta_keys) if merge else [[n] for n in range(len(same))]
        heads = [pairs[numbers[0]] for numbers in questions]
        for numbers, head in zip(questions, heads, strict=True):
            row = same[numbers[0]]
            if len(numbers) > 1:
                merged[row] = [same[n] for n in numbers]
                gone += merged[row][1:]
                references += sum(len(pairs[n].references) for n in numbers)
                taken.append(merge_rows([pairs[n] for n in numbers]))
            if (group := row_group(head, heads)) != head.group:
                groups[row] = group
    joined = JoinedRows(np.setdiff1d(rows, gone, assume_unique=True), merged, groups)
    return joined, [
        *_describe_joined(len(rows), len(gone), taken, references=references, grouped=len(groups))
    ]


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
    rows: int, gone: int, merged: Sequence[Pair], *, references: int, grouped: int
) -> Iterator[str]:
    """Yield what was done with rows of one document.

    rows        of the split
    gone        rows whose references others took over
    merged      the rows with these references
    references  that they were merged from
    grouped     rows that got a group
    """
    if gone:
        others = [other for row in merged for other in row.meta[MERGED_ROWS]]
        columns = dict.fromkeys(column for other in others for column in other.get("meta", {}))
        text = (
            f"{gone} of {rows} rows became further references of {_count(len(merged))} with the "
            f"same document, listed in meta.{MERGED_ROWS}"
        )
        repeated = references - sum(len(row.references) for row in merged)
        text += f"; {repeated} of the references were equal and count once" if repeated else ""
        if columns:
            text += (
                f"; the rows differ in {', '.join(columns)}, of which the first row's is kept: a "
                f"prompt with {{meta.{next(iter(columns))}}} keeps them apart"
            )
        yield text
    if grouped:
        yield f"{_count(grouped)} with the document of another row: in one group with it"


def _count(rows: int) -> str:
    return f"{rows} row{'s' * (rows != 1)}"


def _different_meta(first: Pair, pair: Pair) -> dict[str, Any]:
    keys = dict.fromkeys([*first.meta, *pair.meta])
    different = {
        key: pair.meta.get(key) for key in keys if pair.meta.get(key) != first.meta.get(key)
    }
    return {"meta": different} if different else {}
