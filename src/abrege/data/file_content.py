"""Recognise a file whose content is not what its name says, by its first bytes."""

from pathlib import Path

from abrege.core.errors import DataError

SIGNATURES: tuple[tuple[bytes, tuple[str, ...], str], ...] = (
    (b"version https://git-lfs", (), "a pointer of Git LFS, no data.\n  Fetch it: git lfs pull"),
    (b"PAR1", (".parquet",), "a Parquet file.\n  Rename it to end in .parquet"),
    (b"\x1f\x8b", (".gz",), "compressed by gzip.\n  Add .gz to its name"),
    (b"BZh", (".bz2",), "compressed by bzip2.\n  Add .bz2 to its name"),
    (b"\xfd7zXZ", (".xz",), "compressed by xz.\n  Add .xz to its name"),
    (b"PK\x03\x04", (".xlsx", ".xlsm"), "a zip archive.\n  Rename it to end in .xlsx if it is one "
     "of Excel, or unpack it"),
    (b"SQLite format 3", (), "a database of SQLite.\n  Write its rows as JSON: sqlite3 -json"),
    (b"ARROW1", (".arrow", ".feather"), "an Arrow file.\n  Rename it to end in .arrow"),
)  # fmt: skip
"""First bytes → the extensions that such a file has, what it is, and what to do."""
HTML_STARTS = (b"<!doctype html", b"<html")


def check_content(path: Path) -> None:
    """Raise DataError where the first bytes of a regular file are of another format."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError:
        return  # whoever reads the file says why it cannot be read
    for signature, suffixes, description in SIGNATURES:
        if start.startswith(signature) and not path.name.lower().endswith(suffixes or ("\0",)):
            raise DataError(f"{path}: this file is {description}.")
    if start.lstrip().lower().startswith(HTML_STARTS):
        raise DataError(
            f"{path}: this is an HTML page; a server sends one where it does not have the file.\n"
            "  Download the file again."
        )
