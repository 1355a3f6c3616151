"""Cache the responses of a wiki on disk as they arrive, so that nothing is downloaded twice."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from abrege.core.errors import DataError
from abrege.core.io import disk_error, json_line


class WikiCache:
    """The responses of this run and of earlier, interrupted ones.

    A line of the file is {"site": …}; {"members": …, "after": …}, a part of a list of pages; or a
    page, with the title that was requested: {"asked": …, …}. Pages stay on disk: only their
    offsets are in memory.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.site: dict[str, Any] | None = None
        self.listings: list[dict[str, Any]] = []
        self._offsets: dict[str, int] = {}
        self._path, self._file = path, file

    def __contains__(self, title: str) -> bool:
        return title in self._offsets

    def add(self, *records: Mapping[str, Any]) -> None:
        """Append records; they are on disk when this returns."""
        try:
            for record in records:
                offset = self._file.seek(0, os.SEEK_END)
                self._file.write(json_line(record).encode() + b"\n")
                self._index(dict(record), offset)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error, self._path) from error

    def page(self, title: str) -> dict[str, Any]:
        """Return the cached record of a requested title."""
        self._file.seek(self._offsets[title])
        record: dict[str, Any] = json.loads(self._file.readline())
        return record

    def load(self) -> None:
        """Load the records of earlier runs, and truncate an incomplete last line.

        Raise DataError with the line if the file is damaged.
        """
        self._file.seek(0)
        offset = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                return
            try:
                self._index(json.loads(line), offset)
            except (ValueError, TypeError, KeyError) as error:
                raise DataError(
                    f"{self._path}:{number}: this is not a response that abrege wrote: {error}\n"
                    "  Delete the line and run the same command again: it is downloaded again."
                ) from error
            offset += len(line)

    def _index(self, record: dict[str, Any], offset: int) -> None:
        if "site" in record:
            self.site = record["site"]
        elif "members" in record:
            self.listings.append(record)
        else:
            self._offsets[record["asked"]] = offset


@contextmanager
def open_cache(path: Path) -> Iterator[WikiCache]:
    """Open the cache in the file `path`, which is created if it does not exist."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        file = path.open("r+b")
    except OSError as error:
        raise disk_error(error, path) from error
    with file:
        cache = WikiCache(path, file)
        cache.load()
        yield cache
