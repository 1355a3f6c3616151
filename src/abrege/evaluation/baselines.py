"""Summaries that cost nothing: what a tuned model has to beat."""

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from abrege.core.errors import RecipeError
from abrege.core.types import Candidate
from abrege.evaluation.systems import HUMAN
from abrege.metrics import rouge
from abrege.text.sentences import first_sentences, sentence_spans, split_sentences

RULES = ("random", "oracle", HUMAN)
_LEAD = re.compile(r"lead-[1-9]\d?")


@dataclass(frozen=True)
class Baseline:
    """Summaries made of the rows that are scored: lead-N, random, oracle, human."""

    name: str
    seed: int = 0
    asked: bool = True
    """Whether somebody named it; of others nothing is said where no row has what they take."""

    def __post_init__(self) -> None:
        """Refuse a name that is none of these."""
        if not _LEAD.fullmatch(self.name) and self.name not in RULES:
            known = "lead-N (N of 1 to 99), random, oracle and human; none stands alone"
            raise RecipeError(f"--baselines: no {self.name!r}; there are {known}.")

    def row(self, row: Candidate, lang: str | None, place: int) -> Candidate | None:
        """Give the row with a summary of this baseline; None where none can be made of it."""
        if self.name == HUMAN:
            return by_a_person(row, place)
        if row.document is None:
            return None
        if self.name == "random":
            made = random_sentence(row.document, seed=f"{self.seed} {row.id}", lang=lang)
        elif self.name == "oracle":
            made = oracle(row.document, row.references, lang=lang)
        else:
            count = int(self.name.removeprefix("lead-"))
            made = lead_sentences(row.document, count=count, lang=lang)
        return replace(row, prediction=made, finish_reason=None, new_tokens=None)


def by_a_person(row: Candidate, place: int) -> Candidate | None:
    """Take one of a row's references, in turn, to be scored against the others.

    It has one reference less than systems are scored with, which costs it a little. None where
    there is but one.
    """
    if len(row.references) < 2:
        return None
    own = place % len(row.references)
    others = [*row.references[:own], *row.references[own + 1 :]]
    taken = row.references[own]
    return replace(row, prediction=taken, references=others, finish_reason=None, new_tokens=None)


def lead(document: str, *, words: int, lang: str | None = None) -> str:
    """Take the first sentences of a document, about `words` words of them."""
    return first_sentences(document, words=words, lang=lang)


def lead_sentences(document: str, *, count: int, lang: str | None = None) -> str:
    """Take so many sentences from the start of a document, as lead-3 does."""
    ends = [end for _, end in islice(sentence_spans(document, lang), count)]
    return document[: ends[-1]].strip() if ends else ""


def cut(summary: str, *, words: int, lang: str | None = None) -> str:
    """Cut a summary at a sentence to about `words` words: to tell a gain in length from others."""
    return first_sentences(summary, words=words, lang=lang)


def random_sentence(document: str, *, seed: str, lang: str | None = None) -> str:
    """Take one sentence of a document at random; the same seed takes the same one."""
    found = split_sentences(document, lang)
    return random.Random(seed).choice(found) if found else ""


def oracle(document: str, references: Sequence[str], *, lang: str | None = None) -> str:
    """Choose the sentences that score best against the references: a bound on extraction.

    Greedy on ROUGE-2 F (Nallapati et al. 2017, section 3.1): the sentence that adds most is
    taken until none adds anything; the best by ROUGE-1 where none has a pair of words in common.
    """
    found = split_sentences(document, lang)

    def score(chosen: Collection[int], metric: str) -> float:
        text = " ".join(found[n] for n in sorted(chosen))
        return rouge.score(text, references, metrics=[metric], lang=lang)[metric].fmeasure

    chosen: set[int] = set()
    best = 0.0
    # What shares no pair of words with a reference adds nothing of its own.
    left = {n for n in range(len(found)) if score({n}, "rouge2")}
    while left:
        value, taken = max((score({*chosen, n}, "rouge2"), -n) for n in left)
        if value <= best:
            break
        best, chosen, left = value, {*chosen, -taken}, left - {-taken}
    if found and not chosen:
        chosen = {max(range(len(found)), key=lambda n: (score({n}, "rouge1"), -n))}
    return " ".join(found[n] for n in sorted(chosen))
