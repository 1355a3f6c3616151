"""Scan all rows in passes: quick checks, a sample for the slow ones, near-duplicates, tokens.

A row takes 34 bytes of memory, and some hundred more if it is flagged. The rest is bounded: the
sample of the slow checks, and the shingles of the rows compared for near-duplicates.
"""

import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from abrege.core.events import OnEvent, Progress
from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.data.minhash import cluster_near_duplicates
from abrege.data.pair_store import SUMMARY_SHINGLE_WORDS
from abrege.data.pairs import InvalidRow
from abrege.data.rows import STRICT, ReadOptions
from abrege.doctor.checks import CheckFinding, run_quick_checks
from abrege.doctor.duplicates import RowFlag, RowHashes
from abrege.doctor.results import QUANTILES, TokenLengths, TruncationRate
from abrege.text import language

SIZES = (256, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384)
"""Usual values of max_length."""
RECOMMENDED = 95
"""Percentile of the tokens that rows need which the recommended max_length covers."""
LANGUAGE_ROWS = 200
"""Rows from which the language is detected."""
PROGRESS_EVERY = 10_000
"""Rows between two progress events."""


@dataclass(frozen=True, kw_only=True)
class ScanOptions:
    """How pairs are checked.

    reading    the encoding and the sheet of files
    lang       the expected language (default: detected)
    sample     rows for the slow checks
    near_rows  rows compared for near-duplicates
    threshold  Jaccard index from which on documents are near-duplicates
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    reading: ReadOptions = STRICT
    lang: str | None = None
    sample: int = 2000
    near_rows: int = 200_000
    threshold: float = 0.8
    seed: int = 0
    model: str | None = None
    max_length: int = 1024


@dataclass
class RowScan:
    """What the passes know of the rows; pairs are numbered over all splits, other rows are apart.

    splits    number of each row's split
    lengths   words of each document, and of each summary
    rows      split → rows that are pairs
    flags     check → row → why it is flagged
    examined  check → rows it looked at
    """

    lang: str | None
    hashes: RowHashes = field(default_factory=RowHashes)
    splits: "array[int]" = field(default_factory=lambda: array("B"))
    lengths: "tuple[array[int], array[int]]" = field(
        default_factory=lambda: (array("I"), array("I"))
    )
    rows: Counter[str] = field(default_factory=Counter)
    sample: list[tuple[int, Pair]] = field(default_factory=list)
    flags: dict[str, dict[int, RowFlag]] = field(default_factory=dict)
    examined: Counter[str] = field(default_factory=Counter)
    unusable: list[InvalidRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return the number of rows that are pairs."""
        return len(self.splits)

    def add_findings(self, row: int, findings: Iterable[CheckFinding]) -> None:
        """Add what checks found in one row."""
        for finding in findings:
            self.examined[finding.check] += 1
            if finding.evidence:
                self.flags.setdefault(finding.check, {})[row] = RowFlag(finding.evidence)

    def add_flags(self, check: str, flags: dict[int, RowFlag], *, examined: int) -> None:
        """Add the rows that a check flagged, of so many that it looked at."""
        self.flags[check] = flags
        self.examined[check] = examined


def rows_with_splits(streams: PairStreams) -> Iterator[tuple[str, Pair | InvalidRow]]:
    """Yield all rows with their splits."""
    for split, read in streams.splits.items():
        for row in read():
            yield split, row


def pairs_with_splits(streams: PairStreams) -> Iterator[tuple[str, Pair]]:
    """Yield the rows that are pairs with their splits, in the order of their numbers."""
    for split, row in rows_with_splits(streams):
        if isinstance(row, Pair):
            yield split, row


def detect_language(streams: PairStreams) -> str | None:
    """Return the language that most of the first rows state, or that of their documents."""
    pairs = [pair for _, pair in islice(pairs_with_splits(streams), LANGUAGE_ROWS)]
    stated = Counter(pair.lang for pair in pairs if pair.lang)
    if 2 * stated.total() > len(pairs):
        return stated.most_common(1)[0][0]
    return language.detect(pair.document[:1000] for pair in pairs)


def scan_rows(streams: PairStreams, rows: RowScan, options: ScanOptions, on_event: OnEvent) -> None:
    """Read all rows: run the quick checks, hash each row, and sample rows for the slow checks."""
    generator = random.Random(options.seed)
    names = [*streams.splits]
    for number, (split, pair) in enumerate(rows_with_splits(streams), start=1):
        if number % PROGRESS_EVERY == 0:
            on_event(Progress("rows", number, number + 1))
        if isinstance(pair, InvalidRow):
            rows.unusable.append(pair)
            continue
        row = rows.total
        rows.splits.append(names.index(split))
        rows.rows[split] += 1
        quick = run_quick_checks(pair, lang=rows.lang)
        rows.hashes.add(pair, summary_words=quick.summary_words)
        rows.lengths[0].append(quick.document_words)
        rows.lengths[1].append(quick.summary_words)
        rows.add_findings(row, quick.findings)
        sample_row(rows.sample, (row, pair), options.sample, generator)
    rows.sample.sort(key=lambda sampled: sampled[0])


