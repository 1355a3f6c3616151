"""Compare rows with one another: duplicates, near-duplicates, leaks between splits.

The rows are read once more. A compared row takes some 130 bytes of memory for its document, as
many for its summary where there are several splits, and 4 bytes of disk for each word.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, Progress
from abrege.core.io import disk_error
from abrege.data.load import PairStreams
from abrege.data.minhash import NearDuplicateIndex, Rows
from abrege.data.pair_store import DOCUMENT_SHINGLE_WORDS, SUMMARY_SHINGLE_WORDS
from abrege.doctor.checks import CheckFinding
from abrege.doctor.duplicates import RowMask
from abrege.doctor.mismatch import DOCUMENTS, MismatchDetector
from abrege.doctor.scan import PROGRESS_EVERY, RowScan, ScanOptions, pairs_with_splits
from abrege.doctor.unfinished import Ending, find_unfinished


@dataclass(frozen=True)
class TextClusters:
    """A number for each row: rows with nearly equal texts share it, others have their own.

    summaries  of the first references; None where the data has one split
    """

    documents: Rows
    summaries: Rows | None


def compare_rows(
    streams: PairStreams,
    rows: RowScan,
    options: ScanOptions,
    *,
    folder: Path,
    on_event: OnEvent,
) -> TextClusters:
    """Find duplicates among all rows, and near-duplicates and leaks among `near_rows` of them.

    folder  where the words of the texts are written while they are compared
    """
    total, hashes = rows.total, rows.hashes
    for check, flags in hashes.find_duplicates().items():
        rows.add_flags(check, flags, examined=total)
    rows.add_flags("boilerplate", hashes.find_boilerplate(), examined=total)
    unfinished = find_unfinished(rows.endings)
    judged = len(rows.endings) - rows.endings.count(Ending.NOT_JUDGED)
    rows.add_flags("unfinished", unfinished, examined=judged)
    compared = _choose_rows(rows, options.near_rows)
    clusters = _cluster(streams, rows, compared, options.threshold, folder, on_event)
    near = hashes.find_near_duplicates(clusters.documents)
    rows.add_flags("near", near, examined=int(compared.sum()))
    if clusters.summaries is not None:
        leaks = hashes.find_leaks(rows.splits, clusters.documents, clusters.summaries)
        rows.add_flags("leaks", leaks, examined=sum(map(bool, rows.splits)))
    on_event(Progress("rows", total, total))
    return clusters


def _sample_documents(rows: RowScan) -> list[str]:
    """Return documents of the sample, from its beginning to its end."""
    step = max(1, len(rows.sample) // DOCUMENTS)
    return [pair.document for _, pair in rows.sample[::step]]


def _choose_rows(rows: RowScan, limit: int | None) -> RowMask:
    """Return which rows are compared: those of test first, so that no leak stays undetected."""
    if limit is None or limit >= rows.total:
        return np.ones(rows.total, dtype=bool)
    is_later = np.frombuffer(rows.splits, dtype=np.uint8) > 0
    order = np.argsort(~is_later, kind="stable")
    chosen = np.zeros(rows.total, dtype=bool)
    chosen[order[:limit]] = True
    return chosen


def _cluster(
    streams: PairStreams,
    rows: RowScan,
    compared: RowMask,
    threshold: float,
    folder: Path,
    on_event: OnEvent,
) -> TextClusters:
    """Read the rows once more and cluster their texts."""
    has_splits = len(streams.splits) > 1
    detector = MismatchDetector(_sample_documents(rows), rows.lang)
    with ExitStack() as stack:
        documents, summaries = (
            stack.enter_context(_open_index(threshold, size, folder))
            for size in (DOCUMENT_SHINGLE_WORDS, SUMMARY_SHINGLE_WORDS)
        )
        for row, (_, pair) in enumerate(pairs_with_splits(streams)):
            if row % PROGRESS_EVERY == 0:
                on_event(Progress("rows", row, rows.total))
            if detector.can_judge(pair):
                rows.add_findings(row, [CheckFinding("mismatch", detector.find(pair))])
            if row < rows.total and compared[row]:
                documents.add(pair.document)
                if has_splits:
                    summaries.add(pair.references[0])
        if len(documents) != compared.sum():
            raise DataError("the data changed while it was read.\n  Run the same command again.")
        chosen = np.flatnonzero(compared)
        return TextClusters(
            _row_numbers(documents, chosen, rows.total),
            _row_numbers(summaries, chosen, rows.total) if has_splits else None,
        )


@contextmanager
def _open_index(threshold: float, shingle_words: int, folder: Path) -> Iterator[NearDuplicateIndex]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    with NearDuplicateIndex(
        threshold=threshold, shingle_words=shingle_words, folder=folder
    ) as index:
        yield index


def _row_numbers(index: NearDuplicateIndex, chosen: Rows, total: int) -> Rows:
    numbers = np.arange(total)
    numbers[chosen] = chosen[index.clusters()]
    return numbers
