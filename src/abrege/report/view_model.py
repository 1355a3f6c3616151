"""The content of the report as plain frozen data, without the run folder or the recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from abrege.evaluation.verdict import TuningVerdict
from abrege.report.evaluation_model import (
    ColumnBreakdown,
    PreferenceResult,
    SeedVariance,
    StressReport,
    SystemComparison,
    SystemScores,
)
from abrege.report.table import Table


@dataclass(frozen=True, kw_only=True)
class SplitSize:
    """How large one split is; groups is None where rows have none."""

    name: str
    rows: int
    groups: int | None = None


@dataclass(frozen=True, kw_only=True)
class StudyFigures:
    """What the study that the recipe follows publishes; scores are metric → (before, after)."""

    model: str
    trainable_parameters: int | None = None
    all_parameters: int | None = None
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunSetup:
    """What was done, on which data, with which model.

    method    how the weights were tuned, in words
    decoding  how the summaries were decoded, in words
    merged    how near the merged model is to the tuned one, in words, if there is one
    """

    model: str
    source: str
    splits: Sequence[SplitSize]
    lang: str | None = None
    method: str = ""
    decoding: str = ""
    merged: str = ""
    trainable: int | None = None
    parameters: int | None = None
    device: str | None = None
    dtype: str | None = None
    study: StudyFigures | None = None


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
    """A word of a summary, from character `start` to `end`, that its reference has too.

    in_order  the word is in the longest common subsequence, which ROUGE-L counts
    """

    start: int
    end: int
    in_order: bool


@dataclass(frozen=True, kw_only=True)
class ExampleSummary:
    """The summary that one system generated for one row.

    matches      the words shared with the best matching reference, from left to right
    unsupported  numbers, dates, names and quotations that the document does not contain
    """

    system: str
    text: str
    rouge_l: float | None = None
    matches: Sequence[MatchedWord] = ()
    unsupported: Sequence[str] = ()
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
    blind_comparisons: Sequence[PreferenceResult] = ()
    stress: StressReport | None = None
    steps: Sequence[LossPoint] = ()
    lengths: Sequence[LengthSample] = ()
    example_groups: Sequence[ExampleGroup] = ()
    stages: Sequence[StageSummary] = ()
    preflight: Mapping[str, int] = field(default_factory=dict)
    pairs: PairsSummary | None = None
