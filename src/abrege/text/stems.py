"""Word stems: Snowball's for many languages, Porter's for English as NLTK computes them.

Both are pure Python, so that every machine computes the same scores.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import version
from typing import Any

from abrege.core.errors import RecipeError
from abrege.text.tokenize import primary_language

_SNOWBALL = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


PORTER = "porter-nltk"
"""The name of `porter_stem`, for signatures."""


def stem_words(words: Iterable[str], lang: str | None) -> list[str]:
    """Stem words of a language; raise RecipeError where Snowball does not have it."""
    stem = _snowball_stemmer(primary_language(lang))
    return [stem(word) for word in words]


def has_stemmer(lang: str | None) -> bool:
    """Return whether there is a stemmer for a language."""
    return primary_language(lang) in _SNOWBALL


def stemmer_name(lang: str | None) -> str:
    """Return the stemmer of a language with its version, for signatures.

    Raise RecipeError where Snowball does not have the language.
    """
    return f"snowball-{_algorithm(primary_language(lang))}-{version('snowballstemmer')}"


@lru_cache(maxsize=65536)
def porter_stem(word: str) -> str:
    """Stem a lower-case English word with NLTK's Porter stemmer, as rouge-score does."""
    stem: str = _porter_stemmer().stem(word, to_lowercase=False)
    return stem


@cache
def _porter_stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer  # slow to import

    return PorterStemmer()


def _algorithm(code: str | None) -> str:
    if code not in _SNOWBALL:
        reason = "no language is given" if code is None else f"there is no stemmer for {code!r}"
        raise RecipeError(
            f"stemmer: {reason}.\n"
            f"  Leave stems (and METEOR) out, or name one of these: {', '.join(_SNOWBALL)}."
        )
    return _SNOWBALL[code]


@cache
def _snowball_stemmer(code: str | None) -> Callable[[str], str]:
    algorithm = _algorithm(code)
    # The package's own factory would take the C library PyStemmer where that is installed,
    # whose version, and so whose stems, may differ.
    module = import_module(f"snowballstemmer.{algorithm}_stemmer")
    snowball = getattr(module, f"{algorithm.title()}Stemmer")()
    stems: dict[str, str] = {}

    def stem(word: str) -> str:
        if word not in stems:
            stems[word] = snowball.stemWord(word)
        return stems[word]

    return stem
