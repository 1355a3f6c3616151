"""The metrics by name: what there is to ask for. Imports nothing heavy, for --help."""

import difflib
from collections.abc import Sequence

from abrege.metrics import rouge
from abrege.metrics.rouge_profiles import METRICS as ROUGE

CORPUS = ("bleu", "chrf")
"""Metrics of all rows together, which are no mean of the rows'."""
BY_MODEL = ("bertscore", "perplexity", "text_perplexity", "entailment")
"""Metrics that a model computes: slow, so left out for baselines that nobody asked for."""
LENGTHS = ("length_ratio", "words", "tokens")
FORM = ("stop_rate", "repeated", "preamble", "markup", "in_language")
EXTRACTION = (
    *("copied", "compression", "coverage", "density", "novel1", "novel2", "novel3", "novel4"),
)
FAITHFULNESS = ("unsupported", "unsupported_facts")
METRICS = (
    *(*ROUGE, *CORPUS, "meteor", "bertscore", "perplexity", "text_perplexity", *LENGTHS, *FORM),
    *(*EXTRACTION, *FAITHFULNESS, "entailment"),
)
NEED_DOCUMENTS = (*EXTRACTION, *FAITHFULNESS, "perplexity", "text_perplexity", "entailment")
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
    "bertscore": "BERTScore",
    "perplexity": "perplexity",
    "text_perplexity": "perplexity of the whole text",
    "length_ratio": "length ratio",
    "words": "words",
    "tokens": "tokens",
    "stop_rate": "stop rate",
    "repeated": "trigrams said before",
    "preamble": "with a preamble",
    "markup": "with markup",
    "in_language": "in the language",
    "copied": "copied whole",
    "compression": "compression",
    "coverage": "coverage",
    "density": "density",
    "novel1": "novel words",
    "novel2": "novel bigrams",
    "novel3": "novel trigrams",
    "novel4": "novel 4-grams",
    "unsupported": "with a fact unsupported",
    "unsupported_facts": "facts unsupported",
    "entailment": "entailed",
}
DECIMALS = {
    "perplexity": 2,
    "text_perplexity": 2,
    "length_ratio": 2,
    "words": 1,
    "tokens": 1,
    "compression": 1,
    "density": 2,
}
"""Metrics that are no shares, and how they are written; shares are written as per cent."""
GROUPS = {
    "rouge": rouge.METRICS,
    "form": FORM,
    "extraction": EXTRACTION,
    "faithfulness": FAITHFULNESS,
    "all": tuple(m for m in METRICS if m != "text_perplexity"),  # known to a run alone
}
"""Names that stand for several metrics."""
NOT_BETTER = (*LENGTHS, *EXTRACTION)
"""Metrics of which more is neither better nor worse: nobody wins by them."""
LESS_IS_BETTER = ("perplexity", "text_perplexity", "repeated", "preamble", "markup", *FAITHFULNESS)


def named(text: str) -> tuple[str, ...]:
    """Read metrics from a list with commas; a name of GROUPS stands for several."""
    found: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        found += GROUPS.get(name, [name])
    return tuple(dict.fromkeys(found))


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which name was meant, or which there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
