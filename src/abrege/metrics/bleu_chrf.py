"""BLEU and chrF as sacrebleu computes them (Papineni et al. 2002; Popović 2015; Post 2018)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from abrege.metrics.significance import Floats
from abrege.text.tokenize import primary_language

PARTS = ("precision1", "precision2", "precision3", "precision4", "brevity_penalty")
"""What BLEU is made of."""

_TOKENIZERS = {"zh": "zh", "ja": "char", "ko": "char"}  # 13a wants spaces between words


class CorpusAggregator:
    """One of the two metrics: statistics of a row, and the score of their sum.

    A corpus score is not the mean of row scores, so rows give counts and resamples sum them, as
    sacrebleu's own significance tests do, by the same methods.
    """

    def __init__(self, metric: str, *, lang: str | None) -> None:
        self.metric = metric
        tokenizer = _TOKENIZERS.get(primary_language(lang) or "", "13a")
        self.scorer: Any = BLEU(tokenize=tokenizer, force=True) if metric == "bleu" else CHRF()
        self.of_a_row: Any = (
            BLEU(tokenize=tokenizer, force=True, effective_order=True)
            if metric == "bleu"
            else self.scorer
        )
        self._numbers_of_references: set[int] = set()

    def statistics(self, prediction: str, references: Sequence[str]) -> list[float]:
        """Count a row's matches; of several references sacrebleu takes the one it would take."""
        self._numbers_of_references.add(len(references))
        [found] = self.scorer._extract_corpus_statistics([prediction], [[r] for r in references])
        return [float(count) for count in found]

    def score(self, sums: Floats) -> Floats:
        """Give the corpus score, 0 to 1, of each row of sums."""
        return _each(lambda stats: self.scorer._compute_score_from_stats(stats).score / 100, sums)

    def row_score(self, sums: Floats) -> Floats:
        """Score rows by themselves: BLEU over the orders that a short text has."""
        return _each(lambda stats: self.of_a_row._compute_score_from_stats(stats).score / 100, sums)

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give the n-gram precisions and the brevity penalty of BLEU, 0 to 1."""
        if self.metric != "bleu":
            return {}
        found = self.scorer._compute_score_from_stats(_whole_numbers(sums))
        return dict(zip(PARTS, [*(p / 100 for p in found.precisions), found.bp], strict=True))

    def signature(self) -> str:
        """Give sacrebleu's signature."""
        numbers = self._numbers_of_references
        self.scorer.num_refs = next(iter(numbers)) if len(numbers) == 1 else -1
        return f"{self.metric}|{self.scorer.get_signature().format()}"


def _each(score: Any, sums: Floats) -> Floats:
    found = [score(_whole_numbers(row)) for row in sums.reshape(-1, sums.shape[-1])]
    return np.array(found, dtype=np.float64).reshape(sums.shape[:-1])


def _whole_numbers(sums: Floats) -> list[int]:
    return [round(count) for count in sums.tolist()]
