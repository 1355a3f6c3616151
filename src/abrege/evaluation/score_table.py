"""Any of our metrics over rows: statistics of each row, kept; scores, intervals and tests of them.

Texts are not kept, so a million rows fit in memory.
"""

from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import RecipeError
from abrege.core.types import Candidate
from abrege.metrics import rouge, significance
from abrege.metrics.entailment import EntailmentFamily
from abrege.metrics.perplexity import PerplexityFamily, TextPerplexityFamily
from abrege.metrics.reference_based import (
    BleuChrf,
    Family,
    Lengths,
    OfBertScore,
    OfMeteor,
    Rouge,
    ScoringOptions,
)
from abrege.metrics.reference_free import Extraction, Faithfulness, Form
from abrege.metrics.registry import DEFAULT, METRICS, ROUGE, in_section, nearest
from abrege.metrics.rouge_profiles import PROFILES
from abrege.metrics.significance import Floats, PairedTest, Resampling
from abrege.text import tokenize as words

FAMILIES: tuple[tuple[tuple[str, ...], Callable[[Sequence[str], ScoringOptions], Family]], ...] = (
    (ROUGE, Rouge),
    (("bleu", "chrf"), BleuChrf),
    (("meteor",), OfMeteor),
    (("bertscore",), OfBertScore),
    (("perplexity",), PerplexityFamily),
    (("text_perplexity",), TextPerplexityFamily),
    (("entailment",), EntailmentFamily),
    (in_section("length"), Lengths),
    (in_section("format"), Form),
    (in_section("extraction"), Extraction),
    (in_section("faithfulness"), Faithfulness),
)
"""Metrics that are computed together, and by what."""


@dataclass(frozen=True)
class ScoringRequest:
    """Which metrics, and how they read texts."""

    metrics: tuple[str, ...] = DEFAULT
    reading: ScoringOptions = field(default_factory=ScoringOptions)

    def __post_init__(self) -> None:
        """Refuse what cannot be computed before any row is read."""
        for metric in self.metrics:
            if metric not in METRICS:
                raise RecipeError(f"there is no metric {metric!r}; {nearest(metric, METRICS)}")
        for metric, has, needs in (
            ("bertscore", self.reading.encoder, "an encoder: give one with --encoder"),
            ("perplexity", self.reading.likelihood, "a model: give one with --model"),
            (
                "text_perplexity",
                self.reading.text_likelihood,
                "a run with completion_only_loss: false",
            ),
            ("entailment", self.reading.judge, "an entailment model: give it with --entailment"),
        ):
            if metric in self.metrics and has is None:
                raise RecipeError(f"{metric} needs {needs}, or leave it out.")
        rouge.check_options(
            self.reading.profile,
            lang=self.reading.lang,
            stemmer=self.reading.stemmer,
            metrics=[m for m in self.metrics if m in ROUGE],
            references_rule=self.reading.references_rule,
        )


