"""The statistics of all rows of a system, and the scores, intervals and tests computed from them.

Texts are not stored, so a million rows fit in memory.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow
from abrege.evaluation.marks import end_lines, find_marks
from abrege.metrics import rouge, significance
from abrege.metrics.entailment import EntailmentFamily
from abrege.metrics.family import MetricFamily, ScoringOptions
from abrege.metrics.perplexity import PerplexityFamily, TextPerplexityFamily
from abrege.metrics.reference_based import (
    BertScoreFamily,
    BleuChrfFamily,
    LengthFamily,
    MeteorFamily,
    RougeFamily,
)
from abrege.metrics.reference_free import ExtractionFamily, FaithfulnessFamily, FormatFamily
from abrege.metrics.registry import DEFAULT, METRICS, ROUGE, in_section, nearest
from abrege.metrics.rouge_profiles import PROFILES
from abrege.metrics.significance import Floats, PairedTest, Resampling
from abrege.text.tokenize import count_words, primary_language

FAMILIES: tuple[
    tuple[tuple[str, ...], Callable[[Sequence[str], ScoringOptions], MetricFamily]], ...
] = (
    (ROUGE, RougeFamily),
    (("bleu", "chrf"), BleuChrfFamily),
    (("meteor",), MeteorFamily),
    (("bertscore",), BertScoreFamily),
    (("perplexity",), PerplexityFamily),
    (("text_perplexity",), TextPerplexityFamily),
    (("entailment",), EntailmentFamily),
    (in_section("length"), LengthFamily),
    (in_section("format"), FormatFamily),
    (in_section("extraction"), ExtractionFamily),
    (in_section("faithfulness"), FaithfulnessFamily),
)
"""The metrics that are computed together, and the family that computes them."""


@dataclass(frozen=True)
class ScoringRequest:
    """The metrics to compute, with their options and models.

    Raise RecipeError where a metric does not exist, or where its model is missing.
    """

    metrics: tuple[str, ...] = DEFAULT
    options: ScoringOptions = field(default_factory=ScoringOptions)

    def __post_init__(self) -> None:
        """Check the request before any row is read."""
        for metric in self.metrics:
            if metric not in METRICS:
                raise RecipeError(f"there is no metric {metric!r}; {nearest(metric, METRICS)}")
        options = self.options
        for metric, model, needs in (
            ("bertscore", options.encoder, "an encoder: give one with --encoder"),
            ("perplexity", options.likelihood, "a model: give one with --model"),
            (
                "text_perplexity",
                options.text_likelihood,
                "a run with completion_only_loss: false",
            ),
            ("entailment", options.entailment, "an entailment model: give it with --entailment"),
        ):
            if metric in self.metrics and model is None:
                raise RecipeError(f"{metric} needs {needs}, or leave it out.")
        rouge_metrics = [metric for metric in self.metrics if metric in ROUGE]
        if rouge_metrics or self.options.stemmer:
            rouge.check_options(
                options.profile,
                lang=options.lang,
                stemmer=options.stemmer,
                metrics=rouge_metrics,
                references_rule=options.references_rule,
            )


@dataclass
class ScoreTable:
    """The statistics of rows, by metric, with the ids and groups of the rows."""

    request: ScoringRequest
    ids: list[str] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)
    without_words: int = 0
    """Rows whose prediction has no word: they score 0 and count."""
    marks: Counter[str] = field(default_factory=Counter)
    """Special tokens, thoughts and sentence marks that are scored as words → rows with them."""

    def __post_init__(self) -> None:
        """Create the families of the requested metrics."""
        requested = [
            ([m for m in self.request.metrics if m in metrics], family)
            for metrics, family in FAMILIES
        ]
        self._families = [
            family(metrics, self.request.options) for metrics, family in requested if metrics
        ]
        self._aggregators = {m: f.aggregators[m] for f in self._families for m in f.aggregators}
        self._statistics = {metric: array("d") for metric in self.request.metrics}

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    def add(self, row: EvaluationRow) -> None:
        """Score a row and store its statistics."""
        row = end_lines(row, self.request.options.sentence_separator)
        self.groups.append(len(self.ids) if row.group is None else row.group)
        self.ids.append(row.id)
        self.marks.update(find_marks(row))
        self.without_words += not count_words(row.prediction, self.request.options.lang)
        for family in self._families:
            for metric, statistics in family.statistics(row).items():
                self._statistics[metric].extend(statistics)

    def finish(self) -> None:
        """Score what waits for the last row; call this once, after it."""
        for family in self._families:
            for metric, statistics in family.finish().items():
                self._statistics[metric].extend(statistics)

    def n_groups(self, only: NDArray[np.int64] | None = None) -> int:
        """Count the groups, of these rows only; a row without a group is its own group."""
        return len({*self._groups(only)})

    def statistics(self, metric: str) -> Floats:
        """Return a metric's statistics, (rows, statistics)."""
        return np.frombuffer(self._statistics[metric], dtype=np.float64).reshape(len(self), -1)

    def rows(self, metric: str) -> Floats:
        """Return the score of each single row, (rows); NaN where it has none."""
        return self._aggregators[metric].row_score(self.statistics(metric))

    def has_score(self, metric: str) -> bool:
        """Return whether a metric has a score: some have none for certain rows."""
        return not np.isnan(self.value(metric))

    def last(self, metric: str) -> float:
        """Return the score of the row added last."""
        statistics = self._statistics[metric]
        width = len(statistics) // len(self)
        return float(self._aggregators[metric].row_score(np.array(statistics[-width:])))

    def scores(
        self, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return each metric's value, interval (low, high), parts and signature.

        only  (rows)  indices of the rows to score (default: all)

        Where all rows are of one group there is no interval: low and high are None.
        """
        return {m: self.score_of(m, resampling, only=only) for m in self.request.metrics}

    def value(self, metric: str) -> float:
        """Return a metric's score; NaN where no row has one."""
        return float(self._aggregators[metric].score(self.statistics(metric).sum(0)))

    def score_of(
        self, metric: str, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> dict[str, Any]:
        """Return one metric's value, interval, parts and signature; see `scores`."""
        aggregator, statistics = self._aggregators[metric], self.statistics(metric)
        groups = self._groups(only)
        if only is not None:
            statistics = statistics[only]
        sums = statistics.sum(0)
        value = float(aggregator.score(sums))
        result: Mapping[str, Any] = {"value": value, "low": None, "high": None}
        if np.isnan(value):
            result = {**result, "value": None}
        elif self.n_groups(only) > 1:
            interval = significance.score_interval(
                statistics, groups, aggregator.score, **asdict(resampling)
            )
            result = asdict(interval)
        signature = self.signature(metric, resampling, only=only)
        return {**result, **aggregator.components(sums), "signature": signature}

    def compare(self, other: "ScoreTable", metric: str, resampling: Resampling) -> PairedTest:
        """Test the difference self − other of a metric on the same rows; the better row wins."""
        score = self._aggregators[metric].score
        a, b = (table.statistics(metric) for table in (self, other))
        rows = (self.rows(metric), other.rows(metric))
        if self.n_groups() < 2:
            difference = float(score(a.sum(0)) - score(b.sum(0)))
            untested = significance.untested_difference(*rows)
            return _with_direction(metric, replace(untested, difference=difference))
        test = significance.paired_test(a, b, self.groups, score, rows=rows, **asdict(resampling))
        return _with_direction(metric, test)

    def signature(
        self, metric: str, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> str:
        """Return all that a number of `metric` depends on."""
        n = len(self) if only is None else len(only)
        counts = f"n:{n}|groups:{self.n_groups(only)}"
        if (separator := self.request.options.sentence_separator) is not None:
            counts = f"separator:{separator}|{counts}"
        return f"{self._aggregators[metric].signature()}|{counts}|{resampling.signature(n)}"

    def _groups(self, only: NDArray[np.int64] | None) -> Sequence[Hashable]:
        return self.groups if only is None else [self.groups[n] for n in only]


def _with_direction(metric: str, test: PairedTest) -> PairedTest:
    """Swap wins and losses of a metric for which lower is better."""
    if METRICS[metric].higher_is_better is not False:
        return test
    return replace(test, wins=test.losses, losses=test.wins)


def profile_warnings(options: ScoringOptions) -> list[str]:
    """Return a warning where the ROUGE profile does not suit the language."""
    profile = PROFILES[options.profile]
    if not profile.only_ascii or primary_language(options.lang) in (None, "en"):
        return []
    return [
        f"Profile {options.profile} splits words at every letter outside a to z, which is wrong "
        f"in {options.lang}: it compares pieces of words. Profile abrege does not."
    ]
