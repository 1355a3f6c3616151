"""Length of summaries in words, against their references and against the token limit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abrege.core.errors import DataError
from abrege.text.tokenize import count_words


@dataclass(frozen=True)
class LengthDistribution:
    """The mean and the percentiles of the lengths of texts, in words."""

    n: int
    mean: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    longest: int


def length_distribution(word_counts: Sequence[int]) -> LengthDistribution:
    """Compute the distribution of lengths; each percentile is one of them.

    Raise DataError where there are none.
    """
    if not word_counts:
        raise DataError("length: there is no text.\n  Give at least one.")
    p5, p25, median, p75, p95 = np.percentile(
        word_counts, [5, 25, 50, 75, 95], method="inverted_cdf"
    ).tolist()
    mean, longest = float(np.mean(word_counts)), max(word_counts)
    return LengthDistribution(len(word_counts), mean, p5, p25, median, p75, p95, longest)


def share_within(word_counts: Sequence[int], of: LengthDistribution) -> float:
    """Return the share of lengths from the 5th to the 95th percentile of a distribution."""
    return sum(of.p5 <= count <= of.p95 for count in word_counts) / len(word_counts)


def length_ratio(prediction: str, references: Sequence[str], *, lang: str | None = None) -> float:
    """Return the words of a prediction per mean word count of its references.

    References without any word count as one word. Raise DataError where there is no reference.
    """
    if not references:
        raise DataError("length ratio: there is no reference.\n  Give at least one.")
    expected = sum(count_words(r, lang) for r in references) / len(references)
    return count_words(prediction, lang) / (expected or 1)


def is_finished(finish_reason: str | None) -> bool | None:
    """Return whether a model ended its summary before the token limit; None where unknown."""
    return {"stop": True, "length": False}.get(finish_reason or "")
