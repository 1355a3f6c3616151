"""The families of metrics that compare a summary with its references."""

from collections.abc import Callable, Mapping, Sequence

import abrege
from abrege.core.types import EvaluationRow
from abrege.metrics import bertscore, length, rouge
from abrege.metrics.bleu_chrf import CorpusAggregator
from abrege.metrics.family import (
    Aggregator,
    MeanAggregator,
    RowwiseFamily,
    ScoringOptions,
    Statistics,
    value_and_weight,
)
from abrege.metrics.meteor import Meteor
from abrege.text.tokenize import count_words


class RougeFamily(RowwiseFamily):
    """ROUGE: F, precision and recall."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self.metrics, self.options = metrics, options
        self.aggregators: Mapping[str, Aggregator] = {m: self._aggregator(m) for m in metrics}

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return precision, recall, F and 1."""
        options = self.options
        scores = rouge.score(
            row.prediction,
            row.references,
            metrics=self.metrics,
            profile=options.profile,
            lang=options.lang,
            stemmer=options.stemmer,
            references_rule=options.references_rule,
        )
        return {metric: (*score, 1.0) for metric, score in scores.items()}

    def _aggregator(self, metric: str) -> MeanAggregator:
        options = self.options
        signature = rouge.signature(
            metric,
            profile=options.profile,
            lang=options.lang,
            stemmer=options.stemmer,
            references_rule=options.references_rule,
        )
        return MeanAggregator(lambda: signature, ("precision", "recall"))


class BleuChrfFamily(RowwiseFamily):
    """BLEU and chrF, corpus scores of all rows together."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self.aggregators = {m: CorpusAggregator(m, lang=options.lang) for m in metrics}

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return the counts of n-grams."""
        return {
            metric: corpus.statistics(row.prediction, row.references)
            for metric, corpus in self.aggregators.items()
        }


class MeteorFamily(RowwiseFamily):
    """METEOR, against the best of several references."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self._meteor = Meteor(lang=options.lang, folder=options.wordnet)
        self.aggregators = {metric: MeanAggregator(self._meteor.signature) for metric in metrics}

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return the score and 1."""
        score = self._meteor.score(row.prediction, row.references)
        return dict.fromkeys(self.aggregators, (score, 1.0))


class BertScoreFamily:
    """BERTScore; rows wait for the last one, so that their texts are encoded in batches."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        assert options.encoder is not None
        self.encoder, self.settings = options.encoder, options.bertscore
        self.aggregators = {
            metric: MeanAggregator(self._signature, ("precision", "recall")) for metric in metrics
        }
        self._rows: list[tuple[str, Sequence[str]]] = []
        self._base: float | None = None

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Store the row."""
        self._rows.append((row.prediction, row.references))
        return {}

    def finish(self) -> Statistics:
        """Return precision, recall, F and 1 of every row."""
        scores, self._base = bertscore.score_rows(self.encoder, self._rows, self.settings)
        flat = [value for score in scores for value in (*score, 1.0)]
        return dict.fromkeys(self.aggregators, flat)

    def _signature(self) -> str:
        rescaled = "no" if self._base is None else f"other-references({self._base:.4f})"
        parts = [
            "bertscore",
            f"abrege-{abrege.__version__}",
            self.encoder.name,
            "idf" if self.settings.idf else "no-idf",
            f"rescaled:{rescaled}",
            "refs:max",
        ]
        return "|".join(parts)


class LengthFamily(RowwiseFamily):
    """The length of summaries, in words, in tokens and against their references."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self.lang = options.lang
        self.aggregators = {metric: MeanAggregator(self._signer(metric)) for metric in metrics}

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return each length and 1."""
        lengths: dict[str, float | None] = {
            "length_ratio": length.length_ratio(row.prediction, row.references, lang=self.lang),
            "words": float(count_words(row.prediction, self.lang)),
            "tokens": row.new_tokens,
        }
        return {metric: value_and_weight(lengths[metric]) for metric in self.aggregators}

    def _signer(self, metric: str) -> Callable[[], str]:
        made = f"{metric}|abrege-{abrege.__version__}"
        if metric == "tokens":
            return lambda: f"{made}|model's"
        refs = "|refs:mean" if metric == "length_ratio" else ""
        return lambda: f"{made}|words:unicode|lang:{self.lang or 'und'}{refs}"
