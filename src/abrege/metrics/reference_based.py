"""Metrics that are computed together from one row, as statistics whose sums make the scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

import abrege
from abrege.core.types import Candidate
from abrege.metrics import bertscore, bleu_chrf, length, rouge
from abrege.metrics.entailment import EntailmentModel
from abrege.metrics.meteor import Meteor
from abrege.metrics.perplexity import LikelihoodModel
from abrege.metrics.significance import Floats
from abrege.text import tokenize as words

Statistics = Mapping[str, Sequence[float]]
"""Metric → what it keeps of a row."""


@dataclass(frozen=True)
class ScoringOptions:
    """How metrics read texts."""

    lang: str | None = None
    profile: str = "abrege"
    stemmer: bool = False
    references_rule: rouge.ReferencesRule = "max"
    wordnet: Path | None = None
    """The folder of WordNet's files, for METEOR's synonyms."""
    encoder: bertscore.TokenEncoder | None = None
    matching: bertscore.BertScoreSettings = field(default_factory=bertscore.BertScoreSettings)
    """How BERTScore, which takes its vectors from `encoder`, matches them."""
    likelihood: LikelihoodModel | None = None
    """What knows how likely references are, for perplexity."""
    text_likelihood: LikelihoodModel | None = None
    """What knows how likely whole texts are, prompt and summary together."""
    judge: EntailmentModel | None = None
    """What tells whether a text follows from another, for entailment."""


class Measure(Protocol):
    """What becomes of the sums of a metric's statistics."""

    def score(self, sums: Floats) -> Floats:
        """Make scores, (…), of sums of statistics, (…, statistics)."""

    def row_score(self, sums: Floats) -> Floats:
        """Score rows by themselves."""

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give further values of the whole, by name."""

    def signature(self) -> str:
        """Say what the score was made with, up to n."""


class Family(Protocol):
    """Metrics computed together."""

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Give what becomes of each metric's sums."""

    def statistics(self, row: Candidate) -> Statistics:
        """Give what each metric keeps of a row; nothing where that is known at the end only."""

    def rest(self) -> Statistics:
        """Give what is known after the last row, of all rows at once."""


UNKNOWN = (0.0, 0.0)
"""The statistics of a row of which a mean cannot be told: it weighs nothing."""


def weighed(value: float | None) -> tuple[float, float]:
    """Give a row's value and weight, for `Mean`."""
    return UNKNOWN if value is None else (float(value), 1.0)


class OneByOne:
    """A family that needs no other rows to score one."""

    def rest(self) -> Statistics:
        """Leave nothing for the end."""
        return {}


@dataclass(frozen=True)
class Mean:
    """A metric whose score is the mean of its rows': statistics end in its value and a 1."""

    sign: Callable[[], str]
    names: tuple[str, ...] = ()
    """Further values of a row, which stand before its score."""

    def score(self, sums: Floats) -> Floats:
        """Give the mean; not-a-number where no row could be told."""
        value, weight = sums[..., -2], sums[..., -1]
        found: Floats = np.divide(value, weight, out=np.full(value.shape, np.nan), where=weight > 0)
        return found

    row_score = score

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give the means of the further values."""
        further = sums[: len(self.names)] / (sums[-1] or 1)
        return dict(zip(self.names, further.tolist(), strict=True))

    def signature(self) -> str:
        """Say what it was made with."""
        return self.sign()


class Rouge(OneByOne):
    """ROUGE, with precision and recall beside F."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self.metrics, self.reading = metrics, reading
        self.measures: Mapping[str, Measure] = {m: self._measure(m) for m in metrics}

    def statistics(self, row: Candidate) -> Statistics:
        """Give precision, recall, F and 1."""
        reading = self.reading
        scores = rouge.score(
            row.prediction,
            row.references,
            metrics=self.metrics,
            profile=reading.profile,
            lang=reading.lang,
            stemmer=reading.stemmer,
            references_rule=reading.references_rule,
        )
        return {metric: (*score, 1.0) for metric, score in scores.items()}

    def _measure(self, metric: str) -> Mean:
        reading = self.reading
        signed = rouge.signature(
            metric,
            profile=reading.profile,
            lang=reading.lang,
            stemmer=reading.stemmer,
            references_rule=reading.references_rule,
        )
        return Mean(lambda: signed, ("precision", "recall"))


class BleuChrf(OneByOne):
    """BLEU and chrF, scores of all rows together."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self.measures = {m: bleu_chrf.CorpusAggregator(m, lang=reading.lang) for m in metrics}

    def statistics(self, row: Candidate) -> Statistics:
        """Give the counts of n-grams."""
        return {
            metric: corpus.statistics(row.prediction, row.references)
            for metric, corpus in self.measures.items()
        }


class OfMeteor(OneByOne):
    """METEOR, against the best of several references."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self._meteor = Meteor(lang=reading.lang, folder=reading.wordnet)
        self.measures = {metric: Mean(self._meteor.signature) for metric in metrics}

    def statistics(self, row: Candidate) -> Statistics:
        """Give the score and 1."""
        return {m: (self._meteor.score(row.prediction, row.references), 1.0) for m in self.measures}


class OfBertScore:
    """BERTScore; texts are kept to the end, to be encoded together."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self.encoder, self.settings = reading.encoder, reading.matching
        self.measures = {m: Mean(self._signature, ("precision", "recall")) for m in metrics}
        self._rows: list[tuple[str, Sequence[str]]] = []
        self._base: float | None = None

    def statistics(self, row: Candidate) -> Statistics:
        """Remember the row."""
        self._rows.append((row.prediction, row.references))
        return {}

    def rest(self) -> Statistics:
        """Give precision, recall, F and 1 of every row."""
        assert self.encoder is not None
        scores, self._base = bertscore.score_rows(self.encoder, self._rows, self.settings)
        flat = [value for score in scores for value in (*score, 1.0)]
        return dict.fromkeys(self.measures, flat)

    def _signature(self) -> str:
        assert self.encoder is not None
        weights = "idf" if self.settings.idf else "no-idf"
        scaled = "no" if self._base is None else f"other-references({self._base:.4f})"
        made = f"bertscore|abrege-{abrege.__version__}|{self.encoder.name}"
        return f"{made}|{weights}|rescaled:{scaled}|refs:max"


class Lengths(OneByOne):
    """How long summaries are, in words and against their references."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self.lang = reading.lang
        self.measures = {metric: Mean(self._signing(metric)) for metric in metrics}

    def statistics(self, row: Candidate) -> Statistics:
        """Give the lengths and 1."""
        found: dict[str, float | None] = {
            "length_ratio": length.length_ratio(row.prediction, row.references, lang=self.lang),
            "words": float(words.count_words(row.prediction, self.lang)),
            "tokens": row.new_tokens,
        }
        return {metric: weighed(found[metric]) for metric in self.measures}

    def _signing(self, metric: str) -> Callable[[], str]:
        made = f"{metric}|abrege-{abrege.__version__}"
        if metric == "tokens":
            return lambda: f"{made}|model's"
        refs = "|refs:mean" if metric == "length_ratio" else ""
        return lambda: f"{made}|words:unicode|lang:{self.lang or 'und'}{refs}"
