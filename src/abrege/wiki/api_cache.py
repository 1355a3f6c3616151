"""What a wiki has answered, on disk as soon as it has come, so that nothing is asked for twice."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from abrege.core.errors import DataError
from abrege.core.io import disk_error, json_line


class Fetched:
    """The answers of this run and of earlier ones that were cut.

    A line is {"site": …}, {"members": …, "after": …} of a list that the wiki gave, in parts, or a
    page under the title it was asked for: {"asked": …, …}. Pages stay on the disk: of each only
    its place is held.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.site: dict[str, Any] | None = None
        self.listings: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._path, self._file = path, file

    def __contains__(self, title: str) -> bool:
        return title in self._places

    def add(self, *records: Mapping[str, Any]) -> None:
        """Put records on the disk; they are there when this returns."""
        try:
            for record in records:
                place = self._file.seek(0, os.SEEK_END)
                self._file.write(json_line(record).encode() + b"\n")
                self._take(dict(record), place)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error, self._path) from error

    def page(self, title: str) -> dict[str, Any]:
        """Give the record of a title that was asked for."""
        self._file.seek(self._places[title])
        found: dict[str, Any] = json.loads(self._file.readline())
        return found

    def recall(self) -> None:
        """Take in what earlier runs wrote; a last line that was cut is dropped from the file."""
        self._file.seek(0)
        for number, place, text in _lines(self._file):
            if not text.endswith(b"\n"):
                self._file.truncate(place)
                return
            try:
                self._take(json.loads(text), place)
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(
                    f"{self._path}:{number}: this is no answer that abrege wrote: {error}\n"
                    "  Delete the line and run the same command again: it is asked again."
                ) from error

    def _take(self, record: dict[str, Any], place: int) -> None:
        if "site" in record:
            self.site = record["site"]
        elif "members" in record:
            self.listings.append(record)
        else:
            self._places[record["asked"]] = place


@contextmanager
def opened(path: Path) -> Iterator[Fetched]:
    """Open what was fetched into `path`, which is made where it is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        file = path.open("r+b")
    except OSError as error:
        raise disk_error(error, path) from error
    with file:
        found = Fetched(path, file)
        found.recall()
        yield found


def _lines(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield the number, the place and the bytes of each line."""
    place = 0
    for number, text in enumerate(file, start=1):
        yield number, place, text
        place += len(text)
