"""BLEU and chrF as sacrebleu computes them (Papineni et al. 2002; Popović 2015; Post 2018)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from abrege.metrics.significance import Floats
from abrege.text.tokenize import primary_language

PARTS = ("precision1", "precision2", "precision3", "precision4", "brevity_penalty")
"""The factors of BLEU."""

_TOKENIZERS = {"zh": "zh", "ja": "char", "ko": "char"}  # 13a needs spaces between words


class CorpusAggregator:
    """BLEU or chrF: n-gram counts of a row, and the score of their sums.

    A corpus score is not the mean of row scores. A bootstrap therefore sums the counts of the
    drawn rows, as sacrebleu's own significance tests do, with the same methods.
    """

    def __init__(self, metric: str, *, lang: str | None) -> None:
        self.metric = metric
        tokenizer = _TOKENIZERS.get(primary_language(lang) or "", "13a")
        self.corpus_scorer: Any = (
            BLEU(tokenize=tokenizer, force=True) if metric == "bleu" else CHRF()
        )
        self.row_scorer: Any = (
            BLEU(tokenize=tokenizer, force=True, effective_order=True)
            if metric == "bleu"
            else self.corpus_scorer
        )
        self._reference_counts: set[int] = set()

    def statistics(self, prediction: str, references: Sequence[str]) -> list[float]:
        """Count the n-gram matches of a row, with sacrebleu's rule for several references."""
        self._reference_counts.add(len(references))
        [counts] = self.corpus_scorer._extract_corpus_statistics(
            [prediction], [[r] for r in references]
        )
        return [float(count) for count in counts]

    def score(self, sums: Floats) -> Floats:
        """Return the corpus scores, 0 to 1, of sums of statistics, (…, statistics)."""
        return _score_each(self.corpus_scorer, sums)

    def row_score(self, sums: Floats) -> Floats:
        """Return the scores of single rows: BLEU over the n-gram orders that a short text has."""
        return _score_each(self.row_scorer, sums)

    def components(self, sums: Floats) -> dict[str, float]:
        """Return the n-gram precisions and the brevity penalty of BLEU, 0 to 1."""
        if self.metric != "bleu":
            return {}
        bleu = self.corpus_scorer._compute_score_from_stats(_integers(sums))
        return dict(zip(PARTS, [*(p / 100 for p in bleu.precisions), bleu.bp], strict=True))

    def signature(self) -> str:
        """Return sacrebleu's signature; its nrefs is `var` where rows have different numbers."""
        counts = self._reference_counts
        self.corpus_scorer.num_refs = next(iter(counts)) if len(counts) == 1 else -1
        return f"{self.metric}|{self.corpus_scorer.get_signature().format()}"


def _score_each(scorer: Any, sums: Floats) -> Floats:
    rows = sums.reshape(-1, sums.shape[-1])
    scores = [scorer._compute_score_from_stats(_integers(row)).score / 100 for row in rows]
    return np.array(scores, dtype=np.float64).reshape(sums.shape[:-1])


def _integers(sums: Floats) -> list[int]:
    return [round(count) for count in sums.tolist()]
