"""METEOR as NLTK computes it (Banerjee and Lavie 2005; Lavie and Agarwal 2007)."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from abrege.text import stems
from abrege.text.tokenize import primary_language, word_tokenize
from abrege.text.wordnet import open_wordnet, wordnet_version

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5  # NLTK's


class Meteor:
    """Matches words that are equal, then by stem, then, in English with WordNet, by synonym.

    Stems are Porter's in English, as in NLTK, and Snowball's elsewhere. Of several references the
    best counts. Raise RecipeError where there is no stemmer for the language.
    """

    def __init__(self, *, lang: str | None, folder: Path | None) -> None:
        self.lang = lang
        english = primary_language(lang) == "en"
        self.folder = folder if english else None
        self.stemmer = _Stemmer(
            stems.porter_stem if english else lambda word: stems.stem_words([word], lang)[0]
        )
        self.stemmer_name = stems.PORTER if english else stems.stemmer_name(lang)
        self.synonyms: Any = open_wordnet(self.folder) if self.folder else _NoSynonyms()

    def score(self, prediction: str, references: Sequence[str]) -> float:
        """Score a prediction against the best of its references, 0 to 1."""
        from nltk.translate.meteor_score import single_meteor_score

        predicted = _words(prediction, self.lang)
        return max(
            float(
                single_meteor_score(
                    _words(reference, self.lang),
                    predicted,
                    stemmer=self.stemmer,
                    wordnet=self.synonyms,
                    alpha=ALPHA,
                    beta=BETA,
                    gamma=GAMMA,
                )
            )
            for reference in references
        )

    def signature(self) -> str:
        """Return the versions, the parameters and the stages of matching."""
        synonyms = f"wordnet-{wordnet_version(self.folder)}" if self.folder else "no"
        return (
            f"meteor|nltk-{version('nltk')}|words:unicode|lang:{self.lang or 'und'}"
            f"|stem:{self.stemmer_name}|synonyms:{synonyms}"
            f"|alpha:{ALPHA:g},beta:{BETA:g},gamma:{GAMMA:g}|refs:max"
        )


class _Stemmer:
    """A stemmer with the interface that NLTK calls."""

    def __init__(self, stem: Callable[[str], str]) -> None:
        self.stem = stem


class _NoSynonyms:
    """A WordNet with the interface that NLTK calls, in which no word has a synonym."""

    def synsets(self, word: str) -> list[Any]:  # noqa: ARG002 - as NLTK calls it
        """Return no synset."""
        return []


@lru_cache(maxsize=4096)
def _words(text: str, lang: str | None) -> tuple[str, ...]:
    return tuple(word_tokenize(text, lang))