def sample_row(
    sample: list[tuple[int, Pair]], row: tuple[int, Pair], size: int, generator: random.Random
) -> None:
    """Add a row to a sample of `size` so that all rows are equally likely (reservoir sampling)."""
    if len(sample) < size:
        sample.append(row)
    elif (slot := generator.randrange(row[0] + 1)) < size:
        sample[slot] = row


def compare_rows(
    streams: PairStreams, rows: RowScan, options: ScanOptions, on_event: OnEvent
) -> None:
    """Find duplicates among all rows, and near-duplicates and leaks among `near_rows` of them."""
    total, hashes = rows.total, rows.hashes
    for check, flags in hashes.find_duplicates().items():
        rows.add_flags(check, flags, examined=total)
    rows.add_flags("boilerplate", hashes.find_boilerplate(), examined=total)
    # Test rows first, so that the bound on the rows leaves no leak undetected.
    later = (row for row in range(total) if rows.splits[row])
    chosen = {*islice(later, options.near_rows)}
    first = (row for row in range(total) if not rows.splits[row])
    chosen |= {*islice(first, options.near_rows - len(chosen))}
    documents = _cluster(streams, chosen, total, options.threshold, part="document")
    rows.add_flags("near", hashes.find_near_duplicates(documents), examined=len(chosen))
    if len(streams.splits) > 1:
        summaries = _cluster(streams, chosen, total, options.threshold, part="summary")
        leaks = hashes.find_leaks(rows.splits, documents, summaries)
        rows.add_flags("leaks", leaks, examined=sum(map(bool, rows.splits)))
    on_event(Progress("rows", total, total))


def _cluster(
    streams: PairStreams, chosen: set[int], total: int, threshold: float, *, part: str
) -> "array[int]":
    """Return a number for each row: rows with nearly equal texts share it, others have their own.

    part  document or summary
    """
    texts = (
        pair.document if part == "document" else pair.references[0]
        for row, (_, pair) in enumerate(pairs_with_splits(streams))
        if row in chosen
    )
    shingle_words = 5 if part == "document" else SUMMARY_SHINGLE_WORDS
    order = sorted(chosen)
    numbers = array("Q", range(total))
    clusters = cluster_near_duplicates(texts, threshold=threshold, shingle_words=shingle_words)
    for row, cluster in zip(order, clusters, strict=True):
        numbers[row] = order[cluster]
    return numbers


def count_tokens(rows: RowScan, options: ScanOptions, on_event: OnEvent) -> TokenLengths:
    """Count the tokens of the sample, and how much of it each max_length truncates."""
    from abrege.inference import token_stats

    assert options.model is not None
    pairs = [pair for _, pair in rows.sample]
    needed = token_stats.count_tokens(options.model, pairs, lang=rows.lang, on_event=on_event)
    limit = options.max_length
    for (row, _), tokens in zip(rows.sample, needed.total_tokens, strict=True):
        over = f"{tokens} tokens, more than {limit}" if tokens > limit else None
        rows.add_findings(row, [CheckFinding("cut", over)])
    totals, documents = np.array(needed.total_tokens), np.array(needed.document_tokens)
    enough = int(np.percentile(totals, RECOMMENDED, method="inverted_cdf"))
    enough = -(-enough // 64) * 64
    recommended = min(enough, needed.max_positions or enough)
    sizes = {size for size in SIZES if size <= max(totals.max(), limit)}
    return TokenLengths(
        model=options.model,
        documents=describe_lengths(needed.document_tokens),
        summaries=describe_lengths(needed.summary_tokens),
        max_new_tokens=needed.max_new_tokens,
        reads=needed.max_positions,
        fits=[
            TruncationRate(
                max_tokens=size,
                rows_cut=float((totals > size).mean()),
                tokens_cut=float(
                    np.minimum(documents, np.maximum(totals - size, 0)).sum() / documents.sum()
                ),
            )
            for size in sorted({*sizes, limit, recommended})
        ],
        recommended=recommended,
    )


def describe_lengths(lengths: Sequence[int]) -> dict[str, float]:
    """Describe lengths by QUANTILES."""
    values = np.asarray(lengths)
    five = np.percentile(values, [5, 25, 50, 75, 95], method="inverted_cdf").tolist()
    return dict(zip(QUANTILES, [float(values.mean()), *five, int(values.max())], strict=True))
