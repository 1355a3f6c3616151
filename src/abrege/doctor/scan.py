"""What the doctor's passes over the rows find, and what is remembered between them.

A row leaves 34 bytes, and some hundred where it is flagged. What is held beside that has a bound:
the sample of the slow checks, and the shingles of the rows compared for near duplicates.
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
from abrege.data.leakage import SUMMARY_SHINGLE_WORDS
from abrege.data.load import PairStreams
from abrege.data.minhash import cluster_near_duplicates
from abrege.data.pairs import InvalidRow
from abrege.doctor import checks
from abrege.doctor.checks import Finding
from abrege.doctor.duplicates import Repeat, Seen
from abrege.doctor.results import QUANTILES, Fit, Tokens
from abrege.text import language

SIZES = (256, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384)
"""What people write as max_tokens."""
RECOMMENDED = 95
"""Percentile of what rows need."""
LOOKED_AT = 200
"""Rows, to find the language."""
TOLD_EVERY = 10_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How pairs are looked at."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    lang: str | None = None
    """Of most rows; found where left out."""
    sample: int = 2000
    """Rows for the slow checks."""
    near_rows: int = 200_000
    """Rows compared for near duplicates."""
    threshold: float = 0.8
    """Jaccard index from which on documents are nearly equal."""
    seed: int = 0
    model: str | None = None
    max_tokens: int = 1024


@dataclass
class Exam:
    """What is known so far: rows are numbered over all splits, those that are no pairs apart."""

    lang: str | None
    seen: Seen = field(default_factory=Seen)
    splits: "array[int]" = field(default_factory=lambda: array("B"))
    lengths: "tuple[array[int], array[int]]" = field(
        default_factory=lambda: (array("I"), array("I"))
    )
    rows: Counter[str] = field(default_factory=Counter)
    sample: list[tuple[int, Pair]] = field(default_factory=list)
    flags: dict[str, dict[int, Repeat]] = field(default_factory=dict)
    looked_at: Counter[str] = field(default_factory=Counter)
    unusable: list[InvalidRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Count the rows that are pairs."""
        return len(self.splits)

    def take(self, row: int, findings: Iterable[Finding]) -> None:
        """Note what checks say of a row."""
        for finding in findings:
            self.looked_at[finding.check] += 1
            if finding.found:
                self.flags.setdefault(finding.check, {})[row] = Repeat(finding.found)

    def take_all(self, check: str, found: dict[int, Repeat], rows: int) -> None:
        """Note what a check found among so many rows."""
        self.flags[check] = found
        self.looked_at[check] = rows


def rows_of(streams: PairStreams) -> Iterator[tuple[str, Pair | InvalidRow]]:
    """Yield all rows with their splits."""
    for split, read in streams.splits.items():
        for pair in read():
            yield split, pair


def usable(streams: PairStreams) -> Iterator[Pair]:
    """Yield the rows that are pairs, in the order in which they are numbered."""
    return (pair for _, pair in rows_of(streams) if isinstance(pair, Pair))


def find_language(streams: PairStreams) -> str | None:
    """Find the language of the first documents, unless most rows say theirs."""
    first = list(islice(usable(streams), LOOKED_AT))
    said = Counter(pair.lang for pair in first if pair.lang)
    if 2 * said.total() > len(first):
        return said.most_common(1)[0][0]
    return language.detect(pair.document[:1000] for pair in first)


def read(streams: PairStreams, exam: Exam, asked: Asked, on_event: OnEvent) -> None:
    """Pass over all rows: the quick checks, what is remembered of each, and the sample."""
    drawn = random.Random(asked.seed)
    names = [*streams.splits]
    for number, (split, pair) in enumerate(rows_of(streams), start=1):
        if number % TOLD_EVERY == 0:
            on_event(Progress("rows", number, number + 1))
        if isinstance(pair, InvalidRow):
            exam.unusable.append(pair)
            continue
        row = exam.total
        exam.splits.append(names.index(split))
        exam.rows[split] += 1
        look = checks.look_at(pair, lang=exam.lang)
        exam.seen.add(pair, summary_words=look.summary_words)
        exam.lengths[0].append(look.document_words)
        exam.lengths[1].append(look.summary_words)
        exam.take(row, look.findings)
        keep(exam.sample, (row, pair), asked.sample, drawn)
    exam.sample.sort(key=lambda kept: kept[0])


