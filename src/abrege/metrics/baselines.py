"""Summaries that cost nothing: what a tuned model has to beat."""

from abrege.text.sentences import first_sentences


def lead(document: str, *, words: int, lang: str | None = None) -> str:
    """Take the first sentences of a document, about `words` words of them."""
    return first_sentences(document, words=words, lang=lang)


def cut(summary: str, *, words: int, lang: str | None = None) -> str:
    """Cut a summary at a sentence to about `words` words: to tell a gain in length from others."""
    return first_sentences(summary, words=words, lang=lang)
