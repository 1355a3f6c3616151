"""Baselines: summaries that need no model, which a tuned model has to beat."""

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow
from abrege.evaluation.systems import HUMAN
from abrege.metrics import rouge
from abrege.text.sentences import first_sentences, sentence_spans, split_sentences

RULES = ("random", "oracle", HUMAN)
_LEAD = re.compile(r"lead-[1-9]\d?")


@dataclass(frozen=True)
class Baseline:
    """A baseline computed from the rows that are scored: lead-N, random, oracle, human.

    Raise RecipeError for any other name.
    """

    name: str
    seed: int = 0
    requested: bool = True
    """Report where it cannot be computed for any row; a default baseline is left out silently."""

    def __post_init__(self) -> None:
        """Check the name."""
        if not _LEAD.fullmatch(self.name) and self.name not in RULES:
            raise RecipeError(
                f"--baselines: there is no {self.name!r}.\n"
                "  Known: lead-N (N from 1 to 99), random, oracle, human; or none, without others."
            )

    def row(self, row: EvaluationRow, lang: str | None, number: int) -> EvaluationRow | None:
        """Return the row with the baseline's summary; None where it lacks the texts for one.

        number  index of the row
        """
        if self.name == HUMAN:
            return human_row(row, number)
        if row.document is None:
            return None
        if self.name == "random":
            summary = random_sentence(row.document, seed=f"{self.seed} {row.id}", lang=lang)
        elif self.name == "oracle":
            summary = oracle(row.document, row.references, lang=lang)
        else:
            count = int(self.name.removeprefix("lead-"))
            summary = lead_sentences(row.document, count=count, lang=lang)
        return replace(row, prediction=summary, finish_reason=None, new_tokens=None)


def human_row(row: EvaluationRow, number: int) -> EvaluationRow | None:
    """Return a row with one of its references, in turn, as prediction against the others.

    It has one reference less than the systems, which lowers its scores a little. None where the
    row has a single reference.
    """
    if len(row.references) < 2:
        return None
    own = number % len(row.references)
    others = [*row.references[:own], *row.references[own + 1 :]]
    summary = row.references[own]
    return replace(row, prediction=summary, references=others, finish_reason=None, new_tokens=None)


def lead(document: str, *, words: int, lang: str | None = None) -> str:
    """Return the first sentences of a document, about `words` words of them."""
    return first_sentences(document, words=words, lang=lang)


def lead_sentences(document: str, *, count: int, lang: str | None = None) -> str:
    """Return the first `count` sentences of a document, as lead-3 does."""
    ends = [end for _, end in islice(sentence_spans(document, lang), count)]
    return document[: ends[-1]].strip() if ends else ""


def truncate_summary(summary: str, *, words: int, lang: str | None = None) -> str:
    """Truncate a summary at a sentence to about `words` words, to control for length."""
    return first_sentences(summary, words=words, lang=lang)


def random_sentence(document: str, *, seed: str, lang: str | None = None) -> str:
    """Return one sentence of a document at random; the same seed returns the same one."""
    sentences = split_sentences(document, lang)
    return random.Random(seed).choice(sentences) if sentences else ""


def oracle(document: str, references: Sequence[str], *, lang: str | None = None) -> str:
    """Return the sentences that score best against the references: a bound on extraction.

    Greedy by ROUGE-2 F (Nallapati et al. 2017, section 3.1): add the sentence that improves the
    score most, until none does. Where no sentence shares a bigram, return the best by ROUGE-1.
    """
    sentences = split_sentences(document, lang)

    def score(chosen: Collection[int], metric: str) -> float:
        text = " ".join(sentences[n] for n in sorted(chosen))
        return rouge.score(text, references, metrics=[metric], lang=lang)[metric].fmeasure

    chosen: set[int] = set()
    best = 0.0
    # A sentence that shares no bigram with a reference cannot improve the score.
    remaining = {n for n in range(len(sentences)) if score({n}, "rouge2")}
    while remaining:
        value, negative = max((score({*chosen, n}, "rouge2"), -n) for n in remaining)
        if value <= best:
            break
        best, chosen, remaining = value, {*chosen, -negative}, remaining - {-negative}
    if sentences and not chosen:
        chosen = {max(range(len(sentences)), key=lambda n: (score({n}, "rouge1"), -n))}
    return " ".join(sentences[n] for n in sorted(chosen))
