"""METEOR as NLTK computes it (Banerjee and Lavie 2005; Lavie and Agarwal 2007)."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from abrege.text import porter, stems, wordnet
from abrege.text import tokenize as words

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5  # NLTK's


class Meteor:
    """Matches words that are equal, then by stem, then, in English with WordNet, by synonym.

    Stems are Porter's in English, as NLTK takes them, and Snowball's elsewhere. Of several
    references the best counts.
    """

    def __init__(self, *, lang: str | None, folder: Path | None) -> None:
        self.lang = lang
        english = words.primary_language(lang) == "en"
        self.folder = folder if english else None
        self.stemmer = _Stemmer(
            porter.stem if english else lambda w: stems.stem_words([w], lang)[0]
        )
        self.stemmer_name = "porter-nltk" if english else stems.stemmer_name(lang)
        self.synonyms: Any = wordnet.open_wordnet(self.folder) if self.folder else _NoSynonyms()

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
        """Say what it was made with, and which stages of matching there were."""
        found = f"wordnet-{wordnet.wordnet_version(self.folder)}" if self.folder else "no"
        return (
            f"meteor|nltk-{version('nltk')}|words:unicode|lang:{self.lang or 'und'}"
            f"|stem:{self.stemmer_name}|synonyms:{found}"
            f"|alpha:{ALPHA:g},beta:{BETA:g},gamma:{GAMMA:g}|refs:max"
        )


class _Stemmer:
    """What NLTK takes for a stemmer."""

    def __init__(self, stem: Callable[[str], str]) -> None:
        self.stem = stem


class _NoSynonyms:
    """What NLTK takes for a WordNet, in which no word has a synonym."""

    def synsets(self, word: str) -> list[Any]:  # noqa: ARG002 - as NLTK calls it
        """Know no word."""
        return []


@lru_cache(maxsize=4096)
def _words(text: str, lang: str | None) -> tuple[str, ...]:
    return tuple(words.word_tokenize(text, lang))
