"""The content of the report as plain frozen data, without the run folder or the recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from abrege.evaluation.verdict import TuningVerdict
from abrege.report.table import Table


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The score of a system by one metric, with its interval and signature, as stored."""

    value: float
    low: float | None = None
    high: float | None = None
    signature: str = ""


SystemScores = Mapping[str, Estimate | None]
"""Metric → score; None where it could not be computed."""


@dataclass(frozen=True, kw_only=True)
class SystemComparison:
    """A paired difference, system − baseline, on one metric."""

    metric: str
    system: str
    baseline: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    """p with the Holm correction for all tests of the run."""
    detectable: float | None = None
    """The minimum detectable effect: the smallest true difference that a test on so many rows
    would detect four times in five."""
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    n: int | None = None
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitSize:
    """How large one split is; groups is None where rows have none."""

    name: str
    rows: int
    groups: int | None = None


@dataclass(frozen=True, kw_only=True)
class RunSetup:
    """What was done, on which data, with which model."""

    model: str
    source: str
    splits: Sequence[SplitSize]
    lang: str | None = None
    method: str = ""
    """How the weights were tuned, in words."""
    decoding: str = ""
    """How the summaries were decoded, in words."""
    merged: str = ""
    """How near the merged model is to the tuned one, in words, where there is one."""
    trainable: int | None = None
    parameters: int | None = None
    device: str | None = None
    dtype: str | None = None


@dataclass(frozen=True, kw_only=True)
class LossPoint:
    """One point of a loss curve, in nats per summary token.

    eval_rouge_l  in per cent, of the summaries generated at a validation
    """

    step: int
    loss: float | None = None
    eval_loss: float | None = None
    eval_rouge_l: float | None = None


@dataclass(frozen=True, kw_only=True)
class LengthSample:
    """The number of words of each text of one set.

    kind  train, reference, or the name of a system: fixes the color
    """

    name: str
    kind: str
    words: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class MatchedWord:
    """A word of a summary, from character `start` to `end`, that its reference has too."""

    start: int
    end: int
    in_order: bool
    """The word is in the longest common subsequence, which ROUGE-L counts."""


@dataclass(frozen=True, kw_only=True)
class ExampleSummary:
    """The summary that one system generated for one row."""

    system: str
    text: str
    rouge_l: float | None = None
    matches: Sequence[MatchedWord] = ()
    """The words shared with the best matching reference, from left to right."""
    unsupported: Sequence[str] = ()
    """Numbers, dates, names and quotations that the document does not contain."""
    hit_limit: bool = False
    document_tokens_cut: int = 0


@dataclass(frozen=True, kw_only=True)
class ExampleRow:
    """One test row with the summaries of the compared systems."""

    id: str
    document: str
    references: Sequence[str]
    summaries: Sequence[ExampleSummary]
    lang: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    difference: float | None = None


@dataclass(frozen=True, kw_only=True)
class ExampleGroup:
    """Some rows, and the sentence that says how they were chosen."""

    title: str
    rule: str
    examples: Sequence[ExampleRow]


@dataclass(frozen=True, kw_only=True)
class SeedSpread:
    """One figure of several runs that differ in the seed, with mean and standard deviation."""

    values: Sequence[float]
    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True)
class SeedVariance:
    """The same tuning with other seeds: metric → scores of the runs, and gains over base."""

    seeds: Sequence[int]
    scores: Mapping[str, SeedSpread]
    gains: Mapping[str, SeedSpread]


@dataclass(frozen=True, kw_only=True)
class BreakdownPart:
    """A part of the rows: system → score."""

    name: str
    n: int
    scores: SystemScores


@dataclass(frozen=True, kw_only=True)
class ColumnBreakdown:
    """The scores by one metric of the parts that the values of a column make."""

    column: str
    metric: str
    parts: Sequence[BreakdownPart]


@dataclass(frozen=True, kw_only=True)
class PreferenceCounts:
    """How often one reviewer or judge preferred the second of two systems, without their names."""

    reviewer: str
    wins: int
    """Of the second system; rows of one group count once."""
    ties: int
    losses: int
    share: float | None = None
    """Of wins among wins and losses."""
    low: float | None = None
    high: float | None = None
    p: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BlindComparison:
    """Which of two systems people, or a model, prefer."""

    systems: tuple[str, str]
    counts: Sequence[PreferenceCounts]
    agreement: Sequence[str] = ()
    """The agreement of each two reviewers, in words."""


@dataclass(frozen=True, kw_only=True)
class StressPassRate:
    """The share of the cases of a kind that a system passes; the others are wrong or omitted."""

    share: float
    low: float
    high: float
    wrong: int
    omitted: int


@dataclass(frozen=True, kw_only=True)
class StressKind:
    """A kind of stress test, and how each system does on its cases."""

    name: str
    about: str
    n: int
    systems: Mapping[str, StressPassRate]


@dataclass(frozen=True, kw_only=True)
class StressFailure:
    """A case that a system did not pass.

    point  what a correct summary does
    """

    id: str
    why: str
    point: str
    document: str
    text: str
    lang: str


@dataclass(frozen=True, kw_only=True)
class StressReport:
    """The result of the stress tests.

    system       whose failures are shown
    n_failures   how many there are in all
    """

    kinds: Sequence[StressKind]
    signature: str
    system: str = ""
    failures: Sequence[StressFailure] = ()
    n_failures: int = 0


@dataclass(frozen=True, kw_only=True)
class StageSummary:
    """What the manifest of a stage says about how it went."""

    name: str
    counts: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    device: str | None = None
    dtype: str | None = None
    finished: str | None = None


@dataclass(frozen=True, kw_only=True)
class PairsSummary:
    """What `abrege doctor` finds in the pairs of the run: a sentence, and a table of checks."""

    sentence: str
    checks: Table


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """Everything the report shows of one run."""

    name: str
    setup: RunSetup
    recipe: str
    n: int
    groups: int | None = None
    confidence: float = 0.95
    verdict: TuningVerdict | None = None
    systems: Mapping[str, SystemScores] = field(default_factory=dict)
    comparisons: Sequence[SystemComparison] = ()
    seed_variance: SeedVariance | None = None
    breakdowns: Sequence[ColumnBreakdown] = ()
    blind_comparisons: Sequence[BlindComparison] = ()
    stress: StressReport | None = None
    steps: Sequence[LossPoint] = ()
    lengths: Sequence[LengthSample] = ()
    example_groups: Sequence[ExampleGroup] = ()
    stages: Sequence[StageSummary] = ()
    preflight: Mapping[str, int] = field(default_factory=dict)
    pairs: PairsSummary | None = None
