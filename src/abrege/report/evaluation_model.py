"""What the report shows of the evaluation, as plain frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ScoreEstimate:
    """The score of a system by one metric, with its interval and signature, as stored."""

    value: float
    low: float | None = None
    high: float | None = None
    signature: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Further figures of the metric: BLEU's n-gram precisions and brevity penalty."""


SystemScores = Mapping[str, ScoreEstimate | None]
"""Metric → score; None where it could not be computed."""


@dataclass(frozen=True, kw_only=True)
class SystemComparison:
    """A paired difference, system − baseline, on one metric.

    p_holm      p with the Holm correction for all tests of the run
    detectable  the minimum detectable effect: the smallest true difference that a test on so many
                rows would detect four times in five
    groups      independent rows
    sign_p      p of the sign test over the rows won and lost
    """

    metric: str
    system: str
    baseline: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    detectable: float | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    n: int | None = None
    groups: int | None = None
    sign_p: float | None = None
    signature: str = ""


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
    """How often one reviewer or judge preferred the second of two systems, without their names.

    wins   of the second system; rows of one group count once
    share  of wins among wins and losses
    """

    reviewer: str
    wins: int
    ties: int
    losses: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PreferenceResult:
    """Which of two systems people, or a model, prefer.

    agreement  that of each two reviewers, in words
    """

    systems: tuple[str, str]
    counts: Sequence[PreferenceCounts]
    agreement: Sequence[str] = ()


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
