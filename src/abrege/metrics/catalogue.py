"""The metrics by name: what there is to ask for. Imports nothing heavy, for --help."""

import difflib
from collections.abc import Sequence

from abrege.metrics import rouge
from abrege.metrics.rouge_profiles import METRICS as ROUGE

CORPUS = ("bleu", "chrf")
"""Metrics of all rows together, which are no mean of the rows'."""
LENGTHS = ("length_ratio", "words")
METRICS = (*ROUGE, *CORPUS, "meteor", *LENGTHS)
DEFAULT = (*rouge.METRICS, "length_ratio")
TITLES = {
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge3": "ROUGE-3",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
    "bleu": "BLEU",
    "chrf": "chrF",
    "meteor": "METEOR",
    "length_ratio": "length ratio",
    "words": "words",
}
GROUPS = {"rouge": rouge.METRICS, "all": METRICS}
"""Names that stand for several metrics."""
NOT_BETTER = LENGTHS
"""Metrics of which more is not better: nobody wins by them."""


def named(text: str) -> tuple[str, ...]:
    """Read metrics from a list with commas; a name of GROUPS stands for several."""
    found: list[str] = []
    for name in (part.strip() for part in text.split(",")):
        found += GROUPS.get(name, [name])
    return tuple(dict.fromkeys(found))


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which name was meant, or which there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
