"""Any of our metrics over rows: statistics of each row, kept; scores, intervals and tests of them.

Texts are not kept, so a million rows fit in memory.
"""

from array import array
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import abrege
from abrege.errors import RecipeError
from abrege.metrics import bleu_chrf, length, rouge, significance
from abrege.metrics.catalogue import CORPUS, DEFAULT, METRICS, nearest
from abrege.metrics.meteor import Meteor
from abrege.metrics.rouge_profiles import METRICS as ROUGE
from abrege.metrics.significance import Floats, Paired, Resampling
from abrege.text import words


@dataclass(frozen=True)
class Asked:
    """Which metrics, and how they read texts."""

    metrics: tuple[str, ...] = DEFAULT
    lang: str | None = None
    profile: str = "abrege"
    stemmer: bool = False
    references_rule: rouge.ReferencesRule = "max"
    wordnet: Path | None = None
    """The folder of WordNet's files, for METEOR's synonyms."""

    def __post_init__(self) -> None:
        """Refuse what cannot be computed before any row is read."""
        for metric in self.metrics:
            if metric not in METRICS:
                raise RecipeError(f"there is no metric {metric!r}; {nearest(metric, METRICS)}")
        rouge.check(
            self.profile,
            lang=self.lang,
            stemmer=self.stemmer,
            metrics=[m for m in self.metrics if m in ROUGE],
            references_rule=self.references_rule,
        )


class Measure(Protocol):
    """A metric in a table: what it keeps of a row, and what becomes of the sums."""

    def score(self, sums: Floats) -> Floats:
        """Make scores, (…), of sums of statistics, (…, statistics)."""

    def row_score(self, sums: Floats) -> Floats:
        """Score rows by themselves."""

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give further values of the whole, by name."""

    def signature(self) -> str:
        """Say what the score was made with, up to n."""


@dataclass(frozen=True)
class Mean:
    """A metric whose score is the mean of its rows': statistics are its values and a 1."""

    sign: Callable[[], str]
    names: tuple[str, ...] = ()
    """Further values of a row, which stand before the score."""

    def score(self, sums: Floats) -> Floats:
        """Give the mean."""
        found: Floats = sums[..., -2] / sums[..., -1]
        return found

    row_score = score

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give the means of the further values."""
        further = sums[: len(self.names)] / sums[-1]
        return dict(zip(self.names, further.tolist(), strict=True))

    def signature(self) -> str:
        """Say what it was made with."""
        return self.sign()


@dataclass
class Table:
    """The statistics of rows, by metric, with their ids and groups."""

    asked: Asked
    ids: list[str] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)
    without_words: int = 0
    """Rows whose prediction has no word: they score 0 and count."""

    def __post_init__(self) -> None:
        """Make the measures."""
        self._measures = {metric: self._measure(metric) for metric in self.asked.metrics}
        self._kept = {metric: array("d") for metric in self.asked.metrics}
        self._rouge = [m for m in self.asked.metrics if m in ROUGE]
        self._named: set[str] = set()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.ids)

    def add(
        self, row_id: str, prediction: str, references: Sequence[str], group: str | None
    ) -> None:
        """Score a row and keep its statistics."""
        self.groups.append(len(self.ids) if group is None else group)
        self.ids.append(row_id)
        if group is not None:
            self._named.add(group)
        self.without_words += not words.count(prediction, self.asked.lang)
        for metric, statistics in self._statistics(prediction, references).items():
            self._kept[metric].extend(statistics)

    @property
    def n_groups(self) -> int:
        """Count the groups; a row of none is one by itself."""
        return len(self._named) + sum(isinstance(group, int) for group in self.groups)

    def statistics(self, metric: str) -> Floats:
        """Give a metric's statistics, (rows, statistics)."""
        return np.frombuffer(self._kept[metric], dtype=np.float64).reshape(len(self), -1)

    def rows(self, metric: str) -> Floats:
        """Give each row's score by itself, (rows)."""
        return self._measures[metric].row_score(self.statistics(metric))

    def scores(self, resampling: Resampling) -> dict[str, dict[str, Any]]:
        """Give each metric's score over all rows, its interval, its parts and its signature.

        Where all rows are of one group there is no interval: low and high are None.
        """
        return {metric: self._scored(metric, resampling) for metric in self.asked.metrics}

    def compare(self, other: "Table", metric: str, resampling: Resampling) -> Paired:
        """Test the difference self − other of a metric on the same rows."""
        measure = self._measures[metric]
        a, b = (table.statistics(metric) for table in (self, other))
        rows = (self.rows(metric), other.rows(metric))
        if self.n_groups < 2:
            difference = float(measure.score(a.sum(0)) - measure.score(b.sum(0)))
            return replace(significance.untested(*rows), difference=difference)
        return significance.paired_scores(
            a, b, self.groups, measure.score, rows=rows, **asdict(resampling)
        )

    def signature(self, metric: str, resampling: Resampling) -> str:
        """Say all that a number of `metric` depends on."""
        counts = f"n:{len(self)}|groups:{self.n_groups}"
        return f"{self._measures[metric].signature()}|{counts}|{resampling.signature(len(self))}"

    def _scored(self, metric: str, resampling: Resampling) -> dict[str, Any]:
        measure, kept = self._measures[metric], self.statistics(metric)
        sums = kept.sum(0)
        found: dict[str, Any] = {"value": float(measure.score(sums)), "low": None, "high": None}
        if self.n_groups > 1:
            how = asdict(resampling)
            found = asdict(significance.interval(kept, self.groups, measure.score, **how))
        signature = self.signature(metric, resampling)
        return {**found, **measure.parts(sums), "signature": signature}

    def _statistics(
        self, prediction: str, references: Sequence[str]
    ) -> Mapping[str, Sequence[float]]:
        found: dict[str, Sequence[float]] = {}
        asked = self.asked
        if self._rouge:
            scores = rouge.score(
                prediction,
                references,
                metrics=self._rouge,
                profile=asked.profile,
                lang=asked.lang,
                stemmer=asked.stemmer,
                references_rule=asked.references_rule,
            )
            found = {metric: (*score, 1.0) for metric, score in scores.items()}
        for metric, measure in self._measures.items():
            if isinstance(measure, bleu_chrf.Corpus):
                found[metric] = measure.statistics(prediction, references)
        if "meteor" in self._measures:
            found["meteor"] = (self._meteor.score(prediction, references), 1.0)
        if "length_ratio" in self._measures:
            ratio = length.length_ratio(prediction, references, lang=asked.lang)
            found["length_ratio"] = (ratio, 1.0)
        if "words" in self._measures:
            found["words"] = (words.count(prediction, asked.lang), 1.0)
        return found

    def _measure(self, metric: str) -> Measure:
        asked = self.asked
        if metric in CORPUS:
            return bleu_chrf.Corpus(metric, lang=asked.lang)
        if metric == "meteor":
            self._meteor = Meteor(lang=asked.lang, folder=asked.wordnet)
            return Mean(self._meteor.signature)
        if metric in ROUGE:
            signed = rouge.signature(
                metric,
                profile=asked.profile,
                lang=asked.lang,
                stemmer=asked.stemmer,
                references_rule=asked.references_rule,
            )
            return Mean(lambda: signed, ("precision", "recall"))
        made = f"{metric}|abrege-{abrege.__version__}|words:unicode|lang:{asked.lang or 'und'}"
        return Mean(lambda: made + ("|refs:mean" if metric == "length_ratio" else ""))
