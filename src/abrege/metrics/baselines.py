"""Summaries that cost nothing: what a tuned model has to beat."""

import random
from collections.abc import Collection, Sequence

from abrege.metrics import rouge
from abrege.text.sentences import first_sentences, sentences


def lead(document: str, *, words: int, lang: str | None = None) -> str:
    """Take the first sentences of a document, about `words` words of them."""
    return first_sentences(document, words=words, lang=lang)


def cut(summary: str, *, words: int, lang: str | None = None) -> str:
    """Cut a summary at a sentence to about `words` words: to tell a gain in length from others."""
    return first_sentences(summary, words=words, lang=lang)


def random_sentence(document: str, *, seed: str, lang: str | None = None) -> str:
    """Take one sentence of a document at random; the same seed takes the same one."""
    found = sentences(document, lang)
    return random.Random(seed).choice(found) if found else ""


def oracle(document: str, references: Sequence[str], *, lang: str | None = None) -> str:
    """Choose the sentences that score best against the references: a bound on extraction.

    Greedy on ROUGE-2 F (Nallapati et al. 2017, section 3.1): the sentence that adds most is
    taken until none adds anything; the best by ROUGE-1 where none has a pair of words in common.
    """
    found = sentences(document, lang)

    def score(chosen: Collection[int], metric: str) -> float:
        text = " ".join(found[n] for n in sorted(chosen))
        return rouge.score(text, references, metrics=[metric], lang=lang)[metric].fmeasure

    chosen: set[int] = set()
    best = 0.0
    while len(chosen) < len(found):
        value, taken = max((score({*chosen, n}, "rouge2"), -n) for n in range(len(found)))
        if value <= best:
            break
        best, chosen = value, {*chosen, -taken}
    if found and not chosen:
        chosen = {max(range(len(found)), key=lambda n: (score({n}, "rouge1"), -n))}
    return " ".join(found[n] for n in sorted(chosen))
