"""How long summaries are, against their references and against the limit."""

from collections.abc import Sequence

from abrege.errors import DataError
from abrege.text import words


def length_ratio(prediction: str, references: Sequence[str], *, lang: str | None = None) -> float:
    """Give the words of a prediction over the mean words of its references.

    References without any word count as one word, so that the ratio stays a number.
    """
    if not references:
        raise DataError("length ratio: there is no reference.\n  Give at least one.")
    expected = sum(words.count(r, lang) for r in references) / len(references)
    return words.count(prediction, lang) / (expected or 1)


def stopped(finish_reason: str | None) -> bool | None:
    """Tell whether a model ended its summary, or was cut off at the limit; None where unknown."""
    return {"stop": True, "length": False}.get(finish_reason or "")