def keep(
    sample: list[tuple[int, Pair]], row: tuple[int, Pair], size: int, drawn: random.Random
) -> None:
    """Keep a row in a sample of `size`, as likely as any other row (reservoir sampling)."""
    if len(sample) < size:
        sample.append(row)
    elif (place := drawn.randrange(row[0] + 1)) < size:
        sample[place] = row


def compare(streams: PairStreams, exam: Exam, asked: Asked, on_event: OnEvent) -> None:
    """Find what repeats: equal texts among all rows, nearly equal ones among as many as asked."""
    total, seen = exam.total, exam.seen
    for check, found in seen.repeated().items():
        exam.take_all(check, found, total)
    exam.take_all("boilerplate", seen.boilerplate(), total)
    # Test rows first, so that a bound on the rows leaves the leaks to be found.
    later = (row for row in range(total) if exam.splits[row])
    chosen = {*islice(later, asked.near_rows)}
    first = (row for row in range(total) if not exam.splits[row])
    chosen |= {*islice(first, asked.near_rows - len(chosen))}
    documents = _clusters(streams, chosen, total, asked.threshold, what="document")
    exam.take_all("near", seen.near(documents), len(chosen))
    if len(streams.splits) > 1:
        summaries = _clusters(streams, chosen, total, asked.threshold, what="summary")
        found = seen.leaks(exam.splits, documents, summaries)
        exam.take_all("leaks", found, sum(map(bool, exam.splits)))
    on_event(Progress("rows", total, total))


def _clusters(
    streams: PairStreams, chosen: set[int], total: int, threshold: float, *, what: str
) -> "array[int]":
    """Give rows of nearly equal texts one number; each row that is not chosen has its own."""
    texts = (
        pair.document if what == "document" else pair.references[0]
        for row, pair in enumerate(usable(streams))
        if row in chosen
    )
    size = 5 if what == "document" else SUMMARY_SHINGLE_WORDS
    order = sorted(chosen)
    numbers = array("Q", range(total))
    for row, cluster in zip(
        order, cluster_near_duplicates(texts, threshold=threshold, shingle_words=size), strict=True
    ):
        numbers[row] = order[cluster]
    return numbers


def tokens(exam: Exam, asked: Asked, on_event: OnEvent) -> Tokens:
    """Count the tokens of the sample, and what is cut of it at which max_tokens."""
    from abrege.inference.token_stats import count_tokens

    assert asked.model is not None
    pairs = [pair for _, pair in exam.sample]
    found = count_tokens(asked.model, pairs, lang=exam.lang, on_event=on_event)
    whole, documents = np.array(found.whole), np.array(found.documents)
    for (row, _), need in zip(exam.sample, found.whole, strict=True):
        over = f"{need} tokens, more than {asked.max_tokens}" if need > asked.max_tokens else None
        exam.take(row, [Finding("cut", over)])
    enough = int(np.percentile(whole, RECOMMENDED, method="inverted_cdf"))
    enough = -(-enough // 64) * 64
    sizes = [size for size in SIZES if size <= max(whole.max(), asked.max_tokens)]
    sizes = sorted({*sizes, asked.max_tokens, min(enough, found.reads or enough)})
    return Tokens(
        model=asked.model,
        documents=percentiles(found.documents),
        summaries=percentiles(found.summaries),
        max_new_tokens=found.max_new_tokens,
        reads=found.reads,
        fits=[
            Fit(
                max_tokens=size,
                rows_cut=float((whole > size).mean()),
                tokens_cut=float(
                    np.minimum(documents, np.maximum(whole - size, 0)).sum() / documents.sum()
                ),
            )
            for size in sizes
        ],
        recommended=min(enough, found.reads or enough),
    )


def percentiles(lengths: Sequence[int]) -> dict[str, float]:
    """Describe lengths by QUANTILES."""
    values = np.asarray(lengths)
    five = np.percentile(values, [5, 25, 50, 75, 95], method="inverted_cdf").tolist()
    return dict(zip(QUANTILES, [float(values.mean()), *five, int(values.max())], strict=True))
