"""Faithfulness by an entailment model: SummaC-ZS (Laban et al. 2022, TACL).

Each sentence of a summary is held against every sentence of its document; the best counts, and a
summary scores the mean of its sentences. A sentence that joins facts of several sentences is not
entailed by any one of them, so it scores too low.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import abrege
from abrege.core.errors import RecipeError
from abrege.core.types import Candidate
from abrege.text.sentences import split_sentences, splitter_name


class EntailmentModel(Protocol):
    """What tells whether a text follows from another; `model.entailment` has one."""

    @property
    def name(self) -> str:
        """Name the model and its weights, for signatures."""

    @property
    def cut(self) -> int:
        """Count the pairs whose premise was cut, of those judged last."""

    def entailed(self, pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
        """Yield the probability that each premise entails its hypothesis, in order."""


class Reading(Protocol):
    """The part of `families.Reading` that is read here."""

    @property
    def lang(self) -> str | None:
        """Give the language of the texts."""

    @property
    def judge(self) -> EntailmentModel | None:
        """Give what tells whether a text follows from another."""


class Support(NamedTuple):
    """How well a document supports a summary: its least supported sentence, and the mean."""

    lowest: float
    mean: float


def score_rows(
    judge: EntailmentModel, rows: Sequence[tuple[str, str]], *, lang: str | None = None
) -> list[Support]:
    """Score summaries against their documents, rows being (document, summary).

    A row takes the product of its sentences: 30 of a document and 3 of a summary are 90 pairs.
    Equal pairs of all rows are judged once. What has no sentence scores 0.
    """
    split = {
        text: split_sentences(text, lang) for text in dict.fromkeys(t for row in rows for t in row)
    }
    pairs = dict.fromkeys(
        (premise, claim) for doc, text in rows for claim in split[text] for premise in split[doc]
    )
    judged = dict(zip(pairs, judge.entailed(list(pairs)), strict=True))
    return [
        support([[judged[premise, claim] for premise in split[doc]] for claim in split[text]])
        for doc, text in rows
    ]


def support(probabilities: Sequence[Sequence[float]]) -> Support:
    """Aggregate the probabilities of a summary: a row for each of its sentences.

    Each sentence takes the highest over the document's sentences, 0 where there are none.
    """
    best = [max(row, default=0.0) for row in probabilities]
    return Support(min(best), sum(best) / len(best)) if best else Support(0.0, 0.0)


class EntailmentFamily:
    """Entailment by the document; texts are kept to the end, so that no pair is judged twice."""

    def __init__(self, metrics: Sequence[str], reading: Reading) -> None:
        from abrege.metrics.reference_based import Mean  # which reads Judge from here

        assert reading.judge is not None
        self.judge, self.lang = reading.judge, reading.lang
        self.measures = {metric: Mean(self._signature, ("lowest",)) for metric in metrics}
        self._rows: list[tuple[str, str]] = []
        self._cut = 0

    def statistics(self, row: Candidate) -> Mapping[str, Sequence[float]]:
        """Remember the row; RecipeError where it has no document."""
        if row.document is None:
            raise RecipeError("entailment looks at the documents: give them with --data.")
        self._rows.append((row.document, row.prediction))
        return {}

    def rest(self) -> Mapping[str, Sequence[float]]:
        """Give the lowest, the mean and 1 of every row."""
        found = score_rows(self.judge, self._rows, lang=self.lang)
        self._cut = self.judge.cut
        flat = [value for each in found for value in (*each, 1.0)]
        return dict.fromkeys(self.measures, flat)

    def _signature(self) -> str:
        made = f"entailment|abrege-{abrege.__version__}|{self.judge.name}|summac-zs:max,mean"
        return (
            f"{made}|cut:{self._cut}|sentences:{splitter_name(self.lang)}|lang:{self.lang or 'und'}"
        )
