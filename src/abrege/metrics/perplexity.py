"""Perplexity of the references given their documents, from the log-likelihoods of a model."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

import abrege
from abrege.core.types import EvaluationRow, Pair
from abrege.metrics.family import LikelihoodModel, ScoringOptions, document_of
from abrege.metrics.significance import Floats


class PerplexityAggregator:
    """exp of the nats per token over all tokens of all rows: long references weigh more.

    The statistics are (nats, tokens, references, bytes). Lower is better, and 1 is the minimum.
    The tokens are those of the model, so models with different tokenizers are compared by the
    bits per byte of text, which are among the parts.
    """

    def __init__(self, likelihood: LikelihoodModel) -> None:
        self.likelihood = likelihood

    def score(self, sums: Floats) -> Floats:
        """Return the perplexity of sums of statistics, (…, 4) to (…); NaN without tokens."""
        nats, tokens = sums[..., 0], sums[..., 1]
        per_token = np.divide(nats, tokens, out=np.full(tokens.shape, np.nan), where=tokens > 0)
        perplexity: Floats = np.exp(per_token)
        return perplexity

    row_score = score

    def components(self, sums: Floats) -> dict[str, float]:
        """Return nats per token, tokens per reference, and bits per byte of the references."""
        nats, tokens, references, size = sums.tolist()
        return {
            "nats_per_token": nats / tokens,
            "tokens_per_reference": tokens / references,
            "bits_per_byte": nats / math.log(2) / (size or 1),
        }

    def signature(self) -> str:
        """Return the model, its prompt, and which tokens count."""
        model = f"{self.likelihood.name}|{self.likelihood.prompt_signature}"
        counted = "tokens:model's|refs:all,token-weighted,with-stop"
        return f"perplexity|abrege-{abrege.__version__}|{model}|{counted}"


class TextPerplexityAggregator(PerplexityAggregator):
    """The same for the whole text: the prompt with its document, and the summary."""

    def components(self, sums: Floats) -> dict[str, float]:
        """Return nats per token and tokens per text."""
        nats, tokens, references, _ = sums.tolist()
        return {"nats_per_token": nats / tokens, "tokens_per_text": tokens / references}

    def signature(self) -> str:
        """Return the model, its prompt, and which tokens count."""
        model = f"{self.likelihood.name}|{self.likelihood.prompt_signature}"
        counted = "tokens:model's,prompt-and-summary,but-the-first|refs:all,token-weighted"
        return f"text_perplexity|abrege-{abrege.__version__}|{model}|{counted}"


class PerplexityFamily:
    """Perplexity of references; pairs wait for the last row, to be scored in batches.

    The predictions are not read: systems of the same model have the same perplexity.
    """

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self.likelihood = self._likelihood(options)
        self.aggregators = {metric: self._aggregator(self.likelihood) for metric in metrics}
        self._pairs: list[Pair] = []

    def _likelihood(self, options: ScoringOptions) -> LikelihoodModel:
        assert options.likelihood is not None
        return options.likelihood

    def _aggregator(self, likelihood: LikelihoodModel) -> PerplexityAggregator:
        return PerplexityAggregator(likelihood)

    def statistics(self, row: EvaluationRow) -> Mapping[str, Sequence[float]]:
        """Store the document and its references; raise RecipeError for a row without document."""
        self._pairs.append(
            Pair(
                id=row.id,
                document=document_of(row, "perplexity"),
                references=row.references,
                group=row.group,
                lang=row.lang,
                meta=row.meta,
            )
        )
        return {}

    def finish(self) -> Mapping[str, Sequence[float]]:
        """Return the nats, tokens, references and bytes of every row."""
        scores = zip(self._pairs, self.likelihood.score(self._pairs), strict=True)
        flat = [
            float(value) * (tokens > 0)  # a row that was left out has no tokens and no weight
            for pair, (nats, tokens) in scores
            for value in (nats, tokens, len(pair.references), _byte_count(pair.references))
        ]
        return dict.fromkeys(self.aggregators, flat)


class TextPerplexityFamily(PerplexityFamily):
    """Perplexity of whole texts, for models that were tuned on whole texts."""

    def _likelihood(self, options: ScoringOptions) -> LikelihoodModel:
        assert options.text_likelihood is not None
        return options.text_likelihood

    def _aggregator(self, likelihood: LikelihoodModel) -> PerplexityAggregator:
        return TextPerplexityAggregator(likelihood)


def _byte_count(texts: Sequence[str]) -> int:
    return sum(len(text.strip().encode()) for text in texts)
