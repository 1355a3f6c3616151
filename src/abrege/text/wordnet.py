"""WordNet's files where a machine has them: NLTK's data folder or Debian's wordnet-base."""

import io
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from abrege.core.errors import SetupError

DEBIAN = Path("/usr/share/wordnet")
NEEDED = ("index.noun", "data.noun", "index.verb", "data.verb", "index.adj", "index.adv")
_LEXNAMES = 45  # lexicographer files, whose names say what a sense is about; no synonym needs them


def find_wordnet(given: Path | None = None) -> Path | None:
    """Give the folder with WordNet's files: the one given, NLTK's or Debian's; None without any.

    A folder that is given must hold them, or SetupError says what it lacks.
    """
    if given is not None:
        missing = [name for name in NEEDED if not (given / name).is_file()]
        if missing:
            raise SetupError(
                f"{given}: no WordNet here: {missing[0]} is missing.\n"
                "  Give the folder that holds data.noun, or leave the option out."
            )
        return given
    return next((f for f in _usual() if all((f / n).is_file() for n in NEEDED)), None)


def wordnet_version(folder: Path) -> str:
    """Read the version in the licence text at the head of the data."""
    with (folder / "data.noun").open(encoding="ascii", errors="replace") as file:
        head = "".join(file.readline() for _ in range(29))
    return head.partition("WordNet ")[2].split(" ")[0] or "unknown"


@cache
def open_wordnet(folder: Path) -> Any:
    """Open the files with NLTK's reader; Debian leaves out one that synonyms do not need."""
    import nltk.data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    nltk.data.path.append(str(folder))  # it opens files under these folders alone

    class Reader(WordNetCorpusReader):  # type: ignore[misc]
        def open(self, file: str) -> Any:
            """Open a file of the folder."""
            if file == "lexnames" and not (folder / file).exists():
                return io.StringIO("".join(f"{n:02} {n} 0\n" for n in range(_LEXNAMES)))
            return super().open(file)

        def map_wn(self, version: str = "wordnet") -> None:
            """Map nothing to the version NLTK downloads: that serves other languages."""

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no other languages
        return Reader(str(folder), None)


def _usual() -> list[Path]:
    given = [Path(root) for root in os.environ.get("NLTK_DATA", "").split(os.pathsep) if root]
    roots = [*given, Path.home() / "nltk_data", Path("/usr/share/nltk_data")]
    return [*(root / "corpora/wordnet" for root in roots), DEBIAN]
