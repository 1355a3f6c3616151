"""Answers on disk, one line each as soon as it has come, so that none is paid for twice."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import filelock

from abrege.core.errors import DataError, SetupError
from abrege.core.io import disk_error, json_line


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer as it is kept: by the key of its question, with what it was about."""

    key: str
    about: Mapping[str, str]
    """For people: what the key cannot say, such as the row."""
    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str
    seconds: float


class Ledger:
    """The answers of this run and of earlier ones."""

    def __init__(self, path: Path, file: IO[bytes], told: dict[str, Told]) -> None:
        self.told: Mapping[str, Told] = told
        self._told, self._path, self._file = told, path, file

    def add(self, told: Told) -> None:
        """Put an answer on the disk; it is there when this returns."""
        try:
            self._file.write(json_line(told).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error, self._path) from error
        self._told[told.key] = told


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    """Open the answers kept at `path`, for this process alone.

    A last line that was cut by kill -9 is dropped from the file; SetupError where another
    process has the file open, for both would ask and pay.
    """
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise SetupError(
            f"{path}: another process is writing its answers here.\n  Wait for it to end."
        ) from None
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        told = _read(path)
        file = _for_appending(path)
        try:
            yield Ledger(path, file, told)
        finally:
            with suppress(OSError):  # what could not be written was told by `add`
                file.close()
    finally:
        lock.release()


def _for_appending(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise disk_error(error, path) from error


def _read(path: Path) -> dict[str, Told]:
    if not path.exists():
        return {}
    whole, newline, cut = path.read_bytes().rpartition(b"\n")
    if cut:
        os.truncate(path, len(whole + newline))
    found = {}
    for number, text in enumerate(whole.split(b"\n") if newline else [], start=1):
        try:
            told = Told(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{path}:{number}: this is not an answer that abrege wrote: {error}\n"
                "  Delete the line and run the same command again: it is asked again."
            ) from error
        found[told.key] = told
    return found