@dataclass
class ScoreTable:
    """The statistics of rows, by metric, with their ids and groups."""

    asked: ScoringRequest
    ids: list[str] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)
    without_words: int = 0
    """Rows whose prediction has no word: they score 0 and count."""

    def __post_init__(self) -> None:
        """Make the families of the metrics that are asked for."""
        wanted = [([m for m in self.asked.metrics if m in of], make) for of, make in FAMILIES]
        self._families = [make(metrics, self.asked.reading) for metrics, make in wanted if metrics]
        self._measures = {m: f.measures[m] for f in self._families for m in f.measures}
        self._kept = {metric: array("d") for metric in self.asked.metrics}

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    def add(self, row: Candidate) -> None:
        """Score a row and keep its statistics."""
        self.groups.append(len(self.ids) if row.group is None else row.group)
        self.ids.append(row.id)
        self.without_words += not words.count_words(row.prediction, self.asked.reading.lang)
        for family in self._families:
            for metric, statistics in family.statistics(row).items():
                self._kept[metric].extend(statistics)

    def finish(self) -> None:
        """Score what waits for the last row: call this once, after it."""
        for family in self._families:
            for metric, statistics in family.rest().items():
                self._kept[metric].extend(statistics)

    def n_groups(self, only: NDArray[np.int64] | None = None) -> int:
        """Count the groups, of these rows only; a row of none is one by itself."""
        return len({*self._groups(only)})

    def statistics(self, metric: str) -> Floats:
        """Give a metric's statistics, (rows, statistics)."""
        return np.frombuffer(self._kept[metric], dtype=np.float64).reshape(len(self), -1)

    def rows(self, metric: str) -> Floats:
        """Give each row's score by itself, (rows)."""
        return self._measures[metric].row_score(self.statistics(metric))

    def is_told(self, metric: str) -> bool:
        """Say whether a metric has a score: of some rows it cannot be told."""
        return not np.isnan(self.value(metric))

    def last(self, metric: str) -> float:
        """Give the score of the row added last by itself."""
        kept = self._kept[metric]
        width = len(kept) // len(self)
        return float(self._measures[metric].row_score(np.array(kept[-width:])))

    def scores(
        self, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Give each metric's score, its interval, its parts and its signature.

        only  (rows)  the places of rows to be scored; all where left out

        Where all rows are of one group there is no interval: low and high are None.
        """
        return {m: self.score_of(m, resampling, only=only) for m in self.asked.metrics}

    def value(self, metric: str) -> float:
        """Give a metric's score alone; not-a-number where it cannot be told of any row."""
        return float(self._measures[metric].score(self.statistics(metric).sum(0)))

    def score_of(
        self, metric: str, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> dict[str, Any]:
        """Give one metric's score; see `scores`."""
        measure, kept = self._measures[metric], self.statistics(metric)
        kept, groups = (kept if only is None else kept[only]), self._groups(only)
        sums = kept.sum(0)
        value = float(measure.score(sums))
        found: Mapping[str, Any] = {"value": value, "low": None, "high": None}
        if np.isnan(value):
            found = {**found, "value": None}
        elif self.n_groups(only) > 1:
            how = asdict(resampling)
            found = asdict(significance.score_interval(kept, groups, measure.score, **how))
        signature = self.signature(metric, resampling, only=only)
        return {**found, **measure.parts(sums), "signature": signature}

    def compare(self, other: "ScoreTable", metric: str, resampling: Resampling) -> PairedTest:
        """Test the difference self − other of a metric on the same rows; a better one wins."""
        measure = self._measures[metric]
        a, b = (table.statistics(metric) for table in (self, other))
        rows = (self.rows(metric), other.rows(metric))
        if self.n_groups() < 2:
            difference = float(measure.score(a.sum(0)) - measure.score(b.sum(0)))
            return _won(
                metric, replace(significance.untested_difference(*rows), difference=difference)
            )
        found = significance.paired_test(
            a, b, self.groups, measure.score, rows=rows, **asdict(resampling)
        )
        return _won(metric, found)

    def signature(
        self, metric: str, resampling: Resampling, *, only: NDArray[np.int64] | None = None
    ) -> str:
        """Say all that a number of `metric` depends on."""
        n = len(self) if only is None else len(only)
        counts = f"n:{n}|groups:{self.n_groups(only)}"
        return f"{self._measures[metric].signature()}|{counts}|{resampling.signature(n)}"

    def _groups(self, only: NDArray[np.int64] | None) -> Sequence[Hashable]:
        return self.groups if only is None else [self.groups[n] for n in only]


def _won(metric: str, found: PairedTest) -> PairedTest:
    """Count a row as won by what is better of a metric, which may be less."""
    if METRICS[metric].higher_is_better is not False:
        return found
    return replace(found, wins=found.losses, losses=found.wins)


def profile_warnings(reading: ScoringOptions) -> list[str]:
    """Say where a profile of ROUGE does not suit the language."""
    profile = PROFILES[reading.profile]
    if not profile.only_ascii or words.primary_language(reading.lang) in (None, "en"):
        return []
    return [
        f"Profile {reading.profile} ends a word at every letter outside a to z: in {reading.lang} "
        "it compares pieces of words. Profile abrege does not."
    ]
