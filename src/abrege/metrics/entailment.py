"""Faithfulness by a model of natural language inference: SummaC-ZS (Laban et al. 2022, TACL).

Each sentence of a summary is paired with every sentence of its document; the highest probability
of entailment counts, and a summary scores the mean over its sentences. A sentence that combines
facts of several document sentences is not entailed by any one of them, so it scores too low.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import abrege
from abrege.core.types import EvaluationRow
from abrege.metrics.family import EntailmentModel, MeanAggregator, ScoringOptions, document_of
from abrege.text.sentences import split_sentences, splitter_name


class Support(NamedTuple):
    """How well a document supports a summary: its least supported sentence, and the mean."""

    lowest: float
    mean: float


def score_rows(
    model: EntailmentModel, rows: Sequence[tuple[str, str]], *, lang: str | None = None
) -> list[Support]:
    """Score summaries against their documents.

    rows  (document, summary)

    A row costs the product of its sentence counts: 30 of a document and 3 of a summary are 90
    pairs. Pairs that are equal are scored once over all rows. A text without sentences scores 0.
    """
    texts = dict.fromkeys(text for row in rows for text in row)
    sentences = {text: split_sentences(text, lang) for text in texts}
    pairs = dict.fromkeys(
        (premise, claim)
        for document, summary in rows
        for claim in sentences[summary]
        for premise in sentences[document]
    )
    probabilities = dict(zip(pairs, model.entailment_probabilities(list(pairs)), strict=True))
    return [
        support(
            [
                [probabilities[premise, claim] for premise in sentences[document]]
                for claim in sentences[summary]
            ]
        )
        for document, summary in rows
    ]


def support(probabilities: Sequence[Sequence[float]]) -> Support:
    """Aggregate the probabilities of a summary.

    probabilities  (summary sentences, document sentences)

    Each summary sentence takes the highest over the document, 0 where the document is empty.
    """
    best = [max(row, default=0.0) for row in probabilities]
    return Support(min(best), sum(best) / len(best)) if best else Support(0.0, 0.0)


class EntailmentFamily:
    """Entailment by the document; rows wait for the last one, so that no pair is scored twice."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        assert options.entailment is not None
        self.model, self.lang = options.entailment, options.lang
        self.aggregators = {
            metric: MeanAggregator(self._signature, ("lowest",)) for metric in metrics
        }
        self._rows: list[tuple[str, str]] = []
        self._truncated = 0

    def statistics(self, row: EvaluationRow) -> Mapping[str, Sequence[float]]:
        """Store the row; raise RecipeError where it has no document."""
        self._rows.append((document_of(row, "entailment"), row.prediction))
        return {}

    def finish(self) -> Mapping[str, Sequence[float]]:
        """Return the lowest value, the mean and 1 of every row."""
        scores = score_rows(self.model, self._rows, lang=self.lang)
        self._truncated = self.model.truncated_premises
        flat = [value for row_support in scores for value in (*row_support, 1.0)]
        return dict.fromkeys(self.aggregators, flat)

    def _signature(self) -> str:
        parts = [
            "entailment",
            f"abrege-{abrege.__version__}",
            self.model.name,
            "summac-zs:max,mean",
            f"cut:{self._truncated}",
            f"sentences:{splitter_name(self.lang)}",
            f"lang:{self.lang or 'und'}",
        ]
        return "|".join(parts)
