"""How long summaries are, against their references and against the limit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abrege.core.errors import DataError
from abrege.text import tokenize as words


@dataclass(frozen=True)
class LengthDistribution:
    """How long texts are, in words: percentiles of their lengths."""

    n: int
    mean: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    longest: int


def length_distribution(lengths: Sequence[int]) -> LengthDistribution:
    """Describe lengths in words by lengths that there are; DataError where there are none."""
    if not lengths:
        raise DataError("length: there is no text.\n  Give at least one.")
    p5, p25, median, p75, p95 = np.percentile(
        lengths, [5, 25, 50, 75, 95], method="inverted_cdf"
    ).tolist()
    mean, longest = float(np.mean(lengths)), max(lengths)
    return LengthDistribution(len(lengths), mean, p5, p25, median, p75, p95, longest)


def share_within(lengths: Sequence[int], of: LengthDistribution) -> float:
    """Give the share of lengths from the 5th to the 95th percentile of other texts."""
    return sum(of.p5 <= length <= of.p95 for length in lengths) / len(lengths)


def length_ratio(prediction: str, references: Sequence[str], *, lang: str | None = None) -> float:
    """Give the words of a prediction over the mean words of its references.

    References without any word count as one word, so that the ratio stays a number.
    """
    if not references:
        raise DataError("length ratio: there is no reference.\n  Give at least one.")
    expected = sum(words.count_words(r, lang) for r in references) / len(references)
    return words.count_words(prediction, lang) / (expected or 1)


def is_finished(finish_reason: str | None) -> bool | None:
    """Tell whether a model ended its summary, or was cut off at the limit; None where unknown."""
    return {"stop": True, "length": False}.get(finish_reason or "")
