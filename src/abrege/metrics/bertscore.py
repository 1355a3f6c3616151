"""BERTScore: words matched by the vectors an encoder gives them (Zhang et al. 2020, section 3)."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abrege.metrics.rouge_profiles import FScore

_NOTHING = FScore(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class EncodedText:
    """A text as an encoder sees it.

    ids      (tokens)          int64
    vectors  (tokens, hidden)  float32, each of length 1
    content  (tokens)          bool; False for what the tokenizer puts round every text
    """

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    content: NDArray[np.bool_]


class TokenEncoder(Protocol):
    """What turns texts into vectors; `model.encoding` has one."""

    @property
    def name(self) -> str:
        """Name the encoder, its weights and the layer, for signatures."""

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the fields of each text as Encoded, in order."""


@dataclass(frozen=True)
class BertScoreSettings:
    """How BERTScore weighs tokens and scales its values."""

    idf: bool = False
    """Weigh a token by its inverse document frequency in the references."""
    rescale: bool = False
    """Put 0 where references that do not belong together score, as measured on these rows."""


def score_pair(
    prediction: EncodedText, reference: EncodedText, weights: Mapping[int, float] | None
) -> FScore:
    """Score a prediction against a reference; each token is matched to the nearest of the other.

    weights  token id → weight, for idf; None weighs all content alike

    As in the package bert-score, special tokens may be matched to but weigh nothing, and a text
    without content scores 0.
    """
    if not prediction.content.any() or not reference.content.any():
        return _NOTHING
    alike = prediction.vectors @ reference.vectors.T  # (tokens, reference tokens)
    precision = _mean(alike.max(1), prediction, weights)
    recall = _mean(alike.max(0), reference, weights)
    both = precision + recall
    return FScore(precision, recall, 2 * precision * recall / both if both > 0 else 0.0)


def idf_weights(references: Iterable[EncodedText]) -> Mapping[int, float]:
    """Give each token's inverse document frequency, plus one in both places (section 3)."""
    count = 0
    seen: Counter[int] = Counter()
    for reference in references:
        count += 1
        seen.update({*reference.ids.tolist()})
    unseen = math.log(count + 1)
    return _Weights({t: math.log((count + 1) / (n + 1)) for t, n in seen.items()}, unseen)


def score_rows(
    encoder: TokenEncoder, rows: Sequence[tuple[str, Sequence[str]]], settings: BertScoreSettings
) -> tuple[list[FScore], float | None]:
    """Score predictions against the best of their references; give the baseline too, if rescaled.

    The baseline is the mean F of each first reference against that of the row half the rows away:
    the same for every system. bert-score takes one from other corpora, of which there is none for
    most encoders and languages.
    """
    texts = dict.fromkeys(t for prediction, references in rows for t in (prediction, *references))
    found = (EncodedText(*fields) for fields in encoder.encode(list(texts)))
    encoded = dict(zip(texts, found, strict=True))
    weights = None
    if settings.idf:
        weights = idf_weights(encoded[r] for _, references in rows for r in references)
    scores = [
        max(
            (score_pair(encoded[p], encoded[r], weights) for r in references),
            key=lambda s: s.fmeasure,
        )
        for p, references in rows
    ]
    if not settings.rescale:
        return scores, None
    firsts = [encoded[references[0]] for _, references in rows]
    away = len(rows) // 2
    others = zip(firsts, firsts[away:] + firsts[:away], strict=True)
    strange = [score_pair(a, b, weights).fmeasure for a, b in others]
    base = sum(strange) / len(strange)
    return [FScore(*((part - base) / (1 - base) for part in s)) for s in scores], base


class _Weights(dict[int, float]):
    """Weights of the tokens that references hold; others weigh the most."""

    def __init__(self, known: Mapping[int, float], unseen: float) -> None:
        super().__init__(known)
        self.unseen = unseen

    def __missing__(self, token: int) -> float:
        return self.unseen


def _mean(
    best: NDArray[np.float32], text: EncodedText, weights: Mapping[int, float] | None
) -> float:
    if weights is None:
        return float(best[text.content].mean(dtype=np.float64))
    weight = np.array([weights[token] for token in text.ids.tolist()])
    total = weight.sum()
    return float((best * weight).sum() / total) if total else 0.0
