"""The WordNet files of a machine: in NLTK's data folder or Debian's package wordnet-base."""

import io
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from abrege.core.errors import SetupError

DEBIAN = Path("/usr/share/wordnet")
NEEDED = ("index.noun", "data.noun", "index.verb", "data.verb", "index.adj", "index.adv")
_LEXNAMES = 45  # lexicographer files: their names are needed to read WordNet, not for synonyms


def find_wordnet(folder: Path | None = None) -> Path | None:
    """Return the folder with the WordNet files: `folder`, NLTK's or Debian's; None without any.

    Raise SetupError where `folder` lacks a file.
    """
    if folder is None:
        return next((f for f in _default_folders() if not _missing(f)), None)
    if missing := _missing(folder):
        raise SetupError(
            f"{folder}: no WordNet here: {missing[0]} is missing.\n"
            "  Give the folder that has data.noun, or leave the option out."
        )
    return folder


def _missing(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def wordnet_version(folder: Path) -> str:
    """Read the version from the licence text at the head of the data."""
    with (folder / "data.noun").open(encoding="ascii", errors="replace") as file:
        head = "".join(file.readline() for _ in range(29))
    return head.partition("WordNet ")[2].split(" ")[0] or "unknown"


@cache
def open_wordnet(folder: Path) -> Any:
    """Open the files with NLTK's reader, without the one that Debian leaves out."""
    import nltk.data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    nltk.data.path.append(str(folder))  # NLTK opens files under these folders only

    class Reader(WordNetCorpusReader):  # type: ignore[misc]
        def open(self, file: str) -> Any:
            """Open a file of the folder."""
            if file == "lexnames" and not (folder / file).exists():
                return io.StringIO("".join(f"{n:02} {n} 0\n" for n in range(_LEXNAMES)))
            return super().open(file)

        def map_wn(self, version: str = "wordnet") -> None:
            """Skip the mapping to the version that NLTK downloads, which serves other languages."""

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the one about other languages
        return Reader(str(folder), None)


def _default_folders() -> list[Path]:
    configured = [Path(root) for root in os.environ.get("NLTK_DATA", "").split(os.pathsep) if root]
    roots = [*configured, Path.home() / "nltk_data", Path("/usr/share/nltk_data")]
    return [*(root / "corpora/wordnet" for root in roots), DEBIAN]
