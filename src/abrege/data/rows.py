"""Rows as they stand in a file, each knowing its place, before anyone says what a column means."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from abrege.core.errors import DataError

SHOWN = 5
"""How many bad rows of a kind a message names."""


@dataclass(frozen=True)
class Row:
    """One record of a file: where it stands, for messages, and its values by column."""

    where: str
    """The file as the user wrote it and the line or row: `data/news.csv:12`."""
    name: str
    """A stable id for a row that has none: `news.csv:12`."""
    values: Mapping[str, Any]


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 text file, plain or .gz, numbered from 1, without a BOM.

    DataError names the line and the byte where the file is not UTF-8.
    """
    passed = 0
    try:
        with _open(path) as file:
            for number, raw in enumerate(file, start=1):
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise _not_utf8(path, number, raw, error, passed) from error
                passed += len(raw)
                yield number, text.removeprefix("\ufeff") if number == 1 else text
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: this .gz file is damaged or cut short ({error}).\n  Fetch or make it again."
        ) from error
    except PermissionError as error:
        raise DataError(f"{path}: not allowed to read this file.") from error


def shorten(value: object, room: int = 60) -> str:
    """Show a value in a message, on one line and not longer than `room` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= room else text[: room - 1] + "…"


def refuse(source: str, problems: Mapping[str, Sequence[str]], remedy: str) -> None:
    """Raise one DataError about all bad rows, five of each kind; return where there are none.

    problems  kind of problem → one message for each row, file:line first
    """
    count = sum(len(found) for found in problems.values())
    if not count:
        return
    told = [f"{source}: {count} row{'s' * (count > 1)} cannot be used."]
    for kind, found in problems.items():
        told += [f"  {message}" for message in found[:SHOWN]]
        if len(found) > SHOWN:
            told.append(f"  … and {len(found) - SHOWN} more: {kind}")
    raise DataError("\n".join([*told, f"  {remedy}"]))


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _not_utf8(
    path: Path, number: int, raw: bytes, error: UnicodeDecodeError, passed: int
) -> DataError:
    if number == 1 and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guess = "It looks like UTF-16."
    else:
        guess = f"Read as Latin-1 the line begins: {shorten(raw.decode('latin-1'))}"
    return DataError(
        f"{path}:{number}: not UTF-8: byte {error.start + 1} of the line, byte "
        f"{passed + error.start + 1} of the file, is 0x{raw[error.start]:02X}.\n  {guess}\n"
        "  Save the file as UTF-8."
    )
