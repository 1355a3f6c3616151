"""BERTScore: tokens matched by the vectors of an encoder (Zhang et al. 2020, section 3)."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abrege.metrics.family import BertScoreSettings, TokenEncoder
from abrege.metrics.rouge_profiles import ZERO, FScore


@dataclass(frozen=True)
class EncodedText:
    """A text as an encoder sees it.

    ids      (tokens)          int64
    vectors  (tokens, hidden)  float32, each of length 1
    content  (tokens)          bool; False for the special tokens that the tokenizer adds
    """

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    content: NDArray[np.bool_]


def score_pair(
    prediction: EncodedText, reference: EncodedText, weights: Mapping[int, float] | None
) -> FScore:
    """Score a prediction against a reference; each token matches the nearest of the other text.

    weights  token id → idf weight; None weights all content tokens equally

    As in the package bert-score, special tokens can be matched but have no weight, and a text
    without content scores 0.
    """
    if not prediction.content.any() or not reference.content.any():
        return ZERO
    similarity = prediction.vectors @ reference.vectors.T  # (tokens, reference tokens)
    precision = _weighted_mean(similarity.max(1), prediction, weights)
    recall = _weighted_mean(similarity.max(0), reference, weights)
    total = precision + recall
    return FScore(precision, recall, 2 * precision * recall / total if total > 0 else 0.0)


def idf_weights(references: Iterable[EncodedText]) -> Mapping[int, float]:
    """Compute the inverse document frequency of each token, with plus-one smoothing (section 3)."""
    count = 0
    frequencies: Counter[int] = Counter()
    for reference in references:
        count += 1
        frequencies.update({*reference.ids.tolist()})
    unseen = math.log(count + 1)
    weights = {token: math.log((count + 1) / (n + 1)) for token, n in frequencies.items()}
    return _IdfWeights(weights, unseen)


def score_rows(
    encoder: TokenEncoder, rows: Sequence[tuple[str, Sequence[str]]], settings: BertScoreSettings
) -> tuple[list[FScore], float | None]:
    """Score each prediction against the best of its references.

    rows     (prediction, references)
    returns  the score of each row, and the baseline where the settings ask for rescaling

    The baseline is the mean F of each first reference against that of the row half the rows away:
    the same for every system. bert-score ships baselines from other corpora, of which there is
    none for most encoders and languages.
    """
    texts = dict.fromkeys(t for prediction, references in rows for t in (prediction, *references))
    vectors = (EncodedText(*fields) for fields in encoder.encode(list(texts)))
    encoded = dict(zip(texts, vectors, strict=True))
    weights = None
    if settings.idf:
        weights = idf_weights(encoded[r] for _, references in rows for r in references)
    scores = [
        max(
            (score_pair(encoded[prediction], encoded[r], weights) for r in references),
            key=lambda s: s.fmeasure,
        )
        for prediction, references in rows
    ]
    if not settings.rescale:
        return scores, None
    base = _baseline([encoded[references[0]] for _, references in rows], weights)
    return [FScore(*((part - base) / (1 - base) for part in s)) for s in scores], base


def _baseline(references: Sequence[EncodedText], weights: Mapping[int, float] | None) -> float:
    half = len(references) // 2
    pairs = zip(references, [*references[half:], *references[:half]], strict=True)
    scores = [score_pair(a, b, weights).fmeasure for a, b in pairs]
    return sum(scores) / len(scores)


class _IdfWeights(dict[int, float]):
    """The weights of the tokens in the references; tokens that are in none weigh the most."""

    def __init__(self, weights: Mapping[int, float], unseen: float) -> None:
        super().__init__(weights)
        self.unseen = unseen

    def __missing__(self, token: int) -> float:
        return self.unseen


def _weighted_mean(
    best: NDArray[np.float32], text: EncodedText, weights: Mapping[int, float] | None
) -> float:
    if weights is None:
        return float(best[text.content].mean(dtype=np.float64))
    weight = np.array([weights[token] for token in text.ids.tolist()])
    total = weight.sum()
    return float((best * weight).sum() / total) if total else 0.0
