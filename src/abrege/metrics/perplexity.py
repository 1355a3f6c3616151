"""Perplexity of the references given their documents, as a model that is handed in finds them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

import abrege
from abrege.core.errors import RecipeError
from abrege.core.types import Candidate, Pair
from abrege.metrics.significance import Floats


class LikelihoodModel(Protocol):
    """What knows how likely references are; `model.likelihood` has one."""

    @property
    def name(self) -> str:
        """Name the model and its weights, for signatures."""

    @property
    def rendering(self) -> str:
        """Say how the model was asked, for signatures; known once pairs are scored."""

    def score(self, pairs: Sequence[Pair]) -> Iterator[tuple[float, int]]:
        """Yield the nats and the tokens of each pair, in order, summed over its references."""


class Reading(Protocol):
    """The part of `families.Reading` that is read here."""

    @property
    def likelihood(self) -> LikelihoodModel | None:
        """Give what knows how likely references are."""

    @property
    def text_likelihood(self) -> LikelihoodModel | None:
        """Give what knows how likely whole texts are."""


class PerplexityAggregator:
    """exp of the nats per token, over all tokens of all rows: long references weigh more.

    Statistics are (nats, tokens, references, bytes). Less is better; 1 is the least. The tokens are
    those of the model, so models with other tokens are compared by the bits per byte of
    text, which are among the parts.
    """

    def __init__(self, likelihood: LikelihoodModel) -> None:
        self.likelihood = likelihood

    def score(self, sums: Floats) -> Floats:
        """Give the perplexity of each row of sums, (…, 4) to (…); not-a-number without tokens."""
        nats, tokens = sums[..., 0], sums[..., 1]
        each = np.divide(nats, tokens, out=np.full(tokens.shape, np.nan), where=tokens > 0)
        found: Floats = np.exp(each)
        return found

    row_score = score

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give nats per token, tokens per reference, and bits per byte of the references."""
        nats, tokens, references, size = sums.tolist()
        return {
            "nats_per_token": nats / tokens,
            "tokens_per_reference": tokens / references,
            "bits_per_byte": nats / math.log(2) / (size or 1),
        }

    def signature(self) -> str:
        """Say what it was made with."""
        model = f"{self.likelihood.name}|{self.likelihood.rendering}"
        counted = "tokens:model's|refs:all,token-weighted,with-stop"
        return f"perplexity|abrege-{abrege.__version__}|{model}|{counted}"


class TextPerplexityAggregator(PerplexityAggregator):
    """The same of the whole text: the prompt with its document, and the summary."""

    def parts(self, sums: Floats) -> dict[str, float]:
        """Give nats per token, and tokens per text."""
        nats, tokens, references, _ = sums.tolist()
        return {"nats_per_token": nats / tokens, "tokens_per_text": tokens / references}

    def signature(self) -> str:
        """Say what it was made with."""
        model = f"{self.likelihood.name}|{self.likelihood.rendering}"
        counted = "tokens:model's,prompt-and-summary,but-the-first|refs:all,token-weighted"
        return f"text_perplexity|abrege-{abrege.__version__}|{model}|{counted}"


class PerplexityFamily:
    """Perplexity of references; pairs are kept to the end, to be scored together.

    It looks at no prediction: whose summaries stand in the rows changes nothing.
    """

    def __init__(self, metrics: Sequence[str], reading: Reading) -> None:
        self.likelihood = self._likelihood(reading)
        self.measures = {metric: self._measure(self.likelihood) for metric in metrics}
        self._pairs: list[Pair] = []

    def _likelihood(self, reading: Reading) -> LikelihoodModel:
        assert reading.likelihood is not None
        return reading.likelihood

    def _measure(self, likelihood: LikelihoodModel) -> PerplexityAggregator:
        return PerplexityAggregator(likelihood)

    def statistics(self, row: Candidate) -> Mapping[str, Sequence[float]]:
        """Remember the document and its references; RecipeError for a row without a document."""
        if row.document is None:
            raise RecipeError("perplexity looks at the documents: give them with --data.")
        self._pairs.append(
            Pair(
                id=row.id,
                document=row.document,
                references=row.references,
                group=row.group,
                lang=row.lang,
                meta=row.meta,
            )
        )
        return {}

    def rest(self) -> Mapping[str, Sequence[float]]:
        """Give the nats, tokens, references and bytes of every row."""
        found = zip(self._pairs, self.likelihood.score(self._pairs), strict=True)
        flat = [
            float(value) * (tokens > 0)  # a row left out has no tokens, and counts for nothing
            for pair, (nats, tokens) in found
            for value in (nats, tokens, len(pair.references), _bytes(pair.references))
        ]
        return dict.fromkeys(self.measures, flat)


class TextPerplexityFamily(PerplexityFamily):
    """Perplexity of whole texts, of models that learned whole texts."""

    def _likelihood(self, reading: Reading) -> LikelihoodModel:
        assert reading.text_likelihood is not None
        return reading.text_likelihood

    def _measure(self, likelihood: LikelihoodModel) -> PerplexityAggregator:
        return TextPerplexityAggregator(likelihood)


def _bytes(texts: Sequence[str]) -> int:
    return sum(len(text.strip().encode()) for text in texts)
