"""What the page says, as plain frozen data. It knows neither the run folder nor the recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abrege.doctor.results import Diagnosis


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number with its interval and its signature; scores are shares, 0 to 1."""

    value: float
    low: float | None = None
    high: float | None = None
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A paired difference, system − baseline, on one metric."""

    metric: str
    system: str
    baseline: str
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    """p corrected for all tests of the run."""
    detectable: float | None = None
    """The smallest true difference that so many rows would show four times in five."""
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    n: int | None = None
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to whether the student became better."""

    better: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Split:
    """How large one split is; groups is None where rows have none."""

    name: str
    rows: int
    groups: int | None = None


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What was done, on what, with what."""

    model: str
    source: str
    splits: Sequence[Split]
    lang: str | None = None
    method: str = ""
    """How the weights were tuned, in words."""
    decoding: str = ""
    """How the summaries were decoded, in words."""
    merged: str = ""
    """How near the merged model is to the tuned one, in words, where there is one."""
    steps: int | None = None
    trainable: int | None = None
    parameters: int | None = None
    device: str | None = None
    dtype: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One point of a loss curve, in nats per summary token.

    eval_rouge_l  in percent, of the summaries written at a validation
    """

    step: int
    loss: float | None = None
    eval_loss: float | None = None
    eval_rouge_l: float | None = None


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How many words each text of one set has."""

    name: str
    kind: str
    """train, reference, or the name of a system: fixes colour and order."""
    words: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A word of a summary, from `start` to `end`, that its reference has too."""

    start: int
    end: int
    in_order: bool
    """Lies in the longest common subsequence, which ROUGE-L counts."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one system wrote for one row."""

    system: str
    text: str
    rouge_l: float | None = None
    marks: Sequence[Mark] = ()
    """What it shares with the reference that it matches best, from left to right."""
    unsupported: Sequence[str] = ()
    """Numbers, dates, names and quotations that the document does not hold."""
    hit_limit: bool = False
    document_tokens_cut: int = 0


@dataclass(frozen=True, kw_only=True)
class Example:
    """One test row with what the compared systems made of it."""

    id: str
    document: str
    references: Sequence[str]
    answers: Sequence[Answer]
    lang: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    difference: float | None = None


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Some rows and the words that say how they were chosen."""

    title: str
    rule: str
    examples: Sequence[Example]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What several runs came to, with mean and standard deviation."""

    values: Sequence[float]
    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True)
class Luck:
    """The same tuning with other seeds: metric → scores of the runs, and gains over base."""

    seeds: Sequence[int]
    scores: Mapping[str, Spread]
    gains: Mapping[str, Spread]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of the rows by themselves: system → score."""

    name: str
    n: int
    scores: Mapping[str, Score | None]


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """The parts that a column makes of the rows, on one metric."""

    column: str
    metric: str
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How somebody chose between two systems without knowing whose a summary was."""

    who: str
    wins: int
    """Of the second system, in groups of rows where there are any."""
    ties: int
    losses: int
    share: float | None = None
    """Of wins among wins and losses."""
    low: float | None = None
    high: float | None = None
    p: float | None = None
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Preference:
    """What people, or a model, prefer of two systems."""

    systems: tuple[str, str]
    choices: Sequence[Choices]
    agreement: Sequence[str] = ()
    """How far two of them agree, in words."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """How many cases of a kind a system passes; the others are wrong, or leave the point out."""

    share: float
    low: float
    high: float
    wrong: int
    omitted: int


@dataclass(frozen=True, kw_only=True)
class StressKind:
    """A kind of texts written to trip a model, and what each system does with them."""

    name: str
    about: str
    n: int
    systems: Mapping[str, Passed]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A case that a system did not pass."""

    id: str
    why: str
    point: str
    """What a right summary does."""
    document: str
    text: str
    lang: str


@dataclass(frozen=True, kw_only=True)
class Stress:
    """What came of the stress suite."""

    kinds: Sequence[StressKind]
    signature: str
    system: str = ""
    """Whose failures are shown."""
    failures: Sequence[Failure] = ()
    failed: int = 0
    """How many there are in all."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one manifest says about how the stage went."""

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
class Run:
    """Everything the page shows of one run."""

    name: str
    setup: Setup
    recipe: str
    n: int
    groups: int | None = None
    confidence: float = 0.95
    verdict: Verdict | None = None
    systems: Mapping[str, Mapping[str, Score | None]] = field(default_factory=dict)
    comparisons: Sequence[Comparison] = ()
    luck: Luck | None = None
    breakdowns: Sequence[Breakdown] = ()
    preferences: Sequence[Preference] = ()
    stress: Stress | None = None
    steps: Sequence[Step] = ()
    lengths: Sequence[Lengths] = ()
    galleries: Sequence[Gallery] = ()
    stages: Sequence[Stage] = ()
    preflight: Mapping[str, int] = field(default_factory=dict)
    pairs: "Diagnosis | None" = None
    """What `abrege doctor` says of the pairs."""
