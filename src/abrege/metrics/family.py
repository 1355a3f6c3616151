"""What metrics have in common: statistics of a row, whose sums over rows make the scores.

A family computes several metrics together. It keeps a few numbers of each row (statistics); an
aggregator makes a score from the sums of these numbers. A bootstrap can therefore sum the
statistics of the drawn rows again instead of scoring texts again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow, Pair
from abrege.metrics.rouge import ReferencesRule
from abrege.metrics.significance import Floats

Statistics = Mapping[str, Sequence[float]]
"""Metric → the numbers it keeps of a row, or of all rows one after the other."""


class TokenEncoder(Protocol):
    """A model that turns texts into token vectors; `inference.encoder` has one."""

    @property
    def name(self) -> str:
        """Return the name of the encoder, its weights and the layer, for signatures."""

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the fields of `bertscore.EncodedText` of each text, in order."""


class LikelihoodModel(Protocol):
    """A model that scores how likely references are; `inference.log_likelihood` has one."""

    @property
    def name(self) -> str:
        """Return the name of the model and its weights, for signatures."""

    @property
    def prompt_signature(self) -> str:
        """Return how the model was prompted, for signatures; known after `score`."""

    def score(self, pairs: Sequence[Pair]) -> Iterator[tuple[float, int]]:
        """Yield the nats and the tokens of each pair, in order, summed over its references."""


class EntailmentModel(Protocol):
    """A model of natural language inference; `inference.nli` has one."""

    @property
    def name(self) -> str:
        """Return the name of the model and its weights, for signatures."""

    @property
    def truncated_premises(self) -> int:
        """Return how many premises the last `entailment_probabilities` truncated."""

    def entailment_probabilities(self, pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
        """Yield the probability that each premise entails its hypothesis, in order."""


@dataclass(frozen=True)
class BertScoreSettings:
    """How BERTScore weights tokens and rescales its values."""

    idf: bool = False
    """Weight a token by its inverse document frequency in the references."""
    rescale: bool = False
    """Put 0 where references of different rows score, as measured on the rows themselves."""


@dataclass(frozen=True)
class ScoringOptions:
    """The options and the models of all metrics."""

    lang: str | None = None
    profile: str = "abrege"
    """Of ROUGE, one of `rouge_profiles.PROFILES`."""
    stemmer: bool = False
    """Stem words for ROUGE (profile abrege)."""
    references_rule: ReferencesRule = "max"
    """How ROUGE combines several references."""
    sentence_separator: str | None = None
    """A mark in summaries and references that ends a sentence, read as the end of a line."""
    wordnet: Path | None = None
    """The folder of the WordNet files, for synonyms in METEOR."""
    encoder: TokenEncoder | None = None
    """For BERTScore."""
    bertscore: BertScoreSettings = field(default_factory=BertScoreSettings)
    likelihood: LikelihoodModel | None = None
    """For perplexity of the references."""
    text_likelihood: LikelihoodModel | None = None
    """For perplexity of whole texts, prompt and summary together."""
    entailment: EntailmentModel | None = None


class Aggregator(Protocol):
    """The second half of a metric: from sums of statistics to scores."""

    def score(self, sums: Floats) -> Floats:
        """Return the scores, (…), of sums of statistics, (…, statistics)."""

    def row_score(self, sums: Floats) -> Floats:
        """Return the scores of single rows, which may be defined in another way."""

    def components(self, sums: Floats) -> dict[str, float]:
        """Return further values of all rows together, by name."""

    def signature(self) -> str:
        """Return all that the score depends on, but for n and the resampling."""


class MetricFamily(Protocol):
    """The first half of metrics that are computed together: from rows to statistics."""

    @property
    def aggregators(self) -> Mapping[str, Aggregator]:
        """Return the aggregator of each metric."""

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return the statistics of a row, or nothing where they come from `finish`."""

    def finish(self) -> Statistics:
        """Return the statistics of all rows that had to wait for the last row."""


class RowwiseFamily:
    """Base of the families that score each row without the other rows."""

    def finish(self) -> Statistics:
        """Return nothing: `statistics` returned everything."""
        return {}


UNDEFINED = (0.0, 0.0)
"""The statistics of a row for which a mean has no value: it has no weight."""


def value_and_weight(value: float | None) -> tuple[float, float]:
    """Return the statistics of a row for `MeanAggregator`; None has no weight."""
    return UNDEFINED if value is None else (float(value), 1.0)


@dataclass(frozen=True)
class MeanAggregator:
    """The mean over rows; the statistics of a row end with its value and its weight."""

    sign: Callable[[], str]
    names: tuple[str, ...] = ()
    """Further values, which the statistics begin with."""

    def score(self, sums: Floats) -> Floats:
        """Return the mean, or NaN where no row has a weight."""
        value, weight = sums[..., -2], sums[..., -1]
        mean: Floats = np.divide(value, weight, out=np.full(value.shape, np.nan), where=weight > 0)
        return mean

    row_score = score

    def components(self, sums: Floats) -> dict[str, float]:
        """Return the means of the further values."""
        means = sums[: len(self.names)] / (sums[-1] or 1)
        return dict(zip(self.names, means.tolist(), strict=True))

    def signature(self) -> str:
        """Return the signature of the metric."""
        return self.sign()


def document_of(row: EvaluationRow, metric: str) -> str:
    """Return the document of a row; raise RecipeError where it has none."""
    if row.document is None:
        raise RecipeError(
            f"{metric} needs the documents, and row {row.id!r} has none.\n"
            "  Give them with --data, or documents= in Python."
        )
    return row.document
