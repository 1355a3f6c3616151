"""Which rows the page shows, and how much of a document: it sorts and picks, and scores nothing."""

import random
from collections.abc import Sequence

from abrege.report.view_model import Example, Gallery

HEAD = 400
AT_MOST = 20_000


def choose(examples: Sequence[Example], many: int, seed: int, *, what: str) -> list[Gallery]:
    """Pick the best, the worst and random rows by their difference, `many` of each.

    what  the words for the difference, such as: ROUGE-L of tuned minus base

    Best and worst never share a row. The random rows are drawn from all rows, whatever they show,
    or they would not be a fair sample.
    """
    ranked = sorted(
        (e for e in examples if e.difference is not None), key=lambda e: -(e.difference or 0.0)
    )
    best = min(many, -(-len(ranked) // 2))
    worst = min(many, len(ranked) - best)
    drawn = random.Random(seed).sample(list(examples), min(many, len(examples)))
    n = len(examples)
    return [
        Gallery(
            title="Best",
            rule=f"The rows with the highest {what}, out of {n}.",
            examples=ranked[:best],
        ),
        Gallery(
            title="Worst",
            rule=f"The rows with the lowest {what}, out of {n}, the lowest first.",
            examples=ranked[len(ranked) - worst :][::-1],
        ),
        Gallery(
            title="Random",
            rule=f"Rows drawn at random from all {n}, with seed {seed}.",
            examples=drawn,
        ),
    ]


def head(document: str) -> tuple[str, str]:
    """Divide a document into its first 400 characters or so, and the rest; cut between words."""
    if len(document) <= HEAD + 80:  # a rest of a few words is not worth a click
        return document, ""
    at = document.rfind(" ", HEAD - 80, HEAD) + 1 or HEAD  # no space: a script that has none
    return document[:at].rstrip() + " …", document[at:]


def missing(document: str) -> str:
    """Say how much of a very long document the page leaves out; nothing where it leaves nothing."""
    left = len(head(document)[1]) - AT_MOST
    if left <= 0:
        return ""
    return f"{left:,} more characters are in split/test.jsonl."
