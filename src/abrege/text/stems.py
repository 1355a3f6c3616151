"""Snowball stems by language; the pure Python stemmers, so that every machine agrees."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import version

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


def stem_words(words: Iterable[str], lang: str | None) -> list[str]:
    """Stem words of a language; RecipeError where Snowball does not know it."""
    stem = _stemmer(primary_language(lang))
    return [stem(word) for word in words]


def has_stemmer(lang: str | None) -> bool:
    """Say whether there is a stemmer for a language."""
    return primary_language(lang) in _SNOWBALL


def stemmer_name(lang: str | None) -> str:
    """Name the stemmer of a language and its version, for signatures."""
    return f"snowball-{_algorithm(primary_language(lang))}-{version('snowballstemmer')}"


def _algorithm(code: str | None) -> str:
    if code not in _SNOWBALL:
        found = "no language is given" if code is None else f"there is no stemmer for {code!r}"
        raise RecipeError(
            f"stemmer: {found}.\n"
            f"  Leave stems (and METEOR) out, or name one of these: {', '.join(_SNOWBALL)}."
        )
    return _SNOWBALL[code]


@cache
def _stemmer(code: str | None) -> Callable[[str], str]:
    algorithm = _algorithm(code)
    # The package's own factory would take the C library PyStemmer where that is installed,
    # whose version, and so whose stems, may differ.
    module = import_module(f"snowballstemmer.{algorithm}_stemmer")
    snowball = getattr(module, f"{algorithm.title()}Stemmer")()
    seen: dict[str, str] = {}

    def stem(word: str) -> str:
        if word not in seen:
            seen[word] = snowball.stemWord(word)
        return seen[word]

    return stem
