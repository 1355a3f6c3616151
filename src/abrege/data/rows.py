"""Rows of a data file, each with its location, before anyone says what a column means."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from abrege.core.errors import DataError

MAX_SHOWN = 5
"""How many bad rows of one kind a message lists."""


@dataclass(frozen=True)
class SourceRow:
    """One row of a file or dataset: its location and its values by column."""

    location: str
    """For messages: the file as the user wrote it, and the line or row: `data/news.csv:12`."""
    default_id: str
    """A stable id for a row that has none of its own: `news.csv:12`."""
    values: Mapping[str, Any]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 text file, plain or .gz, numbered from 1, without the BOM.

    Raise DataError with the line and the byte if the encoding is not UTF-8, and for a damaged
    .gz file.
    """
    bytes_read = 0
    try:
        with _open(path) as file:
            for number, raw in enumerate(file, start=1):
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise _encoding_error(path, number, raw, error, bytes_read) from error
                bytes_read += len(raw)
                yield number, text.removeprefix("\ufeff") if number == 1 else text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: this .gz file is damaged or truncated ({error}).\n"
            "  Download or create it again."
        ) from error
    except PermissionError as error:
        raise DataError(f"{path}: no permission to read this file.") from error


def shorten(value: object, max_characters: int = 60) -> str:
    """Return a value as one line of at most `max_characters` characters, for a message."""
    text = " ".join(str(value).split())
    return text if len(text) <= max_characters else text[: max_characters - 1] + "…"


def raise_problems(source: str, problems: Mapping[str, Sequence[str]], remedy: str) -> None:
    """Raise one DataError that lists the bad rows, five of each kind; return if there are none.

    problems  kind of problem → one message for each row, file:line first
    """
    count = sum(len(messages) for messages in problems.values())
    if not count:
        return
    report = [f"{source}: {count} row{'s' * (count > 1)} cannot be used."]
    for kind, messages in problems.items():
        report += [f"  {message}" for message in messages[:MAX_SHOWN]]
        if len(messages) > MAX_SHOWN:
            report.append(f"  … and {len(messages) - MAX_SHOWN} more: {kind}")
    raise DataError("\n".join([*report, f"  {remedy}"]))


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _encoding_error(
    path: Path, number: int, raw: bytes, error: UnicodeDecodeError, bytes_read: int
) -> DataError:
    if number == 1 and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guess = "It looks like UTF-16."
    else:
        guess = f"Decoded as Latin-1 the line begins: {shorten(raw.decode('latin-1'))}"
    return DataError(
        f"{path}:{number}: not UTF-8: byte {error.start + 1} of the line, byte "
        f"{bytes_read + error.start + 1} of the file, is 0x{raw[error.start]:02X}.\n  {guess}\n"
        "  Save the file as UTF-8."
    )
