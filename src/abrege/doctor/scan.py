"""Scan all rows: run the quick checks, hash each row, and sample rows for the slow checks.

A row takes 34 bytes of memory, some hundred more for each check that flags it, and what
`comparison` needs. The sample of the slow checks is bounded.
"""

import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from abrege.core.events import OnEvent, Progress
from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.data.pairs import InvalidRow
from abrege.data.rows import STRICT, ReadOptions
from abrege.doctor.checks import CheckFinding, run_quick_checks, run_slow_checks
from abrege.doctor.duplicates import RowFlag, RowFlags, RowHashes
from abrege.doctor.results import QUANTILES
from abrege.doctor.unfinished import classify_ending
from abrege.text import language

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
    near_rows  rows compared for near-duplicates; None for all
    every_row  checks of SAMPLED that are run on every row
    threshold  Jaccard index from which on documents are near-duplicates
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    reading: ReadOptions = STRICT
    lang: str | None = None
    sample: int = 2000
    near_rows: int | None = None
    every_row: frozenset[str] = frozenset()
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
    unusable  how many rows are no pairs
    endings   how each first reference ends, as `unfinished.Ending`
    kinds     check → kind of flaw → rows with it
    examples  check → kind of flaw → the first example
    """

    lang: str | None
    hashes: RowHashes = field(default_factory=RowHashes)
    splits: "array[int]" = field(default_factory=lambda: array("B"))
    lengths: "tuple[array[int], array[int]]" = field(
        default_factory=lambda: (array("I"), array("I"))
    )
    rows: Counter[str] = field(default_factory=Counter)
    sample: list[tuple[int, Pair]] = field(default_factory=list)
    flags: dict[str, RowFlags] = field(default_factory=dict)
    examined: Counter[str] = field(default_factory=Counter)
    unusable: int = 0
    first_unusable: InvalidRow | None = None
    endings: bytearray = field(default_factory=bytearray)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return the number of rows that are pairs."""
        return len(self.splits)

    def add_findings(self, row: int, findings: Iterable[CheckFinding]) -> None:
        """Add what checks found in one row."""
        for finding in findings:
            self.examined[finding.check] += 1
            if finding.evidence:
                self.flags.setdefault(finding.check, {})[row] = _flag(finding.evidence)
            for kind, example in finding.kinds:
                self.kinds.setdefault(finding.check, Counter())[kind] += 1
                self.examples.setdefault(finding.check, {}).setdefault(kind, example)

    def add_flags(self, check: str, flags: RowFlags, *, examined: int) -> None:
        """Add the rows that a check flagged, of so many that it looked at."""
        self.flags[check] = flags
        self.examined[check] = examined


@lru_cache(maxsize=4096)
def _flag(evidence: str) -> RowFlag:
    """Return a flag without an earlier row: rows with the same evidence share it."""
    return RowFlag(evidence)


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
            rows.unusable += 1
            rows.first_unusable = rows.first_unusable or pair
            continue
        row = rows.total
        rows.splits.append(names.index(split))
        rows.rows[split] += 1
        quick = run_quick_checks(pair, lang=rows.lang)
        rows.hashes.add(pair, summary_words=quick.summary_words)
        rows.lengths[0].append(quick.document_words)
        rows.lengths[1].append(quick.summary_words)
        rows.endings.append(classify_ending(pair.references[0], pair.lang or rows.lang))
        rows.add_findings(row, quick.findings)
        if options.every_row:
            slow = run_slow_checks(pair, lang=rows.lang, checks=options.every_row)
            rows.add_findings(row, slow)
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


def describe_lengths(lengths: Sequence[int]) -> dict[str, float]:
    """Describe lengths by QUANTILES."""
    values = np.asarray(lengths)
    five = np.percentile(values, [5, 25, 50, 75, 95], method="inverted_cdf").tolist()
    return dict(zip(QUANTILES, [float(values.mean()), *five, int(values.max())], strict=True))
