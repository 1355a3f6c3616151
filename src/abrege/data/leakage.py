"""Detect leakage between splits: equal or near-duplicate documents, and summaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.data.minhash import Rows
from abrege.data.pair_store import PairStore
from abrege.data.rows import MAX_SHOWN, shorten

SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Leak:
    """A document or a summary that is in two or more splits."""

    what: Literal["document", "summary"]
    equal: bool
    """Whether two splits have an equal text (but for case and white space); else similar ones."""
    text: str
    """Its beginning."""
    ids: Mapping[str, list[str]]
    """Split → the ids of its rows with this text."""


def find_leaks(store: PairStore) -> list[Leak]:
    """Return the documents, then the summaries of other rows, that are in more than one split.

    Of several references, the first one of a row counts, unless it is too short.
    """
    if len(store.splits) < 2:
        return []
    rows = np.arange(len(store))
    leaks: list[Leak] = []
    leaked = np.zeros(len(store), dtype=bool)
    for cluster in _shared_clusters(store, rows, "document"):
        leaked[cluster] = True
        leaks.append(_leak(store, cluster, "document"))
    rest = np.flatnonzero(~leaked & store.long_summaries)
    clusters = _shared_clusters(store, rest, "summary")
    return [*leaks, *(_leak(store, cluster, "summary") for cluster in clusters)]


def leaked_ids(leaks: Iterable[Leak], splits: Sequence[str]) -> dict[str, set[str]]:
    """Return the ids of each split's rows that are in an earlier split too.

    splits  their names, in order
    """
    ids: dict[str, set[str]] = {split: set() for split in splits}
    for leak in leaks:
        for split in sorted(leak.ids, key=splits.index)[1:]:
            ids[split].update(leak.ids[split])
    return ids


def leaked_shares(leaks: Iterable[Leak], store: PairStore) -> tuple[dict[str, float], str]:
    """Return which share of each split an earlier split has, and a sentence that says so."""
    rows = leaked_ids(leaks, store.splits)
    sizes = {split: len(store.rows(split)) for split in store.splits}
    shares = {split: len(ids) / sizes[split] for split, ids in rows.items()}
    parts = [
        f"{len(rows[split])} of {sizes[split]} {split} rows ({share:.1%})"
        for split, share in shares.items()
        if share
    ]
    return shares, f"{', '.join(parts)} have the document or the summary of an earlier split"


def _shared_clusters(
    store: PairStore, rows: Rows, what: Literal["document", "summary"]
) -> Iterator[Rows]:
    """Yield the rows of each cluster of equal or similar texts that is in several splits."""
    if not len(rows):
        return
    column = store.documents if what == "document" else store.summaries
    clusters = column.clusters(rows)
    order = np.argsort(clusters, kind="stable")
    edges = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    numbers = store.split_numbers[rows[order]]
    shared = np.minimum.reduceat(numbers, edges) != np.maximum.reduceat(numbers, edges)
    ends = np.append(edges[1:], len(order))
    for start, end in zip(edges[shared].tolist(), ends[shared].tolist(), strict=True):
        yield rows[order[start:end]]


def _leak(store: PairStore, cluster: Rows, what: Literal["document", "summary"]) -> Leak:
    column = store.documents if what == "document" else store.summaries
    ids: dict[str, list[str]] = {}
    splits_by_rank: dict[int, set[int]] = {}
    for row in cluster.tolist():
        number = int(store.split_numbers[row])
        ids.setdefault(store.splits[number], []).append(store.pair(row).id)
        splits_by_rank.setdefault(int(column.ranks()[row]), set()).add(number)
    first = store.pair(int(cluster[0]))
    text = first.document if what == "document" else first.references[0]
    equal = any(len(splits) > 1 for splits in splits_by_rank.values())
    return Leak(what, equal, text[:SHOWN_CHARACTERS], ids)


def check_leaks(
    leaked_texts: Sequence[Leak],
    store: PairStore,
    file: Path,
    *,
    max_leaks: float,
    allow_leaks: bool,
    on_event: OnEvent = silent,
) -> None:
    """Raise DataError where given splits share more than the recipe allows, else report it."""
    shares, summary = leaked_shares(leaked_texts, store)
    if allow_leaks or max(shares.values()) <= max_leaks:
        setting = "split.allow_leaks" if allow_leaks else f"split.max_leaks: {max_leaks:g}"
        on_event(Note(f"{summary}; allowed by {setting} (all of them: {file})"))
        return
    examples = [
        f"  {leak.what}, {'equal' if leak.equal else 'nearly equal'}: "
        + "; ".join(f"{split}: {shorten(', '.join(ids))}" for split, ids in leak.ids.items())
        for leak in leaked_texts[:MAX_SHOWN]
    ]
    raise DataError(
        "\n".join(
            [
                f"{summary} (all of them: {file}):",
                *examples,
                "  A score on texts seen in training means little. Take them out of one split, "
                "raise split.max_leaks, or go on with split.allow_leaks: true.",
            ]
        )
    )
