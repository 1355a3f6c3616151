"""What `abrege doctor` found in pairs, as plain frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from abrege.doctor.checks import CheckVerdict

QUANTILES = ("mean", "p5", "p25", "median", "p75", "p95", "longest")
"""What describes the lengths of texts."""


@dataclass(frozen=True)
class FlaggedRow:
    """A row that a check flags.

    finding   what the check found
    document  its beginning
    """

    id: str
    split: str
    finding: str
    summaries: Sequence[str]
    document: str

    def to_json(self) -> dict[str, Any]:
        """Return the row as it is written to CHECK.jsonl."""
        return {
            "id": self.id,
            "split": self.split,
            "found": self.finding,
            "summaries": list(self.summaries),
            "document": self.document,
        }


@dataclass(frozen=True)
class FlawKind:
    """How many rows have a kind of flaw, and an example."""

    kind: str
    rows: int
    example: str


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """How many of the rows that a check looked at it flagged.

    interval  of the share, where the rows are a sample
    first     the first flagged rows
    kinds     where the check has several kinds of flaw, how many rows have each, and an example
    """

    check: str
    title: str
    meaning: str
    verdict: CheckVerdict
    flagged: int
    rows: int
    share: float
    interval: tuple[float, float] | None
    first: Sequence[FlaggedRow]
    remedy: str
    kinds: Sequence[FlawKind] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result for `--json`."""
        return {**asdict(self), "first": [row.to_json() for row in self.first]}


@dataclass(frozen=True, kw_only=True)
class TruncationRate:
    """How much of the documents a max_length truncates.

    tokens_cut  share of all tokens of the documents
    """

    max_tokens: int
    rows_cut: float
    tokens_cut: float


@dataclass(frozen=True, kw_only=True)
class TokenLengths:
    """How long texts are in a model's tokens, and which max_length is enough.

    documents, summaries  lengths by QUANTILES
    reads                 the context window of the model
    recommended           truncates at most one document in twenty, or is the context window
    """

    model: str
    documents: Mapping[str, float]
    summaries: Mapping[str, float]
    max_new_tokens: int
    reads: int | None
    fits: Sequence[TruncationRate]
    recommended: int


@dataclass(frozen=True, kw_only=True)
class CleanRows:
    """The rows that were written because no chosen check flags them.

    files    split → file
    rows     split → rows written
    dropped  check → rows dropped for it; a row that several checks flag counts for the first
    """

    files: Mapping[str, str]
    rows: Mapping[str, int]
    dropped: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Everything the doctor reports about pairs.

    rows       split → rows that are pairs
    sample     how many rows the slow checks looked at
    near_rows  how many rows were compared for near-duplicates
    languages  language → documents of the sample in it
    lang       the language that rows are expected to be in
    words      document, summary → lengths in words by QUANTILES
    clean      the rows that were written, where they were asked for
    """

    source: str
    columns: Mapping[str, str]
    rows: Mapping[str, int]
    sample: int
    near_rows: int
    languages: Mapping[str, int]
    lang: str | None
    words: Mapping[str, Mapping[str, float]]
    tokens: TokenLengths | None
    checks: Sequence[CheckResult]
    clean: CleanRows | None = None

    @property
    def total(self) -> int:
        """Return the number of pairs of all splits."""
        return sum(self.rows.values())

    def to_json(self) -> dict[str, Any]:
        """Return everything for `--json`."""
        return {**asdict(self), "checks": [check.to_json() for check in self.checks]}
